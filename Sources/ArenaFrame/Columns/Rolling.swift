// Statistics of the rows around each row. A window's number is put together of two: that of the rows
// from its start to the end of a block, and that of the rows from there (van Herk and Gil, Werman).
// Nothing is ever taken out of a total, so that no row depends on what stood far before it, and the
// cost is that of the rows whatever the width.

/// Which rows belong to a row's window.
package struct RowWindow: Sendable {
    /// The rows before and behind a row that its window reaches.
    package let before: Int
    package let after: Int
    /// A window with fewer values than these has no number.
    package let minimum: Int

    package init(before: Int, after: Int, minimum: Int) {
        self.before = max(0, before)
        self.after = max(0, after)
        self.minimum = minimum
    }

    /// The rows of a row's window in a column of `count` rows.
    package func rows(around row: Int, of count: Int) -> Range<Int> {
        let start = row - min(before, row)
        return start..<row + 1 + min(after, count - 1 - row)
    }
}

/// What can be told of a window.
package enum WindowStatistic: String, Sendable, CaseIterable {
    case sum, mean, min, max, std, `var`, median, count
}

extension Series {
    /// The statistic of the rows around each row, as floats. Missing rows count nothing; NaN is a number
    /// and makes a window's number NaN.
    /// - Throws: `FrameError.columnType`.
    /// - Complexity: O(rows); of medians O(rows * width) moves of memory at worst
    package func rolled(
        _ window: RowWindow, _ statistic: WindowStatistic
    ) throws(FrameError) -> Series {
        if statistic == .count { return counted(window) }
        let values = try doubles(for: "rolling")
        switch statistic {
        case .sum, .mean:
            return folded(window, Total.none, { Total(count: 1, sum: values[$0]) }) {
                statistic == .sum ? $0.sum : $0.count > 0 ? $0.sum / $0.count : nil
            }
        case .min, .max:
            let isMost = statistic == .max
            return folded(
                window, Extreme.none(isMost), { Extreme(count: 1, value: values[$0], isMost) }
            ) {
                $0.count > 0 ? $0.value : nil
            }
        case .var, .std:
            return folded(window, Spread.none, { Spread(count: 1, mean: values[$0], squares: 0) }) {
                guard $0.count > 1 else { return nil }
                let variance = $0.squares / ($0.count - 1)
                return statistic == .std ? variance.squareRoot() : variance
            }
        case .median, .count: return medians(window, values)
        }
    }

    /// How many rows of each window have a value. The least number is one of rows here, as in pandas.
    private func counted(_ window: RowWindow) -> Series {
        var before = [0]
        before.reserveCapacity(count + 1)
        for row in 0..<count { before.append(before[row] + (column.isMissing(row) ? 0 : 1)) }
        return numbered { row in
            let rows = window.rows(around: row, of: count)
            guard rows.count >= window.minimum else { return nil }
            return Double(before[rows.upperBound] - before[rows.lowerBound])
        }
    }

    private func numbered(_ number: (Int) -> Double?) -> Series {
        var numbers = [Double](repeating: 0, count: count)
        var validity = Validity(repeating: true, count: count)
        for row in 0..<count {
            if let found = number(row) {
                numbers[row] = found
            } else {
                validity[row] = false
            }
        }
        return with(Column(.float64(numbers), validity: validity))
    }

    /// The windows' summaries, put together of those of single rows.
    private func folded<S: WindowSummary>(
        _ window: RowWindow, _ none: S, _ single: (Int) -> S, _ number: (S) -> Double?
    ) -> Series {
        guard count > 0 else { return numbered { _ in nil } }
        let before = min(window.before, count - 1)
        let width = before + min(window.after, count - 1) + 1
        // Place p stands for row p - before; a row's window begins at the place of its number.
        let places = count + width - 1
        func at(_ place: Int) -> S {
            let row = place - before
            return row >= 0 && row < count && !column.isMissing(row) ? single(row) : none
        }
        var fromBlock = [S](repeating: none, count: places)
        for place in 0..<places {
            fromBlock[place] =
                place % width == 0 ? at(place) : fromBlock[place - 1].joined(at(place))
        }
        var toBlock = [S](repeating: none, count: places)
        for place in (0..<places).reversed() {
            let isLast = place % width == width - 1 || place == places - 1
            toBlock[place] = isLast ? at(place) : at(place).joined(toBlock[place + 1])
        }
        return numbered { row in
            let whole =
                row % width == 0
                ? toBlock[row] : toBlock[row].joined(fromBlock[row + width - 1])
            return Int(whole.count) >= window.minimum ? number(whole) : nil
        }
    }

    private func medians(_ window: RowWindow, _ values: [Double]) -> Series {
        var sorted: [Double] = []
        var unordered = 0  // NaNs, which have no place
        var held = 0..<0
        func place(_ x: Double) -> Int {
            var (low, high) = (0, sorted.count)
            while low < high {
                let middle = (low + high) / 2
                if sorted[middle] < x { low = middle + 1 } else { high = middle }
            }
            return low
        }
        return numbered { row in
            let rows = window.rows(around: row, of: count)
            for gone in held.lowerBound..<rows.lowerBound where !column.isMissing(gone) {
                let x = values[gone]
                if x.isNaN { unordered -= 1 } else { sorted.remove(at: place(x)) }
            }
            for new in held.upperBound..<rows.upperBound where !column.isMissing(new) {
                let x = values[new]
                if x.isNaN { unordered += 1 } else { sorted.insert(x, at: place(x)) }
            }
            held = rows
            let present = sorted.count + unordered
            guard present >= window.minimum, present > 0 else { return nil }
            if unordered > 0 { return .nan }
            let middle = sorted.count / 2
            return sorted.count % 2 == 1
                ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
        }
    }
}

/// What is known of some rows, to be joined with what is known of the rows behind them.
private protocol WindowSummary {
    /// The rows that have a value.
    var count: Double { get }
    func joined(_ next: Self) -> Self
}

private struct Total: WindowSummary {
    var count: Double
    var sum: Double

    static let none = Total(count: 0, sum: 0)

    func joined(_ next: Total) -> Total {
        Total(count: count + next.count, sum: sum + next.sum)
    }
}

private struct Extreme: WindowSummary {
    var count: Double
    var value: Double
    var isMost: Bool

    init(count: Double, value: Double, _ isMost: Bool) {
        self.count = count
        self.value = value
        self.isMost = isMost
    }

    static func none(_ isMost: Bool) -> Extreme { Extreme(count: 0, value: 0, isMost) }

    func joined(_ next: Extreme) -> Extreme {
        if count == 0 { return next }
        if next.count == 0 { return self }
        let best =
            value.isNaN || next.value.isNaN
            ? .nan : isMost ? max(value, next.value) : min(value, next.value)
        return Extreme(count: count + next.count, value: best, isMost)
    }
}

/// A mean, and the squares of the distances from it (Chan, Golub and LeVeque).
private struct Spread: WindowSummary {
    var count: Double
    var mean: Double
    var squares: Double

    static let none = Spread(count: 0, mean: 0, squares: 0)

    func joined(_ next: Spread) -> Spread {
        if count == 0 { return next }
        if next.count == 0 { return self }
        let both = count + next.count
        let distance = next.mean - mean
        return Spread(
            count: both, mean: mean + distance * next.count / both,
            squares: squares + next.squares + distance * distance * count * next.count / both)
    }
}
