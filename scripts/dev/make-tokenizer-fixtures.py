#!/usr/bin/env python3
"""Make Tests/Fixtures/tokenizers: small tokenizers of the known families, a corpus of hard strings, and
the reference's ids.

    make-tokenizer-fixtures.py [OUT_DIR]

`<name>.json` is a tokenizer.json; `corpus.json` a list of strings; `<name>.ids.json` holds, per
string, the ids without the tokens that the post-processor adds (`ids`) and those it puts around
them (`before`, `after`; the same for every string, which is checked here).  Special tokens inside
a string are parsed in both cases.  Needs: tokenizers (see requirements.txt).
"""

import json
import os
import random
import sys
import unicodedata

import tokenizer_families as families
import tokenizer_recipes as recipes
from demotext import CYRILLIC, EMOJI, HAN, KANA, Voice

SEED = 20240805
TEMPLATE = "<prompt>: {0}\n\n<response_a>: {1}\n\n<response_b>: {2}"
SPECIALS = [
    "<bos>", "<eos>", "<pad>", "<unk>", "<s>", "</s>", "<mask>", "<start_of_turn>",
    "<end_of_turn>", "<h1>", "</td>", "<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>",
    "<|start_header_id|>", "<|endoftext|>", "<|im_start|>", "<|im_end|>",
    "<|reserved_special_token_0|>", "<0x0A>", "<0xFF>", "\n\n", "\u2581\u2581", "\u2581",
]
WHITESPACE = [
    " ", "\t", "\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x1f", "\x85", "\xa0", "\u1680",
    "\u180e", "\u2000", "\u2003", "\u2009", "\u200a", "\u200b", "\u2028", "\u2029", "\u202f",
    "\u205f", "\u2060", "\u3000", "\ufeff",
]
CODE = [
    "def f(x):\n    return {'a': x[0], \"b\": [1, 2.5e-3]}\n",
    "if (a<b && c>=d || !e) { x += 1; /* note */ }",
    "#!/bin/sh\nset -eu\n\techo \"$@\" | sed 's/a/b/g'\n",
    "SELECT * FROM t WHERE id IN (1,2,3) AND name LIKE '%x%';",
    '<div class="a b">&nbsp;<br/></div>', "\\begin{equation} e^{i\\pi}+1=0 \\end{equation}",
    'let s: [String: Int?] = [:]\n\t\tguard let x = s["k"] else { return }',
    "0xDEADBEEF 0b1010 1_000_000 3.14159 1e-10 .5 5.", "C:\\Users\\name\\file.txt",
    "https://example.org/a/b?q=1&r=%20#frag", "user.name+tag@example.org", "a\\nb\\tc\\u00e9",
    "{{template}} ${var} %(name)s {0!r:>10}", "x = y if z else w  # why?",
    "    four\n        eight\n\ttab\n  \t mixed\n", "-----\n=====\n*****\n~~~~~\n",
    "|a|b|\n|---|---|\n|1|2|", "(((([[[[{{{{<<<<", "a->b->c::d..e...f", "!!!???!?!?...,,,;;;",
]


def by_script():
    """Letters, marks and digits grouped by the first word of their Unicode name: nearly a list by
    script."""
    groups = {}
    for code in [*range(0x80, 0x2FA20), *range(0xE0100, 0xE0110)]:
        name = unicodedata.name(chr(code), "")
        if name and not 0x3400 <= code <= 0x9FFF and not 0xAC00 <= code <= 0xD7A3:
            groups.setdefault(name.split()[0], []).append(chr(code))
    groups["HAN"] = [chr(code) for code in range(0x4E00, 0x9FFF, 37)]
    groups["HANGUL-SYLLABLES"] = [chr(code) for code in range(0xAC00, 0xD7A3, 29)]
    return {name: characters for name, characters in sorted(groups.items()) if len(characters) >= 3}


def contractions(rng):
    for ending in ("s", "t", "re", "ve", "m", "ll", "d"):
        for spelling in dict.fromkeys(
            (ending, ending.upper(), ending.capitalize(), ending[0] + ending[1:].upper())
        ):
            yield f"it'{spelling}"
            yield f"IT'{spelling} x'{spelling}y '{spelling}"
            yield f"a\u2019{spelling} 'n' ''{spelling} '{spelling}{spelling} 9'{spelling}"
    # Case folding: LONG S folds to s, KELVIN SIGN to k, dotless and dotted i to themselves;
    # ligatures to two letters.
    odds = "\u017f\u212a\u0131\u0130\ufb05\ufb06\u1e9e\u00df\u0149\ufb00\ufb02\u2c7e\uff33\uff53"
    for odd in odds + "\U0001d42c\u0455":
        yield f"it'{odd}"
        yield f"'{odd} a'{odd}b '{odd}{odd} '{odd.upper()}"
    yield "I'l 'l 'L 'lL'Ll 'r 'R 'v 'V 'rE'vE"


