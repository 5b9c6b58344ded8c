// A frame: named columns of one length in a fixed order, and perhaps a key that names the rows. A
// value type; every verb returns a new frame and shares what it did not change. There is no index
// that aligns by itself: what is joined is joined by key, on demand.

/// Named columns of equal length.
package struct Frame: Sendable {
    /// What names the rows; nil if nothing does.
    package let key: FrameKey?
    /// The names of the columns, in order; the key is not among them.
    package let names: [String]
    /// The columns, in the order of their names.
    package let columns: [Column]
    /// The number of rows.
    package let rowCount: Int

    /// A frame of these columns.
    /// - Throws: `FrameError.duplicateColumn`, `.lengths`.
    package init(names: [String], columns: [Column], key: FrameKey? = nil) throws(FrameError) {
        precondition(names.count == columns.count, "a name for every column")
        var seen = Set<String>()
        for name in (key.map { [$0.name] } ?? []) + names where !seen.insert(name).inserted {
            throw .duplicateColumn(name: name)
        }
        let rows = key?.count ?? columns.first?.count ?? 0
        for (name, column) in zip(names, columns) where column.count != rows {
            throw .lengths(column: name, expected: rows, found: column.count)
        }
        self.init(trusting: names, columns, key, rows: rows)
    }

    init(trusting names: [String], _ columns: [Column], _ key: FrameKey?, rows: Int) {
        self.names = names
        self.columns = columns
        self.key = key
        rowCount = rows
    }

    /// The names as a script may use them: the key's and the columns'.
    package var knownNames: [String] { (key.map { [$0.name] } ?? []) + names }

    /// The place of a column among the columns; nil if there is none of that name.
    package func position(of name: String) -> Int? { names.firstIndex(of: name) }

    /// The column of that name; the key's name gives the key's values.
    /// - Throws: `FrameError.unknownColumn`.
    package func column(_ name: String) throws(FrameError) -> Column {
        if let at = position(of: name) { return columns[at] }
        if let key, key.name == name { return key.column }
        throw .unknownColumn(name: name, known: knownNames, place: nil)
    }

    /// The column of that name with the frame's key.
    /// - Throws: `FrameError.unknownColumn`.
    package func series(_ name: String) throws(FrameError) -> Series {
        Series(trusting: name, try column(name), key)
    }

    /// The key, which `verb` cannot do without.
    /// - Throws: `FrameError.noKey`.
    package func requiredKey(for verb: String) throws(FrameError) -> FrameKey {
        guard let key else { throw .noKey(verb: verb) }
        return key
    }
}
