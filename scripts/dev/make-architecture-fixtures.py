#!/usr/bin/env python3
"""Make Tests/Fixtures/architectures: a tiny checkpoint of every architecture, head and weight format,
with token ids and the reference's fp32 answers.

    make-architecture-fixtures.py [OUT_DIR]

Each folder is a Hugging Face directory with one more file, expected.json: {"task", "rows", "values"}
and what the task needs besides ("types", "places", "choices", "pool"). Answers come from transformers
after reloading what was written: fp32 (16-bit weights upcast, codes dequantized by bitsandbytes or as
AWQ and GPTQ are defined), eager attention, one row a batch. Weights are random but scaled so that each
trap of the architecture shows; the script checks that it does. Needs the packages of requirements.txt
(Python 3.11).
"""

import json
import os
import shutil
import sys

import numpy as np
import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import (
    AutoModel, AutoModelForCausalLM, AutoModelForMaskedLM, AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    BertConfig, BitsAndBytesConfig, DebertaV2Config, DistilBertConfig, Gemma2Config, GemmaConfig,
    LlamaConfig, MPNetConfig, MistralConfig, Phi3Config, Qwen2Config, RobertaConfig,
)

SEED = 20261126
LENGTHS = [1, 2, 3, 5, 8, 13, 17, 24, 33, 40, 47, 60, 90]
LABELS = {0: "a", 1: "b", 2: "tie"}
LABELLED = {"id2label": LABELS, "label2id": {name: k for k, name in LABELS.items()}}
SMALLEST_EFFECT = 0.005  # what leaving a feature out must change in some value
TASKS = {
    "classify": AutoModelForSequenceClassification, "causal": AutoModelForCausalLM,
    "masked": AutoModelForMaskedLM, "embed": AutoModel, "span": AutoModelForQuestionAnswering,
}
OUT = None


def randomized(model, sharpness=2.0):
    generator = torch.Generator().manual_seed(SEED)
    gemma = model.config.model_type.startswith("gemma")
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if "norm" in name.lower() and name.endswith("weight"):
            parameter.data = noise * 0.2 + (0 if gemma else 1)
        elif parameter.dim() == 1:
            parameter.data = noise * 0.3
        elif "embedding" in name or "embed_tokens" in name or "relative_attention_bias" in name:
            parameter.data = noise * 0.6
        else:
            sharp = any(part in name for part in ("q_proj", "k_proj", "query", "key", "q_lin", "k_lin"))
            parameter.data = noise * parameter.shape[1] ** -0.5 * (sharpness if sharp else 1)
    return model.eval()


def rows_of(vocabulary, longest=60):
    generator = torch.Generator().manual_seed(SEED + 1)
    rows = [
        torch.randint(5, vocabulary, (length,), generator=generator).tolist()
        for length in LENGTHS if length <= longest
    ]
    rows[3] = [rows[3][0]] * len(rows[3])
    return rows


def load(folder, task, **changes):
    model = TASKS[task].from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", **changes
    )
    return model.eval()


@torch.no_grad()
def answer(model, task, expected):
    values = []
    for number, row in enumerate(expected["rows"]):
        extra = {}
        if "types" in expected:
            extra["token_type_ids"] = torch.tensor([expected["types"][number]])
        output = model(input_ids=torch.tensor([row]), **extra)
        if task == "classify":
            values.append(output.logits[0].tolist())
        elif task == "span":
            values.append(output.start_logits[0].tolist() + output.end_logits[0].tolist())
        elif task == "embed":
            values.append(output.last_hidden_state[0].mean(0).tolist())
        elif task == "masked":
            values.append(output.logits[0, expected["places"][number], expected["choices"]].tolist())
        else:
            logits = output.logits[0]
            log = torch.log_softmax(logits, -1)
            values.append({
                "choices": logits[-1, expected["choices"]].tolist(),
                "log_probs": [log[i, row[i + 1]].item() for i in range(len(row) - 1)],
            })
    return values


def numbers(values):
    flat = []
    for value in values:
        for part in value.values() if isinstance(value, dict) else [value]:
            flat += part
    return torch.tensor(flat)


def write_json(path, value, **options):
    with open(path, "w", encoding="utf-8", newline="") as file:
        json.dump(value, file, **options)
        file.write("\n")


