print((1 << 1000000) % 7)  # expect: 2
1 << 2000000  # expect runtime error: OverflowError: the integer would have more than 1048576 bits
