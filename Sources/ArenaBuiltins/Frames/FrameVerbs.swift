// The verbs of frames: choosing rows and columns, missing values, types, functions over rows.

import ArenaCore
import ArenaFrame
import ArenaLanguage

private typealias P = BuiltinParameter

private let sample =
    "f = frame({\"id\": [7, 8, 9], \"a\": [3, 1, None], \"t\": [\"x\", \"y\", \"x\"]}, key=\"id\")\n"

let frameVerbMethods: [Builtin] = [
    frameMethod(
        "tail", [P("n", "int", .optional("5"))], "The last n rows.",
        sample + "print(f.tail(1).key)", prints: "[9]"
    ) { frame, a in value(try frame.take(tailRows(frame.rowCount, try a.int(1, or: 5)))) },
    frameMethod(
        "select", [P("columns", "list of str")], "These columns in this order; the key stays.",
        sample + "print(f.select([\"t\"]).columns)", prints: "['t']"
    ) { frame, a in value(try frame.select(try a.strings(1))) },
    frameMethod(
        "drop", [P("columns", "str or list of str"), P("axis", "1", .optional("1"))],
        "The frame without these columns.",
        sample + "print(f.drop(\"a\").columns)", prints: "['t']"
    ) { frame, a in
        guard try !a.has(2) || a.isAcross(2) else {
            throw Raised(
                .value, "drop() takes columns away, not rows",
                help: "rows by a condition: df[df[\"a\"] != 0], by place: df[1:]")
        }
        return value(try frame.dropping(try a.strings(1)))
    },
    frameMethod(
        "filter", [P("condition", "bool column or function")],
        "The rows where a bool column is true, or a function of the row is.",
        sample
            + "print(f.filter(f[\"t\"] == \"x\").key, f.filter(lambda r: r[\"t\"] == \"y\").key)",
        prints: "[7, 9] [8]"
    ) { frame, a in
        if isCallable(a[1]) {
            let holds = try truths(a[1], ofRowsOf: frame, a.machine)
            let rows = holds.indices.filter { holds[$0] }
            return value(try frame.take(rows))
        }
        return value(try frame.filtered(by: try a.series(1)))
    },
    frameMethod(
        "sort_values",
        [
            P("by", "str or list of str"),
            P("ascending", "bool or list of bool", .optional("True")),
        ], "The rows in the order of some columns; stable, missing rows last.",
        sample + "print(f.sort_values([\"t\", \"a\"], ascending=[False, True]).key)",
        prints: "[8, 7, 9]"
    ) { frame, a in
        let names = try a.strings(1)
        var directions = [Bool](repeating: true, count: names.count)
        if let given = a[2].items {
            guard given.count == names.count else {
                throw Raised(
                    .value, "\(given.count) directions for \(names.count) columns",
                    help: "ascending= is one bool, or a list with one for each column")
            }
            directions = given.map(\.isTrue)
        } else if a.has(2) {
            let all = try a.bool(2, or: true)
            directions = directions.map { _ in all }
        }
        return value(
            try frame.sorted(by: zip(names, directions).map { SortKey($0, ascending: $1) }))
    },
    frameMethod(
        "sample",
        [
            P("n", "int", .optional("1")), P("frac", "float", .named("None")),
            P("seed", "int", .named("")), P("weights", "column, its name, or list", .named("None")),
            P(
                "replace", "bool", .named("False"),
                "a row may be drawn again; the key becomes a column"),
        ], "Rows drawn by lot; the seed gives the rows that pandas draws.",
        sample + "print(f.sample(2, seed=1).key)", prints: "[7, 9]"
    ) { frame, a in
        let rows = try drawnRows(frame.rowCount, of: frame, a)
        let open = try a.bool(5, or: false) ? frame.withKeyAsColumn() : frame
        return value(try open.take(rows))
    },
    frameMethod(
        "shuffle", [P("seed", "int")], "All rows in an order drawn by lot.",
        sample + "print(sorted(f.shuffle(seed=1).key))", prints: "[7, 8, 9]"
    ) { frame, a in
        var random = RandomState(seed: try seed(a, 1))
        return value(try frame.take(random.permutation(frame.rowCount)))
    },
    frameMethod(
        "duplicated",
        [
            P("subset", "str or list of str", .optional("all columns")),
            P("keep", "\"first\", \"last\" or False", .optional("\"first\"")),
        ], "Whether each row repeats the values of an earlier one (or a later, or any other).",
        sample + "print(list(f.duplicated(\"t\")))", prints: "[False, False, True]"
    ) { frame, a in
        let repeated = try frame.duplicated(
            subset: a.has(1) ? try a.strings(1) : nil, keep: try keep(a, 2))
        return value(try Series(name: "duplicated", column: Column(repeated), key: frame.key))
    },
    frameMethod(
        "drop_duplicates",
        [
            P("subset", "str or list of str", .optional("all columns")),
            P("keep", "\"first\", \"last\" or False", .optional("\"first\"")),
        ], "The rows whose values no earlier row has; keep=False drops every copy.",
        sample + "print(f.drop_duplicates(\"t\").key, f.drop_duplicates(\"t\", keep=False).key)",
        prints: "[7, 8] [8]"
    ) { frame, a in
        let repeated = try frame.duplicated(
            subset: a.has(1) ? try a.strings(1) : nil, keep: try keep(a, 2))
        return value(try frame.take(repeated.indices.filter { !repeated[$0] }))
    },
    frameMethod(
        "isna", [], "A frame of truth values: whether each cell is missing.",
        sample + "print(list(f.isna()[\"a\"]))", prints: "[False, False, True]"
    ) { frame, _ in value(try each(frame) { $0.isMissing() }) },
    frameMethod(
        "notna", [], "A frame of truth values: whether each cell has a value.",
        sample + "print(list(f.notna()[\"a\"]))", prints: "[True, True, False]"
    ) { frame, _ in value(try each(frame) { $0.isPresent() }) },
    frameMethod(
        "fillna", [P("value", "value or dict")],
        "Missing cells get a value, or one for each column by a dict.",
        sample + "print(list(f.fillna({\"a\": 0})[\"a\"]))", prints: "[3, 1, 0]"
    ) { frame, a in
        guard let entries = a[1].dictItems else {
            let new = try a.scalar(1)
            return value(try each(frame) { try $0.filled(new) })
        }
        var result = frame
        for (name, new) in entries {
            guard let name = name.asString, let new = scalar(new) else {
                throw Raised(.type, "fillna() wants names to single values")
            }
            result = try result.assign(name, try frame.series(name).filled(new))
        }
        return value(result)
    },
    frameMethod(
        "ffill", [], "Missing cells get the value of the last row before that has one.",
        sample + "print(list(f.ffill()[\"a\"]))", prints: "[3, 1, 1]"
    ) { frame, _ in value(try each(frame) { $0.filled(forward: true) }) },
    frameMethod(
        "bfill", [], "Missing cells get the value of the first row behind that has one.",
        sample + "print(list(f.bfill()[\"a\"]))", prints: "[3, 1, None]"
    ) { frame, _ in value(try each(frame) { $0.filled(forward: false) }) },
    frameMethod(
        "dropna",
        [
            P("subset", "str or list of str", .optional("all columns")),
            P("how", "\"any\" or \"all\"", .optional("\"any\"")),
        ], "The rows in which no cell is missing (or not all of them are).",
        sample + "print(f.dropna().key)", prints: "[7, 8]"
    ) { frame, a in
        let columns = try (a.has(1) ? try a.strings(1) : frame.names).map { try frame.column($0) }
        let any = try a.word(2, ["any", "all"], or: "any") == "any"
        let rows = (0..<frame.rowCount).filter { row in
            let missing = columns.count { $0.isMissing(row) }
            return any ? missing == 0 : missing < columns.count || columns.isEmpty
        }
        return value(try frame.take(rows))
    },
    frameMethod(
        "replace", [P("old", "value or dict"), P("new", "value", .optional("None"))],
        "Cells of one value get another, in every column that can hold both; a dict replaces several.",
        sample + "print(list(f.replace(\"x\", \"z\")[\"t\"]))", prints: "['z', 'y', 'z']"
    ) { frame, a in
        let pairs = try changes(a, 1)
        return value(try each(frame) { try $0.replaced(pairs) })
    },
    frameMethod(
        "astype", [P("dtype", "str or dict")],
        "Columns as another type, all of them or those of a dict.",
        sample + "print(f.astype({\"a\": \"float64\"}).dtypes)",
        prints: "{'a': 'float64', 't': 'string'}"
    ) { frame, a in
        guard let entries = a[1].dictItems else {
            let type = try a.columnType(a[1])
            return value(try each(frame) { try $0.converted(to: type) })
        }
        var result = frame
        for (name, type) in entries {
            let name = name.asString ?? ""
            result = try result.assign(
                name, try frame.series(name).converted(to: try a.columnType(type)))
        }
        return value(result)
    },
    frameMethod(
        "isin", [P("values", "list")],
        "A frame of truth values: whether each cell is one of these.",
        "print(list(frame({\"a\": [1, 2]}).isin([2])[\"a\"]))", prints: "[False, True]"
    ) { frame, a in
        let values = try a.column(1)
        return value(try each(frame) { try $0.isIn(values) })
    },
    frameMethod(
        "round", [P("decimals", "int", .optional("0"))],
        "Numbers rounded to decimals; other columns stay.",
        "print(list(frame({\"a\": [1.256], \"t\": [\"x\"]}).round(1)[\"a\"]))", prints: "[1.3]"
    ) { frame, a in
        let decimals = try a.int(1, or: 0)
        return value(
            try each(frame) { $0.column.type.isNumeric ? try $0.rounded(decimals: decimals) : $0 })
    },
    frameMethod(
        "clip", [P("lower", "number", .optional("None")), P("upper", "number", .optional("None"))],
        "Numbers outside a range brought to its ends; other columns stay.",
        "print(list(frame({\"a\": [-1.0, 0.5]}).clip(0, 1)[\"a\"]))", prints: "[0.0, 0.5]"
    ) { frame, a in
        let (low, high) = (try a.scalar(1), try a.scalar(2))
        return value(
            try each(frame) {
                $0.column.type.isNumeric ? try $0.clipped(lower: low, upper: high) : $0
            })
    },
    frameMethod(
        "apply",
        [
            P("f", "function"), P("axis", "0 or 1", .optional("0")),
            P("result_type", "\"expand\"", .named("None"), "lists become columns 0, 1, 2 ..."),
        ], "A function of each row (axis=1) or column; where it returns dicts they make a frame.",
        sample
            + "print(list(f.apply(lambda r: {\"n\": len(r[\"t\"]), \"a\": r[\"a\"]}, axis=1)[\"n\"]))",
        prints: "[1, 1, 1]"
    ) { frame, a in
        let expanding = a.has(3) ? try a.word(3, ["expand"], or: "expand") == "expand" : false
        if try a.isAcross(2) {
            return try applied(a[1], toRowsOf: frame, expanding: expanding, a.machine)
        }
        var columns: [Value] = []
        for name in frame.names { columns.append(value(try frame.series(name))) }
        return try applied(
            a[1], toEach: columns, key: try nameKey(frame.names), name: "result", a.machine)
    },
    frameMethod(
        "rows", [], "The rows as a list, each like a dict; for loops over rows.",
        sample + "print([r[\"t\"] for r in f.rows()])", prints: "['x', 'y', 'x']"
    ) { frame, _ in
        let source = RowSource(frame)
        return .list((0..<frame.rowCount).map { .host(RowValue(source, $0)) })
    },
    frameMethod(
        "to_dict",
        [
            P(
                "orient", "\"list\", \"records\" or \"index\"", .optional("\"list\""),
                "lists by columns, a list of rows as dicts, or such dicts by key")
        ], "A dict from the names of the columns to lists of their values, or rows as dicts.",
        sample
            + "print(f[[\"t\"]].to_dict(), f.head(1).to_dict(\"records\"), f[[\"a\"]].to_dict(\"index\"))",
        prints:
            "{'t': ['x', 'y', 'x']} [{'id': 7, 'a': 3, 't': 'x'}] {7: {'a': 3}, 8: {'a': 1}, 9: {'a': None}}"
    ) { frame, a in
        let orient = try a.word(1, ["list", "records", "index"], or: "list")
        func row(_ at: Int, _ names: [String], _ columns: [Column]) throws(Raised) -> Value {
            try dict(names.indices.map { (.string(names[$0]), cell(columns[$0], at)) })
        }
        let rows = 0..<frame.rowCount
        if orient == "records" {
            let open = frame.withKeyAsColumn()
            return .list(try rows.map { try row($0, open.names, open.columns) })
        }
        if orient == "index" {
            return try dict(
                rows.map { at in
                    (
                        frame.key.map { cell($0.column, at) } ?? .int(at),
                        try row(at, frame.names, frame.columns)
                    )
                })
        }
        return try dict(
            zip(frame.names, frame.columns).map { name, column in
                (.string(name), .list(rows.map { cell(column, $0) }))
            })
    },
    frameMethod(
        "copy", [], "The same frame; assigning to one of the two does not change the other.",
        sample + "g = f.copy()\ng[\"b\"] = 1\nprint(f.columns)", prints: "['a', 't']"
    ) { frame, _ in value(frame) },
    frameMethod(
        "set_key", [P("column", "str")],
        "A column becomes the key, which must be unique; an old key becomes a column.",
        sample + "print(f.head(2).set_key(\"t\").key)", prints: "['x', 'y']"
    ) { frame, a in value(try frame.keyed(by: try a.string(1))) },
    frameMethod(
        "reset_key", [], "The key becomes the first column.",
        sample + "print(f.reset_key().columns)", prints: "['id', 'a', 't']"
    ) { frame, _ in value(frame.withKeyAsColumn()) },
    frameMethod(
        "drop_key", [], "The frame without its key.",
        sample + "print(f.drop_key().key)", prints: "None"
    ) { frame, _ in value(frame.withoutKey()) },
]

