// A decoder whose layers lie on several cards: rows pass through all of them, one card after another. Several
// workers are under way at once, each on another card, so that none waits for long.

import ArenaCore
import ArenaTensor

/// The cards that have a decoder's layers, in order; the last has what comes after the layers too.
final class CardChain: Sendable {
    struct Link: Sendable {
        let layers: Range<Int>
        let device: CUDABackend
        /// Held by who computes on the card.
        let turn = Lock()
    }

    let links: [Link]

    /// - Parameter layers: those of each card, together all.
    init(_ layers: [Range<Int>], _ devices: [CUDABackend]) {
        precondition(layers.count == devices.count && !layers.isEmpty, "layers for each card")
        links = zip(layers, devices).map { Link(layers: $0, device: $1) }
    }
}

/// One worker's way through a chain, with memory of its own on each card. The worker's own device is the last
/// card: what comes after the layers is computed there, before the worker leaves it.
package final class CardRoute: @unchecked Sendable {
    /// One card on the way.
    struct Stage {
        fileprivate let link: CardChain.Link
        let arena: ActivationArena

        var layers: Range<Int> { link.layers }
        var device: CUDABackend { link.device }
    }

    let stages: [Stage]
    // One worker's, so used by one thread.
    private var failure: (failure: DeviceFailure, card: CUDADevice)?

    /// - Parameter arenas: the worker's memory on each card.
    init(_ chain: CardChain, _ arenas: [ActivationArena]) {
        stages = zip(chain.links, arenas).map { Stage(link: $0, arena: $1) }
    }

    /// The card where the way ends.
    private var last: Stage { stages[stages.count - 1] }

    /// Hidden states that pass through all layers.
    /// - Parameters:
    ///   - first: makes what enters the first layer (T, C).
    ///   - pass: takes them through the layers of a card, with memory of its arena.
    ///   - shape: of what leaves the last layer, of undefined content after a failure of any card.
    /// - Returns: what leaves the last layer, on the last card, which is the worker's until it leaves.
    func callAsFunction(
        _ first: (Stage) -> Tensor, _ pass: (Stage, Tensor) -> Tensor,
        shape: (rows: Int, columns: Int)
    ) -> Tensor {
        var x: Tensor?
        // After a failure memory may be missing that a card is to write.
        for stage in stages.dropLast() where failure == nil {
            stage.link.turn.lock()
            let mark = stage.arena.mark
            x = pass(stage, x.map { bring($0, to: stage) } ?? first(stage)).onHost
            stage.arena.release(to: mark)
            leave(stage)
        }
        last.link.turn.lock()
        guard failure == nil else { return last.arena.tensor(shape.rows, shape.columns) }
        return pass(last, x.map { bring($0, to: last) } ?? first(last))
    }

    /// Leaves the last card to the next worker, once nothing more is to be computed there.
    func leave() { leave(last) }

    private func leave(_ stage: Stage) {
        // A card's failure is that of the worker whose turn it was.
        let card = stage.device.device
        if let new = card.takeFailure(), failure == nil { failure = (new, card) }
        stage.link.turn.unlock()
    }

    /// Does something on a card in the worker's turn.
    func holding<Result>(_ stage: Stage, _ body: () -> Result) -> Result {
        stage.link.turn.lock()
        defer { leave(stage) }
        return body()
    }

    /// The stage on this card.
    func stage(on card: CUDADevice) -> Stage? { stages.first { $0.device.device === card } }

    /// What went wrong on any of the cards since the last asking, in the turns of this worker.
    func takeFailure() -> (failure: DeviceFailure, card: CUDADevice)? {
        defer { failure = nil }
        return failure
    }

    private func bring(_ x: Tensor, to stage: Stage) -> Tensor {
        let y = stage.arena.tensor(x.rows, x.columns)
        stage.device.bring(x, into: y)
        return y
    }
}
