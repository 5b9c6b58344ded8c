def add(a, b=10, *rest, scale=1, **named):
    """Adds."""
    return (a + b + sum(rest)) * scale + len(named)
print(add(1), add(1, 2), add(1, 2, 3, 4), add(1, scale=2), add(b=1, a=2, x=0, y=0))  # expect: 11 3 10 22 5
args, kw = [1, 2, 3], {"scale": 3}
print(add(*args, **kw), add(*[1], *[2]), add(1, **{"b": 5}))  # expect: 18 3 6
square = lambda x, k=2: x ** k
print(square(3), square(2, 3), (lambda: 7)(), (lambda *a, **k: (a, k))(1, z=2))  # expect: 9 8 7 ((1,), {'z': 2})
def counter():
    n = 0
    def step():
        return n + 1
    n = 41
    return step
print(counter()())  # expect: 42
def outer(x):
    def middle():
        def inner():
            return x * 2
        return inner()
    return middle()
print(outer(21))  # expect: 42
def fact(n):
    return 1 if n < 2 else n * fact(n - 1)
print(fact(20))  # expect: 2432902008176640000
fs = [lambda: i for i in range(3)]
print([f() for f in fs])  # expect: [2, 2, 2]
fs = [lambda i=i: i for i in range(3)]
print([f() for f in fs], map(lambda x: x + 1, [1, 2]), filter(None if False else (lambda x: x), [0, 1]))  # expect: [0, 1, 2] [2, 3] [1]
seen = 0
def bump():
    global seen
    seen += 1
bump(); bump()
print(seen, sorted([(1, "b"), (0, "a")], key=lambda p: p[1]), max(["aa", "b"], key=len))  # expect: 2 [(0, 'a'), (1, 'b')] aa
def nothing(): pass
print(nothing(), type(nothing), type(add), repr(print))  # expect: None function function <built-in function print>
def deep(n):
    return 0 if n == 0 else 1 + deep(n - 1)
print(deep(5000))  # expect: 5000
def annotated(x: int, y: "str" = 1) -> int:
    z: int = x
    return z + y
print(annotated(2))  # expect: 3
def late(flag):
    if flag:
        value = 1
    return value
print(late(True))  # expect: 1
join = ", ".join
print(join(["a", "b"]), [s.upper() for s in ["x"]], "{}".count("{"))  # expect: a, b ['X'] 1
print(str(x for x in [1, 2]))  # expect: [1, 2]
