log.level("warn")  # expect runtime error: did you mean 'warning'?
