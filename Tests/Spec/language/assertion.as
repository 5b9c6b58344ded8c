assert 1 == 2, "counts differ"  # expect runtime error: AssertionError: counts differ
