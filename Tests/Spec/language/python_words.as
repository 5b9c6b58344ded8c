import pandas as pd  # expect error: frames are built in
class A:  # expect error: 'class' is not part of ArenaScript
    x = 1
try:  # expect error: 'try' is not part of ArenaScript
    pass
except OSError:
    pass
