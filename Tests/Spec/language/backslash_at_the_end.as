# expect error: the file ends after a backslash
x = 1 + \