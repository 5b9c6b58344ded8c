// Rows without a prediction: filled as a whole, counted, and only where asked for.

import ArenaCore
import Testing

@testable import ArenaRuns

@Suite struct SubmissionFillTests {
    private func table(_ rows: [(String, [Double]?)]) -> SubmissionTable {
        let columns = ["a", "b"]
        return SubmissionTable(
            idName: "id", ids: rows.map(\.0), columns: columns,
            values: [0, 1].map { c in rows.map { $0.1?[c] ?? .nan } },
            present: [0, 1].map { _ in rows.map { $0.1 != nil } })
    }
    private var sample: SubmissionTable {
        table([("1", [0.5, 0.5]), ("2", [0.25, 0.75]), ("3", [0.5, 0.5]), ("4", [1, 0])])
    }
    private var gaps: SubmissionTable {
        table([("1", [0.5, 0.5]), ("2", nil), ("3", [1, 0]), ("4", nil)])
    }

    @Test func theMeanIsThatOfTheOthers() throws {
        let filled = try checkSubmission(gaps, like: sample, fill: .mean)
        #expect(filled.table.values == [[0.5, 0.75, 1, 0.75], [0.5, 0.25, 0, 0.25]])
        #expect(filled.filled == FilledRows(mean: 2))
        #expect(filled.filled.sentence == "2 rows filled: 2 with the mean of the others")
    }

    @Test func theSampleStandsInRowByRow() throws {
        let filled = try checkSubmission(gaps, like: sample, fill: .like)
        #expect(filled.table.values[0] == [0.5, 0.25, 1, 1])
        let order = try checkSubmission(
            gaps.arranged(columns: [1, 0], rows: [3, 2, 1, 0]), like: sample, order: .asSample,
            fill: .like)
        #expect(order.table.values[0] == [0.5, 0.25, 1, 1])
    }

    @Test func anotherTableStandsInWhereItHasTheRow() throws {
        let other = table([("4", [0.125, 0.875]), ("2", nil)])
        let filled = try checkSubmission(gaps, like: sample, fill: .table(other))
        #expect(filled.table.values[0] == [0.5, 0.75, 1, 0.125])
        #expect(filled.filled == FilledRows(mean: 1, table: 1))
    }

    @Test func withoutAnyRowTheSampleIsAllThereIs() throws {
        let none = table(["1", "2", "3", "4"].map { ($0, nil) })
        let filled = try checkSubmission(none, like: sample, fill: .mean)
        #expect(filled.table.values == sample.values)
        #expect(filled.filled == FilledRows(like: 4))
    }

    @Test func unaskedNothingIsFilled() {
        #expect(throws: SubmissionError.self) { try checkSubmission(gaps, like: sample) }
    }

    @Test func changedRowsAreCounted() throws {
        let before = try checkSubmission(sample, like: sample).encoded
        let after = try checkSubmission(gaps, like: sample, fill: .like)
        #expect(after.changedRows(since: before) == 1)
        #expect(after.changedRows(since: after.encoded) == 0)
        #expect(after.changedRows(since: Array("id,x\n1,2\n".utf8)) == nil)
        #expect(after.changedRows(since: []) == nil)
    }
}
