re.sub("(a)", r"\2", "a")  # expect runtime error: invalid group reference 2
