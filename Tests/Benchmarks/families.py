#!/usr/bin/env python3
"""Models of real width with random weights through PyTorch and through the engine, in turn.

    families.py MODEL_BENCH WORK_DIR [FAMILY ...] [--tokens 128,512] [--rows N] [--mixed | --make | --accuracy]

FAMILY: llama (four layers of a 1.1 B Llama), bert (base), minilm, deberta (v3 small). Rows have one
length, so nobody pads; both sides have two threads. With `--mixed` rows have 20 to 512 tokens (log-uniform,
in no order) and PyTorch takes them as a notebook does, 16 a batch, padded to the batch's longest; only
tokens that are not padding count; bf16 only where the processor has it. `--make` only writes the checkpoints;
`--accuracy` compares logits with PyTorch's fp64 instead of timing (largest errors of PyTorch fp32,
bf16 and of the engine; for 8 bits the mean KL divergence and the largest difference of a
probability). Each line
is one run: tokens a second, the best of three. PyTorch: fp32 and bf16 (as its processor allows),
dynamic int8 of all linear layers; the engine (MODEL_BENCH, see Tests/Benchmarks/Model): weights as
stored (bf16, computed in fp32), in bf16, and in 8 bits. Packages: scripts/dev/requirements.txt.
"""

import json
import os
import subprocess
import sys
import time

import torch
import transformers
from transformers import (
    AutoModelForSequenceClassification, BertConfig, DebertaV2Config, LlamaConfig,
)

HEAD = {"num_labels": 3, "id2label": {0: "a", 1: "b", 2: "c"}}
CONFIGS = {
    "llama": lambda: LlamaConfig(
        vocab_size=32000, hidden_size=2048, intermediate_size=8192, num_hidden_layers=4,
        num_attention_heads=32, num_key_value_heads=8, max_position_embeddings=4096,
        pad_token_id=0, **HEAD),
    "bert": lambda: BertConfig(**HEAD),
    "minilm": lambda: BertConfig(
        hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536, **HEAD),
    "deberta": lambda: DebertaV2Config(
        vocab_size=128100, hidden_size=768, num_hidden_layers=6, num_attention_heads=12,
        intermediate_size=3072, relative_attention=True, position_buckets=256,
        norm_rel_ebd="layer_norm", share_att_key=True, pos_att_type=["p2c", "c2p"],
        position_biased_input=False, type_vocab_size=0, layer_norm_eps=1e-7, pooler_hidden_size=768,
        **HEAD),
}


def option(name, default):
    if name in sys.argv:
        at = sys.argv.index(name)
        value = sys.argv[at + 1]
        del sys.argv[at : at + 2]
        return value
    return default


@torch.inference_mode()
def peer(model, ids, batch):
    def once():
        started = time.perf_counter()
        for start in range(0, len(ids), batch):
            model(input_ids=ids[start : start + batch])
        return time.perf_counter() - started

    once()
    return ids.numel() / min(once() for _ in range(3))


@torch.inference_mode()
def padded_peer(model, rows):
    def once():
        started = time.perf_counter()
        for start in range(0, len(rows), 16):
            batch = rows[start : start + 16]
            ids = torch.nn.utils.rnn.pad_sequence(batch, batch_first=True)
            model(input_ids=ids, attention_mask=(ids != 0).long())
        return time.perf_counter() - started

    return sum(map(len, rows)) / min(once() for _ in range(2))


def mixed_rows(count):
    generator = torch.Generator().manual_seed(20)
    low, high = torch.log(torch.tensor([20.0, 512.0]))
    lengths = torch.exp(low + (high - low) * torch.rand(count, generator=generator)).int().tolist()
    return [torch.randint(5, 30000, (n,), generator=generator) for n in lengths]


def write_rows(path, rows):
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(" ".join(map(str, row.tolist())) + "\n" for row in rows)


def engine(bench, folder, path, flags, out=None):
    command = [bench, folder, path, "--workers", "2", "--repeat", "1" if out else "3", *flags]
    text = subprocess.run(
        command + (["--out", out] if out else []), capture_output=True, text=True, check=True).stdout
    if not out:
        return json.loads(text)["tokens_per_s"]["best"]
    with open(out, encoding="utf-8") as file:
        return torch.tensor([[float(x) for x in line.split()] for line in file], dtype=torch.float64)


