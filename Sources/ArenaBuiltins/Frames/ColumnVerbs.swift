// The verbs of single columns: choosing rows, missing values, types, classes.

import ArenaCore
import ArenaFrame
import ArenaLanguage

private typealias P = BuiltinParameter

/// The numbers -3 to 3 as columns of the examples.
private let sample =
    "f = frame({\"id\": [7, 8, 9], \"a\": [3, 1, None], \"t\": [\"x\", \"y\", \"x\"]}, key=\"id\")\n"

let columnVerbMethods: [Builtin] = [
    columnMethod(
        "head", [P("n", "int", .optional("5"))], "The first n rows.",
        sample + "print(list(f[\"a\"].head(2)))", prints: "[3, 1]"
    ) { series, a in value(try series.take(headRows(series.count, try a.int(1, or: 5)))) },
    columnMethod(
        "tail", [P("n", "int", .optional("5"))], "The last n rows.",
        sample + "print(list(f[\"t\"].tail(1)))", prints: "['x']"
    ) { series, a in value(try series.take(tailRows(series.count, try a.int(1, or: 5)))) },
    columnMethod(
        "take", [P("rows", "list of int")], "The rows at these positions, in this order.",
        sample + "print(list(f[\"t\"].take([1, 0])))", prints: "['y', 'x']"
    ) { series, a in value(try series.take(try a.ints(1))) },
    columnMethod(
        "sort_values", [P("ascending", "bool", .optional("True"))],
        "The rows in the order of their values; stable, missing rows last.",
        sample + "print(list(f[\"a\"].sort_values()))", prints: "[1, 3, None]"
    ) { series, a in value(try series.sorted(ascending: try a.bool(1, or: true))) },
    columnMethod(
        "argsort", [P("ascending", "bool", .optional("True"))],
        "The row numbers in the order of the values; stable, missing rows last.",
        sample + "print(f[\"a\"].argsort())", prints: "[1, 0, 2]"
    ) { series, a in .list(try series.order(ascending: try a.bool(1, or: true)).map { .int($0) }) },
    columnMethod(
        "sample",
        [
            P("n", "int", .optional("1")), P("frac", "float", .named("None")),
            P("seed", "int", .named("")), P("weights", "column or list", .named("None")),
            P("replace", "bool", .named("False"), "a row may be drawn again; the key is left out"),
        ], "Rows drawn by lot; the seed gives the rows that pandas draws.",
        sample + "print(list(f[\"t\"].sample(2, seed=1)))", prints: "['x', 'x']"
    ) { series, a in
        let rows = try drawnRows(series.count, a)
        if try !a.bool(5, or: false) { return value(try series.take(rows)) }
        return value(try Series(name: series.name, column: series.column).take(rows))
    },
    columnMethod(
        "shuffle", [P("seed", "int")], "All rows in an order drawn by lot.",
        sample + "print(sorted(f[\"a\"].shuffle(seed=1).key))", prints: "[7, 8, 9]"
    ) { series, a in
        var random = RandomState(seed: try seed(a, 1))
        return value(try series.take(random.permutation(series.count)))
    },
    columnMethod(
        "unique", [], "The different values in the order in which they appear; missing is none.",
        sample + "print(list(f[\"t\"].unique()))", prints: "['x', 'y']"
    ) { series, _ in value(try series.unique()) },
    columnMethod(
        "duplicated", [P("keep", "\"first\", \"last\" or False", .optional("\"first\""))],
        "Whether each row repeats the value of an earlier one (or a later, or any other).",
        sample + "print(list(f[\"t\"].duplicated()))", prints: "[False, False, True]"
    ) { series, a in
        let frame = try frame(of: series)
        return value(
            try Series(
                name: series.name,
                column: Column(try frame.duplicated(subset: nil, keep: try keep(a, 1))),
                key: series.key))
    },
    columnMethod(
        "drop_duplicates", [P("keep", "\"first\", \"last\" or False", .optional("\"first\""))],
        "The rows whose value no earlier row has.",
        sample + "print(list(f[\"t\"].drop_duplicates()))", prints: "['x', 'y']"
    ) { series, a in
        let repeated = try frame(of: series).duplicated(subset: nil, keep: try keep(a, 1))
        return value(try series.take(repeated.indices.filter { !repeated[$0] }))
    },
    columnMethod(
        "isna", [], "Whether each row is missing; NaN is a number and is not.",
        sample + "print(list(f[\"a\"].isna()))", prints: "[False, False, True]"
    ) { series, _ in value(series.isMissing()) },
    columnMethod(
        "notna", [], "Whether each row has a value.",
        sample + "print(list(f[\"a\"].notna()))", prints: "[True, True, False]"
    ) { series, _ in value(series.isPresent()) },
    columnMethod(
        "fillna",
        [
            P("value", "value or column", .optional("None")),
            P("method", "\"ffill\" or \"bfill\"", .named("None")),
        ], "Missing rows get a value, that of another column, or of the row before or after.",
        sample + "print(list(f[\"a\"].fillna(0)))", prints: "[3, 1, 0]"
    ) { series, a in
        if a.has(2) {
            let method = try a.word(2, ["ffill", "bfill"], or: "ffill")
            return value(series.filled(forward: method == "ffill"))
        }
        if let other = (a[1].asHost as? SeriesValue)?.series {
            return value(try series.filled(other))
        }
        guard a.has(1) else {
            throw Raised(.type, "fillna() needs a value", help: "column.fillna(0)")
        }
        return value(try series.filled(try a.scalar(1)))
    },
    columnMethod(
        "ffill", [], "Missing rows get the value of the last row before that has one.",
        sample + "print(list(f[\"a\"].ffill()))", prints: "[3, 1, 1]"
    ) { series, _ in value(series.filled(forward: true)) },
    columnMethod(
        "bfill", [], "Missing rows get the value of the first row behind that has one.",
        sample + "print(list(f[\"a\"].bfill()))", prints: "[3, 1, None]"
    ) { series, _ in value(series.filled(forward: false)) },
    columnMethod(
        "dropna", [], "The rows that have a value.",
        sample + "print(list(f[\"a\"].dropna()))", prints: "[3, 1]"
    ) { series, _ in value(try series.filtered(by: series.isPresent())) },
    columnMethod(
        "replace",
        [
            P("old", "value or dict"), P("new", "value", .optional("None")),
            P("count", "int", .optional("-1")),
            P("regex", "bool", .named("False"), "old is a pattern, as in re.sub"),
        ],
        "In text every occurrence of one piece gets another (the first count of them); elsewhere rows of one value do, and a dict replaces several.",
        sample + "print(list(f[\"a\"].replace({3: 30})), list(f[\"t\"].replace(\"x\", \"-\")))",
        prints: "[30, 1, None] ['-', 'y', '-']"
    ) { series, a in
        let most = try a.int(3, or: -1)
        if try a.bool(4, or: false) || a[1].asHost is PatternValue {
            return value(
                try series.substituting(try pattern(a, 1), a[2], most: max(most, 0), a))
        }
        if let old = a[1].asString, let new = a[2].asString, series.column.type == .string {
            return value(
                try series.replacingText(old, new, most: most < 0 ? .max : most))
        }
        return value(try series.replaced(try changes(a, 1)))
    },
    columnMethod(
        "astype", [P("dtype", "str")],
        "The column as another type; a value that does not fit is an error that names its row.",
        sample + "print(f[\"a\"].astype(\"float64\").dtype, list(f[\"a\"].astype(\"string\")))",
        prints: "float64 ['3', '1', None]"
    ) { series, a in value(try series.converted(to: try a.columnType(a[1]))) },
    columnMethod(
        "isin", [P("values", "list")], "Whether each row's value is one of these.",
        sample + "print(list(f[\"t\"].isin([\"y\", \"z\"])))", prints: "[False, True, False]"
    ) { series, a in value(try series.isIn(try a.column(1))) },
    columnMethod(
        "between",
        [
            P("left", "value"), P("right", "value"),
            P("inclusive", "\"both\", \"left\", \"right\" or \"neither\"", .optional("\"both\"")),
        ], "Whether each row's value lies between two, these included or not.",
        sample + "print(list(f[\"a\"].between(1, 2)))", prints: "[False, True, None]"
    ) { series, a in
        guard let low = operand(a[1]), let high = operand(a[2]) else {
            throw Raised(.type, "between() wants two values", help: "column.between(1, 10)")
        }
        let ends = try a.word(3, ["both", "left", "right", "neither"], or: "both")
        let above = try series.applying(
            ends == "both" || ends == "left" ? .greaterEqual : .greater, low)
        let below = try series.applying(
            ends == "both" || ends == "right" ? .lessEqual : .less, high)
        return value(try above.applying(.and, .series(below)))
    },
    columnMethod(
        "where", [P("condition", "bool column"), P("other", "value or column", .optional("None"))],
        "The rows where the condition holds, the other's elsewhere (missing if there is none).",
        sample + "print(list(f[\"a\"].where(f[\"t\"] == \"x\", 0)))", prints: "[3, 0, None]"
    ) { series, a in value(try series.where(try a.series(1), operand(a[2]))) },
    columnMethod(
        "mask", [P("condition", "bool column"), P("other", "value or column", .optional("None"))],
        "The other's rows where the condition holds (missing if there is none), its own elsewhere.",
        sample + "print(list(f[\"a\"].mask(f[\"t\"] == \"y\", 0)))", prints: "[3, 0, None]"
    ) { series, a in
        let condition = try a.series(1)
        let opposite = try condition.filled(.bool(false)).inverted()
        return value(try series.where(opposite, operand(a[2])))
    },
    columnMethod(
        "cut",
        [
            P("bins", "list of edges or int"), P("labels", "list of str", .optional("None")),
            P("right", "bool", .named("True")), P("include_lowest", "bool", .named("False")),
        ], "The interval of each number, as categories; numbers outside are missing.",
        sample + "print(list(f[\"a\"].cut([0, 2, 4])))", prints: "['(2, 4]', '(0, 2]', None]"
    ) { series, a in
        let labels = a.has(2) ? try a.strings(2) : nil
        let right = try a.bool(3, or: true)
        if let bins = a[1].asInt {
            return value(try series.cut(count: bins, labels: labels, right: right))
        }
        return value(
            try series.cut(
                edges: try a.doubles(1), labels: labels, right: right,
                includeLowest: try a.bool(4, or: false),
                whole: a[1].items?.allSatisfy { $0.asInt != nil } ?? false))
    },
    columnMethod(
        "qcut",
        [P("q", "int or list of shares"), P("labels", "list of str", .optional("None"))],
        "Classes that hold the same share of the numbers each.",
        "print(list(frame({\"a\": [1, 2, 3, 4]})[\"a\"].qcut(2, labels=[\"low\", \"high\"])))",
        prints: "['low', 'low', 'high', 'high']"
    ) { series, a in
        let shares: [Double]
        if let n = a[1].asInt {
            guard n > 0 else { throw Raised(.value, "qcut() needs one class at least") }
            shares = linearSpace(0, 1, n + 1)
        } else {
            shares = try a.doubles(1)
        }
        return value(
            try series.quantileCut(shares, labels: a.has(2) ? try a.strings(2) : nil))
    },
    columnMethod(
        "get_dummies",
        [
            P("prefix", "str", .optional("None")),
            P("dtype", "\"bool\", \"int64\" or \"float64\"", .named("\"bool\"")),
            P("classes", "list", .named("its values"), "the columns, in this order"),
            P("unknown", "\"error\" or \"ignore\"", .named("\"error\""), "what other values are"),
        ],
        "A frame with a column for each value (one-hot), or for each of some classes kept from before.",
        sample + "print(list(f[\"t\"].get_dummies()[\"x\"]))", prints: "[True, False, True]"
    ) { series, a in
        let type = a.has(2) ? try a.columnType(a[2]) : .bool
        let (codes, classes) = try encoded(series, a, classes: 3, unknown: 4)
        let prefix = try a.optionalString(1).map { $0 + "_" } ?? ""
        var names: [String] = []
        var columns: [Column] = []
        for code in 0..<classes.count {
            let name = prefix + (classes.text(code) ?? "")
            let column = Column(codes.map { $0 == Int32(code) })
            names.append(name)
            columns.append(try Series(name: name, column: column).converted(to: type).column)
        }
        return value(try Frame(names: names, columns: columns, key: series.key))
    },
    columnMethod(
        "encode",
        [
            P("classes", "list", .optional("its values"), "kept from before, so that codes agree"),
            P(
                "unknown", "\"error\" or \"ignore\"", .named("\"error\""),
                "what values of no class are: refused, or missing"),
        ],
        "Each value as a number, and the list of the values in their order: (codes, classes).",
        sample
            + "codes, classes = f[\"t\"].encode()\nprint(list(codes), classes, list(f[\"t\"].tail(2).encode(classes)[0]))",
        prints: "[0, 1, 0] ['x', 'y'] [1, 0]"
    ) { series, a in
        let (codes, classes) = try encoded(series, a, classes: 1, unknown: 2)
        return codesAndClasses(series, codes, classes)
    },
    columnMethod(
        "factorize", [],
        "Each value as a number in the order of first appearance, and the list of the values: (codes, classes).",
        sample + "print(f[\"t\"].tail(2).factorize()[1])", prints: "['y', 'x']"
    ) { series, _ in
        let values = try series.unique()
        return codesAndClasses(series, try series.codes(among: values.column), values.column)
    },
    columnMethod(
        "explode", [], "A row for each item of each list, without the key.",
        "print(list(frame({\"a\": [[1, 2], [3]]})[\"a\"].explode()))", prints: "[1, 2, 3]"
    ) { series, _ in value(try Series(name: series.name, column: try series.exploded().column)) },
    columnMethod(
        "apply", [P("f", "function")], "The function's result for each row's value.",
        sample + "print(list(f[\"t\"].apply(lambda t: t.upper())))", prints: "['X', 'Y', 'X']"
    ) { series, a in try applied(a[1], to: series, a.machine) },
    columnMethod(
        "map", [P("f", "dict or function")],
        "Each value looked up in a dict (missing if it is not there) or given to a function.",
        sample + "print(list(f[\"t\"].map({\"x\": 1, \"y\": 2})))", prints: "[1, 2, 1]"
    ) { series, a in
        if a[1].isDict { return try mapped(series, through: a[1]) }
        return try applied(a[1], to: series, a.machine)
    },
    columnMethod(
        "tolist", [], "The values as a list; None for a missing one.",
        sample + "print(f[\"a\"].tolist())", prints: "[3, 1, None]"
    ) { series, _ in .list((0..<series.count).map { cell(series.column, $0) }) },
    columnMethod(
        "to_frame", [P("name", "str", .optional("None"))], "A frame of this column alone.",
        sample + "print(f[\"a\"].to_frame().columns)", prints: "['a']"
    ) { series, a in
        value(try frame(of: series.renamed(try a.optionalString(1) ?? series.name)))
    },
    columnMethod(
        "reset_index", [P("drop", "bool", .optional("False")), P("name", "str", .named("None"))],
        "A frame of the key and this column, both as columns; or the column without its key.",
        sample + "print(f[\"a\"].reset_index().columns)", prints: "['id', 'a']"
    ) { series, a in
        let named = series.renamed(try a.optionalString(2) ?? series.name)
        let all = try frame(of: named)
        if try a.bool(1, or: false) { return value(try all.withoutKey().series(named.name)) }
        return value(all.withKeyAsColumn())
    },
    columnMethod(
        "to_dict", [], "A dict from the keys (or row numbers) to the values.",
        sample + "print(f[\"t\"].to_dict())", prints: "{7: 'x', 8: 'y', 9: 'x'}"
    ) { series, _ in
        let dict = Value.dict()
        for row in 0..<series.count {
            let key = series.key.map { cell($0.column, row) } ?? .int(row)
            let item = cell(series.column, row)
            defer {
                key.release()
                item.release()
            }
            try dict.setEntry(key, item)
        }
        return dict
    },
    columnMethod(
        "items", [], "Pairs of key (or row number) and value.",
        sample + "print(f[\"t\"].items()[0])", prints: "(7, 'x')"
    ) { series, _ in
        .list(
            (0..<series.count).map { row in
                .tuple([
                    series.key.map { cell($0.column, row) } ?? .int(row), cell(series.column, row),
                ])
            })
    },
    columnMethod(
        "get", [P("key", "value"), P("default", "any", .optional("None"))],
        "The value of the row with this key, or the default if there is none.",
        sample + "print(f[\"t\"].get(8), f[\"t\"].get(1, \"?\"))", prints: "y ?"
    ) { series, a in
        guard let row = try series.row(named: try a.scalar(1)) else {
            return a[2].isUnset ? .none : a[2].retain()
        }
        return cell(series.column, row)
    },
    columnMethod(
        "rename", [P("name", "str")], "The same column under another name.",
        sample + "print(f[\"a\"].rename(\"b\").name)", prints: "b"
    ) { series, a in value(series.renamed(try a.string(1))) },
    columnMethod(
        "softmax", [P("axis", "1", .optional("1"))],
        "Each row of a matrix as shares that add up to 1.",
        "m = matrix([frame({\"a\": [0.0]})[\"a\"], frame({\"b\": [0.0]})[\"b\"]])\nprint(m.softmax()[0])",
        prints: "[0.5, 0.5]"
    ) { series, a in
        guard try !a.has(1) || a.int(1) == 1 || a.int(1) == -1 else {
            throw Raised(
                .value, "softmax() goes across the rows of a matrix", help: "softmax(axis=1)")
        }
        guard case .matrix(let matrix) = series.column.storage else {
            throw FrameError.columnType(
                verb: "softmax", column: series.name, needed: "a matrix", found: series.column.type)
        }
        let shares = MatrixStorage(
            .float64(softmax(matrix.doubles, width: matrix.width)), count: matrix.count,
            width: matrix.width)
        return value(
            try Series(
                name: series.name,
                column: Column(.matrix(shares), validity: series.column.validity), key: series.key))
    },
    columnMethod(
        "shift", [P("n", "int", .optional("1"))],
        "The values n rows further down; rows that get none are missing.",
        sample + "print(list(f[\"a\"].shift()))", prints: "[None, 3, 1]"
    ) { series, a in value(series.shifted(try a.int(1, or: 1))) },
    columnMethod(
        "diff", [P("n", "int", .optional("1"))], "Each value less the one n rows before.",
        sample + "print(list(f[\"a\"].diff()))", prints: "[None, -2, None]"
    ) { series, a in
        value(try series.applying(.subtract, .series(series.shifted(try a.int(1, or: 1)))))
    },
    columnMethod(
        "pct_change", [P("n", "int", .optional("1"))],
        "By what share of itself the value n rows before has changed.",
        sample + "print(list(f[\"a\"].pct_change()))", prints: "[None, -0.6666666666666666, None]"
    ) { series, a in
        let before = series.shifted(try a.int(1, or: 1))
        let change = try series.applying(.subtract, .series(before))
        return value(try change.applying(.divide, .series(before)))
    },
    columnMethod(
        "rank",
        [
            P(
                "method", "\"average\", \"min\", \"max\", \"first\" or \"dense\"",
                .optional("\"average\"")), P("ascending", "bool", .optional("True")),
            P("pct", "bool", .named("False"), "as shares of the greatest"),
        ], "The place of each value in their order, from 1.",
        "print(list(frame({\"a\": [5, 1, 5]})[\"a\"].rank()))", prints: "[2.5, 1.0, 2.5]"
    ) { series, a in
        let word = try a.word(1, Series.RankMethod.allCases.map(\.rawValue), or: "average")
        let ranks = try series.ranked(
            Series.RankMethod(rawValue: word) ?? .average, ascending: try a.bool(2, or: true))
        guard try a.bool(3, or: false) else { return value(ranks) }
        let most =
            word == "dense"
            ? try ranks.statistic(.max).double ?? 1
            : Double(ranks.count - ranks.column.missingCount)
        return value(try ranks.applying(.divide, .float(most)))
    },
    largest("nlargest", "greatest", "[3]"),
    largest("nsmallest", "smallest", "[1]"),
    columnMethod(
        "isnull", [], "pandas' other name of isna.", sample + "print(list(f[\"a\"].isnull()))",
        prints: "[False, False, True]"
    ) { series, _ in value(series.isMissing()) },
    columnMethod(
        "notnull", [], "pandas' other name of notna.", sample + "print(list(f[\"a\"].notnull()))",
        prints: "[True, True, False]"
    ) { series, _ in value(series.isPresent()) },
    columnMethod(
        "agg", [P("how", "str, list of str or function")],
        "A statistic by name, several by a list (a column keyed by their names), or what a function of the column gives.",
        sample + "print(f[\"a\"].agg(\"sum\"), f[\"a\"].agg([\"min\", \"max\"]).to_dict())",
        prints: "4 {'min': 1, 'max': 3}"
    ) { series, a in
        if isCallable(a[1]) {
            let column = value(series)
            defer { column.release() }
            return try a.machine.call(a[1], [column])
        }
        if let name = a[1].asString {
            return value(try series.statistic(try namedStatistic(name, "agg")))
        }
        return value(try statistics(series, try a.strings(1)))
    },
]

