"""Small tokenizers in the configuration of families beyond byte-pair encoding: WordPiece (BERT cased and
uncased, MPNet), Unigram (XLM-R, DeBERTa v3, T5), and RoBERTa's byte-level BPE.

As in tokenizer_recipes.py, each recipe returns the `tokenizer.json` as a dictionary and trains only its
vocabulary.
"""

import base64
import json
import struct
import unicodedata

import tokenizer_recipes as recipes
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

SPACE = recipes.SPACE


def character_map(mapping):
    """A SentencePiece character map: a darts-clone double array of UTF-8 keys with offsets into texts."""
    texts, offsets = b"", {}
    for key, value in sorted(mapping.items()):
        offsets[key.encode()] = len(texts)
        texts += value.encode() + b"\0"
    units, free = {0: 0}, 1

    def place(labels):
        """An offset at which every label finds an empty unit."""
        nonlocal free
        base = free
        while any((base ^ label) in units for label in labels) or base < 1:
            base += 1
        return base

    def build(node, keys, depth):
        labels = sorted({key[depth] if len(key) > depth else 0 for key in keys})
        here = place(labels)
        units[node] |= (node ^ here) << 10
        for label in labels:
            units[here ^ label] = label
        for label in labels:
            below = [key for key in keys if (key[depth] if len(key) > depth else 0) == label]
            child = here ^ label
            if label == 0:
                units[child] = 1 << 31 | offsets[below[0]]
                units[node] |= 1 << 8
            else:
                build(child, below, depth + 1)

    # A node's offset is relative to itself, as is a child to the offset.
    build(0, sorted(offsets), 0)
    size = (max(units) | 255) + 1
    blob = b"".join(struct.pack("<I", units.get(i, 0) & 0xFFFFFFFF) for i in range(size))
    return base64.b64encode(struct.pack("<I", len(blob)) + blob + texts).decode()


def small_character_map():
    """Compatibility forms, white space and some pairs with marks, as nmt_nfkc has them."""
    mapping = {chr(code): " " for code in (9, 10, 13, 0xA0, 0x2003, 0x3000, 0x200B, 0x2028)}
    mapping.update({chr(code): "" for code in (1, 2, 0x1F, 0x7F, 0xAD)})
    for code in [*range(0xFF01, 0xFF5F), *range(0xC0, 0x180, 3), *range(0x2460, 0x2470), 0xFB01, 0x132,
                 0xBD, 0x2126, 0x3099, 0x3131, *range(0x3300, 0x3310)]:
        form = unicodedata.normalize("NFKC", chr(code))
        if form != chr(code):
            mapping[chr(code)] = form
    for base in "aeiouAEIOUnc":
        for mark in "\u0301\u0303\u0308\u0327":
            both = unicodedata.normalize("NFC", base + mark)
            if len(both) == 1:
                mapping[base + mark] = both
    for base in "\u304b\u304d\u30ab":
        mapping[base + "\u3099"] = unicodedata.normalize("NFC", base + "\u3099")
    return mapping


def added(index, content, **options):
    return dict(recipes.added_token(index, content, True), **options)


def single_and_pair(single, pair, tokens):
    def slot(piece):
        name, type_id = piece
        if name in "AB":
            return {"Sequence": {"id": name, "type_id": type_id}}
        return {"SpecialToken": {"id": name, "type_id": type_id}}

    return {
        "type": "TemplateProcessing",
        "single": [slot(piece) for piece in single],
        "pair": [slot(piece) for piece in pair],
        "special_tokens": {t: {"id": t, "ids": [i], "tokens": [t]} for t, i in tokens.items()},
    }


# WordPiece


def word_piece(texts, size, lowercase, strip_accents=None, names=("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")):
    tokenizer = Tokenizer(models.WordPiece(unk_token=names[1]))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase, strip_accents=strip_accents)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=size, special_tokens=list(names), limit_alphabet=400, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return json.loads(tokenizer.to_str())


