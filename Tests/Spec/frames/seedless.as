frame({"a": [1, 2]}).sample(1)  # expect runtime error: sample() needs 'seed'
