// What encoders' configurations and weight names have in common.

import ArenaTensor

/// An encoder: what its stack gives.
package protocol EncoderBackbone: Backbone {
    var stack: EncoderStack { get }
}

extension EncoderBackbone {
    package var channels: Int {
        stack.embeddings.projection?.outputs ?? stack.embeddings.words.channels
    }
    package var embedding: EmbeddingTable { stack.embeddings.words }
    package var isCausal: Bool { false }
    package var typeCount: Int? { stack.embeddings.types?.vocabulary }

    package func callAsFunction(
        _ pack: Pack, on device: any Backend, _ arena: ActivationArena
    ) -> Tensor {
        stack(pack, on: device, arena)
    }
}

/// Sizes of an encoder.
struct EncoderSettings {
    /// The configuration's names for them.
    struct Keys {
        var channels = "hidden_size"
        var layers = "num_hidden_layers"
        var heads = "num_attention_heads"
        var width = "intermediate_size"
        var activation = "hidden_act"
    }

    /// What holds where the configuration says nothing.
    struct Defaults {
        var vocabulary = 30_522
        var layers = 12
        var positions = 512
        var types = 2
        var epsilon = 1e-12
    }

    /// The names of a block's layers.
    struct BlockNames {
        var query = "attention.self.query"
        var key = "attention.self.key"
        var value = "attention.self.value"
        var output = "attention.output.dense"
        var attentionNorm = "attention.output.LayerNorm"
        var up = "intermediate.dense"
        var down = "output.dense"
        var outputNorm = "output.LayerNorm"
    }

    let channels: Int
    let layers: Int
    let heads: Int
    let width: Int
    let vocabulary: Int
    let positions: Int
    let types: Int
    let epsilon: Double
    let activation: Activation

    var headSize: Int { channels / heads }

    init(
        _ config: ConfigReader, keys: Keys = Keys(), defaults: Defaults = Defaults()
    ) throws(ModelError) {
        channels = try config.int(keys.channels, default: 768)
        layers = try config.int(keys.layers, default: defaults.layers, in: 1...4096)
        heads = try config.int(keys.heads, default: 12, in: 1...4096)
        width = try config.int(keys.width, default: 3072)
        vocabulary = try config.int("vocab_size", default: defaults.vocabulary)
        positions = try config.int("max_position_embeddings", default: defaults.positions)
        types = try config.int("type_vocab_size", default: defaults.types, in: 0...1024)
        epsilon = try config.number("layer_norm_eps", default: defaults.epsilon)
        activation = try config.activation([keys.activation], default: "gelu")
        guard channels % heads == 0 else {
            throw config.problem(keys.heads, .contradicts("\(keys.channels) = \(channels)"))
        }
    }

    /// - Parameters:
    ///   - positions: whether places have embeddings.
    ///   - width: channels of the tables, if not the model's.
    func embeddings(
        _ weights: WeightScope, positions hasPositions: Bool = true,
        numbering: EncoderEmbeddings.Positions = .plain, width: Int? = nil
    ) throws(ModelError) -> EncoderEmbeddings {
        let width = width ?? channels
        return EncoderEmbeddings(
            words: try weights.embedding(
                "word_embeddings", vocabulary: vocabulary, channels: width),
            positions: hasPositions
                ? try weights.embedding(
                    "position_embeddings", vocabulary: positions, channels: width) : nil,
            numbering: numbering,
            types: types > 0
                ? try weights.embedding(
                    "token_type_embeddings", vocabulary: types, channels: width) : nil,
            norm: try weights.layerNorm("LayerNorm", channels, epsilon: epsilon),
            projection: width == channels
                ? nil : try weights.linear("embed_proj", inputs: width, outputs: channels))
    }

    /// - Parameter scale: what scores are multiplied with, 1 / sqrt(D) if nil.
    func blocks(
        _ weights: WeightScope, names: BlockNames = BlockNames(), scale: Float? = nil
    ) throws(ModelError) -> [EncoderBlock] {
        let shape = AttentionShape(
            heads: heads, groups: heads, headSize: headSize,
            scale: scale ?? Float(1 / Double(headSize).squareRoot()), causal: false)
        var blocks: [EncoderBlock] = []
        for i in 0..<layers {
            let layer = weights.at(String(i))
            func linear(_ key: String, _ inputs: Int, _ outputs: Int) throws(ModelError) -> Linear {
                try layer.linear(key, inputs: inputs, outputs: outputs, bias: true)
            }
            blocks.append(
                EncoderBlock(
                    attention: SelfAttention(
                        inputs: .separate(
                            query: try linear(names.query, channels, channels),
                            key: try linear(names.key, channels, channels),
                            value: try linear(names.value, channels, channels)),
                        output: try linear(names.output, channels, channels), shape: shape),
                    attentionNorm: try layer.layerNorm(
                        names.attentionNorm, channels, epsilon: epsilon),
                    up: try linear(names.up, channels, width), activation: activation,
                    down: try linear(names.down, width, channels),
                    outputNorm: try layer.layerNorm(names.outputNorm, channels, epsilon: epsilon)))
        }
        return blocks
    }
}
