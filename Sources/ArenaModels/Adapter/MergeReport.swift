// Adapters put into the weights: what a pair adds is computed in fp32, and the sum is stored in the base's own
// format. What that loses is measured against what the adapter adds.

import ArenaCore
import ArenaTensor
import Synchronization

/// Merges, and keeps account of what was lost by it.
final class MergeReport: Sendable {
    private struct Sums: Sendable {
        var modules = 0
        var changes = 0.0
        var errors = 0.0
        var format = ""
    }

    private let sums = Mutex(Sums())

    /// What was lost, in words; nil before anything was merged, and where nothing is lost.
    var words: String? {
        let sums = sums.withLock { $0 }
        guard sums.modules > 0 else { return nil }
        let share = sums.changes > 0 ? (sums.errors / sums.changes).squareRoot() * 100 : 0
        let digits = share < 0.1 ? "less than 0.1" : "\((share * 10).rounded() / 10)"
        return
            "the adapter was merged into \(counted(sums.modules, "layer")) of \(sums.format): "
            + "storing the sums moved them by \(digits) % of what the adapter adds"
    }

    /// The weight with what the pairs add, made at load.
    /// - Parameter then: what the sum becomes further.
    func merged(
        _ base: WeightSource, _ pairs: [LowRank], outputs: Int, inputs: Int,
        then: @escaping @Sendable (WeightSource) -> WeightSource
    ) -> WeightSource {
        .made(
            MadeMatrix(name: base.name, path: base.path, bytes: base.bytes) {
                [self] () throws(NonFiniteWeight) in
                let sum = FloatBuffer(count: outputs * inputs)
                base.expandRows(outputs: outputs, inputs: inputs, order: nil, to: sum.base)
                base.stored?.releasePages()
                var change = 0.0
                for pair in pairs {
                    change += Self.add(pair, outputs: outputs, inputs: inputs, to: sum.base)
                }
                let (stored, format) = try store(sum, like: base, outputs: outputs, inputs: inputs)
                let again = FloatBuffer(count: outputs * inputs)
                stored.expandRows(outputs: outputs, inputs: inputs, order: nil, to: again.base)
                var error = 0.0
                for i in 0..<outputs * inputs {
                    let off = Double(again.base[i] - sum.base[i])
                    error += off * off
                }
                sums.withLock { sums in
                    sums.modules += 1
                    sums.changes += change
                    sums.errors += error
                    sums.format = format
                }
                return then(stored)
            })
    }

    /// Adds scale * (up . down) to the weight (N, K); returns the sum of its squares.
    private static func add(
        _ pair: LowRank, outputs: Int, inputs: Int, to y: UnsafeMutablePointer<Float>
    ) -> Double {
        let (down, up) = (pair.stored.down.floats, pair.stored.up.floats)
        let rank = down.count / max(1, inputs)
        var squares = 0.0
        var row = [Float](repeating: 0, count: inputs)
        for n in 0..<outputs {
            for k in 0..<inputs { row[k] = 0 }
            for r in 0..<rank {
                let factor = up[n * rank + r]
                for k in 0..<inputs { row[k] += factor * down[r * inputs + k] }
            }
            for k in 0..<inputs {
                let change = row[k] * pair.scale
                squares += Double(change) * Double(change)
                y[n * inputs + k] += change
            }
        }
        return squares
    }

    /// A weight (N, K) in the format of another, and that format's name.
    private func store(
        _ sum: FloatBuffer, like base: WeightSource, outputs: Int, inputs: Int
    ) throws(NonFiniteWeight) -> (WeightSource, String) {
        let count = outputs * inputs
        func numbers(_ type: ElementType, _ memory: FloatBuffer) -> WeightSource {
            .plain(
                StoredTensor(
                    name: base.name, type: type, shape: [outputs, inputs], path: base.path,
                    memory: memory))
        }
        switch base {
        case .table4(let codes):
            let fresh = try TableCodes(
                quantizing: count, name: base.name, path: base.path, table: codes.table,
                block: codes.block, rounded: codes.rounded
            ) { range, to in to.update(from: sum.base + range.lowerBound, count: range.count) }
            return (.table4(fresh), "4-bit codes")
        case .affine4(let codes):
            return (.affine4(try codes.storing(sum.base)), "4-bit codes, whose steps stay")
        case .rows8:
            let (codes, scales) = try rows8(sum, base, outputs: outputs, inputs: inputs)
            return (.rows8(codes, scales: { scales }), "8-bit codes")
        case .plain(let tensor) where tensor.type != .float32:
            let halves = FloatBuffer(count: (count + 1) / 2)
            // SAFETY: two numbers of 16 bits to a float of the buffer.
            let to = UnsafeMutableRawPointer(halves.base).assumingMemoryBound(to: UInt16.self)
            for i in 0..<count {
                let x = sum.base[i]
                to[i] =
                    tensor.type == .float16
                    ? Float16(x).bitPattern : UInt16(tensor.type.rounded(x).bitPattern >> 16)
            }
            return (numbers(tensor.type, halves), tensor.type.rawValue)
        case .plain, .dynamic8, .made: return (numbers(.float32, sum), "F32")
        }
    }

    /// LLM.int8's codes: the largest magnitude of a row is 127.
    private func rows8(
        _ sum: FloatBuffer, _ base: WeightSource, outputs: Int, inputs: Int
    ) throws(NonFiniteWeight) -> (StoredTensor, [Float]) {
        let codes = FloatBuffer(count: (outputs * inputs + 3) / 4)
        // SAFETY: four codes to a float of the buffer.
        let to = UnsafeMutableRawPointer(codes.base).assumingMemoryBound(to: Int8.self)
        var scales: [Float] = []
        for n in 0..<outputs {
            let row = sum.base + n * inputs
            if let bad = (0..<inputs).first(where: { !row[$0].isFinite }) {
                throw NonFiniteWeight(name: base.name, path: base.path, index: n * inputs + bad)
            }
            let most = (0..<inputs).reduce(Float(0)) { max($0, abs(row[$1])) }
            let inverse: Float = most > 0 ? 127 / most : 0
            for k in 0..<inputs {
                to[n * inputs + k] = Int8((row[k] * inverse).rounded(.toNearestOrEven))
            }
            scales.append(most / 127)
        }
        let tensor = StoredTensor(
            name: base.name, type: .int8, shape: [outputs, inputs], path: base.path, memory: codes)
        return (tensor, scales)
    }
}
