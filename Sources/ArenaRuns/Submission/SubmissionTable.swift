// A table of predictions as plain values: what a submission is checked from. Whoever has frames makes
// one of them; this module knows nothing of frames.

/// Rows with an id and numbers in named columns.
package struct SubmissionTable: Sendable, Equatable {
    /// The name of the id column.
    package var idName: String
    /// The ids, row by row.
    package var ids: [String]
    /// The names of the columns of numbers.
    package var columns: [String]
    /// The numbers, column by column; of a missing one anything.
    package var values: [[Double]]
    /// Which numbers are there, column by column; nil if all are.
    package var present: [[Bool]]?

    /// A table of these values.
    /// - Precondition: a list of values for each column, a value for each id.
    package init(
        idName: String, ids: [String], columns: [String], values: [[Double]],
        present: [[Bool]]? = nil
    ) {
        precondition(values.count == columns.count, "values for every column")
        precondition(values.allSatisfy { $0.count == ids.count }, "a value for every id")
        if let present {
            precondition(present.count == columns.count, "presence for every column")
            precondition(present.allSatisfy { $0.count == ids.count }, "presence for every id")
        }
        self.idName = idName
        self.ids = ids
        self.columns = columns
        self.values = values
        self.present = present
    }

    func isMissing(_ column: Int, _ row: Int) -> Bool { present.map { !$0[column][row] } ?? false }

    func sum(ofRow row: Int) -> Double { values.reduce(0) { $0 + $1[row] } }

    /// Whether the rows are probabilities of classes: several columns, all values in [0, 1], every
    /// row adding up to 1 within 0.001.
    package var holdsProbabilities: Bool {
        guard columns.count > 1, !ids.isEmpty else { return false }
        return ids.indices.allSatisfy { row in
            columns.indices.allSatisfy { column in
                !isMissing(column, row) && values[column][row] >= 0 && values[column][row] <= 1
            } && abs(sum(ofRow: row) - 1) <= 1e-3
        }
    }

    /// The same table with its columns and rows at other places.
    func arranged(columns order: [Int], rows: [Int]) -> SubmissionTable {
        SubmissionTable(
            idName: idName, ids: rows.map { ids[$0] }, columns: order.map { columns[$0] },
            values: order.map { column in rows.map { values[column][$0] } },
            present: present.map { present in
                order.map { column in rows.map { present[column][$0] } }
            })
    }
}
