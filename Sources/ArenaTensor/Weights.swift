// Weight vectors as they are, and embedding tables that stay in their file.

import ArenaCore
import CArenaKernels

/// A weight vector: a norm's scale, a bias.
package final class WeightVector: @unchecked Sendable {
    package let count: Int
    private var buffer: FloatBuffer?
    let cards = CardCopies<FloatBuffer>()

    package init(count: Int) { self.count = count }

    package var base: UnsafePointer<Float> {
        guard let buffer else { preconditionFailure("a weight vector is loaded before it is used") }
        return UnsafePointer(buffer.base)
    }

    /// - Throws: `NonFiniteWeight` if a number is infinite or none.
    package func load(_ source: StoredTensor) throws(NonFiniteWeight) {
        precondition(source.count == count, "a weight has its vector's length")
        let fresh = FloatBuffer(count: count)
        if let bad = source.widenChecked(to: fresh.base) {
            throw NonFiniteWeight(name: source.name, path: source.path, index: bad)
        }
        buffer = fresh
    }

    package func unload() {
        buffer = nil
        cards.clear()
    }
}

/// What an adapter adds to the rows of a table: scale * down[:, id] . up^T.
package struct EmbeddingChange: Sendable {
    package let down: WeightVector  // (R, V)
    package let up: WeightVector  // (C, R)
    package let scale: Float

    package init(down: WeightVector, up: WeightVector, scale: Float) {
        self.down = down
        self.up = up
        self.scale = scale
    }

    /// Adds the change of a row of a table (V, C), term by term in the order of the ranks.
    func add(_ id: Int, vocabulary: Int, channels: Int, to y: UnsafeMutablePointer<Float>) {
        let rank = down.count / vocabulary
        for c in 0..<channels {
            var sum: Float = 0
            for r in 0..<rank {
                sum = sum.addingProduct(up.base[c * rank + r], down.base[r * vocabulary + id])
            }
            y[c] += scale * sum
        }
    }
}

/// An embedding table (V, C) that stays mapped: rows are widened as they are gathered.
package final class EmbeddingTable: @unchecked Sendable {
    package let vocabulary: Int
    package let channels: Int
    package let source: StoredTensor
    package let changes: [EmbeddingChange]
    let cards = CardCopies<FloatBuffer>()
    private let kernel: arena_dtype

    package init(
        _ source: StoredTensor, vocabulary: Int, channels: Int, changes: [EmbeddingChange] = []
    ) {
        self.changes = changes
        precondition(source.shape == [vocabulary, channels], "a table has its weight's shape")
        guard let kernel = source.type.kernelType else {
            preconditionFailure("codes are no weights")
        }
        self.kernel = kernel
        self.source = source
        self.vocabulary = vocabulary
        self.channels = channels
    }

    /// Gives the cards' memory back.
    package func unload() { cards.clear() }

    /// Reads the whole table once and gives its pages back.
    /// - Throws: `NonFiniteWeight` if a number is infinite or none.
    package func check() throws(NonFiniteWeight) {
        let kernel = kernel
        let bad = source.withBytes { bytes -> Int? in
            var row = [Float](repeating: 0, count: channels)
            for r in 0..<vocabulary {
                arena_widen(
                    kernel, bytes + r * channels * source.type.size, &row, channels)
                if let c = row.firstIndex(where: { !$0.isFinite }) { return r * channels + c }
            }
            return nil
        }
        source.releasePages()
        if let bad = bad ?? nil {
            throw NonFiniteWeight(name: source.name, path: source.path, index: bad)
        }
    }

    /// Writes the rows of these ids, which lie in the vocabulary, with their changes to (M, C).
    package func gather(_ ids: [Int32], into y: Tensor) {
        let kernel = kernel
        _ = source.withBytes { bytes in
            for (m, id) in ids.enumerated() {
                precondition(id >= 0 && Int(id) < vocabulary, "ids are checked before they are run")
                arena_widen(
                    kernel, bytes + Int(id) * channels * source.type.size,
                    y.base + m * y.stride, channels)
                for change in changes {
                    change.add(
                        Int(id), vocabulary: vocabulary, channels: channels,
                        to: y.base + m * y.stride)
                }
            }
        }
    }
}
