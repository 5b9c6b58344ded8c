def share(n):
    return 1 / n

print(share(2))  # expect: 0.5
share(0)  # expect runtime error: in share(n: int), called at division_by_zero.as:5
# expect runtime error: ZeroDivisionError: division by zero
