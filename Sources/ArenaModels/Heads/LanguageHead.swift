// From hidden states to the vocabulary: the layers before the last product, and that product with all tokens or
// with a few of them, an adapter's pair beside it.

import ArenaCore
import ArenaTensor

/// The language head of one model, with one of its adapters.
struct LanguageHead: Sendable {
    /// dense, activation, norm: of masked models.
    private let transform: (dense: Linear, activation: Activation, norm: LayerNorm)?
    private let source: WeightSource  // (V, C)
    private let bias: WeightVector?  // (V)
    private let lowRank: [LowRank]
    private let softcap: Float?
    private let channels: Int
    /// The logits of every token, in memory only where they are needed.
    let full: VocabularyProduct

    /// - Throws: `ModelError` naming the tensor that is missing or does not fit.
    init(
        _ head: VocabularyHead, _ backbone: any Backbone, _ mix: AdapterMix?,
        _ account: WeightAccount, _ configuration: ModelConfiguration
    ) throws(ModelError) {
        let (weights, table) = (account.root, backbone.embedding)
        let (vocabulary, channels) = (table.vocabulary, backbone.channels)
        let key: String
        switch head {
        case .product(let name, let cap):
            key = name
            (transform, bias, softcap) = (nil, nil, cap)
        case .transform(let dense, let activation, let norm, let decoder, let biasName):
            guard weights.contains(dense + ".weight") else {
                throw .missingHead(
                    path: account.base.path, tensor: dense + ".weight", adapter: mix?.path)
            }
            transform = (
                try weights.linear(dense, inputs: channels, outputs: channels, bias: true),
                activation,
                try weights.layerNorm(
                    norm, channels,
                    epsilon: configuration.reader.number("layer_norm_eps", default: 1e-12))
            )
            key = decoder
            bias = try weights.vector(biasName, vocabulary)
            softcap = nil
        }
        let hasOwn = weights.contains(key + ".weight") || weights.contains(key + ".qweight")
        source =
            hasOwn
            ? try account.matrix(key, outputs: vocabulary, inputs: channels, isHead: true)
            : .plain(table.source)
        guard table.channels == channels else {
            throw .shape(
                name: table.source.name, path: table.source.path,
                expected: [vocabulary, channels], found: table.source.shape)
        }
        lowRank = try account.lowRank(
            key, inputs: channels, outputs: vocabulary, isHead: true, order: nil)
        self.channels = channels
        full = VocabularyProduct(
            nil, vocabulary, channels, source, bias, lowRank, softcap, transform)
        for matrix in full.matrices { account.add(.onDemand(matrix)) }
    }

    /// The logits of these tokens alone.
    func choosing(_ tokens: [Int32]) -> VocabularyProduct {
        VocabularyProduct(
            tokens, tokens.count, channels, source, bias, lowRank, softcap, transform)
    }
}

/// The product with all or some rows of a language head, loaded by who needs it.
struct VocabularyProduct: Sendable {
    /// The rows; nil for all.
    private let tokens: [Int32]?
    private let weight: WeightMatrix  // (N, C)
    private let source: WeightSource
    private let bias: WeightVector?  // (V)
    /// The adapter's pairs, for these rows.
    private let pairs: [LowRank]
    private let softcap: Float?
    private let transform: (dense: Linear, activation: Activation, norm: LayerNorm)?

    fileprivate init(
        _ tokens: [Int32]?, _ count: Int, _ channels: Int, _ source: WeightSource,
        _ bias: WeightVector?, _ pairs: [LowRank], _ softcap: Float?,
        _ transform: (dense: Linear, activation: Activation, norm: LayerNorm)?
    ) {
        self.tokens = tokens
        weight = WeightMatrix(outputs: count, inputs: channels, order: tokens)
        self.source = source
        self.bias = bias
        self.pairs = pairs.map { pair in
            let rank = pair.down.outputs
            return LowRank(
                pair: LowRankPair(
                    down: WeightMatrix(outputs: rank, inputs: channels),
                    up: WeightMatrix(outputs: count, inputs: rank, order: tokens),
                    scale: pair.scale),
                stored: pair.stored)
        }
        self.softcap = softcap
        self.transform = transform
    }

    /// Bytes that loading it takes on a card, about: as it is stored, and as it is used.
    var cardBytes: Int {
        2 * CUDAMatrix.bytes(source, outputs: weight.outputs, inputs: weight.inputs)
    }

    var matrices: [WeightMatrix] { [weight] + pairs.flatMap { [$0.down, $0.up] } }

    /// Brings the rows into memory, unless they are there.
    /// - Throws: `ModelError.nonFiniteWeight`.
    func load(_ layout: WeightLayout) throws(ModelError) {
        guard !weight.isLoaded(as: layout) else { return }
        do {
            for pair in pairs {
                try pair.down.load(pair.stored.down, layout: layout)
                try pair.up.load(pair.stored.up, layout: layout)
            }
            try weight.load(source, layout: layout)
        } catch { throw .nonFiniteWeight(name: error.name, path: error.path, index: error.index) }
    }

    /// Logits (M, N) of hidden states (M, C), in the host's memory.
    func callAsFunction(
        _ hidden: Tensor, on device: any Backend, _ arena: ActivationArena
    ) -> Tensor {
        let logits = logits(hidden, on: device, arena).onHost
        guard let bias, let tokens else { return logits }
        for m in 0..<logits.rows {
            for (c, id) in tokens.enumerated() { logits[m, c] += bias.base[Int(id)] }
        }
        return logits
    }

    /// The same on the device, chosen tokens' without their bias.
    func logits(
        _ hidden: Tensor, on device: any Backend, _ arena: ActivationArena
    ) -> Tensor {
        var x = hidden
        if let transform {
            x = transform.dense(hidden, on: device, arena)
            device.activate(transform.activation, x, into: x)
            transform.norm(x, on: device)
        }
        let y = arena.tensor(x.rows, weight.outputs)
        device.products(
            x,
            [
                ProductPart(
                    weight, bias: tokens == nil ? bias : nil, lowRank: pairs.map(\.pair), into: y)
            ], arena: arena)
        // Heads with a bias have no cap.
        if let softcap { device.softcap(y, cap: softcap) }
        return y
    }
}
