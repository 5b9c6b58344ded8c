math.exp(1000)  # expect runtime error: math range error: exp(1000.0) is too large for a float
