// Numbers that describe a column. Missing rows are left out; NaN is a number and makes the result
// NaN. The definitions and the order of the additions are NumPy's and pandas' (pairwise sums of eight
// accumulators over blocks of 128, two-pass variance), so that the last bit agrees for float64.

import Glibc

/// A number that describes a column or a group.
package enum Statistic: String, Sendable, CaseIterable {
    case sum, mean, std, `var`, median, min, max, count, nunique, first, last, any, all, prod

    /// Whether columns of any type have it.
    package var fitsAll: Bool {
        switch self {
        case .count, .nunique, .first, .last: true
        case .sum, .mean, .std, .var, .median, .min, .max, .any, .all, .prod: false
        }
    }
}

extension Series {
    /// The statistic of the values that are there.
    /// - Parameter ddof: what the divisor of `std` and `var` is less than the count.
    /// - Throws: `FrameError.columnType`, `.overflow`.
    package func statistic(_ statistic: Statistic, ddof: Int = 1) throws(FrameError) -> Scalar {
        switch statistic {
        case .count: return .int(Int64(count - column.missingCount))
        case .nunique: return .int(Int64(try factor(column, name: name, verb: "nunique").count))
        case .first, .last:
            let rows = Array(0..<count)
            let found =
                statistic == .first
                ? rows.first { !column.isMissing($0) } : rows.last { !column.isMissing($0) }
            guard let found else { return .missing }
            guard let scalar = column.scalar(found) else {
                throw .columnType(
                    verb: statistic.rawValue, column: name, needed: "a column of single values",
                    found: column.type)
            }
            return scalar
        case .min, .max: return try extreme(statistic)
        case .any, .all:
            let values = try truths(for: statistic.rawValue)
            for row in values.indices where !column.isMissing(row) {
                if values[row] == (statistic == .any) { return .bool(statistic == .any) }
            }
            return .bool(statistic == .all)
        case .sum, .prod:
            if let whole = try wholeTotal(statistic) { return .int(whole) }
            let values = try presentDoubles(for: statistic.rawValue)
            if statistic == .prod { return .float(values.reduce(1, *)) }
            return .float(try total())
        case .mean:
            let present = count - column.missingCount
            if present == 0 {
                _ = try presentDoubles(for: "mean")
                return .missing
            }
            if let whole = try? wholeTotal(.sum) {
                return .float(Double(whole) / Double(present))
            }
            return .float(try total() / Double(present))
        case .var, .std:
            let values = try presentDoubles(for: statistic.rawValue)
            guard values.count > ddof else { return .missing }
            let mean = try total() / Double(values.count)
            let variance = try squares(from: mean) / Double(values.count - ddof)
            return .float(statistic == .std ? variance.squareRoot() : variance)
        case .median:
            let values = try presentDoubles(for: "median")
            return ArenaFrame.median(values).map { .float($0) } ?? .missing
        }
    }

    /// The value below which a share `q` of the values lies, between neighbours in proportion.
    /// - Throws: `FrameError.columnType`, `.argument`.
    package func quantile(_ q: Double) throws(FrameError) -> Scalar {
        try quantiles([q])[0]
    }

    /// Several quantiles of one sorting.
    package func quantiles(_ shares: [Double]) throws(FrameError) -> [Scalar] {
        for q in shares where !(q >= 0 && q <= 1) {
            throw .argument(
                verb: "quantile", message: "a share lies between 0 and 1, not \(q)", help: nil)
        }
        var values = try presentDoubles(for: "quantile")
        if values.isEmpty { return shares.map { _ in .missing } }
        if values.contains(where: \.isNaN) { return shares.map { _ in .float(.nan) } }
        values.sort()
        return shares.map { .float(interpolated(values, $0)) }
    }

    /// Pearson's correlation of the rows in which both have a value.
    /// - Throws: `FrameError.columnType`, `.otherRows`, `.lengths`.
    package func correlation(_ other: Series) throws(FrameError) -> Scalar {
        try checkRows(other)
        let a = try doubles(for: "corr")
        let b = try other.doubles(for: "corr")
        return ArenaFrame.correlation(
            a, b, Validity.both(column.validity, other.column.validity))
    }

    /// The values as doubles, bool as 0 and 1.
    /// - Throws: `FrameError.columnType`.
    package func doubles(for verb: String) throws(FrameError) -> [Double] {
        switch column.storage {
        case .bool(let values): return values.map { $0 ? 1 : 0 }
        case .int64(let values): return values.map(Double.init)
        case .float64(let values): return values
        case .float32(let values): return values.map(Double.init)
        case .string, .turns, .ints, .floats, .matrix, .categorical, .timestamp:
            throw .columnType(
                verb: verb, column: name, needed: "a column of numbers", found: column.type)
        }
    }

    /// The values that are there, as doubles.
    func presentDoubles(for verb: String) throws(FrameError) -> [Double] {
        let values = try doubles(for: verb)
        guard let validity = column.validity else { return values }
        return values.indices.filter { validity[$0] }.map { values[$0] }
    }

    /// The sum in NumPy's order; missing rows count as 0 in their places.
    private func total() throws(FrameError) -> Double {
        var values = try doubles(for: "sum")
        if let validity = column.validity {
            for row in values.indices where !validity[row] { values[row] = 0 }
        }
        return pairwiseSum(values)
    }

    private func squares(from mean: Double) throws(FrameError) -> Double {
        var values = try doubles(for: "var")
        for row in values.indices {
            let difference = mean - values[row]
            values[row] = column.isMissing(row) ? 0 : difference * difference
        }
        return pairwiseSum(values)
    }

