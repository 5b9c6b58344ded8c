// Finds the cells of a CSV file: RFC 4180 and what real files do beyond it. One pass over bytes,
// eight at a time in plain cells, and from quote to quote (memchr) in quoted ones.
//
// Rows end at LF, CRLF or CR. A quote opens a quoted cell only as the first byte of a cell; in the
// middle of a plain cell it is a byte like others. Lines of nothing but spaces and tabs are no rows,
// as for pandas.

import ArenaCore
import Glibc

/// Where a cell's content lies in the file, without its outer quotes.
struct CSVCell {
    var offset: Int
    var length: UInt32
    var isQuoted: Bool
    /// Whether quotes inside are still doubled.
    var hasDoubledQuotes: Bool

    static let none = CSVCell(offset: 0, length: 0, isQuoted: false, hasDoubledQuotes: false)
}

/// What is wrong with a row, by offset in the file; the reader adds line and column.
enum CSVProblem: Error {
    case ragged(row: Int, found: Int)
    case unterminated(open: Int)
    case afterQuote(at: Int, cell: Int, index: Int)
    case tooLong(bytes: Int)
    case tooManyColumns(limit: Int)
}

struct CSVScanner {
    let bytes: UnsafeRawBufferPointer
    let delimiter: UInt8
    let quote: UInt8
    /// The offset of the next row, or of blank lines before it.
    private(set) var position: Int

    private let delimiters: UInt64

    init(
        _ bytes: UnsafeRawBufferPointer, delimiter: UInt8, quote: UInt8, from position: Int
    ) {
        self.bytes = bytes
        self.delimiter = delimiter
        self.quote = quote
        self.position = position
        delimiters = repeated(delimiter)
    }

    /// Moves past lines that hold nothing; false at the end of the file.
    mutating func skipBlankLines() -> Bool {
        while position < bytes.count {
            var at = position
            while at < bytes.count, bytes[at] == space || bytes[at] == tab, bytes[at] != delimiter {
                at += 1
            }
            guard at == bytes.count || bytes[at] == lineFeed || bytes[at] == carriageReturn else {
                return true
            }
            position = min(at + 1, bytes.count)
        }
        return false
    }

    /// The cells of the next row, at most `limit`; empty at the end of the file.
    mutating func nextRow(limit: Int) throws(CSVProblem) -> [CSVCell] {
        var cells: [CSVCell] = []
        guard skipBlankLines() else { return cells }
        var ended = false
        while !ended {
            guard cells.count < limit else { throw .tooManyColumns(limit: limit) }
            cells.append(try nextCell(index: cells.count, ended: &ended))
        }
        return cells
    }

    /// Writes the cells of following rows until there is no room, `byteLimit` bytes are passed or the
    /// file ends.
    /// - Returns: the number of rows.
    mutating func nextRows(
        into cells: UnsafeMutableBufferPointer<CSVCell>, columns: Int, byteLimit: Int
    ) throws(CSVProblem) -> Int {
        let limit = position + byteLimit
        let roomFor = cells.count / columns
        var rows = 0
        while rows < roomFor, position < limit, skipBlankLines() {
            let start = position
            let base = rows * columns
            var found = 0
            var ended = false
            while !ended {
                let cell = try nextCell(index: found, ended: &ended)
                if found < columns { cells[base + found] = cell }
                found += 1
            }
            guard found == columns else { throw .ragged(row: start, found: found) }
            rows += 1
        }
        return rows
    }

    /// Reads a cell at `position` and moves behind its delimiter or line end.
    @inline(__always)
    private mutating func nextCell(index: Int, ended: inout Bool) throws(CSVProblem) -> CSVCell {
        if position < bytes.count, bytes[position] == quote {
            return try quotedCell(index: index, ended: &ended)
        }
        let start = position
        var at = start
        while at + 8 <= bytes.count {
            let word = bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            let ends =
                zeroBytes(word ^ delimiters) | zeroBytes(word ^ repeated(lineFeed))
                | zeroBytes(word ^ repeated(carriageReturn))
            if ends != 0 {
                at += ends.trailingZeroBitCount >> 3
                break
            }
            at += 8
        }
        while at < bytes.count, !endsCell(bytes[at]) { at += 1 }
        return try cell(from: start, to: at, next: at, quoted: false, doubled: false, ended: &ended)
    }

    private mutating func quotedCell(index: Int, ended: inout Bool) throws(CSVProblem) -> CSVCell {
        let open = position
        var at = open + 1
        var doubled = false
        while true {
            guard let close = offset(of: quote, from: at) else { throw .unterminated(open: open) }
            at = close + 1
            if at < bytes.count, bytes[at] == quote {
                doubled = true
                at += 1
                continue
            }
            guard at == bytes.count || endsCell(bytes[at]) else {
                throw .afterQuote(at: at, cell: open, index: index)
            }
            return try cell(
                from: open + 1, to: close, next: at, quoted: true, doubled: doubled, ended: &ended)
        }
    }

    @inline(__always)
    private mutating func cell(
        from start: Int, to end: Int, next: Int, quoted: Bool, doubled: Bool, ended: inout Bool
    ) throws(CSVProblem) -> CSVCell {
        guard end - start < Int(UInt32.max) else { throw .tooLong(bytes: end - start) }
        ended = next == bytes.count || bytes[next] != delimiter
        position = min(next + 1, bytes.count)
        if ended, next + 1 < bytes.count, bytes[next] == carriageReturn, bytes[next + 1] == lineFeed
        {
            position = next + 2
        }
        return CSVCell(
            offset: start, length: UInt32(truncatingIfNeeded: end - start), isQuoted: quoted,
            hasDoubledQuotes: doubled)
    }

    @inline(__always)
    private func endsCell(_ byte: UInt8) -> Bool {
        byte == delimiter || byte == lineFeed || byte == carriageReturn
    }

    private func offset(of byte: UInt8, from: Int) -> Int? {
        guard from < bytes.count, let base = bytes.baseAddress else { return nil }
        // SAFETY: the range from..<count lies in the buffer.
        guard let found = memchr(base + from, Int32(byte), bytes.count - from) else { return nil }
        return UnsafeRawPointer(found) - base
    }
}

let quote = UInt8(ascii: "\"")
let space = UInt8(ascii: " ")
let tab: UInt8 = 9
let lineFeed: UInt8 = 10
let carriageReturn: UInt8 = 13

/// A word of eight times the same byte.
@inline(__always)
func repeated(_ byte: UInt8) -> UInt64 { UInt64(byte) &* 0x0101_0101_0101_0101 }

/// The high bit of the lowest zero byte is set, and none below it; bits above may be set too.
@inline(__always)
func zeroBytes(_ word: UInt64) -> UInt64 {
    (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
}
