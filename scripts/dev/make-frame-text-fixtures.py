#!/usr/bin/env python3
"""Makes Tests/Fixtures/frames/texts.json, what CPython's str, re and unicodedata and pandas' column.str
answer for some texts, and Tests/Spec/frames/texts_against_python.as, which asks the same of columns.
Made with CPython 3.11 and pandas 3.x:

    .venv/bin/python scripts/dev/make-frame-text-fixtures.py
"""

import json
import pathlib
import random
import re
import unicodedata

import pandas as pd

rng = random.Random(11)
pieces = ["a", "B", " ", "  ", "\t", "\n", "\r\n", "\u2028", "\x1c", "\x85", "\xa0", "\u3000", "ab", "The", "the", "x1",
          "-4", "+07", "12", "٣", "²", "½", "ß", "É", "e\u0301", "Σ", "ΟΔΟΣ", "ǅ", "ﬁ", "İ", "ı", "中文", "한", "é́", "😀", "👩‍🚀",
          ".", ",", "a.b", "aa", "aaa", "<b>", "</b>", "<3", "&amp;", "http://x.y/z?q", "WWW.a.b", "it's", "\"q\"", "\\", "0"]
texts = ["", " ", "abc", "  Two  words ", "ends.", "a.b.c", "aXbXc", "tEsT it", "\n", "0", "-12", "中文 字", "ΑΣ", "ΑΣ Σ", "ǆ", "ﬀ"]
while len(texts) < 56:
    texts.append("".join(rng.choice(pieces) for _ in range(rng.randint(1, 9))))
data = [None if i % 13 == 5 else t for i, t in enumerate(texts)]
cases = []


def case(script, f):
    cases.append({"script": script, "answer": [None if t is None else f(t) for t in data]})


def q(text):
    return json.dumps(text, ensure_ascii=False).replace("\x85", "\\x85").replace("\u2028", "\\u2028")


for name in ["lower", "upper", "casefold", "swapcase", "title", "capitalize", "isalpha", "isdigit", "isdecimal", "isnumeric",
             "isalnum", "isspace", "isascii", "strip", "lstrip", "rstrip", "split", "splitlines"]:
    case(f"t.{name}()", lambda t, name=name: getattr(t, name)())
for chars in ["a", " ab", "é😀", ".a\n"]:
    for name in ["strip", "lstrip", "rstrip"]:
        case(f"t.{name}({q(chars)})", lambda t, c=chars, name=name: getattr(t, name)(c))
case("t.splitlines(True)", lambda t: t.splitlines(True))
for sep in ["a", ".", "aa", " ", "\n", "é"]:
    case(f"t.split({q(sep)})", lambda t, s=sep: t.split(s))
    for n in [0, 1, 2]:
        case(f"t.split({q(sep)}, {n})", lambda t, s=sep, n=n: t.split(s, n))
        case(f"t.rsplit({q(sep)}, {n})", lambda t, s=sep, n=n: t.rsplit(s, n))
for n in [0, 1, 2]:
    case(f"t.split(maxsplit={n})", lambda t, n=n: t.split(None, n))
    case(f"t.rsplit(maxsplit={n})", lambda t, n=n: t.rsplit(None, n))
for sub in ["a", "aa", "", "é", "😀", "b", "\n", "ab"]:
    for name in ["count", "find", "rfind"]:
        case(f"t.{name}({q(sub)})", lambda t, s=sub, name=name: getattr(t, name)(s))
    case(f"t.contains({q(sub)})", lambda t, s=sub: s in t)
    case(f"t.startswith({q(sub)})", lambda t, s=sub: t.startswith(s))
    case(f"t.endswith({q(sub)})", lambda t, s=sub: t.endswith(s))
    case(f"t.removeprefix({q(sub)})", lambda t, s=sub: t.removeprefix(s))
    case(f"t.removesuffix({q(sub)})", lambda t, s=sub: t.removesuffix(s))
    for new in ["", "<>", "ü"]:
        case(f"t.replace({q(sub)}, {q(new)})", lambda t, s=sub, n=new: t.replace(s, n))
        case(f"t.replace({q(sub)}, {q(new)}, 1)", lambda t, s=sub, n=new: t.replace(s, n, 1))
