// From names to weights: every request is held against the headers at once, and what nobody asked for is
// named at the end. Nothing is read until `load`, but for heads that are averaged.
//
// A model is described once for each adapter it is opened with; what the adapters leave alone is one weight
// for all of them.

import ArenaCore
import ArenaTensor

/// What the weights of linear layers become in memory.
package enum WeightPrecision: String, Sendable, CaseIterable {
    /// As the checkpoint holds them.
    case stored
    /// As the checkpoint holds them, rounded to bf16 with the rows as they are multiplied; heads and adapters
    /// stay.
    case bf16
    /// Codes of 8 bits with a scale for each 32 inputs, multiplied with rows in 8 bits; heads stay.
    case int8
    /// The same with a scale for each output and row.
    case int8Rows = "int8_rows"
    /// bitsandbytes' codes of 4 bits, made of what the checkpoint holds; heads stay.
    case nf4
    /// The same with scales in 8 bits.
    case nf4Double = "nf4_double"

    /// What a weight becomes in memory; codes stay as they are.
    func converted(_ source: WeightSource) -> WeightSource {
        guard case .plain(let tensor) = source else { return source }
        switch self {
        case .stored, .bf16: return source
        case .int8: return .dynamic8(tensor, byRow: false)
        case .int8Rows: return .dynamic8(tensor, byRow: true)
        case .nf4: return .nf4(tensor)
        case .nf4Double: return .nf4(tensor, nests: true)
        }
    }
}

/// The weights of one model: base checkpoint and adapters, with an account of what was asked for.
final class WeightAccount {
    let base: Checkpoint
    let quantization: Quantization
    let precision: WeightPrecision
    /// Takes account of merging, if adapters are merged.
    let merging: MergeReport?
    private let newHead: NewHead?
    /// The adapter that the model is described with now.
    private var mix: AdapterMix?
    /// The first part of the module names that the base leaves out, with its dot.
    private var omitted = ""
    private(set) var pending: [PendingWeight] = []
    /// What every adapter finds alike, by kind and name.
    private var pool: [String: AnyObject] = [:]
    /// Heads that neither base nor adapter has, as they begin.
    private var fresh: [String: StoredTensor] = [:]
    private var used: Set<String> = []
    private var usedPairs: Set<String> = []
    private var usedReplacements: Set<String> = []
    private var modules: [String] = []

    init(_ base: Checkpoint, quantization: Quantization, _ options: OpeningOptions) {
        self.base = base
        self.quantization = quantization
        precision = options.precision
        merging = options.merges ? MergeReport() : nil
        newHead = options.newHead
    }

    var merges: Bool { merging != nil }

    /// The names of heads that are new.
    var freshNames: [String] { fresh.keys.sorted() }

    /// Takes note that a base saved without head leaves out the first part of its names.
    func omit(_ part: String) {
        if !hasPart(part) { omitted = part + "." }
    }

    /// Whether the base has tensors whose names begin with this part.
    func hasPart(_ part: String) -> Bool {
        base.names.contains { $0.hasPrefix(part + ".") }
    }

    /// A tensor's name in the base's files.
    private func inBase(_ name: String) -> String {
        !omitted.isEmpty && name.hasPrefix(omitted) ? String(name.dropFirst(omitted.count)) : name
    }

    var root: WeightScope { WeightScope(account: self, path: "") }

    /// Whether the adapter brings this tensor in place of the base's.
    func isReplaced(_ name: String) -> Bool {
        mix?.parts.contains { $0.adapter.replacements[name] != nil } ?? false
    }

    /// Whether base or adapter holds this tensor.
    func contains(_ name: String) -> Bool {
        base.contains(inBase(name)) || isReplaced(name) || fresh[name] != nil
    }

    /// The shape of a tensor, the adapter's first.
    func shape(of name: String) -> [Int]? {
        for part in mix?.parts ?? [] {
            if let own = part.adapter.replacements[name] {
                return part.adapter.weights.shape(of: own)
            }
        }
        return base.shape(of: inBase(name)) ?? fresh[name]?.shape
    }

