xs = [[i, str(i)] for i in range(1000)]
def k(x):
    xs.clear()
    junk = [["zzz" + str(i), i] for i in range(200)]
    return 0
print(len(str(sorted(xs, key=k))), len(xs))  # expect: 13780 0
ys = ["item" + str(i) for i in range(5)]
def grow(x):
    for i in range(1000):
        ys.append("y" + str(i))
    return len(ys)
print(max(ys, key=grow), len(ys))  # expect: item4 5005
