"""par_map of a pure function against one core, and against what the machine gives two processes at once.

    python3 Tests/Benchmarks/interpreter/par_map.py .build/release/arenascript [--rounds 12]

Whole processes, alternating. Prints the median of one core's time over par_map's and over that of two
processes that do half of the work each: the second is the ceiling of the machine at that moment.
"""

import argparse
import pathlib
import statistics
import subprocess
import tempfile
import time

WORK = """
def work(n):
    s = 0
    for i in range(40000):
        s += i * n % 7
    return s

"""

parser = argparse.ArgumentParser()
parser.add_argument("binary")
parser.add_argument("--rounds", type=int, default=12)
arguments = parser.parse_args()


def seconds(*scripts):
    start = time.perf_counter()
    running = [
        subprocess.Popen([arguments.binary, "run", script], stdout=subprocess.DEVNULL, cwd=folder)
        for script in scripts
    ]
    assert all(process.wait() == 0 for process in running)
    return time.perf_counter() - start


with tempfile.TemporaryDirectory() as folder:
    names = {
        "one": "sum([work(n) for n in range(1000)])",
        "two": "sum(par_map(work, range(1000)))",
        "half": "sum([work(n) for n in range(500)])",
    }
    for name, expression in names.items():
        names[name] = pathlib.Path(folder, name + ".as")
        names[name].write_text(WORK + f"print({expression})\n")
    threads, processes = [], []
    for _ in range(arguments.rounds):
        one = seconds(names["one"])
        two = seconds(names["two"])
        half = seconds(names["half"], names["half"])
        threads.append(one / two)
        processes.append(one / half)
        print(f"one core {one:.2f} s, par_map {two:.2f} s, two processes {half:.2f} s")
    print(f"par_map {statistics.median(threads):.2f} x, two processes {statistics.median(processes):.2f} x")
