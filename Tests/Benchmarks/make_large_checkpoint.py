#!/usr/bin/env python3
"""Write a classifier's checkpoint of full size with random weights, tensor after tensor, for benchmarks.

    make_large_checkpoint.py llama-1b OUT_DIR      1.1 B parameters in bf16 (2048 wide, 16 layers), 2.1 GB
    make_large_checkpoint.py gemma-9b OUT_DIR      9.2 B parameters (Gemma-2 9 B's shape), nf4 with nested
                                                   statistics as bitsandbytes saves them, 6.1 GB
    make_large_checkpoint.py gemma-tiny OUT_DIR    the same in small, to try scripts with

There is no tokenizer in them: they are for ids (model-bench).  Needs numpy alone.
"""

import json
import os
import struct
import sys

import numpy

SEED = 20261126
NF4 = [-1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635,
       -0.18477343022823334, -0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725,
       0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941,
       0.7229568362236023, 1.0]
HEAD = {"num_labels": 3, "id2label": {0: "a", 1: "b", 2: "c"}, "label2id": {"a": 0, "b": 1, "c": 2}}
LLAMA = {
    "architectures": ["LlamaForSequenceClassification"], "model_type": "llama", "vocab_size": 32000,
    "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16, "num_attention_heads": 32,
    "num_key_value_heads": 8, "max_position_embeddings": 4096, "rms_norm_eps": 1e-5,
    "rope_theta": 500000.0, "hidden_act": "silu", "pad_token_id": 0, "torch_dtype": "bfloat16",
    "tie_word_embeddings": False, **HEAD}
GEMMA = {
    "architectures": ["Gemma2ForSequenceClassification"], "model_type": "gemma2", "vocab_size": 256000,
    "hidden_size": 3584, "intermediate_size": 14336, "num_hidden_layers": 42,
    "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 256,
    "query_pre_attn_scalar": 256, "sliding_window": 4096, "max_position_embeddings": 8192,
    "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "hidden_activation": "gelu_pytorch_tanh",
    "attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0, "pad_token_id": 0,
    "torch_dtype": "bfloat16",
    "quantization_config": {
        "quant_method": "bitsandbytes", "load_in_4bit": True, "load_in_8bit": False,
        "bnb_4bit_quant_type": "nf4", "bnb_4bit_use_double_quant": True,
        "bnb_4bit_compute_dtype": "bfloat16", "bnb_4bit_quant_storage": "uint8",
        "llm_int8_skip_modules": ["score"]},
    **HEAD}


class File:
    """A safetensors file: shapes first, then the bytes of each tensor as it is asked for."""

    def __init__(self):
        self.tensors, self.size = [], 0

    def add(self, name, dtype, shape, size, make):
        self.tensors.append((name, dtype, list(shape), self.size, size, make))
        self.size += size

    def write(self, path):
        header = {"__metadata__": {"format": "pt"}}
        for name, dtype, shape, start, size, _ in self.tensors:
            header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [start, start + size]}
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        with open(path, "wb") as file:
            file.write(struct.pack("<Q", len(text)) + text)
            for name, _, _, _, size, make in self.tensors:
                data = make()
                assert len(data) == size, name
                file.write(data)


def bf16(values):
    return (values.astype("<f4").view("<u4") >> 16).astype("<u2").tobytes()


class Maker:
    def __init__(self, fill):
        self.rng = numpy.random.default_rng(SEED)
        self.file, self.fill = File(), fill

    def float(self, name, *shape):
        count = int(numpy.prod(shape))
        self.file.add(name, "BF16", shape, 2 * count, lambda: bf16(
            self.rng.standard_normal(count, dtype="f4") * numpy.float32(0.02)))

    def norm(self, name, width):
        self.file.add(name, "BF16", [width], 2 * width, lambda: bf16(numpy.full(width, self.fill)))

    def nf4(self, name, rows, columns):
        count, blocks = rows * columns, rows * columns // 64
        nested = -(-blocks // 256)
        state = json.dumps({
            "quant_type": "nf4", "blocksize": 64, "dtype": "bfloat16", "shape": [rows, columns],
            "nested_blocksize": 256, "nested_dtype": "float32", "nested_offset": 0.05}).encode()
        add = self.file.add
        add(name, "U8", [count // 2, 1], count // 2, lambda: self.rng.bytes(count // 2))
        add(name + ".absmax", "U8", [blocks], blocks, lambda: self.rng.bytes(blocks))
        add(name + ".quant_map", "F32", [16], 64, lambda: numpy.array(NF4, "<f4").tobytes())
        add(name + ".nested_absmax", "F32", [nested], 4 * nested,
            lambda: numpy.full(nested, 0.01, "<f4").tobytes())
        add(name + ".nested_quant_map", "F32", [256], 1024,
            lambda: numpy.linspace(-1, 1, 256, dtype="<f4").tobytes())
        add(name + ".quant_state.bitsandbytes__nf4", "U8", [len(state)], len(state), lambda: state)


def main():
    kind, out = sys.argv[1:3]
    tiny = dict(GEMMA, vocab_size=500, hidden_size=128, intermediate_size=256, num_hidden_layers=2,
                num_attention_heads=4, num_key_value_heads=2, head_dim=64, sliding_window=32)
    config = {"llama-1b": LLAMA, "gemma-9b": GEMMA, "gemma-tiny": tiny}[kind]
    is_gemma = kind != "llama-1b"
    make = Maker(0.0 if is_gemma else 1.0)
    linear = make.nf4 if is_gemma else make.float
    width, inner = config["hidden_size"], config["intermediate_size"]
    head = config.get("head_dim", width // config["num_attention_heads"])
    queries, keys = config["num_attention_heads"] * head, config["num_key_value_heads"] * head
    make.float("model.embed_tokens.weight", config["vocab_size"], width)
    for layer in range(config["num_hidden_layers"]):
        at = f"model.layers.{layer}."
        for name, rows, columns in (
            ("self_attn.q_proj", queries, width), ("self_attn.k_proj", keys, width),
            ("self_attn.v_proj", keys, width), ("self_attn.o_proj", width, queries),
            ("mlp.gate_proj", inner, width), ("mlp.up_proj", inner, width),
            ("mlp.down_proj", width, inner),
        ):
            linear(at + name + ".weight", rows, columns)
        norms = ["input_layernorm", "post_attention_layernorm"]
        if is_gemma:
            norms += ["pre_feedforward_layernorm", "post_feedforward_layernorm"]
        for name in norms:
            make.norm(at + name + ".weight", width)
    make.norm("model.norm.weight", width)
    make.float("score.weight", 3, width)
    os.makedirs(out, exist_ok=True)
    with open(os.path.join(out, "config.json"), "w", encoding="utf-8") as file:
        json.dump(config, file, indent=2)
    make.file.write(os.path.join(out, "model.safetensors"))
    print(f"{out}: {make.file.size / 1e9:.2f} GB")


if __name__ == "__main__":
    main()
