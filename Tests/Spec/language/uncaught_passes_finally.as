try:
    raise KeyError("gone")  # expect runtime error: KeyError: gone
finally:
    print("cleaned")  # expect: cleaned
