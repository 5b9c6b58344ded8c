#!/usr/bin/env python3
"""Make Tests/Fixtures/tokenizer-parts.json: small tokenizers, each with one part or option at work.

    make-tokenizer-part-fixtures.py [OUT_FILE]

For every tokenizer: a tokenizer.json as an object, and texts with the reference's ids without and
with special tokens and with the text that it decodes them to.  Needs: tokenizers==0.23.3.
"""

import json
import os
import random
import sys

import tokenizer_families as families
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

SEED, SPACE = 7, "\u2581"
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
BOOKISH = [
    "the rain in spain stays mainly in the plain",
    "she'll sell sea shells; they're sure she's here",
    "a-b-c 1-2-3 --- well-known state-of-the-art",
    "count 1 22 333 4444 and again 1 22 333",
    "na\u00efve caf\u00e9 r\u00e9sum\u00e9 \u00fcber stra\u00dfe",
    "\u4f60\u597d\u4e16\u754c \u4f60\u597d",
] * 30


def train(texts, size, pre_tokenizer=None, alphabet=()):
    tokenizer = Tokenizer(models.BPE())
    if pre_tokenizer:
        tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.train_from_iterator(
        texts,
        trainers.BpeTrainer(vocab_size=size, initial_alphabet=list(alphabet), show_progress=False),
    )
    model = json.loads(tokenizer.to_str())["model"]
    return model["vocab"], model["merges"]


BYTE_VOCABULARY, BYTE_MERGES = train(
    BOOKISH,
    420,
    pre_tokenizers.ByteLevel(add_prefix_space=False),
    pre_tokenizers.ByteLevel.alphabet(),
)
WORD_VOCABULARY, WORD_MERGES = train(
    [t.replace(" ", SPACE) for t in BOOKISH],
    200,
    pre_tokenizers.Split(Regex(f"{SPACE}?[a-z']+|{SPACE}?[^a-z{SPACE}]+|{SPACE}+"), "isolated"),
)
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


def bpe(vocabulary, merges, **options):
    return dict(
        {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": vocabulary,
            "merges": merges,
        },
        **options,
    )


def with_tokens(vocabulary, tokens):
    vocabulary = dict(vocabulary)
    for token in tokens:
        vocabulary.setdefault(token, len(vocabulary))
    return vocabulary


def added(index, content, **options):
    return dict(
        {
            "id": index,
            "content": content,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": False,
        },
        **options,
    )


def tokenizer(
    model, added_tokens=(), normalizer=None, pre_tokenizer=None, post_processor=None, decoder=None
):
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": list(added_tokens),
        "normalizer": normalizer,
        "pre_tokenizer": pre_tokenizer,
        "post_processor": post_processor,
        "decoder": decoder,
        "model": dict(model),
    }


def byte_level(prefix, regex):
    return {
        "type": "ByteLevel",
        "add_prefix_space": prefix,
        "trim_offsets": True,
        "use_regex": regex,
    }


def split(pattern, behavior, invert=False):
    return {"type": "Split", "pattern": pattern, "behavior": behavior, "invert": invert}


def replace(pattern, content):
    return {"type": "Replace", "pattern": {"String": pattern}, "content": content}


def sequence(key, *steps):
    return {"type": "Sequence", key: list(steps)}


def metaspace(scheme, splits):
    return {"type": "Metaspace", "replacement": SPACE, "prepend_scheme": scheme, "split": splits}


