// Running rows through a model: those with a known result are taken from the store, the others go in
// packs from one shared queue, longest rows first, each worker with its own arena and all with the same
// weights. Rows, not batches: a row's result does not depend on the budget, the workers or the other rows.

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
    /// Results from before, and where new ones are kept.
    package var store: (any RowStore)?
    /// Whether work of about so many seconds may still begin; rows for which it may not are missing.
    package var mayBegin: (@Sendable (_ seconds: Double) -> Bool)?
    /// Called before weights are loaded, with their bytes and the seconds it takes, about.
    package var willLoad: (@Sendable (_ bytes: Int, _ seconds: Double) -> Void)?
    /// Compute the shortest row only, as a trial; the others are missing.
    package var isTrial = false
    /// Called once at the end, also of a run that fails: where the rows came from.
    package var tally: (@Sendable (RowTally) -> Void)?

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
    /// Which of the model's adapters computes.
    var adapter = 0
    /// What of a row is run, and which of its hidden states are wanted (all if nil). Follows from
    /// the row alone.
    var request: @Sendable (ArraySlice<Int32>) -> (count: Int, wanted: [Int]?)
    /// Brings what the task needs besides the model's weights; called once before the first pack.
    var prepare: @Sendable (_ layout: WeightLayout) throws(ModelError) -> Void = {
        _ throws(ModelError) in
    }
    /// The numbers of each row of a pack, from the hidden states of its wanted tokens (W, C).
    var finish:
        @Sendable (Pack, _ hidden: Tensor, _ device: any Backend, ActivationArena) -> [[Float]] = {
            _, _, _, _ in []
        }
    /// In place of `finish` where rows grow and are passed over again and again.
    var passes: Passes?

    struct Passes: Sendable {
        /// Tokens that a row may grow by.
        var growth: Int
        /// Tokens, grown ones too, of the rows that are computed together.
        var budget: Int
        /// The numbers of each row; nil if the run ended. `goesOn` hears of tokens that are done
        /// and says whether to go on.
        var compute:
            @Sendable (
                [Pack.Row], _ device: any Backend, ActivationArena, _ goesOn: (Int) -> Bool
            ) -> [[Float]]?
    }
}

extension ModelCore {
    /// The numbers that a task makes of every row; nil for rows whose numbers are not finite, in single
    /// precision neither, and for those that might not begin any more.
    ///
    /// Loads the weights if something has to be computed and they are not in memory.
    /// - Throws: `ModelError` naming the row that cannot be run, before anything is; or `.cancelled`.
    func run(
        _ task: RowTask, on batch: TokenBatch, _ options: RunOptions
    ) throws(ModelError) -> [[Float]?] {
        try check(batch)
        let workers = max(1, options.workers)
        var rows = PackPlan.distinctRows(batch, task.request)
        var values = [[Float]?](repeating: nil, count: batch.count)
        var tally = RowTally()
        tally.rows = batch.count
        defer { options.tally?(tally) }
        if let store = options.store {
            let digests = rowDigests(rows, workers: workers)
            for i in rows.indices { rows[i].digest = digests[i] }
            let known = store.values(for: digests)
            for (row, own) in zip(rows, known) {
                guard let own else { continue }
                for member in row.members { values[member] = own }
                tally.found += row.members.count
            }
            rows = zip(rows, known).filter { $1 == nil }.map(\.0)
        }
        if options.isTrial { rows = rows.suffix(1) }
        guard !rows.isEmpty else { return values }
        let growth = task.passes?.growth ?? 0
        let plan = PackPlan(
            rows, budget: max(1, task.passes?.budget ?? options.tokenBudget), workers: workers,
            growth: growth)
        guard mayBegin(plan, growth: growth, options) else {
            tally.cut = batch.count - tally.found
            return values
        }
        if let willLoad = options.willLoad, !isLoaded { willLoad(weightBytes, expectedLoadSeconds) }
        // A single pack has the other workers' processors for its products.
        let device = options.backend ?? CPUBackend(threads: plan.packs.count == 1 ? workers : 1)
        let run = PackRun(
            self, task, plan, found: tally.found, of: batch.count, device: device, options)
        let failure = loaded.withLock { current -> ModelError? in
            if let error = loadHolding(
                &current, layout: device.weightLayout, workers: workers, task)
            {
                return error
            }
            runWorkers(min(workers, plan.packs.count)) { _ in run.work() }
            if run.failure == nil, !run.suspects.isEmpty, canLoadRows {
                // Only here: single precision takes far more memory and time.
                let reference = ReferenceBackend(blas: false)
                if let error = loadHolding(
                    &current, layout: reference.weightLayout, workers: workers, task)
                {
                    return error
                }
                run.computeSuspects(on: reference)
            }
            return run.failure
        }
        run.add(to: &values, &tally)
        if let failure { throw failure }
        return values
    }

    private func loadHolding(
        _ current: inout WeightLayout?, layout: WeightLayout, workers: Int, _ task: RowTask
    ) -> ModelError? {
        if case .failure(let error) = loadHolding(&current, layout: layout, workers: workers) {
            return error
        }
        do throws(ModelError) { try task.prepare(layout) } catch { return error }
        return nil
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
        var done: [(row: PackPlan.Row, values: [Float])] = []
        var suspects: [PackPlan.Row] = []
        var progress: PredictionProgress
        var recomputed = 0
        var failure: ModelError?
        /// Of the slowest pack lately: what a pack may take.
        var secondsPerToken = 0.0
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
        _ model: ModelCore, _ task: RowTask, _ plan: PackPlan, found: Int, of rows: Int,
        device: any Backend, _ options: RunOptions
    ) {
        self.model = model
        self.task = task
        self.plan = plan
        self.device = device
        self.options = options
        state = Mutex(
            State(
                progress: PredictionProgress(
                    rows: found, totalRows: rows, tokens: 0, totalTokens: plan.tokens, seconds: 0)
            ))
    }

