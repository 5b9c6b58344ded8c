frame({"t": ["x"]})["t"].mean()  # expect runtime error: mean needs a column of numbers, 't' is string
