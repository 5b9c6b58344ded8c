#!/usr/bin/env python3
"""Write Sources/CArenaText/character_tables.c: what BERT's and SentencePiece's kinds of tokenizers ask
about characters.

    make-character-tables.py [OUT_FILE]

As make-unicode-tables.py does, this asks the reference itself about every scalar, since its parts were
built with several versions of Unicode.  Needs: tokenizers==0.23.3.
"""

import importlib.util
import os
import struct
import sys

from tokenizers import normalizers, pre_tokenizers

HERE = os.path.dirname(os.path.abspath(__file__))
spec = importlib.util.spec_from_file_location("unicode_tables", HERE + "/make-unicode-tables.py")
tables = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tables)
SCALARS, NFC = tables.SCALARS, tables.NFC

CONTROL, WHITE, PUNCTUATION, NONSPACING, MARK, NUMERIC, WORD, TITLE = (1 << i for i in range(8))
LOWERS, DECOMPOSES, COMPATIBLE, UPPER = (1 << i for i in range(8, 12))
LOWER, MARK_CATEGORY, MODIFIER, PUNCTUATION_CATEGORY = (1 << i for i in range(12, 16))

NFD, NFKD, NFKC = normalizers.NFD(), normalizers.NFKD(), normalizers.NFKC()


def bert(**options):
    flags = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**dict(flags, **options)).normalize_str


def pieces_of(cut, code):
    return [piece for piece, _ in cut("a" + chr(code) + "a")]


# Grapheme clusters, which the character map of SentencePiece models is applied to. They are asked for
# with maps of our own: a map gets a cluster of up to five bytes as a whole, and answers by its first
# matching prefix. With every first byte mapped, such a cluster becomes one "1".

G_OTHER, G_CONTROL, G_EXTEND, G_SPACING, G_PREPEND, G_PICTURE, G_CONSONANT, G_LINKER, G_JOINER = range(9)


def first_byte_map(first_bytes):
    """A charsmap (a darts-clone double array) whose keys are single bytes, all mapped to "1"."""
    units = [0] * 1024
    # The root's children lie at offset 0 ^ label; each has a leaf at offset ^ 0.
    units[0] = 256 << 10
    for byte in first_bytes:
        node = 256 ^ byte
        leaf = 512 + 256 + byte
        offset = node ^ leaf
        units[node] = (offset << 10) | (1 << 8) | byte
        units[leaf] = 1 << 31
    blob = b"".join(struct.pack("<I", u) for u in units)
    return struct.pack("<I", len(blob)) + blob + b"1\0"


def graphemes():
    high = normalizers.Precompiled(first_byte_map(range(0x80, 0x100))).normalize_str
    letter = normalizers.Precompiled(first_byte_map(b"a")).normalize_str
    mark = normalizers.Precompiled(first_byte_map([0xCC])).normalize_str
    assert letter("a") == "1" and letter("ab") == "1b" and letter("a\u0301") == "1"
    values, consonants = {}, []
    for code in SCALARS:
        c = chr(code)
        if code < 0x80:
            values[code] = G_CONTROL if code < 32 or code == 127 else G_OTHER
            continue
        if letter("a" + c) == "1":  # it joins what stands before
            # (c) c JOINER (c) MARK: one cluster where c is an extender, else the last two are one
            parts = high("\u00a9" + c + "\u200d\u00a9\u0301")
            values[code] = G_EXTEND if len(parts) == 5 else G_SPACING
            continue
        if high(c + "a") == "1":
            values[code] = G_PREPEND
        elif len(high(c + "\u0301")) == 2 and len(c.encode()) < 4:
            values[code] = G_CONTROL
        elif len(c.encode()) == 4 and mark(c + "\u0301\u0327") == c + "1":
            # The marks are a cluster of their own, which is replaced as one; else each is by itself.
            values[code] = G_CONTROL
        elif len(high(c + "\u200d\u00a9\u0301")) == 4:
            values[code] = G_PICTURE
        elif len(c.encode()) == 4 and len(high(c + "\u200d")) == 2 and code >= 0xE0000:
            # Four bytes and a mark of two are over the limit, so what joins cannot be seen here.
            values[code] = G_OTHER
    values[0x200D] = G_JOINER
    for code in range(0xE0000, 0xE1000):
        if values.get(code, 0) == G_OTHER:
            values[code] = G_CONTROL  # the default of this plane, marks apart
    for code in range(0x900, 0x1200):
        # k VIRAMA c MARK: one cluster (all apart) where both are consonants of a conjunct
        c = chr(code)
        if len(high("\u0915\u094d" + c + "\u0301")) == 4 and values.get(code, 0) == 0:
            consonants.append(code)
    for code in consonants:
        values[code] = G_CONSONANT
    for code in SCALARS:
        if values.get(code) == G_EXTEND and len(high("\u0915" + chr(code) + "\u0915\u0301")) == 4:
            values[code] = G_LINKER
    return values


