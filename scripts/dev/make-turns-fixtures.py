#!/usr/bin/env python3
"""Make Tests/Fixtures/turns: cells of turns with what CPython itself makes of them in three
readings.

    make-turns-fixtures.py [OUT_DIR]

cells.json is a list of groups {"kind", "cells", "json", "python", "split"}; the last three run
parallel to "cells".

json    json.loads(cell)
python  eval(cell, {"null": None})
split   cell.strip("[]").split('","'), then .strip('"') of each piece

A result is a list of strings and nulls; in the first two readings escaped surrogate pairs are
joined and lone surrogates become U+FFFD.  {"error": name} stands where CPython raises, {"error":
"shape"} where the value is no list of strings and nulls. "python" is the word "same" where it
equals "json".  Standard library only; expects CPython 3.11.
"""

import json
import os
import random
import sys
import warnings

from demorows import RowWriter, cell, repaired
from demotext import Voice

SEED = 20240610
PIECES = [
    "a", "word", " ", "  ", "é", "好", "😀", "\u200d", "/", "//", "'", "''", ",", "[", "]", "],[",
    "{", "}", ":", "null", "None", "#", "1", "\u2028", "\xa0", "\x7f", "\ufeff", "\u0301",
    "\ufffd", "`", "~", "$", "%s",
]
JSON_ESCAPES = [
    '\\"', "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t", "\\r\\n", "\\u0041", "\\u00e9",
    "\\u00E9", "\\u597d", "\\u0000", "\\u001f", "\\u2028", "\\uffff", "\\ufffd",
]
SURROGATES = [
    "\\ud83d", "\\ude00", "\\uD83D", "\\uDE00", "\\ud83d\\ude00", "\\uD83D\\uDE80",
    "\\udc00\\ud800", "\\ud800\\ud800\\udc00", "\\udbff\\udfff", "\\ud83d x", "\\ud83d\\u0041",
    "\\ud83d\\n\\ude00", "\\\\ud83d", "\\ud83d\\\\ude00", "\\ud83d\\/\\ude00",
]
PYTHON_ESCAPES = [
    "\\x41", "\\xe9", "\\xFF", "\\0", "\\7", "\\08", "\\101", "\\1012", "\\377", "\\400", "\\777",
    "\\a", "\\v", "\\'", "\\U0001F600", "\\U0000d83d", "\\U0000de00", "\\U0010ffff", "\\e", "\\d",
    "\\(", "\\[", "\\frac", "\\section", "\\ ", "\\é", "\\😀", "\\8", "\\9", "\\%", "\\.", "\\*",
    "\\_", "\\<", "\\$", "\\`", "\\\n",
]
BAD_ESCAPES = [
    "\\u12", "\\u", "\\uZZZZ", "\\u 041", "\\u+041", "\\u00g0", "\\x", "\\x4", "\\xg1",
    "\\U0011FFFF", "\\U0001F60", "\\N", "\\N{}", "\\N{NO SUCH NAME}", "\\uD83", "\\U110000",
]
RAW_CONTROLS = ["\n", "\r", "\r\n", "\t", "\x0b", "\x0c", "\x01", "\x1b", "\x1f", "\x00", "\x85"]


def literal(rng, pools, longest=6, quote='"'):
    """A quoted string of random pieces; pieces are written as they stand."""
    pieces = [rng.choice(rng.choice(pools)) for _ in range(rng.randint(0, longest))]
    return (
        quote
        + "".join(piece.replace(quote, "") if len(piece) == 1 else piece for piece in pieces)
        + quote
    )


def array(rng, strings):
    """Strings and nulls as an array, mostly with the plain separator."""
    parts = ["null" if rng.random() < 0.08 else string for string in strings]
    separator = rng.choice([","] * 8 + [", ", " , ", ",\n", ",\r\n", "\t,\t"])
    opening, closing = rng.choice(
        [("[", "]")] * 8 + [("[ ", " ]"), ("[\n", "\n]"), (" [", "] "), ("\n[", "]\n")]
    )
    return opening + separator.join(parts) + closing


def arrays(rng, count, *pools, turns=3):
    return [
        array(rng, [literal(rng, pools) for _ in range(rng.randint(1, turns))])
        for _ in range(count)
    ]


def arena(rng, count):
    """Cells as the demo's generator writes them, the shorter ones."""
    writer, found = RowWriter(rng, 0.0), []
    while len(found) < count:
        found += [text for text in (cell(rng, turns) for turns in writer.row()) if len(text) <= 260]
    return found[:count]


