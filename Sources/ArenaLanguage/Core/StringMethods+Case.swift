// Letter case and kinds of characters, by Unicode's full mappings as Python applies them.

import ArenaCore

private typealias P = BuiltinParameter

private let receiver = BuiltinParameter.receiver("str")

let caseMethods: [Builtin] = [
    changed("lower", "In lower case.", "\"ÀB\"", "àb", ascii: { $0 | lowerBit($0) }) {
        lowered($0, from: 0)
    },
    changed("upper", "In upper case.", "\"straße\"", "STRASSE", ascii: { $0 & ~upperBit($0) }) {
        text in mapped(text) { $0.properties.uppercaseMapping }
    },
    changed(
        "casefold", "In a form for comparing without regard to case.", "\"Straße\"", "strasse",
        ascii: { $0 | lowerBit($0) }
    ) { text in mapped(text, folded) },
    changed(
        "swapcase", "Upper case in lower case, and the other way round.", "\"aB\"", "Ab",
        ascii: { $0 ^ (lowerBit($0) | upperBit($0)) }
    ) { text in swapped(text) },
    Builtin(
        "title", [receiver], "Each word with a capital.",
        examples: [Example("print(\"hello world\".title())", prints: "Hello World\n")]
    ) { a throws(Raised) in
        let text = a[0].utf8
        guard isASCII(text) else { return .string(titled(text)) }
        let v = Value.newString(text.count)
        let p = stringBytes(v)
        var inWord = false
        for i in 0..<text.count {
            let c = text[i]
            p[i] = inWord ? c | lowerBit(c) : c & ~upperBit(c)
            inWord = lowerBit(c) | upperBit(c) != 0
        }
        return v
    },
    Builtin(
        "capitalize", [receiver], "The first letter as a capital, the rest in lower case.",
        examples: [Example("print(\"hELLO\".capitalize())", prints: "Hello\n")]
    ) { a throws(Raised) in
        let text = a[0].utf8
        if text.isEmpty { return a[0].retain() }
        if isASCII(text) {
            let v = Value.newString(text.count)
            let p = stringBytes(v)
            for i in 0..<text.count { p[i] = text[i] | lowerBit(text[i]) }
            p[0] = text[0] & ~upperBit(text[0])
            return v
        }
        return .string(capitalized(text))
    },
]

func capitalized(_ text: Bytes) -> [UInt8] {
    if text.isEmpty { return [] }
    let (first, n) = decodeScalar(text, 0)
    return Array(first.properties.titlecaseMapping.utf8) + lowered(text, from: n)
}

private func lowerBit(_ c: UInt8) -> UInt8 { c >= 65 && c <= 90 ? 32 : 0 }
private func upperBit(_ c: UInt8) -> UInt8 { c >= 97 && c <= 122 ? 32 : 0 }

/// A method that changes each character; `ascii` does it for text of ASCII only.
private func changed(
    _ name: String, _ summary: String, _ sample: String, _ output: String,
    ascii: @escaping @Sendable (UInt8) -> UInt8, _ full: @escaping @Sendable (Bytes) -> [UInt8]
) -> Builtin {
    Builtin(
        name, [receiver], summary,
        examples: [Example("print(\(sample).\(name)())", prints: output + "\n")]
    ) { a throws(Raised) in
        let text = a[0].utf8
        guard isASCII(text) else { return .string(full(text)) }
        let v = Value.newString(text.count)
        let p = stringBytes(v)
        for i in 0..<text.count { p[i] = ascii(text[i]) }
        return v
    }
}

func mapped(_ text: Bytes, _ map: (Unicode.Scalar) -> String) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(text.count + 8)
    var i = 0
    while i < text.count {
        let (s, n) = decodeScalar(text, i)
        if isCaseless(s) { out += text[i..<i + n] } else { out += map(s).utf8 }
        i += n
    }
    return out
}

/// Lower case from a byte on; a capital sigma at a word's end becomes the final one.
func lowered(_ text: Bytes, from start: Int) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(text.count + 8)
    var i = start
    while i < text.count {
        let c = text[i]
        if c < 0x80 {
            out.append(c | lowerBit(c))
            i += 1
            continue
        }
        let (s, n) = decodeScalar(text, i)
        if isCaseless(s) {
            out += text[i..<i + n]
        } else {
            out += (s.value == 0x3A3 ? sigma(text, i) : s.properties.lowercaseMapping).utf8
        }
        i += n
    }
    return out
}

