{[1]: 2}  # expect runtime error: a list cannot be a key
