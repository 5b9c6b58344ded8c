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
    private let adapter: Adapter?
    private let precision: WeightPrecision
    private let known = Mutex<ModelFingerprint?>(nil)

    init(
        configuration: String, base: Checkpoint, adapter: Adapter?, precision: WeightPrecision
    ) {
        self.configuration = configuration
        self.base = base
        self.adapter = adapter
        self.precision = precision
    }

    func fingerprint() throws(ModelError) -> ModelFingerprint {
        if let known = known.withLock({ $0 }) { return known }
        let config: Digest
        do { config = try fileFingerprint(configuration) } catch { throw .file(error) }
        var parts = ModelFingerprint(
            weights: [("config.json", "\(config)")] + base.fingerprints, adapter: [],
            precision: precision.rawValue, numerics: "\(numericsVersion) cpu")
        if let adapter {
            parts.adapter =
                adapter.weights.fingerprints + [("settings", adapter.configuration.summary)]
        }
        known.withLock { $0 = parts }
        return parts
    }
}

extension ModelCore {
    /// The model's identity. Reads size, header and sampled blocks of its files, once.
    /// - Throws: `ModelError.file`.
    package func fingerprint() throws(ModelError) -> ModelFingerprint { try origin.fingerprint() }
}