/// Whether the character is one of the many that have no case for certain: ideographs, kana, Hangul,
/// most emoji. Asking Unicode's tables costs more than all else.
@inline(__always)
private func isCaseless(_ s: Unicode.Scalar) -> Bool {
    let c = s.value
    return c >= 0x2E80 && c < 0xA640 || c >= 0xAC00 && c < 0xFB00 || c >= 0x1F000 && c < 0x20000
}

/// Unicode's Final_Sigma: a cased letter before it and none behind, case-ignorable ones aside.
private func sigma(_ text: Bytes, _ at: Int) -> String {
    var i = at
    var before = false
    while i > 0 {
        i = scalarStart(text, before: i)
        let s = decodeScalar(text, i).scalar
        if s.properties.isCaseIgnorable { continue }
        before = s.properties.isCased
        break
    }
    guard before else { return "σ" }
    i = at + 2
    while i < text.count {
        let (s, n) = decodeScalar(text, i)
        if !s.properties.isCaseIgnorable { return s.properties.isCased ? "σ" : "ς" }
        i += n
    }
    return "ς"
}

/// Unicode's full case folding, from the mappings that there are: the lower case of the upper case.
func folded(_ s: Unicode.Scalar) -> String {
    switch s.value {
    case 0x1FBE: return "ι"
    case 0x13A0...0x13F5: return String(Character(s))
    case 0x13F8...0x13FD: return String(Character(Unicode.Scalar(s.value - 8) ?? s))
    case 0xAB70...0xABBF: return String(Character(Unicode.Scalar(s.value - 0xAB70 + 0x13A0) ?? s))
    default: break
    }
    // The property asks about the decomposed form, so it misses characters that fold to theirs.
    guard
        s.properties.changesWhenCaseFolded
            || s.properties.uppercaseMapping.unicodeScalars.count > 1
    else { return String(Character(s)) }
    var out = ""
    for lower in s.properties.lowercaseMapping.unicodeScalars {
        for upper in lower.properties.uppercaseMapping.unicodeScalars {
            out += upper.properties.lowercaseMapping
        }
    }
    return out
}

func swapped(_ text: Bytes) -> [UInt8] {
    var out: [UInt8] = []
    var i = 0
    while i < text.count {
        let (s, n) = decodeScalar(text, i)
        if s.properties.isUppercase {
            out += (s.value == 0x3A3 ? sigma(text, i) : s.properties.lowercaseMapping).utf8
        } else if s.properties.isLowercase {
            out += s.properties.uppercaseMapping.utf8
        } else {
            out += text[i..<i + n]
        }
        i += n
    }
    return out
}

func titled(_ text: Bytes) -> [UInt8] {
    var out: [UInt8] = []
    var inWord = false
    var i = 0
    while i < text.count {
        let (s, n) = decodeScalar(text, i)
        if !inWord {
            out += s.properties.titlecaseMapping.utf8
        } else {
            out += (s.value == 0x3A3 ? sigma(text, i) : s.properties.lowercaseMapping).utf8
        }
        inWord = s.properties.isCased
        i += n
    }
    return out
}

// MARK: - Kinds of characters

