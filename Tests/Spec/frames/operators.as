# Arithmetic, comparison and logic on columns: missing propagates, whole numbers stay whole, / gives floats.
f = frame({"id": [3, 1, 2], "a": [7, None, -7], "b": [0.5, 1.5, 2.5], "t": ["x", "y", "x"]}, key="id")
print((f["a"] + 1).tolist(), (f["a"] / 2).tolist(), (f["a"] // 2).tolist(), (f["a"] % 4).tolist())  # expect: [8, None, -6] [3.5, None, -3.5] [3, None, -4] [3, None, 1]
print((1 - f["b"]).tolist(), (-f["a"]).tolist(), (f["a"] * f["b"]).tolist(), (2 ** f["a"].fillna(0).abs()).tolist())  # expect: [0.5, -0.5, -1.5] [-7, None, 7] [3.5, None, -17.5] [128, 1, 128]
print((f["a"] == 7).tolist(), (f["a"] != 7).tolist(), (f["b"] >= 1.5).tolist(), (2 < f["b"]).tolist())  # expect: [True, None, False] [False, None, True] [False, True, True] [False, False, True]
print((f["t"] == "x").tolist(), (f["t"] > "x").tolist(), (f["t"] == f["t"]).all(), (f["t"] + "/" + f["t"]).tolist())  # expect: [True, False, True] [False, True, False] True ['x/x', 'y/y', 'x/x']
u = f["a"] > 0
print((u & True).tolist(), (u & False).tolist(), (u | True).tolist(), (u | False).tolist(), (~u).tolist())  # expect: [True, None, False] [False, False, False] [True, True, True] [True, None, False] [False, None, True]
print((f["b"] / 0).tolist(), (f["a"].fillna(0) == f["a"].fillna(0)).all())  # expect: [inf, inf, inf] True
print((f[["a", "b"]] * 2)["b"].tolist(), (f[["a"]] - f[["a"]])["a"].tolist(), (f[["a", "b"]] > 1)["a"].tolist())  # expect: [1.0, 3.0, 5.0] [0, None, 0] [True, None, False]
f["a"] = f["a"].fillna(0) * 2
f["n"] = "same"
f[["p", "q"]] = f[["a", "b"]]
print(f.columns, f["p"].tolist(), f["n"][2], f.dtypes["q"])  # expect: ['a', 'b', 't', 'n', 'p', 'q'] [14, 0, -14] same float64
g = f
h = f[["a"]]
f["a"] = 1
print(g["a"].tolist(), h["a"].tolist())  # expect: [1, 1, 1] [14, 0, -14]
