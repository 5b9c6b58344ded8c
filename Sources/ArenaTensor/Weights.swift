// Weights in memory: matrices in the layout their backend multiplies with, vectors as they are, and
// embedding tables that stay in their file. Each is described first and filled at load.

import ArenaCore
import CArenaKernels

/// A tensor's bytes as they are stored, with whatever keeps them valid.
package struct StoredTensor: Sendable {
    /// Its name in the checkpoint.
    package let name: String
    package let type: ElementType
    package let shape: [Int]
    private let file: MappedFile
    private let range: Range<Int>

    /// - Parameter range: the tensor's bytes in the file; as long as type and shape say.
    package init(name: String, type: ElementType, shape: [Int], file: MappedFile, range: Range<Int>)
    {
        precondition(
            range.lowerBound >= 0 && range.upperBound <= file.bytes.count
                && range.count == shape.reduce(1, *) * type.size,
            "a stored tensor lies inside its file")
        self.name = name
        self.type = type
        self.shape = shape
        self.file = file
        self.range = range
    }

    package var count: Int { shape.reduce(1, *) }

    package var path: String { file.path }

    /// Runs `body` on the bytes, which may be unaligned.
    func withBytes<Result>(_ body: (UnsafeRawPointer) -> Result) -> Result? {
        // SAFETY: the range lies inside the mapping, which this value keeps alive.
        file.bytes.baseAddress.map { base in
            withExtendedLifetime(file) { body(base + range.lowerBound) }
        }
    }

    /// Gives the pages back once the content has been copied elsewhere.
    package func releasePages() { file.release(range) }
}

/// A number that no weight may be: where it stands in its tensor.
package struct NonFiniteWeight: Error, Sendable {
    package let name: String
    package let path: String
    package let index: Int
}

/// How a backend wants a weight matrix (N, K) in memory.
package enum WeightLayout: Sendable {
    /// (N, K) as it is stored.
    case rows
    /// (N/32, K, 32), N padded with zeros.
    case panels
}

/// The weight matrix (N, K) of a product x . w^T; holds memory only while loaded.
package final class WeightMatrix: @unchecked Sendable {
    package let outputs: Int
    package let inputs: Int
    package private(set) var layout: WeightLayout = .rows
    private var buffer: FloatBuffer?

    package init(outputs: Int, inputs: Int) {
        self.outputs = outputs
        self.inputs = inputs
    }

    package var panels: Int { (outputs + Int(ARENA_PANEL) - 1) / Int(ARENA_PANEL) }

    package var isLoaded: Bool { buffer != nil }

    /// The numbers in the layout; a loaded matrix is only read.
    package var base: UnsafePointer<Float> {
        guard let buffer else { preconditionFailure("a weight matrix is loaded before it is used") }
        return UnsafePointer(buffer.base)
    }

    /// Copies the stored tensor (N, K) into memory of this layout.
    /// - Throws: `NonFiniteWeight` if a number is infinite or none.
    package func load(_ source: StoredTensor, layout: WeightLayout) throws(NonFiniteWeight) {
        precondition(source.shape == [outputs, inputs], "a weight has its matrix's shape")
        let padded = layout == .panels ? panels * Int(ARENA_PANEL) : outputs
        let fresh = FloatBuffer(count: padded * inputs)
        let bad: Int? =
            switch layout {
            case .rows: widenChecked(source, to: fresh.base)
            case .panels:
                source.withBytes {
                    // SAFETY: panels have room for every row; rows and inputs are the source's.
                    arena_pack(source.type.kernelType, $0, outputs, inputs, fresh.base, 0)
                }.flatMap { $0 < 0 ? nil : $0 }
            }
        source.releasePages()
        if let bad { throw NonFiniteWeight(name: source.name, path: source.path, index: bad) }
        self.layout = layout
        buffer = fresh
    }

    package func unload() { buffer = nil }
}

/// A weight vector: a norm's scale, a bias.
package final class WeightVector: @unchecked Sendable {
    package let count: Int
    private var buffer: FloatBuffer?

    package init(count: Int) { self.count = count }

    package var base: UnsafePointer<Float> {
        guard let buffer else { preconditionFailure("a weight vector is loaded before it is used") }
        return UnsafePointer(buffer.base)
    }

    /// - Throws: `NonFiniteWeight` if a number is infinite or none.
    package func load(_ source: StoredTensor) throws(NonFiniteWeight) {
        precondition(source.count == count, "a weight has its vector's length")
        let fresh = FloatBuffer(count: count)
        if let bad = widenChecked(source, to: fresh.base) {
            throw NonFiniteWeight(name: source.name, path: source.path, index: bad)
        }
        buffer = fresh
    }

    package func unload() { buffer = nil }
}

/// An embedding table (V, C) that stays mapped: rows are widened as they are gathered.
package final class EmbeddingTable: Sendable {
    package let vocabulary: Int
    package let channels: Int
    let source: StoredTensor

    package init(_ source: StoredTensor, vocabulary: Int, channels: Int) {
        precondition(source.shape == [vocabulary, channels], "a table has its weight's shape")
        self.source = source
        self.vocabulary = vocabulary
        self.channels = channels
    }

    /// Reads the whole table once and gives its pages back.
    /// - Throws: `NonFiniteWeight` if a number is infinite or none.
    package func check() throws(NonFiniteWeight) {
        let bad = source.withBytes { bytes in
            var row = [Float](repeating: 0, count: channels)
            return (0..<vocabulary).first { r in
                arena_widen(
                    source.type.kernelType, bytes + r * channels * source.type.size, &row, channels)
                return row.contains { !$0.isFinite }
            }
        }
        source.releasePages()
        if let row = bad ?? nil {
            throw NonFiniteWeight(name: source.name, path: source.path, index: row * channels)
        }
    }

    /// Writes the rows of these ids, which lie in the vocabulary, to (M, C).
    func gather(_ ids: [Int32], into y: Tensor) {
        _ = source.withBytes { bytes in
            for (m, id) in ids.enumerated() {
                precondition(id >= 0 && Int(id) < vocabulary, "ids are checked before they are run")
                arena_widen(
                    source.type.kernelType, bytes + Int(id) * channels * source.type.size,
                    y.base + m * y.stride, channels)
            }
        }
    }
}

/// Widens a tensor; returns the index of the first number that is not finite.
private func widenChecked(_ source: StoredTensor, to y: UnsafeMutablePointer<Float>) -> Int? {
    _ = source.withBytes { arena_widen(source.type.kernelType, $0, y, source.count) }
    return (0..<source.count).first { !y[$0].isFinite }
}
