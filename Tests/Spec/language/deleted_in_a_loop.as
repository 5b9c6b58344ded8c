def f():
    x = 1
    for i in [0]:
        del x
    return {x: 1}
f()  # expect runtime error: 'x' is used before it is assigned
