s = "naïve 😀 text"
print(len(s), s[0], s[2], s[-1], s[6], s[::-1])  # expect: 12 n ï t 😀 txet 😀 evïan
print(s[1:4], s[:2] + s[-2:], s[20:], repr(s[5:]))  # expect: aïv naxt  ' 😀 text'
print('it\'s', "tab\tx", r"raw\n", "a" "b" 'c', """three
lines""")  # expect: it's tab	x raw\n abc three
# expect: lines
print("%d" == "%d", "a,b,,c".split(","), " x  y ".split(), "x y z".split(" ", 1))  # expect: True ['a', 'b', '', 'c'] ['x', 'y'] ['x', 'y z']
print("-".join(["a", "b"]), "abcabc".replace("bc", "X"), "aXbX".count("X"), "abc".find("c"), "é b".index("b"))  # expect: a-b aXaX 2 2 2
print(" pad ".strip() + "|", "xxaxx".strip("x"), "Ab".lower(), "ab".upper(), "hello world".title())  # expect: pad| a ab AB Hello World
print("abc".startswith("ab"), "abc".endswith(("x", "bc")), "b" in "abc", "z" not in "abc", "" in "a")  # expect: True True True True True
print(repr("a'b\"c\n\t\\"), repr("it's"))  # expect: 'a\'b"c\n\t\\' "it's"
print("ab" * 3, 2 * "x", "a" + "b", "abc" < "abd")  # expect: ababab xx ab True
print("\x41\u00e9\U0001F600\101", "l1\r\nl2\nl3".splitlines())  # expect: Aé😀A ['l1', 'l2', 'l3']
for c in "añ😀":
    print(c, end=";")
print()  # expect: a;ñ;😀;
print("12".isdigit(), "a1".isalnum(), "".isalpha(), "42".zfill(5), "-42".zfill(5))  # expect: True True False 00042 -0042