let testMethods: [Builtin] = [
    test(
        "isalpha", "Whether there are characters and all are letters.", "\"añ\"", true,
        ascii: { lowerBit($0) | upperBit($0) != 0 }
    ) { isLetter($0) },
    test(
        "isdecimal", "Whether there are characters and all are decimal digits.", "\"٣\"", true,
        ascii: isDigit
    ) {
        $0.properties.numericType == .decimal
    },
    test(
        "isdigit", "Whether there are characters and all are digits.", "\"4²\"", true,
        ascii: isDigit
    ) {
        $0.properties.numericType == .digit || $0.properties.numericType == .decimal
    },
    test(
        "isnumeric", "Whether there are characters and all stand for numbers.", "\"½\"", true,
        ascii: isDigit
    ) {
        isNumeric($0)
    },
    test(
        "isalnum", "Whether there are characters and all are letters or numbers.", "\"a-b\"", false,
        ascii: { isDigit($0) || lowerBit($0) | upperBit($0) != 0 }
    ) { isLetter($0) || isNumeric($0) },
    test(
        "isspace", "Whether there are characters and all are white space.", "\" \\n\"", true,
        ascii: isASCIISpace
    ) {
        isSpace($0)
    },
    Builtin(
        "isascii", [receiver], "Whether all characters are ASCII.",
        examples: [Example("print(\"é\".isascii())", prints: "False\n")]
    ) { a throws(Raised) in .bool(isASCII(a[0].utf8)) },
    Builtin(
        "isprintable", [receiver], "Whether repr would write all characters as they are.",
        examples: [Example("print(\"a\\n\".isprintable())", prints: "False\n")]
    ) { a throws(Raised) in .bool(try a.string(0).unicodeScalars.allSatisfy(isPrintable)) },
    Builtin(
        "isidentifier", [receiver], "Whether the text could be a name in a script.",
        examples: [Example("print(\"_x1\".isidentifier())", prints: "True\n")]
    ) { a throws(Raised) in
        let s = try a.string(0).unicodeScalars
        guard let first = s.first else { return .bool(false) }
        return .bool(
            (first == "_" || first.properties.isXIDStart)
                && s.dropFirst().allSatisfy { $0.properties.isXIDContinue })
    },
    cased("islower", "Whether there are cased letters and all are lower case.", "\"ab1\"", true) {
        oneCase($0, isRight: { $0.properties.isLowercase }, { $0.properties.isUppercase })
    },
    cased("isupper", "Whether there are cased letters and all are upper case.", "\"AB1\"", true) {
        oneCase($0, isRight: { $0.properties.isUppercase }, { $0.properties.isLowercase })
    },
    cased("istitle", "Whether each word begins with a capital.", "\"Ab Cd\"", true) { text in
        var any = false
        var inWord = false
        for s in text {
            if s.properties.isUppercase || isTitle(s) {
                if inWord { return false }
                inWord = true
                any = true
            } else if s.properties.isLowercase {
                if !inWord { return false }
                any = true
            } else {
                inWord = false
            }
        }
        return any
    },
]

private func isNumeric(_ s: Unicode.Scalar) -> Bool { s.properties.numericType != nil }

private func oneCase(
    _ text: String.UnicodeScalarView, isRight: (Unicode.Scalar) -> Bool,
    _ isWrong: (Unicode.Scalar) -> Bool
) -> Bool {
    var any = false
    for s in text {
        if isWrong(s) || isTitle(s) { return false }
        if !any { any = isRight(s) }
    }
    return any
}

private func test(
    _ name: String, _ summary: String, _ sample: String, _ result: Bool,
    ascii: @escaping @Sendable (UInt8) -> Bool,
    _ holds: @escaping @Sendable (Unicode.Scalar) -> Bool
) -> Builtin {
    Builtin(
        name, [receiver], summary,
        examples: [
            Example("print(\(sample).\(name)())", prints: (result ? "True" : "False") + "\n")
        ]
    ) { a throws(Raised) in
        let text = a[0].utf8
        var i = 0
        while i < text.count {
            if text[i] < 0x80 {
                if !ascii(text[i]) { return .bool(false) }
                i += 1
                continue
            }
            let (s, n) = decodeScalar(text, i)
            if !holds(s) { return .bool(false) }
            i += n
        }
        return .bool(!text.isEmpty)
    }
}

@Sendable private func isASCIISpace(_ c: UInt8) -> Bool {
    c == 32 || c >= 9 && c <= 13 || c >= 0x1C && c <= 0x1F
}

private func cased(
    _ name: String, _ summary: String, _ sample: String, _ result: Bool,
    _ holds: @escaping @Sendable (String.UnicodeScalarView) -> Bool
) -> Builtin {
    Builtin(
        name, [receiver], summary,
        examples: [
            Example("print(\(sample).\(name)())", prints: (result ? "True" : "False") + "\n")
        ]
    ) { a throws(Raised) in .bool(holds(try a.string(0).unicodeScalars)) }
}
