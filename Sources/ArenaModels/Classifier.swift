// A sequence classifier: a backbone, a head and, if given, an adapter. Making one reads configurations
// and headers only and checks all they can tell; the weights load at first use and can leave.

import ArenaCore
import ArenaTensor
import Synchronization

/// A model folder with a classification head, ready to be loaded.
package final class Classifier: Sendable {
    package let modelPath: String
    package let adapterPath: String?
    /// The name in config.json, such as `Gemma2ForSequenceClassification`.
    package let architecture: String
    /// The label names of config.json where their number fits the head.
    package let labels: [String]?
    package let labelCount: Int
    package let padTokenID: Int32?
    package let vocabulary: Int
    /// The longest row in tokens.
    package let longestRow: Int

    let backbone: any Backbone
    let head: Linear  // (labels, C)
    private let weights: [WeightAccount.Pending]
    /// One prediction, load or unload at a time; the value is the loaded weights' layout.
    let loaded = Mutex<WeightLayout?>(nil)
    /// The same for those who may not wait.
    private let resident = Atomic<Bool>(false)
    /// The workers' memory, kept from one prediction to the next until the weights leave.
    let arenas = Mutex<[ActivationArena]>([])

    /// Describes the model of a folder.
    /// - Parameters:
    ///   - adapterPath: a PEFT LoRA folder, applied without merging; its head replaces the model's.
    ///   - labels: the number of outputs the caller expects, nil to take what the head has.
    /// - Throws: `ModelError` for anything the configurations and headers can tell.
    package init(modelPath: String, adapterPath: String? = nil, labels expected: Int? = nil)
        throws(ModelError)
    {
        let configuration = try ModelConfiguration(folder: modelPath)
        let type = try ModelRegistry.backbone(for: configuration)
        let adapter: Adapter? = if let adapterPath { try Adapter(folder: adapterPath) } else { nil }
        let account = WeightAccount(base: try Checkpoint(folder: modelPath), adapter: adapter)
        let backbone = try type.init(configuration.reader, weights: account.root)

        guard let shape = account.shape(of: "score.weight"), shape.count == 2 else {
            throw .missingHead(path: modelPath, adapter: adapterPath)
        }
        let outputs = shape[0]
        let headPath =
            adapter?.replacements["score.weight"] == nil ? modelPath : adapterPath ?? modelPath
        if adapter?.replacements["score.weight"] == nil, let promised = configuration.labelCount,
            promised != outputs
        {
            throw .shape(
                name: "score.weight", path: account.base.path(of: "score.weight"),
                expected: [promised, backbone.channels], found: shape)
        }
        if let expected, expected != outputs {
            throw .labels(path: headPath, expected: expected, found: outputs)
        }
        head = try account.root.linear(
            "score", inputs: backbone.channels, outputs: outputs, isHead: true)
        // The language head of a base model, and tables that older versions saved.
        let isLanguageModel = configuration.architectures.contains { $0.hasSuffix("ForCausalLM") }
        try account.close {
            $0.hasSuffix(".rotary_emb.inv_freq") || isLanguageModel && $0 == "lm_head.weight"
        }
        self.modelPath = modelPath
        self.adapterPath = adapterPath
        architecture = configuration.architectures.first ?? ""
        labels = configuration.labels?.count == outputs ? configuration.labels : nil
        labelCount = outputs
        padTokenID = configuration.padTokenID
        vocabulary = backbone.vocabulary
        longestRow = backbone.longestRow
        self.backbone = backbone
        weights = account.pending
    }

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
        guard current != layout else { return .success(()) }
        release(&current)
        do throws(ModelError) {
            try loadWeights(weights, layout: layout, workers: workers)
        } catch {
            return .failure(error)
        }
        current = layout
        resident.store(true, ordering: .releasing)
        return .success(())
    }

    /// Gives the weights' memory back once no prediction runs; the next one loads again.
    package func unload() {
        loaded.withLock { release(&$0) }
    }

    private func release(_ current: inout WeightLayout?) {
        unloadWeights(weights)
        arenas.withLock { $0 = [] }
        current = nil
        resident.store(false, ordering: .releasing)
    }

    /// Bytes that the weights take when loaded as fp32.
    package var weightBytes: Int {
        weights.reduce(0) { sum, weight in
            switch weight {
            case .matrix(let matrix, _): return sum + matrix.panels * 32 * matrix.inputs * 4
            case .vector(let vector, _): return sum + vector.count * 4
            case .table: return sum
            }
        }
    }
}
