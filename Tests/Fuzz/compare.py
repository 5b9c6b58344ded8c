"""Runs the batches that `fuzz python` wrote in CPython and in ArenaScript and compares what they print.

    python3 Tests/Fuzz/compare.py FOLDER .build/release/arenascript

Prints each program's first difference, the commonest kinds of difference first.
"""

import collections
import glob
import subprocess
import sys

PYTHON = """import json, math, re, sys
sys.set_int_max_str_digits(0)
def kind(e):
    name = type(e).__name__
    return {"UnboundLocalError": "NameError", "UnicodeDecodeError": "UnicodeError", "UnicodeEncodeError": "UnicodeError"}.get(name, name)
"""
ARENA = "def kind(e): return type(e)\n"


def run(command, text, suffix):
    path = f"{sys.argv[1]}/side.{suffix}"
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    try:
        done = subprocess.run(command + [path], capture_output=True, timeout=30)
    except subprocess.TimeoutExpired as late:
        return (late.stdout or b"").decode("utf-8", "replace"), "it takes over 30 s", 124
    return done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"), done.returncode


def split(text):
    programs = {}
    lines = []
    for line in text.split("\n"):
        if line.startswith("program "):
            lines = programs[line] = []
        else:
            lines.append(line)
    return programs


programs = same = 0
differences = collections.defaultdict(list)
for batch in sorted(glob.glob(sys.argv[1] + "/batch*.py")):
    source = open(batch, encoding="utf-8").read()
    a, error, code = run(["python3"], PYTHON + source, "py")
    if code:
        print(f"{batch}: python ends with {code}: {error[-300:]}")
        a = a[: a.rfind("program ")]
    b, error, code = run([sys.argv[2], "run"], ARENA + source, "as")
    if code:
        print(f"{batch}: arenascript ends with {code}: {error[:600]}")
        b = b[: b.rfind("program ")]
    left, right = split(a), split(b)
    if code == 124 or len(left) != len(right):
        # The program that one of them stands at says nothing.
        for name in list(left):
            if name not in right:
                del left[name]
    for name, lines in left.items():
        programs += 1
        others = right.get(name, ["(nothing)"])
        if lines == others:
            same += 1
            continue
        pairs = zip(lines + ["(end)"], others + ["(end)"])
        x, y = next((p for p in pairs if p[0] != p[1]), ("?", "?"))
        key = (x, y) if x.isidentifier() or y.isidentifier() or x.startswith("!") else "values"
        differences[key].append((name, x, y))
print(f"{programs} programs, {same} the same")
for key, found in sorted(differences.items(), key=lambda item: -len(item[1])):
    print(f"== {len(found)} x {key}")
    for name, x, y in found[:8 if key == "values" else 2]:
        print(f"   {name}\n     python {x[:200]}\n     arena  {y[:200]}")
