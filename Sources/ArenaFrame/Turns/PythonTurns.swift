// Cells of turns as a Python list literal, read as CPython 3 reads it with `null` a known name:
// either quote, triple quotes, r and u prefixes, literals side by side, comments, a last comma.
// Escapes that Python does not have stay two characters; nothing is ever evaluated.

import Glibc

func decodePythonTurns(
    _ cell: UnsafeRawBufferPointer, into out: inout TurnOutput
) throws(TurnFailure) {
    if let nul = offsetOfNUL(cell) { throw TurnFailure(problem: .control(0), offset: nul) }
    var at = 0
    let open = openParentheses(cell, &at)
    guard at < cell.count, cell[at] == UInt8(ascii: "[") else {
        throw TurnFailure(problem: .notAList, offset: at)
    }
    if open == 0, isIndented(cell, at) { throw TurnFailure(problem: .indented, offset: at) }
    at += 1
    while true {
        skipBlanks(cell, &at)
        guard at < cell.count else { throw TurnFailure(problem: .endOfCell, offset: at) }
        if cell[at] == UInt8(ascii: "]") { break }
        try decodeElement(cell, &at, &out)
        guard at < cell.count else { throw TurnFailure(problem: .endOfCell, offset: at) }
        if cell[at] == UInt8(ascii: "]") { break }
        guard cell[at] == UInt8(ascii: ",") else {
            throw TurnFailure(problem: .noComma, offset: at)
        }
        at += 1
    }
    at += 1
    try closeParentheses(cell, &at, open)
    skipBlanks(cell, &at, continuing: false)
    if at < cell.count { throw TurnFailure(problem: .afterList, offset: at) }
}

/// A null, or string literals side by side, which are one turn; then blanks.
private func decodeElement(
    _ cell: UnsafeRawBufferPointer, _ at: inout Int, _ out: inout TurnOutput
) throws(TurnFailure) {
    let open = openParentheses(cell, &at)
    guard at < cell.count else { throw TurnFailure(problem: .endOfCell, offset: at) }
    if let first = try literalStart(cell, &at) {
        out.beginTurn()
        var literal = first
        while true {
            try decodeLiteral(cell, &at, literal, &out)
            skipBlanks(cell, &at)
            guard at < cell.count, isQuote(cell[at]) || isNameByte(cell[at]) else { break }
            guard let next = try literalStart(cell, &at) else {
                throw TurnFailure(problem: .noComma, offset: at)
            }
            literal = next
        }
        out.endTurn()
    } else {
        out.appendNull()
        skipBlanks(cell, &at)
    }
    try closeParentheses(cell, &at, open)
    skipBlanks(cell, &at)
}

/// Moves past blanks and opening parentheses, which change nothing around one value.
private func openParentheses(_ cell: UnsafeRawBufferPointer, _ at: inout Int) -> Int {
    var open = 0
    skipBlanks(cell, &at)
    while at < cell.count, cell[at] == UInt8(ascii: "(") {
        open += 1
        at += 1
        skipBlanks(cell, &at)
    }
    return open
}

private func closeParentheses(
    _ cell: UnsafeRawBufferPointer, _ at: inout Int, _ open: Int
) throws(TurnFailure) {
    for _ in 0..<open {
        skipBlanks(cell, &at)
        guard at < cell.count else { throw TurnFailure(problem: .endOfCell, offset: at) }
        // A comma here makes a tuple.
        guard cell[at] == UInt8(ascii: ")") else {
            throw TurnFailure(problem: .notText, offset: at)
        }
        at += 1
    }
}

/// Whether the list begins on a later line and not at its start, which Python takes for a block.
private func isIndented(_ cell: UnsafeRawBufferPointer, _ at: Int) -> Bool {
    guard at > 0, cell[at - 1] == 32 || cell[at - 1] == 9 else { return false }
    return cell[..<at].contains { $0 == 10 || $0 == 13 }
}

private func offsetOfNUL(_ cell: UnsafeRawBufferPointer) -> Int? {
    guard let base = cell.baseAddress else { return nil }
    // SAFETY: the search stays within the cell.
    return memchr(base, 0, cell.count).map { UnsafeRawPointer($0) - base }
}

/// How a string literal begins.
private struct LiteralStart {
    var quote: UInt8
    var isTriple: Bool
    var isRaw: Bool
    var offset: Int
}

/// Moves past prefix and quotes of a literal, or past `null` or `None`, for which it returns nil.
private func literalStart(
    _ cell: UnsafeRawBufferPointer, _ at: inout Int
) throws(TurnFailure) -> LiteralStart? {
    let start = at
    var end = at
    while end < cell.count, isNameByte(cell[end]) { end += 1 }
    let prefix = cell[start..<end]
    guard end < cell.count, isQuote(cell[end]) else {
        guard !prefix.isEmpty else { throw TurnFailure(problem: .notText, offset: start) }
        guard prefix.elementsEqual("null".utf8) || prefix.elementsEqual("None".utf8) else {
            if let first = prefix.first, first &- 48 < 10 {
                throw TurnFailure(problem: .notText, offset: start)
            }
            let name = String(decoding: prefix.prefix(24), as: UTF8.self)
            throw TurnFailure(problem: .unknownName(name), offset: start)
        }
        at = end
        return nil
    }
    var isRaw = false
    switch prefix.map({ $0 | 0x20 }) {
    case []: break
    case [UInt8(ascii: "u")]: break
    case [UInt8(ascii: "r")]: isRaw = true
    case let letters where letters.count <= 2 && letters.contains(UInt8(ascii: "b")):
        throw TurnFailure(problem: .bytesLiteral, offset: start)
    case let letters where letters.count <= 2 && letters.contains(UInt8(ascii: "f")):
        throw TurnFailure(problem: .formattedLiteral, offset: start)
    default: throw TurnFailure(problem: .noComma, offset: end)
    }
    let mark = cell[end]
    let isTriple = end + 2 < cell.count && cell[end + 1] == mark && cell[end + 2] == mark
    at = end + (isTriple ? 3 : 1)
    return LiteralStart(quote: mark, isTriple: isTriple, isRaw: isRaw, offset: start)
}

