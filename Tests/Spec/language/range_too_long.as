range(-9223372036854775807, 9223372036854775807)  # expect runtime error: OverflowError
