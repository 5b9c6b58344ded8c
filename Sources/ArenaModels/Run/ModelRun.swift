// Running rows through a model: packs from one shared queue, longest rows first, each worker with its
// own arena and all with the same weights. Rows, not batches: a row's result does not depend on the
// budget, the workers or the other rows.

import ArenaCore
import ArenaTensor
import Synchronization

/// How far a run has come.
package struct PredictionProgress: Sendable, Equatable {
    package var rows: Int
    package var totalRows: Int
    package var tokens: Int
    package var totalTokens: Int
    /// Seconds since the first pack began.
    package var seconds: Double
}

/// A flag that ends a run between packs; may be raised from any thread.
package final class Cancellation: Sendable {
    private let flag = Atomic<Bool>(false)
    package init() {}
    package func cancel() { flag.store(true, ordering: .relaxed) }
    package var isCancelled: Bool { flag.load(ordering: .relaxed) }
}

/// How rows are run; nothing here changes results.
package struct RunOptions: Sendable {
    /// Packs that are computed at once, one thread each.
    package var workers: Int
    /// Tokens of a pack.
    package var tokenBudget: Int
    package var backend: (any Backend)?
    package var cancellation: Cancellation?
    /// Called after each pack, from one thread at a time.
    package var progress: (@Sendable (PredictionProgress) -> Void)?

    /// Tokens of a pack unless the caller says otherwise.
    package static let defaultTokenBudget = 512

    package init(
        workers: Int = processorCount(), tokenBudget: Int = defaultTokenBudget,
        backend: (any Backend)? = nil, cancellation: Cancellation? = nil,
        progress: (@Sendable (PredictionProgress) -> Void)? = nil
    ) {
        self.workers = workers
        self.tokenBudget = tokenBudget
        self.backend = backend
        self.cancellation = cancellation
        self.progress = progress
    }
}

/// One task on a model: what of each row it wants, and what it makes of the hidden states.
struct RowTask: Sendable {
    /// What of a row is run, and which of its hidden states are wanted (all if nil). Follows from
    /// the row alone.
    var request: @Sendable (ArraySlice<Int32>) -> (count: Int, wanted: [Int]?)
    /// Brings what the task needs besides the model's weights; called once before the first pack.
    var prepare: @Sendable (_ layout: WeightLayout) throws(ModelError) -> Void = {
        _ throws(ModelError) in
    }
    /// The numbers of each row of a pack, from the hidden states of its wanted tokens (W, C).
    var finish:
        @Sendable (Pack, _ hidden: Tensor, _ device: any Backend, ActivationArena) -> [[Float]]
}

extension ModelCore {
    /// The numbers that a task makes of every row.
    ///
    /// Loads the weights if they are not in memory.
    /// - Throws: `ModelError` naming the row that cannot be run, before anything is; or
    ///   `.nonFiniteResult`, `.cancelled`.
    func run(
        _ task: RowTask, on batch: TokenBatch, _ options: RunOptions
    ) throws(ModelError) -> [[Float]] {
        try check(batch)
        let workers = max(1, options.workers)
        let plan = PackPlan(
            batch, budget: max(1, options.tokenBudget), workers: workers, task.request)
        // A single pack has the other workers' processors for its products.
        let device = options.backend ?? CPUBackend(threads: plan.packs.count == 1 ? workers : 1)
        let result = loaded.withLock { current -> Result<[[Float]], ModelError> in
            if case .failure(let error) = loadHolding(
                &current, layout: device.weightLayout, workers: workers)
            {
                return .failure(error)
            }
            do throws(ModelError) { try task.prepare(device.weightLayout) } catch {
                return .failure(error)
            }
            let run = PackRun(self, task, plan, rows: batch.count, device: device, options)
            runWorkers(min(workers, plan.packs.count)) { _ in run.work() }
            return run.result
        }
        return try result.get()
    }

    /// Refuses rows that cannot be run, by number.
    package func check(_ batch: TokenBatch) throws(ModelError) {
        for r in 0..<batch.count {
            let row = batch[r]
            guard !row.isEmpty else { throw .emptyRow(r) }
            guard row.count <= longestRow else {
                throw .rowTooLong(row: r, tokens: row.count, limit: longestRow)
            }
            for id in row where id < 0 || Int(id) >= vocabulary {
                throw .tokenID(row: r, id: id, vocabulary: vocabulary)
            }
            guard let types = backbone.typeCount else { continue }
            for type in batch.types(r) where type < 0 || Int(type) >= types {
                throw .tokenType(row: r, type: type, types: types)
            }
        }
    }
}

/// One run: the queue, and what the workers bring back.
private final class PackRun: Sendable {
    private struct State: Sendable {
        var values: [[Float]]
        var progress: PredictionProgress
        var failure: ModelError?
    }

    private let model: ModelCore
    private let task: RowTask
    private let plan: PackPlan
    private let device: any Backend
    private let options: RunOptions
    private let next = Atomic<Int>(0)
    private let state: Mutex<State>
    private let began = monotonicSeconds()

    init(
        _ model: ModelCore, _ task: RowTask, _ plan: PackPlan, rows: Int, device: any Backend,
        _ options: RunOptions
    ) {
        self.model = model
        self.task = task
        self.plan = plan
        self.device = device
        self.options = options
        state = Mutex(
            State(
                values: [[Float]](repeating: [], count: rows),
                progress: PredictionProgress(
                    rows: 0, totalRows: rows, tokens: 0, totalTokens: plan.tokens, seconds: 0)))
    }

    var result: Result<[[Float]], ModelError> {
        state.withLock { state in
            if let failure = state.failure { return .failure(failure) }
            return .success(state.values)
        }
    }

    /// One worker: takes packs until none is left, one failed or the run is cancelled.
    func work() {
        let arena = model.arenas.withLock { $0.popLast() } ?? ActivationArena()
        defer { model.arenas.withLock { $0.append(arena) } }
        while true {
            let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard number < plan.packs.count else { return }
            if options.cancellation?.isCancelled == true { return fail(.cancelled) }
            guard state.withLock({ $0.failure == nil }) else { return }
            let rows = plan.rows[plan.packs[number]]
            let pack = Pack(rows.map(\.row))
            // Types outside a model's table never reach it: they were checked.
            let hidden = model.backbone(pack, on: device, arena)  // (W, C)
            let values = task.finish(pack, hidden, device, arena)
            arena.reset()
            finish(Array(rows), values, tokens: pack.tokens)
        }
    }

    private func fail(_ error: ModelError) {
        state.withLock { $0.failure = $0.failure ?? error }
    }

    private func finish(_ rows: [PackPlan.Row], _ values: [[Float]], tokens: Int) {
        state.withLock { state in
            for (row, own) in zip(rows, values) {
                guard own.allSatisfy(\.isFinite) else {
                    state.failure = state.failure ?? .nonFiniteResult(row: row.members[0])
                    return
                }
                for member in row.members { state.values[member] = own }
                state.progress.rows += row.members.count
            }
            state.progress.tokens += tokens
            state.progress.seconds = monotonicSeconds() - began
            options.progress?(state.progress)
        }
    }
}
