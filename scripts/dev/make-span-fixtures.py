#!/usr/bin/env python3
"""Make Tests/Fixtures/spans and spans-llama: a tiny BERT and a tiny Llama with a span head, and the answers of
transformers' question-answering pipeline over contexts longer than a window.

    make-span-fixtures.py [OUT_DIR]

Tokenizers are bert-uncased-small.json and llama3-small.json of Tests/Fixtures/tokenizers; the question stands before the
context (padding on the right). expected.json has one entry a case:
{"question", "context", "max_length", "stride", "max_answer_tokens", "answer", "start", "end",
"probability", "windows"}; fp32, tokens not aligned to words. The script checks that windows matter: some best
answer begins behind the first window, and some probability is the sum of two windows'. The pipeline left
transformers with version 5: needs transformers 4.57.1, torch 2.15.0 (Python 3.11).
"""

import json
import os
import sys

import torch
from transformers import (
    BertConfig, BertForQuestionAnswering, LlamaConfig, LlamaForQuestionAnswering, PreTrainedTokenizerFast, pipeline,
)

SEED = 20261129
HERE = os.path.dirname(os.path.abspath(__file__))
FIXTURES = os.path.abspath(os.path.join(HERE, "../../Tests/Fixtures"))
SETTINGS = [(48, 16, 8), (64, 32, 15), (40, 5, 3), (128, 64, 15)]  # max_length, stride, longest answer
QUESTIONS = ["What is it?", "Who wrote the first letter, and when?", "how many"]
CONTEXTS = 4


BERT = dict(cls_token="[CLS]", sep_token="[SEP]", pad_token="[PAD]", unk_token="[UNK]")
LLAMA = dict(bos_token="<|begin_of_text|>", eos_token="<|end_of_text|>", pad_token="<|end_of_text|>")
FAMILIES = {
    "spans": ("bert-uncased-small", BERT, lambda: BertForQuestionAnswering(BertConfig(
        vocab_size=1600, hidden_size=32, intermediate_size=40, num_hidden_layers=2,
        num_attention_heads=4, max_position_embeddings=128))),
    "spans-llama": ("llama3-small", LLAMA, lambda: LlamaForQuestionAnswering(LlamaConfig(
        vocab_size=3100, hidden_size=32, intermediate_size=40, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=128, bos_token_id=3004,
        eos_token_id=3005))),
}


def made(make):
    generator = torch.Generator().manual_seed(SEED)
    model = make()
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if "norm" in name.lower() and name.endswith("weight"):
            parameter.data = noise * 0.2 + 1
        elif parameter.dim() == 1:
            parameter.data = noise * 0.3
        elif "embed" in name:
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


def write(out, tokenizer, tokens, make):
    os.makedirs(out, exist_ok=True)
    whole = made(make)
    whole.save_pretrained(out)
    # Angles were made 16 bits wide with the weights.
    whole = type(whole).from_pretrained(out, dtype=torch.float32).eval()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=os.path.join(FIXTURES, f"tokenizers/{tokenizer}.json"), model_max_length=128,
        padding_side="right", **tokens)
    ask = pipeline("question-answering", model=whole, tokenizer=tokenizer, device="cpu")
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
        print(case["windows"], case["start"], case["probability"], repr(case["answer"]))


def main():
    root = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else FIXTURES)
    for name, (tokenizer, tokens, make) in FAMILIES.items():
        write(os.path.join(root, name), tokenizer, tokens, make)


if __name__ == "__main__":
    main()
