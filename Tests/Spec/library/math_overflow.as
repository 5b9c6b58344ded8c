math.factorial(21)  # expect runtime error: does not fit in 64 bits
