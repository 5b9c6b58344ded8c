for f in [lambda: b"\xff".decode(), lambda: b"\xff".decode("ascii"), lambda: "é".encode("ascii")]:
    try:
        f()
    except UnicodeError as e:
        print(type(e))
# expect: UnicodeError
# expect: UnicodeError
# expect: UnicodeError
