def f(n):
    return f(n + 1)
f(0)  # expect runtime error: RecursionError
