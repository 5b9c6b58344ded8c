// Groups of regular expressions: captures, names, look-around, conditions, flags, references.

import ArenaLanguage

extension RegexTranslator {
    /// A construct that begins with a parenthesis; true for one that leaves nothing to repeat.
    mutating func group(
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

    mutating func lookaround(
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

    mutating func conditional(
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
    mutating func flagGroup(
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

    mutating func groupName(
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

    static func text(_ scalars: [UInt32]) -> String {
        var view = String.UnicodeScalarView()
        for c in scalars { view.append(UnicodeScalar(c) ?? "?") }
        return String(view)
    }

    func checkLookbehind(_ number: Int, _ at: Int) throws(RegexFault) {
        if let outer = lookbehindGroups, number > outer, number <= result.groups {
            throw fault("cannot refer to group defined in the same lookbehind subpattern", at)
        }
    }

    mutating func reference(_ number: Int, _ at: Int) throws(RegexFault) -> RegexWidth {
        if number > result.groups { throw fault("invalid group reference \(number)", at) }
        if open.contains(number) { throw fault("cannot refer to an open group", at) }
        try checkLookbehind(number, at)
        emit("\\g{\(number)}")
        return widths[number] ?? RegexWidth()
    }
}
