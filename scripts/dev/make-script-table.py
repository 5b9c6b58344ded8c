#!/usr/bin/env python3
"""Write Sources/CArenaText/script_table.c: which characters the pre-tokenizer `UnicodeScripts` takes for one
script, as the reference does.

Needs: tokenizers (see requirements.txt).  The reference is asked, not Unicode's files: it joins the
Japanese scripts with Han, and its data are of one version of Unicode.
"""

import os

from tokenizers.pre_tokenizers import UnicodeScripts

OUT = os.path.join(os.path.dirname(__file__), "../../Sources/CArenaText/script_table.c")


def main():
    cut = UnicodeScripts().pre_tokenize_str

    def joined(a, b):
        return len(cut(a + b)) == 1

    # Runs of one script; what has none (a space, what is not assigned) joins either side.
    codes = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    any_script = [joined("a", chr(c)) and joined("\u03a9", chr(c)) for c in codes]
    scripts, representatives, ranges, last = {}, [], [], None
    for code, free in zip(codes, any_script):
        if free:
            number = 0
        elif last is not None and last[1] and joined(chr(last[0]), chr(code)):
            number = last[1]
        else:
            number = next((n for n, r in enumerate(representatives, 1) if joined(r, chr(code))), 0)
            if not number:
                representatives.append(chr(code))
                number = len(representatives)
        if last is None or number != last[1]:
            ranges.append((code, number))
        last = (code, number)
    assert len(representatives) < 256
    words = [f"0x{code << 8 | number:X}" for code, number in ranges]
    with open(OUT, "w") as file:
        file.write("// Made by scripts/dev/make-script-table.py; do not edit. Where runs of one script begin: the\n")
        file.write("// scalar << 8 | a number for the script, 0 for none.\n\n#include \"CArenaText.h\"\n\n")
        file.write(f"const uint32_t arena_text_script_count = {len(words)};\n")
        file.write("const uint32_t arena_text_scripts[] = {\n")
        line = "   "
        for word in words:
            if len(line) + len(word) + 2 > 99:
                file.write(line + "\n")
                line = "   "
            line += " " + word + ","
        file.write(line + "\n};\n")
    print(len(ranges), "runs,", len(representatives), "scripts")


if __name__ == "__main__":
    main()
