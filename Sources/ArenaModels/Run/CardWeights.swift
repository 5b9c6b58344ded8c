// A model's weights on cards: what stays there and what passes through, planned when they are loaded and anew
// when rows find no room beside them.

import ArenaCore
import ArenaTensor
import Synchronization

/// What of a model's weights is on each card.
final class CardWeights: Sendable {
    private struct Weight {
        let weight: PendingWeight
        /// The decoder's layer that it belongs to; nil for none.
        let layer: Int?
    }
    private let weights: [Weight]
    /// Layers that can be split over cards; 0 if there are none.
    private let layers: Int
    /// Bytes that a token takes at least.
    private let bytesPerToken: Int
    private let plans = Mutex<[ObjectIdentifier: (plan: CardPlan, card: CUDADevice)]>([:])
    private let splitting = Mutex<LayerSplit?>(nil)
    /// One card at a time changes what it has: they share what is in the host's memory.
    private let turn = Mutex<Void>(())

    /// - Parameter blocks: the weights of each layer that can be split over cards.
    init(_ weights: [PendingWeight], blocks: [[WeightMatrix]], bytesPerToken: Int) {
        var numbers: [ObjectIdentifier: Int] = [:]
        for (i, block) in blocks.enumerated() {
            for matrix in block { numbers[ObjectIdentifier(matrix)] = i }
        }
        self.weights = weights.map { weight in
            guard case .matrix(let matrix, _) = weight else {
                return Weight(weight: weight, layer: nil)
            }
            return Weight(weight: weight, layer: numbers[ObjectIdentifier(matrix)])
        }
        layers = blocks.count
        self.bytesPerToken = bytesPerToken
    }

    /// What loading had to tell, card by card.
    var remarks: [String] {
        let split = split
        return plans.withLock { $0.values.sorted { $0.card.ordinal < $1.card.ordinal } }
            .flatMap { plan, card in
                [split?.words(card), plan.words(card)].compactMap { $0 }
            }
    }

    /// Which layers each card has; nil where every card has all.
    var split: LayerSplit? { splitting.withLock { $0 } }

    /// Decides which layers each card is to have, while none has any.
    func arrange(_ split: LayerSplit?) { splitting.withLock { $0 = split } }

    /// The plans of those of these cards that have all layers.
    func plans(of cards: [CUDADevice]) -> [CardPlan] {
        guard split == nil else { return [] }
        return plans.withLock { plans in cards.compactMap { plans[ObjectIdentifier($0)]?.plan } }
    }

    /// Bytes on cards of each layer that can be split over them; nil if there are none.
    var layerBytes: [Int]? {
        guard layers > 0 else { return nil }
        var bytes = [Int](repeating: 0, count: layers)
        for weight in weights {
            if let layer = weight.layer { bytes[layer] += weight.weight.cardBytes }
        }
        return bytes
    }

    /// Bytes on a card that has all.
    var bytes: Int { weights.reduce(0) { $0 + $1.weight.cardBytes } }

    /// Bytes on a card that has what it is to have.
    func bytes(on card: CUDADevice) -> Int { bytes(on: card, split) }

    /// Bytes on a card that has what a split gives it, or all.
    func bytes(on card: CUDADevice, _ split: LayerSplit?) -> Int {
        own(of: card, split).reduce(0) { $0 + $1.cardBytes }
    }

    /// Bytes that pass through a card with so much room for weights, and whether the host has room for them.
    func passing(room: Int) -> (bytes: Int, fitsHost: Bool) {
        let all = weights.map(\.weight)
        let plan = CardPlan(all, room: room)
        return (plan.passing, fitsHost(plan, all))
    }

    /// Bytes that weights and what a task brings may take on a card that is theirs alone, about.
    func room(on card: CUDADevice) -> Int { card.wholeMemory - rowRoom(on: card) }

    private func own(of card: CUDADevice, _ split: LayerSplit?) -> [PendingWeight] {
        weights.filter { split?.has($0.layer, on: card) ?? true }.map(\.weight)
    }

    /// Whether the weights are on a card, or ready to pass through it.
    func areLoaded(on card: CUDADevice) -> Bool {
        plans.withLock { $0[ObjectIdentifier(card)] != nil }
    }

    /// Whether any card has weights.
    var isOnCards: Bool { plans.withLock { !$0.isEmpty } }

    /// Forgets all cards, once their memory has been given back.
    func clear() {
        plans.withLock { $0 = [:] }
        arrange(nil)
    }

