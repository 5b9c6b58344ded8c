# A pattern that would try everything ends with an error that names it.
re.search(r"(a+)+$", "a" * 40 + "b")  # expect runtime error: the pattern '(a+)+$' takes too many steps on this text
