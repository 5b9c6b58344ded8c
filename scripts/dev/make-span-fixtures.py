#!/usr/bin/env python3
"""Make Tests/Fixtures/spans: a tiny BERT with a span head and the answers of transformers' question-answering
pipeline over contexts longer than a window.

    make-span-fixtures.py [OUT_DIR]

The tokenizer is Tests/Fixtures/tokenizers/bert-uncased-small.json. expected.json has one entry a case:
{"question", "context", "max_length", "stride", "max_answer_tokens", "answer", "start", "end",
"probability", "windows"}; fp32, tokens not aligned to words. The script checks that windows matter: some best
answer begins behind the first window, and some probability is the sum of two windows'. The pipeline left
transformers with version 5: needs transformers 4.57.1, torch 2.15.0 (Python 3.11).
"""

import json
import os
import sys

import torch
from transformers import BertConfig, BertForQuestionAnswering, PreTrainedTokenizerFast, pipeline

SEED = 20261129
HERE = os.path.dirname(os.path.abspath(__file__))
FIXTURES = os.path.abspath(os.path.join(HERE, "../../Tests/Fixtures"))
SETTINGS = [(48, 16, 8), (64, 32, 15), (40, 5, 3), (128, 64, 15)]  # max_length, stride, longest answer
QUESTIONS = ["What is it?", "Who wrote the first letter, and when?", "how many"]
CONTEXTS = 4


def model():
    generator = torch.Generator().manual_seed(SEED)
    model = BertForQuestionAnswering(BertConfig(
        vocab_size=1600, hidden_size=32, intermediate_size=40, num_hidden_layers=2,
        num_attention_heads=4, max_position_embeddings=128))
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if "norm" in name.lower() and name.endswith("weight"):
            parameter.data = noise * 0.2 + 1
        elif parameter.dim() == 1:
            parameter.data = noise * 0.3
        elif "embeddings" in name:
            parameter.data = noise * 0.6
        else:
            parameter.data = noise * parameter.shape[1] ** -0.5 * 2
    return model.half().eval()


def contexts():
    with open(os.path.join(FIXTURES, "tokenizers/corpus.json"), encoding="utf-8") as file:
        texts = [text for text in json.load(file) if len(text.split()) > 12 and text.isprintable()]
    longest = sorted(texts, key=len)[-3 * CONTEXTS :]
    joined = [" ".join(longest[3 * i : 3 * i + 3])[:700] for i in range(CONTEXTS)]
    # The same sentence again and again: overlapping windows find it more than once.
    return joined + ["one small step. " * 30, "short"]


def main():
    out = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(FIXTURES, "spans"))
    os.makedirs(out, exist_ok=True)
    whole = model()
    whole.save_pretrained(out)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=os.path.join(FIXTURES, "tokenizers/bert-uncased-small.json"),
        cls_token="[CLS]", sep_token="[SEP]", pad_token="[PAD]", unk_token="[UNK]",
        model_max_length=128)
    ask = pipeline("question-answering", model=whole.float(), tokenizer=tokenizer, device="cpu")
    cases = []
    for i, context in enumerate(contexts()):
        for j, (length, stride, longest) in enumerate(SETTINGS):
            question = QUESTIONS[(i + j) % len(QUESTIONS)]
            given = dict(
                question=question, context=context, max_seq_len=length, doc_stride=stride,
                max_answer_len=longest, align_to_words=False)
            found = ask(**given)
            windows = len(tokenizer(
                question, context, truncation="only_second", max_length=length, stride=stride,
                return_overflowing_tokens=True)["input_ids"])
            cases.append({
                "question": question, "context": context, "max_length": length, "stride": stride,
                "max_answer_tokens": longest, "answer": found["answer"], "start": found["start"],
                "end": found["end"], "probability": found["score"], "windows": windows})
    assert sum(case["windows"] > 1 for case in cases) > 10
    assert sum(case["start"] > 150 for case in cases) > 5
    with open(os.path.join(out, "expected.json"), "w", encoding="utf-8") as file:
        json.dump(cases, file, separators=(",", ":"))
        file.write("\n")
    for case in cases:
        print(case["windows"], case["start"], case["probability"], case["answer"])


if __name__ == "__main__":
    main()
