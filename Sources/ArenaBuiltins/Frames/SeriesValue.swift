// Single columns as scripts see them. They carry the key of the frame they come from.

import ArenaCore
import ArenaFrame
import ArenaLanguage

private typealias P = BuiltinParameter

/// A column in a script.
final class SeriesValue: HostObject {
    let series: Series

    init(_ series: Series) { self.series = series }

    static let hostType = HostType(
        "column", summary: "One column of a frame, with the frame's key.",
        methods: seriesMethods + turnMethods)
    var type: HostType { Self.hostType }
    func forWorker() -> (any HostObject)? { SeriesValue(series) }
    var attributeNames: [String] {
        ["dt", "dtype", "is_unique", "key", "name", "shape", "str", "values"]
            + (matrix == nil ? [] : ["is_sparse", "nnz"])
    }

    private var matrix: MatrixStorage? {
        if case .matrix(let matrix) = series.column.storage { matrix } else { nil }
    }

    func attribute(_ name: String) throws(Raised) -> Value? {
        switch name {
        case "name": return .string(series.name)
        case "dtype": return .string(series.column.type.rawValue)
        case "is_unique":
            return try framing { () throws(FrameError) in Value.bool(try series.isUnique()) }
        case "key": return keyValues(series.key)
        case "shape":
            return .tuple([.int(series.count)] + (matrix.map { [.int($0.width)] } ?? []))
        case "str": return .host(TextAccess(series))
        case "dt": return .host(TimeAccess(series))
        case "is_sparse": return matrix.map { .bool($0.isSparse) }
        case "nnz": return matrix.map { .int($0.nonzeroCount) }
        case "values": return .list((0..<series.count).map { cell(series.column, $0) })
        default: return nil
        }
    }

    func item(_ key: Value) throws(Raised) -> Value {
        if let mask = (key.asHost as? SeriesValue)?.series {
            return try framing { () throws(FrameError) in value(try series.filtered(by: mask)) }
        }
        if key.isText {
            // Where the rows are named by text a name cannot be taken for a row number.
            guard
                let found = try framing({ () throws(FrameError) in
                    try series.row(named: scalar(key) ?? .missing)
                })
            else {
                throw Raised(
                    .key, "column '\(series.name)' has no row \(quotedText(key.utf8))",
                    help: series.key == nil
                        ? "its rows have no key: take one by its number"
                        : suggestion(
                            for: key.asString ?? "",
                            among: (0..<min(series.count, 1000)).map { series.key?.label($0) ?? "" }
                        ))
            }
            return cell(series.column, found)
        }
        guard let i = key.asInt else {
            throw Raised(.type, "a column is indexed by a row number, not \(key.typeWithArticle)")
        }
        let at = i < 0 ? i &+ series.count : i
        guard at >= 0, at < series.count else {
            throw Raised(.index, "row \(i) is outside a column of \(series.count) rows")
        }
        return cell(series.column, at)
    }

    func slice(_ start: Value, _ stop: Value, _ step: Value) throws(Raised) -> Value {
        let (first, count, stride) = try sliceBounds(start, stop, step, series.count)
        let rows = (0..<count).map { first + $0 * stride }
        return try framing { () throws(FrameError) in value(try series.take(rows)) }
    }

    func contains(_ v: Value) throws(Raised) -> Bool {
        guard let wanted = scalar(v) else { return false }
        return series.contains(wanted)
    }

    func binary(_ op: String, _ other: Value, reversed: Bool) throws(Raised) -> Value? {
        if op == "abs" {
            return try framing { () throws(FrameError) in value(try series.applying(.abs)) }
        }
        if op == "~" {
            return try framing { () throws(FrameError) in value(try series.inverted()) }
        }
        guard let op = ColumnOperator(rawValue: op) else { return nil }
        if other.isNone, op == .equal || op == .notEqual {
            throw Raised(
                .type, "'\(op.rawValue)' between a column and None",
                help: op == .equal
                    ? "missing rows: column.isna()" : "rows that are there: column.notna()")
        }
        guard let operand = operand(other) else { return nil }
        return try framing { () throws(FrameError) in
            value(try series.applying(op, operand, reversed: reversed))
        }
    }

