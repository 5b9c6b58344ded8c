re.findall("a", None)  # expect runtime error: 'string' must be a str, not a NoneType
