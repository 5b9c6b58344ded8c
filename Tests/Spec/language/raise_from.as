try:
    raise OSError("disk") from ValueError("cause")
except OSError as e:
    print(e)  # expect: disk
try:
    int("x")
except ValueError as e:
    raise RuntimeError("cannot go on") from e
# expect runtime error: RuntimeError: cannot go on
# expect runtime error: caused by ValueError: int() cannot read 'x'
