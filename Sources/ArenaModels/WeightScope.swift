// From names to weights: layers ask for their weights by the keys of the checkpoint, every request is
// held against the headers at once, and what nobody asked for is named at the end. Nothing is read
// until `load`.

import ArenaCore
import ArenaTensor

/// What the weights of linear layers become in memory.
package enum WeightPrecision: String, Sendable, CaseIterable {
    /// As the checkpoint holds them.
    case stored
    /// Codes of 8 bits with a scale for each output, multiplied with rows in 8 bits; heads stay.
    case int8
}

/// The weights of one model: base checkpoint and adapter, with an account of what was asked for.
final class WeightAccount {
    /// A weight that memory or a check awaits at load.
    enum Pending: Sendable {
        case matrix(WeightMatrix, WeightSource)
        case vector(WeightVector, StoredTensor)
        case table(EmbeddingTable)
        case derived(DerivedTensor)
        /// Loaded by who needs it, let go with the rest.
        case onDemand(WeightMatrix)

        /// Bytes in the file.
        var bytes: Int {
            switch self {
            case .matrix(_, let source): return source.bytes
            case .vector(_, let source): return source.count * source.type.size
            case .table(let table): return table.vocabulary * table.channels * 2
            case .derived, .onDemand: return 0
            }
        }

        /// Bytes in memory once loaded, about: weights keep the width they are stored with.
        var loadedBytes: Int {
            switch self {
            case .matrix(let matrix, let source):
                return source.bytes * (matrix.panels * 32) / max(1, matrix.outputs)
            case .vector(let vector, _): return vector.count * 4
            case .table, .derived, .onDemand: return 0
            }
        }
    }

    let base: Checkpoint
    let adapter: Adapter?
    let quantization: Quantization
    let precision: WeightPrecision
    /// The first part of the module names that the base leaves out, with its dot.
    private var omitted = ""
    private(set) var pending: [Pending] = []
    private var used: Set<String> = []
    private var usedPairs: Set<String> = []
    private var usedReplacements: Set<String> = []
    private var modules: [String] = []

    init(
        base: Checkpoint, adapter: Adapter?, quantization: Quantization = .none,
        precision: WeightPrecision = .stored
    ) {
        self.precision = precision
        self.base = base
        self.adapter = adapter
        self.quantization = quantization
    }

    /// Takes note that a base saved without head leaves out the first part of its names.
    func omit(_ prefix: String) {
        let prefix = prefix + "."
        if !base.names.contains(where: { $0.hasPrefix(prefix) }) { omitted = prefix }
    }

    /// A tensor's name in the base's files.
    private func inBase(_ name: String) -> String {
        !omitted.isEmpty && name.hasPrefix(omitted) ? String(name.dropFirst(omitted.count)) : name
    }

    var root: WeightScope { WeightScope(account: self, path: "") }

    /// Whether base or adapter holds this tensor.
    func contains(_ name: String) -> Bool {
        base.contains(inBase(name)) || adapter?.replacements[name] != nil
    }

    /// The shape of a tensor, the adapter's first.
    func shape(of name: String) -> [Int]? {
        if let adapter, let own = adapter.replacements[name] {
            return adapter.weights.shape(of: own)
        }
        return base.shape(of: inBase(name))
    }

    /// The tensor of this name and shape, the adapter's where it replaces the base's.
    func tensor(_ name: String, _ shape: [Int]) throws(ModelError) -> StoredTensor {
        if let adapter, let own = adapter.replacements[name] {
            usedReplacements.insert(name)
            used.insert(inBase(name))
            return try expect(adapter.weights, own, shape)
        }
        let name = inBase(name)
        guard base.contains(name) else {
            throw .missingTensor(
                name: name, path: base.path, nearest: nearestName(to: name, in: base.names))
        }
        used.insert(name)
        return try expect(base, name, shape)
    }

