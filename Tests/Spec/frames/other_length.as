f = frame({"id": [1, 2], "a": [1, 2]}, key="id")
f["b"] = f["a"].head(1)  # expect runtime error: column 'b' has 1 row, the frame has 2
