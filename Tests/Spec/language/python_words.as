import pandas as pd  # expect error: frames are built in
class A:  # expect error: 'class' is not part of ArenaScript
    x = 1
def f():
    yield 1  # expect error: 'yield' is not part of ArenaScript
