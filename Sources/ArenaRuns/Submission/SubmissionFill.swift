// What stands in for rows that have no prediction: rows as a whole, since a row of probabilities that is
// filled in part adds up to nothing.

/// Where the values of rows without a prediction come from.
package enum SubmissionFill: Sendable {
    /// The mean of the rows that have one, column by column.
    case mean
    /// The sample's own values.
    case like
    /// The rows of another table, by id; where it has none, the mean.
    case table(SubmissionTable)
}

/// How many rows were filled, from where.
package struct FilledRows: Sendable, Equatable {
    package var mean = 0
    package var like = 0
    package var table = 0

    package var count: Int { mean + like + table }

    /// "12 rows filled: 10 with the mean of the others, 2 from the sample"; empty if there are none.
    package var sentence: String {
        let parts = [
            (table, "from the given frame"), (mean, "with the mean of the others"),
            (like, "from the sample"),
        ].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        guard !parts.isEmpty else { return "" }
        return "\(count) row\(count == 1 ? "" : "s") filled: \(parts.joined(separator: ", "))"
    }
}

extension SubmissionTable {
    /// Fills rows that miss a value; the table stands in the sample's order.
    /// - Throws: `SubmissionError.columns` if the other table lacks some.
    mutating func fill(
        with fill: SubmissionFill, like sample: SubmissionTable
    ) throws(SubmissionError) -> FilledRows {
        let gaps = ids.indices.filter { row in columns.indices.contains { isMissing($0, row) } }
        var filled = FilledRows()
        guard !gaps.isEmpty else { return filled }
        let missing = Set(gaps)
        let complete = ids.indices.filter { !missing.contains($0) }
        let means = values.map { column in
            complete.reduce(0) { $0 + column[$1] } / Double(complete.count)
        }
        var other: (table: SubmissionTable, columns: [Int], rows: [String: Int])?
        if case .table(let table) = fill {
            let lacking = columns.filter { !table.columns.contains($0) }
            guard lacking.isEmpty else {
                throw .columns(missing: lacking, extra: [], known: table.columns)
            }
            other = (
                table, columns.compactMap { table.columns.firstIndex(of: $0) },
                Dictionary(table.ids.enumerated().map { ($1, $0) }) { first, _ in first }
            )
        }
        for row in gaps {
            if let other, let from = other.rows[ids[row]],
                !other.columns.contains(where: { other.table.isMissing($0, from) })
            {
                set(row, other.columns.map { other.table.values[$0][from] })
                filled.table += 1
            } else if case .like = fill {
                set(row, sample, row)
                filled.like += 1
            } else if complete.isEmpty {
                set(row, sample, row)
                filled.like += 1
            } else {
                set(row, means)
                filled.mean += 1
            }
        }
        return filled
    }

    /// The sample's row, with its columns in their order here.
    private mutating func set(_ row: Int, _ sample: SubmissionTable, _ from: Int) {
        set(
            row,
            columns.map { name in
                sample.columns.firstIndex(of: name).map { sample.values[$0][from] } ?? .nan
            })
    }

    private mutating func set(_ row: Int, _ numbers: [Double]) {
        for (column, number) in numbers.enumerated() {
            values[column][row] = number
            present?[column][row] = true
        }
    }
}