def long_cells(rng):
    voice = Voice(rng)
    found = [
        json.dumps([voice.paragraph() for _ in range(n)], ensure_ascii=n % 2 == 0)
        for n in range(1, 9)
    ]
    return found + [
        '["' + "a" * 3000 + '"]',
        '["' + "\\\\" * 1500 + '"]',
        '["' + "\\ud83d\\ude00" * 200 + '"]',
        "[" + ",".join(['""'] * 500) + "]",
        "[" + ",".join(["null"] * 300) + "]",
        '["' + "😀" * 500 + '"]',
        '["' + "\\n" * 1000 + '"]',
        '["' + '\\"' * 1000 + '"]',
    ]


def python_syntax(rng, count):
    """What only Python reads: other quotes, prefixes, adjacent literals, trailing commas,
    comments, None, tuples."""
    pools = (PIECES, JSON_ESCAPES, PYTHON_ESCAPES)
    found = [
        "['a', 'b']", '["it\'s", \'a "b"\']', "['a' 'b']", '["a" "b", "c"]', '["a"\n"b"]',
        '["\\ud83d" "\\ude00"]', "['''a\nb''']", '["""a"b""", "c"]', '["""a\r\nb"""]',
        "[u'a', U'b']", "[r'a\\nb', R'\\u0041']", "[b'a']", "[rb'a']", "['a',]", "['a',,]", "[,]",
        "[]", "[ ]", "()", "('a',)", "('a')", "'a'", "['a'] # note", "# note\n['a']",
        "['a', # note\n'b']", "[None]", "[None, 'a']", "[null,]", "[Null]", "[NULL]", "[true]",
        "[True]", "[1]", "[1.5, 'a']", "[-1]", "[['a']]", "[[]]", "[{}]", "['a' 'b' null]",
        "['a' null]", "[null 'a']", "[(null)]", "[('a')]", "[('a' 'b')]", "(['a'])", "['a'];",
        "['a'\\\n,'b']", "['a\\\nb']", "['a\\\r\nb']", "\\\n['a']", "\x0c['a']", "['a'\x0c]",
        "['a'\x0b]", "['a'\xa0]", "\ufeff['a']", "\xa0['a']", "\t['a']", " \n ['a']", "\n  ['a']",
        "['a']\x00", "['\x00']", "['\x1a']", "[\"a\",\n\n\n'b'\n]", "['''''']", "['''a'''b'']",
        '[""]', "['']", "['\"']", '["\'"]', "['\\'']", "['\\\\']", "['\\\\\\'']", "['\\']",
        "[ur'a']", "[br'a', 'b']", "['a' b'b']", "[u'a' r'\\b']", '["a"\'b\'"""c"""]',
    ]
    for _ in range(count - len(found)):
        quote = rng.choice(["'", "'", '"', "'''", '"""'])
        strings = [
            rng.choice(["", "", "", "u", "r", "R"]) + literal(rng, pools, quote=quote)
            for _ in range(rng.randint(1, 3))
        ]
        found.append(
            array(rng, strings)
            if rng.random() < 0.8
            else "[" + rng.choice([" ", "\n", ""]).join(strings) + rng.choice(["", ","]) + "]"
        )
    return found


# Past literals: a reader of literals may refuse these; CPython computes them.
EXPRESSIONS = [
    "[f'a']", "['a'][0]", "['a']+['b']", "['a'*2]", "['a', *['b']]", "['a' if 1 else 'b']",
    "['a']['b']", "[''.join(['a'])]", "[x for x in ['a']]", "['a' 'b'[0]]", "[not 'a']",
    "['a'] or ['b']", "['a' == 'a']", "[null or 'a']", "[(lambda: 'a')()]", "[str]", "[len('a')]",
    "['%s' % 'a']", "['{}'.format('a')]",
]
NAMED_CHARACTERS = [
    "['\\N{BULLET}']",
    "['\\N{latin small letter e with acute}x', 'y']",
    "['\\N{GREEK SMALL LETTER ALPHA}\\n']",
]


