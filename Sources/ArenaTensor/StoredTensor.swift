// Tensors as files hold them: a name, a type, a shape, and bytes in a mapping.

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
    package func withBytes<Result>(_ body: (UnsafeRawPointer) -> Result) -> Result? {
        // SAFETY: the range lies inside the mapping, which this value keeps alive.
        file.bytes.baseAddress.map { base in
            withExtendedLifetime(file) { body(base + range.lowerBound) }
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
    package func releasePages() { file.release(range) }
}

extension StoredTensor {
    /// Widens all numbers to `y`; returns the index of the first that is not finite.
    func widenChecked(to y: UnsafeMutablePointer<Float>) -> Int? {
        guard let kernel = type.kernelType else { preconditionFailure("codes are no weights") }
        _ = withBytes { arena_widen(kernel, $0, y, count) }
        return (0..<count).first { !y[$0].isFinite }
    }
}
