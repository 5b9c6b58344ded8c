// A sequence classifier, or a regression or reward model with a single output: a backbone, a head and,
// if given, an adapter.

import ArenaCore
import ArenaTensor

/// Which token a decoder's head looks at.
package enum Pooling: String, Sendable, CaseIterable {
    /// The rightmost that is not padding; the last if the model has no padding.
    case last
    /// The one before the first that is padding; the last if none is. What older checkpoints were
    /// trained with: it differs where padding tokens stand inside a row.
    case beforeFirstPad = "before_first_pad"
}

/// A model folder with a classification head, ready to be loaded.
package final class Classifier: Sendable {
    package let core: ModelCore
    /// The label names of config.json where their number fits the head.
    package let labels: [String]?
    package let labelCount: Int
    package let pooling: Pooling
    /// Applied one after another; the last gives the labels.
    private let layers: [(linear: Linear, activation: Activation?)]

    package var modelPath: String { core.path }
    package var adapterPath: String? { core.adapterPath }
    package var architecture: String { core.architecture }
    package var padTokenID: Int32? { core.padTokenID }
    package var vocabulary: Int { core.vocabulary }
    package var longestRow: Int { core.longestRow }
    package var isLoaded: Bool { core.isLoaded }
    package var weightBytes: Int { core.weightBytes }
    package func unload() { core.unload() }
    package func load(
        for backend: any Backend = CPUBackend(), workers: Int = processorCount()
    ) throws(ModelError) {
        try core.load(for: backend, workers: workers)
    }

    /// Describes the model of a folder.
    /// - Parameters:
    ///   - adapter: applied without merging; its head replaces the model's.
    ///   - labels: the number of outputs the caller expects, nil to take what the head has.
    ///   - source: weights from elsewhere than the folder.
    /// - Throws: `ModelError` for anything the configurations and headers can tell.
    package init(
        modelPath: String, adapter: Adapter? = nil, labels expected: Int? = nil,
        pooling: Pooling = .last, source: Checkpoint? = nil, precision: WeightPrecision = .stored
    ) throws(ModelError) {
        let opening = try ModelOpening(
            modelPath, adapter: adapter, source: source, precision: precision)
        let configuration = opening.configuration
        let channels = opening.backbone.channels
        var inner: [(key: String, activation: Activation?)] = []
        var key = "score"
        if case .firstToken(var names) = opening.backbone.classification,
            let last = names.popLast()
        {
            (inner, key) = (names, last.key)
        }
        let name = key + ".weight"
        guard let shape = opening.account.shape(of: name), shape.count == 2 else {
            throw .missingHead(path: modelPath, tensor: name, adapter: adapter?.path)
        }
        let outputs = shape[0]
        let isAdapters = opening.adapterReplaces(name)
        if !isAdapters, let promised = configuration.labelCount, promised != outputs {
            throw .shape(
                name: name, path: opening.account.base.path(of: name),
                expected: [promised, channels], found: shape)
        }
        if let expected, expected != outputs {
            throw .labels(
                path: isAdapters ? adapter?.path ?? modelPath : modelPath, expected: expected,
                found: outputs)
        }
        var layers: [(linear: Linear, activation: Activation?)] = []
        for (key, activation) in inner {
            layers.append(
                (
                    try opening.weights.linear(
                        key, inputs: channels, outputs: channels, bias: true, isHead: true),
                    activation
                ))
        }
        let hasBias = opening.weights.contains(key + ".bias")
        if !inner.isEmpty && !hasBias {
            throw .missingTensor(name: key + ".bias", path: modelPath, nearest: nil)
        }
        layers.append(
            (
                try opening.weights.linear(
                    key, inputs: channels, outputs: outputs, bias: hasBias, isHead: true), nil
            ))
        self.layers = layers
        core = try opening.close()
        self.pooling = pooling
        labels = configuration.labels?.count == outputs ? configuration.labels : nil
        labelCount = outputs
    }

    /// The logits of every row, row by row: `batch.count * labelCount` numbers; NaN in rows without
    /// a result.
    /// - Throws: as `ModelCore.run`.
    package func predictLogits(
        _ batch: TokenBatch, _ options: RunOptions = RunOptions()
    ) throws(ModelError) -> [Float] {
        let (pad, pooling, isCausal) = (padTokenID, pooling, core.backbone.isCausal)
        let task = RowTask(
            request: { row in
                guard isCausal else { return (row.count, [0]) }
                // What follows the token cannot matter, and is not run.
                let position = Self.pooledPosition(row, pad, pooling)
                return (position + 1, [position])
            },
            finish: { [layers] _, hidden, device, arena in
                var x = hidden
                for (linear, activation) in layers {
                    x = linear(x, on: device, arena)
                    if let activation { device.activate(activation, x, into: x) }
                }
                return (0..<x.rows).map { x.rows($0..<$0 + 1).values }
            })
        return joined(try core.run(task, on: batch, options), width: labelCount)
    }

    /// The place of the token that a decoder's head looks at.
    static func pooledPosition(
        _ row: ArraySlice<Int32>, _ padTokenID: Int32?, _ pooling: Pooling = .last
    ) -> Int {
        guard let padTokenID else { return row.count - 1 }
        switch pooling {
        case .last:
            // All padding: the first, as the reference has it.
            guard let last = row.lastIndex(where: { $0 != padTokenID }) else { return 0 }
            return last - row.startIndex
        case .beforeFirstPad:
            guard let first = row.firstIndex(of: padTokenID) else { return row.count - 1 }
            // Nothing before it: the reference's index of -1 is the last.
            return first == row.startIndex ? row.count - 1 : first - row.startIndex - 1
        }
    }
}
