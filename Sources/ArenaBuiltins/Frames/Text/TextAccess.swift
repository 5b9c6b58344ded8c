// `column.str`, as pandas users write it: the methods of text with the meaning that pandas gives them,
// where some take patterns that the column's own methods take as plain text.

import ArenaCore
import ArenaFrame
import ArenaLanguage

private typealias P = BuiltinParameter

/// A column's text methods in a script, by pandas' rules.
final class TextAccess: HostObject {
    let series: Series

    init(_ series: Series) { self.series = series }

    static let hostType = HostType(
        "column.str",
        summary:
            "A column's text methods with pandas' meaning: contains, count and match take patterns.",
        methods: accessMethods)
    var type: HostType { Self.hostType }
    func forWorker() -> (any HostObject)? { TextAccess(series) }

    /// `column.str[i]` and `column.str[a:b]`.
    func item(_ key: Value) throws(Raised) -> Value {
        guard let place = key.asInt else {
            throw Raised(
                .type, "column.str[...] takes a place or a slice, not \(key.typeWithArticle)")
        }
        return try mixing { value(try element(series, place)) }
    }

    func slice(_ start: Value, _ stop: Value, _ step: Value) throws(Raised) -> Value {
        try mixing {
            value(
                try sliced(
                    series, start: start.isNone ? nil : start.asInt,
                    stop: stop.isNone ? nil : stop.asInt, step: step.isNone ? 1 : step.asInt ?? 1))
        }
    }

    var representation: String { "<column.str of '\(series.name)'>" }
}

/// One character of each text, or one item of each list; missing where there is none.
private func element(_ series: Series, _ place: Int) throws -> Series {
    if !series.column.type.isText { return try series.turn(at: place) }
    return try series.changingText("get") {
        { bytes, _ in
            let starts = bytes.indices.filter { bytes[$0] & 0xC0 != 0x80 } + [bytes.count]
            let at = place < 0 ? place &+ starts.count - 1 : place
            guard at >= 0, at < starts.count - 1 else { return .missing }
            return .part(starts[at]..<starts[at + 1])
        }
    }
}

/// The column's own methods that mean the same in pandas.
private let shared: Set<String> = [
    "capitalize", "casefold", "cat", "endswith", "find", "isalnum", "isalpha", "isdecimal",
    "isdigit", "islower", "isnumeric", "isspace", "isupper", "len", "ljust", "lower", "lstrip",
    "normalize", "partition", "removeprefix", "removesuffix", "repeat", "rfind", "rjust",
    "rpartition", "rsplit", "rstrip", "slice", "startswith", "strip", "swapcase", "title",
    "translate", "upper", "zfill", "join",
]

