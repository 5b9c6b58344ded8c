// Numbers that describe a column, in a script's words.

import ArenaCore
import ArenaFrame
import ArenaLanguage

private typealias P = BuiltinParameter

/// What each statistic is, for help; `[1, 2, 2]` is the example.
let statisticSummaries: [(statistic: Statistic, summary: String, result: String)] = [
    (.sum, "The sum of the values; missing rows are left out.", "5"),
    (.mean, "The mean of the values; missing rows are left out.", "1.6666666666666667"),
    (.median, "The middle value.", "2.0"),
    (.min, "The smallest value.", "1"),
    (.max, "The greatest value.", "2"),
    (.count, "The number of rows that have a value.", "3"),
    (.nunique, "The number of different values.", "2"),
    (.prod, "The product of the values.", "4"),
]

let columnStatisticMethods: [Builtin] =
    // `count` is with the methods of text, which count too.
    statisticSummaries.filter { $0.statistic != .count }.map { statistic, summary, result in
        columnMethod(
            statistic.rawValue,
            [P("axis", "0 or 1", .optional("0"), "1: of each row of a matrix")], summary,
            "print(frame({\"a\": [1, 2, 2]})[\"a\"].\(statistic.rawValue)())", prints: result
        ) { series, a in
            if let rows = try matrixRows(series, a) {
                return value(try rows.each { try $0.statistic(statistic) })
            }
            return value(try series.statistic(statistic))
        }
    }
    + [
        columnMethod(
            "std", [P("ddof", "int", .optional("1"))],
            "The standard deviation; its divisor is the count less ddof.",
            "print(frame({\"a\": [1, 2, 3]})[\"a\"].std())", prints: "1.0"
        ) { series, a in value(try series.statistic(.std, ddof: try a.int(1, or: 1))) },
        columnMethod(
            "var", [P("ddof", "int", .optional("1"))],
            "The variance; its divisor is the count less ddof.",
            "print(frame({\"a\": [1, 2, 3]})[\"a\"].var())", prints: "1.0"
        ) { series, a in value(try series.statistic(.var, ddof: try a.int(1, or: 1))) },
        columnMethod(
            "any", [], "Whether one row is true at least.",
            "print((frame({\"a\": [1, 2]})[\"a\"] > 1).any())", prints: "True"
        ) { series, _ in value(try series.statistic(.any)) },
        columnMethod(
            "all", [], "Whether every row is true; missing rows are left out.",
            "print((frame({\"a\": [1, 2]})[\"a\"] > 1).all())", prints: "False"
        ) { series, _ in value(try series.statistic(.all)) },
        columnMethod(
            "quantile", [P("q", "float or list", .optional("0.5"))],
            "The value below which a share of the values lies, between neighbours in proportion.",
            "print(frame({\"a\": [1, 2, 4]})[\"a\"].quantile([0.5, 0.75]))", prints: "[2.0, 3.0]"
        ) { series, a in
            if !a.has(1) { return value(try series.quantile(0.5)) }
            if a[1].asDouble != nil { return value(try series.quantile(try a.double(1))) }
            return .list(try series.quantiles(try a.doubles(1)).map { value($0) })
        },
        columnMethod(
            "corr", [P("other", "column")],
            "Pearson's correlation with another column of the same rows.",
            "f = frame({\"a\": [1, 2, 3], \"b\": [2, 4, 6]})\nprint(f[\"a\"].corr(f[\"b\"]))",
            prints: "1.0"
        ) { series, a in value(try series.correlation(try a.series(1))) },
        columnMethod(
            "describe", [],
            "Count, mean, deviation and quartiles; of text, count and frequent value.",
            "print(frame({\"a\": [1, 2, 3]})[\"a\"].describe()[\"mean\"])", prints: "2.0"
        ) { series, _ in value(try described(series)) },
        columnMethod(
            "value_counts",
            [
                P("normalize", "bool", .optional("False")), P("sort", "bool", .optional("True")),
                P("ascending", "bool", .optional("False")),
                P("dropna", "bool", .named("True"), "False: missing rows are counted too"),
            ], "How often each value occurs (or its share), the most frequent first.",
            "c = frame({\"a\": [\"x\", \"y\", \"y\", None]})[\"a\"]\nprint(c.value_counts().to_dict(), c.value_counts(dropna=False).to_dict())",
            prints: "{'y': 2, 'x': 1} {'y': 2, 'x': 1, None: 1}"
        ) { series, a in
            value(
                try series.valueCounts(
                    normalize: try a.bool(1, or: false), sort: try a.bool(2, or: true),
                    ascending: try a.bool(3, or: false), dropMissing: try a.bool(4, or: true)))
        },
        columnMethod(
            "mode", [], "The most frequent values, in their order.",
            "print(list(frame({\"a\": [2, 1, 1, 2, 3]})[\"a\"].mode()))", prints: "[1, 2]"
        ) { series, _ in
            let counts = try series.valueCounts(normalize: false, sort: true, ascending: false)
            guard case .int64(let sizes) = counts.column.storage, let key = counts.key,
                let most = sizes.first
            else { return value(try series.take([])) }
            let values = try Series(name: series.name, column: key.column).take(
                sizes.indices.filter { sizes[$0] == most })
            return value(try values.sorted(ascending: true))
        },
        extreme("idxmax", true, "The key (or row number) of the first greatest value.", "8"),
        extreme("idxmin", false, "The key (or row number) of the first smallest value.", "7"),
        extreme("argmax", true, "The row number of the first greatest value.", "1"),
        extreme("argmin", false, "The row number of the first smallest value.", "0"),
        cumulation(.cumsum, "The sum of each row and those before it.", "[1, 3, 6]"),
        cumulation(.cumprod, "The product of each row and those before it.", "[1, 2, 6]"),
        cumulation(.cummax, "The greatest of each row and those before it.", "[1, 2, 3]"),
        cumulation(.cummin, "The smallest of each row and those before it.", "[1, 1, 1]"),
    ]