case('t.startswith(("a", "The", " "))', lambda t: t.startswith(("a", "The", " ")))
case('t.endswith(("b", ".", "\\n"))', lambda t: t.endswith(("b", ".", "\n")))
case("t.len()", len)
case('t.len("bytes")', lambda t: len(t.encode()))
case('t.len("words")', lambda t: len(t.split()))
case('t.split().len()', lambda t: len(t.split()))
for a, b, c in [(None, None, None), (1, None, None), (None, -1, None), (-3, None, None), (2, 5, None), (None, None, 2), (None, None, -1),
                (5, 1, -2), (-2, -9, -1), (0, 0, None), (100, 200, None), (-100, 3, 1)]:
    case(f"t.slice({a}, {b}, {c})", lambda t, s=slice(a, b, c): t[s])
for width in [0, 3, 8]:
    case(f"t.zfill({width})", lambda t, w=width: t.zfill(w))
    case(f't.ljust({width}, "é")', lambda t, w=width: t.ljust(w, "é"))
    case(f't.rjust({width}, ".")', lambda t, w=width: t.rjust(w, "."))
case("t.repeat(3)", lambda t: t * 3)
for sep in ["a", "aa", " ", "é", "中"]:
    for name in ["partition", "rpartition"]:
        for part in range(3):
            case(f't.{name}({q(sep)})["{part}"]', lambda t, s=sep, name=name, part=part: getattr(t, name)(s)[part])
for call in ['str.maketrans("ab.", "XÉ中")', 'str.maketrans("", "", "aeé😀 ")', 'str.maketrans({"a": "<>", "中": None, "ß": 115})']:
    case(f"t.translate({call})", lambda t, table=eval(call): t.translate(table))

patterns = [r"\d+", r"\w+", r"[a-z]", r"\s+", r"a*", r"^.", r"(?m)^\w", r"(a)(b)?", r"\b", r"[^\x00-\x7f]", r"(?i)the|é", r".$", r"(?s)a.*b", r"\\"]
for p in patterns:
    lit = q(p)
    groups = re.compile(p).groups
    case(f"t.count_re({lit})", lambda t, p=p: len(re.findall(p, t)))
    case(f"t.match({lit})", lambda t, p=p: re.match(p, t) is not None)
    case(f"t.fullmatch({lit})", lambda t, p=p: re.fullmatch(p, t) is not None)
    case(f"t.contains({lit}, regex=True)", lambda t, p=p: re.search(p, t) is not None)
    if groups < 2:
        case(f"t.findall({lit})", lambda t, p=p: re.findall(p, t))
    case(f't.sub({lit}, "<>")', lambda t, p=p: re.sub(p, "<>", t))
    case(f't.sub({lit}, "[\\\\g<0>]", 2)', lambda t, p=p: re.sub(p, r"[\g<0>]", t, count=2))
    case(f"t.split_re({lit})", lambda t, p=p: re.split(p, t))
    case(f"t.split_re({lit}, 1)", lambda t, p=p: re.split(p, t, maxsplit=1))
case('t.sub("THE", "x", flags=re.I)', lambda t: re.sub("THE", "x", t, flags=re.I))


def first(p, t):
    m = re.search(p, t)
    return m and m.group(1)


case(r't.extract("([a-z]+)\\.")', lambda t: first(r"([a-z]+)\.", t))
case(r't.extract("(?:x(\\d))?a")', lambda t: first(r"(?:x(\d))?a", t))
case("t.strip_urls()", lambda t: re.sub(r"https?://\S+|www\.\S+", "", t, flags=re.I))
like = str.maketrans({"ß": "ss", "ı": "i", "⁄": "/"})
case("t.fold_ascii()", lambda t: unicodedata.normalize("NFKD", t).translate(like).encode("ascii", "ignore").decode())
stop = {"the", "a", "it's", "ß"}
case(f"t.remove_words({json.dumps(sorted(stop), ensure_ascii=False)})", lambda t: " ".join(w for w in t.split() if w.lower() not in stop))

