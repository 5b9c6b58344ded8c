time.parse_duration("40m8h")  # expect runtime error: is no duration
