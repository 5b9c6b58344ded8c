// Finding text in text, and bytes in bytes: find, index, count, in parts given by start and end.

import ArenaCore
import Glibc

private typealias P = BuiltinParameter

private let bounds = [
    P("start", "int", .optional("None")), P("end", "int", .optional("None")),
]

func searchMethods(_ type: String) -> [Builtin] {
    let b = type == "bytes" ? "b" : ""
    func shown(_ code: String, _ output: String) -> [Example] {
        // The first argument is a literal; bytes are searched for bytes.
        let call = code.split(separator: "(", maxSplits: 1)
        return [
            Example("print(\(b)\"abcabc\".\(call[0])(\(b)\(call[1]))", prints: output + "\n")
        ]
    }
    return [
        Builtin(
            "find", [.receiver(type), P("sub", type)] + bounds,
            "The place of the first `sub`, or -1.", examples: shown("find(\"c\", 3)", "5")
        ) { a throws(Raised) in .int(try place(a, last: false) ?? -1) },
        Builtin(
            "rfind", [.receiver(type), P("sub", type)] + bounds,
            "The place of the last `sub`, or -1.", examples: shown("rfind(\"b\")", "4")
        ) { a throws(Raised) in .int(try place(a, last: true) ?? -1) },
        Builtin(
            "index", [.receiver(type), P("sub", type)] + bounds,
            "The place of the first `sub`; an error if there is none.",
            examples: shown("index(\"b\")", "1")
        ) { a throws(Raised) in
            guard let at = try place(a, last: false) else { throw notFound(a) }
            return .int(at)
        },
        Builtin(
            "rindex", [.receiver(type), P("sub", type)] + bounds,
            "The place of the last `sub`; an error if there is none.",
            examples: shown("rindex(\"b\")", "4")
        ) { a throws(Raised) in
            guard let at = try place(a, last: true) else { throw notFound(a) }
            return .int(at)
        },
        Builtin(
            "count", [.receiver(type), P("sub", type)] + bounds,
            "How many times `sub` occurs, without overlaps.", examples: shown("count(\"bc\")", "2")
        ) { a throws(Raised) in
            let byte = singleByte(a[0], a[1])
            let sub = try byte == nil ? a.text(1) : .empty
            guard let (low, high) = try a.part(2, 3) else { return .int(0) }
            let text = Bytes(rebasing: a[0].utf8[low..<high])
            if let byte { return .int(text.reduce(0) { $0 + ($1 == byte ? 1 : 0) }) }
            if sub.isEmpty {
                let characters = type == "str" ? scalars(text) : text.count
                return .int(characters + 1)
            }
            var n = 0
            var from = 0
            while let at = find(sub, in: text, from: from) {
                n += 1
                from = at + sub.count
            }
            return .int(n)
        },
        affix(
            "startswith", type, "Whether it begins with the text, or one of a tuple of texts.",
            shown("startswith(\"ab\")", "True")
        ) { text, head in
            guard let base = text.baseAddress, let wanted = head.baseAddress else { return false }
            return text.count >= head.count && memcmp(base, wanted, head.count) == 0
        },
        affix(
            "endswith", type, "Whether it ends with the text, or one of a tuple of texts.",
            shown("endswith(\"ab\")", "False")
        ) { text, tail in
            guard let base = text.baseAddress, let wanted = tail.baseAddress else { return false }
            return text.count >= tail.count
                && memcmp(base + text.count - tail.count, wanted, tail.count) == 0
        },
        Builtin(
            "removeprefix", [.receiver(type), P("prefix", type)],
            "Without the prefix, if it begins with it.",
            examples: shown("removeprefix(\"ab\")", b.isEmpty ? "cabc" : "b'cabc'")
        ) { a throws(Raised) in
            let (text, prefix) = (a[0].utf8, try a.text(1))
            guard !prefix.isEmpty, text.starts(with: prefix) else { return a[0].retain() }
            return a.made(text[prefix.count...])
        },
        Builtin(
            "removesuffix", [.receiver(type), P("suffix", type)],
            "Without the suffix, if it ends with it.",
            examples: shown("removesuffix(\"bc\")", b.isEmpty ? "abca" : "b'abca'")
        ) { a throws(Raised) in
            let (text, suffix) = (a[0].utf8, try a.text(1))
            guard !suffix.isEmpty, text.count >= suffix.count,
                text.suffix(suffix.count).elementsEqual(suffix)
            else { return a[0].retain() }
            return a.made(text[..<(text.count - suffix.count)])
        },
    ]
}

