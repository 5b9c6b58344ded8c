read_text("Resources/demo/tset.csv")  # expect runtime error: did you mean 'Resources/demo/test.csv'?
