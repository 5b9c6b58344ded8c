// Python's regular expressions (the syntax of its 3.11 `re`) translated into PCRE2's. Everything that
// the two write alike but mean differently is spelled out here, so PCRE2 sees only plain atoms,
// numbered groups, explicit classes and scoped flags.
//
// A pattern has two translations: one for any text, and one for text that is all ASCII, where a
// character is a byte and matching is much faster.

import ArenaLanguage

/// Flags with Python's values.
struct RegexFlags: OptionSet, Hashable, Sendable {
    let rawValue: Int
    static let ignoreCase = RegexFlags(rawValue: 2)
    static let locale = RegexFlags(rawValue: 4)
    static let multiline = RegexFlags(rawValue: 8)
    static let dotAll = RegexFlags(rawValue: 16)
    static let unicode = RegexFlags(rawValue: 32)
    static let verbose = RegexFlags(rawValue: 64)
    static let ascii = RegexFlags(rawValue: 256)
    static let known: RegexFlags = [
        .ignoreCase, .locale, .multiline, .dotAll, .unicode, .verbose, .ascii,
    ]
}

/// A pattern that cannot be used: what is wrong, and at which code point.
struct RegexFault: Error {
    var message: String
    var position: Int
}

/// What a translation gives.
struct RegexTranslation {
    var pattern: [UInt8] = []
    var flags: RegexFlags = []
    var groups = 0
    /// Names with their group's number, in the pattern's order.
    var names: [(name: String, group: Int)] = []
    /// For each group, when it closes in the pattern, counted from 0.
    var closing: [Int] = []
    /// Whether a literal or an end of a range is beyond ASCII.
    var hasWide = false
    var ignoresCase = false
}

/// How many characters a piece can take.
struct RegexWidth {
    var low = 0
    var high = 0
    static let most = 1 << 40

    static func + (a: RegexWidth, b: RegexWidth) -> RegexWidth {
        RegexWidth(low: min(a.low + b.low, most), high: min(a.high + b.high, most))
    }
    func times(_ low: Int, _ high: Int) -> RegexWidth {
        func product(_ a: Int, _ b: Int) -> Int {
            let (r, o) = a.multipliedReportingOverflow(by: b)
            return o ? Self.most : min(r, Self.most)
        }
        return RegexWidth(low: product(self.low, low), high: product(self.high, high))
    }
}

/// Translates one pattern; a recursive descent as Python's own parser, with its messages.
struct RegexTranslator {
    let s: [UInt32]
    /// For text that is all ASCII.
    let ascii: Bool
    var i = 0
    var out: [UInt8] = []
    var result = RegexTranslation()
    var flags: RegexFlags
    var open: Set<Int> = []
    var widths: [Int: RegexWidth] = [:]
    var closed = 0
    /// Groups that were there when the innermost look-behind began.
    var lookbehindGroups: Int?
    var depth = 0

    private init(_ s: [UInt32], _ flags: RegexFlags, ascii: Bool) {
        self.s = s
        self.flags = flags
        self.ascii = ascii
    }

    static func translate(
        _ pattern: String, _ flags: RegexFlags, ascii: Bool
    ) throws(RegexFault) -> RegexTranslation {
        let scalars = pattern.unicodeScalars.map(\.value)
        var translator = RegexTranslator(scalars, flags, ascii: ascii)
        do throws(RegexFault) { return try translator.whole() } catch {
            // `(?x)` changes how the text before it is read: once more from the start.
            guard error.position == -1 else { throw error }
            translator = RegexTranslator(scalars, flags.union(.verbose), ascii: ascii)
            return try translator.whole()
        }
    }

    mutating func whole() throws(RegexFault) -> RegexTranslation {
        if flags.contains(.locale) {
            throw RegexFault(message: "cannot use LOCALE flag with a str pattern", position: 0)
        }
        if flags.contains(.ascii), flags.contains(.unicode) {
            throw RegexFault(message: "ASCII and UNICODE flags are incompatible", position: 0)
        }
        _ = try alternation(flags, first: true)
        if i < s.count { throw fault("unbalanced parenthesis", i) }
        for (group, position) in pendingReferences where group > result.groups {
            throw fault("invalid group reference \(group)", position)
        }
        if !flags.contains(.ascii) { flags.insert(.unicode) }
        result.pattern = out
        result.flags = flags
        return result
    }

    func fault(_ message: String, _ position: Int) -> RegexFault {
        RegexFault(message: message, position: position)
    }

    var pendingReferences: [(Int, Int)] = []

    // MARK: - Emitting

    mutating func emit(_ text: String) { out += text.utf8 }

    func hex(_ c: UInt32) -> String { "\\x{" + String(c, radix: 16) + "}" }

