// JSON (RFC 8259) parsed in one pass into a flat list of nodes over the input's bytes. Strings and
// numbers are decoded when asked for, so a large tokenizer file costs one scan and 16 bytes a node.

/// A parsed JSON text; `root` is its value.
package final class JSONDocument: Sendable {
    /// How the text is named in errors: usually its path.
    package let name: String
    nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
    let nodes: [JSONNode]
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
        if let bad = firstInvalidUTF8(bytes) {
            let (line, column) = lineAndColumn(of: bad, in: bytes)
            throw .invalidUTF8(FilePlace(name, line: line, column: column))
        }
        guard bytes.count < Int(UInt32.max) else { throw .tooLarge(name, bytes.count) }
        var parser = JSONParser(bytes: bytes, name: name, dialect: dialect)
        nodes = try parser.parseDocument()
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
struct JSONNode: Sendable {
    enum Kind: UInt8, Sendable {
        case null, `true`, `false`, number, string, escapedString, array, object
    }
    /// Where the value starts; for strings, after the quote.
    var offset: UInt32
    /// Bytes of a string or number; elements or members of a container.
    var length: UInt32
    /// The index after this value and everything inside it.
    var next: UInt32
    var kind: Kind
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
    var nodes: [JSONNode] = []
    var i = 0
    static let depthLimit = 512

    init(bytes: UnsafeRawBufferPointer, name: String, dialect: JSONDialect) {
        self.bytes = bytes
        self.name = name
        self.dialect = dialect
        nodes.reserveCapacity(bytes.count / 16 + 4)
    }

    func place(_ at: Int) -> FilePlace {
        let (line, column) = lineAndColumn(of: at, in: bytes)
        return FilePlace(name, line: line, column: column)
    }

    func failure(_ expected: String) -> JSONError { .syntax(place(i), expected: expected) }

    @inline(__always)
    mutating func skipSpace() {
        while i < bytes.count, bytes[i] == 32 || bytes[i] == 10 || bytes[i] == 13 || bytes[i] == 9 {
            i += 1
        }
    }

    mutating func parseDocument() throws(JSONError) -> [JSONNode] {
        if dialect == .standard, bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB,
            bytes[2] == 0xBF
        {
            i = 3
        }
        skipSpace()
        try value(depth: 0)
        skipSpace()
        if i < bytes.count { throw failure("the end of the text") }
        return nodes
    }

    mutating func value(depth: Int) throws(JSONError) {
        guard i < bytes.count else { throw failure("a value, found the end of the text") }
        if depth > Self.depthLimit { throw .tooDeep(place(i), limit: Self.depthLimit) }
        switch bytes[i] {
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
        let index = nodes.count
        nodes.append(
            JSONNode(offset: UInt32(i), length: 0, next: 0, kind: object ? .object : .array))
        let close = object ? UInt8(ascii: "}") : UInt8(ascii: "]")
        i += 1
        var count: UInt32 = 0
        skipSpace()
        if i < bytes.count, bytes[i] == close {
            i += 1
        } else {
            while true {
                skipSpace()
                if object {
                    guard i < bytes.count, bytes[i] == UInt8(ascii: "\"") else {
                        throw failure("a key in double quotes")
                    }
                    try string()
                    skipSpace()
                    guard i < bytes.count, bytes[i] == UInt8(ascii: ":") else {
                        throw failure("':'")
                    }
                    i += 1
                    skipSpace()
                }
                try value(depth: depth + 1)
                count += 1
                skipSpace()
                guard i < bytes.count else { throw failure("',' or a closing bracket") }
                if bytes[i] == UInt8(ascii: ",") {
                    i += 1
                    continue
                }
                guard bytes[i] == close else { throw failure(object ? "',' or '}'" : "',' or ']'") }
                i += 1
                break
            }
        }
        nodes[index].length = count
        nodes[index].next = UInt32(nodes.count)
    }

    mutating func word(_ text: StaticString, _ kind: JSONNode.Kind) throws(JSONError) {
        let n = text.utf8CodeUnitCount
        for k in 0..<n where i + k >= bytes.count || bytes[i + k] != text.utf8Start[k] {
            throw failure("a value")
        }
        append(kind, from: i, count: n)
        i += n
    }

    mutating func append(_ kind: JSONNode.Kind, from: Int, count: Int) {
        nodes.append(
            JSONNode(
                offset: UInt32(from), length: UInt32(count), next: UInt32(nodes.count + 1),
                kind: kind))
    }

    mutating func string() throws(JSONError) {
        i += 1
        let start = i
        var escaped = false
        while i < bytes.count {
            let c = bytes[i]
            if c == UInt8(ascii: "\"") {
                append(escaped ? .escapedString : .string, from: start, count: i - start)
                i += 1
                return
            }
            if c == UInt8(ascii: "\\") {
                escaped = true
                try escape()
            } else {
                if c < 0x20 { throw failure("no control characters inside a string") }
                i += 1
            }
        }
        throw failure("the closing quote of a string")
    }

    mutating func escape() throws(JSONError) {
        guard i + 1 < bytes.count else { throw failure("an escape") }
        switch bytes[i + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            i += 2
        case UInt8(ascii: "u"):
            for k in 2..<6 {
                guard i + k < bytes.count, hexValue(bytes[i + k]) != nil else {
                    throw failure("four hexadecimal digits after \\u")
                }
            }
            i += 6
        default: throw failure("one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u")
        }
    }

    mutating func number() throws(JSONError) {
        let start = i
        func isDigit(_ at: Int) -> Bool { at < bytes.count && bytes[at] >= 48 && bytes[at] <= 57 }
        if i < bytes.count, bytes[i] == UInt8(ascii: "-") { i += 1 }
        if dialect == .python, i > start, i < bytes.count, bytes[i] == UInt8(ascii: "I") {
            i = start
            return try word("-Infinity", .number)
        }
        guard isDigit(i) else {
            i = start
            throw failure("a value")
        }
        if bytes[i] == 48 { i += 1 } else { while isDigit(i) { i += 1 } }
        if i < bytes.count, bytes[i] == UInt8(ascii: ".") {
            i += 1
            guard isDigit(i) else { throw failure("a digit after the point") }
            while isDigit(i) { i += 1 }
        }
        if i < bytes.count, bytes[i] | 0x20 == UInt8(ascii: "e") {
            i += 1
            if i < bytes.count, bytes[i] == UInt8(ascii: "+") || bytes[i] == UInt8(ascii: "-") {
                i += 1
            }
            guard isDigit(i) else { throw failure("a digit in the exponent") }
            while isDigit(i) { i += 1 }
        }
        append(.number, from: start, count: i - start)
    }
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
