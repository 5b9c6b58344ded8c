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
        ], "Rows drawn by lot, each at most once; the seed gives the rows that pandas draws.",
        sample + "print(list(f[\"t\"].sample(2, seed=1)))", prints: "['x', 'x']"
    ) { series, a in value(try series.take(try drawnRows(series.count, a))) },
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
        "dropna", [], "The rows that have a value.",
        sample + "print(list(f[\"a\"].dropna()))", prints: "[3, 1]"
    ) { series, _ in value(try series.filtered(by: series.isPresent())) },
    columnMethod(
        "replace",
        [P("old", "value or dict"), P("new", "value", .optional("None"))],
        "Rows of one value get another; a dict replaces several; in text, part of it.",
        sample + "print(list(f[\"a\"].replace({3: 30})))", prints: "[30, 1, None]"
    ) { series, a in
        if let old = a[1].asString, let new = a[2].asString, series.column.type == .string {
            return value(try series.replacingText(old, new))
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
        ], "A frame with a column for each value (one-hot).",
        sample + "print(list(f[\"t\"].get_dummies()[\"x\"]))", prints: "[True, False, True]"
    ) { series, a in
        let type = a.has(2) ? try a.columnType(a[2]) : .bool
        var columns: [Column] = []
        let parts = try series.dummies(prefix: try a.optionalString(1))
        for (name, column) in parts {
            columns.append(try Series(name: name, column: column).converted(to: type).column)
        }
        return value(try Frame(names: parts.map(\.name), columns: columns, key: series.key))
    },
    columnMethod(
        "encode", [],
        "Each value as a number, and the list of the values in their order: (codes, classes).",
        sample + "codes, classes = f[\"t\"].encode()\nprint(list(codes), classes)",
        prints: "[0, 1, 0] ['x', 'y']"
    ) { series, _ in
        let (codes, classes) = try series.encoded()
        let column = Column(
            .int64(codes.map { Int64(max($0, 0)) }), validity: Validity(codes.lazy.map { $0 >= 0 }))
        return .tuple([
            value(try Series(name: series.name, column: column, key: series.key)),
            .list((0..<classes.count).map { cell(classes, $0) }),
        ])
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
        "softmax", [], "Each row of a matrix as shares that add up to 1.",
        "m = matrix([frame({\"a\": [0.0]})[\"a\"], frame({\"b\": [0.0]})[\"b\"]])\nprint(m.softmax()[0])",
        prints: "[0.5, 0.5]"
    ) { series, _ in
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
        "rank",
        [
            P(
                "method", "\"average\", \"min\", \"max\", \"first\" or \"dense\"",
                .optional("\"average\"")), P("ascending", "bool", .optional("True")),
        ], "The place of each value in their order, from 1.",
        "print(list(frame({\"a\": [5, 1, 5]})[\"a\"].rank()))", prints: "[2.5, 1.0, 2.5]"
    ) { series, a in
        let word = try a.word(1, Series.RankMethod.allCases.map(\.rawValue), or: "average")
        return value(
            try series.ranked(
                Series.RankMethod(rawValue: word) ?? .average, ascending: try a.bool(2, or: true)))
    },
]

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
    return seed
}

/// The rows that `sample(n, frac=, seed=, weights=)` draws; the arguments stand from 1 on.
func drawnRows(_ count: Int, _ a: Arguments) throws -> [Int] {
    var size = try a.int(1, or: 1)
    if a.has(2) {
        if a.has(1) { throw Raised(.value, "sample() takes n or frac=, not both") }
        let share = try a.double(2)
        guard share >= 0, share <= 1 else {
            throw Raised(.value, "frac= lies between 0 and 1, not \(share)")
        }
        size = Int((share * Double(count)).rounded(.toNearestOrEven))
    }
    var weights: [Double]?
    if a.has(4) {
        let given = try Series(name: "weights", column: try a.column(4)).doubles(for: "sample")
        guard given.count == count else {
            throw Raised(.value, "\(given.count) weights for \(count) rows")
        }
        guard given.allSatisfy({ $0 >= 0 && $0.isFinite }), given.contains(where: { $0 > 0 }) else {
            throw Raised(.value, "weights are numbers from 0 on, one of them above 0 at least")
        }
        weights = given
    }
    let limit = weights.map { $0.count { $0 > 0 } } ?? count
    guard size >= 0, size <= limit else {
        throw Raised(
            .value, "sample() cannot draw \(size) rows of \(limit)",
            help: "a row is drawn once at most")
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
