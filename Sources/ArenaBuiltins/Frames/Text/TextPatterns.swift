// Regular expressions over whole columns, with Python's meaning, on all cores.

import ArenaCore
import ArenaFrame
import ArenaLanguage

private typealias P = BuiltinParameter

private let flags = P("flags", "int", .optional("0"), "re.I | re.M ...")
private let words = "w = frame({\"t\": [\"ab 12 cd 345\", \"none\", None]})[\"t\"]\n"

let textPatternMethods: [Builtin] = [
    columnMethod(
        "count_re", [P("pattern", "str or pattern"), flags],
        "How many matches each text has, as len(re.findall(pattern, text)).",
        words + "print(list(w.count_re(r\"\\d\")))", prints: "[5, 0, None]"
    ) { series, a in value(try series.counting(try pattern(a, 1, flags: 2), a.machine.requests)) },
    columnMethod(
        "match", [P("pattern", "str or pattern"), flags],
        "Whether a match begins at the start of each text.",
        words + "print(list(w.match(r\"[a-z]+ \")))", prints: "[True, False, None]"
    ) { series, a in
        value(try series.holding(try pattern(a, 1, flags: 2), .match, a.machine.requests))
    },
    columnMethod(
        "fullmatch", [P("pattern", "str or pattern"), flags],
        "Whether the whole of each text is a match.",
        words + "print(list(w.fullmatch(r\"[a-z]+\")))", prints: "[False, True, None]"
    ) { series, a in
        value(try series.holding(try pattern(a, 1, flags: 2), .fullMatch, a.machine.requests))
    },
    columnMethod(
        "findall", [P("pattern", "str or pattern"), flags],
        "All matches of each text, as lists: their texts, or their group where the pattern has one.",
        words + "print(list(w.findall(r\"\\d+\")))", prints: "[['12', '345'], [], None]"
    ) { series, a in value(try series.finding(try pattern(a, 1, flags: 2), a.machine.requests)) },
    columnMethod(
        "extract", [P("pattern", "str or pattern"), flags],
        "The groups of the first match of each text: a column, or a frame where there are several; missing without a match.",
        words + "print(list(w.extract(r\"(\\d+)\")), w.extract(r\"(?P<a>\\w)(\\w)\").columns)",
        prints: "['12', None, None] ['a', '1']"
    ) { series, a in
        let program = try pattern(a, 1, flags: 2)
        let parts = try series.extracting(program, a.machine.requests)
        if parts.count == 1 { return value(parts[0].renamed(series.name)) }
        return value(
            try Frame(names: parts.map(\.name), columns: parts.map(\.column), key: series.key))
    },
    columnMethod(
        "sub",
        [
            P("pattern", "str or pattern"), P("repl", "str"), P("count", "int", .optional("0")),
            flags,
        ],
        "Each text with the matches replaced, as re.sub: \\1 and \\g<name> stand for groups.",
        words + "print(list(w.sub(r\"(\\d)\\d*\", r\"<\\1>\")))",
        prints: "['ab <1> cd <3>', 'none', None]"
    ) { series, a in
        value(
            try series.substituting(
                try pattern(a, 1, flags: 4), a[2], most: try a.int(3, or: 0), a))
    },
    columnMethod(
        "split_re",
        [P("pattern", "str or pattern"), P("maxsplit", "int", .optional("0")), flags],
        "The parts of each text between the matches, as re.split; groups come between them.",
        words + "print(w.split_re(r\"\\s\\d+\\s?\")[0])", prints: "['ab', 'cd', '']"
    ) { series, a in
        value(
            try series.splitting(
                try pattern(a, 1, flags: 3), most: try a.int(2, or: 0), a.machine.requests))
    },
]

/// The program of an argument, with the flags of another.
func pattern(
    _ a: Arguments, _ i: Int, flags: Int = -1, adding more: RegexFlags = []
) throws(Raised) -> RegexProgram {
    if flags >= 0 { return try regexProgram(a, i, flags: flags) }
    if let known = a[i].asHost as? PatternValue {
        if more.isEmpty { return known.program }
        return try RegexProgram.cached(known.program.pattern, known.program.flags.union(more))
    }
    return try RegexProgram.cached(try a.string(i), more)
}

/// A program's matchers for one text after another, on one thread.
private final class RowScan {
    private let program: RegexProgram
    private let kind: RegexProgram.Kind
    private let requests: Requests
    private var plain: RegexScan?
    private var wide: RegexScan?

    init(_ program: RegexProgram, _ kind: RegexProgram.Kind, _ requests: Requests) {
        self.program = program
        self.kind = kind
        self.requests = requests
    }

