def f():
    try:
        raise ValueError("x")
    except ValueError as e:
        pass
    return e  # expect runtime error: 'e' is used before it is assigned

f()
