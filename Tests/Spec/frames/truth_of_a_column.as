f = frame({"a": [1, 2]})
if f["a"] == 1:  # expect runtime error: a whole column is neither true nor false
    print(1)
