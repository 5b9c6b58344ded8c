// Cells of turns by strip and split, the way many notebooks cut them: no cell is refused and nothing
// is decoded.

/// Strips `[` and `]` from both ends, splits at `","`, strips `"` from both ends of each piece.
func splitTurns(_ cell: UnsafeRawBufferPointer, into out: inout TurnOutput) {
    var from = 0
    var to = cell.count
    func isBracket(_ at: Int) -> Bool {
        cell[at] == UInt8(ascii: "[") || cell[at] == UInt8(ascii: "]")
    }
    while from < to, isBracket(from) { from += 1 }
    while to > from, isBracket(to - 1) { to -= 1 }
    var start = from
    var at = from
    while at + 3 <= to {
        guard cell[at] == quote, cell[at + 1] == UInt8(ascii: ","), cell[at + 2] == quote else {
            at += 1
            continue
        }
        appendPiece(cell, start, at, &out)
        at += 3
        start = at
    }
    appendPiece(cell, start, to, &out)
}

private func appendPiece(
    _ cell: UnsafeRawBufferPointer, _ start: Int, _ end: Int, _ out: inout TurnOutput
) {
    var from = start
    var to = end
    while from < to, cell[from] == quote { from += 1 }
    while to > from, cell[to - 1] == quote { to -= 1 }
    out.appendTurn(UnsafeRawBufferPointer(rebasing: cell[from..<to]))
}
