print(f"{[1]!s:>5}|{None!s:5}|")  # expect:   [1]|None |
f"{[1]:>5}"  # expect runtime error: a list takes no format
