// Reads a CSV file into a frame: header, types over the whole file, text checked and unescaped. Most
// files go the fast way (CSVStretches); the careful way here takes what is less regular and names what
// is wrong. Files are read in pieces or let go page by page, so that memory holds the frame and little
// else; nothing refers to the file afterwards.

import ArenaCore
import Glibc

/// Reads a CSV file (RFC 4180, UTF-8; LF, CRLF or CR; a byte order mark is skipped).
///
/// The first row that is not blank names the columns; a nameless one becomes `Unnamed: 3`, as in
/// pandas. Every row must have as many cells as the header. The type of a column is decided over all
/// of its cells:
/// - `int64`: whole numbers of 64 bits. A column of whole numbers some of which are larger stays
///   `string`, so that long identifiers keep every digit.
/// - `float64`: numbers, read exactly (the nearest double), also `inf` and `-Infinity`.
/// - `bool`: `True`, `TRUE`, `true` and their opposites.
/// - `string`: all else, byte for byte.
///
/// Quotes around a number do not make it text. An empty cell is missing. Among numbers and truth
/// values so are `""` and pandas' words (`NA`, `NaN`, `null`, `None`, `n/a` and the like); in a text
/// column those words and `""` are text like any other. A column of nothing but empty cells is
/// `float64`, as in pandas; in a file without rows every column is `string`.
/// - Parameter key: The column that names the rows; it leaves the columns and travels with them.
/// - Throws: `FrameError` naming file, line and column.
/// - Complexity: O(bytes)
package func readCSV(
    path: String, key: String? = nil, delimiter: UInt8 = UInt8(ascii: ",")
) throws(FrameError) -> Frame {
    var options = CSVOptions()
    options.delimiter = delimiter
    return try readCSV(path: path, key: key, options: options).frame
}

/// Reads a CSV file with options; a .gz or .zip is unpacked in memory.
/// - Throws: As `readCSV`.
package func readCSV(
    path: String, key: String?, options: CSVOptions
) throws(FrameError) -> CSVResult {
    let file: MappedFile
    do { file = try MappedFile(path, keepingOpen: true) } catch { throw .file(error) }
    defer { withExtendedLifetime(file) {} }
    if let unpacked = try unpacked(file.bytes, path: path) {
        defer { withExtendedLifetime(unpacked) {} }
        return try readAny(unpacked.bytes, path, key, options)
    }
    if options.isIrregular || options.encoding != .utf8 {
        return try readAny(file.bytes, path, key, options)
    }
    var reader = CSVReader(file.bytes, path: path, options: options)
    reader.descriptor = file.descriptor
    reader.release = { file.release($0) }
    return try reader.read(key: key)
}

/// Reads CSV from memory; `name` stands for the file in errors.
/// - Throws: As `readCSV`.
package func parseCSV(
    _ bytes: [UInt8], name: String, key: String? = nil, delimiter: UInt8 = UInt8(ascii: ",")
) throws(FrameError) -> Frame {
    var options = CSVOptions()
    options.delimiter = delimiter
    return try parseCSV(bytes, name: name, key: key, options: options).frame
}

/// Reads CSV from memory with options.
/// - Throws: As `readCSV`.
package func parseCSV(
    _ bytes: [UInt8], name: String, key: String? = nil, options: CSVOptions
) throws(FrameError) -> CSVResult {
    let result = bytes.withUnsafeBytes { raw in
        Result { () throws(FrameError) in
            try readAny(raw, name, key, options)
        }
    }
    return try result.get()
}

/// Reads bytes, which are made UTF-8 and regular first where they are not.
private func readAny(
    _ bytes: UnsafeRawBufferPointer, _ path: String, _ key: String?, _ options: CSVOptions
) throws(FrameError) -> CSVResult {
    if options.encoding != .utf8 {
        let text = options.encoding.decoded(bytes)
        var plain = options
        plain.encoding = .utf8
        return try parseCSV(text, name: path, key: key, options: plain)
    }
    let reader = CSVReader(bytes, path: path, options: options)
    guard options.isIrregular else { return try reader.read(key: key) }
    let delimiter = options.separator.map { Array($0.utf8) } ?? [reader.delimiter]
    var repair = CSVRepair(bytes, reader.options, delimiter: delimiter)
    let text: [UInt8]
    do { text = try repair.regular() } catch {
        throw reader.fault(error, names: options.names ?? repair.firstRow)
    }
    var result = try parseCSV(text, name: path, key: key, options: reader.options.afterRepair)
    result.notes = reader.notes + repair.repairs.sentences(path)
    return result
}

