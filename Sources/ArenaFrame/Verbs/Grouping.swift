// Rows in groups of equal values, and a number for each group. Groups ascend by their values (or
// come as they first appear); rows in which a grouping column is missing belong to none, unless they
// are asked for. Sums and means add with compensation (Kahan), variances go by Welford's update, as pandas does by group.

import Glibc

/// The rows of a frame in groups.
package struct Grouping: Sendable {
    /// The frame that is grouped.
    package let frame: Frame
    /// The names of the grouping columns.
    package let names: [String]
    /// A row for each group.
    package let keys: [Column]
    let factor: Factor

    /// - Parameter dropMissing: Whether rows belong to no group where such a value is missing; if not,
    ///   missing is a value like others.
    /// - Throws: `FrameError.unknownColumn`, `.columnType`, `.argument`.
    package init(
        _ frame: Frame, by names: [String], sort: Bool = true, dropMissing: Bool = true
    ) throws(FrameError) {
        guard !names.isEmpty else {
            throw .argument(
                verb: "group_by", message: "needs a column to group by",
                help: "df.group_by(\"model\")")
        }
        var columns: [(name: String, column: Column)] = []
        for name in names { columns.append((name, try frame.column(name))) }
        self.init(
            frame, columns,
            try ArenaFrame.factor(columns, verb: "group_by", dropMissing: dropMissing), sort: sort)
    }

    /// - Precondition: the columns have the frame's rows.
    init(
        _ frame: Frame, _ columns: [(name: String, column: Column)], _ factor: Factor, sort: Bool
    ) {
        var factor = factor
        if sort {
            var order: [Int]? = Array(0..<factor.count)
            for (_, column) in columns.reversed() {
                order =
                    sortedOrder(of: column.taking(factor.firstRows), from: order, ascending: true)
                    ?? order
            }
            factor = factor.reordered(order ?? [])
        }
        self.frame = frame
        self.names = columns.map(\.name)
        self.factor = factor
        keys = columns.map { $0.column.taking(factor.firstRows) }
    }

    /// The number of groups.
    package var count: Int { factor.count }

    /// The rows of each group.
    package var rows: [[Int]] {
        let (starts, rows) = factor.rows
        return (0..<count).map { Array(rows[starts[$0]..<starts[$0 + 1]]) }
    }

    /// The number of the group of each row, -1 for none.
    package var codes: [Int32] { factor.codes }

    /// The number of rows of each group.
    package var sizes: [Int] { factor.sizes }

    /// A frame with a row for each group: keyed by the grouping column where there is one of whole
    /// numbers or text, with the grouping columns before the others if not.
    /// - Throws: `FrameError.duplicateColumn`.
    package func result(_ columns: [(name: String, column: Column)]) throws(FrameError) -> Frame {
        if keys.count == 1, keys[0].missingCount == 0,
            keys[0].type == .int64 || keys[0].type == .string
        {
            return try Frame(
                names: columns.map(\.name), columns: columns.map(\.column),
                key: FrameKey(trusting: names[0], keys[0]))
        }
        return try Frame(
            names: names + columns.map(\.name), columns: keys + columns.map(\.column))
    }

    /// A column with a row for each group, keyed by the groups.
    package func result(_ name: String, _ column: Column) throws(FrameError) -> Series {
        Series(trusting: name, column, try seriesKey())
    }

    /// The groups as a key: their values, or those of several columns joined by a comma.
    func seriesKey() throws(FrameError) -> FrameKey {
        if keys.count == 1 { return FrameKey(trusting: names[0], keys[0]) }
        var builder = TextBuilder()
        for group in 0..<count {
            try builder.append(keys.map { $0.text(group) ?? "" }.joined(separator: ", "))
        }
        return FrameKey(
            trusting: names.joined(separator: ", "), Column(.string(builder.finish())))
    }

    // MARK: - Statistics

    /// The statistic of each group; missing where a group has no value for it.
    /// - Throws: `FrameError.columnType`, `.overflow`.
    package func aggregated(
        _ series: Series, _ statistic: Statistic, ddof: Int = 1
    ) throws(FrameError) -> Column {
        let column = series.column
        switch statistic {
        case .count: return Column(presentCounts(column).map { Int64($0) })
        case .nunique:
            let values = try ArenaFrame.factor(column, name: series.name, verb: "nunique")
            var counts = [Int64](repeating: 0, count: count)
            for row in pairs(factor, values).firstRows { counts[Int(factor.codes[row])] += 1 }
            return Column(counts)
        case .first, .last, .min, .max:
            return column.taking(optional: try chosenRows(series, statistic))
        case .any, .all:
            let values = try series.truths(for: statistic.rawValue)
            var results = [Bool](repeating: statistic == .all, count: count)
            forEachRow(column) { row, group in
                if values[row] == (statistic == .any) { results[group] = statistic == .any }
            }
            return Column(results)
        case .sum, .prod:
            if column.type == .int64 || column.type == .bool {
                return try wholeTotals(series, statistic)
            }
            if statistic == .sum, case .string(let texts) = column.storage {
                return try joined(texts, column)
            }
            let values = try series.doubles(for: statistic.rawValue)
            if statistic == .sum { return Column(sums(values, column)) }
            var products = [Double](repeating: 1, count: count)
            forEachRow(column) { row, group in products[group] *= values[row] }
            return Column(products)
        case .mean:
            let values = try series.doubles(for: "mean")
            let counts = presentCounts(column)
            let sums = sums(values, column)
            return Column(
                .float64(counts.indices.map { sums[$0] / Double(counts[$0]) }),
                validity: Validity(counts.lazy.map { $0 > 0 }))
        case .var, .std:
            let values = try series.doubles(for: statistic.rawValue)
            var counts = [Double](repeating: 0, count: count)
            var means = counts
            var squares = counts
            forEachRow(column) { row, group in
                let value = values[row]
                let old = means[group]
                counts[group] += 1
                means[group] += (value - old) / counts[group]
                squares[group] += (value - means[group]) * (value - old)
            }
            let results = counts.indices.map { group -> Double in
                let variance = squares[group] / (counts[group] - Double(ddof))
                return statistic == .std ? variance.squareRoot() : variance
            }
            return Column(
                .float64(results), validity: Validity(counts.lazy.map { $0 > Double(ddof) }))
        case .median:
            let values = try series.doubles(for: "median")
            var medians = [Double](repeating: 0, count: count)
            var validity = Validity(repeating: true, count: count)
            for (group, rows) in rows.enumerated() {
                let present = rows.filter { !column.isMissing($0) }.map { values[$0] }
                if let found = median(present) {
                    medians[group] = found
                } else {
                    validity[group] = false
                }
            }
            return Column(.float64(medians), validity: validity)
        }
    }

    /// The statistic of each row's group, in the rows' order; missing for rows of no group.
    /// - Throws: `FrameError.columnType`, `.overflow`.
    package func spread(_ series: Series, _ statistic: Statistic) throws(FrameError) -> Series {
        let results = try aggregated(series, statistic)
        return Series(
            trusting: series.name, results.taking(optional: factor.codes.map(Int.init)), series.key)
    }

    /// Each row's number within its group, from 0.
    package func numbersWithin() -> [Int64] {
        var next = [Int64](repeating: 0, count: count)
        return factor.codes.map { code in
            guard code >= 0 else { return -1 }
            next[Int(code)] += 1
            return next[Int(code)] - 1
        }
    }

    @inline(__always)
    private func forEachRow(_ column: Column, _ body: (Int, Int) -> Void) {
        factor.codes.withUnsafeBufferPointer { codes in
            if let validity = column.validity {
                for row in 0..<codes.count where codes[row] >= 0 && validity[row] {
                    body(row, Int(codes[row]))
                }
            } else {
                for row in 0..<codes.count where codes[row] >= 0 { body(row, Int(codes[row])) }
            }
        }
    }

    private func presentCounts(_ column: Column) -> [Int] {
        var counts = [Int](repeating: 0, count: count)
        counts.withUnsafeMutableBufferPointer { counts in
            forEachRow(column) { _, group in counts[group] += 1 }
        }
        return counts
    }

    private func sums(_ values: [Double], _ column: Column) -> [Double] {
        var sums = [Double](repeating: 0, count: count)
        var lost = sums
        sums.withUnsafeMutableBufferPointer { sums in
            lost.withUnsafeMutableBufferPointer { lost in
                values.withUnsafeBufferPointer { values in
                    forEachRow(column) { row, group in
                        let y = values[row] - lost[group]
                        let t = sums[group] + y
                        lost[group] = t - sums[group] - y
                        // An infinity makes the correction NaN, which must not spread.
                        if lost[group].isNaN { lost[group] = 0 }
                        sums[group] = t
                    }
                }
            }
        }
        return sums
    }

    /// The texts of each group one behind the other, in the order of the rows, as `+` adds them.
    private func joined(_ texts: TextStorage, _ column: Column) throws(FrameError) -> Column {
        var builder = TextBuilder()
        var joined: [UInt8] = []
        for members in rows {
            joined.removeAll(keepingCapacity: true)
            for row in members where !column.isMissing(row) {
                texts.withBytes(at: row) { joined += $0 }
            }
            try joined.withUnsafeBufferPointer { bytes throws(FrameError) in
                try builder.append(UnsafeRawBufferPointer(bytes))
            }
        }
        return Column(.string(builder.finish()))
    }

    private func wholeTotals(
        _ series: Series, _ statistic: Statistic
    ) throws(FrameError) -> Column {
        let values: [Int64]
        switch series.column.storage {
        case .int64(let ints): values = ints
        case .bool(let truths): values = truths.map { $0 ? 1 : 0 }
        case .float64, .float32, .string, .turns, .ints, .floats, .matrix, .categorical, .timestamp:
            values = []
        }
        var totals = [Int64](repeating: statistic == .sum ? 0 : 1, count: count)
        var failed = -1
        totals.withUnsafeMutableBufferPointer { totals in
            forEachRow(series.column) { row, group in
                let result =
                    statistic == .sum
                    ? totals[group].addingReportingOverflow(values[row])
                    : totals[group].multipliedReportingOverflow(by: values[row])
                if result.overflow, failed < 0 { failed = row }
                totals[group] = result.partialValue
            }
        }
        if failed >= 0 {
            throw .overflow(
                op: statistic.rawValue, column: series.name, row: series.rowName(failed))
        }
        return Column(totals)
    }

    /// The row of each group's first, last, smallest or greatest value; -1 where there is none.
    private func chosenRows(_ series: Series, _ statistic: Statistic) throws(FrameError) -> [Int] {
        let column = series.column
        var rows = [Int](repeating: -1, count: count)
        switch statistic {
        case .first:
            forEachRow(column) { row, group in if rows[group] < 0 { rows[group] = row } }
        case .last: forEachRow(column) { row, group in rows[group] = row }
        case .min, .max, .sum, .mean, .std, .var, .median, .count, .nunique, .any, .all, .prod:
            if statistic == .min || statistic == .max {
                func choose<T: Comparable>(_ values: [T]) {
                    forEachRow(column) { row, group in
                        let best = rows[group]
                        if best < 0
                            || (statistic == .max
                                ? values[row] > values[best] : values[row] < values[best])
                        {
                            rows[group] = row
                        }
                    }
                }
                switch column.storage {
                case .int64(let values), .timestamp(let values): choose(values)
                case .float64(let values): choose(values)
                case .float32(let values): choose(values)
                case .bool(let values): choose(values.map { $0 ? 1 : 0 })
                case .categorical(let texts): choose(texts.codes)
                case .string:
                    for (group, members) in self.rows.enumerated() {
                        let part = series.taking(trusted: members)
                        let row = try part.extremeRow(
                            greatest: statistic == .max, for: statistic.rawValue)
                        rows[group] = row.map { members[$0] } ?? -1
                    }
                case .turns, .ints, .floats, .matrix:
                    throw .columnType(
                        verb: statistic.rawValue, column: series.name,
                        needed: "a column of numbers or text", found: column.type)
                }
            }
        }
        return rows
    }
}