/// A dict of entries, which are taken over.
private func dict(_ entries: [(key: Value, value: Value)]) throws(Raised) -> Value {
    let dict = Value.dict()
    defer {
        for (key, value) in entries {
            key.release()
            value.release()
        }
    }
    for (key, value) in entries { try dict.setEntry(key, value) }
    return dict
}

/// A function of each column.
func each(
    _ frame: Frame, _ body: (Series) throws -> Series
) throws -> Frame {
    var result = frame
    for name in frame.names {
        result = try result.assign(name, try body(frame.series(name)).column)
    }
    return result
}

/// The names of columns as the key of what is said of each.
func nameKey(_ names: [String]) throws(FrameError) -> FrameKey {
    try FrameKey(name: "column", column: try Column(names.map { $0 }))
}

/// A frame beside a number, a column of its rows, or a frame of the same rows and columns: column by
/// column. Nil if the other is none of these.
func combined(
    _ frame: Frame, _ op: ColumnOperator, _ other: Value, _ reversed: Bool
) throws(Raised) -> Value? {
    if let second = (other.asHost as? FrameValue)?.frame {
        guard frame.names == second.names else {
            let name =
                frame.names.first { !second.names.contains($0) }
                ?? second.names.first { !frame.names.contains($0) }
            throw Raised(
                .value,
                "'\(op.rawValue)' between frames of other columns"
                    + (name.map { ": only one has '\($0)'" } ?? " (or in another order)"),
                help: "select the same columns of both: df[[\"a\", \"b\"]]")
        }
        return try mixing {
            var result = frame
            for name in frame.names {
                let column = try frame.series(name).applying(
                    op, .series(try second.series(name)), reversed: reversed)
                result = try result.assign(name, column)
            }
            return value(result)
        }
    }
    guard let operand = operand(other) else { return nil }
    return try mixing {
        value(try each(frame) { try $0.applying(op, operand, reversed: reversed) })
    }
}
