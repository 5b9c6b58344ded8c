a = frame({"k": [1, 1], "x": [1, 2]})
a.merge(a, on="k", validate="1:1")  # expect runtime error: the left frame has 1 twice in 'k', in rows 0 and 1
