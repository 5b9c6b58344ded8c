#!/usr/bin/env python3
"""Cases of json, re, math and random with CPython's answers.

    make-library-fixtures.py [--count N] [--seed S] OUT_FILE

The committed file Tests/Fixtures/library/cases.json is made with the defaults; a larger count gives
a file to check against in bulk: Tests/Spec/library/fixtures.as reads either (ARENA_LIBRARY_CASES
names another file).  Needs: Python 3.11, nothing else.
"""

import argparse
import json
import math
import random
import re
import sys
import warnings

warnings.simplefilter("ignore")

ATOMS = [
    "a", "b", "c", "x", "1", "_", " ", ".", "é", "ß", "İ", "ſ", "K", "中", "😀", r"\d", r"\w",
    r"\s", r"\D", r"\W", r"\S", r"\b", r"\B", r"\A", r"\Z", "^", "$", "[abc]", "[^abc]", "[a-c1]",
    r"[\w-]", r"[^\s]", r"[\d\s]", r"[^\W\d]", "[]a]", "[^]a]", "[é-ü]", "[a-zé]", "[[:alpha:]]",
    r"\n", r"\t", r"\x41", r"\u00e9", r"\.", r"\-", r"[\b]", "(?:ab|c)", "(a)", "(b|c)", "(?P<n>a)",
    "(a)?", "(?=a)", "(?!b)", "(?<=a)", "(?<!b)", "(?<=[ab])", r"(a|b)\1", "(?P<m>b)(?P=m)",
    "(a)?(?(1)b|c)", "(?i:aB)", "(?-i:a)", "(?s:.)", "(?>a+)", "(?#note)", "{", "}", "a{", "{,2}",
    "ab", "the", "i", "I", "s", "k", r"\012", r"\0", "[\\S\\d]", "(?m:^)", "(?m:$)", "(?a:\\w)", "(?u:\\w)",
]
QUANTIFIERS = ["", "", "", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{,2}", "{1,}?", "*+", "++", "?+", "{,}"]
TEXTS = [
    "", "a", "abc", "aab bab", "The cat\nabc\n", "x1_ é ß İıſK中😀", "aaa", "\n", "a\nb\n\n", "AbC aBc",
    "[:alpha:] {,2} a{ b}", "1 22 333", " \t\x1c\x85\u2003\u180e\u200b", "éÉüÜ", "abab", "K\u212a k s\u017f S",
    "a-b.c", "\x08\x00\n", "iI\u0130\u0131", "٣४ ²½ Ⅷ", "a\u0301 e\u0301", "word_word word-word", "cab bac aca",
]


def pattern(r):
    parts = []
    for _ in range(r.randint(1, 4)):
        atom = r.choice(ATOMS)
        parts.append(atom + r.choice(QUANTIFIERS))
        if r.random() < 0.1:
            parts.append("|")
    text = "".join(parts)
    if r.random() < 0.15:
        text = "(" + text + ")" + r.choice(["", "*", "+", "?", "{2}"])
    if r.random() < 0.05:
        text = r.choice(["(?i)", "(?s)", "(?m)", "(?a)", "(?x)"]) + text
    return text


def flags(r):
    return r.choice([0, 0, 0, re.I, re.M, re.S, re.A, re.X, re.I | re.A, re.M | re.S, re.I | re.M]) + 0


def groups(m):
    return None if m is None else [list(m.span(i)) for i in range(m.re.groups + 1)]


def regex_case(r):
    p, f, t = pattern(r), int(flags(r)), r.choice(TEXTS)
    kind = r.choice(["search", "match", "fullmatch", "findall", "split", "sub", "subn", "spans", "last", "region"])
    case = {"p": p, "f": f, "t": t, "k": kind}
    try:
        c = re.compile(p, f)
    except (re.error, OverflowError, ValueError) as e:
        return dict(case, bad=str(e.msg) if isinstance(e, re.error) else str(e))
    if kind in ("search", "match", "fullmatch"):
        case["e"] = groups(getattr(c, kind)(t))
    elif kind == "findall":
        case["e"] = c.findall(t)
    elif kind == "split":
        case["n"] = r.choice([0, 0, 1, 2, -1])
        case["e"] = c.split(t, case["n"])
    elif kind in ("sub", "subn"):
        case["r"] = r.choice(["-", r"<\g<0>>", "", r"\\n", r"\n", "é"] + ([r"[\1]"] if c.groups else []))
        case["n"] = r.choice([0, 0, 1, 2])
        case["e"] = getattr(c, kind)(case["r"], t, case["n"])
    elif kind == "spans":
        case["e"] = [groups(m) for m in c.finditer(t)]
    elif kind == "last":
        m = c.search(t)
        case["e"] = None if m is None else [m.lastindex, m.lastgroup, m.groupdict()]
    else:
        a, b = sorted([r.randint(0, len(t)), r.randint(0, len(t) + 2)])
        case["a"], case["b"] = a, b
        case["e"] = groups(c.search(t, a, b))
    return case


STRINGS = ["", "a", "é", "😀", "\"", "\\", "/", "\n\r\t\b\f", "\x00\x1f\x7f", "\u2028", "a\u0301", "key"]


def json_value(r, depth=0):
    k = r.randint(0, 9 if depth < 4 else 6)
    if k == 0: return None
    if k == 1: return r.choice([True, False])
    if k == 2: return r.choice([0, -1, 7, 2**53, -2**63, 2**63 - 1, r.randint(-10**6, 10**6)])
    if k == 3: return r.choice([0.0, -0.0, 1.5, 1e16, 1e-7, 1e22, 123456789012345680.0, 5e-324, 1.7976931348623157e308, r.uniform(-1e3, 1e3), r.random() * 10.0 ** r.randint(-20, 20)])
    if k <= 6: return r.choice(STRINGS) + r.choice(STRINGS)
    if k == 7: return [json_value(r, depth + 1) for _ in range(r.randint(0, 4))]
    return {r.choice(STRINGS) + str(i % 3 or ""): json_value(r, depth + 1) for i in range(r.randint(0, 4))}


def json_case(r):
    if r.random() < 0.35:
        v = json_value(r)
        text = json.dumps(v, ensure_ascii=r.random() < 0.5, indent=r.choice([None, 1]))
        for _ in range(r.choice([0, 1, 1, 2])):
            if text:
                i = r.randrange(len(text))
                text = text[:i] + r.choice(["", ",", "]", "}", "\"", "0", "-", ".", "e", "NaN", "\\", "\\u12", "\t", " ", "tru", "Infinity", "{", "["]) + text[i + r.randint(0, 1):]
        try:
            value = json.loads(text)
            # What Python keeps as lone surrogates is U+FFFD here; integers stay within 64 bits.
            shown = json.dumps(value, sort_keys=True)
            if "\\ud" in shown.lower() and any(0xD800 <= ord(c) < 0xE000 for c in json.dumps(value, ensure_ascii=False)):
                return json_case(r)
            if any(len(n) > 18 for n in re.findall(r"\d+", shown)):
                return json_case(r)
            return {"k": "loads", "t": text, "e": shown}
        except ValueError as e:
            return {"k": "loads", "t": text, "bad": str(e)}
    v = json_value(r)
    o = {"indent": r.choice([None, None, 0, 2, "\t"]), "sort_keys": r.random() < 0.4, "ensure_ascii": r.random() < 0.5}
    s = r.choice([None, None, [",", ":"], [" , ", " = "]])
    return {"k": "dumps", "v": v, "o": o, "s": s, "e": json.dumps(v, separators=None if s is None else tuple(s), **o)}


MATH = [
    "acos", "acosh", "asin", "asinh", "atan", "atanh", "cbrt", "cos", "cosh", "degrees", "erf", "erfc", "exp", "exp2", "expm1",
    "fabs", "gamma", "lgamma", "log", "log10", "log1p", "log2", "radians", "sin", "sinh", "sqrt", "tan", "tanh",
    "ceil", "floor", "trunc", "isnan", "isinf", "isfinite",
]
MATH2 = ["atan2", "copysign", "fmod", "hypot", "log", "pow", "remainder", "gcd", "lcm", "comb", "perm"]
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.5, 1e-300, 1e300, 1e16, 5e-324, 23.0, 171.5, -3.5, 1e-20, 3, -7, 10, 0, 1, 12]


