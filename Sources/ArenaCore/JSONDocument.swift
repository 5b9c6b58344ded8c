// JSON (RFC 8259) parsed in one pass into a flat list of nodes over the input's bytes. Strings and
// numbers are decoded when asked for, so a large tokenizer file costs one scan and 16 bytes a node.

/// A parsed JSON text; `root` is its value.
package final class JSONDocument: Sendable {
    /// How the text is named in errors: usually its path.
    package let name: String
    nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
    let nodes: JSONNodes
    private let owner: Owner

    private enum Owner: Sendable {
        case file(MappedFile)
        case memory(OwnedBytes)
    }

    /// Parses the file at `path`, which stays mapped while the document lives.
    package convenience init(
        file path: String, dialect: JSONDialect = .standard
    ) throws(JSONError) {
        let file: MappedFile
        do { file = try MappedFile(path) } catch { throw .file(error) }
        try self.init(bytes: file.bytes, owner: .file(file), name: path, dialect: dialect)
    }

    /// Parses bytes in memory; `name` stands for the path in errors.
    package convenience init(
        _ text: [UInt8], name: String, dialect: JSONDialect = .standard
    ) throws(JSONError) {
        let owned = OwnedBytes(text)
        try self.init(bytes: owned.bytes, owner: .memory(owned), name: name, dialect: dialect)
    }

    private init(
        bytes: UnsafeRawBufferPointer, owner: Owner, name: String, dialect: JSONDialect
    ) throws(JSONError) {
        self.bytes = bytes
        self.owner = owner
        self.name = name
        guard bytes.count < Int(UInt32.max) else { throw .tooLarge(name, bytes.count) }
        let isLarge = bytes.count >= 1 << 20
        let release: @Sendable (Range<Int>) -> Void =
            if isLarge, case .file(let file) = owner { file.release } else { { _ in } }
        nonisolated(unsafe) let bytes = bytes
        @Sendable func parsed() -> Result<JSONNodes, JSONError> {
            Result { () throws(JSONError) in
                var parser = JSONParser(
                    bytes: bytes, name: name, dialect: dialect, release: release)
                try parser.parseDocument()
                return parser.nodes
            }
        }
        let (bad, result) =
            isLarge
            ? atOnce({ firstInvalidUTF8(bytes) }, and: { parsed() })
            : (firstInvalidUTF8(bytes), parsed())
        if let bad {
            let (line, column) = lineAndColumn(of: bad, in: bytes)
            throw .invalidUTF8(FilePlace(name, line: line, column: column))
        }
        nodes = try result.get()
    }

    /// Lets a file's text leave resident memory; what is looked at again is read again.
    package func release() {
        if case .file(let file) = owner { file.release(0..<bytes.count) }
    }

    /// The document's value.
    package var root: JSONValue { JSONValue(document: self, index: 0) }
}

/// Which texts count as JSON.
package enum JSONDialect: Sendable {
    /// RFC 8259; a byte order mark is skipped.
    case standard
    /// What Python's `json` reads: NaN, Infinity and -Infinity are numbers, a byte order mark is not.
    case python
}

/// Bytes on the heap whose address does not change.
final class OwnedBytes: Sendable {
    nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

    init(_ source: [UInt8]) {
        // SAFETY: allocated here, freed in deinit, never resized.
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: source.count, alignment: 16)
        copy.copyBytes(from: source)
        bytes = UnsafeRawBufferPointer(copy)
    }

    deinit { bytes.deallocate() }
}

/// One value of the flat list: containers are followed by their content.
package struct JSONNode: BitwiseCopyable, Sendable {
    package enum Kind: UInt8, BitwiseCopyable, Sendable {
        case null, `true`, `false`, number, string, escapedString, array, object
    }
    /// Where the value starts; for strings, after the quote.
    package var offset: UInt32
    /// Bytes of a string or number; elements or members of a container.
    package var length: UInt32
    /// The index after this value and everything inside it.
    package var next: UInt32
    package var kind: Kind
}

/// The flat list of a document; complete once the parser has returned.
final class JSONNodes: Sendable {
    nonisolated(unsafe) private(set) var base: UnsafeMutablePointer<JSONNode>
    nonisolated(unsafe) private(set) var count = 0
    nonisolated(unsafe) private var capacity: Int

    /// Nodes behind the last that may be looked at, for loops that read a pair before they know it is one.
    private static let spare = 2

    init(capacity: Int) {
        self.capacity = max(capacity, 4)
        base = .allocate(capacity: self.capacity + Self.spare)
    }

    deinit { base.deallocate() }

    @inline(__always)
    subscript(index: Int) -> JSONNode { base[index] }

    /// Makes room for one more and counts it.
    fileprivate func grow(_ used: Int) {
        // SAFETY: both hold `used` nodes and do not overlap; only the parser has pointers to them.
        let larger = UnsafeMutablePointer<JSONNode>.allocate(
            capacity: capacity * 2 + Self.spare)
        larger.update(from: base, count: used)
        base.deallocate()
        base = larger
        capacity *= 2
    }

    fileprivate var room: Int { capacity }