    /// Brings the weights onto a card, or ready to pass through it.
    /// - Parameters:
    ///   - room: bytes that they may take there; nil for what the card has.
    ///   - others: bytes that a task needs beside them.
    ///   - evict: lets all other models leave.
    /// - Returns: the weights' bytes, as `ModelCore.weightBytes` counts them.
    func load(
        onto card: CUDADevice, room: Int?, beside others: Int, workers: Int, evict: () -> Void
    ) throws(ModelError) -> Int {
        let free = card.freeMemory - rowRoom(on: card) - others
        let own = own(of: card, split)
        try turn.withLock { _ in
            Result { () throws(ModelError) in
                try change(card, own, room: room ?? free, workers: workers, evict)
            }
        }.get()
        return own.reduce(0) { $0 + $1.loadedBytes }
    }

    /// Lets more of the weights pass through a card, for rows that find no room beside them.
    /// - Returns: false if all that may pass do already.
    /// - Throws: `ModelError`; the weights are not on the card then.
    func letMorePass(on card: CUDADevice) throws(ModelError) -> Bool {
        try turn.withLock { _ in
            Result { () throws(ModelError) in
                guard let plan = plans.withLock({ $0[ObjectIdentifier(card)] })?.plan,
                    !plan.passesAll
                else { return false }
                drop(card)
                let room = plan.bytes / 2 - 2 * plan.largest
                // What cannot pass stays as it was loaded first.
                let matrices = own(of: card, split).filter(\.mayPass)
                try change(card, matrices, room: room, workers: 1) {}
                return true
            }
        }.get()
    }

    /// In its turn.
    private func change(
        _ card: CUDADevice, _ some: [PendingWeight], room: Int, workers: Int, _ evict: () -> Void
    ) throws(ModelError) {
        do throws(ModelError) {
            let plan = try fit(some, on: card, room: room, workers: workers, evict)
            plans.withLock { $0[ObjectIdentifier(card)] = (plan, card) }
        } catch {
            // Of an error that is no card's, what a card had to say is not left for the next.
            _ = card.takeFailure()
            drop(card)
            throw error
        }
    }

    /// What weights take on a card is known only about: where it was too much all other models leave, and then
    /// more of them pass.
    private func fit(
        _ some: [PendingWeight], on card: CUDADevice, room: Int, workers: Int, _ evict: () -> Void
    ) throws(ModelError) -> CardPlan {
        var (room, workers, isAlone) = (room, workers, false)
        while true {
            let plan = plan(some, on: card, room: room)
            try checkHost(plan, some, on: card)
            let slots = plan.passing > 0 ? WeightSlots(on: card) : nil
            defer { card.endLoading() }
            try loadWeights(
                some, layout: .card(card), workers: workers,
                through: slots.map { (plan.passes, $0) })
            slots?.open()
            guard let failure = card.takeFailure() else { return plan }
            drop(card)
            guard case .outOfMemory = failure, !(isAlone && plan.passesAll) else {
                throw ModelError(failure, on: card)
            }
            evict()
            // Each worker has a matrix as it is stored on the card too.
            (isAlone, workers) = (true, 1)
            room = min(room / 4 * 3, plan.bytes / 8 * 7, card.freeMemory) - (1 << 20)
        }
    }

    /// The plan of another card where it fits, so that both share what passes.
    private func plan(_ some: [PendingWeight], on card: CUDADevice, room: Int) -> CardPlan {
        let others = split == nil ? plans.withLock { Array($0.values) } : []
        let shared = others.first {
            $0.card !== card && $0.plan.passing > 0 && $0.plan.passes.count == some.count
                && $0.plan.bytes <= room
        }
        return shared?.plan ?? CardPlan(some, room: room)
    }

    private func drop(_ card: CUDADevice) {
        for weight in weights { weight.weight.unload(from: card) }
        _ = plans.withLock { $0.removeValue(forKey: ObjectIdentifier(card)) }
    }

    /// Bytes that the rows of a pack should find on a card; with less, packs are halved until they fit.
    func rowRoom(on card: CUDADevice) -> Int {
        min(2 * bytesPerToken * RunOptions.cardTokenBudget, card.totalMemory / 4)
    }

    private func checkHost(
        _ plan: CardPlan, _ some: [PendingWeight], on card: CUDADevice
    ) throws(ModelError) {
        guard !fitsHost(plan, some) else { return }
        throw .cardWeights(
            card: card.name, bytes: plan.staying + plan.passing, room: plan.staying,
            available: ResidentModels.availableMemory())
    }

    private func fitsHost(_ plan: CardPlan, _ some: [PendingWeight]) -> Bool {
        plan.hostBytes(some) <= ResidentModels.availableMemory() / 8 * 7
    }
}