extension Series {
    /// How often each value occurs, the most frequent first, keyed by the values; of those that occur
    /// as often, the one that appears first comes first. Not sorted, values stand as they appear first, and
    /// categories in their order.
    /// - Parameter dropMissing: Whether missing rows are left out; if not they are counted as one
    ///   value, without a key.
    /// - Throws: `FrameError.columnType`.
    package func valueCounts(
        normalize: Bool, sort: Bool, ascending: Bool, dropMissing: Bool = true
    ) throws(FrameError) -> Series {
        let found = try factor([(name, column)], verb: "value_counts", dropMissing: dropMissing)
        let sizes = found.sizes
        let key = FrameKey(trusting: name, column.taking(found.firstRows))
        let total = Double(sizes.reduce(0, +))
        let counts = Column(sizes.map { Int64($0) })
        let values = normalize ? Column(sizes.map { Double($0) / total }) : counts
        let all = Series(trusting: normalize ? "proportion" : "count", values, key)
        guard sort else {
            guard case .categorical(let storage) = column.storage else { return all }
            // Categories have an order of their own; missing is last.
            let codes = found.firstRows.map { column.isMissing($0) ? .max : storage.codes[$0] }
            return all.taking(trusted: codes.indices.sorted { codes[$0] < codes[$1] })
        }
        guard let order = sortedOrder(of: counts, from: nil, ascending: ascending) else {
            return all
        }
        return all.taking(trusted: order)
    }