def bert_uncased(texts, size):
    """BERT uncased (DistilBERT and MiniLM alike): lower case, accents off, a template for pairs."""
    result = word_piece(texts, size, True)
    vocabulary = result["model"]["vocab"]
    ends = {t: vocabulary[t] for t in ("[CLS]", "[SEP]")}
    result["post_processor"] = single_and_pair(
        [("[CLS]", 0), ("A", 0), ("[SEP]", 0)],
        [("[CLS]", 0), ("A", 0), ("[SEP]", 0), ("B", 1), ("[SEP]", 1)],
        ends,
    )
    result["decoder"] = {"type": "WordPiece", "prefix": "##", "cleanup": True}
    return result


def bert_cased(texts, size):
    """BERT cased, with the older post-processor."""
    result = word_piece(texts, size, False)
    vocabulary = result["model"]["vocab"]
    result["post_processor"] = {
        "type": "BertProcessing",
        "sep": ["[SEP]", vocabulary["[SEP]"]],
        "cls": ["[CLS]", vocabulary["[CLS]"]],
    }
    result["decoder"] = {"type": "WordPiece", "prefix": "##", "cleanup": False}
    return result


def mpnet(texts, size):
    """MPNet: WordPiece with RoBERTa's special tokens, the mask taking the space before it."""
    result = word_piece(texts, size, True, names=("<s>", "[UNK]", "<pad>", "</s>", "<mask>"))
    vocabulary = result["model"]["vocab"]
    for token in result["added_tokens"]:
        if token["content"] == "<mask>":
            token.update(lstrip=True)
    result["post_processor"] = {
        "type": "RobertaProcessing",
        "sep": ["</s>", vocabulary["</s>"]],
        "cls": ["<s>", vocabulary["<s>"]],
        "trim_offsets": True,
        "add_prefix_space": False,
    }
    result["decoder"] = {"type": "WordPiece", "prefix": "##", "cleanup": True}
    return result


# Unigram


def train_unigram(texts, size, special, unk, charsmap, byte_fallback=False):
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=size, special_tokens=special, unk_token=unk, show_progress=False, max_piece_length=12
    )
    tokenizer.train_from_iterator(texts, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    if byte_fallback:
        model["vocab"] += [[f"<0x{byte:02X}>", 0.0] for byte in range(256)]
        model["byte_fallback"] = True
    return model


def charsmap_step(charsmap):
    return {"type": "Precompiled", "precompiled_charsmap": charsmap or character_map(small_character_map())}


def metaspace(scheme, split=True):
    return {"type": "Metaspace", "replacement": SPACE, "prepend_scheme": scheme, "split": split}


def xlmr(texts, size, charsmap=None):
    """XLM-R: a character map, pieces within words, <s> A </s> and <s> A </s></s> B </s>."""
    model = train_unigram(texts, size, ["<s>", "<pad>", "</s>", "<unk>"], "<unk>", charsmap)
    tokens = [added(i, t) for i, t in enumerate(("<s>", "<pad>", "</s>", "<unk>"))]
    tokens.append(added(len(model["vocab"]), "<mask>", lstrip=True))
    post = single_and_pair(
        [("<s>", 0), ("A", 0), ("</s>", 0)],
        [("<s>", 0), ("A", 0), ("</s>", 0), ("</s>", 0), ("B", 0), ("</s>", 0)],
        {"<s>": 0, "</s>": 2},
    )
    steps = {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, metaspace("always")]}
    return recipes.document(tokens, charsmap_step(charsmap), steps, post, metaspace("always"), model)


