json.loads("[" * 100000)  # expect runtime error: nested deeper than
