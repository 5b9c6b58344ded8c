f = frame({"a": [1, 2]})
f["a"].rolling(0)  # expect runtime error: a window has 1 row at least, not 0
