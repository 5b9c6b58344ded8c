print(0in [1, 2], 1if 0else 2, 0x1for 3, [1for i in [1]], 1_000)  # expect: False 2 31 [1] 1000
