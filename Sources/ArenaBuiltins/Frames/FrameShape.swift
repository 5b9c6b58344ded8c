// Frames into other shapes: grouped, joined, exploded, as one matrix.

import ArenaCore
import ArenaFrame
import ArenaLanguage

private typealias P = BuiltinParameter

private let sample =
    "f = frame({\"m\": [\"x\", \"y\", \"x\"], \"k\": [1, 1, 2], \"n\": [10, 20, 30]})\n"

private let groupParameters = [
    P("by", "str or list of str"),
    P("sort", "bool", .optional("True"), "groups in the order of their values, or as they appear"),
    P(
        "dropna", "bool", .named("True"),
        "False: rows where such a value is missing are a group too"),
    P(
        "as_index", "bool", .named("True"),
        "False: the groups are a column of results, not their key"),
]

let frameShapeMethods: [Builtin] = [
    frameMethod(
        "group_by", groupParameters,
        "The rows in groups of equal values; rows where such a value is missing are left out.",
        sample + "print(f.group_by(\"m\")[\"n\"].mean().to_dict())",
        prints: "{'x': 20.0, 'y': 20.0}",
        grouped),
    frameMethod(
        "groupby", groupParameters, "pandas' name of group_by.",
        sample + "print(list(f.groupby(\"m\").agg(total=(\"n\", \"sum\"))[\"total\"]))",
        prints: "[40, 20]", grouped),
    frameMethod(
        "merge",
        [
            P("other", "frame"),
            P("on", "str or list of str", .named("the key"), "columns that both have"),
            P(
                "how", "\"inner\", \"left\", \"right\", \"outer\", \"anti\" or \"semi\"",
                .named("\"inner\"")),
            P("left_on", "str or list of str", .named("on")),
            P("right_on", "str or list of str", .named("on")),
            P("suffixes", "pair of str", .named("(\"_x\", \"_y\")")),
            P(
                "validate", "\"1:1\", \"1:m\", \"m:1\" or \"m:m\"", .named("\"m:m\""),
                "refuses values that are there twice"),
        ],
        "The rows of two frames that agree in some columns, side by side; missing values match nothing.",
        sample
            + "g = frame({\"m\": [\"x\", \"z\"], \"w\": [1.5, 2.5]})\nprint(list(f.merge(g, on=\"m\", how=\"left\")[\"w\"]))",
        prints: "[1.5, None, 1.5]", merged),
    frameMethod(
        "get_dummies", [P("columns", "str or list of str"), P("dtype", "str", .named("\"bool\""))],
        "The frame with some columns in place of which there is one for each of their values (one-hot).",
        sample + "print(f[[\"m\"]].get_dummies(\"m\").columns)", prints: "['m_x', 'm_y']"
    ) { frame, a in
        let wanted = try a.strings(1)
        let type = a.has(2) ? try a.columnType(a[2]) : .bool
        var names: [String] = []
        var columns: [Column] = []
        for name in wanted { _ = try frame.column(name) }
        for name in frame.names {
            if !wanted.contains(name) {
                names.append(name)
                columns.append(try frame.column(name))
                continue
            }
            let (codes, classes) = try frame.series(name).encoded()
            for code in 0..<classes.count {
                let dummy = "\(name)_\(classes.text(code) ?? "")"
                let column = Column(codes.map { $0 == Int32(code) })
                names.append(dummy)
                columns.append(try Series(name: dummy, column: column).converted(to: type).column)
            }
        }
        return value(try Frame(names: names, columns: columns, key: frame.key))
    },
    frameMethod(
        "explode", [P("column", "str or list of str")],
        "A row for each item of a column of lists, the other cells repeated; several columns of lists of the same lengths go together. The key becomes a column.",
        "f = frame({\"id\": [7, 8], \"a\": [[1, 2], [3]]}, key=\"id\")\nprint(f.explode(\"a\").to_dict())",
        prints: "{'id': [7, 7, 8], 'a': [1, 2, 3]}"
    ) { frame, a in
        var parts: [String: Column] = [:]
        var rows: [Int] = []
        for (number, name) in try a.strings(1).enumerated() {
            let (column, own) = try frame.series(name).exploded()
            if number > 0,
                let place = (0..<max(own.count, rows.count)).first(where: {
                    $0 >= own.count || $0 >= rows.count || own[$0] != rows[$0]
                })
            {
                let row = min(
                    place < own.count ? own[place] : .max, place < rows.count ? rows[place] : .max)
                throw Raised(
                    .value,
                    "explode(): the lists of '\(name)' in \(try frame.series(name).rowName(row)) have another length than those before",
                    help: "columns that are exploded together have lists of the same lengths")
            }
            rows = own
            parts[name] = column
        }
        let open = frame.withKeyAsColumn()
        var columns: [Column] = []
        for other in open.names {
            columns.append(try parts[other] ?? open.column(other).taking(rows))
        }
        return value(try Frame(names: open.names, columns: columns))
    },
    frameMethod(
        "melt",
        [
            P("id_vars", "str or list of str", .optional("None"), "columns that are repeated"),
            P("value_vars", "str or list of str", .optional("the others")),
            P("var_name", "str", .named("\"variable\"")),
            P("value_name", "str", .named("\"value\"")),
        ], "Columns laid out below each other, with their names beside the values: wide into long.",
        "f = frame({\"id\": [7], \"a\": [1], \"b\": [2]})\nprint(f.melt(\"id\").to_dict())",
        prints: "{'id': [7, 7], 'variable': ['a', 'b'], 'value': [1, 2]}"
    ) { frame, a in
        let ids = a.has(1) ? try a.strings(1) : frame.key.map { [$0.name] } ?? []
        let values =
            a.has(2)
            ? try a.strings(2) : frame.names.filter { !ids.contains($0) }
        return value(
            try frame.melted(
                keeping: ids, values, names: try a.optionalString(3) ?? "variable",
                value: try a.optionalString(4) ?? "value"))
    },
    frameMethod(
        "matrix", [], "The columns as one matrix, a row of numbers for each row.",
        "print(frame({\"a\": [1, 2], \"b\": [0.5, 1.5]}).matrix()[1])", prints: "[2.0, 1.5]"
    ) { frame, _ in value(try frame.matrix()) },
]