    /// The exact sum or product of whole numbers and truth values; nil for other types.
    private func wholeTotal(_ statistic: Statistic) throws(FrameError) -> Int64? {
        let values: [Int64]
        switch column.storage {
        case .int64(let ints): values = ints
        case .bool(let truths): values = truths.map { $0 ? 1 : 0 }
        case .float64, .float32, .string, .turns, .ints, .floats, .matrix, .categorical, .timestamp:
            return nil
        }
        var sum: Int64 = statistic == .sum ? 0 : 1
        for row in values.indices where !column.isMissing(row) {
            let result =
                statistic == .sum
                ? sum.addingReportingOverflow(values[row])
                : sum.multipliedReportingOverflow(by: values[row])
            if result.overflow {
                throw .overflow(op: statistic.rawValue, column: name, row: rowName(row))
            }
            sum = result.partialValue
        }
        return sum
    }

    private func extreme(_ statistic: Statistic) throws(FrameError) -> Scalar {
        guard let row = try extremeRow(greatest: statistic == .max, for: statistic.rawValue) else {
            return .missing
        }
        return column.scalar(row) ?? .missing
    }

    /// The first row of the smallest or greatest value, NaN before any; nil if all are missing.
    package func extremeRow(
        greatest: Bool, for verb: String
    ) throws(FrameError) -> Int? {
        func first(_ isBetter: (Int, Int) -> Bool) -> Int? {
            var best: Int?
            for row in 0..<count where !column.isMissing(row) {
                if best.map({ isBetter(row, $0) }) ?? true { best = row }
            }
            return best
        }
        func number<T: BinaryFloatingPoint>(_ values: [T]) -> Int? {
            if let nan = values.indices.first(where: { values[$0].isNaN && !column.isMissing($0) })
            {
                return nan
            }
            return first { greatest ? values[$0] > values[$1] : values[$0] < values[$1] }
        }
        switch column.storage {
        case .int64(let values), .timestamp(let values):
            return first { greatest ? values[$0] > values[$1] : values[$0] < values[$1] }
        case .float64(let values): return number(values)
        case .float32(let values): return number(values)
        case .bool(let values):
            return first { values[$0] != values[$1] && values[$0] == greatest }
        case .string(let texts):
            return withExtendedLifetime(texts) {
                first {
                    let c = compareBytes(texts.bytes(at: $0), texts.bytes(at: $1))
                    return greatest ? c > 0 : c < 0
                }
            }
        case .categorical(let texts):
            return first {
                greatest ? texts.codes[$0] > texts.codes[$1] : texts.codes[$0] < texts.codes[$1]
            }
        case .turns, .ints, .floats, .matrix:
            throw .columnType(
                verb: verb, column: name, needed: "a column of numbers or text", found: column.type)
        }
    }
}

/// The middle value, or the mean of the two in the middle; nil of nothing.
func median(_ values: [Double]) -> Double? {
    if values.isEmpty { return nil }
    if values.contains(where: \.isNaN) { return .nan }
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/// A quantile of sorted values as NumPy computes it, its roundings included.
func interpolated(_ sorted: [Double], _ q: Double) -> Double {
    let place = Double(sorted.count - 1) * (q * 100 / 100)
    let low = place.rounded(.down)
    let share = place - low
    let a = sorted[Swift.min(Int(low), sorted.count - 1)]
    let b = sorted[Swift.min(Int(low) + 1, sorted.count - 1)]
    let difference = b - a
    return share >= 0.5 ? b - difference * (1 - share) : a + difference * share
}

/// Pearson's correlation of the rows that are there; missing below two rows.
func correlation(_ a: [Double], _ b: [Double], _ validity: Validity?) -> Scalar {
    var count = 0.0
    var (meanA, meanB, squaresA, squaresB, products) = (0.0, 0.0, 0.0, 0.0, 0.0)
    for row in a.indices where validity?[row] ?? true {
        count += 1
        let (x, y) = (a[row] - meanA, b[row] - meanB)
        meanA += x / count
        meanB += y / count
        squaresA += (a[row] - meanA) * x
        squaresB += (b[row] - meanB) * y
        products += (a[row] - meanA) * y
    }
    guard count >= 2 else { return .missing }
    let divisor = (squaresA * squaresB).squareRoot()
    if divisor == 0 { return .missing }
    let r = products / divisor
    return .float(r.isNaN ? r : Swift.min(1, Swift.max(-1, r)))
}

/// The sum in the order that NumPy adds: below eight one by one, up to 128 in eight accumulators,
/// above in halves.
package func pairwiseSum(_ values: [Double]) -> Double {
    values.withUnsafeBufferPointer { 0 + pairwiseSum($0[...]) }
}

private func pairwiseSum(_ values: Slice<UnsafeBufferPointer<Double>>) -> Double {
    let n = values.count
    let start = values.startIndex
    if n < 8 {
        var sum = 0.0
        for at in values.indices { sum += values[at] }
        return sum
    }
    if n <= 128 {
        var r = (0..<8).reduce(into: SIMD8<Double>()) { $0[$1] = values[start + $1] }
        var at = 8
        while at < n - n % 8 {
            for k in 0..<8 { r[k] += values[start + at + k] }
            at += 8
        }
        var sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]))
        while at < n {
            sum += values[start + at]
            at += 1
        }
        return sum
    }
    var half = n / 2
    half -= half % 8
    return pairwiseSum(values[start..<start + half])
        + pairwiseSum(values[start + half..<values.endIndex])
}
