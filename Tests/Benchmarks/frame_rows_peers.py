#!/usr/bin/env python3
"""Functions of rows and methods of text beside pandas, in turn in one run.

    frame_rows_peers.py DIR [--rounds 3]     DIR holds train.csv; arenascript must be built
"""
import json, re, subprocess, sys, time
import pandas as pd

path = sys.argv[1] + "/train.csv"
rounds = int(sys.argv[sys.argv.index("--rounds") + 1]) if "--rounds" in sys.argv else 3
df = pd.read_csv(path)
a = df["response_a"].astype(object)
times = {}


def small(row):
    return len(row["prompt"]) + len(row["response_a"]) - len(row["response_b"])


def several(row):
    x, y = row["response_a"], row["response_b"]
    return {"x": len(x), "y": len(y), "longer": len(x) > len(y)}


work = {
    "apply": lambda: df.apply(small, axis=1),
    "apply, several results": lambda: df.apply(several, axis=1, result_type="expand"),
    "lower": lambda: a.str.lower(), "len": lambda: a.str.len(), "words": lambda: a.str.split().str.len(),
    "count": lambda: a.map(lambda t: t.count("\\n")), "contains": lambda: a.str.contains("however", regex=False),
    "replace": lambda: a.str.replace("the", "THE", regex=False), "split": lambda: a.str.split(),
    "findall": lambda: a.str.findall(r"\d+"), "sub": lambda: a.str.replace(r"[^a-z ]", "", regex=True),
    "strip_urls": lambda: a.str.replace(r"https?://\S+|www\.\S+", "", regex=True, flags=re.I),
}


def note(name, milliseconds):
    times[name] = min(milliseconds, times.get(name, 1e9))


for turn in range(rounds):
    out = subprocess.run(
        [".build/release/arenascript", "run", "Tests/Benchmarks/frame_rows.as", "--set", "data=" + path],
        check=True, capture_output=True, text=True).stdout
    for name, milliseconds in json.loads(out).items():
        note("ours " + name, milliseconds)
    for name, f in work.items() if turn < 2 else ():
        start = time.perf_counter()
        f()
        note(name, (time.perf_counter() - start) * 1e3)
print(f"{'':24s} {'ours':>9s} {'pandas':>9s}   ours / pandas")
for name in work:
    ours = times["ours " + name]
    print(f"{name:24s} {ours:7.1f}ms {times[name]:7.1f}ms   {ours / times[name]:.3f}")
