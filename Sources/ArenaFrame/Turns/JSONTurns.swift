// Cells of turns as JSON (RFC 8259), strictly: an array of strings and nulls, nothing unescaped that
// must be escaped, nothing after it.

func decodeJSONTurns(
    _ cell: UnsafeRawBufferPointer, into out: inout TurnOutput
) throws(TurnFailure) {
    var at = 0
    skipSpace(cell, &at)
    guard at < cell.count, cell[at] == UInt8(ascii: "[") else {
        throw TurnFailure(problem: .notAList, offset: at)
    }
    at += 1
    skipSpace(cell, &at)
    if at < cell.count, cell[at] == UInt8(ascii: "]") {
        at += 1
    } else {
        while try decodeElement(cell, &at, &out) {}
    }
    skipSpace(cell, &at)
    if at < cell.count { throw TurnFailure(problem: .afterList, offset: at) }
}

/// An element and the comma or bracket after it; false at the list's end.
private func decodeElement(
    _ cell: UnsafeRawBufferPointer, _ at: inout Int, _ out: inout TurnOutput
) throws(TurnFailure) -> Bool {
    skipSpace(cell, &at)
    guard at < cell.count else { throw TurnFailure(problem: .endOfCell, offset: at) }
    if cell[at] == quote {
        try decodeString(cell, &at, &out)
    } else if cell[at...].starts(with: "null".utf8) {
        at += 4
        out.appendNull()
    } else {
        throw TurnFailure(problem: .notText, offset: at)
    }
    skipSpace(cell, &at)
    guard at < cell.count else { throw TurnFailure(problem: .endOfCell, offset: at) }
    switch cell[at] {
    case UInt8(ascii: ","):
        at += 1
        return true
    case UInt8(ascii: "]"):
        at += 1
        return false
    default: throw TurnFailure(problem: .noComma, offset: at)
    }
}

private func decodeString(
    _ cell: UnsafeRawBufferPointer, _ at: inout Int, _ out: inout TurnOutput
) throws(TurnFailure) {
    let open = at
    at += 1
    out.beginTurn()
    while true {
        out.copyPlain(cell, &at, upTo: quote)
        guard at < cell.count else { throw TurnFailure(problem: .unterminated, offset: open) }
        switch cell[at] {
        case quote:
            at += 1
            out.endTurn()
            return
        case backslash: try decodeEscape(cell, &at, &out)
        case let byte: throw TurnFailure(problem: .control(byte), offset: at)
        }
    }
}

private func decodeEscape(
    _ cell: UnsafeRawBufferPointer, _ at: inout Int, _ out: inout TurnOutput
) throws(TurnFailure) {
    guard at + 1 < cell.count else { throw TurnFailure(problem: .badEscape, offset: at) }
    switch cell[at + 1] {
    case UInt8(ascii: "n"): out.append(10)
    case quote: out.append(quote)
    case backslash: out.append(backslash)
    case UInt8(ascii: "/"): out.append(UInt8(ascii: "/"))
    case UInt8(ascii: "t"): out.append(9)
    case UInt8(ascii: "r"): out.append(13)
    case UInt8(ascii: "b"): out.append(8)
    case UInt8(ascii: "f"): out.append(12)
    case UInt8(ascii: "u"):
        guard let unit = hexDigits(cell, at + 2, 4) else {
            throw TurnFailure(problem: .badEscape, offset: at)
        }
        out.append(unit: unit)
        at += 4
    default: throw TurnFailure(problem: .badEscape, offset: at)
    }
    at += 2
}

private func skipSpace(_ cell: UnsafeRawBufferPointer, _ at: inout Int) {
    while at < cell.count {
        switch cell[at] {
        case 9, 10, 13, 32: at += 1
        default: return
        }
    }
}