private func extreme(
    _ name: String, _ greatest: Bool, _ summary: String, _ result: String
) -> Builtin {
    columnMethod(
        name, [P("axis", "0 or 1", .optional("0"), "1: of each row of a matrix")], summary,
        "print(frame({\"id\": [7, 8], \"a\": [1, 2]}, key=\"id\")[\"a\"].\(name)())", prints: result
    ) { series, a in
        if let rows = try matrixRows(series, a) {
            return value(
                try rows.each {
                    try $0.extremeRow(greatest: greatest, for: name).map { .int(Int64($0)) }
                        ?? .missing
                })
        }
        guard let row = try series.extremeRow(greatest: greatest, for: name) else {
            throw FrameError.noValues(verb: name, column: series.name)
        }
        if name.hasPrefix("arg") { return .int(row) }
        return series.key.map { cell($0.column, row) } ?? .int(row)
    }
}

/// The rows of a matrix, for `axis=1`; nil where another column is asked for itself.
private func matrixRows(_ series: Series, _ a: Arguments) throws -> MatrixRows? {
    guard try a.isAcross(1) else { return nil }
    guard case .matrix(let matrix) = series.column.storage else {
        throw Raised(
            .value, "\(a.builtin.name)(): only a matrix has rows of several numbers to go across",
            help: "df.\(a.builtin.name)(axis=1) goes across the columns of a frame")
    }
    return MatrixRows(series: series, matrix: matrix)
}

private struct MatrixRows {
    let series: Series
    let matrix: MatrixStorage

    /// A value for each row.
    func each(_ body: (Series) throws -> Scalar) throws -> Series {
        var scalars: [Scalar] = []
        scalars.reserveCapacity(matrix.count)
        for row in 0..<matrix.count {
            scalars.append(
                series.column.isMissing(row)
                    ? .missing
                    : try body(try Series(name: series.name, column: Column(matrix.row(row)))))
        }
        let column = try Column.of(scalars) ?? .missing(.float64, count: matrix.count)
        return series.replacing(column)
    }
}

private func cumulation(_ kind: Cumulation, _ summary: String, _ result: String) -> Builtin {
    columnMethod(
        kind.rawValue, [], summary,
        "print(list(frame({\"a\": [1, 2, 3]})[\"a\"].\(kind.rawValue)()))", prints: result
    ) { series, _ in value(try series.cumulated(kind)) }
}

/// A column's description, keyed by the names of the statistics.
func described(_ series: Series) throws(FrameError) -> Series {
    if !series.column.type.isNumeric {
        let counts = try series.valueCounts(normalize: false, sort: true, ascending: false)
        let words: [String?] = [
            try series.statistic(.count).text, String(counts.count),
            counts.key?.label(0), counts.count > 0 ? counts.column.text(0) : nil,
        ]
        let names: [String?] = ["count", "unique", "top", "freq"]
        return try Series(
            name: series.name,
            column: try Column(counts.count > 0 ? words : [words[0], words[1], nil, nil]),
            key: try FrameKey(name: "statistic", column: try Column(names)))
    }
    let quartiles = try series.quantiles([0.25, 0.5, 0.75])
    let scalars =
        [
            try series.statistic(.count), try series.statistic(.mean), try series.statistic(.std),
            try series.statistic(.min),
        ] + quartiles + [try series.statistic(.max)]
    let floats = scalars.map { scalar in scalar.double.map { Scalar.float($0) } ?? .missing }
    let names: [String?] = ["count", "mean", "std", "min", "25%", "50%", "75%", "max"]
    let column = try Column.of(floats) ?? .missing(.float64, count: names.count)
    return try Series(
        name: series.name, column: column,
        key: try FrameKey(name: "statistic", column: try Column(names)))
}

extension Scalar {
    /// The value as text; nil if it is missing.
    var text: String? {
        switch self {
        case .missing: nil
        case .bool(let b): b ? "True" : "False"
        case .int(let n): String(n)
        case .float(let x): x.description
        case .string(let text): text
        }
    }
}
