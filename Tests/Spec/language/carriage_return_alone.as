x = 1 # noteprint(x)  # expect error: a carriage return stands in this line