    var count: Int? { series.count }
    var hasTruth: Bool { false }

    func iterate() throws(Raised) -> Value? {
        .list((0..<series.count).map { cell(series.column, $0) })
    }

    var representation: String {
        "<column '\(series.name)' of \(series.count) x \(series.column.type.rawValue)>"
    }
    var text: String { withoutLastNewline(ArenaFrame.display(series)) }
    func display(width: Int) -> String {
        withoutLastNewline(ArenaFrame.display(series, maxWidth: width))
    }
}

private let turnsExample = """
    f = frame({"id": [1], "prompt": ['["one",null,"tw\\\\u00f6"]']}, key="id")
    print(list(f["prompt"].turns(read="json", null="").join("|")))
    """

private let seriesMethods: [Builtin] =
    readingMethods + matrixMethods + columnVerbMethods + columnMathMethods
    + columnStatisticMethods + columnWindowMethods + textMethods

let readingMethods: [Builtin] = [
    Builtin(
        "turns",
        [
            .receiver("column"),
            P(
                "read", "\"json\", \"python\", \"split\" or \"raw\"",
                .named("(shows how they differ)"),
                "how the cells were read when the checkpoint was trained"),
            P(
                "null", "\"\", \"drop\", \"word\" or None", .named("\"\""),
                "what becomes of a null turn: empty text, nothing, the word null, or a missing turn"
            ),
        ],
        "The turns of each cell, a list column; the four readings give different text.",
        examples: [Example(turnsExample, prints: "['one||twö']\n")]
    ) { a throws(Raised) in
        let series = try a.series(0)
        var read: TurnReading?
        if a.has(1) {
            let name = try a.string(1)
            guard let known = TurnReading(rawValue: name) else {
                throw Raised(
                    .value, "turns() has no reading '\(name)'",
                    help: suggestion(for: name, among: TurnReading.allCases.map(\.rawValue)))
            }
            read = known
        }
        let null: NullTurns
        switch (a[2].isUnset, a[2].isNone, a[2].asString) {
        case (true, _, _), (_, _, ""): null = .empty
        case (_, true, _): null = .keep
        case (_, _, "drop"): null = .drop
        case (_, _, "word"): null = .word
        default:
            throw Raised(
                .value,
                "turns(): null= is \"\", \"drop\", \"word\" or None, not \(a.machine.representation(of: a[2]))"
            )
        }
        let result = try framing { () throws(FrameError) in try series.turns(read: read, null: null)
        }
        if result.loneSurrogates > 0 {
            a.machine.note(
                "turns: column '\(series.name)' holds \(result.loneSurrogates) lone surrogate"
                    + "\(result.loneSurrogates == 1 ? "" : "s"), each read as U+FFFD")
        }
        return value(result.series)
    },
    Builtin(
        "join", [.receiver("column"), P("separator", "str")],
        "Each row's turns as one text; a missing turn counts as empty.",
        examples: [
            Example(
                "f = frame({\"a\": ['[\"x\",\"y\"]']})\nprint(f[\"a\"].turns(read=\"json\").join(\" \")[0])",
                prints: "x y\n")
        ]
    ) { a throws(Raised) in
        let series = try a.series(0)
        let separator = try a.string(1)
        return try framing { () throws(FrameError) in value(try series.joined(separator: separator))
        }
    },
]

private let matrixMethods: [Builtin] = [
    columnMethod(
        "to_sparse", [], "A matrix of which only the numbers that are not 0 are stored (CSR).",
        "print(matrix(frame({\"a\": [0, 2]})).to_sparse().nnz)", prints: "1"
    ) { series, _ in value(try series.matrix(sparse: true)) },
    columnMethod(
        "to_dense", [], "A sparse matrix with all of its numbers.",
        "print(matrix(frame({\"a\": [0, 2]})).to_sparse().to_dense().is_sparse)", prints: "False"
    ) { series, _ in value(try series.matrix(sparse: false)) },
]

/// The keys of the rows as a list; None where nothing names them.
func keyValues(_ key: FrameKey?) -> Value {
    guard let key else { return .none }
    return .list((0..<key.count).map { cell(key.column, $0) })
}
