f = frame({"a": [1], "t": ["x"]})
f["a"] < f["t"]  # expect runtime error: '<' does not work between a (int64) and t (string)
