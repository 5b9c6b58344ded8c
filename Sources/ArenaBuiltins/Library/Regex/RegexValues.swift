// Compiled patterns and matches as scripts see them.

import ArenaCore
import ArenaLanguage

private typealias P = BuiltinParameter

/// A compiled pattern in a script.
final class PatternValue: HostObject {
    let program: RegexProgram
    init(_ program: RegexProgram) { self.program = program }

    static let hostType = HostType(
        "pattern", summary: "A compiled regular expression.",
        methods: regexFunctions.map { $0.method })
    var type: HostType { Self.hostType }
    var attributeNames: [String] { ["flags", "groupindex", "groups", "pattern"] }

    func attribute(_ name: String) throws(Raised) -> Value? {
        switch name {
        case "flags": return .int(program.flags.rawValue)
        case "groupindex": return .dict(program.names.map { ($0.name, Value.int($0.group)) })
        case "groups": return .int(program.groups)
        case "pattern": return .string(program.pattern)
        default: return nil
        }
    }

    func forWorker() -> (any HostObject)? { PatternValue(program) }

    func isEqual(_ other: any HostObject) -> Bool {
        guard let other = other as? PatternValue else { return false }
        return program.pattern == other.program.pattern && program.flags == other.program.flags
    }

    var representation: String {
        let value = Value.string(program.pattern)
        defer { value.release() }
        let shown = program.flags.subtracting(.unicode)
        let letters: [(RegexFlags, String)] = [
            (.ignoreCase, "re.IGNORECASE"), (.multiline, "re.MULTILINE"), (.dotAll, "re.DOTALL"),
            (.verbose, "re.VERBOSE"), (.ascii, "re.ASCII"),
        ]
        let names = letters.filter { shown.contains($0.0) }.map(\.1).joined(separator: "|")
        return "re.compile(\(quotedText(value.utf8))\(names.isEmpty ? "" : ", " + names))"
    }
}

/// A match in a script.
final class MatchValue: HostObject {
    let program: RegexProgram
    private let text: Value
    /// In bytes, two a group; -1 for a group that took no part.
    let places: [Int]
    private let isASCII: Bool
    /// A place in bytes and in characters from which others are counted.
    private let anchor: (byte: Int, scalar: Int)
    private let range: (Int, Int)

    /// - Parameters:
    ///   - text: retained here.
    ///   - anchor: not after the match's start.
    ///   - range: what was searched, in characters.
    init(
        _ program: RegexProgram, _ text: Value, _ places: [Int], anchor: (byte: Int, scalar: Int),
        range: (Int, Int)
    ) {
        self.program = program
        self.text = text.retain()
        self.places = places
        self.anchor = anchor
        self.range = range
        isASCII = text.scalarCount == text.utf8.count
    }

    deinit { text.release() }

    static let hostType = HostType(
        "match", summary: "Where a pattern matched, and its groups.", methods: matchMethods)
    var type: HostType { Self.hostType }
    var attributeNames: [String] {
        ["endpos", "lastgroup", "lastindex", "pos", "re", "string"]
    }

    func attribute(_ name: String) throws(Raised) -> Value? {
        switch name {
        case "string": return text.retain()
        case "re": return .host(PatternValue(program))
        case "pos": return .int(range.0)
        case "endpos": return .int(range.1)
        case "lastindex": return program.lastGroup(places).map { .int($0) } ?? Value.none
        case "lastgroup":
            guard let g = program.lastGroup(places),
                let name = program.names.first(where: { $0.group == g })?.name
            else { return Value.none }
            return .string(name)
        default: return nil
        }
    }

    /// A place in characters.
    func scalar(_ byte: Int) -> Int {
        if isASCII || byte < 0 { return byte }
        let utf8 = text.utf8
        // A group in a look-behind may lie before the anchor.
        if byte < anchor.byte {
            return anchor.scalar - countScalars(utf8[byte..<anchor.byte])
        }
        return anchor.scalar + countScalars(utf8[anchor.byte..<byte])
    }

    /// The text of a group, owned, or `missing`, retained.
    func group(_ g: Int, or missing: Value = .none) -> Value {
        places[2 * g] < 0
            ? missing.retain() : .text(text.utf8, places[2 * g], places[2 * g + 1])
    }

