# Functions over rows, columns, cells and groups.
f = frame({"id": [3, 1, 2], "a": [1, None, 3], "t": ["x y", "z", ""]}, key="id")
print(f.apply(lambda r: len(r["t"]) + r["id"], axis=1).to_dict())  # expect: {3: 6, 1: 2, 2: 2}
g = f.apply(lambda r: {"words": len(r["t"].split()), "has": "z" in r["t"]}, axis=1)
print(g.columns, g.dtypes, g["words"].tolist(), g.key)  # expect: ['words', 'has'] {'words': 'int64', 'has': 'bool'} [2, 1, 0] [3, 1, 2]
print(f.apply(lambda r: r["t"].split(), axis=1).tolist(), f.apply(lambda r: r["t"].split(), axis=1).dtype)  # expect: [['x', 'y'], ['z'], []] list[string]
print(f.apply(lambda c: c.count()).to_dict(), f["a"].apply(lambda v: v == None).tolist(), f["t"].map(len).tolist())  # expect: {'a': 2, 't': 3} [False, True, False] [3, 1, 0]
print(f["t"].map({"z": 1.5, "": 2}).tolist(), f.assign(b=lambda d: d["a"] * 2)["b"].tolist())  # expect: [None, 1.5, 2.0] [2, None, 6]
for r in f.rows():
    print(r["id"], r.get("zz", 0), "t" in r, len(r), r.to_dict() == {"id": r["id"], "a": r["a"], "t": r["t"]})
# expect: 3 0 True 3 True
# expect: 1 0 True 3 True
# expect: 2 0 True 3 True
g = frame({"m": ["x", "y", "x", None], "n": [1, 2, 3, 4]}).group_by("m")
print(len(g), [(name, part["n"].tolist()) for name, part in g], g.apply(lambda d: {"s": d["n"].sum(), "k": len(d)}).to_dict())  # expect: 2 [('x', [1, 3]), ('y', [2])] {'s': [4, 2], 'k': [2, 1]}
print(g.agg(s=("n", "sum"), r=("n", lambda c: c.max() - c.min()))["r"].to_dict(), g["n"].agg(["min", "max"]).columns, g.agg({"n": ["mean", "count"]}).columns)  # expect: {'x': 2, 'y': 0} ['min', 'max'] ['n_mean', 'n_count']
print(g["n"].transform("sum").tolist(), g.get_group("y")["n"].tolist(), g.head(1)["n"].tolist())  # expect: [4, 2, 4, None] [2] [1, 2]