struct CSVReader {
    let bytes: UnsafeRawBufferPointer
    let path: String
    let options: CSVOptions
    let delimiter: UInt8
    let quote: UInt8
    /// Called with what will not be needed soon.
    var release: (Range<Int>) -> Void = { _ in }
    /// The file of these bytes, to be read in pieces; -1 if there is none.
    var descriptor: Int32 = -1
    /// Changes the sizes of the fast way, or leaves it out: for tests.
    var stretches: ((inout CSVStretches) -> Void)? = { _ in }

    private static let batchBytes = 256 << 10
    private static let batchCells = 16 << 10
    private static let releaseBytes = 8 << 20
    private static let maximumColumns = 100_000

    init(_ bytes: UnsafeRawBufferPointer, path: String, options: CSVOptions) {
        var options = options
        if options.findsQuote {
            let start = Self.start(of: bytes, skipping: options.skippedLines)
            options.quote = CSVOptions.likelyQuote(
                UnsafeRawBufferPointer(rebasing: bytes[start...]), path: path,
                delimiter: options.delimiter)
        }
        self.bytes = bytes
        self.path = path
        self.options = options
        // A byte that no text has stands for "no quotes".
        quote = options.quote ?? 0xFF
        delimiter =
            options.delimiter
            ?? CSVOptions.likelyDelimiter(bytes, path: path, quote: options.quote ?? 0xFF)
    }

    /// What was found out about how the file is written.
    var notes: [String] {
        guard options.findsQuote, let found = options.quote, found != ArenaFrame.quote else {
            return []
        }
        let shown = String(decoding: [found], as: UTF8.self)
        return ["cells of \(path) stand between \(shown): quotechar=\"\(shown)\""]
    }

    func read(key: String?) throws(FrameError) -> CSVResult {
        guard options.findsQuote, quote != ArenaFrame.quote else { return try readAsIs(key) }
        do { return try readAsIs(key) } catch {
            // The first rows spoke for a quote that others do not keep to.
            var usual = options
            (usual.findsQuote, usual.quote) = (false, ArenaFrame.quote)
            var reader = CSVReader(bytes, path: path, options: usual)
            (reader.release, reader.descriptor) = (release, descriptor)
            reader.stretches = stretches
            return try reader.readAsIs(key)
        }
    }

    private func readAsIs(_ key: String?) throws(FrameError) -> CSVResult {
        if let format = foreignFormat { throw .csvFormat(path: path, what: format) }
        var scanner = scanner(from: startOfRows)
        let names = try readHeader(&scanner)
        if let key, !names.contains(key) {
            throw .unknownColumn(name: key, known: names, place: FilePlace(path))
        }
        let wanted = try wantedColumns(names, key)
        let start = scanner.position
        var found: Found
        if let fast = try readFast(names, start, wanted) {
            found = fast
        } else {
            found = try readCarefully(names, start, wanted)
        }
        for (at, column) in names.indices.filter({ wanted[$0] != .skip }).enumerated() {
            guard let type = options.type(of: names[column]) else { continue }
            found.columns[at] = try converted(
                found.columns[at], to: type, column, names, dataStart: start)
        }
        var misfits: [CSVMisfit] = []
        for at in found.suspects where options.type(of: names[at]) == nil {
            let place = names.indices.filter { wanted[$0] != .skip }.firstIndex(of: at) ?? 0
            if let misfit = misfit(found.columns[place], at, names, dataStart: start) {
                misfits.append(misfit)
            }
        }
        let kept = names.indices.filter { wanted[$0] != .skip }.map { names[$0] }
        let frame = try frame(
            kept, found.columns, key: key, dataStart: start, fileColumns: names.count)
        return CSVResult(frame: frame, misfits: misfits, notes: notes)
    }

    private func scanner(from position: Int) -> CSVScanner {
        CSVScanner(bytes, delimiter: delimiter, quote: quote, from: position)
    }

    /// The wanted columns, and those that are text though they did not begin so.
    private struct Found {
        var columns: [Column]
        var suspects: [Int]
    }

