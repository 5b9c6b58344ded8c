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
    /// Tokens below which packs are not made smaller so that all workers have some; nil for what is usual.
    package var smallestPack: Int?
    /// How a decoder lies on several cards.
    package var split = SplitChoice.auto
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
        split = devices.split
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
            smallest: options.smallestPack
                ?? (cards.isEmpty ? PackPlan.smallestPack : PackPlan.smallestCardPack))
        let split = split(over: cards, for: task, plan, options)
        // Of cards that have some of the layers each none can be left out.
        let cardsUsed = split == nil ? Array(cards.prefix(plan.packs.count)) : cards
        let mustLoad =
            split != cardWeights.split || !isLoaded
            || cardWeights.isOnCards == cards.isEmpty
            || !cardsUsed.allSatisfy { cardWeights.areLoaded(on: $0) }
        guard mayBegin(plan, growth: growth, mustLoad: mustLoad, options) else {
            tally.cut = batch.count - tally.found
            return values
        }
        if let willLoad = options.willLoad, mustLoad { willLoad(weightBytes, secondsToLoad) }
        // A single pack has the other workers' processors for its products.
        let devices =
            options.backends.isEmpty
            ? [CPUBackend(threads: plan.packs.count == 1 ? workers : 1)] : options.backends
        let run = PackRun(
            self, task, plan, found: tally.found, of: batch.count, workers: workers, options)
        let failure = loaded.withLock { current -> ModelError? in
            if cardWeights.split != split {
                release(&current)
                cardWeights.arrange(split)
            }
            let used = split == nil ? Array(devices.prefix(plan.packs.count)) : devices
            for (i, device) in used.enumerated() {
                if let error = loadHolding(
                    &current, layout: device.weightLayout, workers: processorCount(), task,
                    cardRoom: options.cardRoom, keptBytes: task.keptBytes(of: plan),
                    isLast: split == nil || i == used.count - 1)
                {
                    return error
                }
            }
            let count = min(workers, plan.packs.count)
            if let split {
                let arenas = devices.map { takeArena(on: $0) }
                let chain = CardChain(split.layers, cards.map { CUDABackend($0) }, arenas)
                runWorkers(count) { _ in run.work(at: .cards(CardRoute(chain))) }
                self.arenas.withLock { $0 += arenas }
            } else {
                runWorkers(count) { worker in
                    let device = used[worker % used.count]
                    let arena = self.takeArena(on: device)
                    run.work(at: .one(device, arena))
                    self.arenas.withLock { $0.append(arena) }
                }
            }
            noteRemarks()
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

    /// A worker's memory on a device, kept from runs before if there is some.
    private func takeArena(on device: any Backend) -> ActivationArena {
        let card = device.weightLayout.card
        let kept = arenas.withLock { arenas in
            arenas.lastIndex { $0.device === card }.map { arenas.remove(at: $0) }
        }
        return kept ?? device.makeArena()
    }

    /// Cards lose their weights where these and rows, or a task's own weights, find no room together.
    private func forgetLost(_ current: inout [WeightLayout]) {
        current.removeAll { $0.card.map { !cardWeights.areLoaded(on: $0) } ?? false }
        // What else of the model is there leaves with its weights.
        if current.isEmpty { release(&current) }
    }

    /// - Parameters:
    ///   - keptBytes: what the task's rows keep there.
    ///   - isLast: whether what comes after the layers is computed there.
    private func loadHolding(
        _ current: inout [WeightLayout], layout: WeightLayout, workers: Int, _ task: RowTask,
        cardRoom: Int? = nil, keptBytes: Int = 0, isLast: Bool = true
    ) -> ModelError? {
        let wasThere = current.contains(layout)
        let result = loadHolding(
            &current, layout: layout, workers: workers, cardRoom: cardRoom,
            taskBytes: keptBytes + (isLast ? task.cardBytes : 0))
        if case .failure(let error) = result { return error }
        while true {
            do throws(ModelError) {
                if isLast { try task.prepare(layout) }
                guard let card = layout.card else { return nil }
                if let failure = card.takeFailure() {
                    // What it brings may want the room of others.
                    guard case .outOfMemory = failure, try makeMoreRoom(on: card) else {
                        return ModelError(failure, on: card)
                    }
                    continue
                }
                // Weights that were loaded before left room for other rows than these. What came since, such as a
                // table, has some of the room that was left for passes.
                guard wasThere, keptBytes > 0,
                    card.freeMemory < keptBytes + cardWeights.rowRoom(on: card) / 4,
                    try makeMoreRoom(on: card)
                else { return nil }
            } catch {
                // Of an error that is no card's, what a card had to say is not left for the next.
                _ = layout.card?.takeFailure()
                forgetLost(&current)
                return error
            }
        }
    }

    /// Takes from a card what is needed least: memory that is kept for rows, other models, weights that can pass.
    /// - Returns: false if there is nothing left to take.
    private func makeMoreRoom(on card: CUDADevice) throws(ModelError) -> Bool {
        let hadArenas = arenas.withLock { arenas in
            let count = arenas.count
            arenas.removeAll { $0.device === card }
            return arenas.count < count
        }
        if hadArenas { return true }
        let free = card.freeMemory
        ResidentModels.makeRoom(.max, for: self) { 0 }
        if card.freeMemory > free { return true }
        return try cardWeights.letMorePass(on: card)
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

/// The numbers of all rows, one after another; NaN in rows without a result.
func joined(_ rows: [[Float]?], width: Int) -> [Float] {
    rows.flatMap { $0 ?? [Float](repeating: .nan, count: width) }
}
