sorted([1], revers=True)  # expect runtime error: did you mean 'reverse='?
