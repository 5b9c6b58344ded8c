# Totals of tables: named in words, so the rows are too.
f = frame({"m": ["x", "y", "x"], "k": [1, 1, 2], "n": [10, 20, 30]})
t = f.pivot_table(values="n", index="k", columns="m", aggfunc="sum", margins=True)
print(t.key, t.to_dict())  # expect: ['1', '2', 'All'] {'x': [10, 30, 40], 'y': [20, None, 20], 'All': [30, 30, 60]}
c = crosstab(f["m"], f["k"], margins=True, margins_name="sum")
print(c.to_dict("index"))  # expect: {'x': {'1': 1, '2': 1, 'sum': 2}, 'y': {'1': 1, '2': 0, 'sum': 1}, 'sum': {'1': 2, '2': 1, 'sum': 3}}
print(crosstab(f["m"], f["k"], normalize="columns", margins=True).to_dict())  # expect: {'1': [0.5, 0.5], '2': [1.0, 0.0], 'All': [0.6666666666666666, 0.3333333333333333]}
print(f.pivot(["m", "n"], "k", margins=True).head(1).columns)  # expect: ['m', 'n', '1', '2', 'All']
crosstab(f["m"], f["k"], values=f["n"])  # expect runtime error: takes values= and aggfunc= together
