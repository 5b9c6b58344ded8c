// Where a worker computes: on one device with all of the model, or along cards with some of its layers each.

import ArenaTensor

/// A worker's device and its memory there, or its way through several.
enum WorkPlace {
    case one(any Backend, ActivationArena)
    case cards(CardRoute)

    /// Runs a pack through a model and `finish`, which gets the hidden states of its wanted tokens (W, C).
    /// - Returns: nil where something failed; on one device results are void then too.
    func run<Result>(
        _ backbone: any Backbone, _ pack: Pack,
        _ finish: (_ hidden: Tensor, _ device: any Backend, ActivationArena) -> Result
    ) -> Result? {
        switch self {
        case .one(let device, let arena):
            let mark = arena.mark
            defer { arena.release(to: mark) }
            return finish(backbone(pack, on: device, arena), device, arena)
        case .cards(let route):
            guard let stack = (backbone as? any DecoderBackbone)?.stack else {
                preconditionFailure("only decoders' layers are split")
            }
            return route.run(stack, pack, finish)
        }
    }

    /// Room for the keys and values of so many tokens, as long as the worker works.
    func keyValues(_ stack: DecoderStack, places: Int) -> KeyValueCache {
        switch self {
        case .one(_, let arena): return KeyValueCache(stack.blocks[...], places: places, arena)
        case .cards(let route): return route.keyValues(stack, places: places)
        }
    }

    /// What went wrong on a card for this worker since the last asking.
    func takeFailure() -> (failure: DeviceFailure, card: CUDADevice)? {
        switch self {
        case .one(let device, _):
            guard let card = device.weightLayout.card else { return nil }
            return device.takeFailure().map { ($0, card) }
        case .cards(let route): return route.takeFailure()
        }
    }

    /// Gives memory of a card back that smaller work may want.
    func giveBack() {
        if case .one(let device, let arena) = self {
            if device.weightLayout.card == nil { arena.reset() } else { arena.clear() }
        }
    }
}
