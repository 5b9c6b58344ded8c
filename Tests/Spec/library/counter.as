# counter: a multiset.
c = counter("mississippi")
print(c)  # expect: Counter({'i': 4, 's': 4, 'p': 2, 'm': 1})
print(c["s"], c["z"], len(c), "m" in c, "z" in c, c.total(), list(c))  # expect: 4 0 4 True False 11 ['m', 'i', 's', 'p']
c["z"] += 2
print(c.most_common(2), c.most_common(0), c == counter(c), bool(counter()))  # expect: [('i', 4), ('s', 4)] [] True False
a = Counter(a=3, b=1)
b = Counter({"a": 1, "b": 2})
print(a + b, a - b, a & b, a | b)  # expect: Counter({'a': 4, 'b': 3}) Counter({'a': 2}) Counter({'a': 1, 'b': 1}) Counter({'a': 3, 'b': 2})
a.update(a)
a.subtract(["b", "q"])
print(a.items(), a == counter({"a": 6, "b": 1, "q": -1, "r": 0}), counter([]), counter([1, 1.0, True, None]))  # expect: [('a', 6), ('b', 1), ('q', -1)] True Counter() Counter({1: 3, None: 1})