def store(folder, model, task, wrong=None, types=None, longest=60):
    """Writes expected.json from `model`, after checking that each of the `wrong` models differs."""
    rows = rows_of(model.config.vocab_size, longest)
    expected = {"task": task, "rows": rows}
    if types:
        expected["types"] = [[0] * (len(row) // 2) + [1] * (len(row) - len(row) // 2) for row in rows]
    if task in ("causal", "masked"):
        expected["choices"] = [7, 31, 64]
    if task == "masked":
        expected["places"] = [len(row) // 3 for row in rows]
    expected["values"] = answer(model, task, expected)
    name = os.path.basename(folder)
    for what, other in (wrong or {}).items():
        change = (numbers(answer(other, task, expected)) - numbers(expected["values"])).abs().max().item()
        print(f"  {name} without {what}: changes by up to {change:.3f}")
        assert change >= SMALLEST_EFFECT, (folder, what, change)
    write_json(os.path.join(folder, "expected.json"), expected, separators=(",", ":"))
    size = sum(os.path.getsize(os.path.join(folder, f)) for f in os.listdir(folder))
    print(f"{name}: {task}, {size >> 10} kB, up to {numbers(expected['values']).abs().max():.2f}")
    assert size < 250_000, (folder, size)


def edit_config(folder, change):
    path = os.path.join(folder, "config.json")
    config = json.load(open(path, encoding="utf-8"))
    change(config)
    write_json(path, config, indent=2, sort_keys=True)


def make(name, config, task, dtype=torch.float16, wrong=None, sharpness=2.0, then=None, **options):
    """A checkpoint of random weights; `wrong` names configuration values that must matter."""
    folder = os.path.join(OUT, name)
    model = randomized(TASKS[task].from_config(config, attn_implementation="eager"), sharpness)
    model.to(dtype).save_pretrained(folder)
    if then:
        then(folder)
    others = {what: load(folder, task, **changes) for what, changes in (wrong or {}).items()}
    store(folder, load(folder, task), task, others, **options)
    return folder


SIZES = dict(
    vocab_size=97, hidden_size=32, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4,
    max_position_embeddings=64, **LABELLED,
)


def encoders():
    bert = BertConfig(**SIZES, type_vocab_size=2, pad_token_id=0)
    make("bert", bert, "classify", types=True)
    make("bert-mlm", bert, "masked", dtype=torch.bfloat16, types=True)
    make("bert-embed", bert, "embed")
    spans = {"id2label": {0: "LABEL_0", 1: "LABEL_1"}, "label2id": {"LABEL_0": 0, "LABEL_1": 1}}
    sizes = {**SIZES, **spans}
    make("bert-qa", BertConfig(**sizes, type_vocab_size=2, pad_token_id=0), "span", types=True)
    roberta = RobertaConfig(
        **{**SIZES, "max_position_embeddings": 66}, type_vocab_size=1, pad_token_id=1,
        layer_norm_eps=1e-5,
    )
    make("roberta", roberta, "classify")
    make("roberta-qa", RobertaConfig(
        **{**sizes, "max_position_embeddings": 66}, type_vocab_size=1, pad_token_id=1,
        layer_norm_eps=1e-5), "span")
    make("roberta-mlm", roberta, "masked", dtype=torch.bfloat16)
    distil = DistilBertConfig(
        vocab_size=97, dim=32, hidden_dim=40, n_layers=2, n_heads=4, max_position_embeddings=64,
        **LABELLED,
    )
    make("distilbert", distil, "classify")
    make("distilbert-qa", DistilBertConfig(
        vocab_size=97, dim=32, hidden_dim=40, n_layers=2, n_heads=4, max_position_embeddings=64,
        **spans), "span")
    make("distilbert-mlm", distil, "masked", dtype=torch.bfloat16)
    mpnet = MPNetConfig(**{**SIZES, "max_position_embeddings": 66})
    make("mpnet", mpnet, "classify")
    make("mpnet-qa", MPNetConfig(**{**sizes, "max_position_embeddings": 66}), "span")
    make("mpnet-mlm", mpnet, "masked", dtype=torch.bfloat16)
    deberta = DebertaV2Config(
        **SIZES, relative_attention=True, position_buckets=10, norm_rel_ebd="layer_norm",
        share_att_key=True, pos_att_type=["p2c", "c2p"], position_biased_input=False,
        type_vocab_size=0, pooler_hidden_act="gelu", pooler_hidden_size=32,
    )
    make(
        "deberta-v3", deberta, "classify",
        wrong={
            "content to position": {"pos_att_type": ["p2c"]},
            "position to content": {"pos_att_type": ["c2p"]},
            "logarithmic buckets": {"max_relative_positions": 24},
        },
        longest=90,  # past max_position_embeddings, which relative positions do not mind
    )
    make("deberta-v3-mlm", deberta, "masked", dtype=torch.bfloat16)
    make("deberta-v3-qa", DebertaV2Config(
        **sizes, relative_attention=True, position_buckets=10, norm_rel_ebd="layer_norm",
        share_att_key=True, pos_att_type=["p2c", "c2p"], position_biased_input=False,
        type_vocab_size=0), "span")
    older = DebertaV2Config(
        **{**SIZES, "max_position_embeddings": 61}, relative_attention=True, position_buckets=-1,
        share_att_key=False, pos_att_type="c2p|p2c", position_biased_input=True, type_vocab_size=2,
        embedding_size=24, pooler_hidden_size=32, pooler_hidden_act="gelu",
    )
    make("deberta-v2", older, "classify", types=True)


def decoders():
    base = {**SIZES, "pad_token_id": 0, "num_key_value_heads": 2}
    rope = {"rope_type": "default", "rope_theta": 10000.0}
    make(
        "gemma", GemmaConfig(**base, head_dim=16, rope_parameters=rope), "classify",
        then=lambda folder: edit_config(folder, lambda c: c.update(hidden_act="gelu")),
    )
    make(
        "qwen2",
        Qwen2Config(
            **base, use_sliding_window=True, sliding_window=9, max_window_layers=1,
            rope_parameters=rope, tie_word_embeddings=False,
        ),
        "causal", dtype=torch.bfloat16,
        wrong={"the window": {"layer_types": ["full_attention", "full_attention"]}},
    )
    make(
        "mistral",
        MistralConfig(**base, head_dim=12, sliding_window=11, rope_parameters=rope), "classify",
        wrong={"the window": {"sliding_window": None}},
    )
    make(
        "nemo", MistralConfig(**base, head_dim=12, sliding_window=None, rope_parameters=rope),
        "causal",
    )
    spans = {**base, "id2label": {0: "LABEL_0", 1: "LABEL_1"}, "label2id": {"LABEL_0": 0, "LABEL_1": 1}}
    make("llama-qa", LlamaConfig(**spans, rope_parameters=rope), "span")
    make("qwen2-qa", Qwen2Config(**spans, use_sliding_window=False, rope_parameters=rope), "span")
    make("mistral-qa", MistralConfig(
        **spans, head_dim=12, sliding_window=11, rope_parameters=rope), "span",
        wrong={"the window": {"sliding_window": None}})
    factors = [1.0 + 0.3 * i for i in range(4)]
    longrope = {
        "rope_type": "longrope", "rope_theta": 10000.0, "short_factor": factors,
        "long_factor": [2 * f for f in factors], "original_max_position_embeddings": 20,
    }
    make(
        "phi3",
        Phi3Config(
            **base, original_max_position_embeddings=20, sliding_window=None,
            rope_parameters=longrope, tie_word_embeddings=False,
        ),
        "causal",
    )
    make(
        "gemma2-lm",
        Gemma2Config(
            **base, head_dim=16, query_pre_attn_scalar=16, sliding_window=16,
            final_logit_softcapping=2.0, rope_parameters=rope,
        ),
        "causal",
        wrong={"the final soft-cap": {"final_logit_softcapping": None}},
    )
    internlm2(base, rope)


def internlm2(base, rope):
    """A Llama under InternLM2's names: the same numbers by definition."""
    folder = make("internlm2", LlamaConfig(**base, rope_parameters=rope), "classify")
    path = os.path.join(folder, "model.safetensors")
    weights, renamed = load_file(path), {}
    names = {
        "self_attn.o_proj": "attention.wo", "mlp.gate_proj": "feed_forward.w1",
        "mlp.up_proj": "feed_forward.w3", "mlp.down_proj": "feed_forward.w2",
        "post_attention_layernorm": "ffn_norm", "input_layernorm": "attention_norm",
        "embed_tokens": "tok_embeddings",
    }
    for name, tensor in weights.items():
        if "q_proj" in name:
            k, v = (weights[name.replace("q_proj", f"{x}_proj")] for x in "kv")
            size = 8
            q = tensor.reshape(2, -1, size, 32)  # (groups, queries, D, C)
            k, v = k.reshape(2, 1, size, 32), v.reshape(2, 1, size, 32)
            renamed[name.replace("self_attn.q_proj", "attention.wqkv")] = torch.cat(
                [q, k, v], 1
            ).reshape(-1, 32).contiguous()
        elif "k_proj" not in name and "v_proj" not in name:
            for old, new in names.items():
                name = name.replace(old, new)
            renamed[name] = tensor
    save_file(renamed, path, metadata={"format": "pt"})

    def rename(config):
        config.update(
            architectures=["InternLM2ForSequenceClassification"], model_type="internlm2", bias=False,
            rope_theta=config.pop("rope_parameters")["rope_theta"],
            rope_scaling={"type": "dynamic", "factor": 2.0},
        )

    edit_config(folder, rename)


WIDE = dict(
    vocab_size=97, hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, max_position_embeddings=64, pad_token_id=0, **LABELLED,
)


def quantized():
    """bitsandbytes: what it wrote, and the fp32 product with what it reads back."""
    base = make("wide", Gemma2Config(
        **WIDE, head_dim=16, query_pre_attn_scalar=16, sliding_window=16), "classify",
        dtype=torch.bfloat16)
    settings = {
        "nf4": dict(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.float32, llm_int8_skip_modules=["score"]),
        "fp4": dict(
            load_in_4bit=True, bnb_4bit_quant_type="fp4", bnb_4bit_compute_dtype=torch.float32,
            llm_int8_skip_modules=["score"]),
    }
    import bitsandbytes as bnb

    for kind, options in settings.items():
        folder = os.path.join(OUT, "gemma2-" + kind)
        dtype = torch.bfloat16 if kind == "nf4" else torch.float16
        model = AutoModelForSequenceClassification.from_pretrained(
            base, dtype=dtype, device_map="cpu", quantization_config=BitsAndBytesConfig(**options),
        )
        model.save_pretrained(folder)
        plain = load(base, "classify")
        for name, module in model.named_modules():
            if isinstance(module, bnb.nn.Linear4bit):
                state = module.weight.quant_state
                weight = bnb.functional.dequantize_4bit(module.weight.data, state)
                assert state.dtype == dtype, (state.dtype, dtype)
                plain.get_submodule(name).weight.data = weight.float()
            elif isinstance(module, torch.nn.Linear):
                plain.get_submodule(name).weight.data = module.weight.data.float()
        for name, parameter in model.named_parameters():
            if "norm" in name or "embed" in name:
                plain.get_parameter(name).data = parameter.data.float()
        store(folder, plain, "classify")
    # LLM.int8's stored weights: codes and the largest magnitude of each row.
    folder = os.path.join(OUT, "gemma2-int8")
    shutil.copytree(base, folder)
    rewrite(folder, base, {"quant_method": "bitsandbytes", "load_in_8bit": True}, int8_of)
    rewrite_packed(base)


def int8_of(name, weight):
    """Codes and scales as LLM.int8 defines them, and the weight they mean."""
    largest = weight.half().float().abs().amax(1)
    codes = (weight.half().float() * (127.0 / largest[:, None])).round().to(torch.int8)
    return {".weight": codes, ".SCB": largest}, codes.float() * (largest / 127)[:, None]


def gptq_of(act_order, name, weight, group=32):
    """4-bit codes in GPTQ's words (K / 8, N), zeros less one; groups shuffled with act-order."""
    n, k = weight.shape
    generator = torch.Generator().manual_seed(SEED + k)
    index = torch.arange(k) // group
    if act_order:
        index = index[torch.randperm(k, generator=generator)]
    scales = torch.stack(
        [weight[:, index == g].abs().amax(1) / 7 for g in range(k // group)]).half()
    zeros = torch.randint(6, 10, (k // group, n), generator=generator)
    scale, zero = scales.float()[index].T, zeros[index].T
    codes = (weight / scale + zero).round().clamp(0, 15).to(torch.int32)
    words = torch.zeros(k // 8, n, dtype=torch.int64)
    for i in range(8):
        words |= codes.T[i::8].to(torch.int64) << (4 * i)
    packed = torch.zeros(k // group, n // 8, dtype=torch.int64)
    for i in range(8):
        packed |= (zeros[:, i::8] - 1).to(torch.int64) << (4 * i)
    tensors = {
        ".qweight": wrapped(words), ".qzeros": wrapped(packed), ".scales": scales,
        ".g_idx": index.to(torch.int32),
    }
    return tensors, (codes - zero) * scale


def awq_of(name, weight, group=32):
    """4-bit codes in AWQ's words (K, N / 8), outputs of a word in the order 0 2 4 6 1 3 5 7."""
    n, k = weight.shape
    generator = torch.Generator().manual_seed(SEED + n)
    index = torch.arange(k) // group
    scales = torch.stack(
        [weight[:, index == g].abs().amax(1) / 7 for g in range(k // group)]).half()
    zeros = torch.randint(6, 10, (k // group, n), generator=generator)
    scale, zero = scales.float()[index].T, zeros[index].T
    codes = (weight / scale + zero).round().clamp(0, 15).to(torch.int32)

    def pack(x):
        words = torch.zeros(x.shape[0], x.shape[1] // 8, dtype=torch.int64)
        for place, output in enumerate([0, 2, 4, 6, 1, 3, 5, 7]):
            words |= x[:, output::8].to(torch.int64) << (4 * place)
        return wrapped(words)

    tensors = {".qweight": pack(codes.T), ".qzeros": pack(zeros), ".scales": scales}
    return tensors, (codes - zero) * scale


def wrapped(words):
    """Unsigned 32-bit words as int32."""
    return torch.where(words >= 1 << 31, words - (1 << 32), words).to(torch.int32)


def rewrite(folder, base, quantization, codes_of):
    """Replaces the linear layers of `folder` by codes and stores what these mean."""
    path = os.path.join(folder, "model.safetensors")
    weights, plain = load_file(path), load(base, "classify")
    for name in list(weights):
        if "_proj.weight" in name:
            module = name[: -len(".weight")]
            tensors, meant = codes_of(module, weights.pop(name).float())
            weights |= {module + key: t.contiguous() for key, t in tensors.items()}
            plain.get_submodule(module).weight.data = meant.float()
    save_file(weights, path, metadata={"format": "pt"})
    edit_config(folder, lambda c: c.update(quantization_config=quantization))
    store(folder, plain, "classify")


def rewrite_packed(base):
    from functools import partial

    for name, quantization, codes_of in (
        ("gemma2-gptq", {"quant_method": "gptq", "bits": 4, "group_size": 32, "desc_act": True},
         partial(gptq_of, True)),
        ("gemma2-awq",
         {"quant_method": "awq", "bits": 4, "group_size": 32, "version": "gemm", "zero_point": True},
         awq_of),
    ):
        folder = os.path.join(OUT, name)
        shutil.copytree(base, folder)
        rewrite(folder, base, quantization, codes_of)


def torch_files():
    """The weights of `bert` in PyTorch's formats, as training programs leave them, and in NumPy's."""
    weights = load_file(os.path.join(OUT, "bert", "model.safetensors"))
    folder = os.path.join(OUT, "torch-files")
    os.makedirs(folder)
    torch.save(weights, os.path.join(folder, "zip.pt"))
    wrapped = {"epoch": 3, "lr": 1e-3, "model_state_dict": {"module." + k: v for k, v in weights.items()}}
    torch.save(wrapped, os.path.join(folder, "wrapped.pth"))
    torch.save(
        {k: torch.nn.Parameter(v) for k, v in weights.items()}, os.path.join(folder, "legacy.bin"),
        _use_new_zipfile_serialization=False)
    np.savez(os.path.join(folder, "numpy.npz"), **{k: v.numpy() for k, v in weights.items()})
    # Views of one storage, one of them transposed.
    table = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    views = {"whole": table, "rows": table[1:3], "turned": table.T, "none": table[:0]}
    torch.save(views, os.path.join(folder, "views.pt"))
    torch.save(
        views, os.path.join(folder, "small-legacy.bin"), _use_new_zipfile_serialization=False)

    class Evil:
        def __reduce__(self):
            return (os.system, ("true",))

    torch.save({"a": table, "b": Evil()}, os.path.join(folder, "evil.pt"))


def main():
    global OUT
    here = os.path.dirname(os.path.abspath(__file__))
    OUT = sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "../../Tests/Fixtures/architectures")
    OUT = os.path.abspath(OUT)
    shutil.rmtree(OUT, ignore_errors=True)
    os.makedirs(OUT)
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    encoders()
    decoders()
    quantized()
    torch_files()


if __name__ == "__main__":
    main()
