a, b = [1, 2, 3]  # expect runtime error: 3 values for 2 names
