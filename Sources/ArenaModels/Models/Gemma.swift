// Gemma 1 (https://arxiv.org/abs/2403.08295): Llama with weights of norms around zero, embeddings
// scaled by sqrt(C) and a GELU gate.
// Reference: transformers, models/gemma/modeling_gemma.py.

import ArenaTensor

/// The Gemma-1 decoder.
package struct Gemma: DecoderBackbone {
    package static let families = ["Gemma"]
    package static let modelTypes = ["gemma"]

    package let longestRow: Int
    package let stack: DecoderStack

    package init(_ config: ConfigReader, weights: WeightScope) throws(ModelError) {
        try config.refuse("use_bidirectional_attention") { $0.bool == false }
        longestRow = try config.int("max_position_embeddings", default: 8192)
        let channels = try config.int("hidden_size", default: 3072)
        let (heads, groups, size) = try config.attentionHeads(
            channels: channels, heads: 16, groups: 16, headSize: 256)
        // `hidden_act` = gelu was written where the tanh form was meant; `hidden_activation`, where
        // it stands, means what it says.
        let isOld = config.value("hidden_activation") == nil
        let activation: Activation =
            isOld && config.value("hidden_act")?.string == "gelu"
            ? .geluTanh
            : try config.activation(
                ["hidden_activation", "hidden_act"], default: "gelu_pytorch_tanh")
        stack = try DecoderStack(
            weights.body("model"), channels: channels,
            vocabulary: config.int("vocab_size", default: 256_000),
            layers: config.int("num_hidden_layers", default: 28, in: 1...4096),
            width: config.int("intermediate_size", default: 24_576),
            epsilon: config.number("rms_norm_eps", default: 1e-6),
            activation: activation,
            shape: AttentionShape(
                heads: heads, groups: groups, headSize: size,
                scale: Float(1 / Double(size).squareRoot())),
            rotary: weights.rotary(config.rotary(headSize: size)),
            bias: .init(attention: config.bool("attention_bias", default: false)), normOffset: 1,
            embeddingScale: Float(Double(channels).squareRoot()))
    }
}
