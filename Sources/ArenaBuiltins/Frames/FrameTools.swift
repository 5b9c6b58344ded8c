// Functions over several frames and columns, and rows split into parts.

import ArenaCore
import ArenaFrame
import ArenaLanguage

private typealias P = BuiltinParameter

/// A function over several frames or columns.
func tableFunction(
    _ name: String, _ parameters: [BuiltinParameter], _ summary: String, _ code: String,
    _ output: String, _ body: @escaping @Sendable (Arguments) throws -> Value
) -> Builtin {
    Builtin(name, parameters, summary, examples: [Example(code, prints: output + "\n")]) {
        a throws(Raised) in try mixing { try body(a) }
    }
}

/// The columns of a list.
private func parts(_ a: Arguments, _ i: Int) throws(Raised) -> [Series] {
    let list = try a.iterable(i)
    defer { list.release() }
    var result: [Series] = []
    for item in list.items ?? .init(start: nil, count: 0) {
        guard let series = (item.asHost as? SeriesValue)?.series else {
            throw Raised(
                .type, "\(a.builtin.name)() wants columns, not a \(item.typeName)",
                help: "\(a.builtin.name)([df[\"a\"], df[\"b\"]])")
        }
        result.append(series)
    }
    return result
}

let concatFunction = tableFunction(
    "concat",
    [
        P("frames", "list of frame or column"), P("axis", "0 or 1", .optional("0")),
        P(
            "join", "\"strict\", \"inner\" or \"outer\"", .named("\"strict\""),
            "what becomes of columns that not all have"),
        P("ignore_key", "bool", .named("False"), "rows get no key; it is left out"),
        P("ignore_index", "bool", .named("False"), "pandas' name of ignore_key"),
    ],
    "Frames put together by rows (the same columns), or by columns (axis=1: the same rows, told by key).",
    "a = frame({\"id\": [1], \"x\": [5]}, key=\"id\")\nb = frame({\"id\": [2], \"x\": [6]}, key=\"id\")\nprint(concat([a, b])[\"x\"].to_dict())",
    "{1: 5, 2: 6}"
) { a in
    let list = try a.iterable(0)
    defer { list.release() }
    var frames: [Frame] = []
    var names: [String] = []
    var allSeries = true
    let across = try a.isAcross(1)
    for item in list.items ?? .init(start: nil, count: 0) {
        if let frame = (item.asHost as? FrameValue)?.frame {
            allSeries = false
            frames.append(frame)
        } else if let series = (item.asHost as? SeriesValue)?.series {
            // Columns side by side may share a name: the later ones get a number.
            var name = series.name
            var number = 1
            while across, names.contains(name) {
                name = "\(series.name)_\(number)"
                number += 1
            }
            names.append(name)
            frames.append(try frame(of: series.renamed(across ? name : (names.first ?? name))))
        } else {
            throw Raised(
                .type, "concat() wants frames or columns, not a \(item.typeName)",
                help: "concat([a, b])")
        }
    }
    if across { return value(try Frame.sideBySide(frames)) }
    let join = try a.word(2, ["strict", "inner", "outer"], or: "strict")
    if join == "inner", let first = frames.first {
        let shared = first.names.filter { name in
            frames.allSatisfy { $0.position(of: name) != nil }
        }
        frames = try frames.map { try $0.select(shared) }
    }
    let all = try Frame.concatenated(
        frames, fill: join == "outer", ignoreKey: try a.bool(3, or: false) || a.bool(4, or: false))
    if allSeries, let name = all.names.first { return value(try all.series(name)) }
    return value(all)
}

let mergeFunction = tableFunction(
    "merge",
    [
        P("left", "frame"), P("right", "frame"),
        P("on", "str or list of str", .named("the key")),
        P(
            "how", "\"inner\", \"left\", \"right\", \"outer\", \"anti\" or \"semi\"",
            .named("\"inner\"")),
        P("left_on", "str or list of str", .named("on")),
        P("right_on", "str or list of str", .named("on")),
        P("suffixes", "pair of str", .named("(\"_x\", \"_y\")")),
        P("validate", "\"1:1\", \"1:m\", \"m:1\" or \"m:m\"", .named("\"m:m\"")),
    ], "The rows of two frames that agree in some columns, side by side.",
    "print(merge(frame({\"k\": [1, 2]}), frame({\"k\": [2], \"v\": [5]}), on=\"k\")[\"v\"].tolist())",
    "[5]"
) { a in try merge(try a.frame(0), try a.frame(1), a) }

let hstackFunction = tableFunction(
    "hstack", [P("parts", "list of columns and matrices")],
    "Columns of numbers and matrices of the same rows side by side as one matrix.",
    "m = matrix([frame({\"a\": [1, 2]})[\"a\"]])\nprint(hstack([m, m * 10])[1])", "[2.0, 20.0]"
) { a in value(try hstack(try parts(a, 0), name: "matrix")) }

