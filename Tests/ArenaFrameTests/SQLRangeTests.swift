// Ranges that tables narrow down themselves give what SQLite finds when it goes through all rows.

import Testing

@testable import ArenaFrame

@Suite struct SQLRangeTests {
    private static let columns = ["n", "x", "g", "b", "t", "c"]

    private func table(_ count: Int) throws -> Frame {
        var random = RandomState(seed: UInt32(count))
        func draw(_ n: Int) -> Int { random.interval(n) }
        let missing = Validity((0..<count).map { _ in draw(5) > 0 })
        let words = ["", "a", "ab", "b", "é", "10", "9"]
        return try Frame(
            names: ["row"] + Self.columns,
            columns: [
                Column((0..<count).map { Int64($0) }),
                Column(
                    .int64((0..<count).map { _ in [Int64.min, -3, 0, 2, 7, .max][draw(5)] }),
                    validity: missing),
                Column(
                    .float64(
                        (0..<count).map { _ in
                            [-1e300, -2.5, -0.0, 2, 7.25, .infinity, .nan][draw(6)]
                        }),
                    validity: missing),
                Column((0..<count).map { _ in Float(draw(20)) / 4 }),
                Column((0..<count).map { _ in draw(1) == 1 }),
                Column(
                    .string(try TextStorage((0..<count).map { _ in words[draw(6)] })),
                    validity: missing),
                Column(
                    .categorical(
                        CategoricalStorage(
                            codes: (0..<count).map { _ in Int32(draw(2)) },
                            categories: try TextStorage(["x", "y", "z"])))),
            ])
    }

    private func rows(_ query: String, _ frames: [(String, Frame)], _ values: [Scalar] = []) throws
        -> [[String?]]
    {
        let result = try sql(
            query, frames: frames.map { (name: $0, frame: $1) },
            parameters: values.map { SQLParameter($0) }
        ).frame
        return (0..<result.rowCount).map { row in result.columns.map { $0.text(row) } }
    }

    @Test func rangesOfEveryType() throws {
        let frames = [("f", try table(200))]
        let ends: [Scalar] = [
            .int(-3), .int(7), .int(.min), .int(.max), .float(-2.5), .float(1.5), .float(1e19),
            .float(-.infinity), .string("a"), .string("é"), .string("9"), .string(""), .missing,
        ]
        for name in Self.columns {
            for (at, low) in ends.enumerated() {
                let high = ends[(at * 7 + 3) % ends.count]
                for form in [
                    "@ > ?1 and @ <= ?2", "?1 <= @", "@ < ?2", "@ between ?1 and ?2",
                    "@ > ?1 and n < ?2",
                ] {
                    let condition = form.replacing("@", with: name)
                    let values = Array([low, high].prefix(form.contains("?2") ? 2 : 1))
                    #expect(
                        try rows("select row from f where \(condition)", frames, values)
                            == rows(
                                "select row from \(closed("f")) where \(condition)", frames, values),
                        "\(condition) of \(low), \(high)")
                }
            }
        }
    }

    /// The inner table of a join is put in order once its ranges are asked for again and again.
    @Test(arguments: Self.columns) func rangesInJoins(_ name: String) throws {
        let frames = [("f", try table(60)), ("h", try table(90))]
        func pairs(_ table: String, _ condition: String) throws -> [[String?]] {
            try rows(
                "select f.row, h.row as other from f cross join \(table) h where \(condition)",
                frames)
        }
        let both = "h.\(name) >= f.\(name) and h.\(name) < f.n + 2"
        #expect(try pairs("h", both) == pairs(closed("h"), both))
        let open = "h.\(name) > f.\(name)"
        #expect(try pairs("h", open) == pairs(closed("h"), open))
        #expect(try !pairs("h", open).isEmpty)
    }

    /// A table that is gone through as a whole, whatever is asked of it.
    private func closed(_ table: String) -> String { "(select * from \(table) limit -1)" }
}
