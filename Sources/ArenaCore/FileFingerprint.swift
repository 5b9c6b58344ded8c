// What a file is known by: all of it where it is small or must be certain, else its size, its beginning,
// its end and blocks between, since weights are too large to be read twice.

import Glibc

/// How much of a file a fingerprint looks at.
package enum FingerprintDepth: Sendable {
    case whole
    /// Whole up to `sampledFileSize` bytes, sampled beyond.
    case sampled
}

/// Larger files are sampled.
package let sampledFileSize = 8 << 20

/// The fingerprint of a file's content; its name and times do not count.
/// - Throws: `FileError` if it cannot be read.
package func fileFingerprint(
    _ path: String, _ depth: FingerprintDepth = .sampled
) throws(FileError) -> Digest {
    fingerprint(of: try MappedFile(path, purpose: .fingerprint), depth)
}

/// The fingerprint of a mapped file.
package func fingerprint(of file: MappedFile, _ depth: FingerprintDepth = .sampled) -> Digest {
    withExtendedLifetime(file) {
        let bytes = file.bytes
        var hash = SHA256()
        guard depth == .sampled, bytes.count > sampledFileSize else {
            hash.add(bytes)
            return hash.finish()
        }
        hash.add("sampled")
        hash.add(bytes.count)
        let (edge, block, blocks) = (1 << 20, 4096, 256)
        func add(_ range: Range<Int>) { hash.add(UnsafeRawBufferPointer(rebasing: bytes[range])) }
        // The beginning holds the header of every format of weights.
        add(0..<edge)
        for i in 0..<blocks {
            let start = edge + (bytes.count - 2 * edge - block) / blocks * i
            add(start..<start + block)
        }
        add(bytes.count - edge..<bytes.count)
        return hash.finish()
    }
}
