// Which weights stay on a card that has no room for all of them. The others stay in the host's memory and pass
// through the card for every pack, which takes little of the time that a large pack takes: reckoned, a second for
// 10 GB at 10 GB/s, while the products of 16,384 tokens with as many bytes of bf16 take seven at 24 TFLOP/s.

import ArenaCore
import ArenaTensor

/// A decision for each weight of a model.
struct CardPlan: Sendable {
    /// For each weight whether it passes through.
    let passes: [Bool]
    /// Bytes that stay.
    let staying: Int
    /// Bytes that pass through, and of the largest of them.
    let passing: Int
    let largest: Int

    /// Bytes that it takes on the card.
    var bytes: Int { staying + 2 * largest }

    /// Whether all pass that may.
    let passesAll: Bool

    /// Those that pass are spread evenly, so that each can be copied under the products of others.
    /// - Parameter room: bytes that weights may take on the card.
    init(_ weights: [PendingWeight], room: Int) {
        let sizes = weights.map(\.cardBytes)
        let total = sizes.reduce(0, +)
        let most = sizes.max() ?? 0
        var passes = [Bool](repeating: false, count: weights.count)
        var (staying, passing, largest, passesAll) = (total, 0, 0, false)
        if total > room {
            // Small ones are not worth a copy each.
            let candidates = weights.indices.filter {
                weights[$0].mayPass && sizes[$0] >= most / 32
            }
            let all = candidates.reduce(0) { $0 + sizes[$1] }
            let surplus = max(0, total - max(0, room - 2 * most))
            var seen = 0
            for i in candidates {
                seen += sizes[i]
                // As much of what has been seen as of all.
                guard Double(passing) < Double(surplus) * Double(seen) / Double(max(1, all)) else {
                    continue
                }
                passes[i] = true
                passing += sizes[i]
                largest = max(largest, sizes[i])
            }
            staying -= passing
            passesAll = passing == all
        }
        (self.passes, self.staying, self.passing) = (passes, staying, passing)
        (self.largest, self.passesAll) = (largest, passesAll)
    }

    /// Bytes that are still to be put into the host's memory.
    func hostBytes(_ weights: [PendingWeight]) -> Int {
        zip(weights, passes).reduce(0) { $1.1 && !$1.0.isPinned ? $0 + $1.0.cardBytes : $0 }
    }

    /// What a run has to say of it; nil where all stay.
    func words(_ card: CUDADevice) -> String? {
        guard passing > 0 else { return nil }
        return
            "\(card.name) (card \(card.ordinal)) has room for \(byteSize(staying)) of weights; \(byteSize(passing)) stay in the machine's memory and pass through it for every pack"
    }
}

extension PendingWeight {
    /// Bytes on a card, about.
    var cardBytes: Int {
        switch self {
        case .matrix(let matrix, let source):
            return CUDAMatrix.bytes(source, outputs: matrix.outputs, inputs: matrix.inputs)
        case .vector(let vector, _): return vector.count * 4
        case .table, .derived, .onDemand: return 0
        }
    }

    var mayPass: Bool { if case .matrix = self { true } else { false } }

    /// Whether it lies in the host's memory already, for another card.
    var isPinned: Bool { if case .matrix(let matrix, _) = self { matrix.isPinned } else { false } }
}