def shapes(rng):
    """Strings with one property each."""
    yield ""
    for character in WHITESPACE:
        yield from (
            character,
            character * 2,
            character * 3,
            f"a{character}b", f"a{character}{character}b", f"{character}a", f"a{character}",
            f" {character}a", f"{character} a", f"1{character}2", f"!{character}?",
            f"\n{character}\n",
        )
    for run in (2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 100):
        yield from (
            " " * run,
            "\n" * run,
            "\t" * run,
            "\r\n" * run,
            "a" + " " * run + "b",
            "a" + "\n" * run + "b",
            " " * run + "\n" + " " * run,
            "a" * run,
            "7" * run,
            "-" * run,
            "\u2581" * run,
            "x" + "\u2581" * run + " y",
            "\xa0" * run,
            "\u3042" * run,
        )
    for _ in range(60):
        yield "".join(
            rng.choices([" ", " ", "\n", "\t", "\r", "a", "B", "1", "."], k=rng.randint(2, 14))
        )
    for code in [
        *range(0, 32), 127, *range(0x80, 0xA0, 3), 0xAD, 0xD7FF, 0xE000, 0xF8FF, 0xFDD0, 0xFFFC,
        0xFFFD, 0xFFFE, 0xFFFF, 0x1FFFE, 0xE0001, 0xE0041, 0xF0000, 0x10FFFD, 0x10FFFF, 0x378,
        0x2FE0, 0x1FBFF, 0x323B0, 0x105C9, 0x16121, 0x11938, 0x1E030, 0x1F7FF,
    ]:
        yield chr(code)
        yield f"a{chr(code)}b {chr(code)}{chr(code)}"
    for digits in (
        "1", "12", "123", "1234", "12345", "123456", "1234567", "1,234,567.89", "1 2 3",
        "a1b22c333d4444", "\u0661\u0662\u0663\u0664", "\uff11\uff12\uff13\uff14",
        "\u00bd\u2155\u2167\u3007\u2460", "\u00b2\u00b3\u2074", "3rd 2nd", "\U0001d7d8\U0001d7d9",
        "12\u0303",
    ):
        yield digits


def normalization():
    """Composed and decomposed pairs, reordering of marks, exclusions, Hangul, recent
    compositions."""
    for text in (
        "\u00e9", "e\u0301", "\u1e69", "s\u0323\u0307", "s\u0307\u0323", "\u0344", "\u212b",
        "A\u030a", "\u1100\u1161\u11a8", "\uac01", "\uac00\u11a8", "\u1100\u1161", "\u0958",
        "\u0915\u093c", "\ufb1d", "\u2126", "\U0002f800x", "\u2adc", "\ufb01", "\u01c4",
        "a\u0315\u0300\u05ae\u0062", "\u0b47\u0b3e", "\U000110ba", "\U00011099\U000110ba",
        "\U0001d15e", "\u0041\u0327\u030a",
        "\u0061" + "\u0301" * 30,
        "q\u0307\u0323", "\u0300a", "e\u200d\u0301", "\u3099\u304b", "\u304b\u3099", "\u0385",
        "\u1f71", "\u2000", "\uf900", "\U0002f800", "\U00011935\U00011930", "\U000105d2\U00000307",
        "\u0340\u0341",
    ):
        yield text
        yield f"caf{text} {text}x don't"


def emoji():
    for text in (
        *EMOJI,
        "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "\U0001f1e9\U0001f1ea\U0001f1eb", "1\ufe0f\u20e3", "\u2764\ufe0f\u200d\U0001f525",
        "\u263a\ufe0e", "\U0001f9d1\U0001f3fd\u200d\U0001f91d\u200d\U0001f9d1\U0001f3ff",
        "\U0001fae8", "\u200d", "\ufe0f",
    ):
        yield from (text, f"ok {text}", f"{text}{text}no", f"a{text}\n\n{text}")


def specials(rng):
    for token in SPECIALS:
        yield from (
            token, f"a{token}b", f" {token} ", f"{token}{token}", f'say "{token}" now',
            token[:-1],
            token[1:],
            token.upper(),
            f"<{token}>",
            f"{token}\n\n{token} x",
        )
    for _ in range(120):
        yield "".join(
            (
                rng.choice(SPECIALS)
                if rng.random() < 0.4
                else rng.choice([" ", "a", "the ", "\n", "<", "|", ">", "<|", "\u2581", "4", "'s"])
            )
            for _ in range(rng.randint(2, 7))
        )
    yield from (
        "<<bos>", "<bos<bos>>", "<|begin_of_text|",
        "<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n",
        "<start_of_turn>user\nHi!<end_of_turn>\n<start_of_turn>model\n", "</s></s>\n", "<s> a",
        "<s>a </s> b",
    )


