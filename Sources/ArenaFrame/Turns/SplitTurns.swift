// Cells of turns by strip and split, the way many notebooks cut them: no cell is refused and nothing
// is decoded.

import Glibc

/// Strips `[` and `]` from both ends, splits at `","`, strips `"` from both ends of each piece.
func splitTurns(_ cell: UnsafeRawBufferPointer, into out: inout TurnOutput) {
    forEachSplitTurn(cell) { out.appendTurn(UnsafeRawBufferPointer(rebasing: cell[$0])) }
}

/// Calls `body` with the place of each turn in the cell.
func forEachSplitTurn(_ cell: UnsafeRawBufferPointer, _ body: (Range<Int>) -> Void) {
    var from = 0
    var to = cell.count
    while from < to, isBracket(cell[from]) { from += 1 }
    while to > from, isBracket(cell[to - 1]) { to -= 1 }
    var start = from
    var at = from
    while let found = offset(of: quote, in: cell, at..<to), found + 3 <= to {
        guard cell[found + 1] == UInt8(ascii: ","), cell[found + 2] == quote else {
            at = found + 1
            continue
        }
        body(withoutQuotes(cell, start..<found))
        at = found + 3
        start = at
    }
    body(withoutQuotes(cell, start..<to))
}

private func isBracket(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "[") || byte == UInt8(ascii: "]")
}

private func withoutQuotes(_ cell: UnsafeRawBufferPointer, _ range: Range<Int>) -> Range<Int> {
    var from = range.lowerBound
    var to = range.upperBound
    while from < to, cell[from] == quote { from += 1 }
    while to > from, cell[to - 1] == quote { to -= 1 }
    return from..<to
}

/// The first place of a byte in a range of the cell.
@inline(__always)
private func offset(of byte: UInt8, in cell: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int? {
    guard let base = cell.baseAddress, !range.isEmpty else { return nil }
    // SAFETY: the range lies in the cell.
    return memchr(base + range.lowerBound, Int32(byte), range.count).map {
        UnsafeRawPointer($0) - base
    }
}
