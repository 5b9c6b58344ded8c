# What pandas users type.
f = frame({"id": [7, 8, 9], "a": [3, 1, None], "t": ["x", "y", "x"]}, key="id")
print(f.groupby("t", as_index=False)["a"].sum().to_dict())  # expect: {'t': ['x', 'y'], 'a': [3, 1]}
print(f.groupby("t", dropna=False, as_index=False).agg(n=("a", "count")).columns)  # expect: ['t', 'n']
print(f["t"].value_counts().reset_index().to_dict("records"))  # expect: [{'t': 'x', 'count': 2}, {'t': 'y', 'count': 1}]
print(frame({"x": [25, 5, 15, 7]})["x"].cut([0, 10, 20, 30]).value_counts(sort=False).tolist())  # expect: [2, 1, 1]
print(f.fillna(0).sample(1, weights="a", seed=3).key, read_csv("Resources/demo/test.csv", dtype=str, nrows=1).dtypes["id"])  # expect: [7] string
print(f.describe().T.columns, f[["a"]].T.to_dict())  # expect: ['count', 'mean', 'std', 'min', '25%', '50%', '75%', 'max'] {'7': [3], '8': [1], '9': [None]}
print(f.describe(include="object")["t"].to_dict())  # expect: {'count': '3', 'unique': '2', 'top': 'x', 'freq': '2'}
f[["p", "q"]] = f.apply(lambda r: [1, r["t"]], axis=1, result_type="expand")
print(f.columns, list(f["q"]))  # expect: ['a', 't', 'p', 'q'] ['x', 'y', 'x']
print(f["t"].is_unique, f["a"].is_unique, list(abs(f["a"] - 2)), list(f["a"].ffill()))  # expect: False True [1, 1, None] [3, 1, 1]
print(f.drop("p", axis=1).drop(columns=["q"]).columns)  # expect: ['a', 't']
print(concat([f[["a"]], f[["a"]]], ignore_index=True)["a"].count())  # expect: 4
print(f[["a"]].join(f[["t"]].head(1)).to_dict())  # expect: {'a': [3, 1, None], 't': ['x', None, None]}
f.apply(lambda r: [1] if r["a"] == 1 else [1, 2], axis=1, result_type="expand")  # expect runtime error: the function returned 2 values for the first row and 1 for row 1
