// Rows in groups as scripts see them: statistics by name, by several names, or by functions.

import ArenaCore
import ArenaFrame
import ArenaLanguage

private typealias P = BuiltinParameter

/// A grouped frame, or one column of it.
final class GroupedValue: HostObject {
    let grouping: Grouping
    /// The column whose groups are meant; nil for all.
    let column: String?
    /// Whether the groups are a column of results, not their key.
    let namesGroupsInColumns: Bool

    init(_ grouping: Grouping, column: String?, namesGroupsInColumns: Bool = false) {
        self.grouping = grouping
        self.column = column
        self.namesGroupsInColumns = namesGroupsInColumns
    }

    static let hostType = HostType(
        "grouped frame", summary: "The rows of a frame in groups of equal values.",
        methods: groupedMethods)
    var type: HostType { Self.hostType }
    func forWorker() -> (any HostObject)? {
        GroupedValue(grouping, column: column, namesGroupsInColumns: namesGroupsInColumns)
    }
    var count: Int? { grouping.count }
    var itemNames: [String] { grouping.frame.names }

    func item(_ key: Value) throws(Raised) -> Value {
        if let name = key.asString {
            _ = try framing { () throws(FrameError) in try grouping.frame.column(name) }
            return .host(
                GroupedValue(grouping, column: name, namesGroupsInColumns: namesGroupsInColumns))
        }
        throw Raised(
            .type, "a grouped frame is indexed by a column's name, not a \(key.typeName)",
            help: "df.group_by(\"model\")[\"score\"].mean()")
    }

    func iterate() throws(Raised) -> Value? {
        let list = Value.list(capacity: grouping.count)
        for (group, rows) in grouping.rows.enumerated() {
            list.add(.tuple([name(of: group), try part(rows)]))
        }
        return list
    }

    /// A group's values: the one, or a tuple of several. Owned.
    func name(of group: Int) -> Value {
        let cells = grouping.keys.map { cell($0, group) }
        return cells.count == 1 ? cells[0] : .tuple(cells)
    }

    /// Some rows as the group that a function gets. Owned.
    func part(_ rows: [Int]) throws(Raised) -> Value {
        try framing { () throws(FrameError) in
            let frame = try grouping.frame.take(rows)
            if let column { return value(try frame.series(column)) }
            return value(frame)
        }
    }

    /// The columns that a statistic is of: the chosen one, or all but the grouping ones.
    var names: [String] {
        column.map { [$0] } ?? grouping.frame.names.filter { !grouping.names.contains($0) }
    }

    /// Numbers of each group by name.
    func result(_ columns: [(name: String, column: Column)]) throws -> Value {
        let frame = try grouping.result(columns)
        return value(namesGroupsInColumns ? frame.withKeyAsColumn() : frame)
    }

    /// A number of each group.
    func result(_ name: String, _ column: Column) throws -> Value {
        if namesGroupsInColumns { return try result([(name, column)]) }
        return value(try grouping.result(name, column))
    }

    var representation: String {
        "<\(grouping.count) groups by \(grouping.names.joined(separator: ", "))>"
    }
}

func groupedMethod(
    _ name: String, _ parameters: [BuiltinParameter], _ summary: String, _ code: String,
    _ output: String, _ body: @escaping @Sendable (GroupedValue, Arguments) throws -> Value
) -> Builtin {
    let sample =
        "g = frame({\"m\": [\"x\", \"y\", \"x\"], \"n\": [10, 20, 30]}).group_by(\"m\")\n"
    return Builtin(
        name, [.receiver("grouped frame")] + parameters, summary,
        examples: [Example(sample + code, prints: output + "\n")]
    ) { a throws(Raised) in
        let grouped = try a.host(0, GroupedValue.self, "grouped frame")
        return try mixing { try body(grouped, a) }
    }
}

