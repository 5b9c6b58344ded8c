re.compile(r"\Qa")  # expect runtime error: bad escape \Q
