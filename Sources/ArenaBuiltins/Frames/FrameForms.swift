// What pandas users ask of a frame by name: its key as an index, its columns by type, its extremes, its
// statistics together, and its forms for documents.

import ArenaCore
import ArenaFrame
import ArenaLanguage

private typealias P = BuiltinParameter

private let sample =
    "f = frame({\"id\": [7, 8, 9], \"a\": [3, 1, None], \"t\": [\"x\", \"y\", \"x\"]}, key=\"id\")\n"

let frameFormMethods: [Builtin] =
    [
        frameMethod(
            "set_index", [P("column", "str")],
            "pandas' name of set_key: a column becomes the key, which must be unique.",
            sample + "print(f.head(2).set_index(\"t\").key)", prints: "['x', 'y']"
        ) { frame, a in value(try frame.keyed(by: try a.string(1))) },
        frameMethod(
            "reset_index", [P("drop", "bool", .optional("False"))],
            "pandas' name of reset_key: the key becomes the first column, or is dropped.",
            sample + "print(f.reset_index().columns, f.reset_index(drop=True).columns)",
            prints: "['id', 'a', 't'] ['a', 't']"
        ) { frame, a in
            value(try a.bool(1, or: false) ? frame.withoutKey() : frame.withKeyAsColumn())
        },
        frameMethod(
            "add_prefix", [P("prefix", "str")], "The frame with a text before each column's name.",
            sample + "print(f.add_prefix(\"x_\").columns)", prints: "['x_a', 'x_t']"
        ) { frame, a in
            let prefix = try a.string(1)
            return value(
                try frame.rename(
                    Dictionary(uniqueKeysWithValues: frame.names.map { ($0, prefix + $0) })))
        },
        frameMethod(
            "add_suffix", [P("suffix", "str")], "The frame with a text behind each column's name.",
            sample + "print(f.add_suffix(\"_x\").columns)", prints: "['a_x', 't_x']"
        ) { frame, a in
            let suffix = try a.string(1)
            return value(
                try frame.rename(
                    Dictionary(uniqueKeysWithValues: frame.names.map { ($0, $0 + suffix) })))
        },
        frameMethod(
            "join",
            [
                P("other", "frame"),
                P("how", "\"left\", \"inner\", \"right\" or \"outer\"", .optional("\"left\"")),
                P("lsuffix", "str", .named("\"\"")), P("rsuffix", "str", .named("\"\"")),
            ],
            "The columns of another frame beside its own, rows told by key; pandas' short form of merge.",
            sample
                + "g = frame({\"id\": [9, 7], \"n\": [1, 2]}, key=\"id\")\nprint(list(f.join(g)[\"n\"]))",
            prints: "[2, None, 1]"
        ) { frame, a in
            let other = try a.frame(1)
            let (own, theirs) = (
                try frame.requiredKey(for: "join"), try other.requiredKey(for: "join")
            )
            let how = try a.word(2, ["left", "inner", "right", "outer"], or: "left")
            return value(
                try frame.merged(
                    with: try other.rename([theirs.name: own.name]), leftOn: [own.name],
                    rightOn: [own.name], how: JoinKind(rawValue: how) ?? .left,
                    suffixes: (
                        try a.optionalString(3) ?? "", try a.optionalString(4) ?? ""
                    ), validate: nil))
        },
        frameMethod(
            "isnull", [], "pandas' other name of isna.",
            sample + "print(list(f.isnull()[\"a\"]))", prints: "[False, False, True]"
        ) { frame, _ in value(try each(frame) { $0.isMissing() }) },
        frameMethod(
            "notnull", [], "pandas' other name of notna.",
            sample + "print(list(f.notnull()[\"a\"]))", prints: "[True, True, False]"
        ) { frame, _ in value(try each(frame) { $0.isPresent() }) },
        frameMethod(
            "iterrows", [], "Pairs of key (or row number) and row, for loops.",
            sample + "print([(k, r[\"t\"]) for k, r in f.iterrows()])",
            prints: "[(7, 'x'), (8, 'y'), (9, 'x')]"
        ) { frame, _ in
            let source = RowSource(frame)
            return .list(
                (0..<frame.rowCount).map { row in
                    .tuple([
                        frame.key.map { cell($0.column, row) } ?? .int(row),
                        .host(RowValue(source, row)),
                    ])
                })
        },
        frameMethod(
            "info", [],
            "The type of each column, its rows that have a value and those that miss one.",
            sample + "print(f.info()[\"missing\"].to_dict())", prints: "{'a': 1, 't': 0}"
        ) { frame, _ in
            let missing = frame.columns.map { Int64($0.missingCount) }
            return value(
                try Frame(
                    names: ["dtype", "present", "missing"],
                    columns: [
                        try Column(frame.columns.map { $0.type.rawValue }),
                        Column(missing.map { Int64(frame.rowCount) - $0 }), Column(missing),
                    ], key: try nameKey(frame.names)))
        },
        frameMethod(
            "select_dtypes",
            [
                P("include", "str or list of str", .optional("all")),
                P("exclude", "str or list of str", .optional("none")),
            ], "The columns of some types; \"number\" stands for all of numbers.",
            sample
                + "print(f.select_dtypes(\"number\").columns, f.select_dtypes(exclude=\"string\").columns)",
            prints: "['a'] ['a']"
        ) { frame, a in
            func types(_ i: Int) throws -> Set<ColumnType>? {
                guard a.has(i) else { return nil }
                var result: Set<ColumnType> = []
                for name in try a.strings(i) {
                    if name == "number" {
                        result.formUnion(ColumnType.allCases.filter(\.isNumeric))
                    } else {
                        let word = Value.string(name == "object" ? "string" : name)
                        defer { word.release() }
                        result.insert(try a.columnType(word))
                    }
                }
                return result
            }
            let (included, excluded) = (try types(1), try types(2))
            let names = zip(frame.names, frame.columns).filter { _, column in
                included?.contains(column.type) ?? true
                    && !(excluded?.contains(column.type) ?? false)
            }
            return value(try frame.select(names.map(\.0)))
        },
        frameMethod(
            "insert", [P("place", "int"), P("name", "str"), P("values", "column, list or value")],
            "The frame with a column put at a place among the others.",
            sample + "print(f.insert(0, \"n\", 1).columns)", prints: "['n', 'a', 't']"
        ) { frame, a in
            let name = try a.string(2)
            guard frame.position(of: name) == nil else {
                throw FrameError.duplicateColumn(name: name)
            }
            let place = try a.int(1)
            guard place >= 0, place <= frame.names.count else {
                throw Raised(
                    .index, "insert(): place \(place) is none of the \(frame.names.count + 1)")
            }
            var names = frame.names
            names.insert(name, at: place)
            return value(try assigned(frame, name, a[3]).select(names))
        },
        largest("nlargest", "greatest", "[7]"),
        largest("nsmallest", "smallest", "[8]"),
        frameMethod(
            "map", [P("f", "function")], "The function's result for each cell.",
            "print(list(frame({\"a\": [1, 2]}).map(lambda x: x * 10)[\"a\"]))", prints: "[10, 20]"
        ) { frame, a in
            var columns: [Column] = []
            for name in frame.names {
                let result = try applied(a[1], to: try frame.series(name), a.machine)
                defer { result.release() }
                guard let series = (result.asHost as? SeriesValue)?.series else {
                    throw Raised(.type, "map(): the function gives single values, not dicts")
                }
                columns.append(series.column)
            }
            return value(try Frame(names: frame.names, columns: columns, key: frame.key))
        },
        frameMethod(
            "agg", [P("how", "str, list of str or dict")],
            "Statistics of the columns: one for all by name, several by a list (a row each), or by a dict of columns.",
            sample
                + "print(f[[\"a\"]].agg([\"min\", \"max\"]).to_dict(), f.agg({\"a\": \"sum\"}).to_dict())",
            prints: "{'a': [1, 3]} {'a': 4}"
        ) { frame, a in
            if let entries = a[1].dictItems {
                var names: [String] = []
                var scalars: [Scalar] = []
                for (name, how) in entries {
                    guard let name = name.asString, let how = how.asString else {
                        throw Raised(
                            .type, "agg() of a frame takes names of columns to names of statistics",
                            help: "df.agg({\"n\": \"sum\"})")
                    }
                    names.append(name)
                    scalars.append(
                        try frame.series(name).statistic(try namedStatistic(how, "agg")))
                }
                guard let column = try Column.of(scalars) else {
                    throw Raised(.type, "agg(): the statistics are of several types")
                }
                return value(
                    try Series(name: "agg", column: column, key: try nameKey(names)))
            }
            let words = try a.strings(1)
            var key: FrameKey?
            var columns: [Column] = []
            for name in frame.names {
                let series = try statistics(try frame.series(name), words)
                columns.append(series.column)
                key = series.key
            }
            let all = try Frame(names: frame.names, columns: columns, key: key)
            if a[1].asString == nil { return value(all) }
            let scalars = columns.map { $0.scalar(0) ?? .missing }
            guard let column = try Column.of(scalars) else { return value(all) }
            return value(
                try Series(name: words[0], column: column, key: try nameKey(frame.names)))
        },
        window("shift", "The values n rows further down.", "[None, 1, 2]") { $0.shifted($1) },
        window("diff", "Each value less the one n rows before.", "[None, 1, 2]") {
            try $0.applying(.subtract, .series($0.shifted($1)))
        },
        frameMethod(
            "to_markdown", [P("max_rows", "int", .optional("all"))],
            "The frame as a table of Markdown; what would be read as mark-up is escaped.",
            "print(frame({\"n\": [1, 20], \"t\": [\"a|b\", \"ü\"]}).to_markdown())",
            prints: "|   n | t    |\n| --: | :--- |\n|   1 | a\\|b |\n|  20 | ü    |\n"
        ) { frame, a in .string(markdown(frame, maxRows: try rowLimit(a, 1))) },
        frameMethod(
            "to_html", [P("max_rows", "int", .optional("all"))],
            "The frame as a table of HTML; text is escaped.",
            "print(\"&lt;b&gt;\" in frame({\"t\": [\"<b>\"]}).to_html())", prints: "True"
        ) { frame, a in .string(html(frame, maxRows: try rowLimit(a, 1))) },
    ]

