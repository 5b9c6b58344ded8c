def f(x):
    try:
        if x == 0:
            raise ValueError("zero")
        elif x == 1:
            return {}["k"]
        elif x == 2:
            return 1 / 0
        elif x == 3:
            return "fine"
        else:
            x + "text"
    except ValueError as e:
        print("value", e, repr(e), type(e))
        return "v"
    except (KeyError, IndexError) as e:
        print("lookup", e)
    except ArithmeticError as e:
        print("arithmetic", e.message)
        raise
    except TypeError:
        print("type")
    else:
        print("never")
    finally:
        print("finally", x)
    return "end"

for i in range(5):
    try:
        print(f(i))
    except ZeroDivisionError as e:
        print("outer", e, "line", e.line)
# expect: value zero ValueError('zero') ValueError
# expect: finally 0
# expect: v
# expect: lookup the dict has no key 'k'
# expect: finally 1
# expect: end
# expect: arithmetic division by zero
# expect: finally 2
# expect: outer division by zero line 8
# expect: finally 3
# expect: fine
# expect: type
# expect: finally 4
# expect: end
try:
    pass
except Exception:
    print("no")
else:
    print("else")  # expect: else
