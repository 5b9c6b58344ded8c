// Llama 2, 3 and 3.1 (https://arxiv.org/abs/2407.21783): a norm before each part, SwiGLU, rotary
// positions with optional scaling, optional biases.
// Reference: transformers, models/llama/modeling_llama.py.

import ArenaTensor

/// The Llama decoder.
package struct Llama: Backbone {
    package static let architectures = ["LlamaForSequenceClassification", "LlamaForCausalLM"]

    package let channels: Int
    package let vocabulary: Int
    package let longestRow: Int
    private let embedding: EmbeddingTable  // (V, C)
    private let blocks: [LlamaBlock]
    private let norm: RMSNorm  // (C)

    package init(_ config: ConfigReader, weights: WeightScope) throws(ModelError) {
        // `pretraining_tp` only splits products; the reference ignores it by now.
        channels = try config.int("hidden_size", default: 4096)
        vocabulary = try config.int("vocab_size", default: 32_000)
        longestRow = try config.int("max_position_embeddings", default: 2048)
        let layers = try config.int("num_hidden_layers", default: 32, in: 1...4096)
        let heads = try config.int("num_attention_heads", default: 32, in: 1...4096)
        let groups = try config.int("num_key_value_heads", default: heads, in: 1...4096)
        guard heads % groups == 0 else {
            throw config.problem(
                "num_key_value_heads", .contradicts("num_attention_heads = \(heads)"))
        }
        let given = try config.optionalInt("head_dim", in: 1...4096)
        guard given != nil || channels % heads == 0 else {
            throw config.problem("num_attention_heads", .contradicts("hidden_size = \(channels)"))
        }
        let headSize = given ?? channels / heads
        let rotary = Rotary(try config.rotary(headSize: headSize))
        let width = try config.int("intermediate_size", default: 11_008)
        let epsilon = try config.number("rms_norm_eps", default: 1e-6)
        let attentionBias = try config.bool("attention_bias", default: false)
        let mlpBias = try config.bool("mlp_bias", default: false)
        let activation = try config.gateActivation(["hidden_act"], default: "silu")

        let model = weights.at("model")
        embedding = try model.embedding("embed_tokens", vocabulary: vocabulary, channels: channels)
        let shape = AttentionShape(
            heads: heads, groups: groups, headSize: headSize,
            scale: Float(1 / Double(headSize).squareRoot()))
        var blocks: [LlamaBlock] = []
        for i in 0..<layers {
            let layer = model.at("layers").at(String(i))
            blocks.append(
                LlamaBlock(
                    inputNorm: try layer.norm("input_layernorm", channels, epsilon: epsilon),
                    attention: try GroupedAttention(
                        layer.at("self_attn"), channels: channels, shape: shape,
                        bias: attentionBias,
                        rotary: rotary),
                    postAttentionNorm: try layer.norm(
                        "post_attention_layernorm", channels, epsilon: epsilon),
                    mlp: try GatedMLP(
                        layer.at("mlp"), channels: channels, width: width, bias: mlpBias,
                        activation: activation)))
        }
        self.blocks = blocks
        norm = try model.norm("norm", channels, epsilon: epsilon)
    }

    package func callAsFunction(
        _ pack: Pack, on device: any Backend, _ arena: ActivationArena
    ) -> Tensor {
        var x = arena.tensor(pack.tokens, channels)  // (T, C)
        device.embed(pack.ids, embedding, scale: 1, into: x)
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

/// One layer of Llama.
private struct LlamaBlock: Sendable {
    let inputNorm: RMSNorm
    let attention: GroupedAttention
    let postAttentionNorm: RMSNorm
    let mlp: GatedMLP

    /// Changes x (T, C) in place and returns it; with `lastOnly`, a tensor (R, C) of the rows' last
    /// tokens, the only ones that anything after the last layer looks at.
    func callAsFunction(
        _ x: Tensor, _ pack: Pack, lastOnly: Bool, on device: any Backend, _ arena: ActivationArena
    ) -> Tensor {
        let mixed = attention(
            inputNorm(x, on: device, arena), pack, lastOnly: lastOnly, on: device, arena)
        let kept = lastOnly ? pack.lastOnly(of: x, on: device, arena) : x
        device.add(mixed, into: kept)
        device.add(mlp(postAttentionNorm(kept, on: device, arena), on: device, arena), into: kept)
        return kept
    }
}
