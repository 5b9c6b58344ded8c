# A broken text is refused with line, column and what stands there.
json.loads('{"a": 1,\n "b": ü}')  # expect runtime error: expected a value at line 2, column 7; there is 'ü}'
