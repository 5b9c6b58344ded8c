#!/usr/bin/env python3
"""Write Sources/CArenaText/normalization_tables.c: Unicode's four normalization forms as Python has them.

    make-normalization-tables.py [OUT_FILE]

The tables of make-unicode-tables.py follow the tokenizers' reference; these follow Python 3.11's
`unicodedata` (Unicode 14), since scripts are held against Python.
"""

import os
import sys
import unicodedata as u

CODES = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000 and not 0xAC00 <= c < 0xD7A4]


def rows(declaration, items, lines):
    lines.append(f"{declaration} = {{")
    line = "   "
    for item in items:
        if len(line) + len(item) > 98:
            lines.append(line)
            line = "   "
        line += f" {item},"
    lines.extend([line, "};", ""])


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    out = sys.argv[1] if len(sys.argv) > 1 else here + "/../../Sources/CArenaText/normalization_tables.c"
    lines = [
        "// Made by scripts/dev/make-normalization-tables.py; do not edit. Unicode " + u.unidata_version + ".",
        "", '#include "normalization.h"', "",
    ]
    ranges = []
    for c in CODES:
        k = u.combining(chr(c))
        if k and ranges and ranges[-1][1] == c - 1 and ranges[-1][2] == k:
            ranges[-1][1] = c
        elif k:
            ranges.append([c, c, k])
    rows(f"const arena_norm_range arena_norm_classes[{len(ranges)}]", [f"{{{a},{b},{k}}}" for a, b, k in ranges], lines)
    lines += [f"const uint32_t arena_norm_class_count = {len(ranges)};", ""]
    pool, entries, pairs = [], [], []
    for c in CODES:
        s = chr(c)
        d, k = u.normalize("NFD", s), u.normalize("NFKD", s)
        if k == s:
            continue
        # Twice a stretch of the pool: the canonical one is empty where only the other exists.
        canonical = len(d) if d != s else 0
        start = len(pool)
        pool += map(ord, d if d != s else "")
        if k == d:
            entries.append(f"{{{c},{start},{canonical},{start},{canonical}}}")
        else:
            second = len(pool)
            pool += map(ord, k)
            entries.append(f"{{{c},{start},{canonical},{second},{len(k)}}}")
        field = u.decomposition(s)
        if field and field[0] != "<":
            parts = [int(x, 16) for x in field.split()]
            if len(parts) == 2 and u.normalize("NFC", "".join(map(chr, parts))) == s:
                pairs.append((parts[0], parts[1], c))
    pairs.sort()
    rows(f"const arena_norm_entry arena_norm_entries[{len(entries)}]", entries, lines)
    lines += [f"const uint32_t arena_norm_entry_count = {len(entries)};", ""]
    rows(f"const uint32_t arena_norm_pool[{len(pool)}]", map(str, pool), lines)
    rows(f"const arena_norm_pair arena_norm_pairs[{len(pairs)}]", [f"{{{a},{b},{c}}}" for a, b, c in pairs], lines)
    lines += [f"const uint32_t arena_norm_pair_count = {len(pairs)};"]
    with open(out, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    print(out, len(ranges), len(entries), len(pool), len(pairs))


if __name__ == "__main__":
    main()
