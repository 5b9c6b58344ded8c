math.log(0)  # expect runtime error: math domain error: log(0.0) has no value
