// A decoder whose layers lie on several cards: rows pass through all of them, one card after another. Several
// workers are under way at once, each on another card, so that none waits for long.

import ArenaCore
import ArenaTensor

/// The cards that have a decoder's layers, in order; the last has what comes after the layers too.
final class CardChain: Sendable {
    /// One card.
    final class Link: @unchecked Sendable {
        let layers: Range<Int>
        let device: CUDABackend
        // Both are those of the worker whose turn it is.
        let arena: ActivationArena
        fileprivate var isEmpty = false
        /// How often its weights were changed.
        fileprivate var changes = 0
        fileprivate let turn = Lock()

        fileprivate init(_ layers: Range<Int>, _ device: CUDABackend, _ arena: ActivationArena) {
            (self.layers, self.device, self.arena) = (layers, device, arena)
        }
    }

    let links: [Link]

    /// - Parameters:
    ///   - layers: those of each card, together all.
    ///   - arenas: each card's memory for what lies between its layers, for all workers.
    init(_ layers: [Range<Int>], _ devices: [CUDABackend], _ arenas: [ActivationArena]) {
        precondition(layers.count == devices.count && !layers.isEmpty, "layers for each card")
        links = zip(layers, zip(devices, arenas)).map { Link($0, $1.0, $1.1) }
    }
}

/// One worker's way through a chain, used by one thread.
final class CardRoute {
    private let chain: CardChain
    /// Memory for what rows keep from pass to pass, on each card.
    private let kept: [ActivationArena]
    private var failure: (failure: DeviceFailure, card: CUDADevice)?
    /// The changes of the card that failed, at that time.
    private var changesBefore = 0

    init(_ chain: CardChain) {
        self.chain = chain
        kept = chain.links.map { $0.device.makeArena() }
    }

    /// Takes a pack through all layers and what comes after them.
    /// - Parameter finish: gets the hidden states of the pack's wanted tokens (W, C) on the last card.
    /// - Returns: nil after a failure, or where another worker left a card without weights.
    func run<Result>(
        _ stack: DecoderStack, _ pack: Pack,
        _ finish: (_ hidden: Tensor, _ device: any Backend, ActivationArena) -> Result
    ) -> Result? {
        var x: Tensor?
        var result: Result?
        for (k, link) in chain.links.enumerated() {
            guard enter(link) else { return nil }
            let (device, arena) = (link.device, link.arena)
            let entered = x.map { bring($0, to: link) } ?? stack.embed(pack, on: device, arena)
            let left = stack.pass(entered, through: link.layers, pack, on: device, arena)
            if k < chain.links.count - 1 {
                x = left.onHost
            } else {
                result = finish(stack.norm(left, on: device, arena), device, arena)
            }
            leave(link)
        }
        return failure == nil ? result : nil
    }

    /// Room for the keys and values of so many tokens, on the cards that have the layers.
    func keyValues(_ stack: DecoderStack, places: Int) -> KeyValueCache {
        var layers: [KeyValueCache.Layer] = []
        for (link, arena) in zip(chain.links, kept) {
            link.turn.lock()
            layers += KeyValueCache(stack.blocks[link.layers], places: places, arena).layers
            leave(link)
        }
        return KeyValueCache(layers: layers)
    }

    /// Changes which weights are on the card that failed last, unless another worker has since then.
    /// - Parameter body: says whether it made a difference, and whether the weights are there afterwards.
    /// - Returns: whether there may be more room.
    func change(_ card: CUDADevice, _ body: () -> (more: Bool, areThere: Bool)) -> Bool {
        guard let link = chain.links.first(where: { $0.device.device === card }) else {
            return false
        }
        link.turn.lock()
        defer { leave(link) }
        guard link.changes == changesBefore else { return true }
        let (more, areThere) = body()
        link.isEmpty = !areThere
        link.changes += 1
        return more
    }

    /// What went wrong in the turns of this worker since the last asking.
    func takeFailure() -> (failure: DeviceFailure, card: CUDADevice)? {
        defer { failure = nil }
        return failure
    }

    /// Waits for the worker's turn on a card; false, and no turn, where nothing is to be computed any more: after a
    /// failure memory may be missing that a card is to write.
    private func enter(_ link: CardChain.Link) -> Bool {
        guard failure == nil else { return false }
        link.turn.lock()
        if !link.isEmpty { return true }
        link.turn.unlock()
        return false
    }

    private func leave(_ link: CardChain.Link) {
        // A card's failure is that of the worker whose turn it was, and what it had no room for may be wanted by the next.
        let card = link.device.device
        link.arena.reset()
        if let new = card.takeFailure() {
            if failure == nil { (failure, changesBefore) = ((new, card), link.changes) }
            link.arena.clear()
        }
        link.turn.unlock()
    }

    private func bring(_ x: Tensor, to link: CardChain.Link) -> Tensor {
        let y = link.arena.tensor(x.rows, x.columns)
        link.device.bring(x, into: y)
        return y
    }
}
