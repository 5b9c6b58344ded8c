print("a" + "b")  # expect: ab
"abc".find(b"a")  # expect runtime error: find(): 'sub' must be a str, not a bytes