def scripts(rng):
    for characters in by_script().values():
        yield "".join(rng.choices(characters, k=rng.randint(3, 7)))
        yield " ".join(
            "".join(rng.choices(characters, k=rng.randint(1, 3))) for _ in range(2)
        ) + rng.choice([".", "1", "a", "\n"])


def noise(rng):
    """Random code points of every size of UTF-8, surrogates left out."""
    pools = [
        range(0x20, 0x7F), range(0xA0, 0x250), range(0x300, 0x370), range(0x370, 0x800),
        range(0x800, 0xD800), range(0xE000, 0x10000), range(0x10000, 0x110000),
        range(0x1F300, 0x1FA00),
    ]
    for _ in range(150):
        yield "".join(chr(rng.choice(rng.choice(pools))) for _ in range(rng.randint(1, 9)))
    for _ in range(80):
        yield "".join(
            rng.choice("aeiouAEIOUstrhn'S .,-0123456789\n") for _ in range(rng.randint(1, 40))
        )
    for _ in range(40):
        yield "".join(
            rng.choice(
                [
                    rng.choice(HAN),
                    rng.choice(KANA),
                    rng.choice(CYRILLIC),
                    rng.choice(EMOJI),
                    "word",
                    " ",
                    "7",
                ]
            )
            for _ in range(rng.randint(2, 12))
        )


def conversation(rng):
    voice = Voice(rng)
    for _ in range(60):
        yield voice.paragraph()[:160]
    for _ in range(20):
        yield TEMPLATE.format(voice.sentence("?"), voice.sentence(), voice.list_items(2))[:240]
    for piece in (
        "extraordinary", " extraordinary", " extraordinarys", "unreachable", " unreachable",
        "Zanzibar", " Zanzibar", "Zanzibar!", "a        b", "----------------", "-" * 17,
    ):
        yield piece


def long_ones(rng):
    yield from (
        "a" * 5000, " " * 5000, "\u2581" * 300, "\n" * 500, "ab" * 600, "the" * 300, "9" * 1000,
        "!" * 700, "\u4e00" * 300, "e\u0301" * 200, "\U0001f600" * 120,
    )
    yield "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=2000))
    yield "".join(rng.choices("etaoin", k=1500))
    yield " ".join("".join(rng.choices("etaoinshr", k=rng.randint(1, 30))) for _ in range(40))
    yield "the " * 200
    yield "It's " * 50 + "\r\n" * 20


def corpus():
    rng = random.Random(SEED)
    parts = (
        shapes(rng),
        contractions(rng),
        normalization(),
        emoji(),
        specials(rng),
        CODE,
        scripts(rng),
        noise(rng),
        conversation(rng),
        long_ones(rng),
    )
    return list(dict.fromkeys(text for part in parts for text in part))


def training_texts():
    voice = Voice(random.Random(SEED + 1))
    texts = [voice.paragraph() for _ in range(6000)]
    texts += [
        TEMPLATE.format(voice.sentence("?"), voice.paragraph(), voice.paragraph())
        for _ in range(500)
    ]
    return texts + CODE * 20


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    out = (
        sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "../../Tests/Fixtures/tokenizers")
    )
    os.makedirs(out, exist_ok=True)

    def write(name, value):
        with open(os.path.join(out, name), "w", encoding="utf-8", newline="") as file:
            json.dump(value, file, ensure_ascii=False, separators=(",", ":"))
            file.write("\n")

    strings, texts = corpus(), training_texts()
    assert len(strings) >= 1500, len(strings)
    write("corpus.json", strings)
    for name, recipe, size in (
        ("llama3-small", recipes.llama3, 3000),
        ("qwen2-small", recipes.qwen2, 3000),
        ("gemma-small", recipes.gemma, 4000),
        ("llama2-small", recipes.llama2, 3000),
        *((name, recipe, size) for name, (recipe, size) in families.FAMILIES.items()),
    ):
        description = recipe(texts, size)
        tokenizer = recipes.loaded(description)
        write(f"{name}.json", description)
        ids = [
            encoding.ids for encoding in tokenizer.encode_batch(strings, add_special_tokens=False)
        ]
        around = tokenizer.encode("", add_special_tokens=True).ids
        before = around if len(around) < 2 and name != "t5-small" else around[:-1]
        after = around[len(before) :]
        for text, plain in zip(strings, ids):
            assert tokenizer.encode(text, add_special_tokens=True).ids == before + plain + after, (
                name,
                text,
            )
        write(
            f"{name}.ids.json",
            {"tokenizer": f"{name}.json", "before": before, "after": after, "ids": ids},
        )
        print(
            f"{name}: {tokenizer.get_vocab_size()} tokens, "
            f"{len(description['model'].get('merges', []))} merges, "
            f"{sum(map(len, ids))} ids for {len(strings)} strings"
        )


if __name__ == "__main__":
    main()
