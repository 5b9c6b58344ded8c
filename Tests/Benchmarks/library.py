#!/usr/bin/env python3
"""re, counter and json beside CPython's, on the same texts in the same sitting.

    library.py [MEGABYTES]

Prints a table of seconds (the best of three) and ratios.  The binary is .build/release/arenascript.
"""

import collections
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.abspath(__file__)) + "/../.."
BINARY = ROOT + "/.build/release/arenascript"
PATTERNS = [
    (r"\w+", "words"), (r"[A-Z][a-z]+", "names"), (r"\d{2,4}", "numbers"),
    (r"(\w+)@(\w+)\.com", "addresses"), (r"the|and|of", "three words"), (r"\s+", "spaces"),
    (r"(?i)zebra", "one rare word"), (r"^.*error.*$", "lines (re.M)"),
]


def text(size, wide):
    r = random.Random(5)
    words = ["the", "and", "of", "Model", "answer", "prompt", "2024", "17", "error", "user@mail.com", "long-winded", "x"]
    words += ["".join(r.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(r.randint(2, 9))) for _ in range(3000)]
    if wide:
        words += ["naïve", "été", "中文", "Straße", "😀"]
    parts, count = [], 0
    while count < size:
        word = r.choice(words[:12]) if r.random() < 0.3 else r.choice(words)
        parts.append(word + ("\n" if r.random() < 0.08 else " "))
        count += len(word) + 1
    return "".join(parts)


def ours(code):
    best = None
    with tempfile.NamedTemporaryFile("w", suffix=".as", delete=False) as file:
        file.write(code)
    for _ in range(3):
        seconds = float(subprocess.run([BINARY, "run", file.name], capture_output=True, text=True, check=True).stdout)
        best = seconds if best is None else min(best, seconds)
    os.unlink(file.name)
    return best


def theirs(f):
    best = None
    for _ in range(3):
        t = time.perf_counter()
        f()
        best = min(best or 1e9, time.perf_counter() - t)
    return best


def row(name, a, b):
    print(f"{name:42s} {a:8.3f} s {b:8.3f} s   {b / a:5.1f} x")


def main():
    size = int(float(sys.argv[1]) * 1e6) if len(sys.argv) > 1 else 10_000_000
    print(f"{'':42s} {'ours':>10s} {'CPython ' + sys.version.split()[0]:>10s}")
    for wide in (False, True):
        data = text(size, wide)
        with tempfile.NamedTemporaryFile("w", suffix=".txt", delete=False, encoding="utf-8") as file:
            file.write(data)
        head = f't = read_text("{file.name}")\n'
        for pattern, name in PATTERNS:
            flags = re.M if "^" in pattern else 0
            a = ours(head + f"p = re.compile(r'{pattern}', {int(flags)})\np.search('x')\ns = time.perf_counter()\nx = p.findall(t)\nprint(time.perf_counter() - s)\n")
            p = re.compile(pattern, flags)
            row(f"findall {name}, {'any text' if wide else 'ASCII'}", a, theirs(lambda: p.findall(data)))
        a = ours(head + "s = time.perf_counter()\nx = re.sub(r'\\d+', '#', t)\nprint(time.perf_counter() - s)\n")
        row(f"sub numbers, {'any text' if wide else 'ASCII'}", a, theirs(lambda: re.sub(r"\d+", "#", data)))
        if not wide:
            a = ours(head + "w = t.split()\ns = time.perf_counter()\nc = counter(w)\nprint(time.perf_counter() - s)\n")
            words = data.split()
            row(f"counter of {len(words)} words", a, theirs(lambda: collections.Counter(words)))
            rows = json.dumps([{"id": i, "text": data[i * 100:i * 100 + 100], "p": [i / 7, i / 3, None]} for i in range(50_000)])
            with open(file.name, "w", encoding="utf-8") as f:
                f.write(rows)
            a = ours(head + "s = time.perf_counter()\nx = json.loads(t)\nprint(time.perf_counter() - s)\n")
            row(f"json.loads of {len(rows) / 1e6:.1f} MB", a, theirs(lambda: json.loads(rows)))
            value = json.loads(rows)
            a = ours(head + "x = json.loads(t)\ns = time.perf_counter()\ny = json.dumps(x)\nprint(time.perf_counter() - s)\n")
            row("json.dumps of it", a, theirs(lambda: json.dumps(value)))
        os.unlink(file.name)


if __name__ == "__main__":
    main()
