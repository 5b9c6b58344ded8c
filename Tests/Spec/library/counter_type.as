counter([[1]])  # expect runtime error: a list cannot be a key
