def check(x):
    if x % 7 == 3:
        raise ValueError(f"row {x}")
    return x

par_map(check, range(1000))  # expect runtime error: ValueError: row 3
