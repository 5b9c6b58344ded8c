print(min([3, 1], key=lambda x: -x), max([], default=0), max("b", "abc", key=len), min((2, 1)), max({3: 1, 4: 0}))  # expect: 3 0 abc 1 4
print(sorted([3, 1, 2], reverse=True), sorted({"b": 1, "a": 2}), sum([[1], [2]], []), sum([0.5, 1]), filter(None, [0, 1, "", "a"]))  # expect: [3, 2, 1] ['a', 'b'] [1, 2] 1.5 [1, 'a']
print(zip([1, 2], "ab", (True, False)), map(lambda a, b: a * b, [1, 2], [3, 4, 5]), enumerate("ab", 5), any(range(10**15)))  # expect: [(1, 'a', True), (2, 'b', False)] [3, 8] [(5, 'a'), (6, 'b')] True
d = {"a": 1}
d.update([("b", 2)], c=3)
last = d.popitem()
print(d, last, [1, 2, 1].index(1, 1), (1, 2, 1).count(1), dict([("x", 1)], y=2))  # expect: {'a': 1, 'b': 2} ('c', 3) 2 2 {'x': 1, 'y': 2}
zip([1], [], strict=True)  # expect runtime error: zip(): the lists have 0 and 1 items
