// Frames and columns in the order of their values.

/// A sort key: a column of the frame, and whether it ascends.
package struct SortKey: Sendable {
    package var name: String
    package var ascending: Bool

    package init(_ name: String, ascending: Bool = true) {
        self.name = name
        self.ascending = ascending
    }
}

extension Frame {
    /// The rows in the order of some columns, the first of them first; stable, missing last.
    /// - Throws: `FrameError.unknownColumn`, `.columnType`.
    package func sorted(by keys: [SortKey]) throws(FrameError) -> Frame {
        var rows: [Int]?
        for key in keys.reversed() {
            let column = try column(key.name)
            guard let order = sortedOrder(of: column, from: rows, ascending: key.ascending) else {
                throw .columnType(
                    verb: "sort_values", column: key.name,
                    needed: "a column of numbers or text", found: column.type)
            }
            rows = order
        }
        return taking(trusted: rows ?? Array(0..<rowCount))
    }
}

extension Series {
    /// The rows in the order of the values; stable, missing last.
    /// - Throws: `FrameError.columnType`.
    package func sorted(ascending: Bool) throws(FrameError) -> Series {
        taking(trusted: try order(ascending: ascending))
    }

    /// The row numbers in the order of the values; stable, missing last.
    /// - Throws: `FrameError.columnType`.
    package func order(ascending: Bool) throws(FrameError) -> [Int] {
        guard let rows = sortedOrder(of: column, from: nil, ascending: ascending) else {
            throw .columnType(
                verb: "sort_values", column: name, needed: "a column of numbers or text",
                found: column.type)
        }
        return rows
    }

    /// Rows that are known to be in range and, if there is a key, each taken once.
    func taking(trusted rows: [Int]) -> Series {
        Series(
            trusting: name, column.taking(rows),
            key.map { FrameKey(trusting: $0.name, $0.column.taking(rows)) })
    }

    /// The rows in the order given.
    /// - Throws: `FrameError.rowOutOfRange`; `.keyDuplicate` if a keyed row is taken twice.
    package func take(_ rows: [Int]) throws(FrameError) -> Series {
        let frame = Frame(trusting: [name], [column], key, rows: count)
        let taken = try frame.take(rows)
        return Series(trusting: name, taken.columns[0], taken.key)
    }

    /// The same rows with other values.
    func with(_ column: Column) -> Series { Series(trusting: name, column, key) }

    /// The same column under another name.
    package func renamed(_ name: String) -> Series { Series(trusting: name, column, key) }
}
