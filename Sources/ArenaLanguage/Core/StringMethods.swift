// Methods of text, with Python's meaning: the table, and the methods that build new text. Positions
// are code points. Searching, splitting and letter case have files of their own; what bytes have in
// common with text is written once for both.

import ArenaCore
import Glibc

private typealias P = BuiltinParameter

private let receiver = BuiltinParameter.receiver("str")

let stringMethods: [Builtin] =
    searchMethods("str") + splitMethods("str") + [
        linesMethod, joinMethod("str"), replaceMethod("str"),
    ] + caseMethods + testMethods + [
        justified("ljust", "With fill characters behind it, up to the width.", "'ab..'") { _, _ in 0
        },
        justified("rjust", "With fill characters before it, up to the width.", "'..ab'") { n, _ in n
        },
        justified("center", "With fill characters on both sides, up to the width.", "'.ab.'") {
            n, width in n / 2 + (n & width & 1)
        },
        Builtin(
            "zfill", [receiver, P("width", "int")],
            "With zeros behind its sign, up to the width.",
            examples: [Example("print(\"-42\".zfill(5))", prints: "-0042\n")]
        ) { a throws(Raised) in
            let missing = try a.width(1) - scalarCount(a[0])
            if missing <= 0 { return a[0].retain() }
            let text = a[0].utf8
            let signed =
                text.first == UInt8(ascii: "-") || text.first == UInt8(ascii: "+") ? 1 : 0
            return .string(
                Array(text[..<signed]) + [UInt8](repeating: 48, count: missing)
                    + Array(text[signed...]))
        },
        Builtin(
            "expandtabs", [receiver, P("tabsize", "int", .optional("8"))],
            "With spaces in place of tabs, up to the next multiple of the size in its line.",
            examples: [Example("print(\"a\\tb\".expandtabs(4))", prints: "a   b\n")]
        ) { a throws(Raised) in
            let size = try a.width(1, or: 8)
            var out: [UInt8] = []
            var column = 0
            for c in a[0].utf8 {
                if c == 9 {
                    let spaces = size > 0 ? size - column % size : 0
                    if out.count + spaces > FormatSpec.widthLimit { throw a.tooLong() }
                    for _ in 0..<max(0, spaces) { out.append(32) }
                    column += max(0, spaces)
                    continue
                }
                out.append(c)
                if c & 0xC0 != 0x80 { column += 1 }
                if c == 10 || c == 13 { column = 0 }
            }
            return .string(out)
        },
        Builtin(
            "encode",
            [
                receiver, P("encoding", "str", .optional("\"utf-8\"")),
                P("errors", "str", .optional("\"strict\"")),
            ],
            "The text's bytes in UTF-8, ASCII or Latin-1.",
            examples: [Example("print(\"é\".encode())", prints: "b'\\xc3\\xa9'\n")]
        ) { a throws(Raised) in
            try encodedText(
                a[0], a.has(1) ? try a.string(1) : "utf-8", a.has(2) ? try a.string(2) : "strict")
        },
        Builtin(
            "format", [receiver, P("values", "any", .rest), P("named", "any", .keywords)],
            "The text with its replacement fields {}, {0}, {name} filled in.",
            examples: [
                Example("print(\"{} of {n:.1f}\".format(1, n=2))", prints: "1 of 2.0\n")
            ]
        ) { a throws(Raised) in try a.machine.stringFormat(a[0], a[1].items ?? .empty, a[2]) },
        Builtin(
            "format_map", [receiver, P("mapping", "dict")],
            "The text with its replacement fields {name} taken from a dict.",
            examples: [Example("print(\"{a}!\".format_map({\"a\": 1}))", prints: "1!\n")]
        ) { a throws(Raised) in try a.machine.stringFormat(a[0], .empty, a[1]) },
        Builtin(
            "translate", [receiver, P("table", "dict")],
            "With each character replaced by what a table has for it; see str.maketrans.",
            examples: [
                Example(
                    "print(\"cab\".translate(str.maketrans(\"ab\", \"xy\", \"c\")))", prints: "xy\n"
                )
            ]
        ) { a throws(Raised) in try translated(a) },
    ] + elementMethods

/// Starlark's ways to take text apart; each gives a list.
private let elementMethods: [Builtin] = [
    Builtin(
        "elems", [receiver], "The characters, as a list of text.",
        examples: [Example("print(\"aé\".elems())", prints: "['a', 'é']\n")]
    ) { a throws(Raised) in try a.machine.materialise(a[0]) },
    Builtin(
        "codepoints", [receiver], "The characters, as a list of text.",
        examples: [Example("print(\"aé\".codepoints())", prints: "['a', 'é']\n")]
    ) { a throws(Raised) in try a.machine.materialise(a[0]) },
    Builtin(
        "elem_ords", [receiver], "The numbers of the characters, as a list.",
        examples: [Example("print(\"aé\".elem_ords())", prints: "[97, 233]\n")]
    ) { a throws(Raised) in ordinals(a[0].utf8) },
    Builtin(
        "codepoint_ords", [receiver], "The numbers of the characters, as a list.",
        examples: [Example("print(\"aé\".codepoint_ords())", prints: "[97, 233]\n")]
    ) { a throws(Raised) in ordinals(a[0].utf8) },
]

