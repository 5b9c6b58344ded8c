// Tensors as files hold them: a name, a type, a shape, and bytes in a mapping; or in memory, for those
// that were made of others.

import ArenaCore
import CArenaKernels

/// A tensor's bytes as they are stored, with whatever keeps them valid.
package struct StoredTensor: Sendable {
    /// Its name in the checkpoint.
    package let name: String
    package let type: ElementType
    package let shape: [Int]
    private let place: Place

    private enum Place: Sendable {
        case file(MappedFile, Range<Int>)
        /// And the file that it follows from, for messages.
        case memory(FloatBuffer, path: String)
    }

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
        place = .file(file, range)
    }

    /// A tensor in memory, at the start of a buffer that nobody changes any more.
    package init(
        name: String, type: ElementType, shape: [Int], path: String, memory: FloatBuffer
    ) {
        precondition(
            shape.reduce(1, *) * type.size <= memory.count * MemoryLayout<Float>.size,
            "a stored tensor lies inside its buffer")
        self.name = name
        self.type = type
        self.shape = shape
        place = .memory(memory, path: path)
    }

    package var count: Int { shape.reduce(1, *) }

    package var path: String {
        switch place {
        case .file(let file, _): return file.path
        case .memory(_, let path): return path
        }
    }

    /// Runs `body` on the bytes, which may be unaligned.
    package func withBytes<Result>(_ body: (UnsafeRawPointer) -> Result) -> Result? {
        // SAFETY: the range lies inside the mapping or the buffer, which this value keeps alive.
        switch place {
        case .file(let file, let range):
            return file.bytes.baseAddress.map { base in
                withExtendedLifetime(file) { body(base + range.lowerBound) }
            }
        case .memory(let buffer, _):
            return withExtendedLifetime(buffer) { body(UnsafeRawPointer(buffer.base)) }
        }
    }

    /// The numbers as fp32; empty for codes.
    package var floats: [Float] {
        guard let kernel = type.kernelType else { return [] }
        var result = [Float](repeating: 0, count: count)
        _ = withBytes { arena_widen(kernel, $0, &result, count) }
        return result
    }

    /// The bytes, copied.
    package var bytes: [UInt8] {
        withBytes { Array(UnsafeRawBufferPointer(start: $0, count: count * type.size)) } ?? []
    }

    /// Gives the pages back once the content has been copied elsewhere.
    package func releasePages() {
        if case .file(let file, let range) = place { file.release(range) }
    }
}

extension StoredTensor {
    /// Widens the numbers of a range to `y`.
    package func widen(_ range: Range<Int>, to y: UnsafeMutablePointer<Float>) {
        guard let kernel = type.kernelType else { preconditionFailure("codes are no weights") }
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "elements of the tensor")
        _ = withBytes { arena_widen(kernel, $0 + range.lowerBound * type.size, y, range.count) }
    }

    /// Widens all numbers to `y`; returns the index of the first that is not finite.
    func widenChecked(to y: UnsafeMutablePointer<Float>) -> Int? {
        guard let kernel = type.kernelType else { preconditionFailure("codes are no weights") }
        _ = withBytes { arena_widen(kernel, $0, y, count) }
        return (0..<count).first { !y[$0].isFinite }
    }
}
