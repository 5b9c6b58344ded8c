#!/usr/bin/env python3
"""A Llama checkpoint as a GGUF file, for llama.cpp's bench beside the engine's.

    llama_gguf.py MODEL_DIR OUT.gguf [F32|F16|BF16|Q8_0]

Without a vocabulary (the bench makes its own token numbers) and without a head: llama.cpp then takes
the embedding for the last token's logits. Names and the order of rotary dimensions (pairs side by
side, not halves) are those of llama.cpp's `llama` architecture. Then, on an idle machine:

    llama-bench -m OUT.gguf -p 512 -n 0 -t 2 -fa 1
    model-bench MODEL_DIR 512.ids --workers 2
"""

import json
import os
import sys

import gguf
import torch
from safetensors import safe_open

NAMES = {
    "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def paired(weight, heads):
    """Rows of a query or key projection (H * D, C): dimension d beside its partner d + D/2."""
    rows, columns = weight.shape
    return weight.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)


def name_of(key):
    parts = key.removesuffix(".weight").removeprefix("model.").split(".", 2)
    if parts[0] == "layers":
        return f"blk.{parts[1]}.{NAMES[parts[2]]}.weight"
    return {"embed_tokens": "token_embd.weight", "norm": "output_norm.weight"}.get(parts[0])


def main():
    folder, out = sys.argv[1:3]
    kind = gguf.GGMLQuantizationType[sys.argv[3] if len(sys.argv) > 3 else "BF16"]
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    heads, groups = config["num_attention_heads"], config["num_key_value_heads"]
    theta = config.get("rope_theta") or config.get("rope_parameters", {}).get("rope_theta", 10000.0)
    writer = gguf.GGUFWriter(out, "llama")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(groups)
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_dimension_count(config["hidden_size"] // heads)
    writer.add_rope_freq_base(theta)
    writer.add_vocab_size(config["vocab_size"])
    writer.add_tokenizer_model("none")
    with safe_open(os.path.join(folder, "model.safetensors"), "pt") as tensors:
        for key in tensors.keys():
            name = name_of(key)
            if name is None:
                continue
            weight = tensors.get_tensor(key).to(torch.float32).numpy()
            if "q_proj" in key:
                weight = paired(weight, heads)
            if "k_proj" in key:
                weight = paired(weight, groups)
            if weight.ndim == 1:
                writer.add_tensor(name, weight)
            else:
                writer.add_tensor(name, gguf.quants.quantize(weight, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()
