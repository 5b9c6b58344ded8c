// What a model's results follow from besides the rows: its files by content, and the engine's arithmetic.

import ArenaCore
import ArenaTensor
import Synchronization

/// A model's identity, in parts that can be named to a person.
package struct ModelFingerprint: Sendable {
    /// Name and digest of each file; names are those inside the folder, wherever it lies.
    package var weights: [(name: String, value: String)]
    package var adapter: [(name: String, value: String)]
    /// What the weights become in memory.
    package var precision: String
    package var numerics: String
}

/// Where a model comes from; its fingerprint is taken at first use and kept.
final class ModelOrigin: Sendable {
    private let configuration: String
    private let base: Checkpoint
    private let options: OpeningOptions
    private let newHeads: [String]
    private let known = Mutex<ModelFingerprint?>(nil)

    init(
        configuration: String, base: Checkpoint, _ options: OpeningOptions, newHeads: [String]
    ) {
        self.configuration = configuration
        self.base = base
        self.options = options
        self.newHeads = newHeads
    }

    /// Bytes a second at which the weights are read; nil where it cannot be measured.
    var readingSpeed: Double? { base.readingSpeed }

    /// The model's with one of its adapters.
    func fingerprint(adapter: Int) throws(ModelError) -> ModelFingerprint {
        var parts = try whole()
        if adapter < options.adapters.count {
            parts.adapter = options.adapters[adapter].fingerprints
            if options.merges { parts.adapter.append(("merged", "into the weights")) }
        }
        return parts
    }

    private func whole() throws(ModelError) -> ModelFingerprint {
        if let known = known.withLock({ $0 }) { return known }
        let config: Digest
        do { config = try fileFingerprint(configuration) } catch { throw .file(error) }
        var parts = ModelFingerprint(
            weights: [("config.json", "\(config)")] + base.fingerprints, adapter: [],
            precision: options.precision.rawValue, numerics: "\(numericsVersion) cpu")
        if let newHead = options.newHead, !newHeads.isEmpty {
            parts.weights.append(("new head", "\(newHeads) from seed \(newHead.seed)"))
        }
        known.withLock { $0 = parts }
        return parts
    }
}

extension ModelCore {
    /// The model's identity with one of its adapters. Reads size, header and sampled blocks of its files,
    /// once.
    /// - Throws: `ModelError.file`.
    package func fingerprint(adapter: Int = 0) throws(ModelError) -> ModelFingerprint {
        try origin.fingerprint(adapter: adapter)
    }
}