private func ordinals(_ text: Bytes) -> Value {
    let list = Value.list(capacity: text.count)
    var i = 0
    while i < text.count {
        let (s, n) = decodeScalar(text, i)
        list.append(.int(Int(s.value)))
        i += n
    }
    return list
}

private func justified(
    _ name: String, _ summary: String, _ shown: String,
    _ left: @escaping @Sendable (Int, Int) -> Int
) -> Builtin {
    Builtin(
        name, [receiver, P("width", "int"), P("fill", "str", .optional("\" \""))], summary,
        examples: [Example("print(repr(\"ab\".\(name)(4, \".\")))", prints: shown + "\n")]
    ) { a throws(Raised) in
        let width = try a.width(1)
        var fill: [UInt8] = [32]
        if !a[2].isUnset {
            guard scalarCount(try a.textValue(2)) == 1 else {
                throw Raised(.type, "\(name)() fills with exactly one character")
            }
            fill = Array(a[2].utf8)
        }
        let missing = width - scalarCount(a[0])
        if missing <= 0 { return a[0].retain() }
        let before = left(missing, width)
        var out: [UInt8] = []
        out.reserveCapacity(a[0].utf8.count + missing * fill.count)
        for _ in 0..<before { out += fill }
        out += a[0].utf8
        for _ in 0..<(missing - before) { out += fill }
        return .string(out)
    }
}

/// A text's bytes in an encoding, owned.
func encodedText(_ v: Value, _ name: String, _ errors: String) throws(Raised) -> Value {
    guard let limit = try characterLimit(name) else { return .bytes(v.utf8) }
    var out: [UInt8] = []
    for s in String(decoding: v.utf8, as: UTF8.self).unicodeScalars {
        if s.value < limit { out.append(UInt8(s.value)); continue }
        switch errors {
        case "ignore": break
        case "replace": out.append(UInt8(ascii: "?"))
        default:
            throw Raised(
                .unicode, "the text has '\(s)', which \(name) has not",
                help: "encode() without arguments gives UTF-8")
        }
    }
    return .bytes(out)
}

/// How many characters an encoding of one byte each knows; nil for UTF-8.
func characterLimit(_ encoding: String) throws(Raised) -> UInt32? {
    switch encoding.lowercased().filter({ $0 != "-" && $0 != "_" }) {
    case "utf8", "u8": return nil
    case "ascii", "usascii", "646": return 128
    case "latin1", "iso88591", "latin", "l1", "88591": return 256
    default:
        throw Raised(
            .value, "'\(encoding)' is not a known encoding",
            help: "known are \"utf-8\", \"ascii\" and \"latin-1\"")
    }
}

private func translated(_ a: Arguments) throws(Raised) -> Value {
    let text = a[0].utf8
    var out: [UInt8] = []
    var i = 0
    while i < text.count {
        let (s, n) = decodeScalar(text, i)
        let key = Value.int(Int(s.value))
        try a.machine.pollInBuiltin()
        if a[1].isKind(.dict) {
            let at = try a[1].tableFind(key)
            if at < 0 {
                out += text[i..<i + n]
            } else {
                try put(a[1].cast(TableObject.self).pointee.entries[at].value, into: &out)
            }
        } else if let items = a[1].items {
            if key.i < items.count {
                try put(items[key.i], into: &out)
            } else {
                out += text[i..<i + n]
            }
        } else {
            throw a.wrongType(1, "dict")
        }
        i += n
    }
    return .string(out)
}

/// What a translation table has for a character: text, the number of another, or None for nothing.
private func put(_ v: Value, into out: inout [UInt8]) throws(Raised) {
    if v.isNone { return }
    if v.isKind(.string) {
        out += v.utf8
        return
    }
    guard let code = v.asIndex, let s = UInt32(exactly: code).flatMap(Unicode.Scalar.init) else {
        throw Raised(.type, "translate(): a table holds text, character numbers or None")
    }
    appendUTF8(s.value, to: &out)
}

extension Arguments {
    /// A translation table, as `str.maketrans` makes them: what stands for each character.
    package func translationTable(_ i: Int) throws(Raised) -> [UInt32: [UInt8]] {
        guard let items = self[i].dictItems else { throw wrongType(i, "dict") }
        var table: [UInt32: [UInt8]] = [:]
        for (key, v) in items {
            guard let code = key.asIndex.flatMap({ UInt32(exactly: $0) }) else { continue }
            var text: [UInt8] = []
            try put(v, into: &text)
            table[code] = text
        }
        return table
    }
}

// MARK: - Of text and bytes

