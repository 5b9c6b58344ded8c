f(1) = 2  # expect error: a call cannot be assigned to
