total = 0
for i in range(10):
    if i == 3:
        continue
    elif i == 8:
        break
    total += i
else:
    print("never")
print(total)  # expect: 25
n = 5
while n:
    n -= 1
    if n == 2: break
else:
    print("never")
while n > 0: n -= 1
else: print("done", n)  # expect: done 0
for k, (a, b) in enumerate([(1, 2), (3, 4)]):
    print(k, a, b, end=" ")
print()  # expect: 0 1 2 1 3 4 
for key in {"a": 1, "b": 2}: print(key, end="")
print()  # expect: ab
print([x * y for x in range(4) if x % 2 for y in range(3)], {k: v for k, v in zip("ab", [1, 2])}, {c for c in "aab"})  # expect: [0, 1, 2, 0, 3, 6] {'a': 1, 'b': 2} {'a', 'b'}
print(sum(x * x for x in range(4)), max(3, 1), min([2, 1]), sorted("bca", reverse=True), any(x > 2 for x in [1, 3]))  # expect: 14 3 1 ['c', 'b', 'a'] True
print(1 if [] else 2, [] or "x", 0 and 1, not (1 and 2), None is None, 1 is not None)  # expect: 2 x 0 False True True
for i in range(3, 0, -1): print(i, end=" ")
print(list(range(0)), len(range(0, 10, 3)), range(5)[-1], 4 in range(0, 10, 2))  # expect: 3 2 1 [] 4 4 True
pass
assert 1 + 1 == 2, "arithmetic"
if 1 > 2 or not 0: print("ok")  # expect: ok
x = y = 3
print(x, y)  # expect: 3 3
