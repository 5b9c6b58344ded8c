a = []
a.append(a)
a.append(a)
print(a)  # expect: [[...], [...]]
d = {}
d["d"] = d
print(d, (a, 1))  # expect: {'d': {...}} ([[...], [...]], 1)
x = [1]
for i in range(70):
    x = [x]
print(len(str(x)))  # expect: 143
