// JSON text as the frames read it: bytes, where they come from, and the C loops over them.

import ArenaCore
import CArenaFrame
import Glibc

/// What a value of a JSON text is; of several, all kinds that occur.
struct JSONKinds: OptionSet, Sendable {
    let rawValue: UInt16
    static let null = JSONKinds(rawValue: UInt16(arena_json_null))
    static let bool = JSONKinds(rawValue: UInt16(arena_json_bool))
    /// A whole number of 32 bits, of 64, and beyond.
    static let int = JSONKinds(rawValue: UInt16(arena_json_int))
    static let long = JSONKinds(rawValue: UInt16(arena_json_long))
    static let big = JSONKinds(rawValue: UInt16(arena_json_big))
    static let float = JSONKinds(rawValue: UInt16(arena_json_float))
    static let string = JSONKinds(rawValue: UInt16(arena_json_string))
    static let array = JSONKinds(rawValue: UInt16(arena_json_array))
    static let object = JSONKinds(rawValue: UInt16(arena_json_object))

    static let whole: JSONKinds = [.int, .long]
    static let numbers: JSONKinds = [.int, .long, .big, .float]
}

/// A value's place in its text: 16 bytes.
struct JSONSlot: Sendable {
    var offset: Int
    var length: UInt32
    /// Empty where the row does not have the value.
    var kind: JSONKinds
    /// Of the elements of an array.
    var elements: UInt16

    static let absent = JSONSlot(offset: 0, length: 0, kind: [], elements: 0)

    /// A string that has escapes in it.
    static let escapedFlag = UInt16(1 << 15)

    var isEscaped: Bool { elements & Self.escapedFlag != 0 }
    var elementKinds: JSONKinds { JSONKinds(rawValue: elements & ~Self.escapedFlag) }
    var range: Range<Int> { offset..<offset + Int(length) }
}

/// What is wrong with a text, and where.
struct JSONProblem: Error {
    var offset: Int
    var what: What

    enum What {
        case syntax(Int32)
        case notUTF8
        case tooLong(Int)
        /// The file has more columns, or far more cells without a value, than a table has.
        case tooManyColumns
        case tooSparse(rows: Int, columns: Int)
        /// A row of another shape than those before.
        case otherRow(expected: String, found: String)
        case moreValues
        case orient(expected: String)
    }
}

/// The bytes of one file.
struct JSONText: Sendable {
    nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
    let path: String
    /// Keeps the bytes alive.
    let owner: (any Sendable)?

    var count: Int { bytes.count }

    private var base: UnsafePointer<UInt8>? {
        bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
    }

    func skippingSpace(_ from: Int, _ end: Int) -> Int {
        var at = from
        while at < end {
            switch bytes[at] {
            case 9, 10, 13, 32: at += 1
            default: return at
            }
        }
        return at
    }

    /// The offset of the line feed that ends the line, or of the end.
    func endOfLine(_ from: Int, _ end: Int) -> Int {
        guard let base, from < end else { return end }
        // SAFETY: from..<end lies in the text.
        return memchr(base + from, Int32(lineFeed), end - from).map {
            UnsafeRawPointer($0) - UnsafeRawPointer(base)
        } ?? end
    }

    /// The value that begins at `at`, which then is behind it.
    @inline(__always)
    func value(_ at: inout Int, _ end: Int) throws(JSONProblem) -> JSONSlot {
        var found = arena_json_value()
        guard let base, at < end else {
            throw JSONProblem(offset: at, what: .syntax(Int32(arena_json_end)))
        }
        let problem = arena_json_read(base, end, &at, &found)
        if problem != 0 { throw JSONProblem(offset: at, what: .syntax(problem)) }
        return try slot(found)
    }

    private func slot(_ value: arena_json_value) throws(JSONProblem) -> JSONSlot {
        guard let length = UInt32(exactly: value.end - value.start) else {
            throw JSONProblem(
                offset: value.start, what: .tooLong(value.end - value.start))
        }
        return JSONSlot(
            offset: value.start, length: length, kind: JSONKinds(rawValue: UInt16(value.kind)),
            elements: UInt16(value.elements) | (value.escaped != 0 ? JSONSlot.escapedFlag : 0))
    }

    /// The elements of the array or the keys and values of the object that begins at `at`.
    func list(
        _ at: inout Int, _ end: Int, _ room: JSONRoom
    ) throws(JSONProblem) -> Int {
        guard let base, at < end else {
            throw JSONProblem(offset: at, what: .syntax(Int32(arena_json_end)))
        }
        while true {
            let start = at
            let made = arena_json_list(base, end, &at, room.values, room.size)
            if made >= 0 { return made }
            guard made == Int(arena_json_room) else {
                throw JSONProblem(offset: at, what: .syntax(Int32(-made)))
            }
            at = start
            guard room.grow() else { throw JSONProblem(offset: at, what: .tooManyColumns) }
        }
    }

