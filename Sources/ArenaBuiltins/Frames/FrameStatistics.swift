// Numbers that describe the columns of a frame, or its rows.

import ArenaCore
import ArenaFrame
import ArenaLanguage

private typealias P = BuiltinParameter

private let sample = "f = frame({\"a\": [1, 2, 6], \"b\": [2.0, 4.0, 6.0]})\n"

let frameStatisticMethods: [Builtin] =
    [
        statistic(
            .sum, "The sum of each column, or of each row (axis=1).", "{'a': 9.0, 'b': 12.0}"),
        statistic(
            .mean, "The mean of each column, or of each row (axis=1).", "{'a': 3.0, 'b': 4.0}"),
        statistic(
            .median, "The middle value of each column, or row (axis=1).", "{'a': 2.0, 'b': 4.0}"),
        statistic(
            .min, "The smallest value of each column, or row (axis=1).", "{'a': 1.0, 'b': 2.0}"),
        statistic(
            .max, "The greatest value of each column, or row (axis=1).", "{'a': 6.0, 'b': 6.0}"),
        statistic(
            .std, "The standard deviation of each column, or row (axis=1).",
            "{'a': 2.6457513110645907, 'b': 2.0}"),
        statistic(.var, "The variance of each column, or row (axis=1).", "{'a': 7.0, 'b': 4.0}"),
        statistic(
            .count, "The number of values of each column, or row (axis=1).", "{'a': 3, 'b': 3}"),
        statistic(.nunique, "The number of different values of each column.", "{'a': 3, 'b': 3}"),
        statistic(
            .any, "Whether each column (or row) of truth values has a true one.",
            "{'a': True, 'b': True}"),
        statistic(
            .all, "Whether each column (or row) of truth values is all true.",
            "{'a': False, 'b': False}"),
        frameMethod(
            "quantile", [P("q", "float", .optional("0.5"))],
            "The value below which a share of each column lies.",
            sample + "print(f.quantile(0.25).to_dict())", prints: "{'a': 1.5, 'b': 3.0}"
        ) { frame, a in
            let q = a.has(1) ? try a.double(1) : 0.5
            return value(try perColumn(frame, "quantile") { try $0.quantile(q) })
        },
        frameMethod(
            "describe",
            [
                P(
                    "include", "\"number\", \"object\" or \"string\"",
                    .named("numbers, or else all"), "the columns that are described")
            ],
            "Count, mean, deviation and quartiles of each column of numbers; of text, frequent values.",
            sample + "print(f.describe()[\"a\"][\"max\"])", prints: "6.0"
        ) { frame, a in
            let include = try a.word(1, ["number", "object", "string"], or: "number")
            let chosen = zip(frame.names, frame.columns).filter { _, column in
                include == "number" ? column.type.isNumeric : column.type == .string
            }.map(\.0)
            let names = chosen.isEmpty && !a.has(1) ? frame.names : chosen
            var columns: [Column] = []
            var key: FrameKey?
            for name in names {
                let series = try described(try frame.series(name))
                columns.append(series.column)
                key = series.key
            }
            return value(try Frame(names: names, columns: columns, key: key))
        },
        frameMethod(
            "corr", [], "Pearson's correlation of each two columns of numbers.",
            sample + "print(round(f.corr()[\"a\"][\"b\"], 4))", prints: "0.9449"
        ) { frame, _ in
            let names = frame.names.filter { name in
                (try? frame.column(name).type.isNumeric) ?? false
            }
            var columns: [Column] = []
            for a in names {
                var scalars: [Scalar] = []
                for b in names {
                    scalars.append(try frame.series(a).correlation(try frame.series(b)))
                }
                columns.append(try Column.of(scalars) ?? .missing(.float64, count: names.count))
            }
            return value(try Frame(names: names, columns: columns, key: try nameKey(names)))
        },
        frameMethod(
            "value_counts",
            [
                P("subset", "str or list of str", .optional("all columns")),
                P("normalize", "bool", .optional("False")),
                P("dropna", "bool", .named("True"), "False: missing counts as a value"),
            ], "How often each combination of values occurs, the most frequent first.",
            "print(list(frame({\"a\": [1, 2, 2], \"b\": [0, 0, 0]}).value_counts()[\"count\"]))",
            prints: "[2, 1]"
        ) { frame, a in
            let grouping = try Grouping(
                frame, by: a.has(1) ? try a.strings(1) : frame.names,
                dropMissing: try a.bool(3, or: true))
            let total = Double(grouping.sizes.reduce(0, +))
            let counts =
                try a.bool(2, or: false)
                ? Column(grouping.sizes.map { Double($0) / total })
                : Column(grouping.sizes.map { Int64($0) })
            let name = try a.bool(2, or: false) ? "proportion" : "count"
            let result = try grouping.result([(name, counts)])
            return value(try result.sorted(by: [SortKey(name, ascending: false)]))
        },
        extreme(
            "idxmax", true,
            "The name of the column (axis=1) or the key of the row with the greatest value.",
            "['b', 'a']"),
        extreme(
            "idxmin", false,
            "The name of the column (axis=1) or the key of the row with the smallest value.",
            "['a', 'b']"),
        extreme(
            "argmax", true,
            "The number of the column (axis=1) or of the row with the greatest value.", "[1, 0]"),
        extreme(
            "argmin", false,
            "The number of the column (axis=1) or of the row with the smallest value.", "[0, 1]"),
        frameMethod(
            "softmax", [P("axis", "1", .optional("1"))],
            "Each row as shares that add up to 1.",
            "print(list(frame({\"a\": [0.0], \"b\": [0.0]}).softmax(axis=1)[\"a\"]))",
            prints: "[0.5]"
        ) { frame, a in
            guard try !a.has(1) || a.isAcross(1) else {
                throw Raised(.value, "softmax() goes across the columns", help: "softmax(axis=1)")
            }
            let shares = softmax(try rowMajor(frame, "softmax"), width: frame.names.count)
            return value(try fromRowMajor(frame, shares))
        },
        numbers(.abs, "The distance of each number from 0.", "[1.0, 2.0]", "[-1.0, 2.0]"),
        numbers(
            .sign, "-1, 0 or 1 as each number is below, at or above 0.", "[-1.0, 1.0]",
            "[-1.0, 2.0]"),
        numbers(.sqrt, "The square root of each number.", "[1.0, 2.0]", "[1.0, 4.0]"),
        numbers(.log, "The natural logarithm of each number.", "[0.0]", "[1.0]"),
        numbers(.log1p, "The natural logarithm of 1 + each number.", "[0.0]", "[0.0]"),
        numbers(.exp, "e to the power of each number.", "[1.0]", "[0.0]"),
    ]

