#!/usr/bin/env python3
"""Make Tests/Fixtures/adapters: LoRA adapters of tiny causal models, what peft makes of them, and codes that
bitsandbytes makes of numbers.

    make-adapter-fixtures.py [OUT_DIR]

The bases are those of Tests/Fixtures/generation and Tests/Fixtures/architectures. expected.json has one entry a
case: {"base", "adapters", "weights", "values"}: log-probabilities of each row's own tokens (fp32), with the
adapters beside the weights, averaged (add_weighted_adapter, "cat"), or merged into weights of 16 bits or of
codes. quantized.json holds numbers with their nf4 codes. Needs the packages of requirements.txt and
bitsandbytes 0.50 (Python 3.11).
"""

import json
import os
import shutil
import sys

import bitsandbytes as bnb
import torch
import transformers
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, BitsAndBytesConfig

SEED = 20261128
HERE = os.path.dirname(os.path.abspath(__file__))
FIXTURES = os.path.abspath(os.path.join(HERE, "../../Tests/Fixtures"))
SMALLEST_EFFECT = 0.02


def base(name, dtype=torch.float32, kind=AutoModelForCausalLM):
    return kind.from_pretrained(
        os.path.join(FIXTURES, name), dtype=dtype, attn_implementation="eager").eval()


def rows_of(vocabulary=97):
    generator = torch.Generator().manual_seed(SEED)
    return [torch.randint(5, vocabulary, (n,), generator=generator).tolist() for n in (2, 9, 30, 50)]


def write_json(path, value, **options):
    with open(path, "w", encoding="utf-8", newline="") as file:
        json.dump(value, file, **options)
        file.write("\n")


@torch.no_grad()
def scores(model):
    values = []
    for row in rows_of():
        log = torch.log_softmax(model(input_ids=torch.tensor([row])).logits[0].float(), -1)
        values.append([log[i, row[i + 1]].item() for i in range(len(row) - 1)])
    return values


@torch.no_grad()
def logits(model):
    return [model(input_ids=torch.tensor([row])).logits[0].tolist() for row in rows_of()]


def make(out, name, of, seed, config, kind=AutoModelForCausalLM):
    """An adapter of random factors for the base `of`."""
    torch.manual_seed(SEED)
    model = get_peft_model(base(of, kind=kind), config)
    generator = torch.Generator().manual_seed(SEED + seed)
    for parameter_name, parameter in model.named_parameters():
        if "lora_" in parameter_name or "modules_to_save" in parameter_name:
            size = 0.25 if "lora_B" in parameter_name or "embedding_B" in parameter_name else (
                parameter.shape[1] ** -0.5)
            if "embedding_A" in parameter_name:
                size = 0.5
            parameter.data = torch.randn(parameter.shape, generator=generator) * size
    model.peft_config["default"].base_model_name_or_path = of
    folder = os.path.join(out, name)
    model.save_pretrained(folder, save_embedding_layers=False)
    os.remove(os.path.join(folder, "README.md"))
    path = os.path.join(folder, "adapter_config.json")
    saved = json.load(open(path, encoding="utf-8"))
    write_json(path, saved | {"target_modules": sorted(saved["target_modules"])}, indent=2)


def distance(a, b):
    return max(abs(x - y) for p, q in zip(a, b) for x, y in zip(p, q))


def dequantized(model, plain):
    """The fp32 model of a model of codes."""
    for name, module in model.named_modules():
        target = name.replace(".base_layer", "")
        if isinstance(module, bnb.nn.Linear4bit):
            weight = bnb.functional.dequantize_4bit(module.weight.data, module.weight.quant_state)
            plain.get_submodule(target).weight.data = weight.float()
    return plain


def numbers():
    """Numbers of several shapes with bitsandbytes' codes: also of a last block that is not full."""
    cases = []
    generator = torch.Generator().manual_seed(SEED + 9)
    for shape, dtype in [((4, 64), torch.float32), ((5, 72), torch.float32), ((3, 43), torch.float16),
                         ((2, 128), torch.bfloat16)]:
        x = torch.randn(shape, generator=generator)
        x[0, :5] = torch.tensor([0.0, -0.0, 3.0, -3.0, 1e-30])
        if shape[1] == 64:
            x[2] = 0
        x = x.to(dtype)
        codes, state = bnb.functional.quantize_4bit(x, blocksize=64, quant_type="nf4")
        cases.append({
            "shape": list(shape), "type": {"float32": "F32", "float16": "F16", "bfloat16": "BF16"}[
                str(dtype).split(".")[1]],
            "values": x.float().reshape(-1).tolist(), "codes": codes.reshape(-1).tolist(),
            "scales": state.absmax.tolist(),
        })
    return cases