/// The text of a literal up to and past its closing quotes.
private func decodeLiteral(
    _ cell: UnsafeRawBufferPointer, _ at: inout Int, _ literal: LiteralStart,
    _ out: inout TurnOutput
) throws(TurnFailure) {
    while true {
        out.copyPlain(cell, &at, upTo: literal.quote)
        guard at < cell.count else {
            throw TurnFailure(problem: .unterminated, offset: literal.offset)
        }
        let byte = cell[at]
        switch byte {
        case literal.quote:
            guard literal.isTriple else {
                at += 1
                return
            }
            if at + 2 < cell.count, cell[at + 1] == byte, cell[at + 2] == byte {
                at += 3
                return
            }
            out.append(byte)
            at += 1
        case backslash where literal.isRaw:
            out.append(backslash)
            at += 1
            guard at < cell.count else { break }
            try appendAny(cell, &at, &out)
        case backslash: try decodeEscape(cell, &at, &out)
        case 10, 13:
            guard literal.isTriple else { throw TurnFailure(problem: .lineBreak, offset: at) }
            try appendAny(cell, &at, &out)
        default:
            out.append(byte)
            at += 1
        }
    }
}

/// A byte as it stands; a line end of any kind as LF, as Python reads its source.
private func appendAny(
    _ cell: UnsafeRawBufferPointer, _ at: inout Int, _ out: inout TurnOutput
) throws(TurnFailure) {
    if skipLineEnd(cell, &at) {
        out.append(10)
    } else {
        out.append(cell[at])
        at += 1
    }
}

private func decodeEscape(
    _ cell: UnsafeRawBufferPointer, _ at: inout Int, _ out: inout TurnOutput
) throws(TurnFailure) {
    let start = at
    guard at + 1 < cell.count else { throw TurnFailure(problem: .badEscape, offset: at) }
    let letter = cell[at + 1]
    at += 2
    switch letter {
    case UInt8(ascii: "n"): out.append(10)
    case UInt8(ascii: "\""), UInt8(ascii: "'"), backslash: out.append(letter)
    case UInt8(ascii: "t"): out.append(9)
    case UInt8(ascii: "r"): out.append(13)
    case UInt8(ascii: "a"): out.append(7)
    case UInt8(ascii: "b"): out.append(8)
    case UInt8(ascii: "f"): out.append(12)
    case UInt8(ascii: "v"): out.append(11)
    case 10, 13:
        at = start + 1
        _ = skipLineEnd(cell, &at)
    case UInt8(ascii: "0")...UInt8(ascii: "7"):
        var value = UInt32(letter - 48)
        for _ in 0..<2 {
            guard at < cell.count, cell[at] >= 48, cell[at] < 56 else { break }
            value = value * 8 + UInt32(cell[at] - 48)
            at += 1
        }
        out.append(unit: value)
    case UInt8(ascii: "x"): try appendHex(cell, &at, digits: 2, from: start, &out)
    case UInt8(ascii: "u"): try appendHex(cell, &at, digits: 4, from: start, &out)
    case UInt8(ascii: "U"): try appendHex(cell, &at, digits: 8, from: start, &out)
    case UInt8(ascii: "N"): throw TurnFailure(problem: .namedEscape, offset: start)
    default:
        // Not an escape of Python's: the backslash stays, and so does what follows it.
        out.append(backslash)
        at = start + 1
    }
}

private func appendHex(
    _ cell: UnsafeRawBufferPointer, _ at: inout Int, digits: Int, from start: Int,
    _ out: inout TurnOutput
) throws(TurnFailure) {
    guard let unit = hexDigits(cell, at, digits), unit <= 0x10FFFF else {
        throw TurnFailure(problem: .badEscape, offset: start)
    }
    out.append(unit: unit)
    at += digits
}

/// Moves past LF, CRLF or CR.
private func skipLineEnd(_ cell: UnsafeRawBufferPointer, _ at: inout Int) -> Bool {
    guard at < cell.count, cell[at] == 10 || cell[at] == 13 else { return false }
    at += cell[at] == 13 && at + 1 < cell.count && cell[at + 1] == 10 ? 2 : 1
    return true
}

/// Blanks, line ends, comments and continued lines between the parts of a list.
private func skipBlanks(
    _ cell: UnsafeRawBufferPointer, _ at: inout Int, continuing: Bool = true
) {
    while at < cell.count {
        switch cell[at] {
        case 9, 10, 12, 13, 32: at += 1
        case UInt8(ascii: "#"): while at < cell.count, cell[at] != 10, cell[at] != 13 { at += 1 }
        case backslash where continuing:
            var next = at + 1
            guard skipLineEnd(cell, &next) else { return }
            at = next
        default: return
        }
    }
}

private func isQuote(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'")
}

private func isNameByte(_ byte: UInt8) -> Bool {
    byte | 0x20 >= 97 && byte | 0x20 <= 122 || byte &- 48 < 10 || byte == 95 || byte >= 0x80
}
