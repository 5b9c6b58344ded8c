// Phi-3 (https://arxiv.org/abs/2404.14219): Llama with one product for queries, keys and values and one
// for gate and up; rows past the original context take other rotary frequencies.
// Reference: transformers, models/phi3/modeling_phi3.py.

import ArenaTensor

/// The Phi-3 decoder.
package struct Phi3: DecoderBackbone {
    package static let families = ["Phi3"]
    package static let modelTypes = ["phi3"]

    package let longestRow: Int
    package let stack: DecoderStack

    package init(_ config: ConfigReader, weights: WeightScope) throws(ModelError) {
        longestRow = try config.int("max_position_embeddings", default: 4096)
        let channels = try config.int("hidden_size", default: 3072)
        let (heads, groups, size) = try config.attentionHeads(channels: channels, heads: 32)
        stack = try DecoderStack(
            weights.body("model"), channels: channels,
            vocabulary: config.int("vocab_size", default: 32_064),
            layers: config.int("num_hidden_layers", default: 32, in: 1...4096),
            width: config.int("intermediate_size", default: 8192),
            epsilon: config.number("rms_norm_eps", default: 1e-5),
            activation: config.activation(["hidden_act"], default: "silu"),
            shape: AttentionShape(
                heads: heads, groups: groups, headSize: size,
                scale: Float(1 / Double(size).squareRoot()),
                window: config.optionalInt("sliding_window")),
            rotary: weights.rotary(config.rotary(headSize: size)), isFused: true)
    }
}
