# merge and concat: by columns or by key, nothing aligned that was not asked for.
a = frame({"id": [1, 2, 3], "x": [10, 20, 30]}, key="id")
b = frame({"id": [3, 1, 4], "x": [0.3, 0.1, 0.4], "z": ["c", "a", "d"]}, key="id")
m = a.merge(b)
print(m.columns, m.key, m["x_x"].tolist(), m["x_y"].tolist())  # expect: ['x_x', 'x_y', 'z'] [1, 3] [10, 30] [0.1, 0.3]
m = a.merge(b, how="outer", suffixes=["", "_b"])
print(m.columns, m.key, m["x"].tolist(), m["z"].tolist())  # expect: ['x', 'x_b', 'z'] [1, 2, 3, 4] [10, 20, 30, None] ['a', None, 'c', 'd']
print(a.merge(b, how="left")["z"].tolist(), a.merge(b, how="right").key, a.merge(b, how="anti").key, a.merge(b, how="semi").key)  # expect: ['a', None, 'c'] [3, 1, 4] [2] [1, 3]
n = frame({"k": ["u", "v", "u", None], "w": [1, 2, 3, 4]})
k = frame({"k": ["u", "u", None], "y": [5, 6, 7]})
print(n.merge(k, on="k")["y"].tolist(), n.merge(k, on="k", how="left")["y"].tolist(), merge(n, k, left_on="k", right_on="k", validate="m:m").shape)  # expect: [5, 6, 5, 6] [5, 6, None, 5, 6, None] (4, 3)
print(concat([a, a.head(1).assign(x=5).drop_key().assign(id=9).set_key("id")]).key)  # expect: [1, 2, 3, 9]
print(concat([n, n.rename({"w": "v"})], join="outer")["v"].tolist(), concat([n, k], join="inner").shape, concat([a["x"], a["x"]], ignore_key=True).tolist())  # expect: [None, None, None, None, 1, 2, 3, 4] (7, 1) [10, 20, 30, 10, 20, 30]
s = concat([a.rename({"x": "y"}), a.sort_values("x", ascending=False)], axis=1)
print(s.columns, s["x"].tolist(), s.key, concat([a["x"], a["x"]], axis=1).columns)  # expect: ['y', 'x'] [10, 20, 30] [1, 2, 3] ['x', 'x_1']
print(concat([frame({"a": [1]}), frame({"a": [0.5]})])["a"].dtype)  # expect: float64