/// Statistics of a column, keyed by their names.
func statistics(_ series: Series, _ names: [String]) throws -> Series {
    let scalars = try names.map { try series.statistic(try namedStatistic($0, "agg")) }
    guard let column = try Column.of(scalars) else {
        throw Raised(.type, "agg(): these statistics of '\(series.name)' are of several types")
    }
    return try Series(
        name: series.name, column: column,
        key: try FrameKey(name: "statistic", column: try Column(names.map { $0 })))
}

private func largest(_ name: String, _ which: String, _ output: String) -> Builtin {
    columnMethod(
        name, [P("n", "int", .optional("5"))],
        "The rows of the n \(which) values, in their order; of equal ones the first.",
        sample + "print(list(f[\"a\"].\(name)(1)))", prints: output
    ) { series, a in
        let rows = try series.order(ascending: name == "nsmallest").filter {
            !series.column.isMissing($0)
        }
        return value(try series.take(Array(rows.prefix(max(0, try a.int(1, or: 5))))))
    }
}

/// The codes of a column's values, and the values: its own, or classes given by an argument.
private func encoded(
    _ series: Series, _ a: Arguments, classes: Int, unknown: Int
) throws -> (codes: [Int32], classes: Column) {
    guard a.has(classes) else { return try series.encoded() }
    let known = try a.column(classes)
    let codes = try series.codes(among: known)
    guard try a.word(unknown, ["error", "ignore"], or: "error") == "error",
        let row = codes.indices.first(where: { codes[$0] < 0 && !series.column.isMissing($0) })
    else { return (codes, known) }
    throw Raised(
        .value,
        "\(a.builtin.name)(): '\(series.column.text(row) ?? "")' in \(series.rowName(row)) is none of the \(known.count) classes",
        help: "unknown=\"ignore\" leaves such rows without a class")
}

