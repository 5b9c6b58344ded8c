def f(items):
    m = 1
    for i in items:
        print(m)
        del m
f([1])  # expect: 1
f([1, 2])  # expect: 1
# expect runtime error: 'm' is used before it is assigned
