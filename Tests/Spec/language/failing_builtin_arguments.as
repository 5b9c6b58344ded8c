# What a builtin was given is freed when it fails, also what its binding filled in.
def f(v):
    return map(lambda x: {}[x], v)
for i in range(3):
    try:
        print(f([i]))
    except KeyError as e:
        print(e)  # expect: the dict has no key 0
# expect: the dict has no key 1
# expect: the dict has no key 2
