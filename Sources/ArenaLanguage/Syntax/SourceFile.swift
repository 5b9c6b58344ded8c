// The text of one script and the places in it.

import ArenaCore

/// A script's text under the name it is shown by.
package final class SourceFile: Sendable {
    package let name: String
    /// The text without a byte order mark, with one newline byte guaranteed at the end.
    package let bytes: [UInt8]
    private let lineStarts: [Int]
    /// The place of the first byte that is not UTF-8, if there is one.
    let invalidByte: Int?

    package init(name: String, bytes: [UInt8]) {
        self.name = name
        var text = bytes
        if text.starts(with: [0xEF, 0xBB, 0xBF]) { text.removeFirst(3) }
        if text.last != 10 { text.append(10) }
        self.bytes = text
        invalidByte = text.withUnsafeBytes { firstInvalidUTF8($0) }
        var starts = [0]
        for i in 0..<text.count where text[i] == 10 { starts.append(i + 1) }
        lineStarts = starts
    }

    /// The 1-based line of a byte offset.
    func line(of offset: Int) -> Int {
        var low = 0
        var high = lineStarts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        return low + 1
    }

    /// The byte range of a 1-based line, without its newline.
    func lineRange(_ line: Int) -> Range<Int> {
        let start = lineStarts[line - 1]
        var end = line < lineStarts.count ? lineStarts[line] - 1 : bytes.count
        if end > start, bytes[end - 1] == 13 { end -= 1 }
        return start..<max(start, end)
    }

    /// The 1-based column of a byte offset, counted in code points.
    func column(of offset: Int) -> Int {
        let start = lineRange(line(of: offset)).lowerBound
        return bytes[start..<max(start, min(offset, bytes.count))].reduce(1) {
            $0 + ($1 & 0xC0 != 0x80 ? 1 : 0)
        }
    }

    func text(_ range: TextRange) -> String {
        String(decoding: bytes[Int(range.start)..<Int(range.end)], as: UTF8.self)
    }
}

/// A half-open range of byte offsets in one source file.
struct TextRange: Sendable, Equatable {
    var start: UInt32
    var end: UInt32

    init(_ start: Int, _ end: Int) {
        self.start = UInt32(truncatingIfNeeded: start)
        self.end = UInt32(truncatingIfNeeded: end)
    }

    static let none = TextRange(0, 0)

    /// From the start of this range to the end of the other.
    func to(_ other: TextRange) -> TextRange {
        var r = self
        r.end = max(end, other.end)
        return r
    }
}
