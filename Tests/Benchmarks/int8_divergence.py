#!/usr/bin/env python3
"""What `weights="int8"` and `"int8_rows"` cost in accuracy: probabilities against the stored weights' over many rows.

    int8_divergence.py ARENASCRIPT WORK_DIR [MODEL ...] [--rows 2048]

Prints a Markdown table: for each model of four layers of random weights, 512 or 1024 channels wide, and for
the demo's trained model, the mean Kullback-Leibler divergence of three labels' probabilities and the largest
difference of one. Over the first 256 rows also, against transformers fp32 (eager): the largest difference that
the stored weights give, and that transformers' own bf16 gives. Rows are of 8 to 64 random ids.

The fixtures with outliers hold two channels whose values are 30 and 200 times the others' where products read
them, in every layer, and begin each row with a token whose embedding has one number 2,000 times its usual
size: `channels` with weights as small as the values are large, so that the model is the plain one; `loud
channels` with ordinary weights, so that two channels drown the others and everything that is rounded is
amplified. Packages: scripts/dev/requirements.txt.
"""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import torch
import transformers
from transformers import (
    AutoModelForSequenceClassification, BertConfig, DebertaV2Config, Gemma2Config, LlamaConfig,
)

SEED = 20261126
LABELS = {"id2label": {0: "a", 1: "b", 2: "c"}, "label2id": {"a": 0, "b": 1, "c": 2}}
CHECKED = 256  # rows that transformers runs too
MASSIVE = 5  # the id of the massive token
OUTLIERS = ((7, 30.0), (100, 200.0))  # channels, and how many times larger they are
COLUMNS = {
    "input_layernorm": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "post_attention_layernorm": ("mlp.gate_proj", "mlp.up_proj"),
}
DEMO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../Resources/demo/model")


def sizes(width, heads):
    return dict(
        vocab_size=4000, hidden_size=width, intermediate_size=width * 11 // 4, num_hidden_layers=4,
        num_attention_heads=heads, max_position_embeddings=512, pad_token_id=0, **LABELS)


def llama(width=512):
    return LlamaConfig(**sizes(width, width // 64), num_key_value_heads=4)


MODELS = {
    "Llama, 512": llama,
    "Llama, 1024": lambda: llama(1024),
    "Gemma 2, 512": lambda: Gemma2Config(
        **sizes(512, 8), num_key_value_heads=4, head_dim=64, query_pre_attn_scalar=64),
    "BERT, 512": lambda: BertConfig(**sizes(512, 8)),
    "DeBERTa v3, 512": lambda: DebertaV2Config(
        **sizes(512, 8), relative_attention=True, position_buckets=64, norm_rel_ebd="layer_norm",
        share_att_key=True, pos_att_type=["p2c", "c2p"], position_biased_input=False,
        type_vocab_size=0, pooler_hidden_size=512),
    "Llama, 512, channels": llama,
    "Llama, 512, loud channels": llama,
    "demo": None,
}


def random_model(name):
    config = MODELS[name]()
    generator = torch.Generator().manual_seed(SEED)
    model = AutoModelForSequenceClassification.from_config(config, attn_implementation="eager")
    gemma = config.model_type.startswith("gemma")
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            parameter.normal_(generator=generator)
            if "norm" in key.lower() and key.endswith("weight"):
                parameter.mul_(0.2).add_(0 if gemma else 1)
            elif parameter.dim() == 1:
                parameter.mul_(0.1)
            elif "embed" in key:
                parameter.mul_(0.6)
            else:
                parameter.mul_(parameter.shape[1] ** -0.5)
        if "channels" in name:
            plant(model, is_loud="loud" in name)
    return model.bfloat16().eval()


def plant(model, is_loud):
    model.model.embed_tokens.weight[MASSIVE, 11] = 0.6 * 2000
    for layer in model.model.layers:
        for norm, products in COLUMNS.items():
            for channel, factor in OUTLIERS:
                layer.get_submodule(norm).weight[channel] *= factor
                for product in () if is_loud else products:
                    layer.get_submodule(product).weight[:, channel] /= factor


def token_rows(count):
    generator = torch.Generator().manual_seed(SEED + 1)
    lengths = torch.randint(8, 65, (count,), generator=generator).tolist()
    return [[MASSIVE] + torch.randint(6, 4000, (n - 1,), generator=generator).tolist() for n in lengths]


def engine(arenascript, folder, rows, work, weights):
    path, script, out = (os.path.join(work, name) for name in ("rows.json", "run.as", "out.csv"))
    with open(path, "w", encoding="utf-8") as file:
        json.dump(rows, file)
    with open(script, "w", encoding="utf-8") as file:
        file.write(
            f'm = classifier("{folder}", weights="{weights}")\n'
            f'write_csv(m.logits(tokens(json.load("{path}"))), "{out}")\n')
    subprocess.run([arenascript, "run", script], check=True, stderr=subprocess.PIPE)
    return torch.from_numpy(np.loadtxt(out, delimiter=",", skiprows=1)).log_softmax(-1)


@torch.inference_mode()
def reference(folder, rows, dtype):
    model = AutoModelForSequenceClassification.from_pretrained(
        folder, dtype=dtype, attn_implementation="eager").eval()
    values = torch.empty(len(rows), 3, dtype=torch.float64)
    for length in sorted(set(map(len, rows))):  # no row is padded
        numbers = [i for i, row in enumerate(rows) if len(row) == length]
        ids = torch.tensor([rows[i] for i in numbers])
        values[numbers] = model(input_ids=ids).logits.double()
    return values.log_softmax(-1)


def compare(arenascript, name, rows, work):
    folder = os.path.join(work, "model")
    if MODELS[name]:
        shutil.rmtree(folder, ignore_errors=True)
        random_model(name).save_pretrained(folder)
    else:
        folder = os.path.abspath(DEMO)
    stored = engine(arenascript, folder, rows, work, "stored")
    codes = [engine(arenascript, folder, rows, work, weights) for weights in ("int8", "int8_rows")]
    divergences = [(stored.exp() * (stored - whole)).sum(-1).mean().item() for whole in codes]
    exact = reference(folder, rows[:CHECKED], torch.float32)
    half = reference(folder, rows[:CHECKED], torch.bfloat16)

    def largest(a, b):
        return (a.exp() - b.exp()).abs().max().item()

    print(
        f"| {name} | {divergences[0]:.1e}, {divergences[1]:.1e} "
        f"| {largest(stored, codes[0]):.4f}, {largest(stored, codes[1]):.4f} "
        f"| {largest(stored[:CHECKED], exact):.1e} | {largest(half, exact):.4f} |", flush=True)


def main():
    arguments = sys.argv[1:]
    count = 2048
    if "--rows" in arguments:
        at = arguments.index("--rows")
        count = int(arguments[at + 1])
        del arguments[at : at + 2]
    arenascript, work = arguments[0], os.path.abspath(arguments[1])
    os.makedirs(work, exist_ok=True)
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    print(
        f"| model, {count} rows | mean KL, int8 and int8_rows | largest difference | stored weights | PyTorch bf16 |")
    print("| --- " * 5 + "|")
    for name in arguments[2:] or MODELS:
        compare(arenascript, name, token_rows(count), work)


if __name__ == "__main__":
    main()
