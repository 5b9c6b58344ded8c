// A model that no card has room for: its weights pass through every card, or each card has some of the layers.
// Packs of whole rows are multiplied for so long that weights pass in the meantime. Texts that grow take short
// passes, each over all weights, which a bus makes ten times slower than a card's own memory.

import ArenaTensor

/// How a decoder lies on several cards.
package enum SplitChoice: String, Sendable, CaseIterable {
    /// All of it on every card that has room, else what is reckoned to be faster.
    case auto
    /// All of it on every card, or passing through: every card computes rows of its own.
    case rows
    /// Some of the layers on each.
    case layers
}

/// Which layers each card has.
struct LayerSplit: Sendable, Equatable {
    /// Of each card, in their order.
    let layers: [Range<Int>]
    private let cards: [ObjectIdentifier]

    /// Layers in as many parts as there are cards, about equal in bytes, none empty.
    /// - Parameter bytes: of each layer; as many as there are cards at least.
    init(_ bytes: [Int], over cards: [CUDADevice]) {
        precondition(!cards.isEmpty && cards.count <= bytes.count, "a layer for each card")
        var layers: [Range<Int>] = []
        var (start, seen) = (0, 0)
        let total = bytes.reduce(0, +)
        for k in 1..<cards.count {
            let most = bytes.count - (cards.count - k)
            var end = start
            repeat {
                seen += bytes[end]
                end += 1
                // The layer that lies over the border goes where more of it is.
            } while end < most && (seen + bytes[end] / 2) * cards.count <= total * k
            layers.append(start..<end)
            start = end
        }
        layers.append(start..<bytes.count)
        self.layers = layers
        self.cards = cards.map { ObjectIdentifier($0) }
    }

    /// Whether a card has what belongs to this layer, or to none.
    func has(_ layer: Int?, on card: CUDADevice) -> Bool {
        guard let k = cards.firstIndex(of: ObjectIdentifier(card)) else {
            preconditionFailure("a split is used on its own cards")
        }
        return layer.map { layers[k].contains($0) } ?? (k == cards.count - 1)
    }

    /// What a run has to say of a card.
    func words(_ card: CUDADevice) -> String? {
        guard let k = cards.firstIndex(of: ObjectIdentifier(card)) else { return nil }
        let all = layers[layers.count - 1].upperBound
        return
            "\(card.name) (card \(card.ordinal)) has layers \(layers[k].lowerBound + 1) to \(layers[k].upperBound) of \(all): rows go through all cards"
    }

    /// Whether these are the cards.
    func isOver(_ others: [CUDADevice]) -> Bool { cards == others.map { ObjectIdentifier($0) } }
}

extension ModelCore {
    /// How layers are split over the cards of a run; nil where every card computes rows of its own.
    func split(
        over cards: [CUDADevice], for task: RowTask, _ plan: PackPlan, _ options: RunOptions
    ) -> LayerSplit? {
        guard cards.count > 1, options.split != .rows,
            let layers = cardWeights.layerBytes, layers.count >= cards.count
        else { return nil }
        // Weights stay as they lie: else they would have to be read again.
        if let known = cardWeights.split, known.isOver(cards) { return known }
        let split = LayerSplit(layers, over: cards)
        if options.split == .layers { return split }
        let held = cardWeights.plans(of: cards)
        if !held.isEmpty, task.passes == nil || held.allSatisfy({ $0.passing == 0 }) { return nil }
        func room(_ card: CUDADevice, _ others: Int) -> Int {
            options.cardRoom ?? (cardWeights.room(on: card) - others)
        }
        let bytes = cardWeights.bytes
        let keptBytes = task.keptBytes(of: plan)
        let least = cards.map { room($0, task.cardBytes + keptBytes) }.min() ?? 0
        guard bytes > least else { return nil }
        // Else they would pass through the cards all the same.
        let fits = cards.enumerated().allSatisfy { k, card in
            let others = keptBytes + (k == cards.count - 1 ? task.cardBytes : 0)
            return cardWeights.bytes(on: card, split) <= room(card, others)
        }
        guard fits else { return nil }
        if task.passes != nil { return split }
        let passing = cardWeights.passing(room: least)
        guard passing.fitsHost else { return split }
        let copying = Double(passing.bytes) / Self.busSpeed
        let computing =
            2 * Double(plan.tokens / plan.packs.count) * Double(productsPerToken)
            / Self.products(of: cards[0])
        return copying > computing ? split : nil
    }

    /// Bytes a second from the host's memory to a card, as reckoned with.
    private static var busSpeed: Double { 10e9 }

    /// Operations a second that a card sustains, as reckoned with: what users report of a T4, and for what is
    /// newer far less than its sheet says.
    private static func products(of card: CUDADevice) -> Double {
        card.capability < 80 ? 24e12 : card.capability < 90 ? 100e12 : 400e12
    }
}

extension DecoderBlock {
    /// Its weights on cards, with what adapters add to them.
    var matrices: [WeightMatrix] {
        let inputs: [Linear] =
            switch attention.inputs {
            case .separate(let query, let key, let value): [query, key, value]
            case .fused(let all): [all]
            }
        let gates: [Linear] =
            switch mlp.inputs {
            case .separate(let gate, let up): [gate, up]
            case .fused(let both): [both]
            }
        return (inputs + [attention.output] + gates + [mlp.down]).flatMap { linear in
            [linear.weight] + linear.lowRank.flatMap { [$0.down, $0.up] }
        }
    }
}
