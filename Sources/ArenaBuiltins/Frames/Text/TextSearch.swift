// Finding, counting and measuring in columns of text, with the meaning of Python's str.

import ArenaCore
import ArenaFrame
import ArenaLanguage

private typealias P = BuiltinParameter

let textSearchMethods: [Builtin] = [
    columnMethod(
        "contains",
        [
            P("text", "str"), P("case", "bool", .optional("True")),
            P("regex", "bool", .named("False"), "the text is a pattern, as in re.search"),
        ], "Whether each text has this in it.",
        textSample + "print(list(t.contains(\"tr\")))", prints: "[False, True, None]"
    ) { series, a in
        let flags: RegexFlags = try a.bool(2, or: true) ? [] : .ignoreCase
        if try a.bool(3, or: false) || a[1].asHost is PatternValue {
            return value(
                try series.holding(try pattern(a, 1, adding: flags), .search, a.machine.requests))
        }
        return value(try series.containing(try a.string(1), ignoringCase: flags == .ignoreCase))
    },
    affixTest(
        "startswith", "begins", "\"Str\"", "[False, True, None]"
    ) { text, head in text.starts(with: head) },
    affixTest(
        "endswith", "ends", "(\"two\", \"three\")", "[True, False, None]"
    ) { text, tail in text.count >= tail.count && text.suffix(tail.count).elementsEqual(tail) },
    place("find", "first", "[3, 5, None]", last: false),
    place("rfind", "last", "[6, -1, None]", last: true),
    columnMethod(
        "count", [P("text", "str", .optional("None"))],
        "How many times each text has this in it, without overlaps; without an argument, how many rows have a value.",
        textSample + "print(list(t.count(\"o\")), t.count())", prints: "[1, 0, None] 2"
    ) { series, a in
        guard a.has(1) else { return value(try series.statistic(.count)) }
        let wanted = try a.string(1)
        let search = ByteSearch(wanted.utf8)
        return value(
            try series.textNumbers("count") {
                { Int64(search?.count(in: $0) ?? utf8CharacterCount($0) + 1) }
            })
    },
    columnMethod(
        "len",
        [
            P(
                "unit", "\"characters\", \"bytes\" or \"words\"", .optional("\"characters\""),
                "what of a text is counted")
        ], "The length of each text; of lists the number of items.",
        textSample + "print(list(t.len()), list(t.len(\"words\")), list(t.len(\"bytes\")))",
        prints: "[8, 7, None] [2, 1, None] [8, 8, None]"
    ) { series, a in
        if !series.column.type.isText { return value(try series.itemCounts()) }
        switch try a.word(1, ["characters", "bytes", "words"], or: "characters") {
        case "bytes": return value(try series.textNumbers("len") { { Int64($0.count) } })
        case "words":
            return value(
                try series.textNumbers("len") {
                    { bytes in
                        var n: Int64 = 0
                        TextForms.words(text(bytes)) { _ in n += 1 }
                        return n
                    }
                })
        default: return value(try series.textNumbers("len") { { Int64(utf8CharacterCount($0)) } })
        }
    },
]

let textSplitMethods: [Builtin] = [
    columnMethod(
        "split",
        [P("sep", "str", .optional("None")), P("maxsplit", "int", .optional("-1"))],
        "The parts of each text between separators, as lists; without one, the words between white space.",
        textSample + "print(list(t.split()), list(t.split(\"t\", 1)))",
        prints: "[['One', 'two'], ['Straße!'], None] [[' One ', 'wo'], ['S', 'raße!'], None]"
    ) { series, a in
        value(try split(series, try a.optionalString(1), try a.int(2, or: -1), fromEnd: false))
    },
    columnMethod(
        "rsplit",
        [P("sep", "str", .optional("None")), P("maxsplit", "int", .optional("-1"))],
        "Like split, but counting the splits from the end.",
        "print(frame({\"t\": [\"a.b.c\"]})[\"t\"].rsplit(\".\", 1)[0])", prints: "['a.b', 'c']"
    ) { series, a in
        value(try split(series, try a.optionalString(1), try a.int(2, or: -1), fromEnd: true))
    },
    partition(
        "partition", "first", "[' One two', 'S', None] ['', 'tr', None] ['', 'aße!', None]",
        last: false),
    partition(
        "rpartition", "last", "['', 'S', None] ['', 'tr', None] [' One two', 'aße!', None]",
        last: true),
    columnMethod(
        "splitlines", [P("keepends", "bool", .optional("False"))],
        "The lines of each text, without their ends unless those are kept.",
        "print(frame({\"t\": [\"a\\nb\\r\\n\"]})[\"t\"].splitlines()[0])", prints: "['a', 'b']"
    ) { series, a in
        let keep = try a.bool(1, or: false)
        return value(
            try series.textLists("splitlines") {
                { bytes, add in TextForms.lines(text(bytes), keepingEnds: keep) { add($0) } }
            })
    },
]