private func codesAndClasses(_ series: Series, _ codes: [Int32], _ classes: Column) -> Value {
    let column = Column(
        .int64(codes.map { Int64(max($0, 0)) }), validity: Validity(codes.lazy.map { $0 >= 0 }))
    return .tuple([
        value(series.replacing(column)), .list((0..<classes.count).map { cell(classes, $0) }),
    ])
}

/// The frame of a column alone.
func frame(of series: Series) throws(FrameError) -> Frame {
    if series.key?.name == series.name { return try Frame(names: [], columns: [], key: series.key) }
    return try Frame(names: [series.name], columns: [series.column], key: series.key)
}

/// The first n rows, or all but the last -n.
func headRows(_ count: Int, _ n: Int) -> [Int] {
    Array(0..<(n < 0 ? max(0, count + max(n, -count)) : min(n, count)))
}

/// The last n rows, or all but the first -n.
func tailRows(_ count: Int, _ n: Int) -> [Int] {
    Array((n < 0 ? min(count, -max(n, -count)) : count - min(n, count))..<count)
}

/// `keep=`: "first", "last", or False for none.
func keep(_ a: Arguments, _ i: Int) throws(Raised) -> String {
    if a.has(i), a[i].asBool == false { return "none" }
    return try a.word(i, ["first", "last", "none"], or: "first")
}

