// Escapes and classes of regular expressions.

import ArenaLanguage

extension RegexTranslator {
    // MARK: - Escapes

    /// An escape outside a class; true if it is a position.
    mutating func escape(
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
    mutating func character(_ start: Int, inClass: Bool) throws(RegexFault) -> UInt32 {
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

    mutating func hexadecimal(_ start: Int, _ count: Int) throws(RegexFault) -> UInt32 {
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

    enum Member {
        case one(UInt32)
        case category(UInt8)
    }

    mutating func member(_ start: Int) throws(RegexFault) -> Member {
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

    mutating func characterClass(_ start: Int, _ flags: RegexFlags) throws(RegexFault) {
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

    mutating func add(
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
