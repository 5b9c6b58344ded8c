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
    private var open: Set<Int> = []
    private var widths: [Int: RegexWidth] = [:]
    private var closed = 0
    /// Groups that were there when the innermost look-behind began.
    private var lookbehindGroups: Int?
    private var depth = 0

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

    private mutating func whole() throws(RegexFault) -> RegexTranslation {
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

    private var pendingReferences: [(Int, Int)] = []

    // MARK: - Emitting

    mutating func emit(_ text: String) { out += text.utf8 }

    private func hex(_ c: UInt32) -> String { "\\x{" + String(c, radix: 16) + "}" }

    /// One character in PCRE2's spelling, inside a class or outside.
    private mutating func spelled(_ c: UInt32) -> String {
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

    private static let dottedI: Set<UInt32> = [0x69, 0x49, 0x130, 0x131]

    private mutating func literal(_ c: UInt32, _ flags: RegexFlags) {
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
    private func members(_ c: UInt8, _ flags: RegexFlags) -> String {
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

    private mutating func category(_ c: UInt8, _ flags: RegexFlags) {
        // Ranges of letters must not gain the Kelvin sign where only ASCII counts.
        if c == UInt8(ascii: "W"), self.flags.contains(.ascii), !flags.contains(.ascii), !ascii {
            return emit("[^\(members(UInt8(ascii: "w"), flags))]")
        }
        let guardsCase = flags.contains(.ignoreCase) && flags.contains(.ascii) && !ascii
        emit(guardsCase ? "(?-i:[\(members(c, flags))])" : "[\(members(c, flags))]")
    }

    private mutating func boundary(_ isNot: Bool, _ flags: RegexFlags) {
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

    private func peek(_ k: Int = 0) -> UInt32? { i + k < s.count ? s[i + k] : nil }

    private func isAt(_ c: Character) -> Bool {
        i < s.count && s[i] == (c.unicodeScalars.first?.value ?? 0)
    }

    private mutating func take(_ c: Character) -> Bool {
        guard isAt(c) else { return false }
        i += 1
        return true
    }

    private mutating func digits(_ most: Int = 30) -> String {
        var text = ""
        while text.utf8.count < most, let c = peek(), c >= 48, c <= 57 {
            text.unicodeScalars.append(UnicodeScalar(UInt8(c)))
            i += 1
        }
        return text
    }

    private mutating func alternation(
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

    private mutating func sequence(
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
    private mutating func bounds(_ c: UInt32) throws(RegexFault) -> (Int, Int?)? {
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

    private mutating func quantify(_ c: UInt32, _ low: Int, _ high: Int?) {
        switch c {
        case 0x2A: emit("*")
        case 0x2B: emit("+")
        case 0x3F: emit("?")
        default: emit("{\(low),\(high.map { "\($0)" } ?? "")}")
        }
        if take("?") { emit("?") } else if take("+") { emit("+") }
    }

    // MARK: - Groups

    /// A construct that begins with a parenthesis; true for one that leaves nothing to repeat.
    private mutating func group(
        _ start: Int, _ flags: inout RegexFlags, first: Bool, _ width: inout RegexWidth
    ) throws(RegexFault) -> Bool {
        var inner = flags
        var name: String?
        var captures = true
        if take("?") {
            guard let c = peek() else { throw fault("unexpected end of pattern", i) }
            i += 1
            switch c {
            case 0x50:  // P
                if take("<") {
                    name = try groupName(until: ">")
                } else if take("=") {
                    let at = i
                    let known = try groupName(until: ")")
                    guard let number = result.names.first(where: { $0.name == known })?.group else {
                        throw fault("unknown group name '\(known)'", at)
                    }
                    width = try reference(number, at)
                    return false
                } else {
                    let next = peek().map { Self.text([$0]) } ?? ""
                    throw fault(
                        next.isEmpty ? "unexpected end of pattern" : "unknown extension ?P\(next)",
                        start + 1)
                }
            case 0x3A:  // :
                captures = false
                emit("(?:")
            case 0x23:  // #
                while let d = peek() {
                    i += 1
                    if d == 0x29 { return true }
                }
                throw fault("missing ), unterminated comment", start)
            case 0x3E:  // >
                captures = false
                emit("(?>")
            case 0x3D, 0x21, 0x3C:
                return try lookaround(c, start, flags, &width)
            case 0x28:
                return try conditional(start, flags, &width)
            default:
                i -= 1
                guard let scoped = try flagGroup(start, flags, first: first) else {
                    flags = self.flags
                    return true
                }
                captures = false
                inner = scoped
            }
        }
        var number = 0
        if captures {
            result.groups += 1
            number = result.groups
            result.closing.append(0)
            if let name {
                if let old = result.names.first(where: { $0.name == name }) {
                    throw fault(
                        "redefinition of group name '\(name)' as group \(number); was group \(old.group)",
                        start + 4)
                }
                result.names.append((name, number))
            }
            open.insert(number)
            emit("(")
        }
        width = try alternation(inner)
        guard take(")") else { throw fault("missing ), unterminated subpattern", start) }
        emit(")")
        if captures {
            open.remove(number)
            widths[number] = width
            result.closing[number - 1] = closed
            closed += 1
        }
        return false
    }

    private mutating func lookaround(
        _ c: UInt32, _ start: Int, _ flags: RegexFlags, _ width: inout RegexWidth
    ) throws(RegexFault) -> Bool {
        var behind = false
        var negative = c == 0x21
        if c == 0x3C {
            guard let d = peek() else { throw fault("unexpected end of pattern", i) }
            guard d == 0x3D || d == 0x21 else {
                throw fault("unknown extension ?<\(Self.text([d]))", start + 1)
            }
            i += 1
            behind = true
            negative = d == 0x21
        }
        emit("(?\(behind ? "<" : "")\(negative ? "!" : "=")")
        let saved = lookbehindGroups
        if behind, lookbehindGroups == nil { lookbehindGroups = result.groups }
        let inner = try alternation(flags)
        lookbehindGroups = saved
        guard take(")") else { throw fault("missing ), unterminated subpattern", start) }
        emit(")")
        if behind, inner.low != inner.high {
            throw fault("look-behind requires fixed-width pattern", start)
        }
        width = RegexWidth()
        return false
    }

    private mutating func conditional(
        _ start: Int, _ flags: RegexFlags, _ width: inout RegexWidth
    ) throws(RegexFault) -> Bool {
        let at = i
        let name = try groupName(until: ")", orNumber: true)
        let number: Int
        if let n = Int(name) {
            if n == 0 { throw fault("bad group number", at) }
            number = n
            pendingReferences.append((n, at))
        } else if let known = result.names.first(where: { $0.name == name })?.group {
            number = known
        } else {
            throw fault("unknown group name '\(name)'", at)
        }
        try checkLookbehind(number, at)
        emit("(?(\(number))")
        var w = try sequence(flags)
        if take("|") {
            emit("|")
            let other = try sequence(flags)
            w = RegexWidth(low: min(w.low, other.low), high: max(w.high, other.high))
            if isAt("|") { throw fault("conditional backref with more than two branches", i) }
        } else {
            w.low = 0
        }
        guard take(")") else { throw fault("missing ), unterminated subpattern", start) }
        emit(")")
        width = w
        return false
    }

    /// `(?flags)`, which sets the whole pattern's and gives nil, or `(?flags:`, which has begun then.
    private mutating func flagGroup(
        _ start: Int, _ flags: RegexFlags, first: Bool
    ) throws(RegexFault) -> RegexFlags? {
        func flag(_ c: UInt32) -> RegexFlags? {
            switch c {
            case 0x69: return .ignoreCase
            case 0x4C: return .locale
            case 0x6D: return .multiline
            case 0x73: return .dotAll
            case 0x78: return .verbose
            case 0x61: return .ascii
            case 0x75: return .unicode
            default: return nil
            }
        }
        var on: RegexFlags = []
        var off: RegexFlags = []
        if let c = peek(), flag(c) == nil, c != 0x2D {
            throw fault("unknown extension ?\(Self.text([c]))", start + 1)
        }
        while let c = peek(), let f = flag(c) {
            if f == .locale {
                throw fault("bad inline flags: cannot use 'L' flag with a str pattern", i + 1)
            }
            on.insert(f)
            if on.contains(.ascii), on.contains(.unicode) {
                throw fault("bad inline flags: flags 'a', 'u' and 'L' are incompatible", i + 1)
            }
            i += 1
        }
        guard let next = peek() else { throw fault("missing -, : or )", i) }
        i += 1
        if next == 0x29 {
            guard first else {
                throw fault("global flags not at the start of the expression", start)
            }
            if on.contains(.verbose), !self.flags.contains(.verbose) {
                throw fault("verbose", -1)
            }
            self.flags.formUnion(on)
            if on.contains(.ascii) { self.flags.remove(.unicode) }
            if self.flags.contains(.ascii), self.flags.contains(.unicode) {
                throw fault("ASCII and UNICODE flags are incompatible", start)
            }
            return nil
        }
        if next == 0x2D {
            while let c = peek(), c != 0x3A {
                guard let f = flag(c) else {
                    throw fault(
                        c == 0x29
                            ? (off.isEmpty ? "missing flag" : "missing :")
                            : (c >= 65 && c <= 90 || c >= 97 && c <= 122
                                ? "unknown flag" : "missing flag"), i)
                }
                if [.ascii, .unicode, .locale].contains(f) {
                    throw fault(
                        "bad inline flags: cannot turn off flags 'a', 'u' and 'L'", i + 1)
                }
                off.insert(f)
                i += 1
            }
            if off.isEmpty { throw fault("missing flag", i) }
            guard take(":") else { throw fault("missing :", i) }
            if !on.isDisjoint(with: off) {
                throw fault("bad inline flags: flag turned on and off", i)
            }
        } else if next != 0x3A {
            let isLetter = next >= 65 && next <= 90 || next >= 97 && next <= 122
            throw fault(isLetter ? "unknown flag" : "missing -, : or )", i - 1)
        }
        var inner = flags
        if on.contains(.ascii) { inner.remove(.unicode) }
        if on.contains(.unicode) { inner.remove(.ascii) }
        inner.formUnion(on)
        inner.subtract(off)
        func letters(_ f: RegexFlags) -> String {
            (f.contains(.ignoreCase) ? "i" : "") + (f.contains(.multiline) ? "m" : "")
                + (f.contains(.dotAll) ? "s" : "")
        }
        let (yes, no) = (letters(on), letters(off))
        emit("(?\(yes)\(no.isEmpty ? "" : "-" + no):")
        return inner
    }

    private mutating func groupName(
        until end: Character, orNumber: Bool = false
    ) throws(RegexFault) -> String {
        let start = i
        var name: [UInt32] = []
        while let c = peek(), c != end.unicodeScalars.first?.value {
            name.append(c)
            i += 1
        }
        if name.isEmpty { throw fault("missing group name", start) }
        guard take(end) else { throw fault("missing \(end), unterminated name", start) }
        let text = Self.text(name)
        if orNumber, name.allSatisfy({ $0 >= 48 && $0 <= 57 }) { return text }
        let isIdentifier = text.unicodeScalars.enumerated().allSatisfy { k, u in
            u == "_" || (k == 0 ? u.properties.isXIDStart : u.properties.isXIDContinue)
        }
        guard isIdentifier else { throw fault("bad character in group name '\(text)'", start) }
        return text
    }

    private static func text(_ scalars: [UInt32]) -> String {
        var view = String.UnicodeScalarView()
        for c in scalars { view.append(UnicodeScalar(c) ?? "?") }
        return String(view)
    }

    private func checkLookbehind(_ number: Int, _ at: Int) throws(RegexFault) {
        if let outer = lookbehindGroups, number > outer, number <= result.groups {
            throw fault("cannot refer to group defined in the same lookbehind subpattern", at)
        }
    }

    private mutating func reference(_ number: Int, _ at: Int) throws(RegexFault) -> RegexWidth {
        if number > result.groups { throw fault("invalid group reference \(number)", at) }
        if open.contains(number) { throw fault("cannot refer to an open group", at) }
        try checkLookbehind(number, at)
        emit("\\g{\(number)}")
        return widths[number] ?? RegexWidth()
    }

    // MARK: - Escapes

    /// An escape outside a class; true if it is a position.
    private mutating func escape(
        _ start: Int, _ flags: RegexFlags, _ width: inout RegexWidth
    ) throws(RegexFault) -> Bool {
        guard let c = peek() else { throw fault("bad escape (end of pattern)", start) }
        width = RegexWidth(low: 1, high: 1)
        switch c {
        case 0x41:
            i += 1
            emit("\\A")
            width = RegexWidth()
            return true
        case 0x5A:
            i += 1
            emit("\\z")
            width = RegexWidth()
            return true
        case 0x62, 0x42:
            i += 1
            boundary(c == 0x42, flags)
            width = RegexWidth()
            return true
        case 0x64, 0x44, 0x77, 0x57, 0x73, 0x53:
            i += 1
            category(UInt8(c), flags)
            return false
        case 0x31...0x39:
            // Three octal digits are a character, else it is a group.
            if let d = peek(1), let e = peek(2), c <= 0x37, d >= 48, d <= 55, e >= 48, e <= 55 {
                break
            }
            let number = digits(2)
            width = try reference(Int(number) ?? 0, start)
            return false
        default: break
        }
        literal(try character(start, inClass: false), flags)
        return false
    }

    /// An escape that stands for one character.
    private mutating func character(_ start: Int, inClass: Bool) throws(RegexFault) -> UInt32 {
        guard let c = peek() else { throw fault("bad escape (end of pattern)", start) }
        i += 1
        switch c {
        case 0x61: return 7
        case 0x62 where inClass: return 8
        case 0x66: return 12
        case 0x6E: return 10
        case 0x72: return 13
        case 0x74: return 9
        case 0x76: return 11
        case 0x78: return try hexadecimal(start, 2)
        case 0x75: return try hexadecimal(start, 4)
        case 0x55:
            let code = try hexadecimal(start, 8)
            if code > 0x10FFFF {
                throw fault("bad escape \(Self.text(Array(s[start..<i])))", start)
            }
            return code
        case 0x30...0x39:
            guard c <= 0x37 else { throw fault("bad escape \\\(Self.text([c]))", start) }
            var value = c - 48
            var count = 1
            while count < 3, let d = peek(), d >= 48, d <= 55 {
                value = value * 8 + d - 48
                i += 1
                count += 1
            }
            if value > 0o377 {
                throw fault(
                    "octal escape value \(Self.text(Array(s[start..<i]))) outside of range 0-0o377",
                    start)
            }
            return value
        default:
            if c >= 65 && c <= 90 || c >= 97 && c <= 122 {
                throw fault("bad escape \\\(Self.text([c]))", start)
            }
            return c
        }
    }

    private mutating func hexadecimal(_ start: Int, _ count: Int) throws(RegexFault) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<count {
            guard let c = peek(), let digit = UnicodeScalar(c)?.properties.isASCIIHexDigit,
                digit, let n = UInt32(Self.text([c]), radix: 16)
            else {
                throw fault("incomplete escape \(Self.text(Array(s[start..<i])))", start)
            }
            value = value << 4 | n
            i += 1
        }
        return value
    }

    // MARK: - Classes

    private enum Member {
        case one(UInt32)
        case category(UInt8)
    }

    private mutating func member(_ start: Int) throws(RegexFault) -> Member {
        guard let c = peek() else { throw fault("unterminated character set", start) }
        let at = i
        i += 1
        guard c == 0x5C else { return .one(c) }
        if let d = peek(), [0x64, 0x44, 0x77, 0x57, 0x73, 0x53].contains(d) {
            i += 1
            return .category(UInt8(d))
        }
        return .one(try character(at, inClass: true))
    }

    private mutating func characterClass(_ start: Int, _ flags: RegexFlags) throws(RegexFault) {
        let ignoresCase = flags.contains(.ignoreCase)
        if ignoresCase { result.ignoresCase = true }
        // Case is a matter of ASCII letters alone: the other cases are written out.
        let closesCase = ignoresCase && flags.contains(.ascii) && !ascii
        var others = ""
        func close(_ a: UInt32, _ b: UInt32) {
            for (low, high, shift) in [(65, 90, 32), (97, 122, -32)] as [(UInt32, UInt32, Int32)] {
                let (x, y) = (max(a, low), min(b, high))
                guard closesCase, x <= y else { continue }
                others +=
                    hex(UInt32(Int32(x) + shift)) + "-" + hex(UInt32(Int32(y) + shift))
            }
        }
        var text = take("^") ? "[^" : "["
        let first = i
        var hasI = false
        while true {
            guard peek() != nil else { throw fault("unterminated character set", start) }
            if isAt("]"), i > first {
                i += 1
                break
            }
            let at = i
            let low = try member(start)
            guard isAt("-"), peek(1) != 0x5D || peek(1) == nil else {
                if case .one(let c) = low { close(c, c) }
                add(low, flags, &text, &hasI)
                continue
            }
            i += 1
            let high = try member(start)
            guard case .one(let a) = low, case .one(let b) = high, a <= b else {
                throw fault(
                    "bad character range \(Self.text(Array(s[at..<i])))", at)
            }
            close(a, b)
            if a >= 0x80 || b >= 0x80 { result.hasWide = true }
            if Self.dottedI.contains(where: { a <= $0 && $0 <= b }) { hasI = true }
            if ascii {
                text += a >= 0x80 ? "\\xff" : "\(spelled(a))-\(b >= 0x80 ? "\\xff" : spelled(b))"
            } else {
                text += "\(spelled(a))-\(spelled(b))"
            }
        }
        if ignoresCase, hasI, !flags.contains(.ascii) {
            text += ascii ? "iI" : "iI\\x{130}\\x{131}"
        }
        emit(closesCase ? "(?-i:\(text)\(others)])" : text + "]")
    }

    private mutating func add(
        _ member: Member, _ flags: RegexFlags, _ text: inout String, _ hasI: inout Bool
    ) {
        switch member {
        case .one(let c):
            if Self.dottedI.contains(c) { hasI = true }
            text += spelled(c)
        case .category(let c): text += members(c, flags)
        }
    }
}