private let accessMethods: [Builtin] =
    (textMethods + readingMethods).filter { shared.contains($0.name) }.map { own in
        Builtin(
            own.name, [.receiver("column.str")] + own.parameters.dropFirst(), own.summary,
            examples: own.examples.map {
                Example(viaAccess($0.code, own.name), prints: $0.output)
            }, body: own.body)
    } + [
        access(
            "contains",
            [
                P("pat", "str or pattern"), P("case", "bool", .optional("True")),
                P("flags", "int", .optional("0")), P("na", "bool", .optional("None")),
                P("regex", "bool", .optional("True")),
            ], "Whether each text has a match of the pattern (plain text with regex=False).",
            "print(list(t.str.contains(\"O|ß\")))", "[True, True, None]"
        ) { series, a in
            let matters = try a.bool(2, or: true)
            let found =
                try a.bool(5, or: true)
                ? try series.holding(
                    try pattern(
                        a, 1,
                        adding: RegexFlags(rawValue: try a.int(3, or: 0)).union(
                            matters ? [] : .ignoreCase)), .search, a.machine.requests)
                : try series.containing(try a.string(1), ignoringCase: !matters)
            return value(a.has(4) ? try found.filled(try a.scalar(4)) : found)
        },
        access(
            "count", [P("pat", "str or pattern"), P("flags", "int", .optional("0"))],
            "How many matches of the pattern each text has.",
            "print(list(t.str.count(\"[a-z]\")))", "[5, 4, None]"
        ) { series, a in value(try series.counting(try pattern(a, 1, flags: 2), a.machine.requests))
        },
        access(
            "match", [P("pat", "str or pattern"), P("flags", "int", .optional("0"))],
            "Whether a match begins at the start of each text.",
            "print(list(t.str.match(\"S\")))", "[False, True, None]"
        ) { series, a in
            value(try series.holding(try pattern(a, 1, flags: 2), .match, a.machine.requests))
        },
        access(
            "fullmatch", [P("pat", "str or pattern"), P("flags", "int", .optional("0"))],
            "Whether the whole of each text is a match.",
            "print(list(t.str.fullmatch(\"S.*\")))", "[False, True, None]"
        ) { series, a in
            value(try series.holding(try pattern(a, 1, flags: 2), .fullMatch, a.machine.requests))
        },
        access(
            "findall", [P("pat", "str or pattern"), P("flags", "int", .optional("0"))],
            "All matches of each text, as lists.",
            "print(list(t.str.findall(\"[A-Z]\")))", "[['O'], ['S'], None]"
        ) { series, a in value(try series.finding(try pattern(a, 1, flags: 2), a.machine.requests))
        },
        access(
            "extract",
            [
                P("pat", "str or pattern"), P("flags", "int", .optional("0")),
                P("expand", "bool", .optional("True")),
            ],
            "A frame with a column for each group of the first match; expand=False gives a column where there is one group.",
            "print(list(t.str.extract(\"([a-z]+)\", expand=False)))", "['ne', 'tra', None]"
        ) { series, a in
            let parts = try series.extracting(try pattern(a, 1, flags: 2), a.machine.requests)
            if parts.count == 1, !(try a.bool(3, or: true)) {
                return value(parts[0].renamed(series.name))
            }
            return value(
                try Frame(names: parts.map(\.name), columns: parts.map(\.column), key: series.key))
        },
        access(
            "replace",
            [
                P("pat", "str or pattern"), P("repl", "str"), P("n", "int", .optional("-1")),
                P("case", "bool", .optional("True")), P("flags", "int", .optional("0")),
                P("regex", "bool", .optional("False")),
            ], "Each text with one piece replaced by another; regex=True takes a pattern.",
            "print(list(t.str.replace(\"[a-z]+\", \"\", regex=True)))", "[' O ', 'Sß!', None]"
        ) { series, a in
            let most = try a.int(3, or: -1)
            if try a.bool(6, or: false) || a[1].asHost is PatternValue {
                let more = RegexFlags(rawValue: try a.int(5, or: 0)).union(
                    try a.bool(4, or: true) ? [] : .ignoreCase)
                return value(
                    try series.substituting(
                        try pattern(a, 1, adding: more), a[2], most: max(most, 0), a))
            }
            return value(
                try series.replacingText(
                    try a.string(1), try a.string(2), most: most < 0 ? .max : most))
        },
        access(
            "split",
            [
                P("pat", "str", .optional("None")), P("n", "int", .optional("-1")),
                P("expand", "bool", .optional("False")),
            ],
            "The parts of each text, as lists; expand=True gives a frame with a column for each place.",
            "print(list(t.str.split()), t.str.split(\"t\", expand=True).columns)",
            "[['One', 'two'], ['Straße!'], None] ['0', '1']"
        ) { series, a in
            // As pandas: n=0 and n=-1 both mean all.
            let n = try a.int(2, or: -1)
            let lists = try split(
                series, try a.optionalString(1), n <= 0 ? -1 : n, fromEnd: false)
            guard try a.bool(3, or: false) else { return value(lists) }
            let longest = try lists.itemCounts().statistic(.max)
            guard case .int(let width) = longest else { return value(try frame(of: lists)) }
            var names: [String] = []
            var columns: [Column] = []
            for place in 0..<Int(width) {
                names.append("\(place)")
                columns.append(try lists.turn(at: place).column)
            }
            return value(try Frame(names: names, columns: columns, key: series.key))
        },
        access(
            "get", [P("i", "int")], "One character of each text, or one item of each list.",
            "print(list(t.str.get(1)))", "['O', 't', None]"
        ) { series, a in value(try element(series, try a.int(1))) },
    ]

/// An example of a column's method as one of `column.str`.
private func viaAccess(_ code: String, _ name: String) -> String {
    var out: [UInt8] = []
    let found = Array(code.utf8).withUnsafeBytes { bytes in
        ByteSearch(".\(name)(".utf8)?.replace(
            in: bytes, by: Array(".str.\(name)(".utf8), most: .max, into: &out) ?? false
    }
    return found ? String(decoding: out, as: UTF8.self) : code
}

private func access(
    _ name: String, _ parameters: [BuiltinParameter], _ summary: String, _ code: String,
    _ output: String, _ body: @escaping @Sendable (Series, Arguments) throws -> Value
) -> Builtin {
    Builtin(
        name, [.receiver("column.str")] + parameters, summary,
        examples: [Example(textSample + code, prints: output + "\n")]
    ) { a throws(Raised) in
        let series = try a.host(0, TextAccess.self, "column.str").series
        return try mixing { try body(series, a) }
    }
}
