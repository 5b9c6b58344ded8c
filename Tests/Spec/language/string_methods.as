# Methods of text, as Python's.
print("ΌΣΟΣ".lower(), "straße".upper(), "Straße".casefold(), "aB".swapcase(), "ŉ".upper(), "ǆ".title())  # expect: όσος STRASSE strasse Ab ʼN ǅ
print("they're bill's".title(), "hELLO".capitalize(), ascii("İ".lower()))  # expect: They'Re Bill'S Hello 'i\u0307'
print("abcabc".find("c", 3), "abc".find("", 3), "abc".find("", 4), "abcabc".rfind("b"), "añb".rfind("b"), "abc".find("b", -2, -1))  # expect: 5 3 -1 4 2 1
print("abcabc".count("bc", 2), "aaa".count("aa"), "ab".count(""), "abc".count("", 4))  # expect: 1 1 3 0
print("a b c  ".split(None, 1), " a  b ".rsplit(None, 1), "a.b.c".rsplit(".", 1), "a,b".split(",", maxsplit=0), " ".split())  # expect: ['a', 'b c  '] [' a', 'b'] ['a.b', 'c'] ['a,b'] []
print("a\u2028b\x0bc\x1cd\x85e\r\n".splitlines(), "a\n\nb".splitlines(True), "a\r\n".splitlines(keepends=True))  # expect: ['a', 'b', 'c', 'd', 'e'] ['a\n', '\n', 'b'] ['a\r\n']
print("a=b=c".partition("="), "a=b=c".rpartition("="), "abc".rpartition("x"))  # expect: ('a', '=', 'b=c') ('a=b', '=', 'c') ('', '', 'abc')
print("xxaéxx".strip("x"), "éaé".strip("é"), "\u3000a\xa0".strip() + "|", "abab".lstrip("ab") + "|")  # expect: aé a a| |
print("ab".center(5, "*"), "ab".ljust(4, "é") + "|", "ab".rjust(4), "+7".zfill(4), "a\tb".expandtabs(4))  # expect: **ab* abéé|   ab +007 a   b
print("prefix-a".removeprefix("prefix-"), "a.py".removesuffix(".py"), "aaa".replace("a", "b", 2), "ab".replace("", "-"))  # expect: a a bba -a-b-
print("٣".isdecimal(), "²".isdecimal(), "²".isdigit(), "½".isdigit(), "½".isnumeric(), "a_1".isidentifier(), "1a".isidentifier())  # expect: True False True False True True False
print("aB".islower(), "ab1".islower(), "AB1".isupper(), "Ab Cd".istitle(), "ABc".istitle(), "".islower(), "é".isascii(), "a\n".isprintable())  # expect: False True True True False False False False
print("abc".startswith("b", 1), "abc".endswith("b", 0, 2), "abc".startswith(("x", "a")), "abc".startswith("", 4), "abc".startswith(()))  # expect: True True True False False
print("abcd".translate(str.maketrans("ab", "xy", "d")), "abc".translate({97: "AA", 98: None}), str.maketrans({"a": 1}))  # expect: xyc AAc {97: 1}
print("é".encode(), "é".encode("latin-1"), "aé".encode("ascii", "replace"), "é€".elems(), "é€".codepoint_ords())  # expect: b'\xc3\xa9' b'\xe9' b'a?' ['é', '€'] [233, 8364]
print(map(str.upper, ["a", "b"]), sorted(["B", "a"], key=str.lower), dict.fromkeys("ab"))  # expect: ['A', 'B'] ['a', 'B'] {'a': None, 'b': None}
print(repr("\u200b\ud7ff\U0001f600\xad\x00\u3000"))  # expect: '\u200b\ud7ff😀\xad\x00\u3000'
str.upper(5)  # expect runtime error: upper() works on a str, not an int
