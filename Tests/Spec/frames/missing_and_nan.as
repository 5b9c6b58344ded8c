# NaN is a number, missing is missing.
f = frame({"a": [1.0, None, 4.0], "t": ["1", " 2 ", None]})
f["n"] = f["a"] * 0 / 0
print(f["n"].isna().tolist(), f["n"].sum(), f["a"].sum(), f["a"].mean(), f["a"].max(), f["n"].max())  # expect: [False, True, False] nan 5.0 2.5 4.0 nan
print(f["a"].fillna(0).tolist(), f["a"].fillna(method="ffill").tolist(), f["a"].fillna(f["a"].shift(-1)).tolist(), f.fillna({"t": "-"})["t"].tolist())  # expect: [1.0, 0.0, 4.0] [1.0, 1.0, 4.0] [1.0, 4.0, 4.0] ['1', ' 2 ', '-']
print(f["t"].astype("int64").tolist(), f["a"].astype("int64").tolist(), f["a"].astype("string").tolist(), f["a"].astype("bool").tolist())  # expect: [1, 2, None] [1, None, 4] ['1.0', None, '4.0'] [True, None, True]
print(f["a"].replace(4.0, None).tolist(), f["a"].replace({None: 0, 1.0: -1.0}).tolist(), f["t"].replace("1", "one").tolist())  # expect: [1.0, None, None] [-1.0, 0.0, 4.0] ['one', ' 2 ', None]
print(frame({"d": ["2024-02-29", "2023-12-31 23:59:59.5", None]})["d"].astype("timestamp").tolist())  # expect: ['2024-02-29 00:00:00', '2023-12-31 23:59:59.500000', None]
c = frame({"t": ["b", "a", None, "b"]})["t"].astype("categorical")
print(c.dtype, c.tolist(), (c == "b").tolist(), c.value_counts().to_dict(), c.head(1).encode()[1], c.get_dummies().columns)  # expect: categorical ['b', 'a', None, 'b'] [True, False, None, True] {'b': 2, 'a': 1} ['a', 'b'] ['a', 'b']
print(f["a"].rank().tolist(), f["a"].cumsum().tolist(), f["a"].idxmax(), f["a"].quantile(0.25), f["a"].std(), f.isna()["t"].sum())  # expect: [1.0, None, 2.0] [1.0, None, 5.0] 2 1.75 2.1213203435596424 1
