// Windows of rows against the slowest way of going through them.

import Testing

@testable import ArenaFrame

@Suite struct RollingTests {
    private func naive(
        _ series: Series, _ window: RowWindow, _ statistic: WindowStatistic
    ) throws -> [Double?] {
        try (0..<series.count).map { row in
            let rows = Array(window.rows(around: row, of: series.count))
            let part = try series.take(rows)
            let present = part.count - part.column.missingCount
            if statistic == .count { return rows.count < window.minimum ? nil : Double(present) }
            if present < window.minimum { return nil }
            let own = Statistic(rawValue: statistic.rawValue) ?? .sum
            return try part.statistic(own).double ?? (statistic == .sum ? 0 : nil)
        }
    }

    @Test(arguments: WindowStatistic.allCases) func windows(_ statistic: WindowStatistic) throws {
        var random = RandomState(seed: 5)
        for count in [0, 1, 2, 9, 40] {
            let values = (0..<count).map { _ in Double(random.interval(40)) / 4 - 5 }
            let validity = Validity((0..<count).map { _ in random.interval(4) > 0 })
            let series = Series(trusting: "x", Column(.float64(values), validity: validity), nil)
            for (before, after, least) in [
                (0, 0, 1), (2, 0, 3), (2, 0, 0), (3, 2, 2), (0, 4, 1), (Int.max, 0, 1), (50, 50, 2),
            ] {
                let window = RowWindow(before: before, after: after, minimum: least)
                let got = try series.rolled(window, statistic).column
                let wanted = try naive(series, window, statistic)
                for row in 0..<count {
                    let own = got.isMissing(row) ? nil : got.doubles?[row]
                    let isNear =
                        own == wanted[row]
                        || abs((own ?? .infinity) - (wanted[row] ?? -.infinity)) < 1e-9
                    #expect(
                        isNear, "\(statistic) \(before) \(after) \(least) row \(row) of \(count)")
                }
            }
        }
    }

    @Test func notANumberStaysInItsWindows() throws {
        let series = Series(
            trusting: "x", Column([1, .nan, 2, 3, .infinity, 4, 5] as [Double]), nil)
        let window = RowWindow(before: 1, after: 0, minimum: 2)
        for statistic in [WindowStatistic.sum, .mean, .min, .max, .median] {
            let got = try series.rolled(window, statistic).column.doubles ?? []
            #expect(got[1].isNaN && got[2].isNaN && got[3].isFinite && got[6].isFinite)
        }
        #expect(try series.rolled(window, .count).column.doubles?[2] == 2)
    }
}
