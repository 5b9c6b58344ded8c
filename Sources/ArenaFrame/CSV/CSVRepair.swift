// Irregular CSV made regular before it is read: escapes, separators of several bytes, comments, spaces
// before cells, and rows that do not fit the others. What comes out is RFC 4180 with the same lines, so
// that the reader and its errors need to know nothing of it.

import ArenaCore

/// What becomes of rows that have another number of cells than the first, and of stray quotes.
package enum CSVBadLines: String, Sendable, CaseIterable {
    case error
    /// The row is left out, and said.
    case skip
    case warn
    /// The row is read as it must have been meant, and said: quotes that do not fit are text, a row in
    /// another separator is split at that, missing cells are missing, cells too many join the last.
    case repair
}

/// What was done to the rows of a file.
struct CSVRepairs: Sendable {
    struct Kind: Sendable {
        var count = 0
        var firstLine = 0

        mutating func add(_ line: Int) {
            if count == 0 { firstLine = line }
            count += 1
        }
    }

    var skipped = Kind()
    var padded = Kind()
    var joined = Kind()
    var quotes = Kind()
    var separators = Kind()

    /// What a script is told.
    func sentences(_ path: String) -> [String] {
        func said(_ kind: Kind, _ what: String) -> String? {
            if kind.count == 0 { return nil }
            let rows = kind.count == 1 ? "1 row" : "\(kind.count) rows"
            return "\(rows) \(what), first in \(path):\(kind.firstLine)"
        }
        return [
            said(skipped, "left out: not as many cells as the first"),
            said(padded, "with too few cells filled up"),
            said(joined, "with too many cells: the rest joined to the last"),
            said(quotes, "with quotes that do not fit, read as text"),
            said(separators, "split at another separator"),
        ].compactMap { $0 }
    }
}

struct CSVRepair {
    let bytes: UnsafeRawBufferPointer
    let options: CSVOptions
    let delimiter: [UInt8]
    private let quote: UInt8?
    private let isLenient: Bool

    /// The regular text.
    private var out: [UInt8] = []
    private(set) var repairs = CSVRepairs()
    /// What a strict reading cannot read.
    private var problem: CSVProblem?
    /// The cells of the first row.
    private(set) var firstRow: [String] = []
    /// Bytes that were gone through for nothing: bounded, so that no file takes squared time.
    private var wasted = 0

    /// A row taken apart.
    private struct Row {
        var heap: [UInt8] = []
        /// Where each cell ends in `heap`, and whether it was in quotes.
        var ends: [(end: Int, isQuoted: Bool)] = []
        /// Behind the row's line end.
        var next = 0
        /// The row ends within quotes, or has text behind them.
        var isBroken = false

        var count: Int { ends.count }

        func range(_ cell: Int) -> Range<Int> {
            (cell == 0 ? 0 : ends[cell - 1].end)..<ends[cell].end
        }
    }

    init(_ bytes: UnsafeRawBufferPointer, _ options: CSVOptions, delimiter: [UInt8]) {
        self.bytes = bytes
        self.options = options
        self.delimiter = delimiter
        quote = options.quote
        isLenient = options.badLines != .error
    }