    /// A scan of a text, which stays alive as long as it is used.
    func begin(_ bytes: UnsafeRawBufferPointer) throws(Raised) -> RegexScan {
        let isPlain = program.hasASCIIForm && isASCII(bytes)
        let scan: RegexScan
        if let known = isPlain ? plain : wide {
            scan = known
        } else {
            let requests = requests
            scan = try RegexScan(program, kind, ascii: isPlain) { () throws(Raised) in
                if requests.isStopRequested { throw Raised.interruption }
            }
            if isPlain { plain = scan } else { wide = scan }
        }
        scan.begin(text(bytes).baseAddress, from: 0, to: bytes.count)
        return scan
    }
}

/// Start and end of a group of the last match; nil if it took no part.
private func group(_ scan: RegexScan, _ g: Int) -> Range<Int>? {
    let (from, to) = (scan.places[2 * g], scan.places[2 * g + 1])
    return from < 0 ? nil : from..<max(from, to)
}

extension Series {
    /// Whether each text has a match.
    func holding(
        _ program: RegexProgram, _ kind: RegexProgram.Kind, _ requests: Requests
    ) throws -> Series {
        try textTruths("match") {
            let rows = RowScan(program, kind, requests)
            return { try rows.begin($0).next() }
        }
    }

    /// The number of matches of each text.
    func counting(_ program: RegexProgram, _ requests: Requests) throws -> Series {
        try textNumbers("count_re") {
            let rows = RowScan(program, .search, requests)
            return { bytes in
                let scan = try rows.begin(bytes)
                var n: Int64 = 0
                while try scan.next() { n += 1 }
                return n
            }
        }
    }

    /// The matches of each text.
    func finding(_ program: RegexProgram, _ requests: Requests) throws -> Series {
        guard program.groups <= 1 else {
            throw Raised(
                .value,
                "findall() of a column gives one text a match, and the pattern has \(program.groups) groups",
                help:
                    "make groups (?:...) of all but one, or column.extract(pattern) for the first match"
            )
        }
        let wanted = program.groups
        return try textLists("findall") {
            let rows = RowScan(program, .search, requests)
            return { bytes, add in
                let scan = try rows.begin(bytes)
                // A group that took no part is an empty text, as in Python.
                while try scan.next() { add(group(scan, wanted) ?? 0..<0) }
            }
        }
    }

    /// A column for each group of the first match of each text.
    func extracting(_ program: RegexProgram, _ requests: Requests) throws -> [Series] {
        guard program.groups > 0 else {
            throw Raised(
                .value, "extract() gives what groups match, and the pattern has none",
                help: "put what is wanted in parentheses: \"(\\d+)\"")
        }
        return try (1...program.groups).map { g in
            let found = try changingText("extract") {
                let rows = RowScan(program, .search, requests)
                return { bytes, _ in
                    let scan = try rows.begin(bytes)
                    guard try scan.next(), let range = group(scan, g) else { return .missing }
                    return .part(range)
                }
            }
            return found.renamed(program.names.first { $0.group == g }?.name ?? "\(g - 1)")
        }
    }

    /// Each text with the matches replaced.
    func substituting(
        _ program: RegexProgram, _ replacement: Value, most: Int, _ a: Arguments
    ) throws -> Series {
        guard replacement.isText else {
            throw Raised(
                .type,
                "\(a.builtin.name)(): 'repl' must be a str, not \(replacement.typeWithArticle)",
                help: "for a function: column.apply(lambda t: re.sub(pattern, f, t))")
        }
        return try substituting(
            program, try RegexTemplate(replacement, program), most: most, a.machine.requests)
    }

    func substituting(
        _ program: RegexProgram, _ template: RegexTemplate, most: Int, _ requests: Requests
    ) throws -> Series {
        try changingText("sub") {
            let rows = RowScan(program, .search, requests)
            return { bytes, out in
                let scan = try rows.begin(bytes)
                var last = 0
                var n = 0
                while most <= 0 ? most == 0 : n < most, try scan.next() {
                    let start = scan.places[0]
                    if start > last { out += bytes[last..<start] }
                    last = max(last, scan.places[1])
                    template.write(text(bytes), scan.places, into: &out)
                    n += 1
                }
                if n == 0 { return .same }
                out += bytes[last...]
                return .made
            }
        }
    }

    /// The parts between matches.
    func splitting(
        _ program: RegexProgram, most: Int, _ requests: Requests
    ) throws -> Series {
        let groups = program.groups
        return try textLists("split_re") {
            let rows = RowScan(program, .search, requests)
            return { bytes, add in
                let scan = try rows.begin(bytes)
                var last = 0
                var n = 0
                while most <= 0 ? most == 0 : n < most, try scan.next() {
                    add(last..<max(last, scan.places[0]))
                    for g in 1..<groups + 1 { add(group(scan, g)) }
                    last = scan.places[1]
                    n += 1
                }
                add(min(last, bytes.count)..<bytes.count)
            }
        }
    }
}