def main():
    out = sys.argv[1] if len(sys.argv) > 1 else os.path.join(FIXTURES, "adapters")
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    llama, tied = "generation/llama", "generation/gemma2"
    make(out, "everywhere", llama, 1, LoraConfig(
        r=4, lora_alpha=6, target_modules=["q_proj", "v_proj", "down_proj", "lm_head", "embed_tokens"]))
    make(out, "layers", llama, 2, LoraConfig(
        r=3, lora_alpha=9, use_rslora=True, target_modules=["q_proj", "k_proj", "o_proj", "up_proj"]))
    make(out, "saved", llama, 3, LoraConfig(
        r=2, lora_alpha=4, target_modules=["q_proj"], modules_to_save=["lm_head", "embed_tokens"]))
    make(out, "tied", tied, 4, LoraConfig(
        r=2, lora_alpha=4, target_modules=["q_proj", "embed_tokens"]))

    def at(name):
        return os.path.join(out, name)

    cases = []

    def case(of, adapters, values, weights=None, **more):
        plain = scores(base(of))
        assert distance(values, plain) > SMALLEST_EFFECT, (adapters, distance(values, plain))
        cases.append({"base": of, "adapters": adapters, "weights": weights, "values": values, **more})

    for name, of in [("everywhere", llama), ("layers", llama), ("saved", llama), ("tied", tied)]:
        case(of, [name], scores(PeftModel.from_pretrained(base(of), at(name)).eval()))
    for weights in ([0.5, 0.5], [0.7, 0.6]):
        model = PeftModel.from_pretrained(base(llama), at("everywhere"), adapter_name="everywhere")
        model.load_adapter(at("layers"), adapter_name="layers")
        # Without the square root in the scale of an adapter whose scale is in its factors.
        model.peft_config["everywhere"].use_rslora = model.peft_config["layers"].use_rslora = False
        model.add_weighted_adapter(["everywhere", "layers"], weights, "both", combination_type="cat")
        model.set_adapter("both")
        case(llama, ["everywhere", "layers"], scores(model.eval()), weights)
    merged = PeftModel.from_pretrained(base(llama, torch.float16), at("layers")).merge_and_unload()
    case(llama, ["layers"], scores(merged.float().eval()), merged=True)
    write_json(os.path.join(out, "expected.json"), {"rows": rows_of(), "cases": cases},
               separators=(",", ":"))

    # Codes: merged into fp4, and made of a bf16 checkpoint.
    wide, codes = "architectures/wide", "architectures/gemma2-fp4"
    kind = AutoModelForSequenceClassification
    make(out, "wide", wide, 5, LoraConfig(
        r=4, lora_alpha=8, target_modules=["q_proj", "down_proj"], task_type="SEQ_CLS",
        modules_to_save=[]), kind)
    quantized = kind.from_pretrained(os.path.join(FIXTURES, codes), device_map="cpu", dtype=torch.float16)
    model = PeftModel.from_pretrained(quantized, at("wide")).merge_and_unload()
    plain = base(wide, kind=kind)
    for name, parameter in model.named_parameters():
        if "norm" in name or "embed" in name or "score" in name:
            plain.get_parameter(name).data = parameter.data.float()
    into = logits(dequantized(model, plain).eval())
    made = kind.from_pretrained(
        os.path.join(FIXTURES, wide), dtype=torch.bfloat16, device_map="cpu",
        quantization_config=BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.float32,
            llm_int8_skip_modules=["score"]))
    nf4 = logits(dequantized(made, base(wide, kind=kind)).eval())
    assert distance(nf4, logits(base(wide, kind=kind))) > SMALLEST_EFFECT
    write_json(
        os.path.join(out, "quantized.json"),
        {"rows": rows_of(), "merged_fp4": into, "nf4": nf4, "numbers": numbers()},
        separators=(",", ":"))
    for folder in os.listdir(out):
        print(folder, os.path.getsize(os.path.join(out, folder, "adapter_model.safetensors"))
              if os.path.isdir(os.path.join(out, folder)) else os.path.getsize(os.path.join(out, folder)))


if __name__ == "__main__":
    main()