    func slot(_ index: Int, _ room: JSONRoom) throws(JSONProblem) -> JSONSlot {
        try slot(room.values[index])
    }

    /// Calls `body` with each element of an array that is known to be one.
    func forEachElement<E: Error>(
        _ array: JSONSlot, _ body: (JSONSlot) throws(E) -> Void
    ) throws(E) {
        var at = array.offset + 1
        let end = array.range.upperBound
        while true {
            at = skippingSpace(at, end)
            guard at < end, bytes[at] != UInt8(ascii: "]"),
                let element = try? value(&at, end)
            else { return }
            try body(element)
            at = skippingSpace(at, end)
            guard at < end, bytes[at] == UInt8(ascii: ",") else { return }
            at += 1
        }
    }

    /// Commas of the array whose content begins at `from`, about `step` bytes apart.
    func cuts(from: Int, step: Int) -> [Int] {
        guard let base, step > 0 else { return [] }
        let room = (count - from) / step + 1
        return [Int](unsafeUninitializedCapacity: room) { buffer, made in
            guard let out = buffer.baseAddress else { return }
            // SAFETY: as many offsets as there is room for.
            made = arena_json_cut(base, count, from, step, out, room)
        }
    }

    /// The bytes of a string between its quotes, or of another value whole.
    func content(_ slot: JSONSlot) -> UnsafeRawBufferPointer {
        let range =
            slot.kind == .string
            ? slot.offset + 1..<slot.range.upperBound - 1 : slot.range
        return UnsafeRawBufferPointer(rebasing: bytes[range])
    }

    /// A string's text; lone halves of surrogate pairs become U+FFFD.
    func string(_ slot: JSONSlot) -> String {
        let raw = content(slot)
        guard slot.isEscaped else { return String(decoding: raw, as: UTF8.self) }
        return String(
            unsafeUninitializedCapacity: raw.count
        ) { out in decodeJSONString(raw, into: UnsafeMutableRawBufferPointer(out)).length }
    }

    func place(_ offset: Int) -> FilePlace {
        let (line, column) = lineAndColumn(of: offset, in: bytes)
        return FilePlace(path, line: line, column: column)
    }

    /// The problem as an error with its place.
    func fault(_ problem: JSONProblem) -> FrameError {
        let place = place(problem.offset)
        switch problem.what {
        case .syntax(let code) where code == Int32(arena_json_deep):
            return .json(.tooDeep(place, limit: 512))
        case .syntax(let code): return .json(.syntax(place, expected: Self.expected(code)))
        case .notUTF8: return .json(.invalidUTF8(place))
        case .tooLong(let bytes): return .textTooLong(bytes: bytes)
        case .tooManyColumns:
            return .csvTooManyColumns(place: place, limit: JSONRoom.maximumColumns)
        case .tooSparse(let rows, let columns):
            return .jsonSparse(path: path, rows: rows, columns: columns)
        case .otherRow(let expected, let found):
            return .jsonRow(place: place, expected: expected, found: found)
        case .moreValues: return .jsonLines(place: place)
        case .orient(let expected): return .jsonOrient(place: place, expected: expected)
        }
    }

    private static func expected(_ code: Int32) -> String {
        switch Int(code) {
        case arena_json_end: "a value, found the end of the text"
        case arena_json_no_key: "a key in double quotes"
        case arena_json_no_colon: "':'"
        case arena_json_no_comma_brace: "',' or '}'"
        case arena_json_no_comma_bracket: "',' or ']'"
        case arena_json_no_quote: "the closing quote of a string"
        case arena_json_control: "no control characters inside a string"
        case arena_json_escape: "one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u"
        case arena_json_hex: "four hexadecimal digits after \\u"
        case arena_json_no_fraction: "a digit after the point"
        case arena_json_no_exponent: "a digit in the exponent"
        default: "a value"
        }
    }
}

/// Memory for the values of one row.
final class JSONRoom {
    private(set) var size = 64
    private(set) var values: UnsafeMutablePointer<arena_json_value>

    static let maximumColumns = 100_000

    init() { values = .allocate(capacity: size) }
    deinit { values.deallocate() }

    /// False once there is room for as many keys and values as a table may have columns.
    func grow() -> Bool {
        guard size < 2 * Self.maximumColumns else { return false }
        values.deallocate()
        size = min(size * 4, 2 * Self.maximumColumns)
        values = .allocate(capacity: size)
        return true
    }
}
