// Why a table is no submission, as facts. The words are in SubmissionError+Report.swift.

import ArenaCore

/// An error about a submission. Rows count from 0.
package enum SubmissionError: ArenaFault, Equatable {
    case idColumn(expected: String, found: String)
    case columnTwice(name: String)
    case columns(missing: [String], extra: [String], known: [String])
    case columnOrder(expected: [String], found: [String])
    case idsTwice(ids: [String], count: Int, isSample: Bool)
    /// `rows` is the number of rows of the sample; of the ids only examples are kept.
    case ids(
        missing: [String], missingCount: Int, strange: [String], strangeCount: Int, rows: Int)
    case rowOrder(row: Int, expected: String, found: String)
    case missingValues(first: Cell, count: Int)
    case notFinite(first: Cell, count: Int)
    case outsideRange(first: Cell, count: Int)
    case rowSum(id: String, sum: Double, count: Int)
    case file(FileError)

    /// A value and where it stands.
    package struct Cell: Sendable, Equatable {
        /// The row's id.
        package var id: String
        /// The column's name.
        package var column: String
        /// What stands there.
        package var value: Double

        /// NaN is equal to itself here: the error is the same.
        package static func == (a: Cell, b: Cell) -> Bool {
            a.id == b.id && a.column == b.column
                && (a.value == b.value || a.value.isNaN && b.value.isNaN)
        }
    }
}
