e = ValueError("a")
f = ValueError("b")
try:
    raise e from f
except ValueError:
    pass
try:
    raise f from e
except ValueError:
    pass
raise e from f  # expect runtime error: ValueError: a
