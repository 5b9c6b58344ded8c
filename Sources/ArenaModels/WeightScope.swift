// From names to weights: layers ask for their weights by the keys of the checkpoint, every request is
// held against the headers at once, and what nobody asked for is named at the end. Nothing is read
// until `load`.

import ArenaCore
import ArenaTensor
import Synchronization

/// The weights of one model: base checkpoint and adapter, with an account of what was asked for.
final class WeightAccount {
    /// A weight that memory or a check awaits at load.
    enum Pending: Sendable {
        case matrix(WeightMatrix, StoredTensor)
        case vector(WeightVector, StoredTensor)
        case table(EmbeddingTable)

        var bytes: Int {
            switch self {
            case .matrix(_, let source), .vector(_, let source):
                return source.count * source.type.size
            case .table(let table): return table.vocabulary * table.channels * 2
            }
        }
    }

    let base: Checkpoint
    let adapter: Adapter?
    private(set) var pending: [Pending] = []
    private var used: Set<String> = []
    private var usedPairs: Set<String> = []
    private var usedReplacements: Set<String> = []
    private var modules: [String] = []

    init(base: Checkpoint, adapter: Adapter?) {
        self.base = base
        self.adapter = adapter
    }

    var root: WeightScope { WeightScope(account: self, path: "") }

    /// Whether base or adapter holds this tensor.
    func contains(_ name: String) -> Bool {
        base.contains(name) || adapter?.replacements[name] != nil
    }

    /// The shape of a tensor, the adapter's first.
    func shape(of name: String) -> [Int]? {
        if let adapter, let own = adapter.replacements[name] {
            return adapter.weights.shape(of: own)
        }
        return base.shape(of: name)
    }

    /// The tensor of this name and shape, the adapter's where it replaces the base's.
    func tensor(_ name: String, _ shape: [Int]) throws(ModelError) -> StoredTensor {
        if let adapter, let own = adapter.replacements[name] {
            usedReplacements.insert(name)
            used.insert(name)
            return try expect(adapter.weights, own, shape)
        }
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
        return tensor
    }

    func add(_ weight: Pending) { pending.append(weight) }

    /// The module's low-rank pair, nil where the adapter leaves it alone.
    func lowRank(
        _ module: String, inputs: Int, outputs: Int, isHead: Bool
    ) throws(ModelError) -> LowRank? {
        modules.append(module)
        guard let adapter else { return nil }
        if adapter.configuration.replaces(module), adapter.replacements[module + ".weight"] == nil {
            throw .adapterMissing(path: adapter.path, tensor: module + ".weight")
        }
        guard let pair = adapter.pairs[module], let downName = pair.down, let upName = pair.up
        else {
            if adapter.configuration.targets(module, isHead: isHead) == true {
                throw .adapterMissing(path: adapter.path, tensor: module + ".lora_A.weight")
            }
            return nil
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
            up: WeightMatrix(outputs: outputs, inputs: rank),
            scale: adapter.configuration.scale(of: module))
        add(.matrix(result.down, down))
        add(.matrix(result.up, up))
        return result
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

    /// The linear layer `key`: `key.weight` (N, K) and, if there is one, `key.bias` (N).
    package func linear(
        _ key: String, inputs: Int, outputs: Int, bias: Bool = false, isHead: Bool = false
    ) throws(ModelError) -> Linear {
        let module = name(key)
        let weight = WeightMatrix(outputs: outputs, inputs: inputs)
        account.add(.matrix(weight, try account.tensor(module + ".weight", [outputs, inputs])))
        return Linear(
            weight: weight, bias: bias ? try at(key).vector("bias", outputs) : nil,
            lowRank: try account.lowRank(module, inputs: inputs, outputs: outputs, isHead: isHead))
    }

    /// The norm `key`: `key.weight` (C).
    package func norm(
        _ key: String, _ channels: Int, epsilon: Double, offset: Float = 0
    ) throws(ModelError) -> RMSNorm {
        RMSNorm(
            weight: try at(key).vector("weight", channels), epsilon: Float(epsilon), offset: offset)
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

    private func vector(_ key: String, _ count: Int) throws(ModelError) -> WeightVector {
        let vector = WeightVector(count: count)
        account.add(.vector(vector, try account.tensor(name(key), [count])))
        return vector
    }
}

/// Fills weights in parallel, the largest first; on an error everything is let go again.
func loadWeights(
    _ pending: [WeightAccount.Pending], layout: WeightLayout, workers: Int
) throws(ModelError) {
    let order = pending.sorted { $0.bytes > $1.bytes }
    let run = LoadRun(order, layout: layout)
    runWorkers(max(1, min(workers, order.count))) { _ in run.work() }
    if let bad = run.failure.withLock({ $0 }) {
        unloadWeights(pending)
        throw .nonFiniteWeight(name: bad.name, path: bad.path, index: bad.index)
    }
}

/// One load: a shared queue of weights and the first thing that went wrong.
private final class LoadRun: Sendable {
    private let order: [WeightAccount.Pending]
    private let layout: WeightLayout
    private let next = Atomic<Int>(0)
    let failure = Mutex<NonFiniteWeight?>(nil)

    init(_ order: [WeightAccount.Pending], layout: WeightLayout) {
        self.order = order
        self.layout = layout
    }

    func work() {
        while failure.withLock({ $0 == nil }) {
            let i = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard i < order.count else { return }
            do throws(NonFiniteWeight) {
                switch order[i] {
                case .matrix(let weight, let source): try weight.load(source, layout: layout)
                case .vector(let weight, let source): try weight.load(source)
                case .table(let table): try table.check()
                }
            } catch {
                failure.withLock { $0 = $0 ?? error }
            }
        }
    }
}

/// Frees the memory of weights.
func unloadWeights(_ pending: [WeightAccount.Pending]) {
    for weight in pending {
        switch weight {
        case .matrix(let weight, _): weight.unload()
        case .vector(let weight, _): weight.unload()
        case .table: break
        }
    }
}