@torch.inference_mode()
def accuracy(bench, folder, path, ids, work):
    def logits(dtype):
        model = AutoModelForSequenceClassification.from_pretrained(
            folder, dtype=dtype, attn_implementation="eager").eval()
        return torch.cat([model(input_ids=part).logits.double() for part in ids.split(4)])

    exact = logits(torch.float64)
    errors = {f"torch {name}": (logits(dtype) - exact).abs().max().item()
              for name, dtype in (("fp32", torch.float32), ("bf16", torch.bfloat16))}
    out = os.path.join(work, "logits.txt")
    for name, flags in (("engine", []), ("engine bf16", ["--bf16"])):
        errors[name] = (engine(bench, folder, path, flags, out) - exact).abs().max().item()
    whole = engine(bench, folder, path, ["--int8"], out).log_softmax(-1)
    exact = exact.log_softmax(-1)
    divergence = (exact.exp() * (exact - whole)).sum(-1).mean().item()
    return ", ".join(f"{name} {error:.2e}" for name, error in errors.items()) + (
        f"; 8 bits: KL {divergence:.1e}, probability {(exact.exp() - whole.exp()).abs().max():.1e}"
        f" over {len(exact)} rows")


def main():
    tokens = [int(t) for t in option("--tokens", "128,512").split(",")]
    rows = int(option("--rows", "8"))
    only_make, is_accuracy = "--make" in sys.argv, "--accuracy" in sys.argv
    is_mixed = "--mixed" in sys.argv
    words = [w for w in sys.argv[1:] if not w.startswith("--")]
    bench, work, families = words[0], words[1], words[2:] or list(CONFIGS)
    torch.set_num_threads(2)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    for family in families:
        folder = os.path.join(work, family)
        if not os.path.exists(folder):
            torch.manual_seed(0)
            model = AutoModelForSequenceClassification.from_config(CONFIGS[family]())
            model.to(torch.bfloat16).save_pretrained(folder)
        if only_make:
            continue
        models = {}
        for name, dtype in (("fp32", torch.float32), ("bf16", torch.bfloat16)):
            if is_accuracy:
                break
            models[name] = AutoModelForSequenceClassification.from_pretrained(
                folder, dtype=dtype).eval()
        if not is_accuracy:
            models["dynamic int8"] = torch.ao.quantization.quantize_dynamic(
                models["fp32"], {torch.nn.Linear}, dtype=torch.qint8)
        if is_mixed:
            ids, path = mixed_rows(8 * rows), os.path.join(work, "ids.txt")
            write_rows(path, ids)
            found = {"torch " + name: padded_peer(model, ids) for name, model in models.items()
                     if name != "bf16" or torch.cpu._is_avx512_bf16_supported()}
            for name, flags in (("fp32", []), ("bf16", ["--bf16"]), ("int8", ["--int8"]),
                                ("int8 rows", ["--int8-rows"])):
                found["engine " + name] = engine(bench, folder, path, flags)
            print(family, "mixed:", ", ".join(f"{name} {rate:.0f}" for name, rate in found.items()),
                  flush=True)
            continue
        for length in tokens:
            generator = torch.Generator().manual_seed(length)
            count = max(2, rows * 512 // length)
            ids = torch.randint(5, 30000, (count, length), generator=generator)
            path = os.path.join(work, "ids.txt")
            write_rows(path, ids)
            if is_accuracy:
                print(family, length, "tokens:", accuracy(bench, folder, path, ids, work), flush=True)
                continue
            found = {}
            for name, model in models.items():
                found["torch " + name] = peer(model, ids, max(1, 512 // length))
            for name, flags in (("fp32", []), ("bf16", ["--bf16"]), ("int8", ["--int8"]),
                                ("int8 rows", ["--int8-rows"])):
                found["engine " + name] = engine(bench, folder, path, flags)
            print(family, length, "tokens:",
                  ", ".join(f"{name} {rate:.0f}" for name, rate in found.items()), flush=True)


if __name__ == "__main__":
    main()