    fileprivate func finish(_ used: Int) { count = used }
}

/// A JSON text that cannot be used, with the place.
package enum JSONError: ArenaFault, Equatable {
    case file(FileError)
    case invalidUTF8(FilePlace)
    case tooLarge(String, Int)
    case syntax(FilePlace, expected: String)
    case tooDeep(FilePlace, limit: Int)

    package var report: FaultReport {
        switch self {
        case .file(let error): return error.report
        case .invalidUTF8(let place):
            return FaultReport(
                .value, "the JSON text is not valid UTF-8", place: place,
                help: "the file is damaged or not JSON: fetch or save it again")
        case .tooLarge(let name, let size):
            return FaultReport(
                .value, "the JSON text of \(size) bytes is over 4 GiB", place: FilePlace(name))
        case .syntax(let place, let expected):
            return FaultReport(
                .value, "not valid JSON: expected \(expected)", place: place,
                help: "the file is damaged or cut short: fetch or save it again")
        case .tooDeep(let place, let limit):
            return FaultReport(.value, "JSON nested deeper than \(limit) levels", place: place)
        }
    }
}

private struct JSONParser {
    let bytes: UnsafeRawBufferPointer
    let name: String
    let dialect: JSONDialect
    let nodes: JSONNodes
    /// The nodes written so far, and where the next goes.
    private var out: UnsafeMutablePointer<JSONNode>
    private var room: Int
    private var count = 0
    private let p: UnsafePointer<UInt8>
    private let end: Int
    private var i = 0
    /// Takes bytes that have been gone through, a stretch at a time.
    private let release: (Range<Int>) -> Void
    private var released = 0
    private static let stretch = 2 << 20
    static let depthLimit = 512

    init(
        bytes: UnsafeRawBufferPointer, name: String, dialect: JSONDialect,
        release: @escaping (Range<Int>) -> Void
    ) {
        self.bytes = bytes
        self.name = name
        self.dialect = dialect
        self.release = release
        // Room that is not used costs address space only.
        nodes = JSONNodes(capacity: bytes.count / 8 + 4)
        out = nodes.base
        room = nodes.room
        end = bytes.count
        // SAFETY: never read where there are no bytes.
        p =
            bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
            ?? UnsafePointer(bitPattern: 1).unsafelyUnwrapped
    }

    func place(_ at: Int) -> FilePlace {
        let (line, column) = lineAndColumn(of: at, in: bytes)
        return FilePlace(name, line: line, column: column)
    }

    func failure(_ expected: String) -> JSONError { .syntax(place(i), expected: expected) }

    @inline(__always)
    mutating func skipSpace() {
        if i < end, p[i] <= 32 { skipSpaces() }
    }

    /// Runs of spaces are gone over eight bytes a step.
    private mutating func skipSpaces() {
        while i < end {
            if i + 8 <= end {
                let word = UnsafeRawPointer(p + i).loadUnaligned(as: UInt64.self)
                let other = word ^ 0x2020_2020_2020_2020
                i += other == 0 ? 8 : other.trailingZeroBitCount >> 3
                if other == 0 { continue }
            }
            guard p[i] == 32 || p[i] == 10 || p[i] == 13 || p[i] == 9 else { return }
            i += 1
        }
    }

    mutating func parseDocument() throws(JSONError) {
        if dialect == .standard, bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB,
            bytes[2] == 0xBF
        {
            i = 3
        }
        skipSpace()
        try value(depth: 0)
        skipSpace()
        if i < end { throw failure("the end of the text") }
        nodes.finish(count)
    }

    mutating func value(depth: Int) throws(JSONError) {
        guard i < end else { throw failure("a value, found the end of the text") }
        if depth > Self.depthLimit { throw .tooDeep(place(i), limit: Self.depthLimit) }
        switch p[i] {
        case UInt8(ascii: "\""): try string()
        case UInt8(ascii: "{"): try container(depth: depth, object: true)
        case UInt8(ascii: "["): try container(depth: depth, object: false)
        case UInt8(ascii: "t"): try word("true", .true)
        case UInt8(ascii: "f"): try word("false", .false)
        case UInt8(ascii: "n"): try word("null", .null)
        case UInt8(ascii: "N") where dialect == .python: try word("NaN", .number)
        case UInt8(ascii: "I") where dialect == .python: try word("Infinity", .number)
        default: try number()
        }
    }

    mutating func container(depth: Int, object: Bool) throws(JSONError) {
        let index = count
        append(object ? .object : .array, from: i, count: 0)
        let close = object ? UInt8(ascii: "}") : UInt8(ascii: "]")
        i += 1
        var members: UInt32 = 0
        skipSpace()
        if i < end, p[i] == close {
            i += 1
        } else {
            while true {
                skipSpace()
                if object {
                    guard i < end, p[i] == UInt8(ascii: "\"") else {
                        throw failure("a key in double quotes")
                    }
                    try string()
                    skipSpace()
                    guard i < end, p[i] == UInt8(ascii: ":") else { throw failure("':'") }
                    i += 1
                    skipSpace()
                }
                if i < end, p[i] == UInt8(ascii: "\"") {
                    try string()
                } else {
                    try value(depth: depth + 1)
                }
                members += 1
                if i - released >= Self.stretch {
                    release(released..<i)
                    released = i
                }
                skipSpace()
                guard i < end else { throw failure("',' or a closing bracket") }
                if p[i] == UInt8(ascii: ",") {
                    i += 1
                    continue
                }
                guard p[i] == close else { throw failure(object ? "',' or '}'" : "',' or ']'") }
                i += 1
                break
            }
        }
        out[index].length = members
        out[index].next = UInt32(count)
    }