/// How many rows are shown; nil for all.
func rowLimit(_ a: Arguments, _ i: Int) throws(Raised) -> Int? {
    guard a.has(i) else { return nil }
    let limit = try a.int(i)
    guard limit > 0 else {
        throw Raised(.value, "\(a.builtin.name)(): max_rows is 1 at least, not \(limit)")
    }
    return limit
}

private func largest(_ name: String, _ which: String, _ output: String) -> Builtin {
    frameMethod(
        name, [P("n", "int"), P("columns", "str or list of str")],
        "The n rows of the \(which) values of a column (then of the next), in their order.",
        sample + "print(f.\(name)(1, \"a\").key)", prints: output
    ) { frame, a in
        let names = try a.strings(2)
        let keys = names.map { SortKey($0, ascending: name == "nsmallest") }
        guard let first = names.first else { return value(frame.head(0)) }
        let sorted = try frame.sorted(by: keys)
        return value(
            try sorted.filtered(by: try sorted.series(first).isPresent()).head(
                max(0, try a.int(1))))
    }
}

private func window(
    _ name: String, _ summary: String, _ output: String,
    _ body: @escaping @Sendable (Series, Int) throws -> Series
) -> Builtin {
    frameMethod(
        name, [P("n", "int", .optional("1"))], summary,
        "print(list(frame({\"a\": [1, 2, 4]}).\(name)()[\"a\"]))", prints: output
    ) { frame, a in
        let n = try a.int(1, or: 1)
        return value(try each(frame) { try body($0, n) })
    }
}