    /// The whole text as regular CSV with commas.
    /// - Throws: Where quotes do not fit, unless such rows are mended.
    mutating func regular() throws(CSVProblem) -> [UInt8] {
        out.reserveCapacity(bytes.count + 64)
        var at = bytes.prefix(3).elementsEqual([0xEF, 0xBB, 0xBF]) ? 3 : 0
        for _ in 0..<options.skippedLines where at < bytes.count {
            at = behindLine(at)
            out.append(lineFeed)
        }
        var columns = options.names?.count
        var line = 1 + options.skippedLines
        var rows = 0
        var number = -1
        while at < bytes.count {
            number += 1
            if options.skippedRows.contains(number) {
                let row = parse(at, delimiter)
                // Quotes that do not fit are no matter here.
                let end = problem == nil && !row.isBroken ? row.next : behindLine(at)
                problem = nil
                let lines = max(1, lineEnds(at..<end))
                out.append(contentsOf: repeatElement(lineFeed, count: lines))
                line += lines
                at = end
                continue
            }
            if isBlank(at) || options.comment.map({ bytes[at] == $0 }) ?? false {
                at = behindLine(at)
                out.append(lineFeed)
                line += 1
                continue
            }
            if rows > options.rowLimit { break }  // the header is one more
            var row = parse(at, delimiter)
            if let problem { throw problem }
            if rows == 0 {
                firstRow = row.ends.indices.map {
                    String(decoding: row.heap[row.range($0)], as: UTF8.self)
                }
            }
            if columns == nil { columns = row.count }
            let wanted = columns ?? row.count
            var isKept = true
            if isLenient, row.count != wanted || row.isBroken {
                isKept = mend(&row, at, wanted, line)
            }
            let lines = max(1, lineEnds(at..<row.next))
            if isKept {
                let start = out.count
                write(row)
                // The lines of the text stay what they were.
                let written = out[start...].reduce(0) { $0 + ($1 == lineFeed ? 1 : 0) }
                if written < lines {
                    out.append(contentsOf: repeatElement(lineFeed, count: lines - written))
                }
                rows += 1
            } else {
                repairs.skipped.add(line)
                out.append(contentsOf: repeatElement(lineFeed, count: lines))
            }
            line += lines
            at = row.next
        }
        return out
    }

    // MARK: - Rows that do not fit

    /// Makes the row fit; false if it is to be left out.
    private mutating func mend(_ row: inout Row, _ start: Int, _ columns: Int, _ line: Int) -> Bool
    {
        guard options.badLines == .repair else { return false }
        let quoted = row.ends.indices.filter { row.ends[$0].isQuoted }
        for cell in quoted.prefix(16) {
            let other = parse(start, delimiter, literal: cell)
            if other.count == columns, !other.isBroken {
                repairs.quotes.add(line)
                row = other
                return true
            }
        }
        for byte in [UInt8(ascii: ","), UInt8(ascii: ";"), tab, UInt8(ascii: "|"), space]
        where [byte] != delimiter {
            let other = parse(start, [byte])
            if other.count == columns, columns > 1, !other.isBroken {
                repairs.separators.add(line)
                row = other
                return true
            }
        }
        if row.isBroken { repairs.quotes.add(line) }
        if row.count < columns {
            repairs.padded.add(line)
            let end = row.heap.count
            row.ends += repeatElement((end: end, isQuoted: false), count: columns - row.count)
        } else if row.count > columns {
            repairs.joined.add(line)
            join(&row, columns)
        }
        return true
    }

    /// Cells too many: empty ones at the end go, others are text of the last.
    private func join(_ row: inout Row, _ columns: Int) {
        while row.count > columns, row.range(row.count - 1).isEmpty { row.ends.removeLast() }
        guard row.count > columns else { return }
        let first = row.range(columns - 1).lowerBound
        var text: [UInt8] = []
        for cell in (columns - 1)..<row.count {
            if cell >= columns { text += delimiter }
            text += row.heap[row.range(cell)]
        }
        row.heap.replaceSubrange(first..., with: text)
        row.ends.removeSubrange(columns...)
        row.ends[columns - 1] = (row.heap.count, true)
    }

    // MARK: - Taking rows apart

    private func behindLine(_ from: Int) -> Int {
        var at = from
        while at < bytes.count, bytes[at] != lineFeed, bytes[at] != carriageReturn { at += 1 }
        return behindLineEnd(at)
    }

    private func behindLineEnd(_ at: Int) -> Int {
        if at + 1 < bytes.count, bytes[at] == carriageReturn, bytes[at + 1] == lineFeed {
            return at + 2
        }
        return min(at + 1, bytes.count)
    }

    private func isBlank(_ from: Int) -> Bool {
        var at = from
        while at < bytes.count, bytes[at] == space || bytes[at] == tab, !isDelimiter(at, delimiter)
        {
            at += 1
        }
        return at == bytes.count || isLineEnd(at)
    }

    private func lineEnds(_ range: Range<Int>) -> Int {
        var count = 0
        var at = range.lowerBound
        while at < range.upperBound {
            if isLineEnd(at) {
                count += 1
                at = behindLineEnd(at)
            } else {
                at += 1
            }
        }
        return count
    }