    /// One character in PCRE2's spelling, inside a class or outside.
    mutating func spelled(_ c: UInt32) -> String {
        if c >= 0x80 {
            result.hasWide = true
            // No byte of the text is this one.
            if ascii { return "\\xff" }
            return hex(c)
        }
        let isPlain =
            c >= 48 && c <= 57 || c >= 65 && c <= 90 || c >= 97 && c <= 122
        return isPlain ? String(UnicodeScalar(UInt8(c))) : hex(c)
    }

    static let dottedI: Set<UInt32> = [0x69, 0x49, 0x130, 0x131]

    mutating func literal(_ c: UInt32, _ flags: RegexFlags) {
        if flags.contains(.ignoreCase) {
            result.ignoresCase = true
            if !flags.contains(.ascii), Self.dottedI.contains(c) {
                if c > 0x7F { result.hasWide = true }
                return emit(ascii ? "[iI]" : "[iI\\x{130}\\x{131}]")
            }
            if flags.contains(.ascii), !ascii {
                // Case is a matter of ASCII letters alone; PCRE2 would add the Kelvin sign and such.
                if c >= 0x80 || c | 0x20 == 0x6B || c | 0x20 == 0x73 {
                    let text = spelled(c)
                    return emit(
                        c >= 0x80 ? "(?-i:\(text))" : c | 0x20 == 0x6B ? "(?-i:[kK])" : "(?-i:[sS])"
                    )
                }
            }
        }
        emit(spelled(c))
    }

    /// The members of a class such as \s, for the inside of brackets.
    func members(_ c: UInt8, _ flags: RegexFlags) -> String {
        let isASCII = flags.contains(.ascii)
        let top = ascii ? "\\xff" : "\\x{10ffff}"
        // `(?u:...)` inside a pattern for ASCII: there \w and \d know no other characters by themselves.
        let spelledOut = !isASCII && !ascii && self.flags.contains(.ascii)
        switch c {
        case UInt8(ascii: "d") where spelledOut: return "\\p{Nd}"
        case UInt8(ascii: "D") where spelledOut: return "\\P{Nd}"
        case UInt8(ascii: "w") where spelledOut: return "_\\p{L}\\p{N}"
        case UInt8(ascii: "d"): return isASCII || ascii ? "0-9" : "\\d"
        case UInt8(ascii: "D"):
            return isASCII || ascii ? "\\x{0}-\\x{2f}\\x{3a}-\(top)" : "\\D"
        case UInt8(ascii: "w"): return isASCII || ascii ? "0-9A-Z_a-z" : "0-9A-Z_a-z\\w"
        case UInt8(ascii: "W"):
            return isASCII || ascii
                ? "\\x{0}-\\x{2f}\\x{3a}-\\x{40}\\x{5b}-\\x{5e}\\x{60}\\x{7b}-\(top)" : "\\W"
        case UInt8(ascii: "s"):
            if isASCII { return "\\x{9}-\\x{d}\\x{20}" }
            return "\\x{9}-\\x{d}\\x{1c}-\\x{20}"
                + (ascii
                    ? ""
                    : "\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}")
        default:
            if isASCII { return "\\x{0}-\\x{8}\\x{e}-\\x{1f}\\x{21}-\(top)" }
            let low = "\\x{0}-\\x{8}\\x{e}-\\x{1b}\\x{21}-"
            if ascii { return low + top }
            return low
                + "\\x{84}\\x{86}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\(top)"
        }
    }

    mutating func category(_ c: UInt8, _ flags: RegexFlags) {
        // Ranges of letters must not gain the Kelvin sign where only ASCII counts.
        if c == UInt8(ascii: "W"), self.flags.contains(.ascii), !flags.contains(.ascii), !ascii {
            return emit("[^\(members(UInt8(ascii: "w"), flags))]")
        }
        let guardsCase = flags.contains(.ignoreCase) && flags.contains(.ascii) && !ascii
        emit(guardsCase ? "(?-i:[\(members(c, flags))])" : "[\(members(c, flags))]")
    }

    mutating func boundary(_ isNot: Bool, _ flags: RegexFlags) {
        let scopedASCII = flags.contains(.ascii) && !self.flags.contains(.ascii) && !ascii
        let scopedUnicode = !flags.contains(.ascii) && self.flags.contains(.ascii) && !ascii
        if scopedASCII || scopedUnicode {
            let w = scopedASCII ? "[0-9A-Z_a-z]" : "[\\p{L}\\p{N}_]"
            let edge = "(?:(?<=\(w))(?!\(w))|(?<!\(w))(?=\(w)))"
            return emit(isNot ? "(?!\(edge))(?!\\A\\z)" : edge)
        }
        // In Python nothing, not even \B, matches in an empty text.
        emit(isNot ? "(?:\\B(?!\\A\\z))" : "\\b")
    }

