// `re`: Python's functions over PCRE2. Each one exists as a function of the module, which takes a
// pattern and flags, and as a method of a compiled pattern.

import ArenaCore
import ArenaLanguage

private typealias P = BuiltinParameter

private let flagNames: [(String, RegexFlags)] = [
    ("A", .ascii), ("ASCII", .ascii), ("DOTALL", .dotAll), ("I", .ignoreCase),
    ("IGNORECASE", .ignoreCase), ("M", .multiline), ("MULTILINE", .multiline), ("S", .dotAll),
    ("U", .unicode), ("UNICODE", .unicode), ("VERBOSE", .verbose), ("X", .verbose),
]

let reModule = Module(
    "re", "Regular expressions as in Python.",
    [
        moduleFunction(
            "compile", [P("pattern", "str"), P("flags", "int", .optional("0"))],
            "A pattern to use several times.",
            examples: [
                Example(
                    "words = re.compile(r\"[a-z]+\", re.I)\nprint(words.findall(\"One 2 three\"))",
                    prints: "['One', 'three']\n")
            ]
        ) { a throws(Raised) in
            if let known = a[1].asHost as? PatternValue, !a.has(2) { return .host(known) }
            return .host(PatternValue(try regexProgram(a, 1, flags: 2)))
        },
        moduleFunction(
            "escape", [P("text", "str")], "The text with what has a meaning in patterns escaped.",
            examples: [Example("print(re.escape(\"1+1=2?\"))", prints: "1\\+1=2\\?\n")]
        ) { a throws(Raised) in
            _ = try a.string(1)
            let special = Set("()[]{}?*+-|^$\\.&~# \t\n\r\u{B}\u{C}".utf8)
            var out: [UInt8] = []
            for c in a[1].utf8 {
                if special.contains(c) { out.append(92) }
                out.append(c)
            }
            return .string(out)
        },
    ] + regexFunctions.map(\.function),
    constants: { flagNames.map { ($0.0, .int($0.1.rawValue)) } })

/// A function of `re` in both its forms.
struct RegexFunction {
    let function: Builtin
    let method: Builtin

    /// - Parameters:
    ///   - parameters: what comes after the pattern in the function.
    ///   - positions: whether the method takes `pos` and `endpos`.
    ///   - body: gets the program, the arguments, and the index of the first parameter.
    init(
        _ name: String, _ parameters: [BuiltinParameter], positions: Bool = false,
        _ summary: String, _ example: String, _ methodExample: String, _ output: String,
        body: @escaping @Sendable (RegexProgram, Arguments, Int) throws(Raised) -> Value
    ) {
        let flags = parameters.count + 2
        function = moduleFunction(
            name,
            [P("pattern", "str or pattern")] + parameters + [P("flags", "int", .optional("0"))],
            summary, examples: [Example("print(\(example))", prints: output + "\n")]
        ) { a throws(Raised) in try body(try regexProgram(a, 1, flags: flags), a, 2) }
        method = Builtin(
            name,
            [.receiver("pattern")] + parameters
                + (positions
                    ? [P("pos", "int", .optional("0")), P("endpos", "int", .optional("None"))]
                    : []),
            summary,
            examples: [
                Example("p = re.compile(r\"\\d+\")\nprint(\(methodExample))", prints: output + "\n")
            ]
        ) { a throws(Raised) in
            try body(try a.host(0, PatternValue.self, "pattern").program, a, 1)
        }
    }
}

/// The program of an argument that is a pattern or its text.
func regexProgram(_ a: Arguments, _ i: Int, flags: Int) throws(Raised) -> RegexProgram {
    let given = a.has(flags) ? try a.int(flags) : 0
    if let known = a[i].asHost as? PatternValue {
        if given != 0 {
            throw Raised(
                .value, "\(a.builtin.name)(): a compiled pattern has its flags already",
                help: "re.compile(pattern, flags)")
        }
        return known.program
    }
    guard let text = a[i].asString else {
        throw Raised(
            .type,
            "\(a.builtin.name)(): 'pattern' must be a str or a pattern, not \(a[i].typeWithArticle)",
            help: a[i].isBytes ? "patterns work on text: x.decode()" : nil)
    }
    let set = RegexFlags(rawValue: given)
    guard RegexFlags.known.isSuperset(of: set) else {
        throw Raised(
            .value, "\(a.builtin.name)(): \(given) is no sum of flags",
            help: "re.I | re.M; the maximum of sub() and split() goes by name: count=, maxsplit=")
    }
    return try RegexProgram.cached(text, set)
}

/// The text argument of a function, checked.
private func subject(_ a: Arguments, _ i: Int) throws(Raised) -> Value {
    guard a[i].isText else {
        throw Raised(
            .type, "\(a.builtin.name)(): 'string' must be a str, not \(a[i].typeWithArticle)",
            help: a[i].isNone ? "the text is missing (None)" : nil)
    }
    return a[i]
}