    /// The weight (N, K) of a linear layer, in whatever format the base holds it.
    func matrix(
        _ module: String, outputs: Int, inputs: Int, isHead: Bool = false
    ) throws(ModelError) -> WeightSource {
        if adapter?.replacements[module + ".weight"] == nil {
            let quantized = QuantizedModule(
                base, module: inBase(module), outputs: outputs, inputs: inputs)
            if let (source, names) = try quantized.source(quantization) {
                used.formUnion(names)
                return source
            }
        }
        let stored = try tensor(module + ".weight", [outputs, inputs])
        return precision == .int8 && !isHead ? .dynamic8(stored) : .plain(stored)
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

    func add(_ weight: Pending) { pending.append(weight) }

    /// The module's low-rank pair, nil where the adapter leaves it alone.
    func lowRank(
        _ module: String, inputs: Int, outputs: Int, isHead: Bool, order: [Int32]?
    ) throws(ModelError) -> [LowRank] {
        modules.append(module)
        guard let adapter else { return [] }
        if adapter.configuration.replaces(module), adapter.replacements[module + ".weight"] == nil {
            throw .adapterMissing(path: adapter.path, tensor: module + ".weight")
        }
        guard let pair = adapter.pairs[module], let downName = pair.down, let upName = pair.up
        else {
            if adapter.configuration.targets(module, isHead: isHead) == true {
                throw .adapterMissing(path: adapter.path, tensor: module + ".lora_A.weight")
            }
            return []
        }
        usedPairs.insert(module)
        let rank = adapter.configuration.rank(of: module)
        if let found = adapter.weights.shape(of: downName)?.first, found != rank {
            throw .adapterRank(
                path: adapter.weights.path(of: downName), tensor: downName, expected: rank,
                found: found)
        }
        let down = try expect(adapter.weights, downName, [rank, inputs])
        let up = try expect(adapter.weights, upName, [outputs, rank])
        let result = LowRank(
            down: WeightMatrix(outputs: rank, inputs: inputs),
            up: WeightMatrix(outputs: outputs, inputs: rank, order: order),
            scale: adapter.configuration.scale(of: module))
        add(.matrix(result.down, .plain(down)))
        add(.matrix(result.up, .plain(up)))
        return [result]
    }

    /// Names what no layer asked for.
    /// - Parameter harmless: tensors that other parts of the same checkpoint leave behind.
    func close(harmless: (String) -> Bool) throws(ModelError) {
        if let adapter {
            for module in adapter.pairs.keys.sorted() where !usedPairs.contains(module) {
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
        let extra = base.names.filter { !used.contains($0) && !harmless($0) }
        if !extra.isEmpty { throw .extraTensors(names: extra, path: base.path) }
    }
}

/// A place in the tree of module names, such as `model.layers.0`.
package struct WeightScope {
    private let account: WeightAccount
    /// The name so far, without a trailing dot.
    let path: String

    init(account: WeightAccount, path: String) {
        self.account = account
        self.path = path
    }

    /// The scope one name further down.
    package func at(_ key: String) -> WeightScope {
        WeightScope(account: account, path: name(key))
    }

    private func name(_ key: String) -> String { path.isEmpty ? key : path + "." + key }

    /// The scope of a model's body, whose name a checkpoint without head leaves out.
    package func body(_ key: String) -> WeightScope {
        account.omit(key)
        return at(key)
    }

    /// Whether base or adapter holds `key`.
    package func contains(_ key: String) -> Bool { account.contains(name(key)) }

    /// The shape of `key`, nil if there is none.
    package func shape(_ key: String) -> [Int]? { account.shape(of: name(key)) }

    /// The linear layer `key`: `key.weight` (N, K) and, if there is one, `key.bias` (N).
    /// - Parameter order: which row of the stored weight each output is, if not its own.
    package func linear(
        _ key: String, inputs: Int, outputs: Int, bias: Bool = false, isHead: Bool = false,
        order: [Int32]? = nil
    ) throws(ModelError) -> Linear {
        let module = name(key)
        let weight = WeightMatrix(outputs: outputs, inputs: inputs, order: order)
        account.add(
            .matrix(
                weight, try account.matrix(module, outputs: outputs, inputs: inputs, isHead: isHead)
            ))
        return Linear(
            weight: weight, bias: bias ? try at(key).vector("bias", outputs) : nil,
            lowRank: try account.lowRank(
                module, inputs: inputs, outputs: outputs, isHead: isHead, order: order))
    }

    /// A linear layer whose weight is an embedding table (V, C).
    package func tied(_ table: EmbeddingTable, bias: WeightVector? = nil) -> Linear {
        let weight = WeightMatrix(outputs: table.vocabulary, inputs: table.channels)
        account.add(.matrix(weight, .plain(table.source)))
        return Linear(weight: weight, bias: bias, lowRank: [])
    }

    /// A tensor that leaves memory with the weights.
    package func derived() -> DerivedTensor {
        let tensor = DerivedTensor()
        account.add(.derived(tensor))
        return tensor
    }

    /// The norm `key`: `key.weight` (C).
    package func norm(
        _ key: String, _ channels: Int, epsilon: Double, offset: Float = 0
    ) throws(ModelError) -> RMSNorm {
        RMSNorm(
            weight: try at(key).vector("weight", channels), epsilon: Float(epsilon), offset: offset)
    }

    /// The layer norm `key`: `key.weight` and `key.bias` (C), which old checkpoints call gamma and
    /// beta.
    package func layerNorm(
        _ key: String, _ channels: Int, epsilon: Double
    ) throws(ModelError) -> LayerNorm {
        let scope = at(key)
        let isOld = !scope.contains("weight") && scope.contains("gamma")
        return LayerNorm(
            weight: try scope.vector(isOld ? "gamma" : "weight", channels),
            bias: try scope.vector(isOld ? "beta" : "bias", channels), epsilon: Float(epsilon))
    }

    /// The embedding `key`: `key.weight` (V, C).
    package func embedding(
        _ key: String, vocabulary: Int, channels: Int
    ) throws(ModelError) -> EmbeddingTable {
        let source = try account.tensor(name(key) + ".weight", [vocabulary, channels])
        let table = EmbeddingTable(source, vocabulary: vocabulary, channels: channels)
        account.add(.table(table))
        return table
    }

    /// The vector `key` (N).
    package func vector(_ key: String, _ count: Int) throws(ModelError) -> WeightVector {
        let vector = WeightVector(count: count)
        account.add(.vector(vector, try account.tensor(name(key), [count])))
        return vector
    }
}
