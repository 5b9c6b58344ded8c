// Mistral 7B and Nemo (https://arxiv.org/abs/2310.06825): Llama with a window over all layers where the
// configuration has one, and heads whose size need not be channels / heads.
// Reference: transformers, models/mistral/modeling_mistral.py.

import ArenaTensor

/// The Mistral decoder.
package struct Mistral: DecoderBackbone {
    package static let families = ["Mistral"]
    package static let modelTypes = ["mistral"]

    package let longestRow: Int
    package let stack: DecoderStack

    package init(_ config: ConfigReader, weights: WeightScope) throws(ModelError) {
        longestRow = try config.int("max_position_embeddings", default: 131_072)
        let channels = try config.int("hidden_size", default: 4096)
        let (heads, groups, size) = try config.attentionHeads(
            channels: channels, heads: 32, groups: 8)
        // Written as null it means no window, left out it means 4096.
        let window =
            config.isNull("sliding_window") ? nil : try config.int("sliding_window", default: 4096)
        stack = try DecoderStack(
            weights.body("model"), channels: channels,
            vocabulary: config.int("vocab_size", default: 32_000),
            layers: config.int("num_hidden_layers", default: 32, in: 1...4096),
            width: config.int("intermediate_size", default: 14_336),
            epsilon: config.number("rms_norm_eps", default: 1e-6),
            activation: config.activation(["hidden_act"], default: "silu"),
            shape: AttentionShape(
                heads: heads, groups: groups, headSize: size,
                scale: Float(1 / Double(size).squareRoot()), window: window),
            rotary: weights.rotary(config.rotary(headSize: size)))
    }
}
