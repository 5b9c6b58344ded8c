// Llama 2, 3 and 3.1 (https://arxiv.org/abs/2407.21783) and Yi, which is the same: a norm before each
// part, SwiGLU, rotary positions with optional scaling, optional biases.
// Reference: transformers, models/llama/modeling_llama.py.

import ArenaTensor

/// The Llama decoder.
package struct Llama: DecoderBackbone {
    package static let families = ["Llama", "Yi"]
    package static let modelTypes = ["llama", "Yi"]

    package let longestRow: Int
    package let stack: DecoderStack

    package init(_ config: ConfigReader, weights: WeightScope) throws(ModelError) {
        // `pretraining_tp` only splits products; the reference ignores it by now.
        longestRow = try config.int("max_position_embeddings", default: 2048)
        let channels = try config.int("hidden_size", default: 4096)
        let (heads, groups, size) = try config.attentionHeads(channels: channels, heads: 32)
        stack = try DecoderStack(
            weights.body("model", or: "transformer"), channels: channels,
            vocabulary: config.int("vocab_size", default: 32_000),
            layers: config.int("num_hidden_layers", default: 32, in: 1...4096),
            width: config.int("intermediate_size", default: 11_008),
            epsilon: config.number("rms_norm_eps", default: 1e-6),
            activation: config.activation(["hidden_act"], default: "silu"),
            shape: AttentionShape(
                heads: heads, groups: groups, headSize: size,
                scale: Float(1 / Double(size).squareRoot())),
            rotary: weights.rotary(config.rotary(headSize: size)),
            bias: .init(
                attention: config.bool("attention_bias", default: false),
                mlp: config.bool("mlp_bias", default: false)))
    }
}
