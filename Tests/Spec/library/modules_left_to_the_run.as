# Members of modules are judged only where the name can mean nothing else.
print(math.sqrt(4))  # expect: 2.0
def length(json):
    return json.length
print(length(struct(length=3)))  # expect: 3
import re as r
print(r.sub("a", "b", "cat"))  # expect: cbt
def f():
    re = struct(nothing=1)
    return re.nothing
print(f())  # expect: 1
try:
    math.nothing()
except AttributeError as error:
    print(error)  # expect: the math module has no member 'nothing'
from math import pi, sqrt as root
print(root(9), pi > 3)  # expect: 3.0 True
if hasattr(math, "sqrt"):
    import math as m
    print(m.floor(2.5))  # expect: 2