private let groupedMethods: [Builtin] =
    [
        statistic(.sum, "The sum of each group.", "[40, 20]"),
        statistic(.mean, "The mean of each group.", "[20.0, 20.0]"),
        statistic(.median, "The middle value of each group.", "[20.0, 20.0]"),
        statistic(.min, "The smallest value of each group.", "[10, 20]"),
        statistic(.max, "The greatest value of each group.", "[30, 20]"),
        statistic(.std, "The standard deviation of each group.", "[14.142135623730951, None]"),
        statistic(.var, "The variance of each group.", "[200.0, None]"),
        statistic(.count, "The number of values of each group.", "[2, 1]"),
        statistic(.nunique, "The number of different values of each group.", "[2, 1]"),
        statistic(.first, "The first value of each group.", "[10, 20]"),
        statistic(.last, "The last value of each group.", "[30, 20]"),
        groupedMethod(
            "size", [], "The number of rows of each group.", "print(list(g.size()))", "[2, 1]"
        ) { g, _ in
            try g.result("size", Column(g.grouping.sizes.map { Int64($0) }))
        },
        groupedMethod(
            "agg",
            [
                P("what", "str, list, dict or function", .optional("None")),
                P("named", "(column, statistic or function)", .keywords),
            ],
            "Several statistics: agg(total=(\"n\", \"sum\")), agg({\"n\": \"mean\"}), agg([\"min\", \"max\"]); functions get the group's column.",
            "print(g.agg(total=(\"n\", \"sum\"), spread=(\"n\", lambda c: c.max() - c.min())).to_dict())",
            "{'total': [40, 20], 'spread': [20, 0]}", aggregated),
        groupedMethod(
            "apply", [P("f", "function")],
            "The function's result for each group, which it gets as a frame (or column); dicts make a frame.",
            "print(g.apply(lambda d: len(d)).to_dict())", "{'x': 2, 'y': 1}"
        ) { g, a in
            var parts: [Value] = []
            for rows in g.grouping.rows { parts.append(try g.part(rows)) }
            let key = try g.grouping.result("result", Column(parts.map { _ in true })).key
            return try applied(a[1], toEach: parts, key: key, name: "result", a.machine)
        },
        groupedMethod(
            "cumcount", [], "Each row's number within its group, from 0.",
            "print(list(g.cumcount()))", "[0, 0, 1]"
        ) { g, _ in
            let numbers = g.grouping.numbersWithin()
            return value(
                try Series(
                    name: "cumcount",
                    column: Column(
                        .int64(numbers), validity: Validity(numbers.lazy.map { $0 >= 0 })),
                    key: g.grouping.frame.key))
        },
        groupedMethod(
            "ngroup", [], "The number of each row's group, from 0.",
            "print(list(g.ngroup()))", "[0, 1, 0]"
        ) { g, _ in
            let codes = g.grouping.codes
            return value(
                try Series(
                    name: "ngroup",
                    column: Column(
                        .int64(codes.map(Int64.init)),
                        validity: Validity(codes.lazy.map { $0 >= 0 })),
                    key: g.grouping.frame.key))
        },
        groupedMethod(
            "head", [P("n", "int", .optional("5"))],
            "The first n rows of each group, in the frame's order.",
            "print(list(g.head(1)[\"n\"]))", "[10, 20]"
        ) { g, a in
            let limit = try a.int(1, or: 5)
            let numbers = g.grouping.numbersWithin()
            return try g.part(numbers.indices.filter { numbers[$0] >= 0 && numbers[$0] < limit })
        },
        largest("nlargest", "greatest", "[30, 10, 20]"),
        largest("nsmallest", "smallest", "[10, 30, 20]"),
        groupedMethod(
            "get_group", [P("name", "value or tuple")], "The rows of one group.",
            "print(list(g.get_group(\"x\")[\"n\"]))", "[10, 30]"
        ) { g, a in
            for (group, rows) in g.grouping.rows.enumerated() {
                let name = g.name(of: group)
                defer { name.release() }
                if try name.equals(a[1]) { return try g.part(rows) }
            }
            throw Raised(.key, "there is no group \(a.machine.representation(of: a[1]))")
        },
    ] + groupedWindowMethods

private func largest(_ name: String, _ which: String, _ output: String) -> Builtin {
    groupedMethod(
        name, [P("n", "int", .optional("5"))],
        "The rows of the n \(which) values of each group, group by group.",
        "print(list(g[\"n\"].\(name)(2)))", output
    ) { g, a in
        guard let name = g.column else {
            throw Raised(
                .type, "\(a.builtin.name)() of groups is one of a column",
                help: "df.group_by(\"model\")[\"score\"].\(a.builtin.name)(3)")
        }
        let series = try g.grouping.frame.series(name)
        let most = max(0, try a.int(1, or: 5))
        var chosen: [Int] = []
        for rows in g.grouping.rows {
            let part = try series.take(rows)
            let order = try part.order(ascending: a.builtin.name == "nsmallest")
            chosen += order.filter { !part.column.isMissing($0) }.prefix(most).map { rows[$0] }
        }
        return value(try series.take(chosen))
    }
}

