json.load_s("1")  # expect runtime error: did you mean '.loads'?
