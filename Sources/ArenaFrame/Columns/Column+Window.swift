// What a row's value becomes by those before it: running totals, shifts, differences, ranks.

/// A running total.
package enum Cumulation: String, Sendable, CaseIterable {
    case cumsum, cummax, cummin, cumprod
}

extension Series {
    /// The total of each row and those before it. A missing row stays missing and counts nothing.
    /// - Throws: `FrameError.columnType`, `.overflow`.
    package func cumulated(_ kind: Cumulation) throws(FrameError) -> Series {
        let whole: [Int64]?
        switch column.storage {
        case .int64(let values): whole = values
        case .bool(let values): whole = values.map { $0 ? 1 : 0 }
        case .float64, .float32, .string, .turns, .ints, .floats, .matrix, .categorical, .timestamp:
            whole = nil
        }
        guard var ints = whole else {
            var values = try doubles(for: kind.rawValue)
            var total: Double?
            for row in values.indices where !column.isMissing(row) {
                let x = values[row]
                if let before = total {
                    switch kind {
                    case .cumsum: total = before + x
                    case .cumprod: total = before * x
                    case .cummax: total = before.isNaN || x.isNaN ? .nan : max(before, x)
                    case .cummin: total = before.isNaN || x.isNaN ? .nan : min(before, x)
                    }
                } else {
                    total = x
                }
                values[row] = total ?? x
            }
            return with(Column(.float64(values), validity: column.validity))
        }
        var total: Int64?
        for row in ints.indices where !column.isMissing(row) {
            let x = ints[row]
            var result = (partialValue: x, overflow: false)
            if let before = total {
                switch kind {
                case .cumsum: result = before.addingReportingOverflow(x)
                case .cumprod: result = before.multipliedReportingOverflow(by: x)
                case .cummax: result = (max(before, x), false)
                case .cummin: result = (min(before, x), false)
                }
            }
            if result.overflow {
                throw .overflow(op: kind.rawValue, column: name, row: rowName(row))
            }
            total = result.partialValue
            ints[row] = result.partialValue
        }
        return with(Column(.int64(ints), validity: column.validity))
    }

    /// The values `n` rows further down; rows that get none are missing.
    package func shifted(_ n: Int) -> Series {
        let rows = (0..<count).map { row -> Int in
            let from = row.subtractingReportingOverflow(n)
            return !from.overflow && from.partialValue >= 0 && from.partialValue < count
                ? from.partialValue : -1
        }
        return with(column.taking(optional: rows))
    }

    /// How rows of equal value share their ranks.
    package enum RankMethod: String, Sendable, CaseIterable {
        case average, min, max, first, dense
    }

    /// The place of each value in their order, from 1; missing rows have none.
    /// - Throws: `FrameError.columnType`.
    package func ranked(_ method: RankMethod, ascending: Bool) throws(FrameError) -> Series {
        let present = try order(ascending: ascending).filter { !column.isMissing($0) }
        var ranks = [Double](repeating: 0, count: count)
        var from = 0
        var dense = 0
        while from < present.count {
            var to = from + 1
            while to < present.count, sameValue(column, present[from], column, present[to]) {
                to += 1
            }
            dense += 1
            for place in from..<to {
                switch method {
                case .average: ranks[present[place]] = Double(from + to + 1) / 2
                case .min: ranks[present[place]] = Double(from + 1)
                case .max: ranks[present[place]] = Double(to)
                case .first: ranks[present[place]] = Double(place + 1)
                case .dense: ranks[present[place]] = Double(dense)
                }
            }
            from = to
        }
        return with(Column(.float64(ranks), validity: column.validity))
    }
}