private func statistic(_ statistic: Statistic, _ summary: String, _ result: String) -> Builtin {
    groupedMethod(
        statistic.rawValue, [P("numeric_only", "bool", .named("False"))], summary,
        "print(list(g[\"n\"].\(statistic.rawValue)()))", result
    ) { g, a in
        if let name = g.column {
            let column = try g.grouping.aggregated(try g.grouping.frame.series(name), statistic)
            return try g.result(name, column)
        }
        let numericOnly = try a.bool(1, or: false)
        var columns: [(name: String, column: Column)] = []
        for name in g.names {
            let series = try g.grouping.frame.series(name)
            if numericOnly, !series.column.type.isNumeric, series.column.type != .bool { continue }
            columns.append((name, try g.grouping.aggregated(series, statistic)))
        }
        return try g.result(columns)
    }
}

/// What `agg` computes: the name of the result, the column, and how.
private struct Wanted {
    var name: String
    var column: String
    var how: Value
}

private let aggregated: @Sendable (GroupedValue, Arguments) throws -> Value = { g, a in
    var wanted: [Wanted] = []
    func all(_ how: Value, suffix: String?) {
        for name in g.names {
            wanted.append(
                Wanted(name: suffix.map { "\(name)_\($0)" } ?? name, column: name, how: how))
        }
    }
    if a.has(1) {
        if let entries = a[1].dictItems {
            for (name, how) in entries {
                let column = name.asString ?? ""
                for one in how.items.map({ Array($0) }) ?? [how] {
                    let suffix = how.items == nil ? "" : "_" + (one.asString ?? "function")
                    wanted.append(Wanted(name: column + suffix, column: column, how: one))
                }
            }
        } else if let several = a[1].items {
            for how in several {
                let word = how.asString ?? "function"
                if let own = g.column {
                    wanted.append(Wanted(name: word, column: own, how: how))
                } else {
                    all(how, suffix: word)
                }
            }
        } else if let own = g.column {
            let column = try aggregate(g, Wanted(name: own, column: own, how: a[1]), a.machine)
            return try g.result(own, column)
        } else {
            all(a[1], suffix: nil)
        }
    }
    for (name, pair) in a[2].dictItems ?? [] {
        if let own = g.column, pair.items == nil {
            wanted.append(Wanted(name: name.asString ?? "", column: own, how: pair))
            continue
        }
        guard let parts = pair.items, parts.count == 2, let column = parts[0].asString else {
            throw Raised(
                .type, "agg(): '\(name.asString ?? "")' is a pair of column and statistic",
                help: "agg(total=(\"n\", \"sum\"))")
        }
        wanted.append(Wanted(name: name.asString ?? "", column: column, how: parts[1]))
    }
    guard !wanted.isEmpty else {
        throw Raised(.type, "agg() needs a statistic", help: "agg(total=(\"n\", \"sum\"))")
    }
    var columns: [(name: String, column: Column)] = []
    for one in wanted { columns.append((one.name, try aggregate(g, one, a.machine))) }
    return try g.result(columns)
}

private func aggregate(_ g: GroupedValue, _ wanted: Wanted, _ machine: Machine) throws -> Column {
    let series = try g.grouping.frame.series(wanted.column)
    if let name = wanted.how.asString {
        if name == "size" { return Column(g.grouping.sizes.map { Int64($0) }) }
        return try g.grouping.aggregated(series, try namedStatistic(name, "agg"))
    }
    guard isCallable(wanted.how) else {
        throw Raised(
            .type, "agg(): a statistic is a name or a function, not a \(wanted.how.typeName)")
    }
    var results: [Value] = []
    defer { for result in results { result.release() } }
    for rows in g.grouping.rows {
        let part = value(try series.take(rows))
        defer { part.release() }
        results.append(try machine.call(wanted.how, [part]))
    }
    return try column(ofItems: results, named: wanted.name)
}
