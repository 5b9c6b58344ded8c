import ArenaCore
import Glibc
import Testing

@testable import ArenaRuns

@Suite struct SubmissionTests {
    private let names = ["a", "b", "c"]

    private func table(_ ids: [String], _ columns: [String]? = nil, _ rows: [[Double]])
        -> SubmissionTable
    {
        let columns = columns ?? names
        return SubmissionTable(
            idName: "id", ids: ids, columns: columns,
            values: columns.indices.map { column in rows.map { $0[column] } })
    }

    private var sample: SubmissionTable {
        table(["7", "8", "9"], nil, Array(repeating: [0.333333, 0.333333, 0.333333], count: 3))
    }

    private var good: SubmissionTable {
        table(["7", "8", "9"], nil, [[0.5, 0.25, 0.25], [0, 0, 1], [0.1, 0.2, 0.7]])
    }

    private func report(_ table: SubmissionTable, like other: SubmissionTable? = nil) -> String {
        do {
            return "passed: \(try checkSubmission(table, like: other ?? sample).summary)"
        } catch {
            return error.description
        }
    }

    @Test func whatFitsPassesAndIsWritten() throws {
        let submission = try checkSubmission(good, like: sample)
        #expect(
            String(decoding: submission.encoded, as: UTF8.self)
                == "id,a,b,c\n7,0.5,0.25,0.25\n8,0.0,0.0,1.0\n9,0.1,0.2,0.7\n")
        let summary = submission.summary
        #expect(summary.description == "3 rows, mean a 0.2, b 0.15, c 0.65, entropy 0.6138")
        #expect(
            abs((summary.entropy ?? 0) - (1.0397207708399179 + 0 + 0.8018185525433373) / 3) < 1e-12)
    }

    @Test func writingIsAtomic() throws {
        var template = Array("/tmp/arena-runs-XXXXXX".utf8CString)
        let folder = try #require(mkdtemp(&template).map { String(cString: $0) })
        let path = joinPath(folder, "submission.csv")
        let submission = try checkSubmission(good, like: sample)
        try submission.write(to: path)
        #expect(try readFile(path) == submission.encoded)
        #expect(listDirectory(folder) == ["submission.csv"])
        #expect(throws: SubmissionError.file(.isDirectory(path: folder))) {
            try submission.write(to: folder)
        }
        unlink(path)
        rmdir(folder)
    }

    @Test func rowsAreTheSamples() {
        #expect(
            report(table(["7", "8"], nil, [[1, 0, 0], [1, 0, 0]])) == """
                ValueError: the submission lacks 1 of the sample's 3 rows (9)
                  help: predict the rows of the test file that belongs to this sample
                """)
        let others = table(["7", "x", "y", "z", "w"], nil, Array(repeating: [1, 0, 0], count: 5))
        #expect(
            report(others).contains(
                "lacks 2 of the sample's 3 rows (8, 9) and has 4 rows that the sample lacks (x, y, z, ...)"
            ))
        #expect(
            report(table(["7", "8", "9", "8"], nil, Array(repeating: [1, 0, 0], count: 4)))
                .contains("the submission repeats the id of an earlier row in 1 row (8)"))
        let twice = table(["7", "7"], nil, [[1, 0, 0], [1, 0, 0]])
        #expect(
            report(good, like: twice).contains(
                "the sample repeats the id of an earlier row in 1 row (7)"))
        #expect(report(table([], nil, [])).contains("lacks 3"))
    }

    @Test func orderIsRefusedOrPutRight() throws {
        let turned = good.arranged(columns: [0, 1, 2], rows: [2, 0, 1])
        #expect(
            report(turned) == """
                ValueError: the rows are in another order than the sample's: row 0 is 9, not 7
                  help: order="sample" puts them in its order by id
                """)
        let exchanged = good.arranged(columns: [1, 0, 2], rows: [0, 1, 2])
        #expect(
            report(exchanged) == """
                ValueError: the columns are b, a, c, the sample's a, b, c
                  help: select(["a", "b", "c"])
                """)
        let both = turned.arranged(columns: [2, 0, 1], rows: [1, 2, 0])
        for other in [turned, exchanged, both] {
            #expect(try checkSubmission(other, like: sample, order: .asSample).table == good)
        }
    }

    @Test func columnsAreTheSamples() {
        #expect(
            report(table(["7", "8", "9"], ["a", "b", "cc"], good.ids.map { _ in [1, 0, 0] })) == """
                ValueError: the submission lacks 'c' and has 'cc' that the sample lacks
                  help: known: a, b, cc
                """)
        #expect(
            report(table(["7", "8", "9"], ["a", "b"], good.ids.map { _ in [1, 0] })).contains(
                "lacks 'c'"))
        #expect(
            report(
                table(["7", "8", "9"], ["a", "b", "c", "d"], good.ids.map { _ in [1, 0, 0, 0] })
            )
            .contains("has 'd' that the sample lacks\n  help: leave them out"))
        #expect(
            report(table(["7", "8", "9"], ["a", "b", "b"], good.ids.map { _ in [1, 0, 0] }))
                .contains("'b' is there twice"))
        var renamed = good
        renamed.idName = "row_id"
        #expect(report(renamed).contains("keyed by 'row_id', the sample's by 'id'"))
    }

    @Test func valuesAreNumbers() {
        var missing = good
        missing.present = [[true, true, true], [true, false, false], [true, true, true]]
        #expect(report(missing).contains("'b' is missing for 8 and 1 other value\n"))
        for value in [Double.nan, .infinity, -.infinity] {
            var bad = good
            bad.values[2][1] = value
            #expect(report(bad).contains("'c' is \(value) for 8\n"))
        }
    }

    @Test func probabilitiesAreHeldToWhatTheyAre() {
        var bad = good
        bad.values[0][0] = -0.25
        #expect(report(bad).contains("'a' is -0.25 for 7: not a probability"))
        bad.values[0][0] = 1.5
        #expect(report(bad).contains("'a' is 1.5 for 7"))
        bad.values[0][0] = 0.5002
        #expect(report(bad).contains("the row 7 adds up to 1.0002, not 1"))
        bad.values[0][0] = 0.50009
        #expect(report(bad).hasPrefix("passed"))
        bad.values[0][0] = 0.49991
        #expect(report(bad).hasPrefix("passed"))
        bad.values[0][0] = 0.4998
        #expect(report(bad).contains("adds up to"))
    }

    @Test func otherSamplesSayNothingOfRanges() {
        let zeros = table(["7", "8", "9"], nil, Array(repeating: [0, 0, 0], count: 3))
        let logits = table(["7", "8", "9"], nil, [[-5, 3, 2], [9, 9, 9], [0, 0, 0]])
        #expect(report(logits, like: zeros) == "passed: 3 rows, mean a 1.3333, b 4.0, c 3.6667")
        let one = table(["7"], ["target"], [[1]])
        #expect(
            report(table(["7"], ["target"], [[512]]), like: one)
                == "passed: 1 row, mean target 512.0")
        #expect(report(table([], ["t"], []), like: table([], ["t"], [])) == "passed: 0 rows")
    }

    @Test func idsAreQuotedWhereTheyMust() throws {
        let odd = table(["a,b", "say \"x\"", ""], ["p"], [[1], [0.5], [0]])
        let submission = try checkSubmission(odd, like: odd)
        #expect(
            String(decoding: submission.encoded, as: UTF8.self)
                == "id,p\n\"a,b\",1.0\n\"say \"\"x\"\"\",0.5\n\"\",0.0\n")
    }

    @Test func manyRows() throws {
        let ids = (0..<25_000).map { String($0 &* 7_919 % 25_000) }
        let rows = ids.indices.map { row in [0.25, 0.5, 0.25 + Double(row % 3) * 1e-5] }
        let big = table(ids, nil, rows)
        let submission = try checkSubmission(big, like: big)
        #expect(submission.summary.rows == 25_000)
        #expect(submission.encoded.count > 25_000 * 10)
        let turned = big.arranged(columns: [0, 1, 2], rows: Array(ids.indices.reversed()))
        #expect(
            try checkSubmission(turned, like: big, order: .asSample).encoded == submission.encoded)
    }
}
