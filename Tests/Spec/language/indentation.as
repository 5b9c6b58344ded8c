if True:
    x = 1
  y = 2  # expect error: this line's indentation fits no block above it
