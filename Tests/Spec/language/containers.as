a = [3, 1, 2]
a.append(5); a.insert(0, 9); a.extend((7, 8))
print(a, a.pop(), a.pop(0), a.index(5), a.count(1), len(a))  # expect: [3, 1, 2, 5, 7] 8 9 3 1 5
a.sort(); print(a, a[1:3], a[::-1], a[-2:], a + [1], [0] * 3)  # expect: [1, 2, 3, 5, 7] [2, 3] [7, 5, 3, 2, 1] [5, 7] [1, 2, 3, 5, 7, 1] [0, 0, 0]
a[0] = 10; del a[1]; a.remove(5); a += [4]; a.reverse(); print(a, 3 in a)  # expect: [4, 7, 3, 10] True
d = {"x": 1, "y": 2, **{"z": 3}}
d["w"] = 4; d["x"] += 10; del d["y"]
print(d, d.get("q"), d.get("q", 0), d.keys(), d.values(), d.items(), "z" in d, len(d))  # expect: {'x': 11, 'z': 3, 'w': 4} None 0 ['x', 'z', 'w'] [11, 3, 4] [('x', 11), ('z', 3), ('w', 4)] True 3
print(d.pop("x"), d.setdefault("n", []), d.pop("gone", "no"), {1: "a", 1.0: "b", True: "c"}, d | {"z": 0})  # expect: 11 [] no {1: 'c'} {'z': 0, 'w': 4, 'n': []}
t = (1, "a", None)
print(t, t[1], t[:2], (1,), (), t + (2,), len(t), tuple([1]))  # expect: (1, 'a', None) a (1, 'a') (1,) () (1, 'a', None, 2) 3 (1,)
s = {1, 2, 2, 3}
s.add(4); s.discard(1)
print(s, 2 in s, s & {2, 9}, s | {9}, s - {2}, {1} ^ {1, 2}, set())  # expect: {2, 3, 4} True {2} {2, 3, 4, 9} {3, 4} {2} set()
m = {}
for i in range(100):
    m[i] = i
for i in range(0, 100, 2):
    del m[i]
print(len(m), sum(m.values()), list(m)[:3], {(1, 2): "t"}[(1, 2)])  # expect: 50 2500 [1, 3, 5] t
nested = [[]]
nested[0].append(nested)
print(len(str(nested)) < 500, [1, [2, {"a": (3,)}]] == [1, [2, {"a": (3,)}]])  # expect: True True
x, (y, *z), w = 1, (2, 3, 4), 5
print(x, y, z, w)  # expect: 1 2 [3, 4] 5
x, y = y, x
print(x, y, [*a, 0], (*"ab",), {**{"k": 1}})  # expect: 2 1 [4, 7, 3, 10, 0] ('a', 'b') {'k': 1}