/// The part of a text to search: `pos` and `endpos` of methods, in characters and in bytes.
private struct Region {
    var scalars: (Int, Int)
    var bytes: (Int, Int)

    init(_ text: Value, _ a: Arguments, _ i: Int, method: Bool) throws(Raised) {
        let count = text.scalarCount
        guard method, a.has(i) || a.has(i + 1) else {
            scalars = (0, count)
            bytes = (0, text.utf8.count)
            return
        }
        let start = min(max(0, try a.int(i, or: 0)), count)
        let end = min(max(0, try a.int(i + 1, or: count)), count)
        scalars = (start, end)
        bytes = (text.byteOffset(ofScalar: start), text.byteOffset(ofScalar: end))
    }
}

private func one(
    _ kind: RegexProgram.Kind, _ program: RegexProgram, _ a: Arguments, _ i: Int
) throws(Raised) -> Value {
    let text = try subject(a, i)
    let region = try Region(text, a, i + 1, method: i == 1)
    if region.bytes.0 > region.bytes.1 { return .none }
    let scan = try RegexScan(
        program, kind, text, from: region.bytes.0, to: region.bytes.1, a.machine)
    guard try scan.next() else { return .none }
    return .host(
        MatchValue(
            program, text, scan.takePlaces(), anchor: (region.bytes.0, region.scalars.0),
            range: region.scalars))
}

/// Makes what findall gives for one match: the text, the one group, or a tuple of groups.
private struct Finder {
    let text: UnsafeBufferPointer<UInt8>
    let groups: Int
    /// Strings of one ASCII character, made once; owned.
    private var letters = [Value](repeating: .none, count: 128)

    init(_ text: UnsafeBufferPointer<UInt8>, groups: Int) {
        self.text = text
        self.groups = groups
    }

    func release() { for v in letters { v.release() } }

    @inline(__always)
    private mutating func piece(_ places: UnsafePointer<Int>, _ g: Int) -> Value {
        let (a, b) = (places[2 * g], places[2 * g + 1])
        if a < 0 { return .text(text, 0, 0) }
        if b == a + 1, text[a] < 128 {
            let c = Int(text[a])
            if letters[c].isNone { letters[c] = .text(text, a, b) }
            return letters[c].retain()
        }
        return .text(text, a, b)
    }

    /// Owned.
    @inline(__always)
    mutating func found(_ places: UnsafePointer<Int>) -> Value {
        if groups <= 1 { return piece(places, groups) }
        var items: [Value] = []
        items.reserveCapacity(groups)
        for g in 1...groups { items.append(piece(places, g)) }
        return .tuple(items)
    }
}

