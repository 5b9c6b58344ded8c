re.search("(?P<key>a)", "a").group("kye")  # expect runtime error: did you mean 'key'?
