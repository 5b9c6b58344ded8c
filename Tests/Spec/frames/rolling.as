# Windows of rows: statistics, functions, groups, and what windows need.
f = frame({"id": [7, 8, 9, 10], "m": ["x", "y", "x", "x"], "a": [1, None, 3, 6], "b": [1.5, 2.5, 0.5, 1.0]}, key="id")
print(f["a"].rolling(2).sum().to_dict())  # expect: {7: None, 8: None, 9: None, 10: 9.0}
print(list(f["a"].rolling(2, min_periods=1).mean()))  # expect: [1.0, 1.0, 3.0, 4.5]
print(list(f["b"].rolling(3, center=True).max()))  # expect: [None, 2.5, 2.5, None]
print(f[["a", "b"]].rolling(4, min_periods=0).count().to_dict())  # expect: {'a': [1.0, 1.0, 2.0, 3.0], 'b': [1.0, 2.0, 3.0, 4.0]}
print(list(f["b"].expanding().min()), list(f["a"].expanding(2).sum()))  # expect: [1.5, 1.5, 0.5, 0.5] [None, None, 4.0, 10.0]
print(list(f.group_by("m")["b"].rolling(2).sum()))  # expect: [None, None, 2.0, 1.5]
print(list(f["b"].rolling(2).apply(lambda c: c[0] * c[1])))  # expect: [None, 3.75, 1.25, 0.5]
f["m"].rolling(2).sum()  # expect runtime error: rolling needs a column of numbers
