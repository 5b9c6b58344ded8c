// What every kind of model is made of: a backbone, an adapter, and weights that load at first use and
// can leave. Opening one reads configurations and headers only and checks all they can tell.

import ArenaCore
import ArenaTensor
import Synchronization

/// How a model is opened besides its folder.
package struct OpeningOptions: Sendable {
    /// What it may be changed by; each call chooses one, the first unless it says.
    package var adapters: [AdapterMix]
    /// Whether adapters become part of the weights in place of running beside them.
    package var merges: Bool
    /// Weights from elsewhere than the folder.
    package var source: Checkpoint?
    package var precision: WeightPrecision
    /// How a head begins that is missing; nil to refuse.
    package var newHead: NewHead?

    package init(
        adapters: [AdapterMix] = [], merges: Bool = false, source: Checkpoint? = nil,
        precision: WeightPrecision = .stored, newHead: NewHead? = nil
    ) {
        self.adapters = adapters
        self.merges = merges
        self.source = source
        self.precision = precision
        self.newHead = newHead
    }
}

/// A model folder while its layers are being described: once for each adapter with `describe`, then
/// `close` names what nobody asked for.
struct ModelOpening {
    let path: String
    let configuration: ModelConfiguration
    let account: WeightAccount
    let options: OpeningOptions
    private let type: any Backbone.Type
    fileprivate private(set) var backbones: [any Backbone] = []

    /// - Throws: `ModelError` for anything the configurations and headers can tell.
    init(_ path: String, _ options: OpeningOptions) throws(ModelError) {
        self.path = path
        configuration = try ModelConfiguration(folder: path)
        type = try ModelRegistry.backbone(for: configuration)
        let base = if let source = options.source { source } else { try Checkpoint(folder: path) }
        var options = options
        options.newHead?.deviation = try configuration.reader.number(
            "initializer_range", default: 0.02)
        self.options = options
        account = WeightAccount(base, quantization: configuration.quantization, options)
    }

    var weights: WeightScope { account.root }

    /// The backbone and what `head` makes of it, for each adapter.
    mutating func describe<Head>(
        _ head: (any Backbone, AdapterMix?) throws(ModelError) -> Head
    ) throws(ModelError) -> [Head] {
        var heads: [Head] = []
        for mix in options.adapters.isEmpty ? [nil] : options.adapters.map(Optional.some) {
            account.begin(mix)
            let backbone = try type.init(configuration.reader, weights: account.root)
            backbones.append(backbone)
            heads.append(try head(backbone, mix))
            try account.endAdapter()
        }
        return heads
    }

    /// The model, once all its layers are described.
    func close() throws(ModelError) -> ModelCore {
        // Heads of other tasks, and tables that older versions saved.
        let headNames = type.headNames
        try account.close { name in
            name.hasSuffix(".rotary_emb.inv_freq") || headNames.contains { name.hasPrefix($0) }
        }
        return ModelCore(self)
    }
}

