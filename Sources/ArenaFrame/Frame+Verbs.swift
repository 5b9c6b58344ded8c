// The verbs that choose, name and order columns and rows.

extension Frame {
    /// The first `n` rows, or all if there are fewer; a negative `n` leaves out the last -n.
    package func head(_ n: Int = 5) -> Frame {
        let count = n < 0 ? max(0, rowCount + max(n, -rowCount)) : min(n, rowCount)
        return taking(trusted: Array(0..<count))
    }

    /// The rows in the order given.
    /// - Throws: `FrameError.rowOutOfRange`; `.keyDuplicate` if a keyed row is taken twice.
    package func take(_ rows: [Int]) throws(FrameError) -> Frame {
        for row in rows where row < 0 || row >= rowCount {
            throw .rowOutOfRange(row: row, count: rowCount)
        }
        if let key {
            var taken = Validity(repeating: false, count: rowCount)
            for (place, row) in rows.enumerated() {
                if taken[row] {
                    throw .keyDuplicate(
                        key: key.name, value: key.label(row), first: rows.firstIndex(of: row) ?? 0,
                        second: place)
                }
                taken[row] = true
            }
        }
        return taking(trusted: rows)
    }

    /// The rows in ascending order of the key.
    /// - Throws: `FrameError.noKey`.
    /// - Complexity: O(rows log rows)
    package func sortedByKey() throws(FrameError) -> Frame {
        taking(trusted: try requiredKey(for: "sort by key").sortedRows())
    }

    /// The columns of these names, in this order; the key stays.
    /// - Throws: `FrameError.unknownColumn`, `.duplicateColumn`.
    package func select(_ wanted: [String]) throws(FrameError) -> Frame {
        var names: [String] = []
        var chosen: [Column] = []
        for name in wanted where name != key?.name {
            names.append(name)
            chosen.append(try column(name))
        }
        return try Frame(names: names, columns: chosen, key: key, rows: rowCount)
    }

    /// The frame with a column put in the place of its namesake, or at the end.
    /// - Throws: `FrameError.lengths`, `.keyAssigned`.
    package func assign(_ name: String, _ column: Column) throws(FrameError) -> Frame {
        guard name != key?.name else { throw .keyAssigned(key: name) }
        guard columns.isEmpty && key == nil || column.count == rowCount else {
            throw .lengths(column: name, expected: rowCount, found: column.count)
        }
        var names = names
        var columns = columns
        if let at = position(of: name) {
            columns[at] = column
        } else {
            names.append(name)
            columns.append(column)
        }
        return Frame(trusting: names, columns, key, rows: column.count)
    }

    /// The frame with a keyed column assigned: its rows must be this frame's, in this order.
    ///
    /// A column of other rows is refused, not aligned: whoever wants a join asks for one.
    /// - Throws: `FrameError.lengths`, `.keyAssigned`, `.otherRows`.
    package func assign(_ name: String, _ series: Series) throws(FrameError) -> Frame {
        if let key, let other = series.key, series.count == rowCount {
            if let row = key.firstDifference(from: other) {
                throw .otherRows(
                    column: name, row: row, expected: key.label(row), found: other.label(row))
            }
        }
        return try assign(name, series.column)
    }

    /// The frame with columns, or the key, under other names.
    /// - Throws: `FrameError.unknownColumn`, `.duplicateColumn`.
    package func rename(_ changes: [String: String]) throws(FrameError) -> Frame {
        for old in changes.keys.sorted() where !knownNames.contains(old) {
            throw .unknownColumn(name: old, known: knownNames, place: nil)
        }
        return try Frame(
            names: names.map { changes[$0] ?? $0 }, columns: columns,
            key: key.map { $0.renamed(changes[$0.name] ?? $0.name) }, rows: rowCount)
    }

    /// The frame with the contents of two columns exchanged; the names stay where they are.
    /// - Throws: `FrameError.unknownColumn`, `.keyAssigned`.
    package func swap(_ a: String, _ b: String) throws(FrameError) -> Frame {
        for name in [a, b] where name == key?.name { throw .keyAssigned(key: name) }
        let first = try column(a)
        let second = try column(b)
        return try assign(a, second).assign(b, first)
    }

    /// Rows that are known to be in range and, if there is a key, each taken once.
    func taking(trusted rows: [Int]) -> Frame {
        Frame(
            trusting: names, columns.map { $0.taking(rows) },
            key.map { FrameKey(trusting: $0.name, $0.column.taking(rows)) }, rows: rows.count)
    }

    /// As the public initializer, but a frame without columns and key keeps its number of rows.
    private init(names: [String], columns: [Column], key: FrameKey?, rows: Int) throws(FrameError) {
        let checked = try Frame(names: names, columns: columns, key: key)
        self.init(trusting: checked.names, checked.columns, checked.key, rows: rows)
    }
}

extension FrameKey {
    /// Whether both keys have the same value in this row.
    func equals(_ other: FrameKey, at row: Int) -> Bool {
        sameValue(column, row, other.column, row)
    }

    /// The first row where another key of as many rows has another value; nil if there is none.
    func firstDifference(from other: FrameKey) -> Int? {
        if sharesRows(with: other) { return nil }
        return (0..<count).first { !equals(other, at: $0) }
    }

    /// Whether both are one column in memory, which spares comparing row by row.
    private func sharesRows(with other: FrameKey) -> Bool {
        switch (column.storage, other.column.storage) {
        case (.int64(let a), .int64(let b)):
            return a.withUnsafeBufferPointer { x in
                b.withUnsafeBufferPointer { x.baseAddress == $0.baseAddress && x.count == $0.count }
            }
        case (.string(let a), .string(let b)):
            return a.views.withUnsafeBufferPointer { x in
                b.views.withUnsafeBufferPointer {
                    x.baseAddress == $0.baseAddress && x.count == $0.count
                }
            }
        case (.bool, _), (.int64, _), (.float64, _), (.float32, _), (.string, _), (.turns, _),
            (.ints, _), (.floats, _), (.matrix, _), (.categorical, _), (.timestamp, _):
            return false
        }
    }
}
