x = []
s = struct(a=x)
x.append(s)
print(s, x)  # expect: struct(a=[...]) [struct(a=[...])]
t = struct(a=[1])
print(t == struct(a=[1]), t == struct(a=[2]), t == struct(b=[1]))  # expect: True False False
print(s == struct(a=x), s == s)  # expect: True True
y = []
y.append(struct(a=y))
print(x == y)  # expect runtime error: nested too deep to compare