func joinMethod(_ type: String) -> Builtin {
    Builtin(
        "join", [.receiver(type), P("items", "iterable of \(type)")],
        "The items with this \(type == "str" ? "text" : "value") between them.",
        examples: [
            type == "str"
                ? Example("print(\", \".join([\"a\", \"b\"]))", prints: "a, b\n")
                : Example("print(b\"-\".join([b\"a\", b\"b\"]))", prints: "b'a-b'\n")
        ]
    ) { a throws(Raised) in
        let list = try a.iterable(1)
        defer { list.release() }
        let items = list.items ?? .empty
        let kind = a[0].header.pointee.kind
        let separator = a[0].utf8
        var total = max(0, items.count - 1) * separator.count
        for (i, item) in items.enumerated() {
            guard item.isKind(kind) else {
                throw Raised(
                    .type, "join(): item \(i) is \(item.typeWithArticle), not \(withArticle(type))",
                    help: "\", \".join(str(x) for x in items)")
            }
            total += item.utf8.count
        }
        if total > Value.textLimit { throw a.tooLong() }
        let result = Value.newString(total)
        result.header.pointee.kind = kind
        // SAFETY: `total` counts exactly the bytes that are copied here.
        var p = stringBytes(result)
        func put(_ s: Bytes) {
            guard let source = s.baseAddress else { return }
            memcpy(p, source, s.count)
            p += s.count
        }
        for (i, item) in items.enumerated() {
            if i > 0 { put(separator) }
            put(item.utf8)
        }
        return result
    }
}

func replaceMethod(_ type: String) -> Builtin {
    Builtin(
        "replace",
        [.receiver(type), P("old", type), P("new", type), P("count", "int", .optional("-1"))],
        "With each `old` replaced by `new`, the first `count` ones if that is given.",
        examples: [
            type == "str"
                ? Example("print(\"aXbX\".replace(\"X\", \"-\", 1))", prints: "a-bX\n")
                : Example("print(b\"aXb\".replace(b\"X\", b\"\"))", prints: "b'ab'\n")
        ]
    ) { a throws(Raised) in
        let (old, new) = (try a.text(1), try a.text(2))
        let text = a[0].utf8
        let limit = a[3].isUnset ? -1 : try a.int(3)
        var left = limit < 0 ? Int.max : limit
        if old.count == 1, new.count == 1, limit < 0, text.count > 0 {
            let v = a.made(text)
            let p = stringBytes(v)
            let (from, to) = (old[0], new[0])
            for i in 0..<text.count { p[i] = p[i] == from ? to : p[i] }
            return v
        }
        var out: [UInt8] = []
        out.reserveCapacity(text.count)
        var from = 0
        if old.isEmpty {
            while left > 0 {
                out += new
                left -= 1
                if out.count > Value.textLimit { throw a.tooLong() }
                try a.machine.pollInBuiltin()
                guard from < text.count else { break }
                let n = type == "str" ? min(scalarLength(text[from]), text.count - from) : 1
                out += text[from..<from + n]
                from += n
            }
        }
        while !old.isEmpty, left > 0, let at = find(old, in: text, from: from) {
            out += text[from..<at]
            out += new
            from = at + old.count
            left -= 1
            if out.count > Value.textLimit { throw a.tooLong() }
            try a.machine.pollInBuiltin()
        }
        if from == 0, out.isEmpty { return a[0].retain() }
        out += text[from...]
        return a.made(out)
    }
}

extension Value {
    /// Text or bytes (whatever the kind says) of its own.
    @inline(__always)
    static func copied(_ part: Bytes, _ kind: ObjectKind) -> Value {
        let v = newString(part.count)
        v.header.pointee.kind = kind
        if let source = part.baseAddress { memcpy(stringBytes(v), source, part.count) }
        return v
    }

    /// The longest text or bytes that a method makes.
    static var textLimit: Int { 1 << 31 }
}

extension Arguments {
    /// The text or bytes of an argument, which must be what the receiver is.
    func text(_ i: Int) throws(Raised) -> Bytes { try textValue(i).utf8 }

    func textValue(_ i: Int) throws(Raised) -> Value {
        guard self[i].isKind(self[0].header.pointee.kind) else {
            throw wrongType(i, self[0].typeName)
        }
        return self[i]
    }

    /// New text, or bytes if the receiver is bytes.
    func made(_ bytes: some Collection<UInt8>) -> Value {
        self[0].isKind(.bytes) ? .bytes(bytes) : .string(bytes)
    }

    @inline(__always)
    func made(_ part: Slice<Bytes>) -> Value {
        .copied(Bytes(rebasing: part), self[0].header.pointee.kind)
    }

    @inline(__always)
    func made(_ part: Bytes) -> Value { .copied(part, self[0].header.pointee.kind) }

    func width(_ i: Int, or missing: Int = 0) throws(Raised) -> Int {
        let n = self[i].isUnset ? missing : try int(i)
        if n > FormatSpec.widthLimit { throw tooLong() }
        return max(0, n)
    }

    func tooLong() -> Raised {
        Raised(.memory, "\(builtin.name)(): the result would be too long")
    }
}
