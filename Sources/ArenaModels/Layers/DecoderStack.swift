// What the decoders have in common: an embedding, blocks of attention and gated MLP around a residual
// stream, and a last norm. An architecture's file names the weights and says what is special.

import ArenaTensor

/// One decoder layer: x += attention(norm(x)), x += mlp(norm(x)), each with another norm after it where
/// the architecture has one.
package struct DecoderBlock: Sendable {
    let inputNorm: RMSNorm
    let attention: SelfAttention
    var afterAttention: RMSNorm?
    let feedForwardNorm: RMSNorm
    let mlp: GatedMLP
    var afterFeedForward: RMSNorm?

    /// Changes x (T, C) in place and returns it; with `wantedOnly`, a tensor (W, C) of the pack's
    /// wanted tokens, the only ones that anything after the last layer looks at.
    func callAsFunction(
        _ x: Tensor, _ pack: Pack, wantedOnly: Bool, kept: KeyValueCache.Layer?,
        on device: any Backend, _ arena: ActivationArena
    ) -> Tensor {
        let mixed = attention(
            of: inputNorm.rows(x), pack, wantedOnly: wantedOnly, kept: kept,
            on: device, arena)
        let kept = wantedOnly ? pack.wanted(of: x, on: device, arena) : x
        add(mixed, to: kept, afterAttention, device)
        let y = mlp(of: feedForwardNorm.rows(kept), on: device, arena)
        add(y, to: kept, afterFeedForward, device)
        return kept
    }

    private func add(_ x: Tensor, to y: Tensor, _ norm: RMSNorm?, _ device: any Backend) {
        if let norm { norm.add(x, to: y, on: device) } else { device.add(x, into: y) }
    }
}

/// Embedding, blocks and the last norm.
package struct DecoderStack: Sendable {
    let embedding: EmbeddingTable  // (V, C)
    var embeddingScale: Float = 1
    let blocks: [DecoderBlock]
    let norm: RMSNorm  // (C)

    /// The hidden states of the pack's wanted tokens after the last norm (W, C).
    package func callAsFunction(
        _ pack: Pack, on device: any Backend, _ arena: ActivationArena
    ) -> Tensor {
        let x = embed(pack, on: device, arena)
        return norm(
            pass(x, through: blocks.indices, pack, on: device, arena), on: device, arena)
    }

    /// What enters the first layer (T, C).
    func embed(
        _ pack: Pack, on device: any Backend, _ arena: ActivationArena
    ) -> Tensor {
        let x = arena.tensor(pack.tokens, embedding.channels)  // (T, C)
        device.embed(pack.ids, embedding, scale: embeddingScale, adding: false, into: x)
        return x
    }

    /// Changes x (T, C) as these layers do; what leaves the last of all is the wanted tokens' (W, C).
    func pass(
        _ x: Tensor, through layers: Range<Int>, _ pack: Pack, on device: any Backend,
        _ arena: ActivationArena
    ) -> Tensor {
        var x = x
        for i in layers {
            let isLast = i == blocks.count - 1 && !pack.wantsAll
            let mark = arena.mark
            x = blocks[i](
                x, pack, wantedOnly: isLast, kept: pack.cache?.layers[i], on: device, arena)
            if !isLast { arena.release(to: mark) }
        }
        return x
    }
}

extension DecoderStack {
    /// Which linear layers have a bias.
    struct Biases {
        var attention = false
        /// The attention's output; as `attention` if nil.
        var output: Bool?
        var mlp = false
    }

    /// The names of a block's norms besides `input_layernorm`.
    struct NormNames {
        var feedForward = "post_attention_layernorm"
        var afterAttention: String?
        var afterFeedForward: String?
    }

    /// The stack under the names that most decoders use.
    init(
        _ model: WeightScope, channels: Int, vocabulary: Int, layers: Int, width: Int,
        epsilon: Double, activation: Activation, shape: AttentionShape, rotary: Rotary,
        windows: [Int?]? = nil, bias: Biases = Biases(), normOffset: Float = 0,
        embeddingScale: Float = 1, norms: NormNames = NormNames(), isFused: Bool = false
    ) throws(ModelError) {
        embedding = try model.embedding("embed_tokens", vocabulary: vocabulary, channels: channels)
        self.embeddingScale = embeddingScale
        var blocks: [DecoderBlock] = []
        for i in 0..<layers {
            let layer = model.at("layers").at(String(i))
            func norm(_ key: String) throws(ModelError) -> RMSNorm {
                try layer.norm(key, channels, epsilon: epsilon, offset: normOffset)
            }
            func optionalNorm(_ key: String?) throws(ModelError) -> RMSNorm? {
                if let key { try norm(key) } else { nil }
            }
            var shape = shape
            if let windows { shape.window = windows[i] }
            blocks.append(
                DecoderBlock(
                    inputNorm: try norm("input_layernorm"),
                    attention: try Self.attention(
                        layer.at("self_attn"), channels, shape, rotary, bias, isFused: isFused),
                    afterAttention: try optionalNorm(norms.afterAttention),
                    feedForwardNorm: try norm(norms.feedForward),
                    mlp: try Self.mlp(
                        layer.at("mlp"), channels, width, activation, bias.mlp, isFused: isFused),
                    afterFeedForward: try optionalNorm(norms.afterFeedForward)))
        }
        self.blocks = blocks
        norm = try model.norm("norm", channels, epsilon: epsilon, offset: normOffset)
    }

    private static func attention(
        _ weights: WeightScope, _ channels: Int, _ shape: AttentionShape, _ rotary: Rotary,
        _ bias: Biases, isFused: Bool
    ) throws(ModelError) -> SelfAttention {
        let (wide, narrow) = (shape.heads * shape.headSize, shape.groups * shape.headSize)
        func linear(_ key: String, _ outputs: Int) throws(ModelError) -> Linear {
            try weights.linear(key, inputs: channels, outputs: outputs, bias: bias.attention)
        }
        let inputs: SelfAttention.Inputs =
            isFused
            ? .fused(try linear("qkv_proj", wide + 2 * narrow))
            : .separate(
                query: try linear("q_proj", wide), key: try linear("k_proj", narrow),
                value: try linear("v_proj", narrow))
        return SelfAttention(
            inputs: inputs,
            output: try weights.linear(
                "o_proj", inputs: wide, outputs: channels, bias: bias.output ?? bias.attention),
            shape: shape, rotary: rotary)
    }

    private static func mlp(
        _ weights: WeightScope, _ channels: Int, _ width: Int, _ activation: Activation,
        _ bias: Bool, isFused: Bool
    ) throws(ModelError) -> GatedMLP {
        func linear(_ key: String, _ outputs: Int) throws(ModelError) -> Linear {
            try weights.linear(key, inputs: channels, outputs: outputs, bias: bias)
        }
        let inputs: GatedMLP.Inputs =
            isFused
            ? .fused(try linear("gate_up_proj", 2 * width))
            : .separate(gate: try linear("gate_proj", width), up: try linear("up_proj", width))
        return GatedMLP(
            inputs: inputs,
            down: try weights.linear("down_proj", inputs: width, outputs: channels, bias: bias),
            activation: activation)
    }
}