def deberta_v3(texts, size, charsmap=None):
    """DeBERTa v3 (and v2): stripped at the ends, runs of spaces joined, [CLS] A [SEP] B [SEP]."""
    model = train_unigram(texts, size, ["[PAD]", "[CLS]", "[SEP]", "[UNK]"], "[UNK]", charsmap)
    tokens = [added(i, t) for i, t in enumerate(("[PAD]", "[CLS]", "[SEP]", "[UNK]"))]
    tokens[3]["normalized"] = True
    tokens.append(added(len(model["vocab"]), "[MASK]"))
    normalizer = {
        "type": "Sequence",
        "normalizers": [
            {"type": "Strip", "strip_left": True, "strip_right": True},
            charsmap_step(charsmap),
            {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "},
        ],
    }
    post = single_and_pair(
        [("[CLS]", 0), ("A", 0), ("[SEP]", 0)],
        [("[CLS]", 0), ("A", 0), ("[SEP]", 0), ("B", 1), ("[SEP]", 1)],
        {"[CLS]": 1, "[SEP]": 2},
    )
    steps = {"type": "Sequence", "pretokenizers": [metaspace("always")]}
    return recipes.document(tokens, normalizer, steps, post, metaspace("always"), model)


def t5(texts, size, charsmap=None):
    """T5 without its legacy flag: the mark only before the text's first piece, bytes to fall back on."""
    model = train_unigram(texts, size, ["<pad>", "</s>", "<unk>"], "<unk>", charsmap, byte_fallback=True)
    tokens = [added(i, t) for i, t in enumerate(("<pad>", "</s>", "<unk>"))]
    tokens.append(added(len(model["vocab"]), "<extra_id_0>", lstrip=True, rstrip=True))
    normalizer = {
        "type": "Sequence",
        "normalizers": [
            charsmap_step(charsmap),
            {"type": "Strip", "strip_left": False, "strip_right": True},
            {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": SPACE},
        ],
    }
    post = single_and_pair(
        [("A", 0), ("</s>", 0)], [("A", 0), ("</s>", 0), ("B", 0), ("</s>", 0)], {"</s>": 1}
    )
    decoder = {"type": "Sequence", "decoders": [{"type": "ByteFallback"}, metaspace("first")]}
    return recipes.document(tokens, normalizer, metaspace("first"), post, decoder, model)


# RoBERTa and tekken


def roberta(texts, size):
    """RoBERTa: GPT-2's bytes, <s> A </s> and <s> A </s></s> B </s>, the mask taking the space before it."""
    names = ["<s>", "<pad>", "</s>", "<unk>"]
    vocabulary, merges = recipes.train_byte_level(texts, "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+", size)
    vocabulary = {**{t: i for i, t in enumerate(names)}, **{t: i + 4 for t, i in vocabulary.items()}}
    vocabulary["<mask>"] = len(vocabulary)
    tokens = [added(i, t, normalized=True) for i, t in enumerate(names)]
    tokens.append(added(vocabulary["<mask>"], "<mask>", lstrip=True))
    plain = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    post = {"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0], "trim_offsets": True,
            "add_prefix_space": False}
    model = {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": "",
             "end_of_word_suffix": "", "fuse_unk": False, "byte_fallback": False,
             "vocab": vocabulary, "merges": merges}
    return recipes.document(tokens, None, plain, post, plain, model)


TEKKEN = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def nemo(texts, size):
    """Mistral-Nemo: tekken's pattern, special tokens first, <s> before a text."""
    vocabulary, merges = recipes.train_byte_level(texts, TEKKEN, size)
    names = ["<unk>", "<s>", "</s>", "[INST]", "[/INST]"]
    vocabulary = {**{t: i for i, t in enumerate(names)}, **{t: i + 5 for t, i in vocabulary.items()}}
    tokens = [added(i, t) for i, t in enumerate(names)]
    model = {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
             "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": True,
             "vocab": vocabulary, "merges": merges}
    plain = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    return recipes.document(tokens, None, recipes.split_then_bytes(TEKKEN, False),
                            recipes.template_with_first("<s>", 1), plain, model)


FAMILIES = {
    "bert-uncased-small": (bert_uncased, 1600),
    "bert-cased-small": (bert_cased, 1600),
    "mpnet-small": (mpnet, 1200),
    "xlmr-small": (xlmr, 1600),
    "deberta-v3-small": (deberta_v3, 1600),
    "t5-small": (t5, 1200),
    "roberta-small": (roberta, 1200),
    "nemo-small": (nemo, 1200),
}
