# Files appear whole; lines, bytes, folders and patterns of paths.
base = ".build/spec-files"
mkdir(base + "/a/b")
write_text(base + "/a/one.txt", "é\r\nb\rc")
print(repr(read_text(base + "/a/one.txt")), read_lines(base + "/a/one.txt"), file_size(base + "/a/one.txt"))  # expect: 'é\nb\nc' ['é', 'b', 'c'] 7
write_lines(base + "/a/b/two.csv", [])
print(read_lines(base + "/a/b/two.csv"), exists(base + "/none"), is_dir(base), is_file(base))  # expect: [] False True False
print([p[len(base):] for p in glob(base + "/**/*.*")])  # expect: ['/a/b/two.csv', '/a/one.txt']
print(listdir(base + "/a"), glob(base + "/none*"), glob(base + "/a/*.txt")[0] == base + "/a/one.txt")  # expect: ['b', 'one.txt'] [] True
print(copy(base + "/a/one.txt", base), read_bytes(base + "/one.txt")[:2])  # expect: .build/spec-files/one.txt b'\xc3\xa9'
rename(base + "/one.txt", base + "/three.txt")
f = open(base + "/three.txt")
print(repr(f.readline()), repr(f.read(1)), f.readlines(), repr(f.read()))  # expect: 'é\n' 'b' ['\n', 'c'] ''
f = open(base + "/late.txt", "w")
print(f.write("é"), exists(base + "/late.txt"))  # expect: 1 False
f.writelines(["x\n", "y"])
f.close()
print([line for line in open(base + "/late.txt")], f.closed)  # expect: ['éx\n', 'y'] True
print(os.path.join("a", "/b", "c"), os.path.splitext("x/.a.tar.gz"), os.path.basename("a/"), os.path.dirname("/a"))  # expect: /b/c ('x/.a.tar', '.gz')  /
print(os.environ.get("NO_SUCH", "d"), env("NO_SUCH"), os.path.exists(base), "PATH" in os.environ)  # expect: d None True True
for path in glob(base + "/*.txt") + [base + "/a/one.txt", base + "/a/b/two.csv", base + "/a/b", base + "/a", base]:
    remove(path)
print(exists(base))  # expect: False
