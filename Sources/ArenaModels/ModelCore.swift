// What every kind of model is made of: a backbone, an adapter, and weights that load at first use and
// can leave. Opening one reads configurations and headers only and checks all they can tell.

import ArenaCore
import ArenaTensor
import Synchronization

/// A model folder while its layers are being described: a head is made from `weights`, then `close`
/// names what nobody asked for.
struct ModelOpening {
    let path: String
    let adapterPath: String?
    let configuration: ModelConfiguration
    let account: WeightAccount
    let backbone: any Backbone
    private let headNames: [String]

    /// - Throws: `ModelError` for anything the configurations and headers can tell.
    init(
        _ path: String, adapter: Adapter?, source: Checkpoint? = nil,
        precision: WeightPrecision = .stored
    ) throws(ModelError) {
        self.path = path
        adapterPath = adapter?.path
        configuration = try ModelConfiguration(folder: path)
        let type = try ModelRegistry.backbone(for: configuration)
        let base = if let source { source } else { try Checkpoint(folder: path) }
        account = WeightAccount(
            base: base, adapter: adapter, quantization: configuration.quantization,
            precision: precision)
        backbone = try type.init(configuration.reader, weights: account.root)
        headNames = type.headNames
    }

    var weights: WeightScope { account.root }

    /// Whether the adapter brings this tensor in place of the base's.
    func adapterReplaces(_ name: String) -> Bool { account.adapter?.replacements[name] != nil }

    /// The model, once all its layers are described.
    func close() throws(ModelError) -> ModelCore {
        // Heads of other tasks, and tables that older versions saved.
        try account.close { name in
            name.hasSuffix(".rotary_emb.inv_freq") || headNames.contains { name.hasPrefix($0) }
        }
        return ModelCore(self)
    }
}

/// A model without a task: weights that come and go, and rows run through them.
package final class ModelCore: Sendable {
    package let path: String
    package let adapterPath: String?
    /// The name in config.json, such as `Gemma2ForSequenceClassification`.
    package let architecture: String
    package let padTokenID: Int32?
    let backbone: any Backbone
    let origin: ModelOrigin
    private let weights: [WeightAccount.Pending]
    /// One run, load or unload at a time; the value is the loaded weights' layout.
    let loaded = Mutex<WeightLayout?>(nil)
    /// The same for those who may not wait.
    private let resident = Atomic<Bool>(false)
    /// The workers' memory, kept from one run to the next until the weights leave.
    let arenas = Mutex<[ActivationArena]>([])

    fileprivate init(_ opening: ModelOpening) {
        path = opening.path
        adapterPath = opening.adapterPath
        architecture = opening.configuration.architectures.first ?? ""
        padTokenID = opening.configuration.padTokenID
        backbone = opening.backbone
        origin = ModelOrigin(
            configuration: opening.configuration.reader.path, base: opening.account.base,
            adapter: opening.account.adapter, precision: opening.account.precision)
        weights = opening.account.pending
    }

    package var vocabulary: Int { backbone.embedding.vocabulary }

    /// The longest row in tokens.
    package var longestRow: Int { backbone.longestRow }

    /// Whether the weights are in memory; never waits, so a progress callback may ask.
    package var isLoaded: Bool { resident.load(ordering: .acquiring) }

    /// Brings the weights into memory, as the backend wants them; nothing to do if they are there.
    /// - Throws: `ModelError.nonFiniteWeight` naming the tensor that holds a NaN or an infinity.
    package func load(for backend: any Backend = CPUBackend(), workers: Int = processorCount())
        throws(ModelError)
    {
        let layout = backend.weightLayout
        let result = loaded.withLock { current -> Result<Void, ModelError> in
            loadHolding(&current, layout: layout, workers: workers)
        }
        try result.get()
    }

    /// Loads while the lock is held.
    func loadHolding(
        _ current: inout WeightLayout?, layout: WeightLayout, workers: Int
    ) -> Result<Void, ModelError> {
        guard current != layout else {
            ResidentModels.touch(self)
            return .success(())
        }
        release(&current)
        // Rows need room too, so a little more than the weights.
        ResidentModels.makeRoom(weightBytes + weightBytes / 8 + (1 << 28), for: self)
        do throws(ModelError) {
            try loadWeights(weights, layout: layout, workers: workers)
        } catch {
            return .failure(error)
        }
        current = layout
        ResidentModels.touch(self)
        resident.store(true, ordering: .releasing)
        return .success(())
    }

    /// Gives the weights' memory back once nothing runs; the next run loads again.
    package func unload() {
        loaded.withLock { release(&$0) }
    }

    /// The same, unless something runs.
    /// - Returns: whether weights left.
    func unloadIfIdle() -> Bool {
        loaded.withLockIfAvailable { current in
            guard current != nil else { return false }
            release(&current)
            return true
        } ?? false
    }

    private func release(_ current: inout WeightLayout?) {
        unloadWeights(weights)
        arenas.withLock { $0 = [] }
        current = nil
        ResidentModels.remove(self)
        resident.store(false, ordering: .releasing)
    }

    /// Whether there is room for the weights in single precision.
    var canLoadRows: Bool {
        let bytes = weights.reduce(0) {
            if case .matrix(let matrix, _) = $1 { return $0 + matrix.outputs * matrix.inputs * 4 }
            return $0
        }
        return bytes + bytes / 8 < ResidentModels.availableMemory()
    }

    /// Multiplications of the matrix products for each token, about: what the time goes into. A task's
    /// own head, which sees few tokens, counts as if it saw all.
    package var productsPerToken: Int {
        weights.reduce(0) { sum, weight in
            if case .matrix(let matrix, _) = weight { return sum + matrix.outputs * matrix.inputs }
            return sum
        }
    }

    /// Bytes that the weights take when loaded, about.
    package var weightBytes: Int { weights.reduce(0) { $0 + $1.loadedBytes } }
}
