// Running rows through a classifier: packs from one shared queue, longest rows first, each worker with
// its own arena and all with the same weights. Rows, not batches: a row's logits do not depend on the
// budget, the workers or the other rows.

import ArenaCore
import ArenaTensor
import Synchronization

/// How far a prediction has come.
package struct PredictionProgress: Sendable, Equatable {
    package var rows: Int
    package var totalRows: Int
    package var tokens: Int
    package var totalTokens: Int
    /// Seconds since the first pack began.
    package var seconds: Double
}

/// A flag that ends a prediction between packs; may be raised from any thread.
package final class Cancellation: Sendable {
    private let flag = Atomic<Bool>(false)
    package init() {}
    package func cancel() { flag.store(true, ordering: .relaxed) }
    package var isCancelled: Bool { flag.load(ordering: .relaxed) }
}

extension Classifier {
    /// Tokens of a pack unless the caller says otherwise.
    package static let defaultTokenBudget = 512

    /// The logits of every row, row by row: `batch.count * labelCount` numbers.
    ///
    /// Loads the weights if they are not in memory.
    /// - Parameters:
    ///   - workers: packs that are computed at once, one thread each.
    ///   - tokenBudget: tokens of a pack; does not change results.
    ///   - progress: called after each pack, from one thread at a time.
    /// - Throws: `ModelError` naming the row that cannot be run, before anything is; or
    ///   `.nonFiniteResult`, `.cancelled`.
    package func predictLogits(
        _ batch: TokenBatch, workers: Int = processorCount(),
        tokenBudget: Int = Classifier.defaultTokenBudget, backend: (any Backend)? = nil,
        cancellation: Cancellation? = nil, progress: (@Sendable (PredictionProgress) -> Void)? = nil
    ) throws(ModelError) -> [Float] {
        try check(batch)
        let workers = max(1, workers)
        let plan = PackPlan(
            batch, padTokenID: padTokenID, budget: max(1, tokenBudget), workers: workers)
        // A single pack has the other workers' processors for its products.
        let device = backend ?? CPUBackend(threads: plan.packs.count == 1 ? workers : 1)
        let result = loaded.withLock { current -> Result<[Float], ModelError> in
            if case .failure(let error) = loadHolding(
                &current, layout: device.weightLayout, workers: workers)
            {
                return .failure(error)
            }
            let run = PredictionRun(
                self, plan, rows: batch.count, device: device, cancellation: cancellation,
                progress: progress)
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
        }
    }
}

/// One prediction: the queue, and what the workers bring back.
private final class PredictionRun: Sendable {
    private struct State: Sendable {
        var logits: [Float]
        var progress: PredictionProgress
        var failure: ModelError?
    }

    private let model: Classifier
    private let plan: PackPlan
    private let device: any Backend
    private let cancellation: Cancellation?
    private let report: (@Sendable (PredictionProgress) -> Void)?
    private let next = Atomic<Int>(0)
    private let state: Mutex<State>
    private let began = monotonicSeconds()

    init(
        _ model: Classifier, _ plan: PackPlan, rows: Int, device: any Backend,
        cancellation: Cancellation?, progress: (@Sendable (PredictionProgress) -> Void)?
    ) {
        self.model = model
        self.plan = plan
        self.device = device
        self.cancellation = cancellation
        report = progress
        state = Mutex(
            State(
                logits: [Float](repeating: 0, count: rows * model.labelCount),
                progress: PredictionProgress(
                    rows: 0, totalRows: rows, tokens: 0, totalTokens: plan.tokens, seconds: 0)))
    }

    var result: Result<[Float], ModelError> {
        state.withLock { state in
            if let failure = state.failure { return .failure(failure) }
            return .success(state.logits)
        }
    }

    /// One worker: takes packs until none is left, one failed or the run is cancelled.
    func work() {
        let arena = model.arenas.withLock { $0.popLast() } ?? ActivationArena()
        defer { model.arenas.withLock { $0.append(arena) } }
        while true {
            let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard number < plan.packs.count else { return }
            if cancellation?.isCancelled == true { return fail(.cancelled) }
            guard state.withLock({ $0.failure == nil }) else { return }
            let rows = plan.rows[plan.packs[number]]
            let pack = Pack(rows.map(\.tokens))
            let hidden = model.backbone(pack, on: device, arena)  // (R, C)
            let logits = model.head(hidden, on: device, arena).values  // (R, labels)
            arena.reset()
            finish(Array(rows), logits, tokens: pack.tokens)
        }
    }

    private func fail(_ error: ModelError) {
        state.withLock { $0.failure = $0.failure ?? error }
    }

    private func finish(_ rows: [PackPlan.Row], _ logits: [Float], tokens: Int) {
        let count = model.labelCount
        state.withLock { state in
            for (i, row) in rows.enumerated() {
                let own = logits[i * count..<(i + 1) * count]
                guard own.allSatisfy(\.isFinite) else {
                    state.failure = state.failure ?? .nonFiniteResult(row: row.members[0])
                    return
                }
                for member in row.members {
                    state.logits.replaceSubrange(member * count..<(member + 1) * count, with: own)
                }
                state.progress.rows += row.members.count
            }
            state.progress.tokens += tokens
            state.progress.seconds = monotonicSeconds() - began
            report?(state.progress)
        }
    }
}