    private func wantedColumns(
        _ names: [String], _ key: String?
    ) throws(FrameError) -> [CSVWanted] {
        for name in (options.columns ?? []) + options.types.keys.sorted()
            + options.missingWordsByColumn.keys.sorted()
        where !names.contains(name) {
            throw .unknownColumn(name: name, known: names, place: FilePlace(path))
        }
        var chosen = options.columns.map { Set($0) }
        if let places = options.columnPlaces {
            if let strange = places.first(where: { !names.indices.contains($0) }) {
                throw .csvPlace(place: FilePlace(path), column: strange, count: names.count)
            }
            chosen = (chosen ?? []).union(places.map { names[$0] })
        }
        return names.map { name in
            if let chosen, !chosen.contains(name), name != key { return .skip }
            switch options.type(of: name) {
            // These are made of the cells' text, whatever it looks like.
            case .string, .categorical, .timestamp: return .text
            case nil, .bool, .int64, .float64, .float32, .turns, .ints, .floats, .matrix:
                return .infer
            }
        }
    }

    /// The texts that stand for a missing cell, for each column.
    private func missingWords(_ names: [String]) -> [CSVMissingWords] {
        names.map {
            CSVMissingWords(
                options.missingWords.union(options.missingWordsByColumn[$0] ?? []))
        }
    }

    /// The columns by way of `CSVStretches`; nil if the file is not for it.
    private func readFast(
        _ names: [String], _ start: Int, _ wanted: [CSVWanted]
    ) throws(FrameError) -> Found? {
        guard let stretches else { return nil }
        var way = CSVStretches(
            bytes: bytes, descriptor: descriptor, delimiter: delimiter, quote: quote,
            columns: names.count)
        way.rowLimit = options.rowLimit
        way.missingWords = missingWords(names)
        stretches(&way)
        guard let parts = try way.read(from: start, wanted) else { return nil }
        var columns: [Column?] = []
        var suspects: [Int] = []
        for column in names.indices {
            var own = parts.map { $0[column] }
            if wanted[column] == .infer, own.contains(where: \.beganOtherwise) {
                suspects.append(column)
            }
            columns.append(try CSVColumnBuilder.column(joining: &own))
        }
        let again = names.indices.map {
            wanted[$0] != .skip && columns[$0] == nil ? CSVWanted.text : .skip
        }
        if again.contains(.text) {
            guard let parts = try way.read(from: start, again) else { return nil }
            for column in names.indices where again[column] == .text {
                suspects.append(column)
                var own = parts.map { $0[column] }
                columns[column] = try CSVColumnBuilder.column(joining: &own)
            }
        }
        let kept = names.indices.filter { wanted[$0] != .skip }
        let known = kept.compactMap { columns[$0] }
        return known.count == kept.count ? Found(columns: known, suspects: suspects) : nil
    }

    private func readCarefully(
        _ names: [String], _ start: Int, _ wanted: [CSVWanted]
    ) throws(FrameError) -> Found {
        let kept = names.indices.filter { wanted[$0] != .skip }
        let missing = missingWords(names)
        var builders = names.indices.map {
            CSVColumnBuilder(asText: wanted[$0] == .text, missing: missing[$0])
        }
        try fill(&builders, kept, names, from: start, checkingText: true)
        let again = kept.filter { builders[$0].needsText }
        let suspects = kept.filter { builders[$0].needsText || builders[$0].beganOtherwise }
        if !again.isEmpty {
            for column in again {
                builders[column] = CSVColumnBuilder(asText: true, missing: missing[column])
            }
            try fill(&builders, again, names, from: start, checkingText: false)
        }
        var columns: [Column] = []
        for column in kept { columns.append(builders[column].finish()) }
        return Found(columns: columns, suspects: suspects)
    }

    // MARK: - Header

    private var foreignFormat: FrameError.ForeignFormat? {
        let head = Array(bytes.prefix(4))
        if head.starts(with: [0xFF, 0xFE]) || head.starts(with: [0xFE, 0xFF]) { return .utf16 }
        if head.starts(with: [0x1F, 0x8B]) { return .gzip }
        if head.elementsEqual([0x50, 0x4B, 3, 4]) { return .zip }
        if head.elementsEqual("PAR1".utf8) { return .parquet }
        return nil
    }

    private var startOfRows: Int { Self.start(of: bytes, skipping: options.skippedLines) }