def broken(rng, count):
    """Cells with something lost, doubled or put in."""
    found = [
        "", " ", "[", "]", '["', '["]', '"', '"a"', "a", "null", "None", "{}", '{"a":"b"}', '["a"',
        '"a"]', '["a"]]', '[["a"]', '["a""b"]', '["a",]', '[,"a"]', '["a" null]', "[nul]",
        "[nulll]", '["a"] x', '["a"]["b"]', "NaN", "[NaN]", "[Infinity]", "[1e5]", "[01]",
        '["a":"b"]', '["a";"b"]', '\ufeff["a"]', '["a"]\ufeff', '["a\\"]', '["a\\\\"]', '["a\nb"]',
        '["a\rb"]', '["a\tb"]', '["a\x00b"]', '["a\x01b"]', '["a\x7fb"]', '["a\u2028b"]',
        '[\u00a0"a"]', '["a"\u3000]', "[“a”]", "[]", "[ ]", "[\n]", "[[]]", '["",""]',
        "[null,null]", '["null"]', "[null]", '["a",null,"b"]', '","', '[","]', '["\\",\\""]',
        '["],["]', '["a","","b"]', '["""]', '[["a","b"],["c"]]', '["]"]', '["["]', '["[a]"]',
        '["\\"a\\""]', '["a" , "b"]',
    ]
    whole = arrays(rng, count, PIECES, JSON_ESCAPES)
    for text in whole[: count - len(found)]:
        at = rng.randrange(len(text))
        action = rng.random()
        found.append(
            text[:at]
            if action < 0.25
            else (
                text[:at] + text[at + 1 :]
                if action < 0.55
                else (
                    text[:at]
                    + rng.choice(['"', "\\", "[", "]", ",", "n", "'", "\x00", "é"])
                    + text[at:]
                    if action < 0.9
                    else text[:at] + text[at] + text[at:]
                )
            )
        )
    return found


def shaped(read, text):
    """The value that `read` gives, in the form stored: turns repaired, or the error."""
    try:
        value = read(text)
    except Exception as error:  # whatever CPython raises is the reference's answer
        return {"error": type(error).__name__}
    if not isinstance(value, list) or not all(
        turn is None or isinstance(turn, str) for turn in value
    ):
        return {"error": "shape"}
    return [None if turn is None else repaired(turn) for turn in value]


def read_split(text):
    return [piece.strip('"') for piece in text.strip("[]").split('","')]


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    out = sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "../../Tests/Fixtures/turns")
    os.makedirs(out, exist_ok=True)
    warnings.simplefilter("ignore")  # unknown escapes warn, and stay as they are
    rng = random.Random(SEED)
    kinds = {
        "arena": arena(rng, 900),
        "long": long_cells(rng),
        "json_escapes": arrays(rng, 1200, PIECES, JSON_ESCAPES),
        "surrogates": arrays(rng, 900, PIECES, JSON_ESCAPES, SURROGATES, SURROGATES),
        "python_escapes": arrays(
            rng, 900, PIECES, JSON_ESCAPES, PYTHON_ESCAPES, PYTHON_ESCAPES, SURROGATES
        ),
        "bad_escapes": arrays(rng, 300, PIECES, PIECES, JSON_ESCAPES, BAD_ESCAPES, turns=1),
        "raw_controls": arrays(rng, 300, PIECES, PIECES, RAW_CONTROLS, turns=2),
        "python_syntax": python_syntax(rng, 700),
        "broken": broken(rng, 600),
        "python_expressions": EXPRESSIONS,
        "python_named_characters": NAMED_CHARACTERS,
    }
    groups, total, errors = [], 0, 0
    for kind, cells in kinds.items():
        cells = list(dict.fromkeys(cells))
        as_json = [shaped(json.loads, text) for text in cells]
        as_python = [
            shaped(lambda text: eval(text, {"null": None, "__builtins__": {}}), text)
            for text in cells
        ]
        groups.append(
            {
                "kind": kind,
                "cells": cells,
                "json": as_json,
                "python": ["same" if a == b else b for a, b in zip(as_json, as_python)],
                "split": [read_split(text) for text in cells],
            }
        )
        raised = [
            sum(isinstance(result, dict) for result in results) for results in (as_json, as_python)
        ]
        print(f"{kind:15s} {len(cells):5d} cells, errors: json {raised[0]}, python {raised[1]}")
        total += len(cells)
    assert total >= 5000, total
    with open(os.path.join(out, "cells.json"), "w", encoding="utf-8", newline="") as file:
        json.dump(groups, file, ensure_ascii=False, separators=(",", ":"))
        file.write("\n")
    print(total, "cells,", os.path.getsize(os.path.join(out, "cells.json")), "bytes")


if __name__ == "__main__":
    main()
