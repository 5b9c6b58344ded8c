try:
    1 / 0
except 5:  # expect runtime error: 'except' wants a kind of error, not an int
    pass
