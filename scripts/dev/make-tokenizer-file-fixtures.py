#!/usr/bin/env python3
"""Make Tests/Fixtures/tokenizer-files: small tokenizers in the formats beside tokenizer.json, with the ids
that the readers of those formats give.

    make-tokenizer-file-fixtures.py [OUT_DIR]

`ids.json` holds the texts and, per folder, the ids without special tokens around them: of transformers for
vocab.txt and merges.txt, of sentencepiece for .model files, of the tokenizers library for tekken.json.
Run after make-tokenizer-fixtures.py. Needs: tokenizers, transformers, sentencepiece (see requirements.txt).
"""

import base64
import contextlib
import importlib.util
import json
import os
import sys

import sentencepiece
import tokenizer_families as families
from tokenizers import Tokenizer, pre_tokenizers
from transformers import BertTokenizer, GPT2Tokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
spec = importlib.util.spec_from_file_location("fixtures", HERE + "/make-tokenizer-fixtures.py")
fixtures = importlib.util.module_from_spec(spec)
spec.loader.exec_module(fixtures)


def main():
    out = sys.argv[1] if len(sys.argv) > 1 else HERE + "/../../Tests/Fixtures/tokenizer-files"
    small = HERE + "/../../Tests/Fixtures/tokenizers/"
    texts = [t for t in fixtures.corpus()[::7] if len(t) < 300 and not any(s in t for s in ("<unk>", "<s>", "</s>", "<|endoftext|>"))]
    result = {"texts": texts}

    def write(folder, name, content):
        os.makedirs(f"{out}/{folder}", exist_ok=True)
        with open(f"{out}/{folder}/{name}", "w", encoding="utf-8", newline="") as file:
            file.write(content if isinstance(content, str) else json.dumps(content, ensure_ascii=False) + "\n")

    def model(name):
        with open(f"{small}{name}-small.json", encoding="utf-8") as file:
            return json.load(file)

    vocabulary = model("bert-uncased")["model"]["vocab"]
    for folder, config in (
        ("bert", {"do_lower_case": True}),
        ("bert-accents", {"do_lower_case": False, "strip_accents": True, "tokenize_chinese_chars": False}),
    ):
        write(folder, "vocab.txt", "\n".join(sorted(vocabulary, key=vocabulary.get)) + "\n")
        write(folder, "tokenizer_config.json", {"tokenizer_class": "BertTokenizer", **config})
        reference = BertTokenizer.from_pretrained(f"{out}/{folder}")
        result[folder] = [reference(t, add_special_tokens=False)["input_ids"] for t in texts]
    roberta = model("roberta")["model"]
    write("gpt2", "vocab.json", roberta["vocab"])
    write("gpt2", "merges.txt", "#version: 0.2\n" + "".join(f"{m if isinstance(m, str) else ' '.join(m)}\n" for m in roberta["merges"]))
    write("gpt2", "tokenizer_config.json", {"tokenizer_class": "GPT2Tokenizer", "add_prefix_space": True})
    reference = GPT2Tokenizer.from_pretrained(f"{out}/gpt2")
    result["gpt2"] = [reference(t, add_special_tokens=False)["input_ids"] for t in texts]

    # tekken: the bytes of the family's small vocabulary, ranks behind the special tokens
    nemo = Tokenizer.from_file(f"{small}nemo-small.json")
    byte_of = {c: b for b, c in zip(range(256), byte_alphabet())}
    tokens = sorted(((i, t) for t, i in nemo.get_vocab(with_added_tokens=False).items() if i >= 5))
    tokens = [bytes(byte_of[c] for c in t) for _, t in tokens]
    special = 20
    reference_vocabulary = [
        {"rank": rank, "token_bytes": base64.b64encode(t).decode(), "token_str": None} for rank, t in enumerate(tokens)
    ]
    write("tekken", "tekken.json", {
        "config": {"pattern": families.TEKKEN, "num_vocab_tokens": len(tokens), "version": "v3",
                   "default_vocab_size": len(tokens) + special, "default_num_special_tokens": special},
        "vocab": reference_vocabulary})
    result["tekken"] = [tiktoken(nemo, tokens, t, special) for t in texts]

    os.makedirs(f"{out}/sentencepiece-bpe", exist_ok=True)
    os.makedirs(f"{out}/sentencepiece-unigram", exist_ok=True)
    lines = [line for t in fixtures.training_texts() for line in t.split("\n") if line]
    common = dict(sentence_iterator=iter(lines), vocab_size=1000, character_coverage=0.995, num_threads=1,
                  normalization_rule_name="identity", minloglevel=2)
    # A model holds the prefix it was trained to: the folder's own path is nobody's business.
    with contextlib.chdir(f"{out}/sentencepiece-bpe"):
        sentencepiece.SentencePieceTrainer.train(
            model_prefix="tokenizer", model_type="bpe", byte_fallback=True, split_digits=True,
            allow_whitespace_only_pieces=True, remove_extra_whitespaces=False, **common)
    with contextlib.chdir(f"{out}/sentencepiece-unigram"):
        sentencepiece.SentencePieceTrainer.train(
            model_prefix="spiece", model_type="unigram", **dict(common, sentence_iterator=iter(lines)))
    for folder, name in (("sentencepiece-bpe", "tokenizer"), ("sentencepiece-unigram", "spiece")):
        os.remove(f"{out}/{folder}/{name}.vocab")
        processor = sentencepiece.SentencePieceProcessor(model_file=f"{out}/{folder}/{name}.model")
        result[folder] = [processor.encode(t) for t in texts]
    write("", "ids.json", result)
    print({k: len(v) for k, v in result.items()})


def byte_alphabet():
    """GPT-2's character of each byte."""
    return [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False).pre_tokenize_str(c)[0][0]
            if b < 128 else None for b, c in enumerate(map(chr, range(128)))] + [
        c for b in range(128, 256) for c in [alphabet_of(b)]]


def alphabet_of(byte):
    table = list(range(0x21, 0x7F)) + list(range(0xA1, 0xAD)) + list(range(0xAE, 0x100))
    if byte in table:
        return chr(byte)
    return chr(256 + [b for b in range(256) if b not in table].index(byte))


def tiktoken(tokenizer, tokens, text, special):
    """Byte-pair merging by the ranks of the tokens themselves, over the pieces of the pattern."""
    ranks = {t: i for i, t in enumerate(tokens)}
    split, ids = pre_tokenizers.Split(families.Regex(families.TEKKEN), "isolated"), []
    for piece, _ in split.pre_tokenize_str(text):
        data = piece.encode()
        parts = [data] if data in ranks else [data[i : i + 1] for i in range(len(data))]
        while len(parts) > 1:
            best = min(((ranks.get(a + b, 1 << 30), i) for i, (a, b) in enumerate(zip(parts, parts[1:]))))
            if best[0] == 1 << 30:
                break
            parts[best[1] : best[1] + 2] = [parts[best[1]] + parts[best[1] + 1]]
        ids += [ranks[part] + special for part in parts]
    return ids


if __name__ == "__main__":
    main()
