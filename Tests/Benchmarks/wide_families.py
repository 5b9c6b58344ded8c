#!/usr/bin/env python3
"""Every main family at its real width, two layers of random weights: the engine against transformers.

    wide_families.py ARENASCRIPT WORK_DIR [FAMILY ...]

Prints a Markdown table. Each model has a head of 64 labels, and the vocabulary is cut to 4,000 tokens;
files lie in WORK_DIR while they are needed (up to 2.5 GB, with as much as 8 GB of memory). The first
column is the largest difference from transformers in fp32 (eager, one row a batch), relative to its
largest logit. The others are errors, root of mean squares relative to the exact logits': against
transformers in fp64 over the very same weights, angles of rotary positions rounded to fp32 as both
sides define them. `fp32` has weights in fp32; `bf16` in bf16, where transformers computes in bf16;
`nf4` is `weights="nf4"` against bitsandbytes' codes computed in bf16. Packages:
scripts/dev/requirements.txt, bitsandbytes 0.50.2.
"""

import gc
import json
import os
import shutil
import subprocess
import sys

import bitsandbytes
import numpy as np
import torch
import transformers
from safetensors.torch import load_file, save_file
from torch.overrides import TorchFunctionMode
from transformers import (
    AutoModelForSequenceClassification, BertConfig, DebertaV2Config, Gemma2Config, LlamaConfig,
    MPNetConfig, MistralConfig, Phi3Config, Qwen2Config, RobertaConfig,
)

SEED = 20261126
LENGTHS = [1, 7, 40, 200]
LABELS = {k: f"l{k}" for k in range(64)}
COMMON = dict(
    vocab_size=4000, num_hidden_layers=2, pad_token_id=0, id2label=LABELS,
    label2id={name: k for k, name in LABELS.items()})
ROPE = {"rope_type": "default", "rope_theta": 10000.0}
LLAMA3 = {
    "rope_type": "llama3", "rope_theta": 500000.0, "factor": 8.0, "low_freq_factor": 1.0,
    "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}


def decoder(kind, hidden, inner, heads, groups, rope=ROPE, **more):
    return kind(
        hidden_size=hidden, intermediate_size=inner, num_attention_heads=heads,
        num_key_value_heads=groups, max_position_embeddings=4096, rope_parameters=rope, **COMMON,
        **more)


def encoder(kind, hidden, heads, **more):
    return kind(
        hidden_size=hidden, intermediate_size=4 * hidden, num_attention_heads=heads,
        **{"max_position_embeddings": 512, **COMMON, **more})


FAMILIES = {
    "Llama 3.1 8B": lambda: decoder(LlamaConfig, 4096, 14336, 32, 8, LLAMA3),
    "Gemma 2 9B": lambda: decoder(
        Gemma2Config, 3584, 14336, 16, 8, head_dim=256, query_pre_attn_scalar=256,
        sliding_window=128),
    "Qwen2 7B": lambda: decoder(Qwen2Config, 3584, 18944, 28, 4),
    "Mistral 7B": lambda: decoder(MistralConfig, 4096, 14336, 32, 8, sliding_window=128),
    "Nemo 12B": lambda: decoder(
        MistralConfig, 5120, 14336, 32, 8, head_dim=128, sliding_window=None),
    "Phi-3 mini": lambda: decoder(Phi3Config, 3072, 8192, 32, 32, sliding_window=128),
    "InternLM2 7B": lambda: decoder(LlamaConfig, 4096, 14336, 32, 8),
    "BERT base": lambda: encoder(BertConfig, 768, 12),
    "RoBERTa large": lambda: encoder(
        RobertaConfig, 1024, 16, max_position_embeddings=514, pad_token_id=1, type_vocab_size=1,
        layer_norm_eps=1e-5),
    "DeBERTa v3 large": lambda: encoder(
        DebertaV2Config, 1024, 16, relative_attention=True, position_buckets=256,
        norm_rel_ebd="layer_norm", share_att_key=True, pos_att_type=["p2c", "c2p"],
        position_biased_input=False, type_vocab_size=0, layer_norm_eps=1e-7, pooler_hidden_size=1024,
        pooler_hidden_act="gelu"),
    "MiniLM L12": lambda: encoder(BertConfig, 384, 12),
    "MPNet base": lambda: encoder(
        MPNetConfig, 768, 12, max_position_embeddings=514, pad_token_id=1, layer_norm_eps=1e-5),
}
HEADS = ("score", "classifier", "pooler")  # linear layers that keep their weights


class Exact(TorchFunctionMode):
    """Computes in fp64 where transformers asks for fp32 by name; angles stay fp32."""

    in_rotary = False

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if self.in_rotary:
            if function in (torch.Tensor.cos, torch.Tensor.sin):
                args = (args[0].double(),)
        elif function is torch.Tensor.float:
            function = torch.Tensor.double
        else:
            args = tuple(torch.float64 if a is torch.float32 else a for a in args)
            kwargs = {k: torch.float64 if a is torch.float32 else a for k, a in kwargs.items()}
        return function(*args, **kwargs)

    def watch(self, model):
        for name, module in model.named_modules():
            if name.endswith("rotary_emb"):
                module.register_forward_pre_hook(lambda *_: setattr(self, "in_rotary", True))
                module.register_forward_hook(lambda *_: setattr(self, "in_rotary", False))


def random_model(config):
    generator = torch.Generator().manual_seed(SEED)
    model = AutoModelForSequenceClassification.from_config(config, attn_implementation="eager")
    gemma = config.model_type.startswith("gemma")
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.normal_(generator=generator)
            if "norm" in name.lower() and name.endswith("weight"):
                parameter.mul_(0.2).add_(0 if gemma else 1)
            elif parameter.dim() == 1:
                parameter.mul_(0.1)
            elif "embed" in name or "relative_attention_bias" in name:
                parameter.mul_(0.6)
            else:
                parameter.mul_(parameter.shape[1] ** -0.5)
    return model.eval()


def as_internlm2(folder):
    """A Llama under InternLM2's names: the same numbers by definition."""
    path = os.path.join(folder, "model.safetensors")
    weights, renamed = load_file(path), {}
    names = {
        "self_attn.o_proj": "attention.wo", "mlp.gate_proj": "feed_forward.w1",
        "mlp.up_proj": "feed_forward.w3", "mlp.down_proj": "feed_forward.w2",
        "post_attention_layernorm": "ffn_norm", "input_layernorm": "attention_norm",
        "embed_tokens": "tok_embeddings"}
    for name, tensor in weights.items():
        if "q_proj" in name:
            heads = [weights[name.replace("q_proj", f"{x}_proj")] for x in "qkv"]
            # (groups, heads of one, D, C)
            parts = [w.reshape(8, -1, 128, w.shape[1]) for w in heads]
            renamed[name.replace("self_attn.q_proj", "attention.wqkv")] = torch.cat(
                parts, 1).reshape(-1, tensor.shape[1]).contiguous()
        elif "k_proj" not in name and "v_proj" not in name:
            for old, new in names.items():
                name = name.replace(old, new)
            renamed[name] = tensor
    save_file(renamed, path, metadata={"format": "pt"})
    path = os.path.join(folder, "config.json")
    with open(path, encoding="utf-8") as file:
        config = json.load(file)
    config.update(
        architectures=["InternLM2ForSequenceClassification"], model_type="internlm2", bias=False,
        rope_theta=config.pop("rope_parameters")["rope_theta"])
    with open(path, "w", encoding="utf-8") as file:
        json.dump(config, file)


def engine(arenascript, folder, weights):
    """Logits (rows, labels) of the engine."""
    script, out = folder + ".as", folder + ".csv"
    with open(script, "w", encoding="utf-8") as file:
        file.write(
            f'm = classifier("{folder}", weights="{weights}")\n'
            f"write_csv(m.logits(tokens({rows()})), \"{out}\")\n")
    subprocess.run([arenascript, "run", script], check=True, stderr=subprocess.PIPE)
    values = np.loadtxt(out, delimiter=",", skiprows=1, dtype=np.float32)
    return torch.from_numpy(values).double()


def rows():
    generator = torch.Generator().manual_seed(SEED + 1)
    return [torch.randint(5, 4000, (n,), generator=generator).tolist() for n in LENGTHS]


@torch.inference_mode()
def logits(model, exact=None):
    values = [model(input_ids=torch.tensor([row])).logits[0].double() for row in rows()]
    return torch.stack(values)


def exact_logits(model):
    model.double()
    mode = Exact()
    mode.watch(model)
    with mode:
        return logits(model)


def error(values, exact):
    return ((values - exact).square().mean().sqrt() / exact.square().mean().sqrt()).item()


def load(folder, dtype):
    gc.collect()
    return AutoModelForSequenceClassification.from_pretrained(
        folder, dtype=dtype, attn_implementation="eager").eval()


def coded(model):
    """Linear layers but heads as bitsandbytes' nf4 codes mean them."""
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear) and not any(head in name for head in HEADS):
            codes, state = bitsandbytes.functional.quantize_4bit(
                module.weight.data, quant_type="nf4", blocksize=64)
            module.weight.data = bitsandbytes.functional.dequantize_4bit(codes, state)
    return model


