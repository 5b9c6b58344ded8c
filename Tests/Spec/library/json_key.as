json.dumps({(1, 2): 3})  # expect runtime error: keys in JSON are str, int, float, bool or None, not a tuple
