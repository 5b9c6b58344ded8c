b = b"a-b-\xff"
print(b.split(b"-"), b.find(b"b"), b.find(255), b.count(b"-"), b[0], b[1:3], b"-" in b, 255 in b, 7 in b)  # expect: [b'a', b'b', b'\xff'] 2 4 2 97 b'-b' True True False
print(b"-".join([b"x", b"y"]), b" a ".strip(), b"ab".startswith((b"x", b"a")), b"ab".replace(b"b", b""), b"Ab".upper(), b"\x01\xff".hex())  # expect: b'x-y' b'a' True b'a' b'AB' 01ff
print(b"\xc3\xa9".decode(), b"\xff".decode("latin-1"), b"a\xe2\x82b".decode(errors="replace"), b"a\xff".decode("utf-8", "ignore"))  # expect: é ÿ a�b a
print(bytes("é", "utf-8"), bytes([1, 2]), bytes(2), bytes(), b"ab".elems(), list(b"ab"), str(b"ab", "ascii"), b"it's")  # expect: b'\xc3\xa9' b'\x01\x02' b'\x00\x00' b'' [97, 98] [97, 98] ab b"it's"
b"\xff".decode()  # expect runtime error: byte 0 (0xff) is not utf-8 text
