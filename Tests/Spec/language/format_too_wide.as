print("1".zfill(-9223372036854775807), "a".center(0))  # expect: 1 a
"1".zfill(9223372036854775807)  # expect runtime error: MemoryError: zfill(): the result would be too long
