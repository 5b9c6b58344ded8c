// Tables of a statistic: a row for each value of some columns, a column for each value of another, and
// totals at their ends if they are asked for.

/// A table in the making.
package struct Pivot: Sendable {
    /// The rows by the columns that name them.
    private let groups: Grouping
    /// The table's columns; with totals they have one row more than there are groups, and the last is
    /// the totals'.
    package var columns: [(name: String, column: Column)]
    /// The name of the last row, which holds the totals; nil: there is none.
    package var totalsRow: String?

    /// - Parameters:
    ///   - values: The column that is summed up; nil counts rows.
    ///   - fill: What cells hold that no row belongs to.
    ///   - totals: The name of a row and of a column with the statistic of all rows of each column and
    ///     row; nil leaves them out. Rows that belong to no cell do not count.
    /// - Throws: `FrameError.unknownColumn`, `.columnType`, `.overflow`.
    package init(
        _ frame: Frame, index: [String], columns wide: String, values: String?,
        statistic: Statistic, fill: Scalar, totals: String? = nil
    ) throws(FrameError) {
        let rowGroups = try Grouping(frame, by: index)
        let header = try Series(trusting: wide, frame.column(wide), nil).encoded()
        let width = header.classes.count
        var pairs = [Int64](repeating: 0, count: frame.rowCount)
        var validity = Validity(repeating: true, count: frame.rowCount)
        for row in 0..<frame.rowCount {
            let (a, b) = (rowGroups.codes[row], header.codes[row])
            if a < 0 || b < 0 { validity[row] = false }
            pairs[row] = Int64(a) * Int64(max(1, width)) + Int64(b)
        }
        let cells = factor(pairs, validity)
        let series = try values.map { (name) throws(FrameError) in try frame.series(name) }
        let grouping = Grouping(frame, [], cells, sort: false)
        let results =
            try series.map { (series) throws(FrameError) in
                try grouping.aggregated(series, statistic)
            } ?? Column(cells.sizes.map { Int64($0) })
        groups = rowGroups
        columns = []
        for at in 0..<width {
            var rows = [Int](repeating: -1, count: rowGroups.count)
            for (cell, row) in cells.firstRows.enumerated()
            where Int(header.codes[row]) == at {
                rows[Int(rowGroups.codes[row])] = cell
            }
            let name = header.classes.text(at) ?? ""
            var column = results.taking(optional: rows)
            if fill != .missing {
                column = try Series(trusting: name, column, nil).filled(fill).column
            }
            columns.append((name, column))
        }
        guard let totals else { return }
        func total(_ rows: [Int]) throws(FrameError) -> Scalar {
            guard let series else { return .int(Int64(rows.count)) }
            return try series.taking(trusted: rows).statistic(statistic)
        }
        let counted = (0..<frame.rowCount).filter { validity[$0] }
        var perRow = [[Int]](repeating: [], count: rowGroups.count)
        var perColumn = [[Int]](repeating: [], count: width)
        for row in counted {
            perRow[Int(rowGroups.codes[row])].append(row)
            perColumn[Int(header.codes[row])].append(row)
        }
        var last: [Scalar] = []
        for rows in perRow { last.append(try total(rows)) }
        columns.append((totals, try Column.of(last) ?? .missing(results.type, count: last.count)))
        for at in columns.indices {
            let below = try total(at < width ? perColumn[at] : counted)
            let one = try Column.of([below]) ?? .missing(columns[at].column.type, count: 1)
            columns[at].column = columns[at].column.appending(one) ?? columns[at].column
        }
        totalsRow = totals
    }

    /// The table as a frame: keyed by the one column that names its rows, or with several before the
    /// others. Where the last row is named in words so are all.
    /// - Throws: `FrameError.duplicateColumn`, `.keyDuplicate`.
    package func frame() throws(FrameError) -> Frame {
        guard let totalsRow else { return try groups.result(columns) }
        var names: [Column] = []
        for (at, key) in groups.keys.enumerated() {
            let words = (0..<groups.count).map { key.text($0) } + [at == 0 ? totalsRow : ""]
            names.append(try Column(words))
        }
        if names.count == 1 {
            return try Frame(
                names: columns.map(\.name), columns: columns.map(\.column),
                key: try FrameKey(name: groups.names[0], column: names[0]))
        }
        return try Frame(
            names: groups.names + columns.map(\.name), columns: names + columns.map(\.column))
    }
}