    mutating func word(_ text: StaticString, _ kind: JSONNode.Kind) throws(JSONError) {
        let n = text.utf8CodeUnitCount
        for k in 0..<n where i + k >= end || p[i + k] != text.utf8Start[k] {
            throw failure("a value")
        }
        append(kind, from: i, count: n)
        i += n
    }

    @inline(__always)
    mutating func append(_ kind: JSONNode.Kind, from: Int, count length: Int) {
        if count == room { grow() }
        out[count] = JSONNode(
            offset: UInt32(truncatingIfNeeded: from), length: UInt32(truncatingIfNeeded: length),
            next: UInt32(truncatingIfNeeded: count &+ 1), kind: kind)
        count &+= 1
    }

    @inline(never)
    private mutating func grow() {
        nodes.grow(count)
        out = nodes.base
        room = nodes.room
    }

    @inline(__always)
    mutating func string() throws(JSONError) {
        i += 1
        let start = i
        skipPlain()
        if i < end, p[i] == UInt8(ascii: "\"") {
            append(.string, from: start, count: i - start)
            i += 1
            return
        }
        try rareString(start)
    }

    /// Goes on to the next quote, backslash or control character, eight bytes a step.
    @inline(__always)
    private mutating func skipPlain() {
        while i + 8 <= end {
            let word = UnsafeRawPointer(p + i).loadUnaligned(as: UInt64.self)
            let ones: UInt64 = 0x0101_0101_0101_0101
            let quote = word ^ (ones &* 0x22)
            let slash = word ^ (ones &* 0x5C)
            // The lowest byte found is right; only above it can a borrow mislead.
            let found =
                ((quote &- ones) & ~quote | (slash &- ones) & ~slash
                    | (word &- (ones &* 0x20)) & ~word) & (ones &* 0x80)
            if found != 0 {
                i += found.trailingZeroBitCount >> 3
                return
            }
            i += 8
        }
        while i < end, p[i] != UInt8(ascii: "\""), p[i] != UInt8(ascii: "\\"), p[i] >= 0x20 {
            i += 1
        }
    }

    /// The rest of a string that goes on behind something other than its quote.
    @inline(never)
    private mutating func rareString(_ start: Int) throws(JSONError) {
        var escaped = false
        while i < end {
            let c = p[i]
            if c == UInt8(ascii: "\"") {
                append(escaped ? .escapedString : .string, from: start, count: i - start)
                i += 1
                return
            }
            guard c == UInt8(ascii: "\\") else {
                throw failure("no control characters inside a string")
            }
            escaped = true
            try escape()
            skipPlain()
        }
        throw failure("the closing quote of a string")
    }

    mutating func escape() throws(JSONError) {
        guard i + 1 < end else { throw failure("an escape") }
        switch p[i + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            i += 2
        case UInt8(ascii: "u"):
            for k in 2..<6 {
                guard i + k < end, hexValue(p[i + k]) != nil else {
                    throw failure("four hexadecimal digits after \\u")
                }
            }
            i += 6
        default: throw failure("one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u")
        }
    }

    mutating func number() throws(JSONError) {
        let start = i
        if i < end, p[i] == UInt8(ascii: "-") { i += 1 }
        if dialect == .python, i > start, i < end, p[i] == UInt8(ascii: "I") {
            i = start
            return try word("-Infinity", .number)
        }
        guard isDigit(i) else {
            i = start
            throw failure("a value")
        }
        if p[i] == 48 { i += 1 } else { skipDigits() }
        if i < end, p[i] == UInt8(ascii: ".") {
            i += 1
            guard isDigit(i) else { throw failure("a digit after the point") }
            skipDigits()
        }
        if i < end, p[i] | 0x20 == UInt8(ascii: "e") {
            i += 1
            if i < end, p[i] == UInt8(ascii: "+") || p[i] == UInt8(ascii: "-") { i += 1 }
            guard isDigit(i) else { throw failure("a digit in the exponent") }
            skipDigits()
        }
        append(.number, from: start, count: i - start)
    }

    @inline(__always)
    private func isDigit(_ at: Int) -> Bool { at < end && p[at] &- 48 < 10 }

    @inline(__always)
    private mutating func skipDigits() { while isDigit(i) { i += 1 } }
}

/// The value of a hexadecimal digit.
@inline(__always)
package func hexValue(_ c: UInt8) -> UInt32? {
    switch c {
    case 48...57: return UInt32(c) - 48
    case 65...70: return UInt32(c) - 55
    case 97...102: return UInt32(c) - 87
    default: return nil
    }
}
