frame({"a": [1, None]})["a"].fillna("none")  # expect runtime error: 'fillna' does not work between a (int64) and the value (str)
