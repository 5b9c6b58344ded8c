// Methods of text, with Python's meaning. Positions are code points.

import ArenaCore
import Glibc

private typealias P = BuiltinParameter

private func receiver() -> BuiltinParameter { .receiver("str") }

private func isSpace(_ s: Unicode.Scalar) -> Bool {
    s.properties.isWhitespace || (s.value >= 0x1C && s.value <= 0x1F)
}

let stringMethods: [Builtin] = [
    Builtin("lower", [receiver()], "In lower case.") { a throws(Raised) in
        .string(try a.string(0).lowercased())
    },
    Builtin("upper", [receiver()], "In upper case.") { a throws(Raised) in
        .string(try a.string(0).uppercased())
    },
    Builtin("title", [receiver()], "Each word with a capital.") { a throws(Raised) in
        var out = ""
        var inWord = false
        for s in try a.string(0).unicodeScalars {
            let cased = s.properties.isCased
            out +=
                cased
                ? (inWord ? s.properties.lowercaseMapping : s.properties.titlecaseMapping)
                : String(Character(s))
            inWord = cased
        }
        return .string(out)
    },
    Builtin("capitalize", [receiver()], "The first letter in upper case, the rest in lower.") {
        a throws(Raised) in
        let s = try a.string(0).unicodeScalars
        guard let first = s.first else { return .string("") }
        return .string(first.properties.titlecaseMapping + String(s.dropFirst()).lowercased())
    },
    strip(
        "strip", "Without white space (or the given characters) at both ends.", left: true,
        right: true),
    strip(
        "lstrip", "Without white space (or the given characters) at the start.", left: true,
        right: false),
    strip(
        "rstrip", "Without white space (or the given characters) at the end.", left: false,
        right: true),
    Builtin(
        "split",
        [receiver(), P("sep", "str", .optional("None")), P("maxsplit", "int", .optional("-1"))],
        "The parts between separators; without one, the words between white space."
    ) { a throws(Raised) in
        let limit = try a.int(2, or: -1)
        let most = limit < 0 ? Int.max : limit
        guard a.has(1) else { return .list(words(a[0].utf8, most).map { Value.string($0) }) }
        guard a[1].isKind(.string) else { _ = try a.string(1); return .none }
        let separator = a[1].utf8
        if separator.isEmpty { throw Raised(.value, "split() wants a separator that is not empty") }
        let text = a[0].utf8
        let result = Value.list()
        var from = 0
        while (result.items?.count ?? 0) < most, let at = find(separator, in: text, from: from) {
            result.append(.string(text[from..<at]))
            from = at + separator.count
        }
        result.append(.string(text[from...]))
        return result
    },
    Builtin("splitlines", [receiver()], "The lines, without their ends.") { a throws(Raised) in
        let text = a[0].utf8
        let result = Value.list()
        var from = 0
        var i = 0
        while i < text.count {
            if text[i] == 10 || text[i] == 13 {
                result.append(.string(text[from..<i]))
                if text[i] == 13, i + 1 < text.count, text[i + 1] == 10 { i += 1 }
                from = i + 1
            }
            i += 1
        }
        if from < text.count { result.append(.string(text[from...])) }
        return result
    },
    Builtin(
        "join", [receiver(), P("items", "iterable of str")],
        "The items with this text between them."
    ) {
        a throws(Raised) in
        let list = try a.iterable(1)
        defer { list.release() }
        var out: [UInt8] = []
        for (i, item) in (list.items ?? .empty).enumerated() {
            guard item.isKind(.string) else {
                throw Raised(
                    .type, "join(): item \(i) is a \(item.typeName), not a str",
                    help: "\", \".join(str(x) for x in items)")
            }
            if i > 0 { out += a[0].utf8 }
            out += item.utf8
        }
        return .string(out)
    },
    Builtin(
        "replace",
        [receiver(), P("old", "str"), P("new", "str"), P("count", "int", .optional("-1"))],
        "With each `old` replaced by `new`."
    ) { a throws(Raised) in
        _ = (try a.string(1), try a.string(2))
        let text = a[0].utf8
        let old = a[1].utf8
        let limit = try a.int(3, or: -1)
        var left = limit < 0 ? Int.max : limit
        var out: [UInt8] = []
        var from = 0
        if old.isEmpty {
            var i = 0
            while left > 0 {
                out += a[2].utf8
                left -= 1
                guard i < text.count else { break }
                let n = min(scalarLength(text[i]), text.count - i)
                out += text[i..<i + n]
                i += n
            }
            out += text[min(i, text.count)...]
            return .string(out)
        }
        while left > 0, let at = find(old, in: text, from: from) {
            out += text[from..<at]
            out += a[2].utf8
            from = at + old.count
            left -= 1
        }
        out += text[from...]
        return .string(out)
    },
    affix("startswith", "Whether it begins with the text, or one of a tuple of texts.") {
        $0.starts(with: $1)
    },
    affix("endswith", "Whether it ends with the text, or one of a tuple of texts.") {
        $0.count >= $1.count && $0.suffix($1.count).elementsEqual($1)
    },
    Builtin("find", [receiver(), P("sub", "str")], "The place of the first `sub`, or -1.") {
        a throws(Raised) in
        _ = try a.string(1)
        guard let at = find(a[1].utf8, in: a[0].utf8, from: 0) else { return .int(-1) }
        return .int(scalars(a[0].utf8[..<at]))
    },
    Builtin(
        "index", [receiver(), P("sub", "str")],
        "The place of the first `sub`; an error if there is none."
    ) {
        a throws(Raised) in
        let sub = try a.string(1)
        guard let at = find(a[1].utf8, in: a[0].utf8, from: 0) else {
            throw Raised(.value, "'\(sub)' is not in the text")
        }
        return .int(scalars(a[0].utf8[..<at]))
    },
    Builtin(
        "count", [receiver(), P("sub", "str")], "How many times `sub` occurs, without overlaps."
    ) {
        a throws(Raised) in
        _ = try a.string(1)
        if a[1].utf8.isEmpty { return .int(scalarCount(a[0]) + 1) }
        var n = 0
        var from = 0
        while let at = find(a[1].utf8, in: a[0].utf8, from: from) {
            n += 1
            from = at + a[1].utf8.count
        }
        return .int(n)
    },
    test("isdigit", "Whether all characters are digits.") {
        $0.properties.numericType == .digit || $0.properties.numericType == .decimal
    },
    test("isalpha", "Whether all characters are letters.") { isLetter($0) },
    test("isalnum", "Whether all characters are letters or numbers.") {
        isLetter($0) || $0.properties.numericType != nil
    },
    test("isspace", "Whether all characters are white space.") { isSpace($0) },
    Builtin("zfill", [receiver(), P("width", "int")], "With zeros in front, up to the width.") {
        a throws(Raised) in
        let missing = min(max(try a.int(1), 0), 1 << 20) - scalarCount(a[0])
        let text = try a.string(0)
        if missing <= 0 { return a[0].retain() }
        let signed = text.hasPrefix("-") || text.hasPrefix("+")
        return .string(
            (signed ? String(text.prefix(1)) : "") + String(repeating: "0", count: missing)
                + (signed ? String(text.dropFirst()) : text))
    },
    Builtin("encode", [receiver()], "The text's UTF-8 bytes.") { a throws(Raised) in
        .bytes(a[0].utf8)
    },
]