/// A seed as NumPy takes it.
func seed(_ a: Arguments, _ i: Int) throws(Raised) -> UInt32 {
    guard a.has(i) else {
        throw Raised(
            .value, "\(a.builtin.name)() draws by lot and needs a seed",
            help: "\(a.builtin.name)(..., seed=42)")
    }
    guard let seed = UInt32(exactly: try a.int(i)) else {
        throw Raised(.value, "a seed is a number from 0 to 4294967295, not \(try a.int(i))")
    }
    a.noteSeed("\(seed)")
    return seed
}

/// The rows that `sample(n, frac=, seed=, weights=)` draws; the arguments stand from 1 on. Weights may be
/// a column of the frame.
func drawnRows(_ count: Int, of frame: Frame? = nil, _ a: Arguments) throws -> [Int] {
    var size = try a.int(1, or: 1)
    if a.has(2) {
        if a.has(1) { throw Raised(.value, "sample() takes n or frac=, not both") }
        let share = try a.double(2)
        guard share >= 0, try share <= 1 || a.bool(5, or: false) && share < 1e9 else {
            throw Raised(.value, "frac= lies between 0 and 1, not \(share)")
        }
        size = Int((share * Double(count)).rounded(.toNearestOrEven))
    }
    var weights: [Double]?
    if a.has(4) {
        let column = try a[4].asString.flatMap { try frame?.column($0) } ?? a.column(4)
        let given = try Series(name: "weights", column: column).doubles(for: "sample")
        guard given.count == count else {
            throw Raised(.value, "\(given.count) weights for \(count) rows")
        }
        guard given.allSatisfy({ $0 >= 0 && $0.isFinite }), given.contains(where: { $0 > 0 }) else {
            throw Raised(.value, "weights are numbers from 0 on, one of them above 0 at least")
        }
        weights = given
    }
    if try a.bool(5, or: false) {
        guard size >= 0, count > 0 || size == 0 else {
            throw Raised(.value, "sample() cannot draw \(size) rows of \(count)")
        }
        var random = RandomState(seed: try seed(a, 3))
        return random.choiceWithReplacement(count, size: size, weights: weights)
    }
    let limit = weights.map { $0.count { $0 > 0 } } ?? count
    guard size >= 0, size <= limit else {
        throw Raised(
            .value, "sample() cannot draw \(size) rows of \(limit)",
            help: "a row is drawn once at most; replace=True draws it again")
    }
    var random = RandomState(seed: try seed(a, 3))
    return random.choice(count, size: size, weights: weights)
}

/// What `replace(old, new)` or `replace({old: new})` replaces by what.
func changes(_ a: Arguments, _ i: Int) throws(Raised) -> [(old: Scalar, new: Scalar)] {
    guard let entries = a[i].dictItems else {
        guard !a[i + 1].isUnset else {
            throw Raised(
                .type, "replace() needs what comes instead", help: "replace(\"old\", \"new\")")
        }
        return [(try a.scalar(i), try a.scalar(i + 1))]
    }
    var result: [(old: Scalar, new: Scalar)] = []
    for (old, new) in entries {
        guard let x = scalar(old), let y = scalar(new) else {
            throw Raised(.type, "replace() wants single values on both sides")
        }
        result.append((x, y))
    }
    return result
}
