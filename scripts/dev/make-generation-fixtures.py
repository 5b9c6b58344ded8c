#!/usr/bin/env python3
"""Make Tests/Fixtures/generation: what transformers' generate() goes on with, greedily, after rows of
tiny causal models, and what its logits processors leave to draw from.

    make-generation-fixtures.py [OUT_DIR]

Each folder is a Hugging Face directory with one more file, expected.json: {"rows", "new_tokens", "values"}:
the new ids of each row, fp32 (16-bit weights upcast), eager attention, one row a batch, with the cache
that the architecture has. The script checks that no choice is so near that rounding decides it.
sampling.json holds logits and the probabilities after temperature, top-k and top-p. Needs the packages of
requirements.txt (Python 3.11).
"""

import json
import os
import shutil
import sys

import torch
import transformers
from transformers import (
    AutoModelForCausalLM, Gemma2Config, LlamaConfig, MistralConfig, Phi3Config, Qwen2Config,
    TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper,
)

SEED = 20261127
LENGTHS = [1, 2, 3, 5, 8, 13, 17, 24, 33]
NEW_TOKENS = 20
NEAREST = 2e-4  # the least distance of the two largest logits
SIZES = dict(
    vocab_size=97, hidden_size=32, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, max_position_embeddings=64, pad_token_id=0,
)
ROPE = {"rope_type": "default", "rope_theta": 10000.0}


def randomized(model, sharpness=2):
    generator = torch.Generator().manual_seed(SEED)
    gemma = model.config.model_type.startswith("gemma")
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if "norm" in name and name.endswith("weight"):
            # Gemma's norm after attention decides how loud it is.
            middle = (3 if "post_attention" in name else 0) if gemma else 1
            parameter.data = noise * 0.2 + middle
        elif parameter.dim() == 1:
            parameter.data = noise * 0.3
        elif "embed_tokens" in name:
            parameter.data = noise * 0.6
        else:
            sharp = sharpness if "q_proj" in name or "k_proj" in name else 1
            loud = 3 if "o_proj" in name else 1
            parameter.data = noise * parameter.shape[1] ** -0.5 * sharp * loud
    return model.eval()


def rows_of(vocabulary):
    generator = torch.Generator().manual_seed(SEED + 1)
    return [torch.randint(5, vocabulary, (n,), generator=generator).tolist() for n in LENGTHS]


@torch.no_grad()
def continued(model, row, ends):
    output = model.generate(
        input_ids=torch.tensor([row]), attention_mask=torch.ones(1, len(row), dtype=torch.long),
        max_new_tokens=NEW_TOKENS, do_sample=False, eos_token_id=ends, pad_token_id=0,
        output_scores=True, return_dict_in_generate=True,
    )
    for scores in output.scores:
        top = scores[0].topk(2).values
        assert top[0] - top[1] > NEAREST, (top[0] - top[1]).item()
    return output.sequences[0, len(row):].tolist()


def make(out, name, config, wrong=None):
    folder = os.path.join(out, name)
    model = randomized(AutoModelForCausalLM.from_config(config, attn_implementation="eager"))
    model.to(torch.float16).save_pretrained(folder)

    def load(**changes):
        return AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.float32, attn_implementation="eager", **changes).eval()

    model, rows = load(), rows_of(config.vocab_size)
    free = [continued(model, row, None) for row in rows]
    # The ends of some rows: what two of them come to in their middle.
    ends = sorted({free[3][9], free[6][14]})
    path = os.path.join(folder, "generation_config.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"eos_token_id": ends}, file)
        file.write("\n")
    values = [continued(model, row, ends) for row in rows]
    for what, changes in (wrong or {}).items():
        other = [continued(load(**changes), row, ends) for row in rows]
        assert other != values, (name, what)
    with open(os.path.join(folder, "expected.json"), "w", encoding="utf-8") as file:
        json.dump(
            {"rows": rows, "new_tokens": NEW_TOKENS, "free": free, "values": values}, file,
            separators=(",", ":"))
        file.write("\n")
    print(name, "ends", ends, "lengths", [len(v) for v in values])


def sampling(out):
    generator = torch.Generator().manual_seed(SEED + 2)
    logits = torch.randn(1, 40, generator=generator) * 3
    logits[0, 7] = logits[0, 21]
    cases = []
    for temperature, top_k, top_p in [
        (1.0, None, None), (0.7, None, None), (1.3, 5, None), (1.0, 1, None), (0.8, None, 0.9),
        (1.0, None, 0.3), (1.5, 12, 0.8), (0.5, 40, 0.99), (2.0, 100, 1.0),
    ]:
        scores = TemperatureLogitsWarper(temperature)(None, logits) if temperature != 1 else logits
        if top_k:
            scores = TopKLogitsWarper(top_k)(None, scores)
        if top_p and top_p < 1:
            scores = TopPLogitsWarper(top_p)(None, scores)
        cases.append({
            "temperature": temperature, "top_k": top_k, "top_p": top_p,
            "probabilities": torch.softmax(scores[0].double(), -1).tolist(),
        })
    with open(os.path.join(out, "sampling.json"), "w", encoding="utf-8") as file:
        json.dump({"logits": logits[0].tolist(), "cases": cases}, file, separators=(",", ":"))
        file.write("\n")


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    out = sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "../../Tests/Fixtures/generation")
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    make(out, "llama", LlamaConfig(**SIZES, tie_word_embeddings=False, rope_parameters={
        "rope_type": "llama3", "rope_theta": 1000.0, "factor": 8.0, "low_freq_factor": 1.0,
        "high_freq_factor": 4.0, "original_max_position_embeddings": 32}))
    make(out, "gemma2", Gemma2Config(
        **SIZES, head_dim=16, query_pre_attn_scalar=16, sliding_window=5,
        final_logit_softcapping=9.0, attn_logit_softcapping=20.0, rope_parameters=ROPE),
        {"the window": {"sliding_window": 1000}})
    make(out, "qwen2", Qwen2Config(
        **SIZES, use_sliding_window=False, rope_parameters=ROPE, tie_word_embeddings=False))
    make(out, "mistral", MistralConfig(
        **SIZES, head_dim=12, sliding_window=11, rope_parameters=ROPE),
        {"the window": {"sliding_window": None}})
    factors = [1.0 + 0.3 * i for i in range(4)]
    # Rows pass the original context while they grow.
    make(out, "phi3", Phi3Config(
        **SIZES, original_max_position_embeddings=20, sliding_window=None, tie_word_embeddings=False,
        rope_parameters={
            "rope_type": "longrope", "rope_theta": 10000.0, "short_factor": factors,
            "long_factor": [2 * f for f in factors], "original_max_position_embeddings": 20}))
    sampling(out)


if __name__ == "__main__":
    main()
