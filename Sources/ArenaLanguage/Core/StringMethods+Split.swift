// Taking text and bytes apart: split, partition, splitlines, strip. All on bytes.

import ArenaCore
import Glibc

private typealias P = BuiltinParameter

func splitMethods(_ type: String) -> [Builtin] {
    let b = type == "bytes" ? "b" : ""
    func shown(_ code: String, _ output: String) -> [Example] {
        [Example("print(\(code))", prints: output + "\n")]
    }
    func strip(_ name: String, _ place: String, left: Bool, right: Bool, _ output: String)
        -> Builtin
    {
        Builtin(
            name, [.receiver(type), P("chars", type, .optional("None"))],
            "Without white space (or the given characters) at \(place).",
            examples: shown("repr(\(b)\" a \".\(name)())", b + output)
        ) { a throws(Raised) in try stripped(a, left: left, right: right) }
    }
    return [
        strip("strip", "both ends", left: true, right: true, "'a'"),
        strip("lstrip", "the start", left: true, right: false, "'a '"),
        strip("rstrip", "the end", left: false, right: true, "' a'"),
        Builtin(
            "split",
            [
                .receiver(type), P("sep", type, .optional("None")),
                P("maxsplit", "int", .optional("-1")),
            ],
            "The parts between separators; without one, the words between white space.",
            examples: shown("\(b)\"a b  c\".split()", "[\(b)'a', \(b)'b', \(b)'c']")
        ) { a throws(Raised) in
            let limit = a[2].isUnset ? -1 : try a.int(2)
            let most = limit < 0 ? Int.max : limit
            return a.has(1) ? try parts(a, most) : words(a, most)
        },
        Builtin(
            "rsplit",
            [
                .receiver(type), P("sep", type, .optional("None")),
                P("maxsplit", "int", .optional("-1")),
            ],
            "Like split, but counting the splits from the end.",
            examples: shown(
                "\(b)\"a.b.c\".rsplit(\(b)\".\", 1)", "[\(b)'a.b', \(b)'c']")
        ) { a throws(Raised) in
            let limit = a[2].isUnset ? -1 : try a.int(2)
            if limit < 0 { return a.has(1) ? try parts(a, Int.max) : words(a, Int.max) }
            return a.has(1) ? try lastParts(a, limit) : lastWords(a, limit)
        },
        partition(
            "partition", type, "What is before the first separator, it, and what is behind it.",
            shown("\(b)\"a=b=c\".partition(\(b)\"=\")", "(\(b)'a', \(b)'=', \(b)'b=c')"),
            last: false),
        partition(
            "rpartition", type, "What is before the last separator, it, and what is behind it.",
            shown("\(b)\"a=b=c\".rpartition(\(b)\"=\")", "(\(b)'a=b', \(b)'=', \(b)'c')"),
            last: true),
    ]
}

let linesMethod = Builtin(
    "splitlines", [.receiver("str"), P("keepends", "bool", .optional("False"))],
    "The lines, without their ends unless those are kept.",
    examples: [Example("print(\"a\\nb\\r\\n\".splitlines())", prints: "['a', 'b']\n")]
) { a throws(Raised) in
    let keep = try a.isTrue(1)
    let text = a[0].utf8
    let result = Value.list()
    forEachLine(text, keepingEnds: keep) { result.append(.string(text[$0])) }
    return result
}

/// The lines of a text, with their ends or without.
func forEachLine(_ text: Bytes, keepingEnds keep: Bool, _ body: (Range<Int>) -> Void) {
    var from = 0
    var i = 0
    while i < text.count {
        // Line ends are rare: most bytes are told apart by one comparison.
        if text[i] > 0x1E, text[i] < 0xC2 { i += 1; continue }
        let n = lineEndLength(text, i)
        if n == 0 { i += 1; continue }
        body(from..<(keep ? i + n : i))
        i += n
        from = i
    }
    if from < text.count { body(from..<text.count) }
}

extension Arguments {
    /// The truth of an argument that may be left out.
    func isTrue(_ i: Int) throws(Raised) -> Bool {
        self[i].isUnset ? false : try machine.truth(self[i])
    }
}

// MARK: - Split

private func parts(_ a: Arguments, _ most: Int) throws(Raised) -> Value {
    let separator = try a.text(1)
    if separator.isEmpty { throw emptySeparator(a) }
    let text = a[0].utf8
    let result = Value.list()
    var from = 0
    var n = 0
    let kind = a[0].header.pointee.kind
    return try a.machine.owned(result) { () throws(Raised) in
        while n < most, let at = find(separator, in: text, from: from) {
            result.append(.copied(Bytes(rebasing: text[from..<at]), kind))
            from = at + separator.count
            n += 1
            try a.machine.pollInBuiltin()
        }
        result.append(a.made(text[from...]))
    }
}

private func lastParts(_ a: Arguments, _ most: Int) throws(Raised) -> Value {
    let separator = try a.text(1)
    if separator.isEmpty { throw emptySeparator(a) }
    var text = a[0].utf8
    var taken: [Value] = []
    while taken.count < most, let at = findLast(separator, in: text, from: 0) {
        taken.append(a.made(text[(at + separator.count)...]))
        text = Bytes(rebasing: text[..<at])
    }
    taken.append(a.made(text))
    return .list(taken.reversed())
}

private func emptySeparator(_ a: Arguments) -> Raised {
    Raised(
        .value, "\(a.builtin.name)() wants a separator that is not empty",
        help: "list(text) gives the characters")
}

/// The length of white space at a place; bytes know only that of ASCII.
@inline(__always)
private func space(_ text: Bytes, _ i: Int, _ isText: Bool) -> Int {
    if isText { return spaceLength(text, i) }
    let c = text[i]
    return c == 32 || c >= 9 && c <= 13 ? 1 : 0
}

