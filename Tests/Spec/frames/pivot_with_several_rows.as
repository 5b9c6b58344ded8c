frame({"a": [1, 1], "b": ["x", "x"], "v": [1, 2]}).pivot("a", "b", "v")  # expect runtime error: several rows belong into one cell
