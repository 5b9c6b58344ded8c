"""Small tokenizers in the exact configuration of well-known ones: each recipe returns the
`tokenizer.json` as a dictionary.

Only vocabularies and merges are trained here, on text given by the caller; normalizers,
pre-tokenizers, post-processors, decoders and flags are those of the family the recipe is named
after.  `tokenizers` does the training, deterministically.
"""

import json

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

LLAMA3_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2_PATTERN = LLAMA3_PATTERN.replace(r"\p{N}{1,3}", r"\p{N}")
SPACE = "\u2581"

# In the vocabulary but out of reach of every merge: `ignore_merges` finds them, plain BPE must not.
UNREACHABLE = [
    "\u0120extraordinary", "\u0120unreachable", "Zanzibar",
    "\u0120\u0120\u0120\u0120\u0120\u0120\u0120", "----------------",
]


def added_token(index, content, special):
    return {
        "id": index,
        "content": content,
        "single_word": False,
        "lstrip": False,
        "rstrip": False,
        "normalized": False,
        "special": special,
    }


def document(added_tokens, normalizer, pre_tokenizer, post_processor, decoder, model):
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added_tokens,
        "normalizer": normalizer,
        "pre_tokenizer": pre_tokenizer,
        "post_processor": post_processor,
        "decoder": decoder,
        "model": model,
    }


