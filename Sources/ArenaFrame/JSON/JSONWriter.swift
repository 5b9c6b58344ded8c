// Writes a frame as JSON or JSON lines: UTF-8, numbers shortest, the file there whole or not at all.
// What JSON has no word for (NaN, infinities, missing rows) becomes null.

import ArenaCore
import CArenaFrame

/// How a JSON file is written.
package struct JSONStyle: Sendable {
    package var orient: JSONOrient = .records
    /// One row a line instead of one array.
    package var lines = false
    /// Digits behind the point; nil writes the shortest decimals that read back the same.
    package var digits: Int?
    package var workers = processorCount()

    package init() {}
}

/// Writes a frame as a JSON file, the key first.
/// - Returns: How many numbers were not finite and became null.
/// - Throws: `FrameError.file`; the file that was there stays as it was then.
/// - Complexity: O(bytes)
package func writeJSON(
    _ frame: Frame, path: String, style: JSONStyle = JSONStyle()
) throws(FrameError) -> Int {
    let packing = try isPacked(path, verb: "write_json")
    do throws(FileError) {
        var file = try OutputFile(path, packing: packing)
        let notFinite = try JSONEncoder(frame, style).write { (bytes) throws(FileError) in
            try file.write(bytes)
        }
        try file.commit()
        return notFinite
    } catch { throw .file(error) }
}

/// The bytes of a frame as JSON.
package func encodeJSON(_ frame: Frame, style: JSONStyle = JSONStyle()) -> [UInt8] {
    var result: [UInt8] = []
    _ = JSONEncoder(frame, style).write { result += $0 }
    return result
}

private struct JSONEncoder: Sendable {
    let frame: Frame
    let style: JSONStyle
    let columns: [Column]
    /// The names as JSON strings with their colons.
    let keys: [[UInt8]]

    private static let blockRows = 2048

    init(_ frame: Frame, _ style: JSONStyle) {
        self.frame = frame
        self.style = style
        columns = (frame.key.map { [$0.column] } ?? []) + frame.columns
        keys = frame.knownNames.map { Array((jsonString($0) + ":").utf8) }
    }

    func write<E: Error>(_ sink: ([UInt8]) throws(E) -> Void) throws(E) -> Int {
        let rows = frame.rowCount
        switch style.orient {
        case .records:
            if style.lines { return try blocks(sink) { $0 += [lineFeed] } }
            try sink([UInt8(ascii: "[")])
            let notFinite = try blocks(sink, separator: UInt8(ascii: ",")) { _ in }
            try sink([UInt8(ascii: "]"), lineFeed])
            return notFinite
        case .values:
            try sink([UInt8(ascii: "[")])
            let notFinite = try blocks(sink, separator: UInt8(ascii: ",")) { _ in }
            try sink([UInt8(ascii: "]"), lineFeed])
            return notFinite
        case .split:
            let names = frame.knownNames.map(jsonString).joined(separator: ",")
            let index = (0..<rows).map(String.init).joined(separator: ",")
            try sink(Array("{\"columns\":[\(names)],\"index\":[\(index)],\"data\":[".utf8))
            let notFinite = try blocks(sink, separator: UInt8(ascii: ",")) { _ in }
            try sink(Array("]}\n".utf8))
            return notFinite
        case .index: return try index(sink)
        case .columns: return try byColumn(sink)
        }
    }

    /// All rows, made in blocks on all cores and given out in order.
    private func blocks<E: Error>(
        _ sink: ([UInt8]) throws(E) -> Void, separator: UInt8? = nil,
        end: @escaping @Sendable (inout [UInt8]) -> Void
    ) throws(E) -> Int {
        let rows = frame.rowCount
        let count = (rows + Self.blockRows - 1) / Self.blockRows
        let round = max(1, style.workers) * 4
        var notFinite = 0
        for first in stride(from: 0, to: count, by: round) {
            let made = inTasks(min(round, count - first), workers: style.workers) { at in
                let from = (first + at) * Self.blockRows
                var writer = JSONCellWriter(digits: style.digits)
                for row in from..<min(from + Self.blockRows, rows) {
                    if let separator, row > 0 { writer.out.append(separator) }
                    put(row, to: &writer)
                    end(&writer.out)
                }
                return writer
            }
            for writer in made {
                try sink(writer.out)
                notFinite += writer.notFinite
            }
        }
        return notFinite
    }

    private func put(_ row: Int, to writer: inout JSONCellWriter) {
        let isObject = style.orient == .records || style.orient == .index
        writer.out.append(isObject ? UInt8(ascii: "{") : UInt8(ascii: "["))
        for at in columns.indices {
            if style.orient == .index, at == 0, frame.key != nil { continue }
            if writer.out.last != UInt8(ascii: "{"), at > 0 { writer.out.append(UInt8(ascii: ",")) }
            if isObject { writer.out += keys[at] }
            writer.put(columns[at], row)
        }
        writer.out.append(isObject ? UInt8(ascii: "}") : UInt8(ascii: "]"))
    }