/// A statistic of each column or row, keyed by the columns' names or the frame's key.
private func statistic(_ statistic: Statistic, _ summary: String, _ result: String) -> Builtin {
    let truths = statistic == .any || statistic == .all
    return frameMethod(
        statistic.rawValue,
        [
            P("axis", "0 or 1", .optional("0")),
            P("numeric_only", "bool", .named("False"), "leaves out columns that are no numbers"),
        ], summary,
        sample
            + "print(\(truths ? "(f > 5).\(statistic.rawValue)()" : "f.\(statistic.rawValue)()").to_dict())",
        prints: result
    ) { frame, a in
        var frame = frame
        if try a.bool(2, or: false) {
            frame = try frame.select(
                frame.names.filter { name in
                    (try? frame.column(name)).map { $0.type.isNumeric || $0.type == .bool } ?? false
                })
        }
        guard try a.isAcross(1) else {
            return value(try perColumn(frame, statistic.rawValue) { try $0.statistic(statistic) })
        }
        return value(try perRow(frame, statistic))
    }
}

/// A statistic of each row.
private func perRow(_ frame: Frame, _ statistic: Statistic) throws -> Series {
    let parts = try frame.names.map { try frame.series($0) }
    let rows = 0..<frame.rowCount
    let column: Column
    switch statistic {
    case .count:
        column = Column(
            rows.map { row in Int64(parts.count { !$0.column.isMissing(row) }) })
    case .any, .all:
        let truths = try parts.map { try $0.truths(for: statistic.rawValue) }
        column = Column(
            rows.map { row in
                let present = truths.indices.filter { !parts[$0].column.isMissing(row) }
                return statistic == .any
                    ? present.contains { truths[$0][row] } : present.allSatisfy { truths[$0][row] }
            })
    case .sum, .mean, .median, .min, .max, .std, .var, .nunique, .first, .last, .prod:
        let isWhole =
            parts.allSatisfy { $0.column.type == .int64 || $0.column.type == .bool }
            && [.sum, .min, .max, .prod].contains(statistic)
        let values = try parts.map { try $0.doubles(for: statistic.rawValue) }
        if !isWhole, statistic == .sum || statistic == .mean, !parts.isEmpty,
            parts.allSatisfy({ $0.column.missingCount == 0 })
        {
            let width = parts.count
            let totals = rows.map { row in pairwiseSum(values.map { $0[row] }) }
            let column = Column(
                statistic == .sum ? totals : totals.map { $0 / Double(width) })
            return try Series(name: statistic.rawValue, column: column, key: frame.key)
        }
        var scalars: [Scalar] = []
        scalars.reserveCapacity(frame.rowCount)
        for row in rows {
            let present = values.indices.filter { !parts[$0].column.isMissing(row) }
            let cells = Column(present.map { values[$0][row] })
            let scalar = try Series(name: statistic.rawValue, column: cells).statistic(statistic)
            if isWhole, let x = scalar.double, let n = Int64(exactly: x) {
                scalars.append(.int(n))
            } else {
                scalars.append(scalar)
            }
        }
        column = try Column.of(scalars) ?? .missing(.float64, count: frame.rowCount)
    }
    return try Series(name: statistic.rawValue, column: column, key: frame.key)
}

