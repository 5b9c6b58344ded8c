// What a model is changed by: one adapter, or several with a share each, which is their average.

import ArenaCore
import ArenaTensor

/// One adapter, or an average of several.
///
/// An average is of what the adapters do: each adds its share of its products, as peft's
/// add_weighted_adapter with "cat" has it. Tensors that take the place of the base's are averaged as
/// they are.
package struct AdapterMix: Sendable {
    struct Part: Sendable {
        let adapter: Adapter
        let share: Double

        /// The rank of a module's pair, and what its product is multiplied with.
        func factors(of module: String) -> (rank: Int, scale: Float) {
            let configuration = adapter.configuration
            return (
                configuration.rank(of: module),
                share == 1
                    ? configuration.scale(of: module)
                    : Float(Double(configuration.scale(of: module)) * share)
            )
        }
    }

    let parts: [Part]

    package init(_ adapter: Adapter) { parts = [Part(adapter: adapter, share: 1)] }

    /// - Parameter shares: one for each; they need not add up to 1.
    package init(averaging mixes: [AdapterMix], shares: [Double]) {
        parts = zip(mixes, shares).flatMap { mix, share in
            mix.parts.map { Part(adapter: $0.adapter, share: $0.share * share) }
        }
    }

    /// Where it comes from, in words.
    package var path: String { parts.map(\.adapter.path).joined(separator: " + ") }

    /// What results follow from: files, settings and shares.
    var fingerprints: [(name: String, value: String)] {
        parts.flatMap { part in
            part.adapter.weights.fingerprints + [
                (
                    "settings",
                    part.adapter.configuration.summary
                        + (part.share == 1 ? "" : ", share \(part.share)")
                )
            ]
        }
    }

    /// The tensor that takes the place of the base's: the adapter's, or the average of several.
    func replacement(
        _ name: String,
        _ tensor: (Adapter, _ own: String) throws(ModelError) -> StoredTensor
    ) throws(ModelError) -> StoredTensor {
        var found: [StoredTensor] = []
        for part in parts {
            guard let own = part.adapter.replacements[name] else {
                throw .adapterMissing(path: part.adapter.path, tensor: name)
            }
            found.append(try tensor(part.adapter, own))
        }
        if parts.count == 1, parts[0].share == 1 { return found[0] }
        let total = parts.reduce(0) { $0 + $1.share }
        let sums = FloatBuffer(count: found[0].count)
        for (part, tensor) in zip(parts, found) {
            let share = Float(part.share / (total == 0 ? 1 : total))
            for (i, x) in tensor.floats.enumerated() { sums.base[i] += share * x }
        }
        return StoredTensor(
            name: found[0].name, type: .float32, shape: found[0].shape, path: found[0].path,
            memory: sums)
    }
}
