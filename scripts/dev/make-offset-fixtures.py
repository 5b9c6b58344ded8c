#!/usr/bin/env python3
"""Make Tests/Fixtures/offsets.json: what every token stands for, by the reference, for each family of
Tests/Fixtures/tokenizers.

    make-offset-fixtures.py [NUMBER [SEED [FILE]]]

For strings of the tokenizers' corpus (mixed with one another) the file has the characters of each token,
its word and, for pairs, its text; -1 stands for none.  With a NUMBER, as many strings are drawn, for a
longer comparison: OffsetTests reads the file named by ARENASCRIPT_OFFSETS.  Needs: tokenizers.
"""

import json
import os
import random
import sys

from tokenizers import Tokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
FIXTURES = os.path.join(HERE, "..", "..", "Tests", "Fixtures")
FAMILIES = [
    "bert-cased-small", "bert-uncased-small", "deberta-v3-small", "gemma-small", "llama2-small", "llama3-small",
    "mpnet-small", "nemo-small", "qwen2-small", "roberta-small", "t5-small", "xlmr-small",
]
ODD = [
    " ", "  ", "\n", "\u00e9", "e\u0301", "\u0301", "\u4e2d\u6587", "\u00df", "\u0130x", "\ufb01", "\u1e9b\u0323",
    "\U0001f469\u200d\U0001f467", "\u0000", "\u00ad", "\uff21", "\uac00\u11a8", "\u3164", "``", "\u2581", "\u2581a",
    "<eos>", " [MASK] ", "</s> ", "<|eot_id|>", "\u0f71\u0f72", "\u0344", "\u212b", "\u2126", "\u1100\u1161\u11a8",
    "\u3099", "\u304b\u3099", "\ufdfa", "\u2460", "\u00bd", "a\u0327\u0301", "q\u0307\u0323", "\U000e0101", "\u0e33",
]


def strings(number, seed):
    with open(os.path.join(FIXTURES, "tokenizers", "corpus.json"), encoding="utf-8") as file:
        corpus = [text for text in json.load(file) if len(text) < 100]
    rng = random.Random(seed)
    for n in range(number):
        kind = rng.randrange(4)
        if kind == 0:
            yield rng.choice(corpus)
        elif kind == 1:
            yield "".join(rng.choice(ODD) for _ in range(rng.randrange(1, 12)))
        elif kind == 2:
            text = rng.choice(corpus)
            at = rng.randrange(len(text) + 1)
            yield text[:at] + rng.choice(ODD) + text[at:]
        else:
            yield (rng.choice(corpus) + rng.choice(ODD) + rng.choice(corpus))[:80]


def main():
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 64
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1126
    path = sys.argv[3] if len(sys.argv) > 3 else os.path.join(FIXTURES, "offsets.json")
    texts = list(strings(number, seed))
    result = {"texts": texts, "families": {}}
    for family in FAMILIES:
        tokenizer = Tokenizer.from_file(os.path.join(FIXTURES, "tokenizers", family + ".json"))
        rows = []
        for i, text in enumerate(texts):
            # Every eighth is a pair with the string after it.
            pair = texts[(i + 1) % len(texts)] if i % 8 == 7 else None
            e = tokenizer.encode(text, pair, add_special_tokens=True)
            none = lambda x: -1 if x is None else x
            row = [[i, *o, none(w), none(s)] for i, o, w, s in zip(e.ids, e.offsets, e.word_ids, e.sequence_ids)]
            rows.append([n for token in row for n in token])
        result["families"][family] = rows
    with open(path, "w", encoding="utf-8") as file:
        json.dump(result, file, ensure_ascii=True, separators=(",", ":"))
        file.write("\n")
    print(f"{os.path.getsize(path)} bytes")


if __name__ == "__main__":
    main()
