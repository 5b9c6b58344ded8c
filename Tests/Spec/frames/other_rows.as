f = frame({"id": [1, 2], "a": [1, 2]}, key="id")
f["a"] + f.sort_values("a", ascending=False)["a"]  # expect runtime error: 'a' is of other rows: row 0 has the key 2, the frame's is 1