    /// The tensor of this name and shape, the adapter's where it replaces the base's.
    func tensor(_ name: String, _ shape: [Int]) throws(ModelError) -> StoredTensor {
        if let mix, isReplaced(name) {
            usedReplacements.insert(name)
            used.insert(inBase(name))
            return try mix.replacement(name) { adapter, own throws(ModelError) in
                try expect(adapter.weights, own, shape)
            }
        }
        if let tensor = fresh[name] { return tensor }
        let name = inBase(name)
        guard base.contains(name) else {
            throw .missingTensor(
                name: name, path: base.path, nearest: nearestName(to: name, in: base.names))
        }
        used.insert(name)
        return try expect(base, name, shape)
    }

    private func expect(
        _ checkpoint: Checkpoint, _ name: String, _ shape: [Int]
    ) throws(ModelError) -> StoredTensor {
        guard let tensor = try checkpoint.tensor(name) else {
            throw .missingTensor(name: name, path: checkpoint.path, nearest: nil)
        }
        guard tensor.shape == shape else {
            throw .shape(
                name: name, path: checkpoint.path(of: name), expected: shape, found: tensor.shape)
        }
        guard tensor.type.isFloat else {
            throw .storedType(
                name: name, path: checkpoint.path(of: name), type: tensor.type.rawValue)
        }
        return tensor
    }

    /// The weight (N, K) of a linear layer, in whatever format the base holds it.
    func matrix(
        _ module: String, outputs: Int, inputs: Int, isHead: Bool = false
    ) throws(ModelError) -> WeightSource {
        if !isReplaced(module + ".weight") {
            let quantized = QuantizedModule(
                base, module: inBase(module), outputs: outputs, inputs: inputs)
            if let (source, names) = try quantized.source(quantization) {
                used.formUnion(names)
                return source
            }
        }
        return .plain(try tensor(module + ".weight", [outputs, inputs]))
    }

    /// The weight of a linear layer in memory, with what is merged into it.
    func weight(
        _ module: String, outputs: Int, inputs: Int, isHead: Bool, order: [Int32]?,
        merging pairs: [LowRank]
    ) throws(ModelError) -> WeightMatrix {
        let name = module + ".weight"
        return try shared(pairs.isEmpty ? "matrix " + name : nil, from: name) {
            () throws(ModelError) in
            var source = try matrix(module, outputs: outputs, inputs: inputs, isHead: isHead)
            var stored: ElementType?
            if case .plain(let tensor) = source { stored = tensor.type }
            if let merging, !pairs.isEmpty {
                let precision = precision
                source = merging.merged(source, pairs, outputs: outputs, inputs: inputs) {
                    precision.converted($0)
                }
            } else if !isHead {
                source = precision.converted(source)
            }
            let weight = WeightMatrix(
                outputs: outputs, inputs: inputs, order: order,
                isSingle: stored == .float32 && precision == .stored,
                isRounded: !isHead
                    && (precision == .bf16 || precision == .int8Rows && stored != nil))
            add(.matrix(weight, source))
            return weight
        }
    }

    func add(_ weight: PendingWeight) { pending.append(weight) }

    /// One weight for all adapters that leave its tensor alone; with no key, one for each.
    func shared<Weight: AnyObject>(
        _ key: String?, from tensor: String, _ make: () throws(ModelError) -> Weight
    ) throws(ModelError) -> Weight {
        guard let key, !isReplaced(tensor) else { return try make() }
        if let known = pool[key] as? Weight { return known }
        let fresh = try make()
        pool[key] = fresh
        return fresh
    }

    /// Lets a head begin anew that neither base nor adapter has, if that is allowed.
    func renew(_ module: String, outputs: Int, inputs: Int, bias: Bool) {
        guard let newHead, !contains(module + ".weight"), !contains(module + ".qweight") else {
            return
        }
        let weight = module + ".weight"
        fresh[weight] = newHead.weight(weight, [outputs, inputs], path: base.path)
        if bias, !contains(module + ".bias") {
            fresh[module + ".bias"] = StoredTensor(
                name: module + ".bias", type: .float32, shape: [outputs], path: base.path,
                memory: FloatBuffer(count: outputs))
        }
    }
}

// MARK: - adapters

extension WeightAccount {
    /// From here on the model is described with this adapter.
    func begin(_ mix: AdapterMix?) {
        self.mix = mix
        (usedPairs, usedReplacements) = ([], [])
    }

