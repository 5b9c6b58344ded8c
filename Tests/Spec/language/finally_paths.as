def g():
    for i in range(5):
        try:
            if i == 1:
                continue
            if i == 3:
                break
            print("i", i)
        finally:
            print("last", i)
    try:
        return "returned"
    finally:
        print("before")

print(g())
# expect: i 0
# expect: last 0
# expect: last 1
# expect: i 2
# expect: last 2
# expect: last 3
# expect: before
# expect: returned

def overrides():
    for i in range(3):
        try:
            raise KeyError("lost")
        finally:
            break
    try:
        return 1
    finally:
        return 2

print(overrides())  # expect: 2

def nested(n):
    try:
        try:
            if n == 0:
                raise KeyError("a")
            return "inner"
        finally:
            print("one")
    except KeyError:
        return "caught"
    finally:
        print("two")

print(nested(0), nested(1))
# expect: one
# expect: two
# expect: one
# expect: two
# expect: caught inner
while True:
    try:
        try:
            break
        finally:
            print("a")  # expect: a
    finally:
        print("b")  # expect: b
