#!/usr/bin/env python3
"""Reading, turns and writing beside the peers, in turn in one run.

    frame_peers.py DIR [--rounds 5]     DIR holds train.csv; frame-bench must be built

Prints the best of each and the ratio to the fastest peer. Needs pandas, pyarrow, polars, duckdb, orjson.
"""
import json, subprocess, sys, time
import duckdb, numpy as np, orjson, pandas as pd, polars as pl

folder = sys.argv[1]
rounds = int(sys.argv[sys.argv.index("--rounds") + 1]) if "--rounds" in sys.argv else 5
path = folder + "/train.csv"
times = {}


def note(name, seconds):
    times[name] = min(seconds, times.get(name, 1e9))


def timed(name, f):
    start = time.perf_counter()
    f()
    note(name, time.perf_counter() - start)


def ours():
    out = subprocess.run(
        [".build/release/frame-bench", path, "-", "prompt", "response_a", "response_b", "--json", "--runs", "3"],
        check=True, capture_output=True, text=True).stdout
    for name, seconds in json.loads(out).items():
        note("ours " + name, seconds)


frame = pd.read_csv(path, dtype=object)
cells = [frame[c].tolist() for c in ("prompt", "response_a", "response_b")]
del frame


def with_orjson():
    for c in cells:
        for s in c:
            try:
                " ".join(x for x in orjson.loads(s) if x is not None)
            except orjson.JSONDecodeError:
                pass


rng = np.random.default_rng(0)
names = ("winner_model_a", "winner_model_b", "winner_tie")
numbers = pl.DataFrame({"id": np.arange(1_000_000), **{c: rng.random(1_000_000) for c in names}})
out = folder + "/out.csv"
for _ in range(rounds):
    ours()
    timed("read pandas", lambda: pd.read_csv(path))
    timed("read pandas+pyarrow", lambda: pd.read_csv(path, engine="pyarrow"))
    timed("read polars", lambda: pl.read_csv(path))
    timed("read duckdb", lambda: duckdb.sql(f"select * from read_csv('{path}')").to_arrow_table())
    timed("turns orjson", with_orjson)
    timed("write polars", lambda: numbers.write_csv(out))
for name, seconds in times.items():
    print(f"{name:28s} {seconds * 1e3:9.1f} ms")
readers = min(t for n, t in times.items() if n.startswith("read "))
print(f"read / fastest reader         {times['ours read'] / readers:.2f}")
print(f"turns / orjson                {times['ours turns'] / times['turns orjson']:.2f}")
both = times["ours read"] + times["ours turns"]
print(f"read + turns / both           {both / (readers + times['turns orjson']):.2f}")
print(f"write / polars                {times['ours write'] / times['write polars']:.2f}")
