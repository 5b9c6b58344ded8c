x, name = 3.14159, "ann"
print(f"{x:.2f} {name!r} {name:>6}|{name:<6}|{name:^7}| {{}}")  # expect: 3.14 'ann'    ann|ann   |  ann  | {}
print(f"{1234567:,} {0.256:.1%} {255:x} {255:#X} {5:03d} {-5:05d} {x:8.3f}|{3:+d}")  # expect: 1,234,567 25.6% ff 0XFF 005 -0005    3.142|+3
w = 8
print(f"{x:{w}.{1 + 1}f}|{[1, 2][0]}|{ {'a': 1}['a'] }|{'in' + 'ner'}|{x = :.1f}")  # expect:     3.14|1|1|inner|x = 3.1
print(f"a" "b" f"{1 if x > 3 else 2}", f"{x!s:>9}", f"{None} {True} {[1, 'a']}", f"{1e20:g} {12345.678:e}")  # expect: ab1   3.14159 None True [1, 'a'] 1e+20 1.234568e+04
print(f'''{
  x:.0f}''')  # expect: 3
print(f"{x != 3} {x == 3}")  # expect: True False