    /// The number of a group given by number or name.
    func number(_ key: Value) throws(Raised) -> Int {
        if let n = key.asInt, n >= 0, n <= program.groups { return n }
        if let name = key.asString {
            if let known = program.names.first(where: { $0.name == name }) { return known.group }
            throw Raised(
                .index, "the pattern has no group '\(name)'",
                help: suggestion(for: name, among: program.names.map(\.name)))
        }
        if let n = key.asInt {
            throw Raised(
                .index,
                "the pattern has no group \(n)",
                help: program.groups == 0
                    ? "it has none: (...) makes one" : "it has \(program.groups)")
        }
        throw Raised(.index, "a group is a number or a name, not \(key.typeWithArticle)")
    }

    func item(_ key: Value) throws(Raised) -> Value { group(try number(key)) }

    func expand(_ template: Value) throws(Raised) -> Value {
        let parts = try RegexTemplate(template, program)
        var out: [UInt8] = []
        places.withUnsafeBufferPointer { p in
            if let base = p.baseAddress { parts.write(text.utf8, base, into: &out) }
        }
        return .string(out)
    }

    var representation: String {
        let whole = group(0)
        defer { whole.release() }
        return
            "<re.Match object; span=(\(scalar(places[0])), \(scalar(places[1]))), match=\(quotedText(whole.utf8))>"
    }
}

/// Code points in well-formed UTF-8.
func countScalars(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Int {
    utf8CharacterCount(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes)))
}

private func matchMethod(
    _ name: String, _ parameters: [BuiltinParameter], _ summary: String, _ example: String,
    _ output: String, _ body: @escaping @Sendable (MatchValue, Arguments) throws(Raised) -> Value
) -> Builtin {
    Builtin(
        name, [.receiver("match")] + parameters, summary,
        examples: [
            Example(
                "m = re.search(r\"(?P<key>\\w+)=(\\d+)?\", \"x: id=7\")\nprint(\(example))",
                prints: output + "\n")
        ]
    ) { a throws(Raised) in try body(try a.host(0, MatchValue.self, "match"), a) }
}

private func place(_ m: MatchValue, _ a: Arguments) throws(Raised) -> (Int, Int) {
    let g = a.has(1) ? try m.number(a[1]) : 0
    return (m.scalar(m.places[2 * g]), m.scalar(m.places[2 * g + 1]))
}

private let matchMethods: [Builtin] = [
    matchMethod(
        "end", [P("group", "int or str", .optional("0"))],
        "Where a group ends; -1 if it took no part.",
        "m.end()", "7"
    ) { (m, a) throws(Raised) in .int(try place(m, a).1) },
    matchMethod(
        "expand", [P("template", "str")], "A template with \\1 and \\g<name> filled in.",
        "m.expand(r\"\\2 of \\g<key>\")", "7 of id"
    ) { (m, a) throws(Raised) in
        guard a[1].isText else {
            throw Raised(.type, "expand() wants a str, not \(a[1].typeWithArticle)")
        }
        return try m.expand(a[1])
    },
    matchMethod(
        "group", [P("groups", "int or str", .rest)], "The text of a group, or a tuple of several.",
        "m.group(), m.group(\"key\", 2)", "id=7 ('id', '7')"
    ) { (m, a) throws(Raised) in
        let keys = a[1].items ?? UnsafeBufferPointer(start: nil, count: 0)
        if keys.isEmpty { return m.group(0) }
        if keys.count == 1 { return m.group(try m.number(keys[0])) }
        var numbers: [Int] = []
        for key in keys { numbers.append(try m.number(key)) }
        return .tuple(numbers.map { m.group($0) })
    },
    matchMethod(
        "groupdict", [P("default", "any", .optional("None"))], "The named groups as a dict.",
        "m.groupdict()", "{'key': 'id'}"
    ) { (m, a) throws(Raised) in
        let missing = a[1].isUnset ? Value.none : a[1]
        return .dict(m.program.names.map { ($0.name, m.group($0.group, or: missing)) })
    },
    matchMethod(
        "groups", [P("default", "any", .optional("None"))], "All groups as a tuple.",
        "m.groups()", "('id', '7')"
    ) { (m, a) throws(Raised) in
        let missing = a[1].isUnset ? Value.none : a[1]
        return .tuple((0..<m.program.groups).map { m.group($0 + 1, or: missing) })
    },
    matchMethod(
        "span", [P("group", "int or str", .optional("0"))], "Where a group starts and ends.",
        "m.span(1)", "(3, 5)"
    ) { (m, a) throws(Raised) in
        let (start, end) = try place(m, a)
        return .tuple([.int(start), .int(end)])
    },
    matchMethod(
        "start", [P("group", "int or str", .optional("0"))],
        "Where a group starts; -1 if it took no part.", "m.start()", "3"
    ) { (m, a) throws(Raised) in .int(try place(m, a).0) },
]
