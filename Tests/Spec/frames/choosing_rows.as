# Rows by a bool column, by order, by lot; the key travels.
f = frame({"id": ["p", "q", "r", "s"], "a": [2, None, 1, 2], "t": ["b", "a", "é", "Z"]}, key="id")
print(f[f["a"] == 2].key, f[f["a"] != 2].key, f["t"][f["a"] == 2].key, f[(f["a"] == 2) & (f["t"] > "a")].key)  # expect: ['p', 's'] ['r'] ['p', 's'] ['p']
print(f.sort_values("a").key, f.sort_values("a", ascending=False).key, f.sort_values(["a", "t"], ascending=[False, True]).key)  # expect: ['r', 'p', 's', 'q'] ['p', 's', 'r', 'q'] ['s', 'p', 'r', 'q']
print(f["t"].sort_values().tolist(), f["t"]["q"], f["t"].get("zz", "-"), f.tail(-3).key, f[::-2].key, f[1:3].key)  # expect: ['Z', 'a', 'b', 'é'] a - ['s'] ['s', 'q'] ['q', 'r']
print(f.dropna().key, f.dropna("t").key, f.drop_duplicates("a").key, f.drop_duplicates("a", keep=False).key, f.filter(lambda r: r["a"] == None).key)  # expect: ['p', 'r', 's'] ['p', 'q', 'r', 's'] ['p', 'q', 'r'] ['q', 'r'] ['q']
print(f.set_key("t").key, f.reset_key().columns, f.drop_key().key, f.set_key("t").columns)  # expect: ['b', 'a', 'é', 'Z'] ['id', 'a', 't'] None ['id', 'a']
print(len(f[f["a"] > 99]), f[f["a"] > 99]["a"].sum(), f[f["a"] > 99]["a"].mean(), f.head(0).sort_values("a").shape)  # expect: 0 0 None (0, 2)
