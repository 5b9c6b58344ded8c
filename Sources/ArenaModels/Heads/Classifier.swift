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
    /// Of each adapter: applied one after another; the last gives the labels.
    private let heads: [[Layer]]

    private typealias Layer = (linear: Linear, activation: Activation?)

    package var modelPath: String { core.path }
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
    ///   - labels: the number of outputs the caller expects, nil to take what the head has.
    ///   - options: an adapter's head replaces the model's.
    /// - Throws: `ModelError` for anything the configurations and headers can tell.
    package init(
        modelPath: String, labels expected: Int? = nil, pooling: Pooling = .last,
        _ options: OpeningOptions = OpeningOptions()
    ) throws(ModelError) {
        var opening = try ModelOpening(modelPath, options)
        let (account, configuration) = (opening.account, opening.configuration)
        heads = try opening.describe { backbone, mix throws(ModelError) in
            try Self.head(backbone, mix, account, configuration, expected: expected)
        }
        core = try opening.close()
        self.pooling = pooling
        let outputs = heads[0].last?.linear.outputs ?? 0
        for (head, mix) in zip(heads, options.adapters) where head.last?.linear.outputs != outputs {
            throw .labels(
                path: mix.path, expected: outputs, found: head.last?.linear.outputs ?? 0)
        }
        labels = configuration.labels?.count == outputs ? configuration.labels : nil
        labelCount = outputs
    }

    private static func head(
        _ backbone: any Backbone, _ mix: AdapterMix?, _ account: WeightAccount,
        _ configuration: ModelConfiguration, expected: Int?
    ) throws(ModelError) -> [Layer] {
        let channels = backbone.channels
        var inner: [(key: String, activation: Activation?)] = []
        var key = "score"
        if case .firstToken(var names) = backbone.classification, let last = names.popLast() {
            (inner, key) = (names, last.key)
        }
        let name = key + ".weight"
        account.renew(
            key, outputs: expected ?? configuration.labelCount ?? 2, inputs: channels,
            bias: !inner.isEmpty)
        guard let shape = account.shape(of: name), shape.count == 2 else {
            throw .missingHead(path: account.base.path, tensor: name, adapter: mix?.path)
        }
        let outputs = shape[0]
        let isAdapters = account.isReplaced(name)
        if !isAdapters, let promised = configuration.labelCount, promised != outputs,
            account.base.contains(name)
        {
            throw .shape(
                name: name, path: account.base.path(of: name),
                expected: [promised, channels], found: shape)
        }
        if let expected, expected != outputs {
            throw .labels(
                path: isAdapters ? mix?.path ?? "" : account.base.path, expected: expected,
                found: outputs)
        }
        let weights = account.root
        var layers: [Layer] = []
        for (key, activation) in inner {
            layers.append(
                (
                    try weights.linear(
                        key, inputs: channels, outputs: channels, bias: true, isHead: true),
                    activation
                ))
        }
        let hasBias = weights.contains(key + ".bias")
        if !inner.isEmpty && !hasBias {
            throw .missingTensor(name: key + ".bias", path: account.base.path, nearest: nil)
        }
        layers.append(
            (
                try weights.linear(
                    key, inputs: channels, outputs: outputs, bias: hasBias, isHead: true), nil
            ))
        return layers
    }

    /// The logits of every row, row by row: `batch.count * labelCount` numbers; NaN in rows without
    /// a result.
    /// - Parameter adapter: the number of the adapter that computes.
    /// - Throws: as `ModelCore.run`.
    package func predictLogits(
        _ batch: TokenBatch, adapter: Int = 0, _ options: RunOptions = RunOptions()
    ) throws(ModelError) -> [Float] {
        let (pad, pooling, isCausal) = (padTokenID, pooling, core.backbone.isCausal)
        let layers = heads[adapter]
        let task = RowTask(
            adapter: adapter,
            request: { row in
                guard isCausal else { return (row.count, [0]) }
                // What follows the token cannot matter, and is not run.
                let position = Self.pooledPosition(row, pad, pooling)
                return (position + 1, [position])
            },
            finish: { _, hidden, device, arena in
                var x = hidden
                for (linear, activation) in layers {
                    x = linear(x, on: device, arena)
                    if let activation { device.activate(activation, x, into: x) }
                }
                return x.rowValues
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
