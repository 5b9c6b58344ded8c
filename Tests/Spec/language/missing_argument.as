def f(a, b): return a
f(1)  # expect runtime error: f() needs 'b'
