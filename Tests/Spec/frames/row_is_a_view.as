frame({"a": [1]}).rows()[0]["a"] = 2  # expect runtime error: a row is a view of its frame