    /// Behind a byte order mark and the lines that are to be skipped.
    private static func start(of bytes: UnsafeRawBufferPointer, skipping lines: Int) -> Int {
        var at = bytes.prefix(3).elementsEqual([0xEF, 0xBB, 0xBF]) ? 3 : 0
        for _ in 0..<lines {
            while at < bytes.count, bytes[at] != lineFeed { at += 1 }
            at = min(at + 1, bytes.count)
        }
        return at
    }

    private func readHeader(_ scanner: inout CSVScanner) throws(FrameError) -> [String] {
        let start = scanner.position
        let cells: [CSVCell]
        do {
            cells = try scanner.nextRow(limit: Self.maximumColumns)
        } catch { throw fault(error, names: []) }
        if cells.isEmpty, let names = options.names, !options.header { return names }
        guard !cells.isEmpty else { throw .csvEmpty(path: path) }
        if !options.header { scanner = self.scanner(from: start) }
        if let names = options.names {
            guard names.count == cells.count else {
                throw .csvNames(
                    place: FilePlace(path, line: lineAndColumn(of: start, in: bytes).0),
                    expected: cells.count, found: names.count)
            }
            if let twice = names.indices.first(where: { names[..<$0].contains(names[$0]) }) {
                throw .duplicateColumn(name: names[twice])
            }
            return names
        }
        if !options.header { return cells.indices.map { "\($0)" } }
        var names: [String] = []
        var places: [String: Int] = [:]
        for (column, cell) in cells.enumerated() {
            let range = cell.offset..<cell.offset + Int(cell.length)
            if let bad = badText(in: range) {
                throw textFault(bad, column: "the header", cell: cell)
            }
            var name = String(decoding: bytes[range], as: UTF8.self)
            if cell.hasDoubledQuotes { name = undoubled(name) }
            if name.isEmpty { name = "Unnamed: \(column)" }
            if let first = places[name] {
                let (line, _) = lineAndColumn(of: start, in: bytes)
                throw .csvHeaderDuplicate(
                    place: FilePlace(path, line: line), name: name, first: first + 1,
                    second: column + 1)
            }
            places[name] = column
            names.append(name)
        }
        return names
    }

    private func undoubled(_ name: String) -> String {
        var result: [UInt8] = []
        var skip = false
        for byte in name.utf8 {
            if byte == quote, skip {
                skip = false
                continue
            }
            skip = byte == quote
            result.append(byte)
        }
        return String(decoding: result, as: UTF8.self)
    }

    // MARK: - Rows

    /// One pass over the rows for the columns that are wanted.
    private func fill(
        _ builders: inout [CSVColumnBuilder], _ wanted: [Int], _ names: [String], from start: Int,
        checkingText: Bool
    ) throws(FrameError) {
        let columns = names.count
        let capacity = max(1, Self.batchCells / columns) * columns
        let cells = UnsafeMutableBufferPointer<CSVCell>.allocate(capacity: capacity)
        cells.initialize(repeating: .none)
        defer { cells.deallocate() }
        var scanner = scanner(from: start)
        var released = 0
        var total = 0
        while total < options.rowLimit {
            let from = scanner.position
            let rows: Int
            do {
                // No row is looked at that is not wanted.
                let room = min(capacity / columns, options.rowLimit - total) * columns
                rows = try scanner.nextRows(
                    into: UnsafeMutableBufferPointer(rebasing: cells[..<room]), columns: columns,
                    byteLimit: Self.batchBytes)
            } catch {
                // What is not text at all explains more than what it did to the rows.
                if let bad = badText(in: from..<max(from, place(of: error))) {
                    throw textFault(bad, column: nil, cell: nil)
                }
                throw fault(error, names: names)
            }
            if checkingText, let bad = badText(in: from..<scanner.position) {
                throw badCell(bad, among: UnsafeBufferPointer(cells), rows * columns, names)
            }
            if rows == 0, scanner.position >= bytes.count { break }
            total += rows
            let batch = CSVBatch(
                bytes: bytes, cells: UnsafeBufferPointer(cells), quote: quote, columns: columns,
                rows: rows,
                isFirst: from == start)
            for column in wanted { try builders[column].append(batch, column: column) }
            if scanner.position - released >= Self.releaseBytes {
                release(released..<from)
                released = from
            }
        }
    }

