d = {"a": 1}
for k in d:
    d[k + "x"] = 1  # expect runtime error: is changed while a loop runs over it
