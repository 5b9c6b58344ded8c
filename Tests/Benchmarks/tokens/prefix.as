# The first (and last) 2,048 tokens of cells of 20 kB and of 1 MB: what will be cut is not read, so both
# should cost the same.  arenascript run prefix.as TOKENIZER CSV COLUMN
import time

tok = tokenizer(argv[1])
column = read_csv(argv[2], nrows=4000)[argv[3]]
text = "\n".join(list(column))
ROWS = 48


def cells(size):
    step = (len(text) - size) // ROWS
    assert step > 0, "the column is too short"
    return frame({"t": [text[i * step:i * step + size] for i in range(ROWS)]})["t"]


def best(cells, side):
    times = []
    for _ in range(5):
        start = time.perf_counter()
        tok.encode(cells, max_length=2048, truncation_side=side)
        times.append(time.perf_counter() - start)
    return min(times) / ROWS * 1e6


short, long = cells(20000), cells(1000000)
for side in ["right", "left"]:
    a, b = best(short, side), best(long, side)
    a, b = min(a, best(short, side)), min(b, best(long, side))
    print(f"{side}: 20 kB {a:.0f} us, 1 MB {b:.0f} us a cell, ratio {b / a:.2f}")
