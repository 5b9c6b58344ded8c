// What the workers of one run do: they take packs from a shared queue, compute them, in smaller parts where a
// card has no room for all, and bring the numbers back.

import ArenaCore
import ArenaTensor
import Synchronization

/// One run: the queue, and what the workers bring back.
final class PackRun: Sendable {
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
    func work(at place: WorkPlace) {
        if let passes = task.passes { return workGrowing(passes, place) }
        while true {
            let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard number < plan.packs.count, goesOn() else { return }
            let rows = Array(plan.rows[plan.packs[number]])
            let tokens = rows.reduce(0) { $0 + $1.count }
            // A smaller pack may still be in time.
            guard mayBegin(tokens: tokens) else { continue }
            let start = monotonicSeconds()
            guard let values = computeOrSplit(rows, place) else { return }
            finish(rows, values, tokens: tokens, told: 0, seconds: monotonicSeconds() - start)
        }
    }

    /// One worker of rows that grow: they come and go one by one.
    private func workGrowing(_ passes: RowTask.Passes, _ place: WorkPlace) {
        // Room for keys and values that no later pack would need is given back.
        defer { place.giveBack() }
        func hasFailed() -> Bool { stops(after: place.takeFailure()) }
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
                guard !hasFailed() else { return }
                let row = plan.rows[number]
                finish(
                    [row], [values], tokens: row.count + passes.growth, told: told,
                    seconds: monotonicSeconds() - (started[number] ?? 0))
            },
            goesOn: { [self] in !hasFailed() && advance(by: $0) })
        passes.compute(feed, place)
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
        let place = WorkPlace.one(reference, ActivationArena())
        // A model whose every row overflows is broken, and not to be mended here.
        for row in suspects.prefix(Self.mostSuspects) {
            guard goesOn(), options.mayBegin?(0) ?? true else { return }
            let values = computeAlone(row, place)
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
    private func computeAlone(_ row: PackPlan.Row, _ place: WorkPlace) -> [Float] {
        guard let passes = task.passes else { return compute([row], place)?.first ?? [] }
        defer { place.giveBack() }
        var (waiting, found): (PackPlan.Row?, [Float]) = (row, [])
        let feed = RowFeed(
            budget: passes.budget,
            take: { _ in
                defer { waiting = nil }
                return waiting.map { (0, $0.row) }
            }, finish: { _, values, _ in found = values }, goesOn: { _ in self.goesOn() })
        passes.compute(feed, place)
        return found
    }

    private static let mostSuspects = 64

    /// The numbers of rows, in smaller packs where a card has no room for all; nil if the run ended.
    private func computeOrSplit(_ rows: [PackPlan.Row], _ place: WorkPlace) -> [[Float]]? {
        let values = compute(rows, place)
        let failed = place.takeFailure()
        guard case .outOfMemory(_)? = failed?.failure, let card = failed?.card else {
            return stops(after: failed) ? nil : values
        }
        place.giveBack()
        guard rows.count > 1 else {
            guard hasMoreRoom(card, place) else {
                _ = stops(after: failed)
                return nil
            }
            return computeOrSplit(rows, place)
        }
        let middle = rows.count / 2
        guard goesOn(), let first = computeOrSplit(Array(rows[..<middle]), place),
            goesOn(), let second = computeOrSplit(Array(rows[middle...]), place)
        else { return nil }
        return first + second
    }

    /// Makes room on a card beside the weights; if that fails the run has.
    private func hasMoreRoom(_ card: CUDADevice, _ place: WorkPlace) -> Bool {
        func makeRoom() -> (more: Bool, areThere: Bool) {
            var more = false
            do throws(ModelError) { more = try model.cardWeights.letMorePass(on: card) } catch {
                state.withLock { $0.failure = $0.failure ?? error }
            }
            return (more, model.cardWeights.areLoaded(on: card))
        }
        switch place {
        case .one: return makeRoom().more
        case .cards(let route): return route.change(card, makeRoom)
        }
    }

    /// Whether the run ends with this failure of a card.
    private func stops(after failed: (failure: DeviceFailure, card: CUDADevice)?) -> Bool {
        guard let failed else { return false }
        state.withLock { $0.failure = $0.failure ?? ModelError(failed.failure, on: failed.card) }
        return true
    }

    /// The numbers of rows; nil, or void, where something failed.
    private func compute(_ rows: [PackPlan.Row], _ place: WorkPlace) -> [[Float]]? {
        let pack = Pack(rows.map(\.row))
        // Types outside a model's table never reach it: they were checked.
        return place.run(model.backbones[task.adapter], pack) { hidden, device, arena in
            task.finish(pack, hidden, device, arena)  // hidden (W, C)
        }
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
