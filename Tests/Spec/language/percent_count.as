print("%s" % (1,))  # expect: 1
"%s" % (1, 2)  # expect runtime error: TypeError: not all values are used by the format
