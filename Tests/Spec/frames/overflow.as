f = frame({"a": [1, 9223372036854775807]})
f["a"] + 1  # expect runtime error: '+' on column 'a' does not fit into int64 in row 1