def math_case(r):
    def x():
        return r.choice([r.choice(SPECIAL), r.uniform(-10, 10), r.gauss(0, 1), r.random() * 10.0 ** r.randint(-10, 10)])
    k = r.random()
    if k < 0.55:
        name, args = r.choice(MATH), [x()]
    elif k < 0.85:
        name = r.choice(MATH2)
        args = [r.randint(0, 60), r.randint(0, 12)] if name in ("gcd", "lcm", "comb", "perm") else [x(), x()]
    elif k < 0.95:
        name, args = r.choice(["fsum", "prod"]), [[x() for _ in range(r.randint(0, 12))]]
    else:
        n = r.randint(1, 5)
        name, args = "dist", [[x() for _ in range(n)], [x() for _ in range(n)]]
    case = {"k": name, "a": args}
    try:
        e = getattr(math, name)(*args)
        if isinstance(e, int) and not isinstance(e, bool) and abs(e) >= 2**63:
            raise OverflowError
        return dict(case, e=e)
    except (ValueError, OverflowError, ZeroDivisionError) as error:
        return dict(case, bad=type(error).__name__)


def random_case(r):
    seed = r.choice([0, 1, 42, -5, 2**31, 2**32, 2**40 + 3, 2**62, "seed", "", "é😀", "x" * 200, r.randint(-2**62, 2**62)])
    g = random.Random(seed)
    draws = []
    for _ in range(6):
        k = r.choice(["random", "uniform", "randint", "randrange", "choice", "choices", "weighted", "sample", "shuffle", "gauss", "normalvariate", "expovariate", "getrandbits", "betavariate", "gammavariate", "triangular"])
        n = r.choice([1, 2, 3, 7, 30, 100, 1000])
        a = {
            "random": [], "uniform": [-2.5, n], "randint": [-n, n * 10**9], "randrange": [n, n * 3 + 1, r.choice([1, 2, 3])],
            "choice": [n], "choices": [n, 5], "weighted": [[r.randint(0, 9) for _ in range(n)] + [1], 4], "sample": [n, r.randint(0, n)],
            "shuffle": [n], "gauss": [1.5, 2.0], "normalvariate": [0.0, 1.0], "expovariate": [0.5], "getrandbits": [r.choice([0, 1, 31, 32, 33, 63])],
            "betavariate": [2.0, 0.5], "gammavariate": [r.choice([0.5, 1.0, 3.0]), 2.0], "triangular": [0.0, 10.0, 3.0],
        }[k]
        if k == "choice": e = g.choice(range(a[0]))
        elif k == "choices": e = g.choices(range(a[0]), k=a[1])
        elif k == "weighted": e = g.choices(range(len(a[0])), a[0], k=a[1])
        elif k == "sample": e = g.sample(range(a[0]), a[1])
        elif k == "shuffle":
            e = list(range(a[0]))
            g.shuffle(e)
        else: e = getattr(g, k)(*a)
        draws.append({"k": k, "a": a, "e": e})
    return {"seed": seed, "draws": draws}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=150)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("out")
    options = parser.parse_args()
    r = random.Random(options.seed)
    made = {
        "re": [regex_case(r) for _ in range(options.count * 4)],
        "json": [json_case(r) for _ in range(options.count)],
        "math": [math_case(r) for _ in range(options.count * 2)],
        "random": [random_case(r) for _ in range(options.count // 5)],
    }
    # What is refused is kept apart: a script cannot go on behind an error.
    good = {k: [c for c in v if "bad" not in c] for k, v in made.items()}
    bad = {k: [c for c in v if "bad" in c] for k, v in made.items()}
    with open(options.out, "w", encoding="utf-8") as file:
        file.write("{\n")
        for i, (name, part) in enumerate([("good", good), ("bad", bad)]):
            file.write(f' "{name}": {{\n')
            for j, (k, cases) in enumerate(part.items()):
                rows = ",\n".join("   " + json.dumps(c, ensure_ascii=True) for c in cases)
                file.write(f'  "{k}": [\n{rows}\n  ]{"," if j < 3 else ""}\n')
            file.write(" }" + ("," if i == 0 else "") + "\n")
        file.write("}\n")
    print({k: (len(good[k]), len(bad[k])) for k in made})


if __name__ == "__main__":
    main()
