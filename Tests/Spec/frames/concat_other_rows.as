a = frame({"id": [1, 2], "a": [1, 2]}, key="id")
b = frame({"id": [1, 3], "b": [1, 2]}, key="id")
concat([a, b], axis=1)  # expect runtime error: lacks the row of key 2
