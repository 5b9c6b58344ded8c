input_dir("no-such-input")  # expect runtime error: input_dir():
