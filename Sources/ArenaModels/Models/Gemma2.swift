// Gemma 2 (https://arxiv.org/abs/2408.00118): norms before and after each part with weights around
// zero, soft-capped scores, every other layer through a window, embeddings scaled by sqrt(C).
// Reference: transformers, models/gemma2/modeling_gemma2.py.

import ArenaTensor

/// The Gemma-2 decoder.
package struct Gemma2: DecoderBackbone {
    package static let families = ["Gemma2"]
    package static let modelTypes = ["gemma2"]

    package let longestRow: Int
    package let stack: DecoderStack
    package let vocabularyHead: VocabularyHead?

    package init(_ config: ConfigReader, weights: WeightScope) throws(ModelError) {
        try config.refuse("use_bidirectional_attention") { $0.bool == false }
        longestRow = try config.int("max_position_embeddings", default: 8192)
        let channels = try config.int("hidden_size", default: 2304)
        let layers = try config.int("num_hidden_layers", default: 26, in: 1...4096)
        let (heads, groups, size) = try config.attentionHeads(
            channels: channels, heads: 8, groups: 4, headSize: 256)
        let windows = try config.windows(
            layers: layers, window: config.optionalInt("sliding_window") ?? 4096,
            default: { $0 % 2 == 0 })
        let scale = try config.number("query_pre_attn_scalar", default: 256)
        // Written as null it means no cap, left out it means 50 and 30.
        func cap(_ key: String, _ fallback: Double) throws(ModelError) -> Float? {
            config.isNull(key) ? nil : Float(try config.number(key, default: fallback))
        }
        vocabularyHead = .product(
            key: "lm_head", softcap: try cap("final_logit_softcapping", 30))
        stack = try DecoderStack(
            weights.body("model"), channels: channels,
            vocabulary: config.int("vocab_size", default: 256_000), layers: layers,
            width: config.int("intermediate_size", default: 9216),
            epsilon: config.number("rms_norm_eps", default: 1e-6),
            activation: config.activation(
                ["hidden_activation"], default: "gelu_pytorch_tanh"),
            shape: AttentionShape(
                heads: heads, groups: groups, headSize: size,
                scale: Float(1 / scale.squareRoot()), softcap: cap("attn_logit_softcapping", 50)),
            rotary: weights.rotary(config.rotary(headSize: size)), windows: windows,
            bias: .init(attention: config.bool("attention_bias", default: false)), normOffset: 1,
            embeddingScale: Float(Double(channels).squareRoot()),
            norms: .init(
                feedForward: "pre_feedforward_layernorm",
                afterAttention: "post_attention_layernorm",
                afterFeedForward: "post_feedforward_layernorm"))
    }
}
