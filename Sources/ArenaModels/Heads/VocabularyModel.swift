// Language models, causal or masked: logits of chosen tokens at one place of each row, and the
// log-probabilities of a causal row's own tokens.

import ArenaCore
import ArenaTensor

/// A model folder with a language head, ready to be loaded.
package final class VocabularyModel: Sendable {
    package let core: ModelCore
    package let isCausal: Bool
    private let transform: (dense: Linear, activation: Activation, norm: LayerNorm)?
    private let source: WeightSource  // (V, C)
    private let bias: WeightVector?  // (V)
    private let softcap: Float?
    /// The whole of `source`, in memory only where every token's logit is needed.
    private let full: WeightMatrix

    /// - Parameter causal: whether the caller wants a causal model; another kind is refused.
    /// - Throws: `ModelError` for anything the configurations and headers can tell.
    package init(
        modelPath: String, adapter: Adapter? = nil, causal: Bool, source: Checkpoint? = nil,
        precision: WeightPrecision = .stored
    ) throws(ModelError) {
        let opening = try ModelOpening(
            modelPath, adapter: adapter, source: source, precision: precision)
        let backbone = opening.backbone
        isCausal = backbone.isCausal
        guard isCausal == causal, let head = backbone.vocabularyHead else {
            throw .wrongKind(
                path: opening.configuration.reader.path,
                architecture: opening.configuration.architectures.first ?? "",
                wanted: causal ? "a causal language model" : "a masked language model")
        }
        let (weights, table) = (opening.weights, backbone.embedding)
        let (vocabulary, channels) = (table.vocabulary, backbone.channels)
        func matrix(_ key: String) throws(ModelError) -> WeightSource {
            weights.contains(key + ".weight") || weights.contains(key + ".qweight")
                ? try opening.account.matrix(
                    key, outputs: vocabulary, inputs: channels, isHead: true)
                : .plain(table.source)
        }
        switch head {
        case .product(let key, let cap):
            self.source = try matrix(key)
            (transform, bias, softcap) = (nil, nil, cap)
        case .transform(let dense, let activation, let norm, let decoder, let biasName):
            guard weights.contains(dense + ".weight") else {
                throw .missingHead(
                    path: modelPath, tensor: dense + ".weight", adapter: adapter?.path)
            }
            transform = (
                try weights.linear(dense, inputs: channels, outputs: channels, bias: true),
                activation,
                try weights.layerNorm(
                    norm, channels,
                    epsilon: opening.configuration.reader.number("layer_norm_eps", default: 1e-12))
            )
            self.source = try matrix(decoder)
            bias = try weights.vector(biasName, vocabulary)
            softcap = nil
        }
        guard table.channels == channels else {
            throw .shape(
                name: table.source.name, path: table.source.path,
                expected: [vocabulary, channels], found: table.source.shape)
        }
        full = WeightMatrix(outputs: vocabulary, inputs: channels)
        opening.account.add(.onDemand(full))
        core = try opening.close()
    }

    /// Where in a row the logits are taken.
    package enum Place: Sendable, Equatable {
        case last
        /// The only token of this id, such as a mask's.
        case token(Int32)
        case position(Int)
    }

    /// The logits of the chosen tokens at one place of each row: `batch.count * choices.count`; NaN in
    /// rows without a result.
    /// - Throws: `ModelError.placeMissing` naming the row where the place is not, or as
    ///   `ModelCore.run`.
    package func logits(
        _ batch: TokenBatch, choices: [Int32], at place: Place, _ options: RunOptions
    ) throws(ModelError) -> [Float] {
        for id in choices where id < 0 || Int(id) >= core.vocabulary {
            throw .tokenID(row: -1, id: id, vocabulary: core.vocabulary)
        }
        try core.check(batch)
        for r in 0..<batch.count {
            let found = Self.places(place, batch[r])
            guard found.count == 1, found[0] >= 0, found[0] < batch[r].count else {
                throw .placeMissing(row: r, place: place, count: found.count)
            }
        }
        let chosen = WeightMatrix(outputs: choices.count, inputs: full.inputs, order: choices)
        let (source, isCausal) = (source, isCausal)
        let task = RowTask(
            request: { row in
                let position = Self.places(place, row)[0]
                return (isCausal ? position + 1 : row.count, [position])
            },
            prepare: { layout throws(ModelError) in
                try Self.load(chosen, source, layout)
            },
            finish: { [self] _, hidden, device, arena in
                let x = transformed(hidden, device, arena)
                let y = arena.tensor(x.rows, choices.count)  // (R, choices)
                device.product(x, chosen, bias: nil, into: y)
                if let bias {
                    for m in 0..<y.rows {
                        for (c, id) in choices.enumerated() { y[m, c] += bias.base[Int(id)] }
                    }
                }
                if let softcap { device.softcap(y, cap: softcap) }
                return (0..<y.rows).map { y.rows($0..<$0 + 1).values }
            })
        return joined(try core.run(task, on: batch, options), width: choices.count)
    }

    /// The natural logarithm of each token's probability after those before it, from `from[r]` on
    /// (1 at least: the first token follows nothing); a single NaN for rows without a result.
    /// - Throws: as `ModelCore.run`.
    package func logProbabilities(
        _ batch: TokenBatch, from: [Int], _ options: RunOptions
    ) throws(ModelError) -> [[Float]] {
        let source = source
        let task = RowTask(
            // The last token is needed as a target: whole rows are run.
            request: { row in (row.count, nil) },
            prepare: { [full] layout throws(ModelError) in
                if !full.isLoaded { try Self.load(full, source, layout) }
            },
            finish: { [self] pack, hidden, device, arena in
                let x = transformed(hidden, device, arena)
                // A strip of tokens at a time: logits are as wide as the vocabulary.
                let strip = 32
                var all: [Float] = []
                let mark = arena.mark
                for first in stride(from: 0, to: x.rows, by: strip) {
                    let rows = first..<min(first + strip, x.rows)
                    let y = arena.tensor(rows.count, full.outputs)
                    device.product(x.rows(rows), full, bias: nil, into: y)
                    if let softcap { device.softcap(y, cap: softcap) }
                    for (i, m) in rows.enumerated() {
                        // What a row's last token gives is left out below.
                        let next = m + 1 < pack.ids.count ? pack.ids[m + 1] : 0
                        all += Self.logSoftmax(y.rows(i..<i + 1), at: [next])
                    }
                    arena.release(to: mark)
                }
                return pack.wantedRows.map { Array(all[$0]) }
            })
        let values = try core.run(task, on: batch, options)
        return values.indices.map { r in
            guard let all = values[r] else { return [.nan] }
            // Value i is that of token i + 1; the last has no next.
            let own = all.dropLast()
            let start = max(1, r < from.count ? from[r] : 1) - 1
            return Array(own.dropFirst(start))
        }
    }

    /// log softmax of one row of logits at some columns, summed in a fixed order.
    private static func logSoftmax(_ row: Tensor, at columns: [Int32]) -> [Float] {
        var most = -Float.infinity
        for c in 0..<row.columns { most = max(most, row.base[c]) }
        var sum = 0.0
        for c in 0..<row.columns {
            sum += ExactMath.exponential(Double(row.base[c] - most))
        }
        let log = ExactMath.logarithm(sum)
        return columns.map { Float(Double(row.base[Int($0)] - most) - log) }
    }

    private func transformed(
        _ hidden: Tensor, _ device: any Backend, _ arena: ActivationArena
    ) -> Tensor {
        guard let transform else { return hidden }
        let x = transform.dense(hidden, on: device, arena)
        device.activate(transform.activation, x, into: x)
        transform.norm(x, on: device)
        return x
    }

    private static func places(_ place: Place, _ row: ArraySlice<Int32>) -> [Int] {
        switch place {
        case .last: return [row.count - 1]
        case .position(let p): return [p < 0 ? row.count + p : p]
        case .token(let id):
            return row.indices.filter { row[$0] == id }.map { $0 - row.startIndex }
        }
    }

    private static func load(
        _ matrix: WeightMatrix, _ source: WeightSource, _ layout: WeightLayout
    ) throws(ModelError) {
        do { try matrix.load(source, layout: layout) } catch {
            throw .nonFiniteWeight(name: error.name, path: error.path, index: error.index)
        }
    }
}
