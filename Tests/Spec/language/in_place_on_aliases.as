a = b = [1]
a *= 2
a += [3]
print(b, a is b)  # expect: [1, 1, 3] True
s = {1, 2, 3}
t = s
s -= {1}
s &= {2, 3, 4}
s |= {9}
s ^= {3}
print(t, s is t)  # expect: {2, 9} True
u = v = (1,)
u *= 2
print(u, v)  # expect: (1, 1) (1,)
print(1.0 // 0.1, -4.0 % 2.0, 7.5 // -2.0, -7.5 % 2.0, 5.0 % -3.0)  # expect: 9.0 0.0 -4.0 0.5 -1.0
