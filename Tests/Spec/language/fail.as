fail("rows:", 3, sep="")  # expect runtime error: rows:3