    private func frame(
        _ names: [String], _ columns: [Column], key: String?, dataStart: Int, fileColumns: Int
    ) throws(FrameError) -> Frame {
        guard let key, let at = names.firstIndex(of: key) else {
            return try Frame(names: names, columns: columns)
        }
        var names = names
        var columns = columns
        names.remove(at: at)
        let values = columns.remove(at: at)
        do {
            return try Frame(
                names: names, columns: columns, key: try FrameKey(name: key, column: values))
        } catch .keyMissing(_, let row, let count) {
            let place = FilePlace(path, line: line(ofRow: row, dataStart, fileColumns))
            throw .csvKeyMissing(place: place, key: key, count: count)
        } catch .keyDuplicate(_, let value, let first, let second) {
            let place = FilePlace(path, line: line(ofRow: second, dataStart, fileColumns))
            throw .csvKeyDuplicate(
                place: place, key: key, value: value,
                firstLine: line(ofRow: first, dataStart, fileColumns))
        }
    }

    /// The line a row begins in, found by going through the file once more: for errors only.
    func line(ofRow row: Int, _ start: Int, _ columns: Int) -> Int {
        var scanner = scanner(from: start)
        for _ in 0..<row { _ = try? scanner.nextRow(limit: columns) }
        _ = scanner.skipBlankLines()
        return lineAndColumn(of: scanner.position, in: bytes).0
    }
}

// MARK: - Faults, with their places

extension CSVReader {
    /// A byte that no text has: its offset and what it is.
    private struct Bad {
        var offset: Int
        var what: FrameError.BadText
    }

    /// The first byte in the range that is NUL or not UTF-8.
    private func badText(in range: Range<Int>) -> Bad? {
        let part = UnsafeRawBufferPointer(rebasing: bytes[range])
        guard let base = part.baseAddress, part.count > 0 else { return nil }
        let invalid = firstInvalidUTF8(part)
        // SAFETY: the search stays within the part.
        let nul = memchr(base, 0, invalid ?? part.count).map { UnsafeRawPointer($0) - base }
        if let nul { return Bad(offset: range.lowerBound + nul, what: .nul) }
        return invalid.map { Bad(offset: range.lowerBound + $0, what: .notUTF8(part[$0])) }
    }

    private func badCell(
        _ bad: Bad, among cells: UnsafeBufferPointer<CSVCell>, _ count: Int, _ names: [String]
    ) -> FrameError {
        for at in 0..<count {
            let cell = cells[at]
            if bad.offset >= cell.offset, bad.offset < cell.offset + Int(cell.length) {
                return textFault(bad, column: names[at % names.count], cell: cell)
            }
        }
        return textFault(bad, column: nil, cell: nil)
    }

    private func textFault(_ bad: Bad, column: String?, cell: CSVCell?) -> FrameError {
        let range =
            cell.map { $0.offset..<$0.offset + Int($0.length) }
            ?? max(0, bad.offset - 24)..<min(bytes.count, bad.offset + 24)
        let part = UnsafeRawBufferPointer(rebasing: bytes[range])
        return .csvBadText(
            place: place(bad.offset), column: column, what: bad.what,
            shown: excerpt(part, around: bad.offset - range.lowerBound))
    }

    private func place(_ offset: Int) -> FilePlace {
        let (line, column) = lineAndColumn(of: offset, in: bytes)
        return FilePlace(path, line: line, column: column)
    }

    private func place(of problem: CSVProblem) -> Int {
        switch problem {
        case .ragged(let row, _): row
        case .unterminated(let open): open
        case .afterQuote(let at, _, _): at
        case .tooLong, .tooManyColumns: 0
        }
    }

    func fault(_ problem: CSVProblem, names: [String]) -> FrameError {
        switch problem {
        case .ragged(let row, let found):
            let line = lineAndColumn(of: row, in: bytes).0
            return .csvRagged(
                place: FilePlace(path, line: line), expected: names.count, found: found)
        case .unterminated(let open):
            let part = UnsafeRawBufferPointer(rebasing: bytes[open...])
            return .csvUnterminated(place: place(open), shown: excerpt(part))
        case .afterQuote(let at, let cell, let index):
            let part = UnsafeRawBufferPointer(rebasing: bytes[cell..<min(bytes.count, at + 24)])
            return .csvAfterQuote(
                place: place(at), column: index < names.count ? names[index] : "the header",
                openedLine: lineAndColumn(of: cell, in: bytes).0,
                shown: excerpt(part, around: at - cell))
        case .tooLong(let bytes): return .textTooLong(bytes: bytes)
        case .tooManyColumns(let limit):
            return .csvTooManyColumns(place: FilePlace(path), limit: limit)
        }
    }
}
