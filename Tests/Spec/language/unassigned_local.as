def f(flag):
    if flag:
        value = 1
    return value
f(False)  # expect runtime error: 'value' is used before it is assigned