def template(single, tokens):
    pieces = [
        (
            {"Sequence": {"id": "A", "type_id": 0}}
            if name == "$A"
            else {"SpecialToken": {"id": name, "type_id": 0}}
        )
        for name in single
    ]
    return {
        "type": "TemplateProcessing",
        "single": pieces,
        "pair": pieces + [{"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {
            name: {"id": name, "ids": ids, "tokens": [name] * len(ids)}
            for name, ids in tokens.items()
        },
    }


def byte_level_cases():
    model, decoder = bpe(BYTE_VOCABULARY, BYTE_MERGES), byte_level(True, True)
    n = len(BYTE_VOCABULARY)
    for prefix in (False, True):
        yield f"GPT-2, add_prefix_space {prefix}", tokenizer(
            model, pre_tokenizer=byte_level(prefix, True), decoder=decoder
        )
        yield f"ByteLevel without pattern, add_prefix_space {prefix}", tokenizer(
            model, pre_tokenizer=byte_level(prefix, False), decoder=decoder
        )
        for name, pattern in (("GPT-2", GPT2), ("Llama 3", LLAMA3), ("Qwen2", QWEN2)):
            for behavior, invert in (("Isolated", False), ("Removed", True)):
                steps = sequence(
                    "pretokenizers",
                    split({"Regex": pattern}, behavior, invert),
                    byte_level(prefix, name == "Qwen2"),
                )
                yield f"{name} {behavior}, add_prefix_space {prefix}", tokenizer(
                    model, pre_tokenizer=steps, decoder=decoder
                )
    legacy = {key: value for key, value in model.items() if key != "type"}
    legacy["merges"] = ["#version: 0.2"] + [" ".join(pair) for pair in BYTE_MERGES]
    legacy["unk_token"] = ""
    yield "GPT-2's older file without a type", tokenizer(
        legacy, pre_tokenizer=byte_level(False, True), decoder=decoder
    )
    some = {
        token: index
        for index, token in enumerate(
            t for t in BYTE_VOCABULARY if t not in "aqz\u0120\u0102\u00e4"
        )
    }
    merges = [pair for pair in BYTE_MERGES if all(t in some for t in (*pair, "".join(pair)))]
    some = with_tokens(some, ["<unk>", *(f"<0x{b:02X}>" for b in b"aqz\xc3\xa4")])
    for fuse in (False, True):
        for fallback in (False, True):
            yield f"bytes missing, fuse {fuse}, fallback {fallback}", tokenizer(
                bpe(some, merges, unk_token="<unk>", fuse_unk=fuse, byte_fallback=fallback),
                pre_tokenizer=byte_level(False, True),
                decoder=decoder,
            )
    whole = with_tokens(BYTE_VOCABULARY, ["\u0120spanish", "mainly"])
    for ignore in (False, True):
        yield f"ignore_merges {ignore}", tokenizer(
            bpe(whole, BYTE_MERGES, ignore_merges=ignore),
            pre_tokenizer=byte_level(False, True),
            decoder=decoder,
        )
    again = BYTE_MERGES + BYTE_MERGES[:40]
    yield "merges given twice", tokenizer(
        bpe(BYTE_VOCABULARY, again), pre_tokenizer=byte_level(False, True), decoder=decoder
    )
    special = [
        added(n, "<s>", special=True),
        added(n + 1, "</s>", special=True),
        added(n + 2, "<sep>", special=True),
    ]
    frames = (
        template(["<s>", "$A", "</s>"], {"<s>": [n], "</s>": [n + 1]}),
        template(["$A", "<sep>"], {"<sep>": [n + 2, n + 1]}),
    )
    yield "template", tokenizer(
        model,
        special,
        pre_tokenizer=byte_level(False, True),
        decoder=decoder,
        post_processor=frames[0],
    )
    yield "template in a sequence", tokenizer(
        model,
        special,
        pre_tokenizer=byte_level(False, True),
        decoder=decoder,
        post_processor=sequence("processors", byte_level(True, True), frames[1]),
    )


def added_token_cases():
    n = len(BYTE_VOCABULARY)
    contents = ["<a>", "<a><b>", "<b>", "rain", " the", "caf\u00e9", "e\u0301", "--", "in"]
    for number, options in enumerate(
        (
            {},
            {"lstrip": True},
            {"rstrip": True},
            {"lstrip": True, "rstrip": True},
            {"single_word": True},
            {"single_word": True, "lstrip": True, "rstrip": True},
            {"normalized": True},
            {"normalized": True, "rstrip": True},
            {"normalized": True, "single_word": True},
        )
    ):
        tokens = [
            added(n + i, content, special=i % 2 == 0, **options)
            for i, content in enumerate(contents)
            if content != "e\u0301" or not options.get("normalized")
        ]
        fresh = [token for token in tokens if token["content"] not in BYTE_VOCABULARY]
        tokens = [
            dict(
                token,
                id=n + fresh.index(token) if token in fresh else BYTE_VOCABULARY[token["content"]],
            )
            for token in tokens
        ]
        for normalizer in (None, {"type": "NFC"}, replace(" ", "_")):
            yield f"added tokens {number} {normalizer and normalizer['type']}", tokenizer(
                bpe(BYTE_VOCABULARY, BYTE_MERGES),
                tokens,
                normalizer=normalizer,
                pre_tokenizer=byte_level(False, True),
                decoder=byte_level(True, True),
            )
    mixed = [
        added(n, "<a>", special=True, rstrip=True),
        added(n + 1, "<b>", lstrip=True),
        added(n + 2, " "),
        added(BYTE_VOCABULARY.get("the", n + 3), "the", normalized=True),
    ]
    yield "added tokens mixed", tokenizer(
        bpe(BYTE_VOCABULARY, BYTE_MERGES),
        mixed,
        pre_tokenizer=byte_level(True, True),
        decoder=byte_level(True, True),
    )


def scalar_cases():
    full = with_tokens(WORD_VOCABULARY, ["<unk>", "<s>"] + BYTES)
    tokens = [added(full["<unk>"], "<unk>", special=True), added(full["<s>"], "<s>", special=True)]
    llama = sequence(
        "decoders",
        replace(SPACE, " "),
        {"type": "ByteFallback"},
        {"type": "Fuse"},
        {"type": "Strip", "content": " ", "start": 1, "stop": 0},
    )
    fallback = bpe(full, WORD_MERGES, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    for scheme in ("first", "never", "always"):
        for splits in (False, True):
            yield f"Metaspace {scheme} {splits}", tokenizer(
                fallback,
                tokens,
                pre_tokenizer=metaspace(scheme, splits),
                decoder=metaspace(scheme, splits),
            )
    yield "Metaspace, older flag", tokenizer(
        fallback,
        tokens,
        pre_tokenizer={"type": "Metaspace", "replacement": SPACE, "add_prefix_space": True},
        decoder={"type": "Metaspace", "replacement": SPACE, "add_prefix_space": True},
    )
    yield "Prepend and Replace", tokenizer(
        fallback,
        tokens,
        normalizer=sequence(
            "normalizers", {"type": "Prepend", "prepend": SPACE}, replace(" ", SPACE)
        ),
        decoder=llama,
    )
    yield "Replace by nothing", tokenizer(
        fallback,
        tokens,
        normalizer=sequence(
            "normalizers", replace("the", ""), replace(" ", SPACE), {"type": "NFC"}
        ),
        decoder=llama,
    )
    yield "whole pieces of scalars", tokenizer(
        dict(fallback, ignore_merges=True),
        tokens,
        pre_tokenizer=metaspace("always", True),
        decoder=llama,
    )
    for behavior in ("Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"):
        for invert in (False, True):
            for pattern in ("-", "a-"):
                steps = sequence(
                    "pretokenizers",
                    metaspace("never", True),
                    split({"String": pattern}, behavior, invert),
                )
                yield f"Split at {pattern} {behavior} {invert}", tokenizer(
                    fallback, tokens, pre_tokenizer=steps, decoder={"type": "Fuse"}
                )
    some = with_tokens(
        {t: i for i, t in enumerate(WORD_VOCABULARY)},
        ["<unk>"] + [f"<0x{b:02X}>" for b in "\u00e9Q".encode()],
    )
    for unknown in (None, "<unk>"):
        for fuse in (False, True):
            for falls in (False, True):
                yield f"unknown {unknown}, fuse {fuse}, fallback {falls}", tokenizer(
                    bpe(some, WORD_MERGES, unk_token=unknown, fuse_unk=fuse, byte_fallback=falls),
                    normalizer=replace(" ", SPACE),
                    decoder=llama,
                )
    marked = with_tokens(full, ["<0x41><0x42>", "<unk>a"])
    yield "merges of byte tokens", tokenizer(
        bpe(
            marked,
            WORD_MERGES + [["<0x41>", "<0x42>"], ["<unk>", "a"]],
            unk_token="<unk>",
            byte_fallback=True,
        ),
        tokens,
        decoder=llama,
    )
    yield "no decoder", tokenizer(fallback, tokens, normalizer=replace(" ", SPACE))
    yield "Strip at both ends", tokenizer(
        fallback,
        tokens,
        normalizer=replace(" ", SPACE),
        decoder=sequence(
            "decoders",
            replace(SPACE, " "),
            {"type": "ByteFallback"},
            {"type": "Fuse"},
            {"type": "Strip", "content": " ", "start": 2, "stop": 1},
        ),
    )


def word_cases():
    """Every normalizer and pre-tokenizer before a WordPiece vocabulary of single characters, whose ids
    show where words begin."""
    letters = sorted(set("".join(PIECES) + "abcdefghijklmnopqrstuvwxyz0123456789.,!?'\"()-_:;/ \u3000\u4e2d\u0300\u0327\u0130\u0394\u03c3\u20ac\u2581\ufb01fi\u0120\u010a\u00c3\u00a9"))
    vocabulary = {"[UNK]": 0}
    for letter in letters:
        for token in (letter, "##" + letter):
            vocabulary.setdefault(token, len(vocabulary))
    for token in ("the", "##ain", "in", "[CLS]", "[SEP]"):
        vocabulary.setdefault(token, len(vocabulary))
    model = {
        "type": "WordPiece",
        "unk_token": "[UNK]",
        "continuing_subword_prefix": "##",
        "max_input_chars_per_word": 30,
        "vocab": vocabulary,
    }
    decoder = {"type": "WordPiece", "prefix": "##", "cleanup": True}

    def bert(clean, chinese, accents, lower):
        return {
            "type": "BertNormalizer", "clean_text": clean, "handle_chinese_chars": chinese,
            "strip_accents": accents, "lowercase": lower,
        }

    steps = [
        *(bert(a, b, c, d) for a in (False, True) for b in (False, True) for c in (None, False, True)
          for d in (False, True)),
        *({"type": name} for name in ("NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Nmt")),
        *({"type": "Strip", "strip_left": a, "strip_right": b} for a in (False, True) for b in (False, True)),
        {"type": "Precompiled", "precompiled_charsmap": families.character_map(families.small_character_map())},
        {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "},
        {"type": "Replace", "pattern": {"Regex": "[\\s\\-]+"}, "content": "_"},
        {"type": "Prepend", "prepend": "the"},
        {"type": "ByteLevel"},
        sequence("normalizers", {"type": "NFD"}, {"type": "StripAccents"}, {"type": "Lowercase"}),
    ]
    for number, normalizer in enumerate(steps):
        yield f"normalizer {number} {normalizer['type']}", tokenizer(
            model, normalizer=normalizer, pre_tokenizer={"type": "BertPreTokenizer"}, decoder=decoder
        )
    behaviors = ("Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous")
    cuts = [
        {"type": "BertPreTokenizer"}, {"type": "Whitespace"}, {"type": "WhitespaceSplit"},
        {"type": "Digits", "individual_digits": False}, {"type": "Digits", "individual_digits": True},
        {"type": "CharDelimiterSplit", "delimiter": "-"},
        *({"type": "Punctuation", "behavior": b} for b in behaviors),
        *(split({"Regex": r}, b, i) for r in (r"\s+", r"\p{N}|\p{P}", r"[^\p{L}\s]{1,2}(?!\S)", r"(?i:th)|n?")
          for b in behaviors for i in (False, True)),
        *(sequence("pretokenizers", {"type": "WhitespaceSplit"}, metaspace(scheme, True))
          for scheme in ("first", "always", "never")),
        sequence("pretokenizers", {"type": "Whitespace"}, {"type": "Digits", "individual_digits": True}),
        sequence("pretokenizers", {"type": "Punctuation", "behavior": "Isolated"}, byte_level(True, True)),
        sequence("pretokenizers", byte_level(False, False), {"type": "WhitespaceSplit"}),
        {"type": "UnicodeScripts"},
        sequence("pretokenizers", {"type": "UnicodeScripts"}, metaspace("first", True)),
        sequence("pretokenizers", {"type": "WhitespaceSplit"}, {"type": "UnicodeScripts"}),
    ]
    for number, cut in enumerate(cuts):
        yield f"pre-tokenizer {number} {cut['type']}", tokenizer(
            model, pre_tokenizer=cut, decoder=decoder
        )
    for number, normalizer in enumerate(
        [
            bert(True, True, True, True), {"type": "Strip", "strip_left": True, "strip_right": False},
            {"type": "Nmt"}, {"type": "StripAccents"}, replace("the", ""), replace("th", "x"), replace("t", "x"),
            {"type": "Prepend", "prepend": "x"}, {"type": "Replace", "pattern": {"Regex": "[ -]+"}, "content": "x"},
            {"type": "NFKC"}, {"type": "NFD"},
            {"type": "Precompiled", "precompiled_charsmap": families.character_map(families.small_character_map())},
        ]
    ):
        yield f"Metaspace first behind {number} {normalizer['type']}", tokenizer(
            model, normalizer=normalizer, pre_tokenizer=metaspace("first", number % 2 == 0), decoder=decoder
        )
    for number, last in enumerate(
        [
            {"type": "BertProcessing", "sep": ["[SEP]", vocabulary["[SEP]"]], "cls": ["[CLS]", vocabulary["[CLS]"]]},
            {"type": "RobertaProcessing", "sep": ["[SEP]", vocabulary["[SEP]"]], "cls": ["[CLS]", vocabulary["[CLS]"]],
             "trim_offsets": True, "add_prefix_space": True},
        ]
    ):
        yield f"post-processor {number}", tokenizer(
            model, pre_tokenizer={"type": "Whitespace"}, post_processor=last, decoder=decoder
        )
    words = {"type": "WordLevel", "unk_token": "[UNK]",
             "vocab": {"[UNK]": 0, **{piece.strip(): i + 1 for i, piece in enumerate(dict.fromkeys(p.strip() for p in PIECES)) if piece.strip()}}}
    for number, end in enumerate(
        [
            None, {"type": "WordPiece", "prefix": "a", "cleanup": True}, {"type": "BPEDecoder", "suffix": "the"},
            {"type": "CTC", "pad_token": "-", "word_delimiter_token": "in", "cleanup": True},
            {"type": "CTC", "pad_token": "-", "word_delimiter_token": "in", "cleanup": False},
            {"type": "Replace", "pattern": {"Regex": "[aeiou]"}, "content": "*"},
        ]
    ):
        yield f"WordLevel, decoder {number}", tokenizer(
            words, pre_tokenizer={"type": "Whitespace" if number < 3 else "WhitespaceSplit"}, decoder=end
        )


def unigram_cases():
    """Scores with ties, sums that round, unknown stretches, bytes to fall back on."""
    rng = random.Random(SEED)
    for number in range(12):
        alphabet = "abcd \u00e9" if number % 2 else "ab"
        pieces = {"<unk>": 0.0}
        for _ in range(40):
            piece = "".join(rng.choices(alphabet, k=rng.choice((1, 1, 2, 2, 3, 4))))
            score = -rng.random() * 10 if number % 3 else -float(rng.randint(1, 4))
            pieces.setdefault(piece, score)
        if number % 4 == 0:
            pieces.pop("b", None)
        vocabulary = [[piece, score] for piece, score in pieces.items()]
        if number % 5 == 1:
            vocabulary += [[f"<0x{byte:02X}>", 0.0] for byte in range(256)]
        model = {"type": "Unigram", "unk_id": 0, "vocab": vocabulary, "byte_fallback": number % 5 == 1}
        yield f"Unigram {number}", tokenizer(
            model, pre_tokenizer={"type": "WhitespaceSplit"} if number % 2 else None, decoder={"type": "Fuse"}
        )
    twice = [["<unk>", 0.0], ["a", -1.0], ["b", -1.5], ["a", -2.0], ["ab", -2.4]]
    yield "Unigram, a piece twice", tokenizer({"type": "Unigram", "unk_id": 0, "vocab": twice, "byte_fallback": False})


PIECES = [
    "the",
    " the",
    "rain",
    "in",
    " spain",
    "she'll",
    "'S",
    "'ve",
    "a-b",
    "-",
    "--",
    "a-a-",
    " ",
    "  ",
    "   ",
    "\n",
    " \n ",
    "\t",
    "1",
    "22",
    "4444",
    "caf\u00e9",
    "e\u0301",
    "\u00ef",
    "\u4f60\u597d",
    "\u4e16",
    "Q",
    "QQ",
    "AB",
    "\u00e9\u00e9",
    "\U0001f600",
    SPACE,
    SPACE * 2,
    "<a>",
    "<b>",
    "<a><b>",
    "<s>",
    "</s>",
    "<unk>",
    "<sep>",
    "<0x41>",
    "_",
    "x",
    "zq",
    "aqz",
    "\u00e4",
    "\u2028",
    "the-rain",
    "mainly",
    " spanish",
    ".",
]


def texts(rng):
    yield from (
        "",
        " ",
        "  ",
        "the rain in spain",
        " the rain",
        "a-b-c",
        "-a",
        "a-",
        "\u00e9Q\U0001f600\u00e9",
        "Q\u00e9\U0001f600Q\U0001f600\U0001f600x",
        "mainly spanish mainly",
        "ABA<unk>a",
        "it's IT'S",
        "<a> <b>",
        "x<a>x <a> x",
        " <a> rain rains <b><a><b>  ",
    )
    yield from ("abababab cdcdab", "aabbaabbab", "abcabcdd\u00e9ab", "bbbb", "b\u00e9b \u0130\u0394 \ufb01", "\t\x01the\x02\xadrain",
                " \u3000the  rain", "\u0301the", "\u4e2dthe\u4e2d", "C\u0327a va", "12 345-6", "do not , 's", "x" * 31, "x" * 30)
    for _ in range(34):
        yield "".join(rng.choices(PIECES, k=rng.randint(1, 12)))


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    out = (
        sys.argv[1]
        if len(sys.argv) > 1
        else os.path.join(here, "../../Tests/Fixtures/tokenizer-parts.json")
    )
    models_seen, result = [], []
    for name, description in (*byte_level_cases(), *added_token_cases(), *scalar_cases(), *word_cases(), *unigram_cases()):
        reference = Tokenizer.from_str(json.dumps(description))
        rng, cases = random.Random(f"{SEED} {name}"), []
        for text in dict.fromkeys(texts(rng)):
            plain = reference.encode(text, add_special_tokens=False).ids
            framed = reference.encode(text, add_special_tokens=True).ids
            try:
                decoded = [
                    reference.decode(framed, skip_special_tokens=skip) for skip in (False, True)
                ]
            except (
                BaseException
            ):  # the reference's Strip fails on texts shorter than what it strips
                decoded = []
            cases.append([text, plain, framed, *decoded])
        # Vocabularies repeat: each is stored once.
        model = description["model"]
        vocabulary = {key: model.pop(key) for key in ("vocab", "merges") if key in model}
        if vocabulary not in models_seen:
            models_seen.append(vocabulary)
        result.append(
            {
                "name": name,
                "vocabulary": models_seen.index(vocabulary),
                "tokenizer": description,
                "cases": cases,
            }
        )
    with open(out, "w", encoding="utf-8") as file:
        json.dump(
            {"vocabularies": models_seen, "tokenizers": result},
            file,
            ensure_ascii=False,
            separators=(",", ":"),
        )
        file.write("\n")
    print(
        f"{out}: {len(result)} tokenizers, {sum(len(t['cases']) for t in result)} cases, "
        f"{len(models_seen)} vocabularies"
    )


if __name__ == "__main__":
    main()
