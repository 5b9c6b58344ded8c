// Gemma 2 (https://arxiv.org/abs/2408.00118): norms before and after each part with weights around
// zero, soft-capped scores, every other layer through a window, embeddings scaled by sqrt(C).
// Reference: transformers, models/gemma2/modeling_gemma2.py.

import ArenaTensor

/// The Gemma-2 decoder.
package struct Gemma2: Backbone {
    package static let architectures = ["Gemma2ForSequenceClassification", "Gemma2ForCausalLM"]

    package let channels: Int
    package let vocabulary: Int
    package let longestRow: Int
    private let embedding: EmbeddingTable  // (V, C)
    private let blocks: [Gemma2Block]
    private let norm: RMSNorm  // (C)

    package init(_ config: ConfigReader, weights: WeightScope) throws(ModelError) {
        // `final_logit_softcapping` belongs to the language head, which classification leaves out.
        try config.refuse("use_bidirectional_attention") { $0.bool == false }
        channels = try config.int("hidden_size", default: 2304)
        vocabulary = try config.int("vocab_size", default: 256_000)
        longestRow = try config.int("max_position_embeddings", default: 8192)
        let layers = try config.int("num_hidden_layers", default: 26, in: 1...4096)
        let heads = try config.int("num_attention_heads", default: 8, in: 1...4096)
        let groups = try config.int("num_key_value_heads", default: 4, in: 1...4096)
        let headSize = try config.int("head_dim", default: 256, in: 1...4096)
        guard heads % groups == 0 else {
            throw config.problem(
                "num_key_value_heads", .contradicts("num_attention_heads = \(heads)"))
        }
        let windows = try config.windows(
            layers: layers, window: config.optionalInt("sliding_window") ?? 4096,
            default: { $0 % 2 == 0 })
        let rotary = Rotary(try config.rotary(headSize: headSize))
        let scale = try config.number("query_pre_attn_scalar", default: 256)
        // Written as null it means no cap, left out it means 50.
        let softcap =
            config.isNull("attn_logit_softcapping")
            ? nil : try config.number("attn_logit_softcapping", default: 50)
        let width = try config.int("intermediate_size", default: 9216)
        let epsilon = try config.number("rms_norm_eps", default: 1e-6)
        let bias = try config.bool("attention_bias", default: false)
        let activation = try config.gateActivation(
            ["hidden_activation"], default: "gelu_pytorch_tanh")

        let size = channels
        let model = weights.at("model")
        embedding = try model.embedding("embed_tokens", vocabulary: vocabulary, channels: channels)
        var blocks: [Gemma2Block] = []
        for (i, window) in windows.enumerated() {
            let layer = model.at("layers").at(String(i))
            func norm(_ key: String) throws(ModelError) -> RMSNorm {
                try layer.norm(key, size, epsilon: epsilon, offset: 1)
            }
            let shape = AttentionShape(
                heads: heads, groups: groups, headSize: headSize,
                scale: Float(1 / scale.squareRoot()), softcap: softcap.map { Float($0) },
                window: window)
            blocks.append(
                Gemma2Block(
                    inputNorm: try norm("input_layernorm"),
                    attention: try GroupedAttention(
                        layer.at("self_attn"), channels: channels, shape: shape, bias: bias,
                        rotary: rotary),
                    postAttentionNorm: try norm("post_attention_layernorm"),
                    preFeedForwardNorm: try norm("pre_feedforward_layernorm"),
                    mlp: try GatedMLP(
                        layer.at("mlp"), channels: channels, width: width, bias: false,
                        activation: activation),
                    postFeedForwardNorm: try norm("post_feedforward_layernorm")))
        }
        self.blocks = blocks
        norm = try model.norm("norm", channels, epsilon: epsilon, offset: 1)
    }

    package func callAsFunction(
        _ pack: Pack, on device: any Backend, _ arena: ActivationArena
    ) -> Tensor {
        var x = arena.tensor(pack.tokens, channels)  // (T, C)
        device.embed(pack.ids, embedding, scale: Float(Double(channels).squareRoot()), into: x)
        for block in blocks.dropLast() {
            let mark = arena.mark
            x = block(x, pack, lastOnly: false, on: device, arena)
            arena.release(to: mark)
        }
        // (R, C): nothing after the last layer looks at other tokens.
        if let last = blocks.last { x = last(x, pack, lastOnly: true, on: device, arena) }
        return norm(x, on: device, arena)
    }
}

/// One layer of Gemma 2.
private struct Gemma2Block: Sendable {
    let inputNorm: RMSNorm
    let attention: GroupedAttention
    let postAttentionNorm: RMSNorm
    let preFeedForwardNorm: RMSNorm
    let mlp: GatedMLP
    let postFeedForwardNorm: RMSNorm

    /// Changes x (T, C) in place and returns it; with `lastOnly`, a tensor (R, C) of the rows' last
    /// tokens, the only ones that anything after the last layer looks at.
    func callAsFunction(
        _ x: Tensor, _ pack: Pack, lastOnly: Bool, on device: any Backend, _ arena: ActivationArena
    ) -> Tensor {
        let mixed = attention(
            inputNorm(x, on: device, arena), pack, lastOnly: lastOnly, on: device, arena)
        let kept = lastOnly ? pack.lastOnly(of: x, on: device, arena) : x
        postAttentionNorm.add(mixed, to: kept, on: device)
        let y = mlp(preFeedForwardNorm(kept, on: device, arena), on: device, arena)
        postFeedForwardNorm.add(y, to: kept, on: device)
        return kept
    }
}
