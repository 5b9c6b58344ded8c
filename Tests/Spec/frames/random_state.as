frame({"a": [1, 2]}).sample(1, random_state=1)  # expect runtime error: write sample(..., seed=42)
