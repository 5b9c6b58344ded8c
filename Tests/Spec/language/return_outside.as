return 1  # expect error: 'return' stands outside a function
