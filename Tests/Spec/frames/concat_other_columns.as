concat([frame({"a": [1]}), frame({"b": [1]})])  # expect runtime error: frame 2 has other columns than the first: it lacks 'a'
