// The four readings of a cell of turns. They give different text, and a checkpoint fits only the
// one it was trained with; so a script names its reading, and there is no default.

/// How a cell such as `["Hi","What is \/?"]` becomes a list of turns.
package enum TurnReading: String, Sendable, CaseIterable {
    /// A JSON array of strings and nulls (RFC 8259): all escapes decoded.
    case json
    /// A Python list literal, read as CPython reads it with the name `null` known: escapes that
    /// Python does not have, such as `\/`, stay as they stand.
    case python
    /// Brackets stripped from both ends, split at `","`, quotes stripped from both ends of each
    /// piece. Nothing is decoded, and null is a word like others.
    case split
    /// The cell as it stands, as one turn.
    case raw

    /// Reads a cell into `out`.
    @inline(__always)
    func decode(
        _ cell: UnsafeRawBufferPointer, into out: inout TurnOutput
    ) throws(TurnFailure) {
        switch self {
        case .json: try decodeJSONTurns(cell, into: &out)
        case .python: try decodePythonTurns(cell, into: &out)
        case .split: splitTurns(cell, into: &out)
        case .raw: out.appendTurn(cell)
        }
    }

    /// What to do about a cell that cannot be read this way.
    func remedy(for problem: TurnProblem) -> String {
        switch (self, problem) {
        case (.python, .namedEscape):
            return "\\N{...} names are not known here: write the character itself"
        case (.python, .lineBreak), (.json, .control):
            return "read=\"split\" and read=\"raw\" take every cell"
        case (.json, _):
            return "read=\"python\" reads Python lists; read=\"split\" and \"raw\" take every cell"
        case (.python, _):
            return "read=\"json\" reads JSON arrays; read=\"split\" and \"raw\" take every cell"
        case (.split, _), (.raw, _): return "every cell can be read this way"
        }
    }
}

/// What becomes of a null turn.
package enum NullTurns: Sendable, Equatable, CaseIterable {
    /// A turn without text.
    case empty
    /// No turn at all.
    case drop
    /// The text `null`.
    case word
    /// A missing turn.
    case keep
}

/// Why a cell is not a list of turns.
package enum TurnProblem: Sendable, Equatable {
    case notAList
    case indented
    case notText
    case unknownName(String)
    case endOfCell
    case noComma
    case afterList
    case unterminated
    case control(UInt8)
    case lineBreak
    case badEscape
    case namedEscape
    case bytesLiteral
    case formattedLiteral

    var words: String {
        switch self {
        case .notAList: "a list in brackets was expected"
        case .indented: "the list begins with an indented line"
        case .notText: "an element is neither text nor null"
        case .unknownName(let name): "the name \(name) is not known (only null and None are)"
        case .endOfCell: "the cell ends inside the list"
        case .noComma: "a comma or the end of the list was expected"
        case .afterList: "there is something after the list"
        case .unterminated: "a string is not closed"
        case .control(let byte): "a control character (\(byte)) stands unescaped"
        case .lineBreak: "a line ends inside a string"
        case .badEscape: "an escape is not complete or not known"
        case .namedEscape: "a named escape \\N{...}"
        case .bytesLiteral: "a bytes literal"
        case .formattedLiteral: "a formatted string"
        }
    }
}

/// A problem and the byte of the cell where it was found.
struct TurnFailure: Error, Equatable {
    var problem: TurnProblem
    var offset: Int
}

/// Where a reading writes the turns of one cell: back to back, in room for the cell and 32 bytes
/// more, since no reading makes a cell longer and plain text is copied in steps of 16.
struct TurnOutput {
    /// A turn's place in the room.
    struct Span {
        var start: Int
        var length: Int
        var isNull: Bool
    }

    static let slack = 32

    private(set) var room: UnsafeMutableRawPointer
    private(set) var used = 0
    private(set) var turns: [Span] = []
    /// Over all cells so far.
    private(set) var loneSurrogates = 0
    private var start = 0
    private var pendingHigh: UInt32 = 0

    init(room: UnsafeMutableRawPointer) { self.room = room }

    /// Forgets the last cell's turns and writes the next one's to this room.
    mutating func beginCell(room: UnsafeMutableRawPointer) {
        self.room = room
        used = 0
        turns.removeAll(keepingCapacity: true)
    }

    mutating func appendNull() { turns.append(Span(start: used, length: 0, isNull: true)) }

    mutating func beginTurn() { start = used }

    mutating func endTurn() {
        flushSurrogate()
        turns.append(Span(start: start, length: used - start, isNull: false))
    }

