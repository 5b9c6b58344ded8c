frame({"t": ["1", "two"]})["t"].astype("int64")  # expect runtime error: column 't', row 1: 'two' is no int64
