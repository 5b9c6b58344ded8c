open(".build/x", "a")  # expect runtime error: open() does not append