private let grouped: @Sendable (Frame, Arguments) throws -> Value = { frame, a in
    .host(
        GroupedValue(
            try Grouping(
                frame, by: try a.strings(1), sort: try a.bool(2, or: true),
                dropMissing: try a.bool(3, or: true)), column: nil,
            namesGroupsInColumns: try !a.bool(4, or: true)))
}

private let merged: @Sendable (Frame, Arguments) throws -> Value = { frame, a in
    try merge(frame, try a.frame(1), a)
}

/// The merge that the arguments from `on` (2) on describe.
func merge(_ left: Frame, _ right: Frame, _ a: Arguments) throws -> Value {
    var leftOn: [String] = []
    var rightOn: [String] = []
    if a.has(2) {
        leftOn = try a.strings(2)
        rightOn = leftOn
    } else if a.has(4) || a.has(5) {
        guard a.has(4), a.has(5) else {
            throw Raised(.type, "merge() takes left_on= and right_on= together")
        }
        leftOn = try a.strings(4)
        rightOn = try a.strings(5)
    } else if let key = left.key, right.key?.name == key.name {
        leftOn = [key.name]
        rightOn = leftOn
    } else {
        throw Raised(
            .type, "merge() needs the columns to join by: the frames have no key in common",
            help: "df.merge(other, on=\"id\")")
    }
    let how = try a.word(3, JoinKind.allCases.map(\.rawValue), or: "inner")
    var suffixes = ("_x", "_y")
    if a.has(6) {
        let given = try a.strings(6)
        guard given.count == 2, given[0] != given[1] else {
            throw Raised(
                .value, "merge(): suffixes= are two different texts",
                help: "suffixes=(\"_left\", \"_right\")")
        }
        suffixes = (given[0], given[1])
    }
    return value(
        try left.merged(
            with: right, leftOn: leftOn, rightOn: rightOn, how: JoinKind(rawValue: how) ?? .inner,
            suffixes: suffixes, validate: try a.optionalString(7)))
}

/// A statistic by its name.
func namedStatistic(_ name: String, _ verb: String) throws(Raised) -> Statistic {
    if let statistic = Statistic(rawValue: name) { return statistic }
    throw Raised(
        .value, "\(verb)() knows no statistic '\(name)'",
        help: suggestion(for: name, among: Statistic.allCases.map(\.rawValue) + ["size"]))
}