def compare(arenascript, name, work):
    folder = os.path.join(work, "model")
    shutil.rmtree(folder, ignore_errors=True)

    def ours(weights):
        if not name.startswith("InternLM2"):
            return engine(arenascript, folder, weights)
        renamed = folder + "-internlm2"
        shutil.copytree(folder, renamed, dirs_exist_ok=True)
        as_internlm2(renamed)
        return engine(arenascript, renamed, weights)

    model = random_model(FAMILIES[name]())
    model.save_pretrained(folder)
    reference, whole = logits(model), ours("stored")
    exact = exact_logits(model)
    difference = ((whole - reference).abs().max() / reference.abs().max()).item()
    theirs, own = error(reference, exact), error(whole, exact)
    cells = [f"{difference:.1e}", f"{theirs:.1e}", f"{own:.1e}", f"{own / theirs:.2f}"]
    model.float().bfloat16().save_pretrained(folder)
    for weights, change in (("stored", lambda m: m), ("nf4", coded)):
        del model
        model = change(load(folder, torch.bfloat16))
        half = logits(model)
        exact = exact_logits(model)
        cells += [f"{error(half, exact):.1e}", f"{error(ours(weights), exact):.1e}"]
    shutil.rmtree(folder)
    shutil.rmtree(folder + "-internlm2", ignore_errors=True)
    print("| " + " | ".join([name] + cells) + " |", flush=True)


def main():
    arenascript, work = sys.argv[1], os.path.abspath(sys.argv[2])
    os.makedirs(work, exist_ok=True)
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    print("| family | difference | fp32: PyTorch | engine | ratio | bf16: PyTorch | engine "
          "| nf4: PyTorch | engine |")
    print("| --- " * 9 + "|")
    for name in sys.argv[3:] or FAMILIES:
        compare(arenascript, name, work)


if __name__ == "__main__":
    main()
