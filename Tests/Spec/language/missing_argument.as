def f(a, b): return a
f(1)  # expect error: f() needs 'b'