    /// A whole turn as it stands.
    mutating func appendTurn(_ bytes: UnsafeRawBufferPointer) {
        beginTurn()
        // SAFETY: the room holds as much as the cell, of which the turns are disjoint parts.
        if let from = bytes.baseAddress {
            (room + used).copyMemory(from: from, byteCount: bytes.count)
        }
        used += bytes.count
        endTurn()
    }

    /// One byte of text.
    @inline(__always)
    mutating func append(_ byte: UInt8) {
        if pendingHigh != 0 { flushSurrogate() }
        room.storeBytes(of: byte, toByteOffset: used, as: UInt8.self)
        used += 1
    }

    /// Copies plain text from `at` on, up to the first quotation mark, backslash or control character.
    @inline(__always)
    mutating func copyPlain(_ cell: UnsafeRawBufferPointer, _ at: inout Int, upTo mark: UInt8) {
        if pendingHigh != 0 {
            guard at < cell.count, !isStop(cell[at], mark) else { return }
            flushSurrogate()
        }
        typealias Block = SIMD16<UInt8>
        let quote = Block(repeating: mark)
        let slash = Block(repeating: backslash)
        var from = at
        var to = used
        defer {
            at = from
            used = to
        }
        while from + 16 <= cell.count {
            let block = cell.loadUnaligned(fromByteOffset: from, as: Block.self)
            // SAFETY: the 16 bytes of slack take what is written beyond the cell's own length.
            room.storeBytes(of: block, toByteOffset: to, as: Block.self)
            let stops = block .== quote .| block .== slash .| block .< Block(repeating: 0x20)
            let words = unsafeBitCast(stops, to: SIMD2<UInt64>.self)
            let plain =
                words[0] != 0
                ? words[0].trailingZeroBitCount >> 3 : 8 + words[1].trailingZeroBitCount >> 3
            from += plain
            to += plain
            if plain < 16 { return }
        }
        while from < cell.count, !isStop(cell[from], mark) {
            room.storeBytes(of: cell[from], toByteOffset: to, as: UInt8.self)
            from += 1
            to += 1
        }
    }

    @inline(__always)
    private func isStop(_ byte: UInt8, _ mark: UInt8) -> Bool {
        byte == mark || byte == backslash || byte < 0x20
    }

    /// A code point or half of a surrogate pair; the halves join, one alone becomes U+FFFD.
    mutating func append(unit: UInt32) {
        if pendingHigh != 0 {
            if unit & 0xFFFF_FC00 == 0xDC00 {
                let joined = 0x10000 + (pendingHigh & 0x3FF) << 10 + (unit & 0x3FF)
                pendingHigh = 0
                put(joined)
                return
            }
            flushSurrogate()
        }
        switch unit {
        case 0xD800..<0xDC00: pendingHigh = unit
        case 0xDC00..<0xE000:
            loneSurrogates += 1
            put(0xFFFD)
        default: put(unit)
        }
    }

    private mutating func flushSurrogate() {
        guard pendingHigh != 0 else { return }
        pendingHigh = 0
        loneSurrogates += 1
        put(0xFFFD)
    }

    private mutating func put(_ scalar: UInt32) {
        func store(_ byte: UInt32) {
            room.storeBytes(of: UInt8(truncatingIfNeeded: byte), toByteOffset: used, as: UInt8.self)
            used += 1
        }
        switch scalar {
        case 0..<0x80: store(scalar)
        case 0x80..<0x800:
            store(0xC0 | scalar >> 6)
            store(0x80 | scalar & 0x3F)
        case 0x800..<0x10000:
            store(0xE0 | scalar >> 12)
            store(0x80 | scalar >> 6 & 0x3F)
            store(0x80 | scalar & 0x3F)
        default:
            store(0xF0 | scalar >> 18)
            store(0x80 | scalar >> 12 & 0x3F)
            store(0x80 | scalar >> 6 & 0x3F)
            store(0x80 | scalar & 0x3F)
        }
    }
}

let backslash = UInt8(ascii: "\\")

/// The value of `count` hexadecimal digits; nil if there are fewer.
@inline(__always)
func hexDigits(_ bytes: UnsafeRawBufferPointer, _ from: Int, _ count: Int) -> UInt32? {
    guard from + count <= bytes.count else { return nil }
    var value: UInt32 = 0
    for at in from..<from + count {
        let byte = bytes[at]
        switch byte {
        case 48...57: value = value << 4 | UInt32(byte - 48)
        case 65...70, 97...102: value = value << 4 | UInt32((byte | 0x20) - 87)
        default: return nil
        }
    }
    return value
}
