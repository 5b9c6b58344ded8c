# re: what Python's documentation says about empty matches, groups, positions and flags.
print(re.sub("x*", "-", "abxd"))  # expect: -a-b--d-
print(re.split("x*", "axbc"), re.split(r"(\W)", "a,b"))  # expect: ['', 'a', '', 'b', 'c', ''] ['a', ',', 'b']
print(re.findall(r"\b", "ab cd"), re.findall("(?m)^", "a\n"))  # expect: ['', '', '', ''] ['', '']
print(re.findall(r"(\w)(\d)?", "a1b"))  # expect: [('a', '1'), ('b', '')]
m = re.search(r"(?P<word>ü\w+)|(x)", "naïve 😀 über")
print(m.span(), m.start("word"), m["word"], m[1], m.groups(), m.lastgroup, m.lastindex)  # expect: (8, 12) 8 über über ('über', None) word 1
print(m)  # expect: <re.Match object; span=(8, 12), match='über'>
print(re.compile("a", re.I | re.M))  # expect: re.compile('a', re.IGNORECASE|re.MULTILINE)
print(re.match("a", "ba"), re.fullmatch("a|ab", "ab").group(), re.match(r"a$", "a\n") != None, re.match(r"a\Z", "a\n"))  # expect: None ab True None
print(re.sub(r"(?P<a>\d)(\w)?", r"[\g<a>|\2|\g<0>]", "1 2x"))  # expect: [1||1] [2|x|2x]
print(re.sub("a", lambda m: str(m.start()), "éaéa"), re.subn("b", "", "abab", 1))  # expect: é1é3 ('aab', 1)
print(re.compile("b").search("ab", 1).span(), re.compile("^b").search("ab", 1), re.compile("a").findall("aaaa", 1, 3))  # expect: (1, 2) None ['a', 'a']
print(re.findall(r"[[:alpha:]]+", ":al] x]"), re.findall(r"a{,2}", "aaa"), re.findall("{", "a{"))  # expect: ['l]'] ['aa', 'a', ''] ['{']
print(re.findall(r"\w+", "é中_٣ a\u0301", re.A), len(re.findall(r"\s", "\x1c\x85\u2003\u180e")))  # expect: ['_', 'a'] 3
print(re.escape("a.b-c é"), re.sub(re.escape("."), "", "a.b"))  # expect: a\.b\-c\ é ab
print([m.group() for m in re.finditer(r"(?x) \d+ # digits", "1 22")], re.findall(r"(?i:A)b", "ab aB"))  # expect: ['1', '22'] ['ab']
print(len(re.match("(?:a|b)*", "ab" * 500000).group()))  # expect: 1000000
print(re.findall("", ""), re.split(",", ""), re.sub("", "-", ""))  # expect: [''] [''] -
print(re.search("ß", "ẞ", re.I) != None, re.search("i", "İ", re.I) != None, re.search("k", "\u212a", re.I | re.A))  # expect: True True None
