f = frame({"a": [1, None]})
f["a"] == None  # expect runtime error: missing rows: column.isna()
