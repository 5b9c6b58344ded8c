f = frame({"a": [1, 2], "b": [1, 0]})
f["a"] // f["b"]  # expect runtime error: divides by 0 in row 1
