#!/usr/bin/env python3
"""Make Tests/Fixtures/models: tiny checkpoints and adapters with token ids and the reference's
fp32 logits.

    make-model-fixtures.py [OUT_DIR]

Each folder is a Hugging Face (or PEFT) directory with one more file, expected.json: {"rows": token
ids, "logits": one list a row, "padded": the same for rows that end in the padding token (the last
other token is pooled)}.  Logits come from transformers and peft after reloading what was written:
fp32 (bf16 weights upcast), eager attention, one row a batch. Weights are random but scaled so that
each trap of the architecture shows; the script checks that it does. Needs the packages of
requirements.txt (Python 3.11).
"""

import json
import os
import shutil
import sys

import torch
import transformers
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import (
    AutoModelForSequenceClassification, Gemma2Config, Gemma2ForSequenceClassification, LlamaConfig,
    LlamaForSequenceClassification,
)

SEED = 20240702
LENGTHS = [1, 2, 3, 5, 7, 8, 11, 13, 15, 16, 17, 19, 23, 31, 32, 33, 41, 47, 63, 64, 65, 79, 90]
LABELS = {0: "winner_model_a", 1: "winner_model_b", 2: "winner_tie"}
COMMON = {
    "id2label": LABELS,
    "label2id": {name: k for k, name in LABELS.items()},
    "max_position_embeddings": 256,
    "attn_implementation": "eager",
}
SMALLEST_EFFECT = 0.01  # what leaving a feature out must change in some logit


def randomized(model, sharpness):
    """Random weights of the scale that keeps activations alive; `sharpness` stretches queries and
    keys."""
    generator = torch.Generator().manual_seed(SEED)
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if name.endswith("norm.weight"):
            parameter.data = noise * 0.2 + (0 if "gemma2" == model.config.model_type else 1)
        elif parameter.dim() == 1:
            parameter.data = noise * 0.3
        elif "embed_tokens" in name:
            parameter.data = noise * 0.5
        else:
            parameter.data = (
                noise
                * parameter.shape[1] ** -0.5
                * (sharpness if "q_proj" in name or "k_proj" in name else 1)
            )
    return model


def rows_of(vocabulary, pad):
    generator = torch.Generator().manual_seed(SEED + 1)
    rows = [
        torch.randint(4, vocabulary, (length,), generator=generator).tolist() for length in LENGTHS
    ]
    rows[3] = [rows[3][0]] * 5  # one token again and again
    rows.append([4, vocabulary - 1, 4, vocabulary - 1])
    return rows, [
        rows[5] + [pad],
        rows[12] + [pad] * 3,
        rows[6][:4] + [pad, pad] + rows[6][4:] + [pad],
    ]


@torch.no_grad()
def logits(model, rows):
    return [model(input_ids=torch.tensor([row])).logits[0].tolist() for row in rows]


def load(folder, **changes):
    return AutoModelForSequenceClassification.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", **changes
    ).eval()


def write_json(path, value, **options):
    with open(path, "w", encoding="utf-8", newline="") as file:
        json.dump(value, file, **options)
        file.write("\n")


def store_expected(folder, model, wrong):
    """Writes expected.json from the reloaded `model`, after checking that each of the `wrong`
    models differs."""
    rows, padded = rows_of(model.config.vocab_size, model.config.pad_token_id)
    expected = {
        "rows": rows,
        "logits": logits(model, rows),
        "padded": {"rows": padded, "logits": logits(model, padded)},
    }
    for name, other in wrong.items():
        change = (
            (torch.tensor(logits(other, rows)) - torch.tensor(expected["logits"]))
            .abs()
            .max()
            .item()
        )
        print(f"  without {name}: logits change by up to {change:.3f}")
        assert change >= SMALLEST_EFFECT, (folder, name, change)
    write_json(os.path.join(folder, "expected.json"), expected, separators=(",", ":"))
    print(
        f"{os.path.basename(folder)}: {sum(p.numel() for p in model.parameters())} parameters, "
        f"logits up to {max(abs(x) for row in expected['logits'] for x in row):.2f}"
    )


