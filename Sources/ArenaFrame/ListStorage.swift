// Lists of texts, one list a row: the turns of a conversation. A row is a run of the shared turns.

/// The turns of each row.
package struct ListStorage: Sendable {
    /// A row's turns: `count` of them from `start` on.
    struct Row: Sendable, BitwiseCopyable {
        var start: Int
        var count: Int
    }

    let rows: [Row]
    let turns: TextStorage
    /// Which turns hold a text; nil if all do. A null turn that was kept is missing here.
    let turnValidity: Validity?

    init(rows: [Row], turns: TextStorage, turnValidity: Validity?) {
        self.rows = rows
        self.turns = turns
        self.turnValidity = turnValidity.flatMap { $0.missingCount == 0 ? nil : $0 }
    }

    /// Lists from strings; nil is a missing turn.
    /// - Throws: `FrameError.outOfMemory`.
    package init(_ lists: [[String?]]) throws(FrameError) {
        var rows: [Row] = []
        var builder = TextBuilder()
        var validity = Validity(repeating: true, count: 0)
        for list in lists {
            rows.append(Row(start: builder.count, count: list.count))
            for turn in list {
                try builder.append(turn ?? "")
                validity.append(turn != nil)
            }
        }
        self.init(rows: rows, turns: builder.finish(), turnValidity: validity)
    }

    /// The number of rows.
    package var count: Int { rows.count }

    /// The number of turns of a row.
    package func turnCount(at row: Int) -> Int { rows[row].count }

    /// The turns of a row; nil stands for a missing turn.
    package func strings(at row: Int) -> [String?] {
        (rows[row].start..<rows[row].start + rows[row].count).map { turn in
            isMissing(turn: turn) ? nil : turns.string(at: turn)
        }
    }

    /// Calls `body` with the bytes of each turn of a row, nil for a missing turn.
    package func forEachTurn(at row: Int, _ body: (UnsafeRawBufferPointer?) -> Void) {
        for turn in rows[row].start..<rows[row].start + rows[row].count {
            if isMissing(turn: turn) { body(nil) } else { turns.withBytes(at: turn) { body($0) } }
        }
    }

    func isMissing(turn: Int) -> Bool { turnValidity.map { !$0[turn] } ?? false }

    /// The rows in the order given, sharing the turns.
    /// - Precondition: every row is in range.
    package func taking(_ wanted: some Sequence<Int>) -> ListStorage {
        ListStorage(rows: gathered(rows, Array(wanted)), turns: turns, turnValidity: turnValidity)
    }
}
