// `normalize`: Unicode's normalization forms (UAX 15) with Python 3.11's data.

import ArenaCore
import ArenaLanguage
import CArenaText

private typealias P = BuiltinParameter

let normalizeFunction = Builtin(
    "normalize",
    [P("text", "str"), P("form", "\"NFC\", \"NFD\", \"NFKC\" or \"NFKD\"", .optional("\"NFC\""))],
    "The text in a Unicode normalization form, so that what looks the same is the same.",
    examples: [
        Example(
            "print(len(\"e\\u0301\"), len(normalize(\"e\\u0301\")), normalize(\"ﬁ²\", \"NFKC\"))",
            prints: "2 1 fi2\n")
    ]
) { a throws(Raised) in
    guard a[0].isText else {
        throw Raised(.type, "normalize() works on a str, not on \(a[0].typeWithArticle)")
    }
    let name = a.has(1) ? try a.string(1) : "NFC"
    let forms = ["NFC", "NFD", "NFKC", "NFKD"]
    guard forms.contains(name) else {
        throw Raised(
            .value, "normalize() has no form '\(name)'", help: suggestion(for: name, among: forms))
    }
    // ASCII is the same in every form.
    if a[0].scalarCount == a[0].utf8.count { return a[0].retain() }
    return .string(
        normalized(a[0].utf8, composes: !name.hasSuffix("D"), compatible: name.contains("K")))
}

func normalized(
    _ text: UnsafeBufferPointer<UInt8>, composes: Bool, compatible: Bool
) -> [UInt8] {
    var scalars: [UInt32] = []
    scalars.reserveCapacity(text.count)
    for u in String(decoding: text, as: UTF8.self).unicodeScalars {
        decompose(u.value, compatible, into: &scalars)
    }
    putInOrder(&scalars)
    if composes { compose(&scalars) }
    var out: [UInt8] = []
    out.reserveCapacity(text.count)
    for c in scalars { appendUTF8(c, to: &out) }
    return out
}

private func decompose(_ c: UInt32, _ compatible: Bool, into out: inout [UInt32]) {
    if c < 0xA0 { return out.append(c) }
    if c >= 0xAC00, c < 0xAC00 + 11_172 {
        let s = c - 0xAC00
        out.append(0x1100 + s / 588)
        out.append(0x1161 + s % 588 / 28)
        if s % 28 != 0 { out.append(0x11A7 + s % 28) }
        return
    }
    var count: UInt32 = 0
    guard let parts = arena_norm_decompose(c, compatible ? 1 : 0, &count) else {
        return out.append(c)
    }
    // SAFETY: the table holds `count` scalars there and never goes away.
    for k in 0..<Int(count) { out.append(parts[k]) }
}

/// Canonical order: marks between starters sorted by class, equals as they came.
private func putInOrder(_ scalars: inout [UInt32]) {
    var i = 0
    while i < scalars.count {
        guard scalars[i] >= 0x300, arena_norm_class(scalars[i]) != 0 else {
            i += 1
            continue
        }
        let start = i
        var marks: [(rank: UInt32, code: UInt32)] = []
        while i < scalars.count {
            let rank = arena_norm_class(scalars[i])
            if rank == 0 { break }
            marks.append((rank, scalars[i]))
            i += 1
        }
        if marks.count < 2 { continue }
        let order = marks.indices.sorted {
            marks[$0].rank < marks[$1].rank || marks[$0].rank == marks[$1].rank && $0 < $1
        }
        for (k, from) in order.enumerated() { scalars[start + k] = marks[from].code }
    }
}

private func compose(_ scalars: inout [UInt32]) {
    var starter = -1
    var last: UInt32 = 0
    var kept = 0
    for i in scalars.indices {
        let code = scalars[i]
        let rank = code < 0x300 ? 0 : arena_norm_class(code)
        // A scalar is blocked from the starter by one of its own class or higher in between.
        if starter >= 0, kept == starter + 1 || last < rank,
            let whole = composed(scalars[starter], code)
        {
            scalars[starter] = whole
            continue
        }
        if rank == 0 { starter = kept }
        last = rank
        scalars[kept] = code
        kept += 1
    }
    scalars.removeSubrange(kept...)
}

private func composed(_ first: UInt32, _ second: UInt32) -> UInt32? {
    if second < 0x300 { return nil }
    if first >= 0x1100, first < 0x1113, second >= 0x1161, second < 0x1176 {
        return 0xAC00 + ((first - 0x1100) * 21 + (second - 0x1161)) * 28
    }
    if first >= 0xAC00, first < 0xAC00 + 11_172, (first - 0xAC00) % 28 == 0, second > 0x11A7,
        second < 0x11C3
    {
        return first + second - 0x11A7
    }
    let whole = arena_norm_compose(first, second)
    return whole == 0 ? nil : whole
}