    /// Whether no value occurs twice; missing is a value here.
    /// - Throws: `FrameError.columnType`.
    package func isUnique() throws(FrameError) -> Bool {
        try factor([(name, column)], verb: "is_unique", dropMissing: false).count == count
    }

    /// The different values in the order of first appearance; missing rows are left out.
    /// - Throws: `FrameError.columnType`.
    package func unique() throws(FrameError) -> Series {
        let found = try factor(column, name: name, verb: "unique")
        return Series(trusting: name, column.taking(found.firstRows), nil)
    }
}

extension Frame {
    /// Whether each row has the values of another: of an earlier one (`keep` "first"), a later one
    /// ("last") or any other ("none").
    /// - Throws: `FrameError.unknownColumn`, `.columnType`.
    package func duplicated(subset: [String]?, keep: String) throws(FrameError) -> [Bool] {
        var columns: [(name: String, column: Column)] = []
        for name in subset ?? names { columns.append((name, try column(name))) }
        // Missing is a value here: two rows that both miss a cell agree in it.
        var codes = [Int64](repeating: 0, count: rowCount)
        for (name, column) in columns {
            let next = try factor(column, name: name, verb: "duplicated")
            let width = Int64(next.count + 1)
            let both = factor(
                codes.indices.map { codes[$0] * width + Int64(next.codes[$0] + 1) }, nil)
            codes = both.codes.map(Int64.init)
        }
        let found = factor(codes, nil)
        let sizes = found.sizes
        var seen = [Bool](repeating: false, count: found.count)
        var result = [Bool](repeating: false, count: rowCount)
        for step in 0..<rowCount {
            let row = keep == "last" ? rowCount - 1 - step : step
            let code = Int(found.codes[row])
            result[row] = keep == "none" ? sizes[code] > 1 : seen[code]
            seen[code] = true
        }
        return result
    }
}
