list = list("abc")
print(list)  # expect: ['a', 'b', 'c']
def f():
    return max(1, 2)
print(f())  # expect: 2
max = min
print(f(), " a b  c ".split(None, 1))  # expect: 1 ['a', 'b  c ']
