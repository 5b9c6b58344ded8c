# Functions of rows and methods of text over a CSV file; prints the best of some runs as JSON, in
# milliseconds. For frame_rows_peers.py: arenascript run rows.as --set data=FILE.csv
cfg = params(data="train.csv", runs=3)
df = read_csv(cfg.data)
a = df["response_a"]

def small(row):
    return len(row["prompt"]) + len(row["response_a"]) - len(row["response_b"])

def several(row):
    x, y = row["response_a"], row["response_b"]
    return {"x": len(x), "y": len(y), "longer": len(x) > len(y)}

work = {
    "apply": lambda: df.apply(small, axis=1),
    "apply, several results": lambda: df.apply(several, axis=1),
    "lower": lambda: a.lower(),
    "len": lambda: a.len(),
    "words": lambda: a.len("words"),
    "count": lambda: a.count("\\n"),
    "contains": lambda: a.contains("however"),
    "replace": lambda: a.replace("the", "THE"),
    "split": lambda: a.split(),
    "findall": lambda: a.findall(r"\d+"),
    "sub": lambda: a.sub(r"[^a-z ]", ""),
    "strip_urls": lambda: a.strip_urls(),
}
times = {}
for name, f in work.items():
    best = None
    for i in range(cfg.runs):
        start = time.perf_counter()
        f()
        took = (time.perf_counter() - start) * 1000
        best = took if best == None else min(best, took)
    times[name] = best
print(json.dumps(times))
