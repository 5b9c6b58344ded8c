// Tables of a statistic as scripts ask for them: pivot, pandas' pivot_table, crosstab.

import ArenaCore
import ArenaFrame
import ArenaLanguage

private typealias P = BuiltinParameter

private let sample =
    "f = frame({\"m\": [\"x\", \"y\", \"x\"], \"k\": [1, 1, 2], \"n\": [10, 20, 30]})\n"

private let totalsParameters = [
    P("margins", "bool", .named("False"), "a last row and column with the statistic of all rows"),
    P("margins_name", "str", .named("\"All\""), "what these are called"),
]

let pivotMethods: [Builtin] = [
    frameMethod(
        "pivot",
        [
            P("index", "str or list of str"), P("columns", "str"),
            P("values", "str", .optional("None")),
            P("aggfunc", "str", .optional("None"), "a statistic where several rows share a cell"),
            P("fill_value", "value", .named("None")),
        ] + totalsParameters,
        "A table: a row for each value of some columns, a column for each value of another.",
        sample + "print(f.pivot(\"m\", \"k\", \"n\").to_dict())",
        prints: "{'1': [10, 20], '2': [30, None]}"
    ) { frame, a in
        var statistic = Statistic.first
        if a.has(4) {
            statistic = try namedStatistic(try a.string(4), "pivot")
        } else if a.has(3) {
            let index = try a.strings(1) + [try a.string(2)]
            let sizes = try Grouping(frame, by: index).sizes
            if try sizes.contains(where: { $0 > 1 }) || totals(a, 6) != nil {
                throw Raised(
                    .value, "pivot(): several rows belong into one cell",
                    help: "say what becomes of them: aggfunc=\"mean\"")
            }
        }
        return value(
            try Pivot(
                frame, index: try a.strings(1), columns: try a.string(2),
                values: try a.optionalString(3), statistic: statistic, fill: try a.scalar(5),
                totals: try totals(a, 6)
            ).frame())
    },
    frameMethod(
        "pivot_table",
        [
            P("values", "str", .optional("None")),
            P("index", "str or list of str", .optional("None")),
            P("columns", "str", .optional("None")), P("aggfunc", "str", .optional("\"mean\"")),
            P("fill_value", "value", .named("None")),
        ] + totalsParameters,
        "pandas' order of the arguments of pivot; the mean unless aggfunc= says otherwise.",
        sample
            + "print(f.pivot_table(values=\"n\", index=\"m\", columns=\"k\", margins=True).to_dict())",
        prints: "{'1': [10.0, 20.0, 15.0], '2': [30.0, None, 30.0], 'All': [20.0, 20.0, 20.0]}"
    ) { frame, a in
        guard a.has(2), a.has(3) else {
            throw Raised(.type, "pivot_table() needs index= and columns=", help: "or group_by")
        }
        let statistic = try namedStatistic(a.has(4) ? try a.string(4) : "mean", "pivot_table")
        return value(
            try Pivot(
                frame, index: try a.strings(2), columns: try a.string(3),
                values: try a.optionalString(1), statistic: statistic, fill: try a.scalar(5),
                totals: try totals(a, 6)
            ).frame())
    },
]

/// `margins=` and `margins_name=`: what the totals are called; nil if they are not wanted.
private func totals(_ a: Arguments, _ i: Int) throws(Raised) -> String? {
    guard try a.bool(i, or: false) else { return nil }
    return try a.optionalString(i + 1) ?? "All"
}

let crosstabFunction = tableFunction(
    "crosstab",
    [
        P("index", "column"), P("columns", "column"),
        P(
            "normalize", "\"index\", \"columns\", \"all\" or bool", .named("False"),
            "shares of each row, of each column or of all instead of counts"),
        P("values", "column", .named("None"), "what aggfunc= is the statistic of"),
        P("aggfunc", "str", .named("None"), "a statistic of values= instead of counts"),
    ] + totalsParameters,
    "How often each value of one column meets each of another.",
    "f = frame({\"a\": [\"x\", \"y\", \"x\"], \"b\": [1, 1, 2]})\nprint(crosstab(f[\"a\"], f[\"b\"]).to_dict(), crosstab(f[\"a\"], f[\"b\"], normalize=\"index\").to_dict())\nprint(crosstab(f[\"a\"], f[\"b\"], margins=True)[\"All\"].to_dict())",
    "{'1': [1, 1], '2': [1, 0]} {'1': [0.5, 1.0], '2': [0.5, 0.0]}\n{'x': 2, 'y': 1, 'All': 3}"
) { a in
    let (x, y) = (try a.series(0), try a.series(1))
    try x.checkRows(y)
    let name = y.name == x.name ? y.name + "_" : y.name
    var frame = try Frame(names: [x.name, name], columns: [x.column, y.column])
    var summed: String?
    guard a.has(3) == a.has(4) else {
        throw Raised(.type, "crosstab() takes values= and aggfunc= together")
    }
    var statistic = Statistic.count
    if a.has(3) {
        let values = try a.series(3)
        try x.checkRows(values)
        let own = frame.names.joined() + "_"  // a name that is neither of the two
        summed = own
        frame = try Frame(names: frame.names + [own], columns: frame.columns + [values.column])
        statistic = try namedStatistic(try a.string(4), "crosstab")
    }
    let how =
        !a.has(2) || a[2].asBool == false
        ? nil : a[2].asBool == true ? "all" : try a.word(2, ["index", "columns", "all"], or: "all")
    let totals = try totals(a, 5)
    var table = try Pivot(
        frame, index: [x.name], columns: name, values: summed, statistic: statistic,
        fill: summed == nil ? .int(0) : .missing,
        totals: totals ?? (how == nil ? nil : "All"))
    if let how { try normalize(&table, how, keepingTotals: totals != nil) }
    return value(try table.frame())
}

/// Numbers as shares of their row ("index"), their column, or all; totals as shares of each other, but
/// those that would be 1 everywhere are left out.
private func normalize(_ table: inout Pivot, _ how: String, keepingTotals: Bool) throws {
    let numbers = try table.columns.map { name, column in
        try Series(name: name, column: column).filled(.int(0)).doubles(for: "crosstab")
    }
    let (rows, columns) = (max(0, (numbers.first?.count ?? 1) - 1), numbers.count - 1)
    let cells = numbers.prefix(columns).map { $0.prefix(rows) }
    let whole = cells.joined().reduce(0, +)
    for at in 0..<columns {
        let column = cells[at].reduce(0, +)
        let shares = (0..<rows).map { row in
            let own = cells.reduce(0) { $0 + $1[row] }
            return cells[at][row] / (how == "index" ? own : how == "columns" ? column : whole)
        }
        table.columns[at].column = Column(shares)
    }
    let bottom = numbers.prefix(columns).map { $0[rows] }
    let right = Array(numbers[columns].prefix(rows))
    let last = table.columns.removeLast()
    if keepingTotals, how != "index" {
        table.columns.append((last.name, Column(right.map { $0 / right.reduce(0, +) })))
    }
    guard keepingTotals, how != "columns" else {
        table.totalsRow = nil
        return
    }
    let below = bottom.map { $0 / bottom.reduce(0, +) } + [1]
    for at in table.columns.indices {
        let column = table.columns[at].column
        table.columns[at].column = column.appending(Column([below[at]])) ?? column
    }
}
