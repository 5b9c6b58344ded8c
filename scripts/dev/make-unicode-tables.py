#!/usr/bin/env python3
"""Write Sources/CArenaText/unicode_tables.c: character classes and the data of Unicode form C.

    make-unicode-tables.py [OUT_FILE]

Token ids depend on the Unicode versions that the reference was built with, and it has three of
them: one in its regular expressions, one in its normalizer, one in its word test. So this script
asks the reference itself about every scalar and takes from Python's `unicodedata` only what cannot
be asked for (decompositions, combining classes), each checked against the reference's answer.  Needs: tokenizers==0.23.3.
"""

import os
import sys
import unicodedata

from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers

SCALARS = [code for code in range(0x110000) if not 0xD800 <= code < 0xE000]
OTHER, LETTER, NUMBER, SPACE, NEWLINE = range(5)
WORD, ACTIVE = 0x08, 0x10  # \w; changed by NFC or able to change its neighbours
NFC = normalizers.NFC().normalize_str


def matching(pattern):
    """Scalars that the reference's regular expressions put in a class."""
    split, found = pre_tokenizers.Split(Regex(pattern), "removed"), set()
    for start in range(0, len(SCALARS), 20000):
        block = [chr(code) for code in SCALARS[start : start + 20000]]
        kept = set()
        for piece, _ in split.pre_tokenize_str("".join(block)):
            kept.update(piece)
        found.update(ord(c) for c in block if c not in kept)
    return found


def around_added_token(**options):
    """An added token to put beside scalars: it shows the reference's own word and space tests."""
    tokenizer = Tokenizer(models.BPE({"?": 0, "!": 1}, [], unk_token="?"))
    tokenizer.add_tokens([AddedToken("!", normalized=False, **options)])
    return tokenizer


def word_characters():
    tokenizer = around_added_token(single_word=True)
    found = set()
    for start in range(0, len(SCALARS), 50000):
        codes = SCALARS[start : start + 50000]
        for code, encoding in zip(
            codes, tokenizer.encode_batch([chr(code) + "!" for code in codes])
        ):
            # Beside a word character the token is refused and the model spells the text.
            if (
                code != 0x21
                and len(encoding.tokens) == 2
                and encoding.offsets[1] == (1, 2)
                and encoding.word_ids[1] == encoding.word_ids[0]
            ):
                found.add(code)
    return found


def stripped_spaces():
    tokenizer = around_added_token(rstrip=True)
    found = set()
    for start in range(0, len(SCALARS), 50000):
        codes = SCALARS[start : start + 50000]
        for code, encoding in zip(
            codes, tokenizer.encode_batch(["!" + chr(code) for code in codes])
        ):
            if code != 0x21 and len(encoding.ids) == 1:
                found.add(code)
    return found


def combining_classes():
    """Canonical combining classes of the marks that the reference's normalizer knows."""
    known = {}
    for code in SCALARS:
        value = unicodedata.combining(chr(code))
        if not value:
            continue
        tests = [
            text
            for other in "\u0327\u0301\u0334\u0345\u05b0"
            for text in ("x" + other + chr(code), "x" + chr(code) + other)
        ]
        if all(NFC(text) == unicodedata.normalize("NFC", text) for text in tests):
            known[code] = value
        else:
            assert all(
                NFC(text) == text
                for text in tests
                if unicodedata.normalize("NFC", text) != NFC(text)
            ), hex(code)
    return known


def decompositions():
    """Full canonical decompositions (without Hangul) and the pairs that compose."""
    full, pairs = {}, []

    def expand(code):
        field = unicodedata.decomposition(chr(code))
        if not field or field[0] == "<":
            return [code]
        return [part for item in field.split() for part in expand(int(item, 16))]

    for code in SCALARS:
        field = unicodedata.decomposition(chr(code))
        if not field or field[0] == "<":
            continue
        parts = [int(item, 16) for item in field.split()]
        text = "".join(map(chr, parts))
        if len(parts) == 2 and NFC(text) == chr(code):
            pairs.append((parts[0], parts[1], code))
        elif NFC(chr(code)) == chr(code):
            continue  # newer than the reference's normalizer
        full[code] = expand(code)
    return full, sorted(pairs)


def two_level(name, values, lines):
    """A byte for each scalar: a block number for each 256 scalars, and the distinct blocks."""
    blocks, index = {}, []
    for start in range(0, 0x110000, 256):
        block = tuple(values.get(code, 0) for code in range(start, start + 256))
        index.append(blocks.setdefault(block, len(blocks)))
    assert len(blocks) < 256
    array(f"const uint8_t arena_text_{name}_index[0x1100]", index, lines)
    array(
        f"const uint8_t arena_text_{name}_blocks[{len(blocks) * 256}]",
        [v for block in blocks for v in block],
        lines,
    )


def array(declaration, values, lines):
    lines.append(f"{declaration} = {{")
    line = "   "
    for value in values:
        item = f" {value},"
        if len(line) + len(item) > 100:
            lines.append(line)
            line = "   "
        line += item
    lines += [line, "};", ""]


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    out = (
        sys.argv[1]
        if len(sys.argv) > 1
        else os.path.join(here, "../../Sources/CArenaText/unicode_tables.c")
    )
    letters, numbers, spaces = matching(r"\p{L}"), matching(r"\p{N}"), matching(r"\s")
    assert (
        spaces == stripped_spaces() and not letters & numbers and not (letters | numbers) & spaces
    )
    words, classes = word_characters(), combining_classes()
    full, pairs = decompositions()
    seconds = (
        {second for _, second, _ in pairs} | set(range(0x1161, 0x1176)) | set(range(0x11A8, 0x11C3))
    )

    values = {}
    for code in SCALARS:
        value = (
            LETTER
            if code in letters
            else (
                NUMBER
                if code in numbers
                else NEWLINE if code in (10, 13) else SPACE if code in spaces else OTHER
            )
        )
        if code in words:
            value |= WORD
        if code in classes or code in seconds or NFC(chr(code)) != chr(code):
            value |= ACTIVE
        if value:
            values[code] = value

    pool, entries = [], []
    for code, parts in sorted(full.items()):
        entries.append(f"{{0x{code:x}, {len(pool)}, {len(parts)}}}")
        pool += parts
    lines = [
        "// Made by scripts/dev/make-unicode-tables.py; do not edit. Classes of characters and the data of",
        "// Unicode normalization form C, as the reference knows them.",
        "",
        '#include "CArenaText.h"',
        "",
    ]
    two_level("class", values, lines)
    two_level("combining", classes, lines)
    lines.append(f"const uint32_t arena_text_decomposition_count = {len(entries)};")
    array(
        f"const arena_text_decomposition arena_text_decompositions[{len(entries)}]", entries, lines
    )
    array(
        f"const uint32_t arena_text_decomposed[{len(pool)}]",
        [f"0x{code:x}" for code in pool],
        lines,
    )
    lines.append(f"const uint32_t arena_text_composition_count = {len(pairs)};")
    array(
        f"const arena_text_composition arena_text_compositions[{len(pairs)}]",
        [f"{{0x{a:x}, 0x{b:x}, 0x{c:x}}}" for a, b, c in pairs],
        lines,
    )
    with open(out, "w", encoding="utf-8") as file:
        file.write("\n".join(lines[:-1]) + "\n")
    print(
        f"{out}: {len(letters)} letters, {len(numbers)} numbers, {len(spaces)} spaces, "
        f"{len(words)} word characters, "
        f"{len(classes)} combining marks, {len(entries)} decompositions, {len(pairs)} compositions"
    )


if __name__ == "__main__":
    main()
