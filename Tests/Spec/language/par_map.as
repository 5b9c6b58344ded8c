k = 10
table = {"a": [1]}

def work(x):
    return [x * k, table["a"]]

r = par_map(work, range(5))
print(r)  # expect: [[0, [1]], [10, [1]], [20, [1]], [30, [1]], [40, [1]]]
r[0][1].append(7)
print(r[0], r[1], table)  # expect: [0, [1, 7]] [10, [1]] {'a': [1]}

def grow(x):
    if x > 3:
        table["a"].append(x)
    return x

try:
    par_map(grow, range(100))
except ValueError as e:
    print(e, "line", e.line)  # expect: the list is frozen and cannot be changed line 14

def assigns(x):
    global k
    k = x

try:
    par_map(assigns, [1])
except ValueError as e:
    print(e)  # expect: the global 'k' cannot be assigned inside par_map

def outer():
    n = 0

    def inner(x):
        nonlocal n
        n += x

    par_map(inner, [1, 2])

try:
    outer()
except ValueError as e:
    print(e)  # expect: a variable outside a frozen function cannot be assigned

def show(x):
    print("item", x)
    return x

print(par_map(show, [3, 1, 2]))
# expect: item 3
# expect: item 1
# expect: item 2
# expect: [3, 1, 2]
print(par_map(len, ["a", "bb"]), par_map(str, []), par_map(lambda r: r[0] + r[1], zip([1, 2], [3, 4])))  # expect: [1, 2] [] [4, 6]

def inner_map(x):
    return sum(par_map(lambda y: x * y, range(4)))

print(par_map(inner_map, range(3)))  # expect: [0, 6, 12]
table["a"].append(2)
print(table)  # expect: {'a': [1, 2]}
