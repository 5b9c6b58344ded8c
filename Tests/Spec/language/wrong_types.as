n = 3
print("rows: " + n)  # expect runtime error: '+' does not work between a str and an int
# expect runtime error: join text with an f-string
