# The inner function of a judge whose cut is written by hand, over 25,000 rows of token ids.
# Runs as it stands in CPython too, where par_map is a loop.
import time

MAX_LENGTH = 2400
BOS = 128000
HEADS = {"p": [27, 41681, 77330], "a": [198, 198, 27, 2376, 4404], "b": [198, 198, 27, 2376, 890], "q": list(range(24))}


def data(rows):
    seed = 7
    out = []
    for r in range(rows):
        row = []
        for part in range(3):
            turns = []
            for t in range(1 + r % 4):
                seed = (seed * 1103515245 + 12345) % 2147483648
                n = 20 + seed % (120 if part == 0 else 500)
                turns.append([(seed + 7 * i) % 128000 for i in range(n)])
            row.append(turns)
        out.append(tuple(row))
    return out


def cut(p, a, b):
    total, keep = 0, 0
    for i in reversed(range(len(p))):
        keep += 1
        total += len(p[i]) + len(a[i]) + len(b[i])
        if total > MAX_LENGTH:
            break
    parts = [[t for turn in x[len(x) - keep:] for t in turn] for x in (p, a, b)]
    sizes = [len(x) for x in parts]
    over = sum(sizes) - MAX_LENGTH
    if over > 0:
        parts = [x[:len(x) - int(n / sum(sizes) * over)] for x, n in zip(parts, sizes)]
    return [BOS] + HEADS["p"] + parts[0] + HEADS["a"] + parts[1] + HEADS["b"] + parts[2] + HEADS["q"]


base = data(2500)
rows = base * 10
best = 1e9
for _ in range(3):
    start = time.perf_counter()
    made = par_map(lambda r: cut(*r), rows)
    best = min(best, time.perf_counter() - start)
one = 1e9
for _ in range(2):
    start = time.perf_counter()
    made_one = [cut(*r) for r in rows]
    one = min(one, time.perf_counter() - start)
print(len(made), sum([len(x) for x in made]), made == made_one)
print(f"par_map {best:.3f} s, one core {one:.3f} s")
