xs = [1, 2, 3]
print(xs[:10**20], xs[-10**20:2], xs[10**20:], "abc"[::-10**20], b"ab"[10**20::-1])  # expect: [1, 2, 3] [1, 2] [] c b'ba'
print(list(range(0, 10, 2)[::-2**63]), list(range(4)[:2**64]))  # expect: [8] [0, 1, 2, 3]
try:
    xs[10**20]
except IndexError as e:
    print(e)  # expect: the index is outside a list of 3