def main():
    out = sys.argv[1] if len(sys.argv) > 1 else HERE + "/../../Sources/CArenaText/character_tables.c"
    clean, marks = bert(clean_text=True), bert(strip_accents=True)
    lowercase, strip = normalizers.Lowercase().normalize_str, normalizers.StripAccents().normalize_str
    punctuation, digits = pre_tokenizers.Punctuation(), pre_tokenizers.Digits(individual_digits=True)
    white, words = pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Whitespace()
    bert_cut = pre_tokenizers.BertPreTokenizer().pre_tokenize_str
    classes = tables.combining_classes()
    full, pairs = tables.decompositions()
    seconds = {s for _, s, _ in pairs} | set(range(0x1161, 0x1176)) | set(range(0x11A8, 0x11C3))
    title, modifier = tables.matching(r"\p{Lt}"), tables.matching(r"\p{Lm}")
    upper = tables.matching(r"\p{Lu}") | title
    punctuation_category = tables.matching(r"\p{P}")
    lower, mark_category = tables.matching(r"\p{Ll}"), tables.matching(r"\p{M}")

    values, lowered, compatible = {}, [], []
    for code in SCALARS:
        c, value = chr(code), 0
        if clean("a" + c) == "a":
            value |= CONTROL
        if pieces_of(white.pre_tokenize_str, code) == ["a", "a"]:
            value |= WHITE
        if pieces_of(punctuation.pre_tokenize_str, code) == ["a", c, "a"]:
            value |= PUNCTUATION
        assert (pieces_of(bert_cut, code) == ["a", c, "a"]) == bool(value & PUNCTUATION)
        assert (pieces_of(bert_cut, code) == ["a", "a"]) == bool(value & WHITE)
        assert (clean("a" + c) == "a ") == (value & (WHITE | CONTROL) == WHITE), hex(code)
        if NFD.normalize_str(c) == c and marks("a" + c) == "a":
            value |= NONSPACING
        if strip("a" + c) == "a":
            value |= MARK
        if pieces_of(digits.pre_tokenize_str, code) == ["a", c, "a"]:
            value |= NUMERIC
        if pieces_of(words.pre_tokenize_str, code) == ["a" + c + "a"]:
            value |= WORD
        if lowercase(c) != c:
            value |= LOWERS
            lowered.append((code, [ord(x) for x in lowercase(c)]))
        if code in classes or NFD.normalize_str(c) != c:
            value |= DECOMPOSES
        if code in classes or code in seconds or NFKD.normalize_str(c) != c:
            value |= COMPATIBLE
        if NFKD.normalize_str(c) != NFD.normalize_str(c):
            compatible.append((code, [ord(x) for x in NFKD.normalize_str(c)]))
        if code in upper:
            value |= UPPER
        if code in lower:
            value |= LOWER
        if code in mark_category:
            value |= MARK_CATEGORY
        if code in title:
            value |= TITLE
        if code in modifier:
            value |= MODIFIER
        if code in punctuation_category:
            value |= PUNCTUATION_CATEGORY
        if value:
            values[code] = value
    clusters = graphemes()

    lines = [
        "// Made by scripts/dev/make-character-tables.py; do not edit. What a tokenizer asks about",
        "// characters, as the reference answers.",
        "",
        '#include "CArenaText.h"',
        "",
    ]

    def two_level(name, kind, values):
        blocks, index = {}, []
        for start in range(0, 0x110000, 256):
            block = tuple(values.get(code, 0) for code in range(start, start + 256))
            index.append(blocks.setdefault(block, len(blocks)))
        assert len(blocks) < 256
        tables.array(f"const uint8_t arena_text_{name}_index[0x1100]", index, lines)
        tables.array(
            f"const {kind} arena_text_{name}_blocks[{len(blocks) * 256}]",
            [v for block in blocks for v in block],
            lines,
        )

    two_level("traits", "uint16_t", values)
    two_level("cluster", "uint8_t", clusters)
    for name, entries in (("lower", lowered), ("compatible", compatible)):
        pool, rows = [], []
        for code, parts in entries:
            rows.append(f"{{0x{code:x}, {len(pool)}, {len(parts)}}}")
            pool += parts
        lines.append(f"const uint32_t arena_text_{name}_count = {len(rows)};")
        tables.array(f"const arena_text_decomposition arena_text_{name}_entries[{len(rows)}]", rows, lines)
        tables.array(
            f"const uint32_t arena_text_{name}_pool[{len(pool)}]", [f"0x{c:x}" for c in pool], lines
        )
    with open(out, "w", encoding="utf-8") as file:
        file.write("\n".join(lines[:-1]) + "\n")
    counts = [sum(1 for v in clusters.values() if v == k) for k in range(9)]
    print(f"{out}: {len(values)} with traits, {len(lowered)} lowered, {len(compatible)} compatible, clusters {counts}")


if __name__ == "__main__":
    main()
