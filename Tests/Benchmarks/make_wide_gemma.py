#!/usr/bin/env python3
"""Make a two-layer Gemma-2 classifier of real width (that of the 2B model) with random weights,
for benchmarks.

    make_wide_gemma.py OUT_DIR [--layers 2] [--dtype bfloat16|float32] [--tokenizer DIR]

About 165 million parameters (0.3 GB in bf16).  The tokenizer files are copied from the demo's
model, whose vocabulary it shares, so the demo's rows run through it.  Packages:
scripts/dev/requirements.txt.
"""

import argparse
import os
import shutil

import torch
from transformers import Gemma2Config, Gemma2ForSequenceClassification

SEED = 20240601
LABELS = ["winner_model_a", "winner_model_b", "winner_tie"]


def main():
    demo = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../Resources/demo/model")
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out")
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--dtype", default="bfloat16", choices=["bfloat16", "float32"])
    parser.add_argument("--tokenizer", default=demo)
    options = parser.parse_args()
    torch.manual_seed(SEED)
    config = Gemma2Config(
        vocab_size=4000,
        hidden_size=2304,
        intermediate_size=9216,
        num_hidden_layers=options.layers,
        num_attention_heads=8,
        num_key_value_heads=4,
        head_dim=256,
        query_pre_attn_scalar=256,
        sliding_window=4096,
        max_position_embeddings=8192,
        id2label=dict(enumerate(LABELS)),
        label2id={name: k for k, name in enumerate(LABELS)},
    )
    model = Gemma2ForSequenceClassification(config).to(getattr(torch, options.dtype))
    model.save_pretrained(options.out)
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
        shutil.copy(os.path.join(options.tokenizer, name), options.out)
    print(
        options.out,
        sum(parameter.numel() for parameter in model.parameters()),
        "parameters,",
        options.dtype,
    )


if __name__ == "__main__":
    main()