let matrixFunction = tableFunction(
    "matrix", [P("columns", "list of columns, a frame, or a column of lists")],
    "Columns of numbers as one matrix, a row of numbers for each row.",
    "f = frame({\"a\": [1, 2], \"b\": [3, 4]})\nprint(matrix([f[\"a\"], f[\"b\"]])[0])",
    "[1.0, 3.0]"
) { a in
    if let frame = (a[0].asHost as? FrameValue)?.frame { return value(try frame.matrix()) }
    // A column of lists has a row's numbers together already.
    if let series = (a[0].asHost as? SeriesValue)?.series { return value(try series.matrix()) }
    return value(try hstack(try parts(a, 0), name: "matrix"))
}

let whereFunction = tableFunction(
    "where", [P("condition", "bool column"), P("a", "value or column"), P("b", "value or column")],
    "The first where the condition holds, the second elsewhere (numpy.where).",
    "f = frame({\"a\": [1, 5]})\nprint(list(where(f[\"a\"] > 2, \"big\", \"small\")))",
    "['small', 'big']"
) { a in
    let condition = try a.series(0)
    return value(try chosen([condition], [a[1]], a[2], "where"))
}

let chooseFunction = tableFunction(
    "choose",
    [
        P("conditions", "list of bool columns"), P("choices", "list of values or columns"),
        P("default", "value or column", .optional("None")),
    ],
    "For each row the choice of the first condition that holds, else the default (numpy.select).",
    "f = frame({\"a\": [1, 5, 9]})\nprint(list(choose([f[\"a\"] < 2, f[\"a\"] < 6], [\"low\", \"mid\"], \"high\")))",
    "['low', 'mid', 'high']"
) { a in
    let choices = try a.iterable(1)
    defer { choices.release() }
    let items = choices.items.map { Array($0) } ?? []
    return value(
        try chosen(try parts(a, 0), items, a[2].isUnset ? .none : a[2], "choose"))
}

/// The choice of the first condition that holds in each row.
private func chosen(
    _ conditions: [Series], _ choices: [Value], _ fallback: Value, _ verb: String
) throws -> Series {
    guard let first = conditions.first, conditions.count == choices.count else {
        throw Raised(
            .value, "\(conditions.count) conditions for \(choices.count) choices",
            help: "give a choice for each condition")
    }
    func column(_ v: Value) throws -> Series? {
        guard let operand = operand(v) else {
            if v.isNone { return nil }
            throw Raised(.type, "\(verb)() chooses among values and columns, not a \(v.typeName)")
        }
        if case .series(let series) = operand {
            try first.checkRows(series)
            return series
        }
        return try Series(
            name: verb, column: try Column.filled(operand, count: first.count), key: first.key)
    }
    var result = try column(fallback)
    for (condition, choice) in zip(conditions, choices).reversed() {
        if let own = try column(choice) {
            result = try own.where(condition, result.map { .series($0) })
        } else if let before = result {
            let opposite = try condition.filled(.bool(false)).inverted()
            result = try before.where(opposite, nil)
        }
    }
    let found = result?.column ?? .missing(.float64, count: first.count)
    return try Series(name: verb, column: found, key: first.key)
}

// MARK: - Folds

/// The classes of a column by number, in their order; a missing one is an error.
private func classes(_ v: Value, _ a: Arguments, _ verb: String) throws -> [Int] {
    let series: Series
    if let host = (v.asHost as? SeriesValue)?.series {
        series = host
    } else {
        let list = try a.machine.materialise(v)
        defer { list.release() }
        series = try Series(
            name: "classes",
            column: try column(ofItems: list.items ?? .init(start: nil, count: 0), named: "classes")
        )
    }
    if series.column.missingCount > 0 {
        throw Raised(
            .value, "\(verb)(): column '\(series.name)' misses \(series.column.missingCount) rows",
            help: "every row needs a class: drop such rows first")
    }
    return try series.encoded().codes.map(Int.init)
}

/// The rows of a value that folds are made of.
private func rowCount(_ v: Value, _ a: Arguments) throws(Raised) -> Int {
    if let n = v.asInt { return n }
    if let n = v.asHost?.count { return n }
    if let n = v.items?.count { return n }
    throw Raised(
        .type,
        "\(a.builtin.name)() wants a frame, a column or a number of rows, not a \(v.typeName)")
}

/// Folds as a list of pairs of row numbers.
private func value(_ folds: [Fold]) -> Value {
    .list(
        folds.map { fold in
            .tuple([.list(fold.train.map { .int($0) }), .list(fold.test.map { .int($0) })])
        })
}

/// `shuffle=` and `seed=`: the seed, or nil for rows in their order.
private func shuffleSeed(_ a: Arguments, _ shuffle: Int, _ place: Int) throws(Raised) -> UInt32? {
    guard try a.bool(shuffle, or: false) else {
        if a.has(place) {
            throw Raised(
                .value, "\(a.builtin.name)(): a seed has no effect without shuffle=True")
        }
        return nil
    }
    return try seed(a, place)
}