def in_older_spelling(folder, dtype, drop=()):
    """Rewrites config.json as transformers 4 wrote it: rope_theta, rope_scaling and torch_dtype at
    the top level."""
    path = os.path.join(folder, "config.json")
    config = json.load(open(path, encoding="utf-8"))
    rope = config.pop("rope_parameters")
    config.pop("dtype")
    for key in drop:
        config.pop(key, None)
    config |= {
        "rope_theta": rope["rope_theta"],
        "torch_dtype": dtype,
        "transformers_version": "4.44.0",
    }
    if config["model_type"] == "llama":
        config["rope_scaling"] = None
    write_json(path, dict(sorted(config.items())), indent=2)


def changed(folder, change):
    """The model of `folder` after `change` was made to it."""
    model = load(folder)
    change(model)
    return model


def silence_biases(model):
    for name, parameter in model.named_parameters():
        if name.endswith(".bias"):
            parameter.data.zero_()


def gemma2_fp32(folder):
    config = Gemma2Config(
        vocab_size=211,
        hidden_size=40,
        intermediate_size=56,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        query_pre_attn_scalar=10,
        sliding_window=16,
        attn_logit_softcapping=20.0,
        final_logit_softcapping=3.0,
        **COMMON,
    )
    randomized(Gemma2ForSequenceClassification(config), 2.0).save_pretrained(folder)
    store_expected(
        folder,
        load(folder),
        {
            "the attention soft-cap": load(folder, attn_logit_softcapping=None),
            "the window": load(folder, sliding_window=1000),
            "query_pre_attn_scalar": load(folder, query_pre_attn_scalar=16),
            "the exact window": load(folder, sliding_window=17),
        },
    )


def gemma2_bf16(folder):
    config = Gemma2Config(
        vocab_size=307,
        hidden_size=48,
        intermediate_size=72,
        num_hidden_layers=5,
        num_attention_heads=6,
        num_key_value_heads=3,
        head_dim=8,
        query_pre_attn_scalar=8,
        sliding_window=12,
        attn_logit_softcapping=50.0,
        final_logit_softcapping=30.0,
        rope_parameters={"rope_type": "default", "rope_theta": 500.0},
        **COMMON,
    )
    randomized(Gemma2ForSequenceClassification(config), 3.0).to(torch.bfloat16).save_pretrained(
        folder, max_shard_size="120KB"
    )
    in_older_spelling(folder, "bfloat16", drop=["layer_types", "use_bidirectional_attention"])
    assert sorted(name for name in os.listdir(folder) if name.endswith(".safetensors")) == [
        f"model-0000{k}-of-00002.safetensors" for k in (1, 2)
    ]
    store_expected(
        folder,
        load(folder),
        {
            "the attention soft-cap": load(folder, attn_logit_softcapping=None),
            "the window": load(folder, sliding_window=1000),
            "rope_theta": load(
                folder, rope_parameters={"rope_type": "default", "rope_theta": 10000.0}
            ),
        },
    )


def llama_fp32(folder):
    rope = {
        "rope_type": "llama3",
        "rope_theta": 1000.0,
        "factor": 8.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 64,
    }
    config = LlamaConfig(
        vocab_size=223,
        hidden_size=48,
        intermediate_size=64,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        rope_parameters=rope,
        rms_norm_eps=1e-5,
        pad_token_id=0,
        **COMMON,
    )
    randomized(LlamaForSequenceClassification(config), 1.5).save_pretrained(folder)
    store_expected(
        folder,
        load(folder),
        {
            "rope scaling": load(
                folder, rope_parameters={"rope_type": "default", "rope_theta": 1000.0}
            )
        },
    )