let regexFunctions: [RegexFunction] = [
    RegexFunction(
        "findall", [P("string", "str")], positions: true,
        "All matches: their texts, or their groups where the pattern has some.",
        "re.findall(r\"\\d+\", \"1 22\")", "p.findall(\"1 22\")", "['1', '22']"
    ) { (program, a, i) throws(Raised) in
        let text = try subject(a, i)
        let region = try Region(text, a, i + 1, method: i == 1)
        let scan = try RegexScan(
            program, .search, text, from: region.bytes.0, to: region.bytes.1, a.machine)
        var finder = Finder(text.utf8, groups: program.groups)
        defer { finder.release() }
        let list = Value.list()
        do throws(Raised) {
            while try scan.next() { list.add(finder.found(scan.places)) }
        } catch {
            list.release()
            throw error
        }
        return list
    },
    RegexFunction(
        "finditer", [P("string", "str")], positions: true,
        "All matches, as a list of match objects.",
        "[m.span() for m in re.finditer(r\"\\d+\", \"1 22\")]",
        "[m.span() for m in p.finditer(\"1 22\")]", "[(0, 1), (2, 4)]"
    ) { (program, a, i) throws(Raised) in
        let text = try subject(a, i)
        let region = try Region(text, a, i + 1, method: i == 1)
        let scan = try RegexScan(
            program, .search, text, from: region.bytes.0, to: region.bytes.1, a.machine)
        let list = Value.list()
        var anchor = (byte: region.bytes.0, scalar: region.scalars.0)
        do throws(Raised) {
            while try scan.next() {
                let places = scan.takePlaces()
                // Characters are counted once along the text, not from its start for each match.
                let start = places[0]
                if start >= anchor.byte {
                    let between =
                        scan.ascii
                        ? start - anchor.byte : countScalars(text.utf8[anchor.byte..<start])
                    anchor = (start, anchor.scalar + between)
                }
                list.add(
                    .host(MatchValue(program, text, places, anchor: anchor, range: region.scalars)))
            }
        } catch {
            list.release()
            throw error
        }
        return list
    },
    RegexFunction(
        "fullmatch", [P("string", "str")], positions: true,
        "The match of the whole text, or None.", "re.fullmatch(r\"\\d+\", \"22\").group()",
        "p.fullmatch(\"22\").group()", "22"
    ) { (program, a, i) throws(Raised) in try one(.fullMatch, program, a, i) },
    RegexFunction(
        "match", [P("string", "str")], positions: true,
        "The match at the text's start, or None.", "re.match(r\"\\d+\", \"22 x\").group()",
        "p.match(\"22 x\").group()", "22"
    ) { (program, a, i) throws(Raised) in try one(.match, program, a, i) },
    RegexFunction(
        "search", [P("string", "str")], positions: true, "The first match, or None.",
        "re.search(r\"\\d+\", \"a 22\").span()", "p.search(\"a 22\").span()", "(2, 4)"
    ) { (program, a, i) throws(Raised) in try one(.search, program, a, i) },
    RegexFunction(
        "split", [P("string", "str"), P("maxsplit", "int", .optional("0"))],
        "The pieces between the matches; groups of the pattern come between them.",
        "re.split(r\"\\d+\", \"a1b22c\")", "p.split(\"a1b22c\")", "['a', 'b', 'c']"
    ) { (program, a, i) throws(Raised) in
        let text = try subject(a, i)
        let most = try a.int(i + 1, or: 0)
        let bytes = text.utf8
        let scan = try RegexScan(program, .search, text, from: 0, to: bytes.count, a.machine)
        let list = Value.list()
        var last = 0
        var count = 0
        do throws(Raised) {
            while most == 0 || count < most, try scan.next() {
                let places = scan.places
                list.add(.text(bytes, last, places[0]))
                for g in 1..<program.groups + 1 {
                    let (start, end) = (places[2 * g], places[2 * g + 1])
                    list.add(start < 0 ? .none : .text(bytes, start, end))
                }
                last = places[1]
                count += 1
            }
        } catch {
            list.release()
            throw error
        }
        list.add(.text(bytes, last, bytes.count))
        return list
    },
    RegexFunction(
        "sub",
        [P("repl", "str or function"), P("string", "str"), P("count", "int", .optional("0"))],
        "The text with each match replaced: \\1 and \\g<name> stand for groups, a function gets the match.",
        "re.sub(r\"(\\d)\\d*\", r\"<\\1>\", \"a 22\")",
        "p.sub(lambda m: \"<\" + m.group()[0] + \">\", \"a 22\")",
        "a <2>"
    ) { (program, a, i) throws(Raised) in try substituted(program, a, i).text },
    RegexFunction(
        "subn",
        [P("repl", "str or function"), P("string", "str"), P("count", "int", .optional("0"))],
        "The text with each match replaced, and how many there were.",
        "re.subn(r\"\\d+\", \"n\", \"1 22\")", "p.subn(\"n\", \"1 22\")", "('n n', 2)"
    ) { (program, a, i) throws(Raised) in
        let result = try substituted(program, a, i)
        return .tuple([result.text, .int(result.count)])
    },
]

private func substituted(
    _ program: RegexProgram, _ a: Arguments, _ i: Int
) throws(Raised) -> (text: Value, count: Int) {
    let text = try subject(a, i + 1)
    let most = try a.int(i + 2, or: 0)
    let bytes = text.utf8
    var template: RegexTemplate?
    if a[i].isText {
        template = try RegexTemplate(a[i], program)
    } else if a[i].typeName != "function" && a[i].typeName != "builtin function"
        && a[i].asHost?.callSignature == nil
    {
        throw Raised(
            .type,
            "\(a.builtin.name)(): 'repl' must be a str or a function, not \(a[i].typeWithArticle)"
        )
    }
    let scan = try RegexScan(program, .search, text, from: 0, to: bytes.count, a.machine)
    var out: [UInt8] = []
    var last = 0
    var count = 0
    var anchor = (byte: 0, scalar: 0)
    while most <= 0 ? most == 0 : count < most, try scan.next() {
        if count == 0 { out.reserveCapacity(bytes.count) }
        let places = scan.places
        let start = places[0]
        if start > last { out += bytes[last..<start] }
        last = max(last, places[1])
        count += 1
        try a.machine.pollInBuiltin()
        if let template {
            template.write(bytes, places, into: &out)
            continue
        }
        if start > anchor.byte {
            let between =
                scan.ascii ? start - anchor.byte : countScalars(bytes[anchor.byte..<start])
            anchor = (start, anchor.scalar + between)
        }
        let match = Value.host(
            MatchValue(
                program, text, scan.takePlaces(), anchor: anchor, range: (0, text.scalarCount)))
        defer { match.release() }
        let piece = try a.machine.call(a[i], [match])
        defer { piece.release() }
        guard piece.isText else {
            throw Raised(
                .type,
                "\(a.builtin.name)(): the function must give a str, and gave \(piece.typeWithArticle)",
                help: piece.isNone ? "does it return something?" : "str(x)")
        }
        out += piece.utf8
    }
    if count == 0 { return (text.retain(), 0) }
    if last < bytes.count { out += bytes[last...] }
    return (.string(out), count)
}