    var failure: ModelError? { state.withLock { $0.failure } }

    /// Rows whose numbers are not finite.
    var suspects: [PackPlan.Row] { state.withLock { $0.suspects } }

    /// Puts the results in their places and counts them.
    func add(to values: inout [[Float]?], _ tally: inout RowTally) {
        let state = state.withLock { $0 }
        for (row, own) in state.done {
            for member in row.members { values[member] = own }
            tally.computed += row.members.count
        }
        tally.nonFinite = state.suspects.reduce(0) { $0 + $1.members.count }
        if state.failure == nil {
            tally.cut = tally.rows - tally.found - tally.computed - tally.nonFinite
        }
        tally.recomputed = state.recomputed
        if state.secondsPerToken > 0 {
            Pace.noteProducts(
                perSecond: Double(model.productsPerToken) / state.secondsPerToken)
        }
        tally.tokens = state.progress.tokens
        tally.seconds = monotonicSeconds() - began
    }

    /// One worker: takes packs until none is left, one failed or the run is cancelled.
    func work() {
        let arena = model.arenas.withLock { $0.popLast() } ?? ActivationArena()
        defer { model.arenas.withLock { $0.append(arena) } }
        while true {
            let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard number < plan.packs.count, goesOn() else { return }
            let rows = Array(plan.rows[plan.packs[number]])
            let tokens = rows.reduce(0) { $0 + $1.count + (task.passes?.growth ?? 0) }
            // A smaller pack may still be in time.
            guard mayBegin(tokens: tokens) else { continue }
            let start = monotonicSeconds()
            var told = 0
            let values = compute(rows, on: device, arena) { more in
                told += more
                return advance(by: more)
            }
            guard let values else { return }
            finish(
                rows, values, tokens: tokens, told: told, seconds: monotonicSeconds() - start)
        }
    }

    /// Reports tokens of a pack that is not done yet.
    private func advance(by tokens: Int) -> Bool {
        state.withLock { state in
            state.progress.tokens += tokens
            state.progress.seconds = monotonicSeconds() - began
            options.progress?(state.progress)
        }
        return goesOn()
    }

    /// Computes the suspects one by one in single precision; those that stay are the missing.
    func computeSuspects(on reference: ReferenceBackend) {
        let arena = ActivationArena()
        // A model whose every row overflows is broken, and not to be mended here.
        for row in suspects.prefix(Self.mostSuspects) {
            guard goesOn(), options.mayBegin?(0) ?? true else { return }
            let values = compute([row], on: reference, arena) { _ in goesOn() }
            guard let values, values[0].allSatisfy(\.isFinite) else { continue }
            state.withLock { state in
                state.done.append((row, values[0]))
                state.suspects.removeAll { $0.members == row.members }
                state.recomputed += row.members.count
            }
            keep([row], values)
        }
    }

    private static let mostSuspects = 64

    private func compute(
        _ rows: [PackPlan.Row], on device: any Backend, _ arena: ActivationArena,
        _ goesOn: (Int) -> Bool
    ) -> [[Float]]? {
        if let passes = task.passes {
            defer { arena.reset() }
            return passes.compute(rows.map(\.row), device, arena, goesOn)
        }
        let pack = Pack(rows.map(\.row))
        // Types outside a model's table never reach it: they were checked.
        let hidden = model.backbones[task.adapter](pack, on: device, arena)  // (W, C)
        defer { arena.reset() }
        return task.finish(pack, hidden, device, arena)
    }

    /// Whether the run is to go on; if it was cancelled it fails.
    private func goesOn() -> Bool {
        let isOver = options.cancellation?.isCancelled ?? false || options.store?.hasFailed ?? false
        return state.withLock { state in
            if isOver { state.failure = state.failure ?? .cancelled }
            return state.failure == nil
        }
    }

    private func mayBegin(tokens: Int) -> Bool {
        guard let mayBegin = options.mayBegin else { return true }
        return mayBegin(Double(tokens) * state.withLock { $0.secondsPerToken })
    }

    private func finish(
        _ rows: [PackPlan.Row], _ values: [[Float]], tokens: Int, told: Int, seconds: Double
    ) {
        let good = zip(rows, values).filter { $1.allSatisfy(\.isFinite) }
        state.withLock { state in
            for (row, own) in zip(rows, values) {
                if own.allSatisfy(\.isFinite) {
                    state.done.append((row, own))
                } else {
                    state.suspects.append(row)
                }
                state.progress.rows += row.members.count
            }
            state.secondsPerToken = max(
                seconds / Double(max(1, tokens)), state.secondsPerToken * 0.9)
            state.progress.tokens += tokens - told
            state.progress.seconds = monotonicSeconds() - began
            options.progress?(state.progress)
        }
        keep(good.map(\.0), good.map(\.1))
    }

    private func keep(_ rows: [PackPlan.Row], _ values: [[Float]]) {
        options.store?.keep(rows.compactMap(\.digest), values)
    }
}

/// The numbers of all rows, one after another; NaN in rows without a result.
func joined(_ rows: [[Float]?], width: Int) -> [Float] {
    rows.flatMap { $0 ?? [Float](repeating: .nan, count: width) }
}
