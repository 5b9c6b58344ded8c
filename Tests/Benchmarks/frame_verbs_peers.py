#!/usr/bin/env python3
"""Grouping, counting, sorting and joining a million rows beside polars and pandas, in turn in one run.

    frame_verbs_peers.py FOLDER [--rounds 5]     frame-bench must be built; FOLDER gets the tables

Prints the best of each and the ratio to polars. Groups ascend by their key in ours, and so they do in
what polars is asked for; the plain group_by of polars, in no order, stands beside it.
"""
import json, os, subprocess, sys, time
import numpy as np, pandas as pd, polars as pl

folder = sys.argv[1]
rounds = int(sys.argv[sys.argv.index("--rounds") + 1]) if "--rounds" in sys.argv else 5
os.makedirs(folder, exist_ok=True)
N = 1_000_000
rng = np.random.default_rng(1)
if not os.path.exists(folder + "/right.csv"):
    spread = rng.permutation(500_000).astype(np.int64) * 16_127_331_337 + 12_345
    pl.DataFrame({
        "id": rng.permutation(N), "few": rng.integers(0, 1000, N),
        "many": spread[rng.integers(0, 500_000, N)],
        "text": [f"user_{i:06d}" for i in rng.integers(0, 100_000, N)],
        "x": rng.random(N), "n": rng.integers(0, 100, N)}).write_csv(folder + "/left.csv")
    pl.DataFrame({
        "id": rng.permutation(N) + N // 2, "text": [f"user_{i:06d}" for i in rng.permutation(N)],
        "v": rng.random(N)}).write_csv(folder + "/right.csv")
left, right = pl.read_csv(folder + "/left.csv"), pl.read_csv(folder + "/right.csv")
dl, dr = left.to_pandas(), right.to_pandas()
dl["text"], dr["text"] = dl["text"].astype(object), dr["text"].astype(object)
by_id, by_text = right.select("id", "v"), right.select("text", "v").head(100_000)
times = {}


def note(name, seconds):
    times[name] = min(seconds, times.get(name, 1e9))


def timed(name, f):
    start = time.perf_counter()
    f()
    note(name, (time.perf_counter() - start) * 1e3)


work, pandas_work = {}, {}
for k in ("few", "many", "text"):
    work[f"group_by {k}"] = lambda k=k: left.group_by(k).agg(pl.col("n").sum(), pl.col("x").mean()).sort(k)
    work[f"group_by {k}, no order"] = lambda k=k: left.group_by(k).agg(pl.col("n").sum(), pl.col("x").mean())
    work[f"value_counts {k}"] = lambda k=k: left[k].value_counts(sort=True)
    pandas_work[f"group_by {k}"] = lambda k=k: dl.groupby(k).agg({"n": "sum", "x": "mean"})
    pandas_work[f"value_counts {k}"] = lambda k=k: dl[k].value_counts()
for k in ("few", "many", "id", "text"):
    work[f"sort_values {k}"] = lambda k=k: left.sort(k, maintain_order=True)
    pandas_work[f"sort_values {k}"] = lambda k=k: dl.sort_values(k, kind="stable")
for k, other in (("id", by_id), ("text", by_text)):
    work[f"merge {k}"] = lambda k=k, other=other: left.join(other, on=k, how="inner")
    pandas_work[f"merge {k}"] = lambda k=k, o=other.to_pandas(): dl.merge(o, on=k)
for turn in range(rounds):
    out = subprocess.run(
        [".build/release/frame-bench", folder, "-", "--verbs", "--runs", "3"],
        check=True, capture_output=True, text=True).stdout
    for name, milliseconds in json.loads(out).items():
        note("ours " + name, milliseconds)
    for name, f in work.items():
        timed("polars " + name, f)
    for name, f in pandas_work.items() if turn == 0 else ():
        timed("pandas " + name, f)
print(f"{'':24s} {'ours':>9s} {'polars':>9s} {'pandas':>9s}   ours / polars")
for name in work:
    ours = times["ours " + name.split(",")[0]]
    polars = times["polars " + name]
    pandas = times.get("pandas " + name)
    print(f"{name:24s} {ours:7.1f}ms {polars:7.1f}ms {f'{pandas:7.1f}ms' if pandas else '':>9s}   {ours / polars:.2f}")