private func partition(_ name: String, _ which: String, _ output: String, last: Bool) -> Builtin {
    columnMethod(
        name, [P("sep", "str", .optional("\" \""))],
        "What is before the \(which) separator of each text, it, and what is behind it, as columns 0, 1 and 2.",
        textSample + "f = t.\(name)(\"tr\")\nprint(list(f[\"0\"]), list(f[\"1\"]), list(f[\"2\"]))",
        prints: output
    ) { series, a in
        let sep = a.has(1) ? try a.string(1) : " "
        guard let search = ByteSearch(sep.utf8) else {
            throw Raised(.value, "\(name)(): the separator is empty")
        }
        let width = sep.utf8.count
        let columns = try (0..<3).map { part in
            try series.changingText(name) {
                { bytes, _ in
                    guard
                        let at = last
                            ? search.findLast(in: bytes) : search.find(in: bytes, from: 0)
                    else { return part == (last ? 2 : 0) ? .same : .part(0..<0) }
                    switch part {
                    case 0: return .part(0..<at)
                    case 1: return .part(at..<at + width)
                    default: return .part(at + width..<bytes.count)
                    }
                }
            }.column
        }
        return value(try Frame(names: ["0", "1", "2"], columns: columns, key: series.key))
    }
}

extension ColumnType {
    /// Whether the rows are single texts.
    var isText: Bool { self == .string || self == .categorical }
}

extension Series {
    /// Whether each text has another in it.
    func containing(_ wanted: String, ignoringCase: Bool) throws -> Series {
        guard ignoringCase else {
            guard let search = ByteSearch(wanted.utf8) else {
                return try textTruths("contains") { { _ in true } }
            }
            return try textTruths("contains") { { search.find(in: $0, from: 0) != nil } }
        }
        var copy = wanted
        let search = ByteSearch(copy.withUTF8 { TextForms.casefold($0) })
        return try textTruths("contains") {
            { bytes in
                guard let search else { return true }
                let folded = TextForms.casefold(text(bytes))
                return folded.withUnsafeBytes { search.find(in: $0, from: 0) != nil }
            }
        }
    }
}

/// The texts of an argument that is one, or a tuple or list of them.
private func texts(_ a: Arguments, _ i: Int) throws(Raised) -> [[UInt8]] {
    try a.strings(i).map { Array($0.utf8) }
}

private func affixTest(
    _ name: String, _ verb: String, _ argument: String, _ output: String,
    _ holds: @escaping @Sendable (TextBytes, [UInt8]) -> Bool
) -> Builtin {
    columnMethod(
        name, [P("text", "str or tuple of str")],
        "Whether each text \(verb) with this, or with one of a tuple.",
        textSample + "print(list(t.\(name)(\(argument))))", prints: output
    ) { series, a in
        let wanted = try texts(a, 1)
        return value(
            try series.textTruths(name) {
                { bytes in wanted.contains { holds(text(bytes), $0) } }
            })
    }
}

private func place(_ name: String, _ which: String, _ output: String, last: Bool) -> Builtin {
    columnMethod(
        name, [P("text", "str")],
        "Where in each text this is for the \(which) time, in characters; -1 where it is not.",
        textSample + "print(list(t.\(name)(\(last ? "\"w\"" : "\"e\""))))", prints: output
    ) { series, a in
        let search = ByteSearch(try a.string(1).utf8)
        return value(
            try series.textNumbers(name) {
                { bytes in
                    guard let search else { return last ? Int64(utf8CharacterCount(bytes)) : 0 }
                    let found =
                        last ? search.findLast(in: bytes) : search.find(in: bytes, from: 0)
                    return found.map {
                        Int64(utf8CharacterCount(UnsafeRawBufferPointer(rebasing: bytes[..<$0])))
                    } ?? -1
                }
            })
    }
}

/// Lists of the parts of each text.
func split(
    _ series: Series, _ separator: String?, _ most: Int, fromEnd: Bool
) throws -> Series {
    let limit = most < 0 ? Int.max : most
    guard let separator else {
        return try series.textLists("split") {
            { bytes, add in
                if fromEnd {
                    for range in TextForms.lastWords(text(bytes), most: limit) { add(range) }
                } else {
                    TextForms.words(text(bytes), most: limit) { add($0) }
                }
            }
        }
    }
    guard let search = ByteSearch(separator.utf8) else {
        throw Raised(
            .value, "split() wants a separator that is not empty",
            help: "split() without one gives the words")
    }
    let length = search.piece.count
    return try series.textLists("split") {
        { bytes, add in
            if fromEnd, limit < Int.max {
                for range in lastParts(bytes, search, limit) { add(range) }
                return
            }
            var from = 0
            var n = 0
            while n < limit, let at = search.find(in: bytes, from: from) {
                add(from..<at)
                from = at + length
                n += 1
            }
            add(from..<bytes.count)
        }
    }
}

/// The parts between the last `most` separators.
private func lastParts(
    _ bytes: UnsafeRawBufferPointer, _ search: ByteSearch, _ most: Int
) -> [Range<Int>] {
    let piece = search.piece
    var parts: [Range<Int>] = []
    var end = bytes.count
    var at = end - piece.count
    while at >= 0, parts.count < most {
        if bytes[at] == piece[0], bytes[at..<at + piece.count].elementsEqual(piece) {
            parts.append(at + piece.count..<end)
            end = at
            at -= piece.count
        } else {
            at -= 1
        }
    }
    parts.append(0..<end)
    return parts.reversed()
}
