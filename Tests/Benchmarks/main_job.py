#!/usr/bin/env python3
"""The engine and its peer on the same rows, in turn, in one sitting: rows per second and their ratio, pair by pair.

    main_job.py MODEL_DIR CSV [--adapter DIR] [--max-length N] [--rows N] [--rounds N]

Both are given ids made by the model's own tokenizer.  The peer is transformers, fp32, batch 4, length-sorted, dynamic padding,
two threads (peer_ids.py, run by this Python); ours is model-bench with two workers, built by
ARENASCRIPT_BENCHMARKS=1 swift build -c release --product model-bench.  Prints the load first: figures of a busy machine mean little.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
BENCH = os.path.join(HERE, "../../.build/release/model-bench")


def run(command):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, text=True)
    return json.loads(result.stdout.strip().splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("csv")
    parser.add_argument("--adapter")
    parser.add_argument("--max-length", type=int, default=512)
    parser.add_argument("--rows", type=int)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print("load", *os.getloadavg())
    adapter = ["--adapter", options.adapter] if options.adapter else []
    with tempfile.TemporaryDirectory() as folder:
        ids, logits = os.path.join(folder, "ids"), os.path.join(folder, "logits")
        rows = ["--rows", str(options.rows)] if options.rows else []
        peer = [sys.executable, os.path.join(HERE, "peer_ids.py"), options.model, ids, "--repeat", "1", *adapter]
        run(peer + ["--make", options.csv, "--max-length", str(options.max_length)] + rows)
        ratios = []
        for _ in range(options.rounds):
            ours = run([BENCH, options.model, ids, "--workers", "2", "--repeat", "1", "--out", logits, *adapter])
            theirs = run(peer + ["--compare", logits])
            ratios.append(ours["rows_per_s"]["best"] / theirs["rows_per_s"]["best"])
            print(f"ours {ours['rows_per_s']['best']:8.2f} rows/s  {ours['cpu_s']:7.1f} s cpu  {ours['peak_mb']:6.0f} MB   "
                  f"peer {theirs['rows_per_s']['best']:8.2f} rows/s  {theirs['cpu_s']:7.1f} s cpu   ratio {ratios[-1]:5.2f}", flush=True)
        print(f"{ours['rows']} rows, {ours['tokens']} tokens, {ours['cpu']}; transformers {theirs['transformers']}, torch {theirs['torch']}, "
              f"attention {theirs['attention']}; median ratio {statistics.median(ratios):.2f}; "
              f"largest probability difference {theirs['largest_probability_difference']:.1e}")
    print("load", *os.getloadavg())


if __name__ == "__main__":
    main()