    /// The pairs that change a module; none where the adapter leaves it alone.
    func lowRank(
        _ module: String, inputs: Int, outputs: Int, isHead: Bool, order: [Int32]?
    ) throws(ModelError) -> [LowRank] {
        modules.append(module)
        var result: [LowRank] = []
        for part in mix?.parts ?? [] {
            guard
                let (down, up) = try pair(
                    part.adapter, module, part.adapter.pairs, kind: "lora_A.weight", isHead: isHead)
            else { continue }
            let (rank, scale) = part.factors(of: module)
            result.append(
                LowRank(
                    pair: LowRankPair(
                        down: WeightMatrix(outputs: rank, inputs: inputs),
                        up: WeightMatrix(outputs: outputs, inputs: rank, order: order),
                        scale: scale),
                    stored: (
                        down: try expect(part.adapter.weights, down, [rank, inputs]),
                        up: try expect(part.adapter.weights, up, [outputs, rank])
                    )))
        }
        return result
    }

    /// The same pairs, with their weights to be loaded.
    func loading(_ pairs: [LowRank]) -> [LowRank] {
        for pair in pairs {
            add(.matrix(pair.down, .plain(pair.stored.down)))
            add(.matrix(pair.up, .plain(pair.stored.up)))
        }
        return pairs
    }

    /// What the adapter adds to an embedding's rows.
    func changes(
        _ module: String, vocabulary: Int, channels: Int
    ) throws(ModelError) -> [EmbeddingChange] {
        modules.append(module)
        var result: [EmbeddingChange] = []
        for part in mix?.parts ?? [] {
            guard
                let (down, up) = try pair(
                    part.adapter, module, part.adapter.embeddings, kind: "lora_embedding_A",
                    isHead: true)
            else { continue }
            let (rank, scale) = part.factors(of: module)
            func vector(_ name: String, _ shape: [Int]) throws(ModelError) -> WeightVector {
                let vector = WeightVector(count: shape[0] * shape[1])
                add(.vector(vector, try expect(part.adapter.weights, name, shape)))
                return vector
            }
            result.append(
                EmbeddingChange(
                    down: try vector(down, [rank, vocabulary]),
                    up: try vector(up, [channels, rank]), scale: scale))
        }
        return result
    }

    /// The names of an adapter's pair for a module, nil where it has none and needs none.
    private func pair(
        _ adapter: Adapter, _ module: String, _ pairs: [String: Adapter.Pair], kind: String,
        isHead: Bool
    ) throws(ModelError) -> (down: String, up: String)? {
        let configuration = adapter.configuration
        if configuration.replaces(module), adapter.replacements[module + ".weight"] == nil {
            throw .adapterMissing(path: adapter.path, tensor: module + ".weight")
        }
        guard let pair = pairs[module], let down = pair.down, let up = pair.up else {
            if configuration.targets(module, isHead: isHead) == true {
                throw .adapterMissing(path: adapter.path, tensor: module + "." + kind)
            }
            return nil
        }
        usedPairs.insert(module)
        let rank = configuration.rank(of: module)
        if let found = adapter.weights.shape(of: down)?.first, found != rank {
            throw .adapterRank(
                path: adapter.weights.path(of: down), tensor: down, expected: rank, found: found)
        }
        return (down, up)
    }

    /// Names what the adapter changes and no layer asked for.
    func endAdapter() throws(ModelError) {
        for adapter in mix?.parts.map(\.adapter) ?? [] {
            let pairs = Set(adapter.pairs.keys).union(adapter.embeddings.keys)
            for module in pairs.subtracting(usedPairs).sorted() {
                throw .adapterStranger(
                    path: adapter.path, module: module, base: base.path,
                    nearest: nearestName(to: module, in: modules))
            }
            for name in adapter.replacements.keys.sorted() where !usedReplacements.contains(name) {
                throw .adapterStranger(
                    path: adapter.path, module: name, base: base.path,
                    nearest: nearestName(to: name, in: used.sorted()))
            }
        }
    }

    /// Names what no layer asked for.
    /// - Parameter harmless: tensors that other parts of the same checkpoint leave behind.
    func close(harmless: (String) -> Bool) throws(ModelError) {
        let extra = base.names.filter { !used.contains($0) && !harmless($0) }
        if !extra.isEmpty { throw .extraTensors(names: extra, path: base.path) }
    }
}
