if True:
        x = 1
	y = 2  # expect error: tabs and spaces are mixed