private func notFound(_ a: Arguments) -> Raised {
    Raised(
        .value,
        "\(a.machine.representation(of: a[1])) is not in the \(a[0].isKind(.bytes) ? "bytes" : "text")",
        help: "find() gives -1 where there is none")
}

private func scalars(_ bytes: Bytes) -> Int {
    utf8CharacterCount(UnsafeRawBufferPointer(bytes))
}

/// The byte an integer stands for in a search in bytes.
private func singleByte(_ receiver: Value, _ v: Value) -> UInt8? {
    receiver.isKind(.bytes) ? v.asIndex.flatMap { UInt8(exactly: $0) } : nil
}

/// Where `sub` is in the part of the receiver, in its own positions.
private func place(_ a: Arguments, last: Bool) throws(Raised) -> Int? {
    var one = singleByte(a[0], a[1]) ?? 0
    let isByte = singleByte(a[0], a[1]) != nil
    let sub = try isByte ? .empty : a.text(1)
    guard let (low, high) = try a.part(2, 3) else { return nil }
    let text = Bytes(rebasing: a[0].utf8[..<high])
    let at: Int?
    if isByte {
        at = withUnsafePointer(to: &one) {
            search(Bytes(start: $0, count: 1), text, low, last: last)
        }
    } else {
        at = search(sub, text, low, last: last)
    }
    guard let at else { return nil }
    if a[0].isKind(.bytes) || scalarCount(a[0]) == a[0].utf8.count { return at }
    return scalars(Bytes(rebasing: text[..<at]))
}

private func search(_ sub: Bytes, _ text: Bytes, _ low: Int, last: Bool) -> Int? {
    if !last { return find(sub, in: text, from: low) }
    return findLast(sub, in: text, from: low)
}

/// The last place of `needle` in `text` at or after `from`, in bytes.
func findLast(_ needle: Bytes, in text: Bytes, from: Int) -> Int? {
    if needle.isEmpty { return from <= text.count ? text.count : nil }
    guard let base = text.baseAddress, let wanted = needle.baseAddress else { return nil }
    // SAFETY: every pointer stays inside the two live buffers.
    var at = text.count - needle.count
    while at >= from {
        if base[at] == wanted[0], memcmp(base + at, wanted, needle.count) == 0 { return at }
        at -= 1
    }
    return nil
}

private func affix(
    _ name: String, _ type: String, _ summary: String, _ examples: [Example],
    _ holds: @escaping @Sendable (Bytes, Bytes) -> Bool
) -> Builtin {
    Builtin(
        name, [.receiver(type), P("text", "\(type) or tuple of \(type)")] + bounds, summary,
        examples: examples
    ) { a throws(Raised) in
        let options = a[1].isKind(.tuple) ? a[1].items : nil
        if options == nil { _ = try a.text(1) }
        let part = try a.part(2, 3)
        func matches(_ option: Value) -> Bool {
            guard let (low, high) = part else { return false }
            if option.utf8.isEmpty { return true }
            return holds(Bytes(rebasing: a[0].utf8[low..<high]), option.utf8)
        }
        guard let options else { return .bool(matches(a[1])) }
        for option in options {
            guard option.isKind(a[0].header.pointee.kind) else {
                throw Raised(
                    .type,
                    "\(name)(): the tuple holds \(option.typeWithArticle), not \(withArticle(type))"
                )
            }
            if matches(option) { return .bool(true) }
        }
        return .bool(false)
    }
}

extension Arguments {
    /// The bytes from `start` up to `end` of the receiver; nil if the start lies behind the end.
    func part(_ start: Int, _ end: Int) throws(Raised) -> (low: Int, high: Int)? {
        let receiver = self[0]
        if !has(start), !has(end) { return (0, receiver.utf8.count) }
        let isText = receiver.isKind(.string)
        let count = isText ? scalarCount(receiver) : receiver.utf8.count
        func bound(_ i: Int, _ missing: Int) throws(Raised) -> Int {
            guard has(i) else { return missing }
            let n = try int(i)
            return n < 0 ? max(n &+ count, 0) : n
        }
        let low = try bound(start, 0)
        let high = min(try bound(end, count), count)
        guard low <= high else { return nil }
        return isText ? (byteOffset(receiver, low), byteOffset(receiver, high)) : (low, high)
    }
}
