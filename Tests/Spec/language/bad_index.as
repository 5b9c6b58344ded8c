[1, 2][5]  # expect runtime error: index 5 is outside a list of 2
