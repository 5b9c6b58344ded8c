random.shuffle([1, 2])  # expect runtime error: rng = random.Random(42) once, then rng.shuffle(...)
