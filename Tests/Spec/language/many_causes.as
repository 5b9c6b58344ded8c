e = None
for i in range(100000):
    try:
        raise ValueError(str(i)) from e
    except ValueError as z:
        e = z
raise e  # expect runtime error: ValueError: 99999
