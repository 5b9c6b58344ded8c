// Filling weights from their files and giving their memory back.

import ArenaCore
import ArenaTensor
import Synchronization

/// A weight that memory or a check awaits at load.
enum PendingWeight: Sendable {
    case matrix(WeightMatrix, WeightSource)
    case vector(WeightVector, StoredTensor)
    case table(EmbeddingTable)
    /// What is made of others when it is needed, and given back with them.
    case derived(unload: @Sendable () -> Void)
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

extension PendingWeight {
    /// Gives a card's memory back.
    func unload(from card: CUDADevice) {
        switch self {
        case .matrix(let weight, _): weight.unload(from: card)
        // What others than loading have brought.
        case .vector, .derived, .table, .onDemand: break
        }
    }
}

/// Fills weights in parallel, the largest first; on an error everything is let go again, of a card's by the caller.
/// - Parameter passing: which weights only pass through a card, and through what.
func loadWeights(
    _ pending: [PendingWeight], layout: WeightLayout, workers: Int,
    through passing: (passes: [Bool], slots: WeightSlots)? = nil
) throws(ModelError) {
    let order = pending.enumerated().map { i, weight in
        (weight: weight, slots: passing.flatMap { $0.passes[i] ? $0.slots : nil })
    }
    .sorted { $0.weight.bytes > $1.weight.bytes }
    let run = LoadRun(order, layout: layout)
    runWorkers(max(1, min(workers, order.count))) { _ in run.work() }
    if let bad = run.failure.withLock({ $0 }) {
        // Other cards may be computing.
        if layout.card == nil { unloadWeights(pending) }
        throw .nonFiniteWeight(name: bad.name, path: bad.path, index: bad.index)
    }
}

/// One load: a shared queue of weights and the first thing that went wrong.
private final class LoadRun: Sendable {
    private let order: [(weight: PendingWeight, slots: WeightSlots?)]
    private let layout: WeightLayout
    private let next = Atomic<Int>(0)
    let failure = Mutex<NonFiniteWeight?>(nil)

    init(_ order: [(weight: PendingWeight, slots: WeightSlots?)], layout: WeightLayout) {
        self.order = order
        self.layout = layout
    }

    func work() {
        while failure.withLock({ $0 == nil }) {
            let i = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard i < order.count else { return }
            do throws(NonFiniteWeight) {
                switch order[i].weight {
                case .matrix(let weight, let source):
                    try weight.load(source, layout: layout, through: order[i].slots)
                case .vector(let weight, let source): try weight.load(source)
                case .derived, .onDemand: break
                case .table(let table): try table.check()
                }
            } catch {
                failure.withLock { $0 = $0 ?? error }
            }
        }
    }
}

/// Frees the memory of weights.
func unloadWeights(_ pending: [PendingWeight]) {
    for weight in pending {
        switch weight {
        case .matrix(let weight, _): weight.unload()
        case .vector(let weight, _): weight.unload()
        case .derived(let unload): unload()
        case .onDemand(let weight): weight.unload()
        case .table(let table): table.unload()
        }
    }
}
