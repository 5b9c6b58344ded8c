random.Random(1).choice([])  # expect runtime error: choice() from an empty sequence
