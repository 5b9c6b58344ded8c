x = "abc  # expect error: the string is never closed
print(x)
