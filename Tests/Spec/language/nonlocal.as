def counter_of():
    n = 0

    def up():
        nonlocal n
        n += 1
        return n

    up()
    return up

c = counter_of()
print(c(), c())  # expect: 2 3
