# Columns of text: missing rows stay missing, keys travel, and what is wrong is said.
df = frame({"id": [7, 8, 9], "t": ["One two", None, "<b>Ça &amp; là</b> see http://a.b/c?d ok"]}, key="id")
t = df["t"]
print(t.lower().key, t.lower()[0], t.len().tolist())  # expect: [7, 8, 9] one two [7, None, 40]
print(t.count("o").tolist(), t.count_re("[A-Z]").tolist())  # expect: [1, None, 1] [1, None, 0]
print(t.strip_html().strip_urls().strip()[2])  # expect: Ça & là see  ok
print(t.fold_ascii()[2][:8], t.remove_words(["ONE"])[0])  # expect: <b>Ca &a two
print(t.str.contains("One|see", na=False).tolist())  # expect: [True, False, True]
print(df[t.contains("two").fillna(False)].key)  # expect: [7]
print(t.split().len().tolist(), t.split()[0])  # expect: [2, None, 6] ['One', 'two']
print(t.extract(r"(?P<first>\w)(\w)").columns, t.str[0].tolist())  # expect: ['first', '1'] ['O', None, '<']
print(t.cat(t.str[:1], sep="|")[0], t.cat(sep="; ")[:12])  # expect: One two|O One two; <b>

def message(f):
    try:
        f()
    except Exception as e:
        print(str(e).split("\n")[0])

message(lambda: frame({"n": [1]})["n"].lower())  # expect: lower needs a column of text, 'n' is int64
message(lambda: t.count_re("("))  # expect: the pattern is wrong at position 0: missing ), unterminated subpattern
message(lambda: t.split(""))  # expect: split() wants a separator that is not empty
message(lambda: t.extract("a"))  # expect: extract() gives what groups match, and the pattern has none
message(lambda: t.findall("(a)(b)"))  # expect: findall() of a column gives one text a match, and the pattern has 2 groups
