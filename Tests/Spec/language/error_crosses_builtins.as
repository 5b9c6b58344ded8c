def bad(x):
    return 10 // (x - 2)

caught = 0
for f in [lambda: sorted([3, 2], key=bad), lambda: map(bad, [1, 2]), lambda: par_map(bad, [1, 2])]:
    try:
        f()
    except ZeroDivisionError:
        caught += 1
print(caught)  # expect: 3
xs = [1, 2, 3]
try:
    for x in xs:
        xs.append(x)
except RuntimeError as e:
    print(e)  # expect: the list is changed while a loop runs over it
sorted([3, 2], key=bad)  # expect runtime error: in bad(x: int), called at error_crosses_builtins.as:17
