s = {1, 2, 3}
print(s.union([4], (5,)), s.intersection([2, 3], [3]), s.difference([1]), s.symmetric_difference([3, 4]))  # expect: {1, 2, 3, 4, 5} {3} {2, 3} {1, 2, 4}
print(s.isdisjoint([4]), s.issubset(range(5)), s.issuperset([1]), s <= {1, 2, 3}, s < s, s > {1})  # expect: True True True True False True
t = s.copy()
t.update([9], [8])
t.intersection_update([1, 2, 9])
t.difference_update([1])
t.symmetric_difference_update([2, 7])
print(t)  # expect: {9, 7}
print(t.pop(), len(t), s)  # expect: 9 1 {1, 2, 3}
t.clear()
t.discard(1)
t.pop()  # expect runtime error: KeyError: pop() from an empty set