private func isLetter(_ s: Unicode.Scalar) -> Bool {
    switch s.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
        return true
    default: return false
    }
}

private func scalars(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Int {
    bytes.reduce(0) { $0 + ($1 & 0xC0 != 0x80 ? 1 : 0) }
}

private func test(
    _ name: String, _ summary: String, _ holds: @escaping @Sendable (Unicode.Scalar) -> Bool
) -> Builtin {
    Builtin(name, [receiver()], summary) { a throws(Raised) in
        let text = try a.string(0)
        return .bool(!text.isEmpty && text.unicodeScalars.allSatisfy(holds))
    }
}

private func affix(
    _ name: String, _ summary: String,
    _ holds: @escaping @Sendable (UnsafeBufferPointer<UInt8>, UnsafeBufferPointer<UInt8>) -> Bool
) -> Builtin {
    Builtin(name, [receiver(), P("text", "str or tuple of str")], summary) { a throws(Raised) in
        if let options = a[1].items {
            for option in options where option.isKind(.string) && holds(a[0].utf8, option.utf8) {
                return .bool(true)
            }
            return .bool(false)
        }
        _ = try a.string(1)
        return .bool(holds(a[0].utf8, a[1].utf8))
    }
}

private func strip(_ name: String, _ summary: String, left: Bool, right: Bool) -> Builtin {
    Builtin(name, [receiver(), P("chars", "str", .optional("None"))], summary) { a throws(Raised) in
        let set = a.has(1) ? Set(try a.string(1).unicodeScalars) : nil
        func drop(_ s: Unicode.Scalar) -> Bool { set.map { $0.contains(s) } ?? isSpace(s) }
        var s = try a.string(0).unicodeScalars[...]
        if left { while let c = s.first, drop(c) { s.removeFirst() } }
        if right { while let c = s.last, drop(c) { s.removeLast() } }
        return .string(String(s))
    }
}

/// The words between white space; at most `most` splits, the rest stays whole.
private func words(_ text: UnsafeBufferPointer<UInt8>, _ most: Int) -> [[UInt8]] {
    var result: [[UInt8]] = []
    let s = String(decoding: text, as: UTF8.self).unicodeScalars
    var i = s.startIndex
    while true {
        while i < s.endIndex, isSpace(s[i]) { i = s.index(after: i) }
        if i == s.endIndex { return result }
        var end = i
        if result.count == most {
            end = s.endIndex
            result.append(Array(String(s[i..<end]).utf8))
            return result
        }
        while end < s.endIndex, !isSpace(s[end]) { end = s.index(after: end) }
        result.append(Array(String(s[i..<end]).utf8))
        i = end
    }
}
