# Calls that cannot be judged before they run are not: rebound names, stars, guards, parameters.
def f(a):
    return a
try:
    f(1, 2)
except TypeError as error:
    print(error)  # expect: f() takes 1 positional argument, not 2
args = [1]
print(f(*args), f(**{"a": 2}))  # expect: 1 2

def g(a):
    return a
if len(args) == 1:
    def g(a, b):
        return b
print(g(1, 2))  # expect: 2

def h():
    return 0
h = lambda x, y: x + y
print(h(1, 2))  # expect: 3

def apply(f, x, y):
    return f(x, y)
print(apply(lambda p, q: p * q, 3, 4))  # expect: 12

print(len("ab"))  # expect: 2
def max(a, b, c, d):
    return d
print(max(1, 2, 3, 4))  # expect: 4

def outer():
    def k(a):
        return a
    def change():
        nonlocal k
        k = lambda a, b: b
    change()
    return k(1, 2)
print(outer())  # expect: 2

def setting():
    global made
    made = lambda a, b: a
def made():
    return 0
setting()
print(made(5, 6))  # expect: 5
for f in [lambda: 7]:
    print(f())  # expect: 7
print([f(1, 2) for f in [lambda a, b: b]])  # expect: [2]