private func words(_ a: Arguments, _ most: Int) -> Value {
    let kind = a[0].header.pointee.kind
    let text = a[0].utf8
    let result = Value.list()
    forEachWord(text, isText: kind == .string, most) {
        result.append(.copied(Bytes(rebasing: text[$0]), kind))
    }
    return result
}

/// The words between white space, `most` at most, and then what is left as it is.
@inline(__always)
func forEachWord(_ text: Bytes, isText: Bool, _ most: Int, _ body: (Range<Int>) -> Void) {
    var i = 0
    var n = 0
    while true {
        while i < text.count {
            let length = space(text, i, isText)
            if length == 0 { break }
            i += length
        }
        if i == text.count { return }
        if n == most { break }
        let start = i
        // Most bytes are told apart by one comparison.
        while i < text.count {
            let c = text[i]
            if c > 32, c < 0x80 {
                i += 1
            } else if space(text, i, isText) > 0 {
                break
            } else {
                i += isText ? scalarLength(c) : 1
            }
        }
        body(start..<i)
        n += 1
    }
    // As Python: what is left keeps the white space at its end.
    body(i..<text.count)
}

private func lastWords(_ a: Arguments, _ most: Int) -> Value {
    .list(
        lastWordRanges(a[0].utf8, isText: a[0].isKind(.string), most).map { a.made(a[0].utf8[$0]) })
}

/// The last words between white space, `most` at most, and before them what is left as it is.
func lastWordRanges(_ text: Bytes, isText: Bool, _ most: Int) -> [Range<Int>] {
    var taken: [Range<Int>] = []
    var end = trimmedEnd(text, 0, isText)
    while end > 0, taken.count < most {
        var start = end
        while start > 0 {
            let at = isText ? scalarStart(text, before: start) : start - 1
            if space(text, at, isText) > 0 { break }
            start = at
        }
        taken.append(start..<end)
        end = trimmedEnd(Bytes(rebasing: text[..<start]), 0, isText)
    }
    if end > 0 { taken.append(0..<end) }
    return taken.reversed()
}

/// Where the white space at the end begins, at or after `low`.
private func trimmedEnd(_ text: Bytes, _ low: Int, _ isText: Bool) -> Int {
    var end = text.count
    while end > low {
        let at = isText ? scalarStart(text, before: end) : end - 1
        if space(text, at, isText) == 0 { break }
        end = at
    }
    return end
}

private func partition(
    _ name: String, _ type: String, _ summary: String, _ examples: [Example], last: Bool
) -> Builtin {
    Builtin(name, [.receiver(type), P("sep", type)], summary, examples: examples) {
        a throws(Raised) in
        let separator = try a.text(1)
        if separator.isEmpty { throw emptySeparator(a) }
        let text = a[0].utf8
        let found =
            last ? findLast(separator, in: text, from: 0) : find(separator, in: text, from: 0)
        guard let at = found else {
            return .tuple(
                last
                    ? [a.made([]), a.made([]), a[0].retain()]
                    : [a[0].retain(), a.made([]), a.made([])])
        }
        return .tuple([
            a.made(text[..<at]), a[1].retain(), a.made(text[(at + separator.count)...]),
        ])
    }
}

// MARK: - Strip

private func stripped(_ a: Arguments, left: Bool, right: Bool) throws(Raised) -> Value {
    let text = a[0].utf8
    let isText = a[0].isKind(.string)
    let drop = a.has(1) ? Dropped(try a.text(1), isText: isText) : nil
    let range = strippedRange(text, isText: isText, drop, left: left, right: right)
    return range.count == text.count ? a[0].retain() : a.made(text[range])
}

/// The characters that `strip` drops.
struct Dropped: Sendable {
    /// One bit a byte where that tells all.
    private var bits = (UInt64(0), UInt64(0), UInt64(0), UInt64(0))
    private var scalars: Set<Unicode.Scalar>?

    init(_ characters: Bytes, isText: Bool) {
        guard !isText || isASCII(characters) else {
            scalars = Set(String(decoding: characters, as: UTF8.self).unicodeScalars)
            return
        }
        for c in characters {
            let bit = UInt64(1) << UInt64(c & 63)
            switch c >> 6 {
            case 0: bits.0 |= bit
            case 1: bits.1 |= bit
            case 2: bits.2 |= bit
            default: bits.3 |= bit
            }
        }
    }

    private func drops(_ c: UInt8) -> Bool {
        let word = c < 64 ? bits.0 : c < 128 ? bits.1 : c < 192 ? bits.2 : bits.3
        return word >> UInt64(c & 63) & 1 != 0
    }

    fileprivate func range(_ text: Bytes, left: Bool, right: Bool) -> Range<Int> {
        var start = 0
        var end = text.count
        guard let scalars else {
            if left { while start < end, drops(text[start]) { start += 1 } }
            if right { while end > start, drops(text[end - 1]) { end -= 1 } }
            return start..<end
        }
        while left, start < end {
            let (s, n) = decodeScalar(text, start)
            guard scalars.contains(s) else { break }
            start += n
        }
        while right, end > start {
            let at = scalarStart(text, before: end)
            guard scalars.contains(decodeScalar(text, at).scalar) else { break }
            end = at
        }
        return start..<end
    }
}

/// What `strip` leaves: without white space, or without the characters given.
func strippedRange(
    _ text: Bytes, isText: Bool, _ drop: Dropped?, left: Bool, right: Bool
) -> Range<Int> {
    if let drop { return drop.range(text, left: left, right: right) }
    var start = 0
    while left, start < text.count {
        let n = space(text, start, isText)
        if n == 0 { break }
        start += n
    }
    return start..<(right ? trimmedEnd(text, start, isText) : text.count)
}
