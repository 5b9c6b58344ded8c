f = frame({"winner": [1]})
f["winer"]  # expect runtime error: did you mean 'winner'?
