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

/// How rows are run; nothing here but the kind of device changes results.
package struct RunOptions: Sendable {
    /// Packs that are computed at once, one thread each.
    package var workers: Int
    /// Tokens of a pack.
    package var tokenBudget: Int
    /// The devices, each with one worker at least; the processor if there are none.
    package var backends: [any Backend]
    /// Bytes that the process may take, nil for what the machine has.
    package var memoryLimit: Int?
    /// Bytes that weights may take on each card, nil for what it has.
    package var cardRoom: Int?
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
    /// The same on cards: a quantized weight becomes halves once for all rows of a pack.
    package static let cardTokenBudget = 16_384

    package init(
        workers: Int = processorCount(), tokenBudget: Int = defaultTokenBudget,
        backend: (any Backend)? = nil, cancellation: Cancellation? = nil,
        progress: (@Sendable (PredictionProgress) -> Void)? = nil
    ) {
        self.workers = workers
        self.tokenBudget = tokenBudget
        backends = backend.map { [$0] } ?? []
        self.cancellation = cancellation
        self.progress = progress
    }
}

extension RunOptions {
    /// Rows on these devices, in packs of so many tokens, or of what is usual there.
    /// - Throws: `ModelError.cards` if a card cannot be used.
    package init(on devices: DeviceChoice, tokenBudget: Int? = nil) throws(ModelError) {
        self.init(workers: devices.workers)
        backends = try devices.open()
        self.tokenBudget =
            tokenBudget ?? (backends.isEmpty ? Self.defaultTokenBudget : Self.cardTokenBudget)
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
        let cards = options.backends.compactMap(\.weightLayout.card)
        let workers = cards.isEmpty ? max(1, options.workers) : cards.count
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
        try checkMemory(rows.first, options)
        if options.isTrial { rows = rows.suffix(1) }
        guard !rows.isEmpty else { return values }
        let growth = task.passes?.growth ?? 0
        let plan = PackPlan(
            rows, budget: max(1, task.passes?.budget ?? options.tokenBudget), workers: workers,
            growth: growth,
            smallest: cards.isEmpty ? PackPlan.smallestPack : PackPlan.smallestCardPack)
        guard mayBegin(plan, growth: growth, options) else {
            tally.cut = batch.count - tally.found
            return values
        }
        if let willLoad = options.willLoad, !isLoaded { willLoad(weightBytes, expectedLoadSeconds) }
        // A single pack has the other workers' processors for its products.
        let devices =
            options.backends.isEmpty
            ? [CPUBackend(threads: plan.packs.count == 1 ? workers : 1)] : options.backends
        let run = PackRun(
            self, task, plan, found: tally.found, of: batch.count, workers: workers, options)
        let failure = loaded.withLock { current -> ModelError? in
            for device in devices.prefix(plan.packs.count) {
                if let error = loadHolding(
                    &current, layout: device.weightLayout, workers: processorCount(), task,
                    cardRoom: options.cardRoom)
                {
                    return error
                }
            }
            runWorkers(min(workers, plan.packs.count)) { run.work(on: devices[$0 % devices.count]) }
            forgetLost(&current)
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

    /// Cards lose their weights where these and rows, or a task's own weights, find no room together.
    private func forgetLost(_ current: inout [WeightLayout]) {
        current.removeAll { $0.card.map { !cardWeights.areLoaded(on: $0) } ?? false }
        // What else of the model is there leaves with its weights.
        if current.isEmpty { release(&current) }
    }

    private func loadHolding(
        _ current: inout [WeightLayout], layout: WeightLayout, workers: Int, _ task: RowTask,
        cardRoom: Int? = nil
    ) -> ModelError? {
        let result = loadHolding(
            &current, layout: layout, workers: workers, cardRoom: cardRoom,
            taskBytes: task.cardBytes)
        if case .failure(let error) = result { return error }
        while true {
            do throws(ModelError) {
                try task.prepare(layout)
                guard let card = layout.card, let failure = card.takeFailure() else { return nil }
                // What it brings may want the room of weights.
                guard case .outOfMemory = failure, try cardWeights.letMorePass(on: card) else {
                    return ModelError(failure, on: card)
                }
            } catch {
                // Of an error that is no card's, what a card had to say is not left for the next.
                _ = layout.card?.takeFailure()
                forgetLost(&current)
                return error
            }
        }
    }

    /// Refuses a longest row that no pack can be small enough for, by number.
    private func checkMemory(_ longest: PackPlan.Row?, _ options: RunOptions) throws(ModelError) {
        guard let longest else { return }
        let bytes = longest.count * bytesPerToken
        let available = min(ResidentModels.availableMemory(), options.memoryLimit ?? .max)
        guard bytes > available else { return }
        throw .rowTooLarge(
            row: longest.members[0], tokens: longest.count, bytes: bytes, available: available)
    }

    /// Refuses rows that cannot be run, by number.
    package func check(_ batch: TokenBatch) throws(ModelError) {
        let (limit, vocabulary, types) = (longestRow, vocabulary, backbone.typeCount)
        for r in 0..<batch.count {
            let row = batch[r]
            guard !row.isEmpty else { throw .emptyRow(r) }
            guard row.count <= limit else {
                throw .rowTooLong(row: r, tokens: row.count, limit: limit)
            }
            if let id = row.first(where: { $0 < 0 || Int($0) >= vocabulary }) {
                throw .tokenID(row: r, id: id, vocabulary: vocabulary)
            }
            guard let types else { continue }
            if let type = batch.types(r).first(where: { $0 < 0 || Int($0) >= types }) {
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
    private let workers: Int
    private let options: RunOptions
    private let next = Atomic<Int>(0)
    private let state: Mutex<State>
    private let began = monotonicSeconds()

    init(
        _ model: ModelCore, _ task: RowTask, _ plan: PackPlan, found: Int, of rows: Int,
        workers: Int, _ options: RunOptions
    ) {
        self.model = model
        self.task = task
        self.plan = plan
        self.workers = workers
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
    func work(on device: any Backend) {
        let card = device.weightLayout.card
        let kept = model.arenas.withLock { arenas in
            arenas.lastIndex { $0.device === card }.map { arenas.remove(at: $0) }
        }
        let arena = kept ?? device.makeArena()
        defer { model.arenas.withLock { $0.append(arena) } }
        if let passes = task.passes { return workGrowing(passes, on: device, arena) }
        while true {
            let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard number < plan.packs.count, goesOn() else { return }
            let rows = Array(plan.rows[plan.packs[number]])
            let tokens = rows.reduce(0) { $0 + $1.count }
            // A smaller pack may still be in time.
            guard mayBegin(tokens: tokens) else { continue }
            let start = monotonicSeconds()
            guard let values = computeOrSplit(rows, on: device, arena) else { return }
            finish(rows, values, tokens: tokens, told: 0, seconds: monotonicSeconds() - start)
        }
    }

    /// One worker of rows that grow: they come and go one by one.
    private func workGrowing(
        _ passes: RowTask.Passes, on device: any Backend, _ arena: ActivationArena
    ) {
        // Room for keys and values that no later pack would need is given back.
        defer { if device.weightLayout.card == nil { arena.reset() } else { arena.clear() } }
        let workers = max(1, min(workers, plan.packs.count))
        var started: [Int: Double] = [:]
        let feed = RowFeed(
            budget: min(passes.budget, (plan.tokens + workers - 1) / workers),
            take: { [self] room in
                guard let number = takeRow(room, passes.growth) else { return nil }
                started[number] = monotonicSeconds()
                return (number, plan.rows[number].row)
            },
            finish: { [self] number, values, told in
                guard !stops(after: device.takeFailure(), device) else { return }
                let row = plan.rows[number]
                finish(
                    [row], [values], tokens: row.count + passes.growth, told: told,
                    seconds: monotonicSeconds() - (started[number] ?? 0))
            },
            goesOn: { [self] in !stops(after: device.takeFailure(), device) && advance(by: $0) })
        passes.compute(feed, device, arena)
    }

    /// The number of the next row that fits and may begin.
    private func takeRow(_ room: Int, _ growth: Int) -> Int? {
        while goesOn() {
            let number = next.load(ordering: .relaxed)
            guard number < plan.rows.count else { return nil }
            let tokens = plan.rows[number].count + growth
            guard tokens <= room else { return nil }
            let isTaken = next.compareExchange(
                expected: number, desired: number + 1, ordering: .relaxed
            ).exchanged
            // A shorter row may still be in time.
            if isTaken, mayBegin(tokens: tokens) { return number }
        }
        return nil
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
            let values = computeAlone(row, on: reference, arena)
            guard values.allSatisfy(\.isFinite), !values.isEmpty else { continue }
            state.withLock { state in
                state.done.append((row, values))
                state.suspects.removeAll { $0.members == row.members }
                state.recomputed += row.members.count
            }
            keep([row], [values])
        }
    }

    /// The numbers of one row; none if the run ended.
    private func computeAlone(
        _ row: PackPlan.Row, on device: any Backend, _ arena: ActivationArena
    ) -> [Float] {
        guard let passes = task.passes else { return compute([row], on: device, arena)[0] }
        defer { arena.reset() }
        var (waiting, found): (PackPlan.Row?, [Float]) = (row, [])
        let feed = RowFeed(
            budget: passes.budget,
            take: { _ in
                defer { waiting = nil }
                return waiting.map { (0, $0.row) }
            }, finish: { _, values, _ in found = values }, goesOn: { _ in self.goesOn() })
        passes.compute(feed, device, arena)
        return found
    }

    private static let mostSuspects = 64

    /// The numbers of rows, in smaller packs where a card has no room for all; nil if the run ended.
    private func computeOrSplit(
        _ rows: [PackPlan.Row], on device: any Backend, _ arena: ActivationArena
    ) -> [[Float]]? {
        let values = compute(rows, on: device, arena)
        let failure = device.takeFailure()
        if failure != nil { arena.clear() }
        guard case .outOfMemory = failure else {
            return stops(after: failure, device) ? nil : values
        }
        guard rows.count > 1 else {
            guard hasMoreRoom(device) else {
                _ = stops(after: failure, device)
                return nil
            }
            return computeOrSplit(rows, on: device, arena)
        }
        let middle = rows.count / 2
        guard let first = computeOrSplit(Array(rows[..<middle]), on: device, arena),
            let second = computeOrSplit(Array(rows[middle...]), on: device, arena)
        else { return nil }
        return first + second
    }

    /// Makes room on a card beside the weights; if that fails the run has.
    private func hasMoreRoom(_ device: any Backend) -> Bool {
        guard let card = device.weightLayout.card else { return false }
        do throws(ModelError) { return try model.cardWeights.letMorePass(on: card) } catch {
            state.withLock { $0.failure = $0.failure ?? error }
            return false
        }
    }

    /// Whether the run ends with this failure of a device.
    private func stops(after failure: DeviceFailure?, _ device: any Backend) -> Bool {
        guard let failure, let card = device.weightLayout.card else { return false }
        state.withLock { $0.failure = $0.failure ?? ModelError(failure, on: card) }
        return true
    }

    private func compute(
        _ rows: [PackPlan.Row], on device: any Backend, _ arena: ActivationArena
    ) -> [[Float]] {
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
        keep(good.map(\.0), good.map(\.1))
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
    }

    private func keep(_ rows: [PackPlan.Row], _ values: [[Float]]) {
        options.store?.keep(rows.compactMap(\.digest), values)
    }
}

/// The numbers of all rows, one after another; NaN in rows without a result.
func joined(_ rows: [[Float]?], width: Int) -> [Float] {
    rows.flatMap { $0 ?? [Float](repeating: .nan, count: width) }
}
