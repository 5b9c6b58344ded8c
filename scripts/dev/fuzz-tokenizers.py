#!/usr/bin/env python3
"""Hold the binary's token ids against the reference's on many strings that nobody wrote.

    fuzz-tokenizers.py BINARY TOKENIZER_JSON... [--count 100000] [--seed 1]

Strings are pieces of a mixed corpus, put together, cut, and changed at random. Prints the differences.
Needs: tokenizers (see requirements.txt).
"""

import argparse
import importlib.util
import json
import os
import random
import subprocess
import sys
import tempfile

from tokenizers import Tokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
spec = importlib.util.spec_from_file_location("fixtures", HERE + "/make-tokenizer-fixtures.py")
fixtures = importlib.util.module_from_spec(spec)
spec.loader.exec_module(fixtures)

SCRIPT = """
a = argv[1:]
t = tokenizer(a[0])
for special in [False, True]:
    rows = [json.dumps(t(x, add_special_tokens=special)) for x in json.loads(read_text(a[1]))]
    write_lines(a[2] + str(special), rows)
"""


def mutated(corpus, count, seed):
    rng = random.Random(seed)
    blocks = [b for b in range(0, 0x110000, 0x80) if not 0xD800 <= b < 0xE000 and (b < 0x33480 or b >= 0xE0000)]

    def scalar():
        kind = rng.random()
        if kind < 0.5:
            code = rng.choice(blocks[:400]) + rng.randrange(0x80)
        elif kind < 0.8:
            code = rng.choice(blocks) + rng.randrange(0x80)
        elif kind < 0.9:
            code = rng.choice((0x300, 0x301, 0x327, 0x345, 0x200D, 0xFE0F, 0x1F3FD, 0x20E3, 0x94D, 0x3099))
        else:
            code = rng.randrange(0x80)
        return chr(code) if not 0xD800 <= code < 0xE000 and code < 0x110000 else "\ufffd"

    corpus = [c for c in corpus if len(c) < 400]
    for number in range(count):
        text = rng.choice(corpus)
        for _ in range(rng.choice((0, 1, 1, 2, 3, 6))):
            at = rng.randint(0, len(text))
            change = rng.randrange(6)
            if change == 0:
                text = text[:at] + scalar() + text[at:]
            elif change == 1:
                text = text[:at] + rng.choice(corpus)[: rng.randint(0, 30)] + text[at:]
            elif change == 2:
                text = text[:at] + text[at + rng.randint(1, 5) :]
            elif change == 3:
                text = text[:at] + "".join(scalar() for _ in range(rng.randint(1, 6))) + text[at:]
            elif change == 4 and text:
                text = text[:at] + text[max(0, at - 3) : at] * rng.randint(1, 40) + text[at:]
            else:
                text = text[:at] + rng.choice((" ", "\n", "\t", "  ", "\u3000")) + text[at:]
        yield text[:600]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("tokenizers", nargs="+")
    parser.add_argument("--count", type=int, default=100000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    corpus = fixtures.corpus()
    total = 0
    for path in options.tokenizers:
        reference, differences, done = Tokenizer.from_file(path), 0, 0
        texts = list(mutated(corpus, options.count, f"{options.seed} {os.path.basename(path)}"))
        with tempfile.TemporaryDirectory() as folder:
            script, given, out = (folder + name for name in ("/s.as", "/texts.json", "/out"))
            with open(script, "w") as file:
                file.write(SCRIPT)
            with open(given, "w", encoding="utf-8") as file:
                json.dump(texts, file, ensure_ascii=False)
            subprocess.run([options.binary, "run", script, path, given, out], check=True)
            for special in (False, True):
                expected = reference.encode_batch(texts, add_special_tokens=special)
                with open(out + str(special)) as file:
                    for text, encoding, line in zip(texts, expected, file):
                        done += 1
                        if json.loads(line) != encoding.ids:
                            differences += 1
                            if differences <= 3:
                                print(f"  {text!r}\n    expected {encoding.tokens}\n    got {[reference.id_to_token(i) for i in json.loads(line)]}")
        total += differences
        print(f"{os.path.basename(path)}: {differences} differences in {done} encodings", flush=True)
    sys.exit(1 if total else 0)


if __name__ == "__main__":
    main()
