c = counter()
c[struct(a=c)] = 1
print(c)  # expect: Counter({struct(a=Counter({...: 1})): 1})
