math.factorial(10 ** 9)  # expect runtime error: the result has more than 1048576 bits
