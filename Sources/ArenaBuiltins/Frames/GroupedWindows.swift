// What becomes of each row within its group: running totals, shifts, ranks, and functions of a group
// whose results go back to the rows.

import ArenaCore
import ArenaFrame
import ArenaLanguage

private typealias P = BuiltinParameter

let groupedWindowMethods: [Builtin] =
    [
        groupedMethod(
            "transform", [P("how", "str or function")],
            "The statistic of its group for each row, in the rows' order; a function gets the group's column and gives one value, or one for each row.",
            "print(list(g[\"n\"].transform(\"sum\")), list(g[\"n\"].transform(lambda c: c - c.min())))",
            "[40, 20, 40] [0, 0, 20]"
        ) { g, a in
            if isCallable(a[1]) {
                let machine = a.machine
                let f = a[1]
                return try eachColumn(g) { series in
                    try transformed(series, g, f, machine)
                }
            }
            let statistic = try namedStatistic(try a.string(1), "transform")
            return try eachColumn(g) { try g.grouping.spread($0, statistic) }
        },
        running("cumsum", "The sum of each row and those before it in its group.", "[10, 20, 40]") {
            try $0.cumulated(.cumsum)
        },
        running(
            "cummax", "The greatest of each row and those before it in its group.", "[10, 20, 30]"
        ) {
            try $0.cumulated(.cummax)
        },
        running(
            "cummin", "The smallest of each row and those before it in its group.", "[10, 20, 10]"
        ) {
            try $0.cumulated(.cummin)
        },
        groupedMethod(
            "shift", [P("n", "int", .optional("1"))],
            "The values n rows further down in their group; rows that get none are missing.",
            "print(list(g[\"n\"].shift()))", "[None, None, 10]"
        ) { g, a in
            let n = try a.int(1, or: 1)
            return try eachColumn(g) { try within($0, g) { $0.shifted(n) } }
        },
        groupedMethod(
            "diff", [P("n", "int", .optional("1"))],
            "Each value less the one n rows before in its group.",
            "print(list(g[\"n\"].diff()))", "[None, None, 20]"
        ) { g, a in
            let n = try a.int(1, or: 1)
            return try eachColumn(g) {
                try within($0, g) { try $0.applying(.subtract, .series($0.shifted(n))) }
            }
        },
        groupedMethod(
            "rank",
            [
                P(
                    "method", "\"average\", \"min\", \"max\", \"first\" or \"dense\"",
                    .optional("\"average\"")), P("ascending", "bool", .optional("True")),
            ], "The place of each value in the order of its group, from 1.",
            "print(list(g[\"n\"].rank()))", "[1.0, 1.0, 2.0]"
        ) { g, a in
            let word = try a.word(1, Series.RankMethod.allCases.map(\.rawValue), or: "average")
            let up = try a.bool(2, or: true)
            return try eachColumn(g) {
                try within($0, g) {
                    try $0.ranked(Series.RankMethod(rawValue: word) ?? .average, ascending: up)
                }
            }
        },
    ] + groupedRollingMethods

private func running(
    _ name: String, _ summary: String, _ output: String,
    _ body: @escaping @Sendable (Series) throws -> Series
) -> Builtin {
    groupedMethod(name, [], summary, "print(list(g[\"n\"].\(name)()))", output) { g, _ in
        try eachColumn(g) { try within($0, g, body) }
    }
}

/// A column for the chosen column, or a frame of one for each.
func eachColumn(_ g: GroupedValue, _ body: (Series) throws -> Series) throws -> Value {
    if let name = g.column { return value(try body(try g.grouping.frame.series(name))) }
    var result = try g.grouping.frame.select(g.names)
    for name in g.names { result = try result.assign(name, try body(try result.series(name))) }
    return value(result)
}

/// What a function makes of each group's rows, put back to where they stand; rows of no group are
/// missing.
func within(
    _ series: Series, _ g: GroupedValue, _ body: (Series) throws -> Series
) throws -> Series {
    var whole: Column?
    var places = [Int](repeating: -1, count: series.count)
    var start = 0
    for rows in g.grouping.rows {
        let part = try body(try series.take(rows)).column
        for (at, row) in rows.enumerated() { places[row] = start + at }
        start += rows.count
        guard let before = whole else {
            whole = part
            continue
        }
        guard let longer = before.appending(part) else {
            throw Raised(.type, "the groups of '\(series.name)' give columns of several types")
        }
        whole = longer
    }
    return series.replacing(series.placed(whole ?? series.column, places))
}

private func transformed(
    _ series: Series, _ g: GroupedValue, _ f: Value, _ machine: Machine
) throws -> Series {
    try within(series, g) { part in
        let argument = value(part)
        defer { argument.release() }
        let result = try machine.call(f, [argument])
        defer { result.release() }
        if let column = (result.asHost as? SeriesValue)?.series {
            guard column.count == part.count else {
                throw Raised(
                    .value,
                    "transform(): the function gave \(column.count) values for a group of \(part.count) rows",
                    help: "give one value, or one for each row of the group")
            }
            return column
        }
        guard let single = operand(result) else {
            throw Raised(
                .type,
                "transform(): the function gives a value or a column, not \(result.typeWithArticle)"
            )
        }
        return part.replacing(try Column.filled(single, count: part.count))
    }
}
