print(int("0x-5".replace("x-", "x"), 16), int("-0x1f", 16), int("0b101", 0), int("1_000"), int(" ٣ "), int("0x_f", 16), int("zz", 36))  # expect: 5 -31 5 1000 3 15 1295
print(float("1_0.5"), float(" -Infinity "), float("1e-400"), float("1."), float(".5e1"))  # expect: 10.5 -inf 0.0 1.0 5.0
print(round(2.675, 2), round(25.0, -1), round(35, -1), round(-0.5), round(1e300, 2) == 1e300, round(1234, -2), round(5e-324, 400))  # expect: 2.67 20.0 40 0 True 1200 5e-324
print((2**53 + 1) / 3, 9223372036854775807 / 3, -7 / 2, -0.0 // 1.5, 5.0 in range(10), 5.5 in range(10), [1, 2][True], "ab"[False])  # expect: 3002399751580331.0 3.0744573456182584e+18 -3.5 -0.0 True False 2 a
print(chr(8364), ord("€"), hex(-255), oct(8), bin(5), divmod(-7, 2), pow(3, 200, 13), pow(3, -1, 7), hash("hello"), hash(1.5))  # expect: € 8364 -0xff 0o10 0b101 (-4, 1) 9 5 99162322 1152921504606846977
nan = float("nan")
print(nan in [nan], [nan] == [nan], nan == nan, {nan: 1}[nan], {1, 2} < {1, 2, 3}, {1} >= {2}, {1, 2} <= {1, 2})  # expect: True True False 1 True False True
int("0x-5", 16)  # expect runtime error: int() cannot read '0x-5' in base 16
