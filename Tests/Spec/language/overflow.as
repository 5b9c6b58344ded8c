x = 9223372036854775807
print(x)  # expect: 9223372036854775807
print(x + 1)  # expect runtime error: does not fit in 64 bits
