# Records in records are freed, written and compared without end of the stack.
x = 1
for i in range(300000):
    x = struct(a=x)
print(len(str(x)) > 100)  # expect: True
x = None
y = 1
for i in range(300000):
    y = counter([struct(a=[y])])
y = None
print("freed")  # expect: freed