    /// What names a row: its key, or its number.
    private func label(_ row: Int) -> String { frame.key?.label(row) ?? "\(row)" }

    private func index<E: Error>(_ sink: ([UInt8]) throws(E) -> Void) throws(E) -> Int {
        var writer = JSONCellWriter(digits: style.digits)
        try sink([UInt8(ascii: "{")])
        for row in 0..<frame.rowCount {
            writer.out = row > 0 ? [UInt8(ascii: ",")] : []
            writer.out += jsonString(label(row)).utf8
            writer.out.append(UInt8(ascii: ":"))
            put(row, to: &writer)
            try sink(writer.out)
        }
        try sink([UInt8(ascii: "}"), lineFeed])
        return writer.notFinite
    }

    private func byColumn<E: Error>(_ sink: ([UInt8]) throws(E) -> Void) throws(E) -> Int {
        var writer = JSONCellWriter(digits: style.digits)
        writer.out = [UInt8(ascii: "{")]
        for (at, name) in frame.names.enumerated() {
            if at > 0 { writer.out.append(UInt8(ascii: ",")) }
            writer.out += "\(jsonString(name)):{".utf8
            for row in 0..<frame.rowCount {
                if row > 0 { writer.out.append(UInt8(ascii: ",")) }
                writer.out += "\(jsonString(label(row))):".utf8
                writer.put(frame.columns[at], row)
                if writer.out.count > 1 << 18 {
                    try sink(writer.out)
                    writer.out = []
                }
            }
            writer.out.append(UInt8(ascii: "}"))
        }
        writer.out += [UInt8(ascii: "}"), lineFeed]
        try sink(writer.out)
        return writer.notFinite
    }
}

/// Writes cells as JSON values.
struct JSONCellWriter: Sendable {
    var out: [UInt8] = []
    private(set) var notFinite = 0
    let digits: Int?

    init(digits: Int? = nil) { self.digits = digits }

    mutating func put(_ column: Column, _ row: Int) {
        if column.isMissing(row) { return putNull() }
        switch column.storage {
        case .bool(let values): out += values[row] ? "true".utf8 : "false".utf8
        case .int64(let values): put(values[row])
        case .float64(let values): put(values[row])
        case .float32(let values): put(values[row])
        case .string(let texts): texts.withBytes(at: row) { put(text: $0) }
        case .categorical(let texts):
            texts.categories.withBytes(at: Int(texts.codes[row])) { put(text: $0) }
        case .timestamp(let times): out += jsonString(timestampText(times[row])).utf8
        case .turns(let lists):
            var isFirst = true
            out.append(UInt8(ascii: "["))
            var own = self
            self.out = []
            lists.forEachTurn(at: row) { turn in
                if !isFirst { own.out.append(UInt8(ascii: ",")) }
                isFirst = false
                if let turn { own.put(text: turn) } else { own.putNull() }
            }
            self = own
            out.append(UInt8(ascii: "]"))
        case .ints(let lists): list(lists[row]) { $0.put(Int64($1)) }
        case .floats(let lists): list(lists[row]) { $0.put($1) }
        case .matrix(let matrix): list(matrix.row(row)) { $0.put($1) }
        }
    }

    private mutating func list<T>(
        _ values: some Sequence<T>, _ put: (inout JSONCellWriter, T) -> Void
    ) {
        out.append(UInt8(ascii: "["))
        var isFirst = true
        for value in values {
            if !isFirst { out.append(UInt8(ascii: ",")) }
            isFirst = false
            put(&self, value)
        }
        out.append(UInt8(ascii: "]"))
    }

    private mutating func putNull() { out += "null".utf8 }

    private mutating func put(_ value: Int64) { number { arena_put_int64(value, $0) } }

    private mutating func put(_ value: Double) {
        guard value.isFinite else {
            notFinite += 1
            return putNull()
        }
        if let digits {
            number { arena_put_fixed(value, Int32(digits), $0) }
        } else {
            number { arena_put_double(value, $0) }
        }
    }

    private mutating func put(_ value: Float) {
        guard value.isFinite, digits == nil else { return put(Double(value)) }
        number { arena_put_float(value, $0) }
    }

    private mutating func number(_ body: (UnsafeMutablePointer<UInt8>) -> Int) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Int(arena_number_room)) { room in
            guard let base = room.baseAddress else { return }
            // SAFETY: no number takes more than arena_number_room bytes.
            let count = body(base)
            out += room[..<count]
        }
    }

    /// A string: quotes, backslashes and control characters escaped, all else as it is.
    mutating func put(text: UnsafeRawBufferPointer) {
        out.append(quote)
        var from = 0
        for at in 0..<text.count {
            let byte = text[at]
            if byte >= 32, byte != quote, byte != backslash { continue }
            out += text[from..<at]
            from = at + 1
            appendEscaped(byte, to: &out)
        }
        out += text[from..<text.count]
        out.append(quote)
    }
}