series = pd.Series(data, dtype=object)


def pandas_case(script, answer):
    plain = [None if v is None or v is pd.NA or isinstance(v, float) and v != v else v for v in answer.tolist()]
    plain = [int(v) if isinstance(v, float) else bool(v) if isinstance(v, bool) else v for v in plain]
    cases.append({"script": script, "answer": plain})


for script, answer in [
    ('t.str.lower()', series.str.lower()), ('t.str.len()', series.str.len()),
    ('t.str.contains("a.b")', series.str.contains("a.b")), ('t.str.contains("a.b", regex=False)', series.str.contains("a.b", regex=False)),
    ('t.str.contains("THE", case=False)', series.str.contains("THE", case=False)),
    ('t.str.contains("a", na=False)', series.str.contains("a", na=False)),
    ('t.str.count(".")', series.str.count(".")), ('t.str.replace("a.", "<>", regex=True)', series.str.replace("a.", "<>", regex=True)),
    ('t.str.replace(".", "<>")', series.str.replace(".", "<>", regex=False)),
    ('t.str.replace("a", "<>", n=1)', series.str.replace("a", "<>", n=1, regex=False)),
    ('t.str.split()', series.str.split()), ('t.str.split(".", n=1)', series.str.split(".", n=1)),
    ('t.str[0]', series.str[0]), ('t.str[-1]', series.str[-1]), ('t.str[1:4]', series.str[1:4]), ('t.str[::-1]', series.str[::-1]),
    ('t.str.get(2)', series.str.get(2)), ('t.str.split(".").str[0]', series.str.split(".").str[0]),
    ('t.str.match("[a-z]")', series.str.match("[a-z]")), ('t.str.findall("[a-z]+")', series.str.findall("[a-z]+")),
    ('t.str.extract("([a-z]+)", expand=False)', series.str.extract("([a-z]+)", expand=False)),
    ('t.str.extract("([a-z])(\\\\d)")["1"]', series.str.extract("([a-z])(\\d)")[1]),
    ('t.str.strip(" a")', series.str.strip(" a")), ('t.str.startswith("a")', series.str.startswith("a")),
    ('t.str.split(".", expand=True)["1"]', series.str.split(".", expand=True, regex=False)[1]),
    ('t.str.zfill(5)', series.str.zfill(5)), ('t.str.repeat(2)', series.str.repeat(2)),
    ('t.cat(t, sep="|")', series.str.cat(series, sep="|")),
]:
    pandas_case(script, answer)

root = pathlib.Path(__file__).parents[2]
with open(root / "Tests/Fixtures/frames/texts.json", "w") as file:
    file.write('{"data": ' + json.dumps(data) + ',\n"cases": [\n')
    # Answers are kept for the whole column where they differ by row, and once where the text stays.
    lines = []
    for one in cases:
        answer = ["=" if a == t and t is not None else a for a, t in zip(one["answer"], data)]
        lines.append(json.dumps({"script": one["script"], "answer": answer}))
    file.write(",\n".join(lines) + "\n]}\n")

HEAD = """# Columns of text against the answers of CPython and pandas (made by scripts/dev/make-frame-text-fixtures.py).
fixture = json.load("Tests/Fixtures/frames/texts.json")
cases = fixture["cases"]
data = fixture["data"]
t = frame({"t": data})["t"]
wrong = []

def check(n, got):
    answers = cases[n]["answer"]
    for row in range(len(data)):
        wanted = data[row] if answers[row] == "=" else answers[row]
        if got[row] != wanted:
            if len(wrong) < 20:
                print("case", n, cases[n]["script"], "of", repr(data[row]), "got", repr(got[row]), "wanted", repr(wanted))
            wrong.append(n)
            return

"""
with open(root / "Tests/Spec/frames/texts_against_python.as", "w") as file:
    file.write(HEAD)
    for number, one in enumerate(cases):
        file.write(f"check({number}, {one['script']})\n")
    file.write(f"print(len(cases), wrong)  # expect: {len(cases)} []\n")
print(len(cases), "cases")
