import json, os.path, re as r
import os.path as p
from os import path
print(json.dumps([1]), r.sub("a", "b", "xa"), os.path.join("a", "b"), p is path)  # expect: [1] xb a/b True
