// The parser behind JSONDocument: a text, or the members of one container from some place on, to nodes.

/// A text to parse.
struct JSONSource: Sendable {
    nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
    /// Stands for the path in errors.
    let name: String
    let dialect: JSONDialect
    /// Takes bytes that have been gone through.
    let release: @Sendable (Range<Int>) -> Void

    func place(_ at: Int) -> FilePlace {
        let (line, column) = lineAndColumn(of: at, in: bytes)
        return FilePlace(name, line: line, column: column)
    }
}

struct JSONParser {
    private let source: JSONSource
    let nodes: JSONNodes
    /// Where the next node goes, and how many fit; `nodes` knows them where it is asked.
    private var out: UnsafeMutablePointer<JSONNode>
    private var room: Int
    private var count = 0
    private let p: UnsafePointer<UInt8>
    private let end: Int
    /// The byte that is looked at.
    private(set) var i = 0
    /// What other threads parse, and where the first of it begins.
    private var stretches: ArraySlice<JSONStretch>
    private var split: Int
    private var released: Int
    private static let releaseStep = 2 << 20
    static let depthLimit = 512

    /// A parser at byte `start`, which expects about `bytes` bytes.
    init(_ source: JSONSource, at start: Int = 0, expecting bytes: Int, stretches: [JSONStretch]) {
        self.source = source
        self.stretches = stretches[...]
        split = stretches.first?.start ?? .max
        // Room that is not used costs address space only.
        nodes = JSONNodes(capacity: bytes / 8 + 4)
        out = nodes.base
        room = nodes.capacity
        end = source.bytes.count
        i = start
        released = start
        // SAFETY: never read where there are no bytes.
        p =
            source.bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
            ?? UnsafePointer(bitPattern: 1).unsafelyUnwrapped
    }

    private func failure(_ expected: String) -> JSONError {
        .syntax(source.place(i), expected: expected)
    }

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
        if source.dialect == .standard, end >= 3, p[0] == 0xEF, p[1] == 0xBB, p[2] == 0xBF {
            i = 3
        }
        skipSpace()
        try value(depth: 0)
        skipSpace()
        if i < end { throw failure("the end of the text") }
        nodes.count = count
    }

    mutating func value(depth: Int) throws(JSONError) {
        guard i < end else { throw failure("a value, found the end of the text") }
        if depth > Self.depthLimit { throw .tooDeep(source.place(i), limit: Self.depthLimit) }
        switch p[i] {
        case UInt8(ascii: "\""): try string()
        case UInt8(ascii: "{"): try container(depth: depth, object: true)
        case UInt8(ascii: "["): try container(depth: depth, object: false)
        case UInt8(ascii: "t"): try word("true", .true)
        case UInt8(ascii: "f"): try word("false", .false)
        case UInt8(ascii: "n"): try word("null", .null)
        case UInt8(ascii: "N") where source.dialect == .python: try word("NaN", .number)
        case UInt8(ascii: "I") where source.dialect == .python: try word("Infinity", .number)
        default: try number()
        }
    }

    mutating func container(depth: Int, object: Bool) throws(JSONError) {
        let index = count
        append(object ? .object : .array, from: i, count: 0)
        i += 1
        skipSpace()
        if i < end, p[i] == Self.close(object) {
            i += 1
        } else {
            try members(depth: depth, object: object)
        }
        nodes.count = count
        nodes.close(index)
    }

    @inline(__always)
    private static func close(_ object: Bool) -> UInt8 {
        object ? UInt8(ascii: "}") : UInt8(ascii: "]")
    }

    /// Members of a container, one at least, up to its end or to where another thread's begin.
    private mutating func members(depth: Int, object: Bool) throws(JSONError) {
        let close = Self.close(object)
        while true {
            skipSpace()
            if i >= split, let part = takeStretch(depth: depth, object: object) {
                guard part.isClosed else { continue }
                i += 1
                return
            }
            try member(depth: depth, object: object)
            releaseRead()
            skipSpace()
            guard i < end else { throw failure("',' or a closing bracket") }
            if p[i] == UInt8(ascii: ",") {
                i += 1
                continue
            }
            guard p[i] == close else { throw failure(object ? "',' or '}'" : "',' or ']'") }
            i += 1
            return
        }
    }

    /// Parses members of a container of which one begins here, up to its end or past byte `stop`. What is
    /// wrong is left to the parser that comes here from the start of the text.
    mutating func parseStretch(object: Bool, until stop: Int) -> JSONStretch.Part {
        var whole = (end: i, nodes: 0)
        var isClosed = false
        while i < stop {
            do { try member(depth: JSONStretch.depth, object: object) } catch { break }
            skipSpace()
            guard i < end else { break }
            isClosed = p[i] == Self.close(object)
            guard isClosed || p[i] == UInt8(ascii: ",") else { break }
            if !isClosed { i += 1 }
            whole = (i, count)
            if isClosed { break }
            releaseRead()
            skipSpace()
        }
        nodes.count = whole.nodes
        return JSONStretch.Part(nodes: nodes, end: whole.end, isClosed: isClosed)
    }

    /// What another thread has parsed of this container from here on.
    private mutating func takeStretch(depth: Int, object: Bool) -> JSONStretch.Part? {
        while let next = stretches.first, next.start < i { stretches.removeFirst() }
        let stretch = stretches.first
        split = stretch?.start ?? .max
        guard let stretch, stretch.start == i, stretch.isObject == object,
            depth <= JSONStretch.depth
        else { return nil }
        let part = stretch.parsed.value().part
        guard part.nodes.count > 0 else { return nil }
        nodes.count = count
        nodes.take(part.nodes)
        (out, room, count) = (nodes.base, nodes.capacity, nodes.count)
        i = part.end
        released = i
        return part
    }

    /// An element, or a key and its value.
    @inline(__always)
    private mutating func member(depth: Int, object: Bool) throws(JSONError) {
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
    }

    /// Gives back what has been gone through, a stretch at a time.
    @inline(__always)
    private mutating func releaseRead() {
        guard i - released >= Self.releaseStep else { return }
        source.release(released..<i)
        released = i
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
    private mutating func append(_ kind: JSONNode.Kind, from: Int, count length: Int) {
        if count == room { grow() }
        out[count] = JSONNode(kind, offset: from, length: length)
        count &+= 1
    }

    @inline(never)
    private mutating func grow() {
        nodes.count = count
        nodes.grow(to: room * 2)
        out = nodes.base
        room = nodes.capacity
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
        if source.dialect == .python, i > start, i < end, p[i] == UInt8(ascii: "I") {
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