let trainTestSplitFunction = tableFunction(
    "train_test_split",
    [
        P("rows", "frame, column or int"), P("test_size", "share or int", .optional("0.25")),
        P("stratify", "column", .named("None"), "keeps the share of each of its values"),
        P("seed", "int", .named("")), P("train_size", "share or int", .named("the rest")),
    ],
    "Two parts by lot, as scikit-learn splits for the same seed: (train, test), or their row numbers.",
    "train, test = train_test_split(10, test_size=0.2, seed=42)\nprint(test)", "[8, 1]"
) { a in
    let count = try rowCount(a[0], a)
    func size(_ i: Int, up: Bool) throws(Raised) -> Int? {
        guard a.has(i) else { return nil }
        if let n = a[i].asInt { return n }
        let exact = try a.double(i) * Double(count)
        guard exact > 0, exact < Double(count) else {
            throw Raised(
                .value,
                "train_test_split(): \(a.builtin.parameters[i].name)= is a share between 0 and 1, or a number of rows"
            )
        }
        return Int(exact.rounded(up ? .up : .down))
    }
    let trainGiven = try size(4, up: false)
    let test =
        try size(1, up: true) ?? trainGiven.map { count - $0 }
        ?? Int((0.25 * Double(count)).rounded(.up))
    let train = trainGiven ?? count - test
    let labels = a.has(2) ? try classes(a[2], a, "train_test_split") : nil
    if let labels, labels.count != count {
        throw Raised(.value, "stratify= has \(labels.count) rows, there are \(count)")
    }
    let fold = try trainTestSplit(
        count: count, testCount: test, trainCount: train, classes: labels,
        seed: try seed(a, 3))
    if let frame = (a[0].asHost as? FrameValue)?.frame {
        return .tuple([value(try frame.take(fold.train)), value(try frame.take(fold.test))])
    }
    if let series = (a[0].asHost as? SeriesValue)?.series {
        return .tuple([value(try series.take(fold.train)), value(try series.take(fold.test))])
    }
    return .tuple([.list(fold.train.map { .int($0) }), .list(fold.test.map { .int($0) })])
}

private let splitParameters = [
    P("n_splits", "int", .optional("5")), P("shuffle", "bool", .named("False")),
    P("seed", "int", .named("None"), "needed with shuffle=True"),
]

let kfoldFunction = tableFunction(
    "kfold", [P("rows", "frame, column or int")] + splitParameters,
    "Row numbers of each fold, (train, test), as scikit-learn's KFold gives them.",
    "print(kfold(4, n_splits=2))", "[([2, 3], [0, 1]), ([0, 1], [2, 3])]"
) { a in
    value(
        try kFold(
            count: try rowCount(a[0], a), splits: try a.int(1, or: 5),
            seed: try shuffleSeed(a, 2, 3)))
}

let stratifiedKfoldFunction = tableFunction(
    "stratified_kfold", [P("classes", "column or list")] + splitParameters,
    "Folds in which each class has its share, as scikit-learn's StratifiedKFold gives them.",
    "print(stratified_kfold([\"a\", \"a\", \"b\", \"b\"], n_splits=2)[0])", "([1, 3], [0, 2])"
) { a in
    value(
        try stratifiedKFold(
            classes: try classes(a[0], a, "stratified_kfold"), splits: try a.int(1, or: 5),
            seed: try shuffleSeed(a, 2, 3)))
}

let groupKfoldFunction = tableFunction(
    "group_kfold", [P("groups", "column or list"), P("n_splits", "int", .optional("5"))],
    "Folds of whole groups, the largest group into the lightest fold, as scikit-learn's GroupKFold.",
    "print(group_kfold([1, 1, 2, 2], n_splits=2)[0])", "([0, 1], [2, 3])"
) { a in
    value(
        try groupKFold(
            groups: try classes(a[0], a, "group_kfold"), splits: try a.int(1, or: 5)))
}

let moduloFoldsFunction = tableFunction(
    "modulo_folds",
    [P("rows", "frame, column of int, or int"), P("n_splits", "int", .optional("5"))],
    "Folds by the remainder of the row number (or of a column's number) divided by n_splits.",
    "print(modulo_folds(4, n_splits=2)[0])", "([1, 3], [0, 2])"
) { a in
    var numbers = Array(0..<0)
    if let series = (a[0].asHost as? SeriesValue)?.series {
        guard case .int64(let values) = series.column.storage, series.column.missingCount == 0
        else {
            throw FrameError.columnType(
                verb: "modulo_folds", column: series.name, needed: "a column of whole numbers",
                found: series.column.type)
        }
        numbers = values.map { Int($0) }
    } else {
        numbers = Array(0..<(max(0, try rowCount(a[0], a))))
    }
    return value(try moduloFolds(numbers: numbers, splits: try a.int(1, or: 5)))
}
