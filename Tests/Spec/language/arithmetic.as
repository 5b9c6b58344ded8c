print(1 + 2 * 3 - 4)  # expect: 3
print(7 // 2, -7 // 2, 7 % 3, -7 % 3, 7 % -3)  # expect: 3 -4 1 2 -2
print(7 / 2, 2 ** 10, 2 ** -1, -2 ** 2)  # expect: 3.5 1024 0.5 -4
print(5 & 3, 5 | 3, 5 ^ 3, ~5, 1 << 4, 256 >> 4)  # expect: 1 7 6 -6 16 16
print(1.5 + 1, 3 - 0.5, 2 * 1.5, 7.0 // 2, -7.5 % 2)  # expect: 2.5 2.5 3.0 3.0 0.5
print(1e16, 123456789012345678.0, 1e15, 0.0001, 0.00001, 1e300 * 10)  # expect: 1e+16 1.2345678901234568e+17 1000000000000000.0 0.0001 1e-05 1e+301
print(0x1F, 0o17, 0b101, 1_000_000, .5, 1.)  # expect: 31 15 5 1000000 0.5 1.0
print(True + 1, True & False, not 0, +True)  # expect: 2 False True 1
print(1 == 1.0, True == 1, "1" == 1, None == 0)  # expect: True True False False
print(1 < 2 < 3, 1 < 3 < 2, "a" < "b", [1, 2] < [1, 3], (1,) < (1, 0))  # expect: True False True True True
print(9007199254740993 == 9007199254740992.0)  # expect: False
