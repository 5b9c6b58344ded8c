{"prompt": 1}["promt"]  # expect runtime error: did you mean 'prompt'?