def template_with_first(token, index):
    """A post-processor that puts one token before each text."""
    special = {"SpecialToken": {"id": token, "type_id": 0}}
    first, second = {"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}
    return {
        "type": "TemplateProcessing",
        "single": [special, first],
        "pair": [special, first, {"SpecialToken": {"id": token, "type_id": 1}}, second],
        "special_tokens": {token: {"id": token, "ids": [index], "tokens": [token]}},
    }


def loaded(description):
    """The tokenizer that a description stands for."""
    return Tokenizer.from_str(json.dumps(description))


# Byte-level BPE


def train_byte_level(texts, pattern, size, normalizer=None):
    """Returns (vocabulary, merges) of byte-level BPE over pieces cut by `pattern`."""
    tokenizer = Tokenizer(models.BPE())
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    vocabulary = model["vocab"]
    for token in UNREACHABLE:
        if token not in vocabulary:
            vocabulary[token] = len(vocabulary)
    return vocabulary, [" ".join(pair) for pair in model["merges"]]


def split_then_bytes(pattern, trim_offsets):
    return {
        "type": "Sequence",
        "pretokenizers": [
            {
                "type": "Split",
                "pattern": {"Regex": pattern},
                "behavior": "Isolated",
                "invert": False,
            },
            {
                "type": "ByteLevel",
                "add_prefix_space": False,
                "trim_offsets": trim_offsets,
                "use_regex": False,
            },
        ],
    }


def llama3(texts, size):
    """Llama 3: `ignore_merges`, digits in threes, <|begin_of_text|> first, merges spelled as
    strings."""
    vocabulary, merges = train_byte_level(texts, LLAMA3_PATTERN, size)
    names = [
        "<|begin_of_text|>",
        "<|end_of_text|>",
        *(f"<|reserved_special_token_{i}|>" for i in range(4)),
        "<|start_header_id|>",
        "<|end_header_id|>",
        "<|reserved_special_token_4|>",
        "<|eot_id|>",
    ]
    added = [added_token(len(vocabulary) + i, name, True) for i, name in enumerate(names)]
    post = {
        "type": "Sequence",
        "processors": [
            {
                "type": "ByteLevel",
                "add_prefix_space": True,
                "trim_offsets": False,
                "use_regex": True,
            },
            template_with_first(names[0], len(vocabulary)),
        ],
    }
    model = {
        "type": "BPE",
        "dropout": None,
        "unk_token": None,
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": False,
        "byte_fallback": False,
        "ignore_merges": True,
        "vocab": vocabulary,
        "merges": merges,
    }
    decoder = {
        "type": "ByteLevel",
        "add_prefix_space": True,
        "trim_offsets": True,
        "use_regex": True,
    }
    return document(added, None, split_then_bytes(LLAMA3_PATTERN, True), post, decoder, model)


def qwen2(texts, size):
    """Qwen2: NFC, single digits, no special token of its own accord, empty subword affixes."""
    vocabulary, merges = train_byte_level(texts, QWEN2_PATTERN, size, normalizers.NFC())
    names = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    added = [added_token(len(vocabulary) + i, name, True) for i, name in enumerate(names)]
    plain = {
        "type": "ByteLevel",
        "add_prefix_space": False,
        "trim_offsets": False,
        "use_regex": False,
    }
    model = {
        "type": "BPE",
        "dropout": None,
        "unk_token": None,
        "continuing_subword_prefix": "",
        "end_of_word_suffix": "",
        "fuse_unk": False,
        "byte_fallback": False,
        "vocab": vocabulary,
        "merges": merges,
    }
    return document(
        added, {"type": "NFC"}, split_then_bytes(QWEN2_PATTERN, False), plain, plain, model
    )


# SentencePiece-style BPE with byte fallback


def train_pieces(texts, size, max_alphabet):
    """Returns pieces of SentencePiece's kind (a space is U+2581 at a word's head, digits stand
    alone), best first."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Replace(" ", SPACE)
    words = (
        rf"{SPACE}?[\p{{L}}\p{{M}}'_]+|\p{{N}}|{SPACE}?[^\p{{L}}\p{{M}}\p{{N}}{SPACE}\n]+"
        rf"|{SPACE}+|\n+"
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(words), "isolated")
    trainer = trainers.BpeTrainer(
        vocab_size=size, limit_alphabet=max_alphabet, show_progress=False, max_token_length=24
    )
    tokenizer.train_from_iterator(texts, trainer)
    vocabulary = json.loads(tokenizer.to_str())["model"]["vocab"]
    return sorted(vocabulary, key=vocabulary.get)


def merges_of(pieces, rank):
    """All pairs that make a piece, pieces in order of rank: what conversion from a SentencePiece
    model gives.

    A piece can be made by several pairs, each with a rank of its own.
    """
    merges = []
    for piece in sorted(pieces, key=rank.get):
        pairs = [
            (piece[:i], piece[i:])
            for i in range(1, len(piece))
            if piece[:i] in rank and piece[i:] in rank
        ]
        merges += sorted(pairs, key=lambda pair: (rank[pair[0]], rank[pair[1]]))
    return merges


def byte_tokens():
    return [f"<0x{byte:02X}>" for byte in range(256)]


def replace(pattern, content):
    return {"type": "Replace", "pattern": {"String": pattern}, "content": content}


def sentencepiece_model(vocabulary, merges):
    return {
        "type": "BPE",
        "dropout": None,
        "unk_token": "<unk>",
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": True,
        "byte_fallback": True,
        "ignore_merges": False,
        "vocab": vocabulary,
        "merges": merges,
    }


def gemma(texts, size):
    """Gemma: no pre-split to speak of, <bos> first, markup, blank lines and runs of U+2581 as
    added tokens, merges as pairs."""
    special = ["<pad>", "<eos>", "<bos>", "<unk>"]
    plain = [
        "<mask>", "<unused0>", "<unused1>", "<start_of_turn>", "<end_of_turn>",
        *("\n" * n for n in range(2, 9)),
        *(SPACE * n for n in range(2, 17)),
        "<table>", "</table>", "<td>", "</td>", "<h1>", "</h1>", "<b>", "</b>",
    ]
    head = special + plain + byte_tokens()
    pieces = [piece for piece in train_pieces(texts, size - 256, 700) if piece not in head]
    pieces = pieces[: size - len(head)]
    vocabulary = {token: index for index, token in enumerate(head + pieces)}
    runs = {SPACE * n for n in range(2, 17)}
    merges = merges_of([*runs, *(piece for piece in pieces if len(piece) > 1)], vocabulary)
    added = [added_token(vocabulary[token], token, token in special) for token in special + plain]
    decoder = {
        "type": "Sequence",
        "decoders": [replace(SPACE, " "), {"type": "ByteFallback"}, {"type": "Fuse"}],
    }
    split = {
        "type": "Split",
        "pattern": {"String": " "},
        "behavior": "MergedWithPrevious",
        "invert": False,
    }
    return document(
        added,
        replace(" ", SPACE),
        split,
        template_with_first("<bos>", vocabulary["<bos>"]),
        decoder,
        sentencepiece_model(vocabulary, merges),
    )


def llama2(texts, size):
    """Llama 2 and the first Mistral: a space is put before each text, no pre-tokenizer, <s> first,
    merges as strings."""
    special = ["<unk>", "<s>", "</s>"]
    head = special + byte_tokens()
    pieces = [piece for piece in train_pieces(texts, size, 400) if piece not in head][
        : size - len(head)
    ]
    pieces.sort(
        key=lambda piece: len(piece) == 1
    )  # single characters come last, as in the original
    vocabulary = {token: index for index, token in enumerate(head + pieces)}
    merges = [
        " ".join(pair)
        for pair in merges_of([piece for piece in pieces if len(piece) > 1], vocabulary)
    ]
    added = [added_token(vocabulary[token], token, True) for token in special]
    normalizer = {
        "type": "Sequence",
        "normalizers": [{"type": "Prepend", "prepend": SPACE}, replace(" ", SPACE)],
    }
    decoder = {
        "type": "Sequence",
        "decoders": [
            replace(SPACE, " "),
            {"type": "ByteFallback"},
            {"type": "Fuse"},
            {"type": "Strip", "content": " ", "start": 1, "stop": 0},
        ],
    }
    return document(
        added,
        normalizer,
        None,
        template_with_first("<s>", vocabulary["<s>"]),
        decoder,
        sentencepiece_model(vocabulary, merges),
    )
