def f():
    nonlocal n  # expect error: no enclosing function has a variable 'n'
    n = 1
