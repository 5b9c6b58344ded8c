# A file appears at the end of its block, and not at all if the block fails.
path = ".build/with_open.txt"
with open(path, "w") as f:
    f.write("one\ntwo\n")
    print(exists(path))  # expect: False
with open(path) as f:
    print([line for line in f])  # expect: ['one\n', 'two\n']
try:
    with open(path, "w") as f:
        f.write("half")
        1 / 0
except ZeroDivisionError:
    print(repr(read_text(path)))  # expect: 'one\ntwo\n'
remove(path)
