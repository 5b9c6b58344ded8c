print("{} {}".format(1, "a"), "{1} {0}".format(1, 2), "{a}{b!r:>5}".format(a=1, b="x"), "{{{}}}".format(3))  # expect: 1 a 2 1 1  'x' {3}
print("{0[1]} {d[k]} {0[0]:>{w}.{p}f}".format([1.5, 2], d={"k": "v"}, w=6, p=2), "{:,}".format(1234567), "{:%}".format(0.5))  # expect: 2 v   1.50 1,234,567 50.000000%
print("{x}".format_map({"x": 1}), "{!a}".format("é"), "{:>{}}".format("a", 3))  # expect: 1 '\xe9'   a
print(format(3.14159, ".2f"), format("a", "*^5"), format(5), f"{100.0:.3} {1234567:012,} {'5':<05} {True:5} {3.0:#.0f} {65:5c}|{'é'!a}")  # expect: 3.14 **a** 5 1e+02 0,001,234,567 50000     1 3.     A|'\xe9'
print(f"{-0.0:z.1f} {255:#_x} {1e6:_.2f} {12345678:_b} {float('inf'):06} {-5:=+6} {7:é^5}")  # expect: 0.0 0xff 1_000_000.00 1011_1100_0110_0001_0100_1110 000inf -    5 éé7éé
"{} {0}".format(1)  # expect runtime error: a format numbers its fields by {} or by {0}, not both
