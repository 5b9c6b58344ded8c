sorted([1], revers=True)  # expect error: did you mean 'reverse='?
