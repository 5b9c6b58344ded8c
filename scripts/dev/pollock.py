#!/usr/bin/env python3
"""Reads the polluted files of HPI-Information-Systems/Pollock with ArenaScript and computes that
benchmark's scores, simple and weighted, with its own metrics on every file, as its evaluate.py does.

    python3 -m venv .venv && .venv/bin/pip install pandas multiset chardet joblib price-parser python-dateutil numpy
    .venv/bin/python scripts/dev/pollock.py CHECKOUT [--binary .build/release/arenascript] [--jobs 2]

CHECKOUT is a clone of the benchmark whose polluted_files/ are there (git lfs). What is read is written
below CHECKOUT/results/arenascript; the files that lose most are listed.
"""

import argparse
import functools
import json
import multiprocessing
import os
import pathlib
import subprocess
import sys

MEASURES = [f"{what}_{kind}" for what in ("header", "record", "cell") for kind in ("precision", "recall", "f1")]
ROOT = pathlib.Path(__file__).resolve().parents[2]


def measures(job):
    """The ten numbers of one file: whether it was read, and the nine of its rows and cells."""
    name, checkout, out = job
    metrics = prepared(checkout)
    clean, loaded = checkout / "polluted_files/clean" / name, out / f"{name}_converted.csv"
    read = metrics.successful_csv(loaded)
    try:
        found = metrics.header_record_cell_measures_csv(clean, loaded) if read else [0] * 9
    except Exception as error:  # the benchmark counts these as nothing found
        print(name, error, file=sys.stderr)
        found = [0] * 9
    return name, [read, *(float(x) for x in found)]


@functools.cache
def prepared(checkout):
    """The benchmark's metrics; what it says of a cell is remembered, for the same cells come again."""
    sys.path.insert(0, str(checkout))
    from pollock import metrics

    metrics.normalize_cell = functools.lru_cache(1 << 20)(metrics.normalize_cell)
    return metrics


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkout", type=pathlib.Path)
    parser.add_argument("--binary", default=ROOT / ".build/release/arenascript", type=pathlib.Path)
    parser.add_argument("--jobs", default=os.cpu_count(), type=int)
    given = parser.parse_args()
    checkout = given.checkout.resolve()
    out = checkout / "results/arenascript/polluted_files/loading"
    out.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [given.binary.resolve(), "run", ROOT / "Tests/Benchmarks/pollock.as", "--set", f"folder={checkout}/polluted_files",
         "--set", f"out={out}"], check=True, cwd=checkout, stderr=subprocess.DEVNULL)  # a note for each mended file
    names = sorted(p.name for p in (checkout / "polluted_files/csv").iterdir() if p.name.endswith("csv"))
    with multiprocessing.Pool(given.jobs) as pool:
        found = dict(pool.imap_unordered(measures, [(n, checkout, out) for n in names], chunksize=8))
    weights = json.loads((checkout / "pollock_weights.json").read_text())
    total = sum(weights.get(n, -1) for n in names)
    share = {n: weights.get(n, -1) / total for n in names}
    columns = ["success", *MEASURES]
    means = [sum(found[n][i] for n in names) / len(names) for i in range(len(columns))]
    for column, mean in zip(columns, means):
        print(f"{column:18} {mean:.4f}")
    print(f"simple   {sum(means):.4f} of 10 over {len(names)} files")
    print(f"weighted {sum(share[n] * sum(found[n]) for n in names):.4f} of 10")
    lost = sorted(((share[n] * (10 - sum(found[n])), n) for n in names), reverse=True)
    for loss, name in lost[:20]:
        print(f"  {loss:.4f} lost by {name}: {10 - sum(found[name]):.2f} of its 10, weight {share[name]:.4f}")


if __name__ == "__main__":
    main()