def llama_bf16(folder):
    config = LlamaConfig(
        vocab_size=257,
        hidden_size=64,
        intermediate_size=88,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=4,
        attention_bias=True,
        mlp_bias=True,
        rope_parameters={"rope_type": "default", "rope_theta": 500000.0},
        pad_token_id=2,
        **COMMON,
    )
    randomized(LlamaForSequenceClassification(config), 1.5).to(torch.bfloat16).save_pretrained(
        folder
    )
    in_older_spelling(folder, "bfloat16", drop=["head_dim"])
    store_expected(
        folder,
        load(folder),
        {
            "biases": changed(folder, silence_biases),
            "rope_theta": load(
                folder, rope_parameters={"rope_type": "default", "rope_theta": 10000.0}
            ),
        },
    )


def adapter(folder, base, config, wrong_config=None, dtype=torch.float32):
    """Writes a LoRA adapter with random factors for the model in `base`."""
    torch.manual_seed(SEED + 2)
    model = get_peft_model(load(base), config)
    generator = torch.Generator().manual_seed(SEED + 3)
    for name, parameter in model.named_parameters():
        if "lora_" in name or "modules_to_save" in name:
            parameter.data = torch.randn(parameter.shape, generator=generator) * (
                0.3 if "lora_B" in name else parameter.shape[1] ** -0.5
            )
            parameter.data = parameter.data.to(dtype).float()
    model.peft_config["default"].base_model_name_or_path = os.path.basename(base)
    model.to(dtype).save_pretrained(folder)
    os.remove(os.path.join(folder, "README.md"))
    path = os.path.join(folder, "adapter_config.json")
    saved = json.load(open(path, encoding="utf-8"))
    if isinstance(saved["target_modules"], list):  # a set: its order changes from run to run
        write_json(path, saved | {"target_modules": sorted(saved["target_modules"])}, indent=2)
    wrong = {"the adapter": load(base)}
    for name, key, value in wrong_config or ():
        other = LoraConfig.from_pretrained(folder)
        setattr(other, key, value)
        wrong[name] = PeftModel.from_pretrained(load(base), folder, config=other).eval()
    store_expected(folder, PeftModel.from_pretrained(load(base), folder).eval(), wrong)


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    out = sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "../../Tests/Fixtures/models")
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    at = {
        name: os.path.join(out, name)
        for name in (
            "gemma2-fp32", "gemma2-bf16", "llama-fp32", "llama-bf16", "llama-fp32-lora",
            "llama-bf16-lora", "gemma2-fp32-lora",
        )
    }
    gemma2_fp32(at["gemma2-fp32"])
    gemma2_bf16(at["gemma2-bf16"])
    llama_fp32(at["llama-fp32"])
    llama_bf16(at["llama-bf16"])
    # No score head of its own; rank-stabilized scale; ranks and alphas by pattern; one layer left
    # out.
    adapter(
        at["llama-fp32-lora"],
        at["llama-fp32"],
        LoraConfig(
            r=4,
            lora_alpha=6,
            use_rslora=True,
            target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "down_proj"],
            layers_to_transform=[0, 2],
            layers_pattern="layers",
            rank_pattern={"q_proj": 6, "layers.2.mlp.down_proj": 3},
            alpha_pattern={"v_proj": 10},
        ),
        [
            ("the rank-stabilized scale", "use_rslora", False),
            ("alpha patterns", "alpha_pattern", {}),
        ],
    )
    # bf16 factors, targets by regular expression, on a model with biases.
    adapter(
        at["llama-bf16-lora"],
        at["llama-bf16"],
        LoraConfig(r=5, lora_alpha=5, target_modules=r".*\.(self_attn\.[qv]_proj|mlp\.up_proj)"),
        dtype=torch.bfloat16,
    )
    # A score head that replaces the base's.
    adapter(
        at["gemma2-fp32-lora"],
        at["gemma2-fp32"],
        LoraConfig(
            r=8,
            lora_alpha=16,
            target_modules=[
                "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj",
            ],
            modules_to_save=["score"],
            task_type="SEQ_CLS",
        ),
    )
    for folder in at.values():
        weights = sum(
            os.path.getsize(os.path.join(folder, name))
            for name in os.listdir(folder)
            if name.endswith(".safetensors")
        )
        assert weights <= 300_000, (folder, weights)


if __name__ == "__main__":
    main()
