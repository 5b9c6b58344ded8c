json.loads("[123456789012345678901234567890]")  # expect runtime error: does not fit in 64 bits
