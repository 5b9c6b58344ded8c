"""Writes a script of 10,000 lines that CPython compiles too, and times that.

Usage: python3 syntax_source.py FILE.as
"""

import sys
import time

lines = ["import json", "import re", ""]
n = 0
while len(lines) < 10_000:
    n += 1
    lines += f'''
def features_{n}(row, scale={n % 7}.5, *, keep=("a", "b"), **options):
    """What the row says, in numbers: {n}."""
    words = row["prompt"].lower().split()
    total, longest = 0.0, None
    for i, word in enumerate(words):
        if len(word) > {n % 9} and word not in keep:
            total += len(word) * scale / (i + 1)
            longest = word if longest is None or len(word) > len(longest) else longest
        elif word.startswith("http") or re.search(r"\\d+", word):
            total -= options.get("penalty", 0.25)
    counts = {{w: words.count(w) for w in set(words) if w.isalpha()}}
    try:
        best = max(counts.values()) if counts else 0
    except ValueError as error:
        raise RuntimeError(f"row {{row['id']:>8}}: {{error}}") from error
    return {{"total": round(total, 4), "best": best, "longest": longest or "", "k": [x**2 for x in range({n % 5 + 2})]}}

'''.split("\n")[1:]
text = "\n".join(lines[:10_000]) + "\n"
open(sys.argv[1], "w").write(text)
best = 9.0
for _ in range(10):
    start = time.process_time()
    compile(text, "source", "exec")
    best = min(best, time.process_time() - start)
print(f"CPython's compile: {best * 1e3:.1f} ms")
