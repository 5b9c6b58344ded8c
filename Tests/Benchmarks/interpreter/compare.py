"""The interpreter beside CPython and Lua, in one run, alternating.

Usage: python3 Tests/Benchmarks/interpreter/compare.py PEER_SCRIPT [--rounds 5]

PEER_SCRIPT is a Python file of functions and a last loop that times them by time.perf_counter(); ArenaScript runs
it as it stands. Lua (if there is one) runs interpreter.lua beside this file. Prints the best of all rounds, ratios to
CPython, and the geometric means over what Lua has too.
"""

import argparse
import math
import pathlib
import re
import shutil
import subprocess

here = pathlib.Path(__file__).resolve().parent
binary = here.parents[2] / ".build/release/arenascript"


def times(command):
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode:
        raise SystemExit(f"{command}: {run.stderr}")
    found = re.findall(r"^(\w+)\s+([\d.]+) s$", run.stdout, re.M)
    return {name: float(seconds) for name, seconds in found}


parser = argparse.ArgumentParser()
parser.add_argument("peer")
parser.add_argument("--rounds", type=int, default=5)
arguments = parser.parse_args()
commands = {"arenascript": [binary, "run", arguments.peer], "cpython": ["python3", arguments.peer]}
if lua := shutil.which("lua5.4") or shutil.which("lua"):
    commands["lua"] = [lua, here / "interpreter.lua"]
best = {name: {} for name in commands}
for _ in range(arguments.rounds):
    for name, command in commands.items():
        for function, seconds in times(command).items():
            best[name][function] = min(seconds, best[name].get(function, math.inf))
print(f"{'':16s}" + "".join(f"{name:>14s}" for name in commands) + "   of CPython")
for function, seconds in best["arenascript"].items():
    row = [best[name].get(function) for name in commands]
    print(f"{function:16s}" + "".join(f"{x:14.4f}" if x is not None else f"{'':14s}" for x in row)
          + f"{seconds / best['cpython'][function]:12.2f}")
if "lua" in best:
    shared = list(best["lua"])
    for name in commands:
        mean = math.exp(sum(math.log(best[name][f]) for f in shared) / len(shared))
        print(f"geometric mean over {', '.join(shared)}: {name} {mean:.4f} s")
