re.compile(r"ab(c")  # expect runtime error: the pattern is wrong at position 2: missing ), unterminated subpattern