    private func isLineEnd(_ at: Int) -> Bool {
        bytes[at] == lineFeed || bytes[at] == carriageReturn
    }

    private func isDelimiter(_ at: Int, _ delimiter: [UInt8]) -> Bool {
        guard bytes[at] == delimiter[0], at + delimiter.count <= bytes.count else { return false }
        return delimiter.count == 1 || bytes[at..<at + delimiter.count].elementsEqual(delimiter)
    }

    private func endsCell(_ at: Int, _ delimiter: [UInt8]) -> Bool {
        at >= bytes.count || isLineEnd(at) || isDelimiter(at, delimiter)
    }

    /// The row that begins at `start`. `literal` is a cell whose quotes are text; -1 is all of them.
    private mutating func parse(
        _ start: Int, _ delimiter: [UInt8], literal: Int? = nil
    ) -> Row {
        var row = Row()
        var at = start
        while true {
            if options.skipsInitialSpace {
                while at < bytes.count, bytes[at] == space { at += 1 }
            }
            let isLiteral = literal == -1 || literal == row.count
            var isQuoted = false
            if let quote, at < bytes.count, bytes[at] == quote, !isLiteral {
                isQuoted = quotedCell(&at, &row, quote, delimiter)
            }
            if !isQuoted { plainCell(&at, &row, delimiter) }
            row.ends.append((row.heap.count, isQuoted))
            if at < bytes.count, isDelimiter(at, delimiter) {
                at += delimiter.count
                continue
            }
            row.next = at < bytes.count ? behindLineEnd(at) : at
            if literal != nil { wasted += row.next - start }
            return row
        }
    }

    private func plainCell(_ at: inout Int, _ row: inout Row, _ delimiter: [UInt8]) {
        while !endsCell(at, delimiter) {
            if bytes[at] == options.escape, at + 1 < bytes.count { at += 1 }
            row.heap.append(bytes[at])
            at += 1
        }
    }

    /// Takes a cell in quotes; false, and nothing taken, where a lenient reading finds no end.
    private mutating func quotedCell(
        _ at: inout Int, _ row: inout Row, _ quote: UInt8, _ delimiter: [UInt8]
    ) -> Bool {
        let open = at
        let before = row.heap.count
        // Once much was gone through for nothing quotes no longer span lines.
        let staysInLine = isLenient && wasted > bytes.count * 8 + 1 << 20
        let limit = isLenient ? min(bytes.count, open + 1 << 20) : bytes.count
        at += 1
        while at < limit {
            let byte = bytes[at]
            if byte == options.escape, byte != quote, at + 1 < bytes.count {
                row.heap.append(bytes[at + 1])
                at += 2
                continue
            }
            if byte == quote {
                if at + 1 < bytes.count, bytes[at + 1] == quote {
                    row.heap.append(quote)
                    at += 2
                    continue
                }
                var behind = at + 1
                if isLenient {
                    while behind < bytes.count, bytes[behind] == space { behind += 1 }
                }
                if endsCell(behind, delimiter) {
                    at = behind
                    return true
                }
                if !isLenient {
                    problem = problem ?? .afterQuote(at: at + 1, cell: open, index: row.count)
                }
            } else if staysInLine, isLineEnd(at) {
                break
            }
            row.heap.append(byte)
            at += 1
        }
        row.isBroken = true
        wasted += at - open
        if !isLenient { problem = problem ?? .unterminated(open: open) }
        row.heap.removeSubrange(before...)
        at = open
        return false
    }

    // MARK: - Writing

    private mutating func write(_ row: Row) {
        for cell in row.ends.indices {
            if cell > 0 { out.append(UInt8(ascii: ",")) }
            let text = row.heap[row.range(cell)]
            let needsQuotes =
                row.ends[cell].isQuoted
                || text.contains {
                    $0 == ArenaFrame.quote || $0 == UInt8(ascii: ",") || $0 == lineFeed
                        || $0 == carriageReturn
                }
            guard needsQuotes else {
                out += text
                continue
            }
            out.append(ArenaFrame.quote)
            for byte in text {
                if byte == ArenaFrame.quote { out.append(byte) }
                out.append(byte)
            }
            out.append(ArenaFrame.quote)
        }
        out.append(lineFeed)
    }
}