    // MARK: - Reading

    func peek(_ k: Int = 0) -> UInt32? { i + k < s.count ? s[i + k] : nil }

    func isAt(_ c: Character) -> Bool {
        i < s.count && s[i] == (c.unicodeScalars.first?.value ?? 0)
    }

    mutating func take(_ c: Character) -> Bool {
        guard isAt(c) else { return false }
        i += 1
        return true
    }

    mutating func digits(_ most: Int = 30) -> String {
        var text = ""
        while text.utf8.count < most, let c = peek(), c >= 48, c <= 57 {
            text.unicodeScalars.append(UnicodeScalar(UInt8(c)))
            i += 1
        }
        return text
    }

    mutating func alternation(
        _ flags: RegexFlags, first: Bool = false
    ) throws(RegexFault) -> RegexWidth {
        depth += 1
        defer { depth -= 1 }
        if depth > 400 { throw fault("groups nested more than 400 deep", i) }
        var width = try sequence(flags, first: first)
        while take("|") {
            emit("|")
            let next = try sequence(first ? self.flags : flags)
            width = RegexWidth(low: min(width.low, next.low), high: max(width.high, next.high))
        }
        return width
    }

    private enum ItemKind { case nothing, position, repeated, atom }

    mutating func sequence(
        _ given: RegexFlags, first: Bool = false
    ) throws(RegexFault) -> RegexWidth {
        var flags = given
        var total = RegexWidth()
        var last = RegexWidth()
        var kind = ItemKind.nothing
        var isEmpty = true
        func isSpace(_ c: UInt32) -> Bool { c >= 9 && c <= 13 || c == 32 }
        while let c = peek() {
            if c == 0x7C || c == 0x29 { break }
            if flags.contains(.verbose) {
                if isSpace(c) {
                    i += 1
                    continue
                }
                if c == 0x23 {
                    while let d = peek() {
                        i += 1
                        if d == 10 { break }
                    }
                    continue
                }
            }
            let start = i
            i += 1
            switch c {
            case 0x2A, 0x2B, 0x3F, 0x7B:  // * + ? {
                guard let (low, high) = try bounds(c) else {
                    literal(c, flags)
                    (last, kind) = (RegexWidth(low: 1, high: 1), .atom)
                    break
                }
                if kind == .nothing || kind == .position {
                    throw fault("nothing to repeat", start)
                }
                if kind == .repeated { throw fault("multiple repeat", start) }
                total = RegexWidth(low: total.low - last.low, high: total.high - last.high)
                quantify(c, low, high)
                last = last.times(low, high ?? RegexWidth.most)
                kind = .repeated
                total = total + last
                isEmpty = false
                continue
            case 0x2E:  // .
                emit(".")
                (last, kind) = (RegexWidth(low: 1, high: 1), .atom)
            case 0x5E:
                emit("^")
                (last, kind) = (RegexWidth(), .position)
            case 0x24:
                emit("$")
                (last, kind) = (RegexWidth(), .position)
            case 0x28:
                let isPositionless = try group(start, &flags, first: first && isEmpty, &last)
                if isPositionless { continue }
                kind = .atom
            case 0x5B:
                try characterClass(start, flags)
                (last, kind) = (RegexWidth(low: 1, high: 1), .atom)
            case 0x5C:
                kind = try escape(start, flags, &last) ? .position : .atom
            default:
                literal(c, flags)
                (last, kind) = (RegexWidth(low: 1, high: 1), .atom)
            }
            isEmpty = false
            total = total + last
        }
        return total
    }

    /// A quantifier's bounds; nil if a brace is only a brace.
    mutating func bounds(_ c: UInt32) throws(RegexFault) -> (Int, Int?)? {
        switch c {
        case 0x2A: return (0, nil)
        case 0x2B: return (1, nil)
        case 0x3F: return (0, 1)
        default: break
        }
        let start = i
        if isAt("}") { return nil }
        let low = digits()
        var high = low
        if take(",") { high = digits() }
        guard take("}") else {
            i = start
            return nil
        }
        let first = low.isEmpty ? 0 : Int(low) ?? Int.max
        let last = high.isEmpty ? nil : Int(high) ?? Int.max
        if first > 65535 || last ?? 0 > 65535 {
            throw fault("a repetition of more than 65535 times", start - 1)
        }
        if let last, last < first { throw fault("min repeat greater than max repeat", start - 1) }
        return (first, last)
    }

    mutating func quantify(_ c: UInt32, _ low: Int, _ high: Int?) {
        switch c {
        case 0x2A: emit("*")
        case 0x2B: emit("+")
        case 0x3F: emit("?")
        default: emit("{\(low),\(high.map { "\($0)" } ?? "")}")
        }
        if take("?") { emit("?") } else if take("+") { emit("+") }
    }
}
