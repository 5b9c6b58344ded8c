// Bytes found in bytes: what counting, splitting and replacing of plain text are made of.

import CArenaFrame

/// A piece of text to look for, at least one byte long.
package struct ByteSearch: Sendable {
    package let piece: [UInt8]

    /// Nil for an empty text, which is everywhere.
    package init?(_ text: some Sequence<UInt8>) {
        piece = Array(text)
        if piece.isEmpty { return nil }
    }

    /// The first place at or behind `from`; nil if there is none.
    @inline(__always)
    package func find(in bytes: UnsafeRawBufferPointer, from: Int) -> Int? {
        guard let base = bytes.baseAddress else { return nil }
        let text = base.assumingMemoryBound(to: UInt8.self)
        // SAFETY: from..<count lies in the bytes; the piece has the length given.
        let at = arena_find(text, bytes.count, from, piece, piece.count)
        return at < 0 ? nil : at
    }

    /// The last place; nil if there is none.
    package func findLast(in bytes: UnsafeRawBufferPointer) -> Int? {
        var found = find(in: bytes, from: 0)
        while let at = found, let next = find(in: bytes, from: at + 1) { found = next }
        return found
    }

    /// How many times it occurs, without overlaps.
    package func count(in bytes: UnsafeRawBufferPointer) -> Int {
        if piece.count == 1 {
            let wanted = piece[0]
            var n = 0
            for byte in bytes { n &+= byte == wanted ? 1 : 0 }
            return n
        }
        var n = 0
        var from = 0
        while let at = find(in: bytes, from: from) {
            n += 1
            from = at + piece.count
        }
        return n
    }

    /// Puts the bytes with other text in place of the first `most` occurrences into the buffer; false,
    /// and nothing put, if there is none.
    package func replace(
        in bytes: UnsafeRawBufferPointer, by other: [UInt8], most: Int, into out: inout [UInt8]
    ) -> Bool {
        var from = 0
        var n = 0
        while n < most, let at = find(in: bytes, from: from) {
            out.append(contentsOf: bytes[from..<at])
            out.append(contentsOf: other)
            from = at + piece.count
            n += 1
        }
        if n == 0 { return false }
        out.append(contentsOf: bytes[from...])
        return true
    }
}

/// Whether all bytes are ASCII.
package func isASCII(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var all: UInt8 = 0
    for byte in bytes { all |= byte }
    return all < 0x80
}
