try:  # expect error: this 'try' has neither 'except' nor 'finally'
    x = 1
y = 2