/// A model without a task: weights that come and go, and rows run through them.
package final class ModelCore: Sendable {
    package let path: String
    /// The adapters that a call may choose, by their paths; empty for a model without.
    package let adapterPaths: [String]
    /// The name in config.json, such as `Gemma2ForSequenceClassification`.
    package let architecture: String
    package let padTokenID: Int32?
    /// The model with each of its adapters; what these leave alone they share.
    let backbones: [any Backbone]
    let origin: ModelOrigin
    /// The names of head weights that began anew.
    package let newHeads: [String]
    private let merging: MergeReport?
    /// Those that are on cards.
    let cardWeights: CardWeights
    /// What loading has told, and what of it nobody has asked for yet.
    private let told = Mutex<(all: Set<String>, new: [String])>(([], []))
    private let weights: [PendingWeight]
    /// Bytes that a token takes while a layer runs, at least: the residual stream, what is normed, and of
    /// the largest product its results and its rows as it reads them.
    let bytesPerToken: Int
    /// One run, load or unload at a time; the value is the loaded weights' layout, or those of several
    /// cards.
    let loaded = Mutex<[WeightLayout]>([])
    /// The same for those who may not wait.
    private let resident = Atomic<Bool>(false)
    /// The workers' memory, kept from one run to the next until the weights leave.
    let arenas = Mutex<[ActivationArena]>([])

    fileprivate init(_ opening: ModelOpening) {
        path = opening.path
        adapterPaths = opening.options.adapters.map(\.path)
        architecture = opening.configuration.architectures.first ?? ""
        padTokenID = opening.configuration.padTokenID
        backbones = opening.backbones
        newHeads = opening.account.freshNames
        merging = opening.account.merging
        origin = ModelOrigin(
            configuration: opening.configuration.reader.path, base: opening.account.base,
            opening.options, newHeads: newHeads)
        weights = opening.account.pending
        bytesPerToken = Self.bytesPerToken(weights, channels: opening.backbones[0].channels)
        cardWeights = CardWeights(
            weights, blocks: Self.blocks(opening.backbones), bytesPerToken: bytesPerToken)
    }

    /// What does not depend on the adapter.
    var backbone: any Backbone { backbones[0] }

    /// What loading had to tell and has not told before.
    package func takeRemarks() -> [String] {
        noteRemarks()
        return told.withLock { told in
            defer { told.new = [] }
            return told.new
        }
    }

    /// Keeps what loading had to tell, before weights leave and take it with them.
    func noteRemarks() {
        let words = [merging?.words].compactMap { $0 } + cardWeights.remarks
        told.withLock { told in
            for word in words where told.all.insert(word).inserted { told.new.append(word) }
        }
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
            if cardWeights.split != nil { release(&current) }
            return loadHolding(&current, layout: layout, workers: workers)
        }
        try result.get()
    }

    /// Loads while the lock is held.
    /// - Parameters:
    ///   - cardRoom: bytes that weights may take on a card; nil for what it has.
    ///   - taskBytes: bytes that a task needs on a card beside them.
    func loadHolding(
        _ current: inout [WeightLayout], layout: WeightLayout, workers: Int, cardRoom: Int? = nil,
        taskBytes: Int = 0
    ) -> Result<Void, ModelError> {
        guard !current.contains(layout) else {
            ResidentModels.touch(self)
            return .success(())
        }
        // Cards hold weights side by side; the host has one layout of them, and none beside a card's.
        if layout.card == nil || current.contains(where: { $0.card == nil }) { release(&current) }
        // Rows need room too, so a little more than the weights.
        let most = layout.card.map { cardWeights.bytes(on: $0) } ?? weightBytes
        let rows = layout.card.map { cardWeights.rowRoom(on: $0) } ?? 0
        let room = most + most / 8 + (1 << 28) + taskBytes + rows
        if let card = layout.card {
            ResidentModels.makeRoom(room, for: self) { card.freeMemory }
        } else {
            ResidentModels.makeRoom(room, for: self)
        }
        let began = monotonicSeconds()
        var bytes = weightBytes
        do throws(ModelError) {
            if let card = layout.card {
                // Each worker needs room on the card for a matrix as it is stored.
                bytes = try cardWeights.load(
                    onto: card, room: cardRoom, beside: taskBytes, workers: min(workers, 4)
                ) { ResidentModels.makeRoom(.max, for: self) { 0 } }
            } else {
                try loadWeights(weights, layout: layout, workers: workers)
            }
        } catch {
            if layout.card != nil { release(&current) }
            return .failure(error)
        }
        Pace.noteLoad(bytes: bytes, seconds: monotonicSeconds() - began)
        current.append(layout)
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
            guard !current.isEmpty else { return false }
            release(&current)
            return true
        } ?? false
    }

    func release(_ current: inout [WeightLayout]) {
        unloadWeights(weights)
        arenas.withLock { $0 = [] }
        cardWeights.clear()
        current = []
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

    /// The weights of each layer, of all adapters, where all that differs between layers is where they lie.
    private static func blocks(_ backbones: [any Backbone]) -> [[WeightMatrix]] {
        let stacks = backbones.compactMap { ($0 as? any DecoderBackbone)?.stack }
        guard stacks.count == backbones.count, let first = stacks.first else { return [] }
        return first.blocks.indices.map { i in stacks.flatMap { $0.blocks[i].matrices } }
    }

    private static func bytesPerToken(_ weights: [PendingWeight], channels: Int) -> Int {
        let size = MemoryLayout<Float>.size
        let largest = weights.reduce(0) {
            guard case .matrix(let matrix, let source) = $1 else { return $0 }
            let rows = if case .dynamic8 = source { 1 } else { size }
            return max($0, matrix.outputs * size + matrix.inputs * rows)
        }
        return 2 * channels * size + largest
    }

    /// Bytes that the weights take when loaded, about.
    package var weightBytes: Int { weights.reduce(0) { $0 + $1.loadedBytes } }
}
