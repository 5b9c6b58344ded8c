// Qwen2 and 2.5 (https://arxiv.org/abs/2407.10671): Llama with biases on queries, keys and values, and
// a window over the upper layers if it is switched on.
// Reference: transformers, models/qwen2/modeling_qwen2.py.

import ArenaTensor

/// The Qwen2 decoder.
package struct Qwen2: DecoderBackbone {
    package static let families = ["Qwen2"]
    package static let modelTypes = ["qwen2"]

    package let longestRow: Int
    package let stack: DecoderStack

    package init(_ config: ConfigReader, weights: WeightScope) throws(ModelError) {
        longestRow = try config.int("max_position_embeddings", default: 32_768)
        let channels = try config.int("hidden_size", default: 4096)
        let layers = try config.int("num_hidden_layers", default: 32, in: 1...4096)
        let (heads, groups, size) = try config.attentionHeads(
            channels: channels, heads: 32, groups: 32)
        let isWindowed = try config.bool("use_sliding_window", default: false)
        let first = try config.int("max_window_layers", default: 28, in: 0...4096)
        let window = isWindowed ? try config.int("sliding_window", default: 4096) : nil
        let windows = try config.windows(layers: layers, window: window, default: { $0 >= first })
        stack = try DecoderStack(
            weights.body("model", or: "transformer"), channels: channels,
            vocabulary: config.int("vocab_size", default: 151_936), layers: layers,
            width: config.int("intermediate_size", default: 22_016),
            epsilon: config.number("rms_norm_eps", default: 1e-6),
            activation: config.activation(["hidden_act"], default: "silu"),
            shape: AttentionShape(
                heads: heads, groups: groups, headSize: size,
                scale: Float(1 / Double(size).squareRoot())),
            rotary: weights.rotary(config.rotary(headSize: size)), windows: windows,
            bias: .init(attention: true, output: false))
    }
}
