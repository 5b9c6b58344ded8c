print(normalize("e\u0301a\u0327\u0301") == "éa\u0327\u0301".replace("a\u0327\u0301", "á\u0327"), len(normalize("한글", "NFD")), normalize("ﬁ①Ⅷ", "NFKC"))  # expect: True 6 fi1VIII
print(normalize("한글".replace("x", ""), "NFC") == normalize(normalize("한글", "NFD")), normalize(""), normalize("abc", "NFKD"))  # expect: True  abc
print(repr(normalize("\u212b\u0958", "NFC")), len(normalize("\ufb2c", "NFC")))  # expect: 'Åक़' 3
