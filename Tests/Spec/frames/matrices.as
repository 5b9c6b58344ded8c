# Lists, token ids and vectors as cells; matrices compute as columns do.
f = frame({"id": [1, 2], "ids": [[5, 6], [7]], "v": [[0.5], []], "w": [["a", None], ["b"]], "a": [1, 2], "b": [3.0, 4.0]}, key="id")
print(f.dtypes["ids"], f.dtypes["v"], f.dtypes["w"], f["ids"][0], f["w"][0], f.sort_values("a", ascending=False)["ids"].tolist())  # expect: list[int32] list[float64] list[string] [5, 6] ['a', None] [[7], [5, 6]]
print(f.explode("ids")["ids"].tolist(), f.explode("ids")["id"].tolist(), f["v"].explode().tolist(), f["w"].explode().tolist())  # expect: [5, 6, 7] [1, 1, 2] [0.5, None] ['a', None, 'b']
m = matrix([f["a"], f["b"]])
n = hstack([m, m.sqrt(), (m - f["a"]).abs()])
print(m.dtype, n[1], (m * m)[0], m.key, n.take([1])[0] == n[1], (m + 1).softmax()[0] == m.softmax()[0])  # expect: matrix [2.0, 4.0, 1.4142135623730951, 2.0, 0.0, 2.0] [1.0, 9.0] [1, 2] True True
p = f[["a", "b"]].softmax(axis=1)
print(p.sum(axis=1).round(12).tolist(), p.key, f[["a", "b"]].matrix()[1], f[["a", "b"]].idxmax(axis=1).map({"a": 0, "b": 1}).tolist())  # expect: [1.0, 1.0] [1, 2] [2.0, 4.0] [1, 1]