/// A number of each column, keyed by the columns' names.
private func perColumn(
    _ frame: Frame, _ name: String, _ body: (Series) throws -> Scalar
) throws -> Series {
    var scalars: [Scalar] = []
    for column in frame.names { scalars.append(try body(try frame.series(column))) }
    guard let column = try Column.of(scalars) else {
        throw Raised(
            .type, "\(name)() gives values of several types for these columns",
            help: "select columns of one type first: df[[\"a\", \"b\"]].\(name)()")
    }
    return try Series(name: name, column: column, key: try nameKey(frame.names))
}

private func extreme(
    _ name: String, _ greatest: Bool, _ summary: String, _ result: String
) -> Builtin {
    frameMethod(
        name, [P("axis", "0 or 1", .optional("0"))], summary,
        "print(list(frame({\"a\": [1, 5], \"b\": [2, 5 - 1]}).\(name)(axis=1)))", prints: result
    ) { frame, a in
        let isNumber = name.hasPrefix("arg")
        guard try a.isAcross(1) else {
            var places: [Value] = []
            for column in frame.names {
                guard let row = try frame.series(column).extremeRow(greatest: greatest, for: name)
                else { throw FrameError.noValues(verb: name, column: column) }
                places.append(
                    isNumber ? .int(row) : frame.key.map { cell($0.column, row) } ?? .int(row))
            }
            defer { for place in places { place.release() } }
            let column = try column(ofItems: places, named: name)
            return value(try Series(name: name, column: column, key: try nameKey(frame.names)))
        }
        guard !frame.names.isEmpty else { throw FrameError.noFrames(verb: name) }
        let values = try frame.names.map { try frame.series($0).doubles(for: name) }
        let columns = frame.columns
        var chosen: [Int32] = []
        chosen.reserveCapacity(frame.rowCount)
        for row in 0..<frame.rowCount {
            var best = -1
            for at in columns.indices where !columns[at].isMissing(row) {
                let x = values[at][row]
                if best < 0 || (greatest ? x > values[best][row] : x < values[best][row])
                    || x.isNaN && !values[best][row].isNaN
                {
                    best = at
                }
            }
            chosen.append(Int32(best))
        }
        let validity = Validity(chosen.lazy.map { $0 >= 0 })
        if isNumber {
            return value(
                try Series(
                    name: name, column: Column(.int64(chosen.map(Int64.init)), validity: validity),
                    key: frame.key))
        }
        let names = try TextStorage(frame.names).taking(chosen.map { max(0, Int($0)) })
        return value(
            try Series(
                name: name, column: Column(.string(names), validity: validity), key: frame.key))
    }
}

private func numbers(
    _ function: NumberFunction, _ summary: String, _ output: String, _ input: String
) -> Builtin {
    frameMethod(
        function.rawValue, [], summary,
        "print(list(frame({\"a\": \(input)}).\(function.rawValue)()[\"a\"]))", prints: output
    ) { frame, _ in value(try each(frame) { try $0.applying(function) }) }
}

/// The numbers of a frame, a row after the other.
private func rowMajor(_ frame: Frame, _ verb: String) throws -> [Double] {
    let stacked = try hstack(try frame.names.map { try frame.series($0) }, name: verb)
    guard case .matrix(let matrix) = stacked.column.storage else { return [] }
    return matrix.doubles
}

private func fromRowMajor(_ frame: Frame, _ values: [Double]) throws -> Frame {
    var result = frame
    let width = frame.names.count
    for (at, name) in frame.names.enumerated() {
        result = try result.assign(
            name, Column((0..<frame.rowCount).map { values[$0 * width + at] }))
    }
    return result
}
