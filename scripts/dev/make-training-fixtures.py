#!/usr/bin/env python3
"""Make Tests/Fixtures/tokenizers/training.json: vocabularies that tokenizers' trainers make of the fixtures' corpus.

    make-training-fixtures.py [OUT_FILE]

One entry a case: {"model", "settings" as train_tokenizer takes them, "vocab", "merges" or "scores"}; WordPiece and
Unigram are trained on the printable texts without "<" and with characters below U+0250 only (the reference panics at some others).  The trainer of
WordPiece numbers the pieces that continue a word in the order of a hash table, which changes from run to run and
decides between pairs of equal count: the script trains five times and keeps what all five have, "vocab", and what any
has, "any".  Needs tokenizers 0.23.3.
"""

import json
import os
import sys

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.abspath(os.path.join(HERE, "../../Tests/Fixtures/tokenizers"))
BERT = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def train(texts, model, normalizer, pre_tokenizer, trainer):
    tokenizer = Tokenizer(model)
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.train_from_iterator(texts, trainer)
    return json.loads(tokenizer.to_str())["model"]


def bpe(texts, settings):
    model = train(
        texts, models.BPE(), None, pre_tokenizers.ByteLevel(add_prefix_space=False),
        trainers.BpeTrainer(
            special_tokens=["<|endoftext|>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False, **settings))
    ordered = sorted(model["vocab"], key=model["vocab"].get)
    return {"vocab": ordered, "merges": [list(pair) for pair in model["merges"]]}


def wordpiece(texts, settings):
    runs = [
        set(train(
            texts, models.WordPiece(unk_token="[UNK]"), normalizers.BertNormalizer(),
            pre_tokenizers.BertPreTokenizer(),
            trainers.WordPieceTrainer(special_tokens=BERT, show_progress=False, **settings))["vocab"])
        for _ in range(5)
    ]
    return {"vocab": sorted(set.intersection(*runs)), "any": sorted(set.union(*runs))}


def unigram(texts, settings):
    vocabulary = train(
        texts, models.Unigram(),
        normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]),
        pre_tokenizers.Metaspace(),
        trainers.UnigramTrainer(
            special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False, **settings))["vocab"]
    return {"vocab": [token for token, _ in vocabulary], "scores": [score for _, score in vocabulary]}


CASES = [
    ("bpe", bpe, {"vocab_size": 700}),
    ("bpe", bpe, {"vocab_size": 2000, "min_frequency": 3}),
    ("bpe", bpe, {"vocab_size": 600, "max_token_length": 5}),
    ("wordpiece", wordpiece, {"vocab_size": 4000, "min_frequency": 4}),
    ("wordpiece", wordpiece, {"vocab_size": 200, "limit_alphabet": 60}),
    ("unigram", unigram, {"vocab_size": 1000}),
    ("unigram", unigram, {"vocab_size": 6000}),  # nothing is left out
]


def main():
    with open(os.path.join(FOLDER, "corpus.json"), encoding="utf-8") as file:
        texts = json.load(file)
    latin = [text for text in texts if text.isprintable() and "<" not in text and all(ord(c) < 0x250 for c in text)]
    cases = [{"model": name, "settings": settings, **make(texts if name == "bpe" else latin, settings)}
             for name, make, settings in CASES]
    out = sys.argv[1] if len(sys.argv) > 1 else os.path.join(FOLDER, "training.json")
    with open(out, "w", encoding="utf-8") as file:
        json.dump(cases, file, ensure_ascii=False, separators=(",", ":"))
        file.write("\n")
    for case in cases:
        print(case["model"], case["settings"], len(case["vocab"]), len(case.get("any", [])))


if __name__ == "__main__":
    main()
