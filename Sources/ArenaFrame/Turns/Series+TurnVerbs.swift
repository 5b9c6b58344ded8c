// Lists of turns taken apart: one turn of each row, turns of several columns in turn. All share the
// bytes of the turns.

import ArenaCore

extension Series {
    /// The turn at a place of each row, from the end where negative; missing where there is none.
    /// - Throws: `FrameError.columnType`.
    package func turn(at place: Int) throws(FrameError) -> Series {
        let lists = try lists(for: "turn")
        var views: [TextView] = []
        var validity = Validity(repeating: true, count: 0)
        views.reserveCapacity(count)
        for row in 0..<count {
            let list = lists.rows[row]
            let at = place < 0 ? place + list.count : place
            let isThere =
                !column.isMissing(row) && at >= 0 && at < list.count
                && !lists.isMissing(turn: list.start + at)
            views.append(isThere ? lists.turns.views[list.start + at] : .empty)
            validity.append(isThere)
        }
        let texts = TextStorage(views: views, chunks: lists.turns.chunks)
        return Series(trusting: name, Column(.string(texts), validity: validity), key)
    }

    /// The turns of this column and of others by turns: the first of each, the second of each, and so
    /// on; a column that has no more is passed over.
    /// - Throws: `FrameError.columnType`, `.lengths`.
    package func interleaved(with others: [Series]) throws(FrameError) -> Series {
        var all = [try lists(for: "interleave")]
        for other in others {
            guard other.count == count else {
                throw .lengths(column: other.name, expected: count, found: other.count)
            }
            all.append(try other.lists(for: "interleave"))
        }
        let bases = all.indices.map { at in all[..<at].reduce(0) { $0 + $1.turns.chunks.count } }
        var views: [TextView] = []
        var present = Validity(repeating: true, count: 0)
        var rows: [ListStorage.Row] = []
        rows.reserveCapacity(count)
        for row in 0..<count {
            let start = views.count
            let longest = all.reduce(0) { max($0, $1.rows[row].count) }
            for turn in 0..<longest {
                for (lists, base) in zip(all, bases) where turn < lists.rows[row].count {
                    let at = lists.rows[row].start + turn
                    var view = lists.turns.views[at]
                    view.chunk &+= UInt32(base)
                    views.append(view)
                    present.append(!lists.isMissing(turn: at))
                }
            }
            rows.append(ListStorage.Row(start: start, count: views.count - start))
        }
        let turns = TextStorage(views: views, chunks: all.flatMap(\.turns.chunks))
        let lists = ListStorage(rows: rows, turns: turns, turnValidity: present)
        return Series(trusting: name, Column(.turns(lists)), key)
    }

    /// Whether a row has a turn that is neither null nor empty.
    /// - Throws: `FrameError.columnType`.
    package func hasTurns() throws(FrameError) -> Series {
        let lists = try lists(for: "has_turns")
        let values = (0..<count).map { row in
            let list = lists.rows[row]
            return !column.isMissing(row)
                && (list.start..<list.start + list.count).contains {
                    !lists.isMissing(turn: $0) && lists.turns.byteCount(at: $0) > 0
                }
        }
        return Series(trusting: name, Column(values), key)
    }
}
