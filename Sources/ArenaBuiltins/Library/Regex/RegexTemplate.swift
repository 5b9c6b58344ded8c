// The texts that `sub` puts in place of matches: Python's templates with \1, \g<name> and escapes.

import ArenaLanguage

/// A template taken apart: pieces of text and groups.
struct RegexTemplate {
    private enum Part {
        case text([UInt8])
        case group(Int)
    }
    private var parts: [Part] = []

    init(_ template: Value, _ program: RegexProgram) throws(Raised) {
        let s = template.utf8
        guard s.contains(92) else {
            parts = [.text(Array(s))]
            return
        }
        var literal: [UInt8] = []
        var i = 0
        func isOctal(_ at: Int) -> Bool { at < s.count && s[at] >= 48 && s[at] <= 55 }
        func wrong(_ message: String) -> Raised {
            Raised(
                .value, "the replacement \(quotedText(s).prefix(60)) is wrong: \(message)",
                help: "\\1 or \\g<name> stands for a group, \\\\ for a backslash")
        }
        func add(_ group: Int, _ parts: inout [Part], _ literal: inout [UInt8]) throws(Raised) {
            guard group <= program.groups else { throw wrong("invalid group reference \(group)") }
            if !literal.isEmpty { parts.append(.text(literal)) }
            literal = []
            parts.append(.group(group))
        }
        while i < s.count {
            guard s[i] == 92 else {
                literal.append(s[i])
                i += 1
                continue
            }
            i += 1
            guard i < s.count else { throw wrong("bad escape (end of pattern)") }
            let c = s[i]
            i += 1
            switch c {
            case UInt8(ascii: "g"):
                guard i < s.count, s[i] == UInt8(ascii: "<") else { throw wrong("missing <") }
                guard let close = s[i...].firstIndex(of: UInt8(ascii: ">")) else {
                    throw wrong("missing >, unterminated name")
                }
                let name = String(decoding: s[(i + 1)..<close], as: UTF8.self)
                i = close + 1
                if name.isEmpty { throw wrong("missing group name") }
                if name.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }) {
                    try add(Int(name) ?? Int.max, &parts, &literal)
                } else if let group = program.names.first(where: { $0.name == name })?.group {
                    try add(group, &parts, &literal)
                } else {
                    throw wrong("unknown group name '\(name)'")
                }
            case 48:
                var value = 0
                var count = 0
                while count < 2, isOctal(i) {
                    value = value * 8 + Int(s[i]) - 48
                    i += 1
                    count += 1
                }
                literal += String(UnicodeScalar(UInt8(value))).utf8
            case 49...57:
                var value = Int(c) - 48
                if i < s.count, s[i] >= 48, s[i] <= 57 {
                    if c <= 55, isOctal(i), isOctal(i + 1) {
                        let code = (Int(c) - 48) * 64 + (Int(s[i]) - 48) * 8 + Int(s[i + 1]) - 48
                        guard code <= 255 else {
                            throw wrong("octal escape value outside of range 0-0o377")
                        }
                        literal += String(UnicodeScalar(UInt8(code))).utf8
                        i += 2
                        continue
                    }
                    value = value * 10 + Int(s[i]) - 48
                    i += 1
                }
                try add(value, &parts, &literal)
            case UInt8(ascii: "a"): literal.append(7)
            case UInt8(ascii: "b"): literal.append(8)
            case UInt8(ascii: "f"): literal.append(12)
            case UInt8(ascii: "n"): literal.append(10)
            case UInt8(ascii: "r"): literal.append(13)
            case UInt8(ascii: "t"): literal.append(9)
            case UInt8(ascii: "v"): literal.append(11)
            case UInt8(ascii: "\\"): literal.append(92)
            default:
                if c >= 65 && c <= 90 || c >= 97 && c <= 122 {
                    throw wrong("bad escape \\\(UnicodeScalar(c))")
                }
                literal.append(92)
                literal.append(c)
            }
        }
        if !literal.isEmpty || parts.isEmpty { parts.append(.text(literal)) }
    }

    /// Adds the template's text for one match.
    @inline(__always)
    func write(
        _ text: UnsafeBufferPointer<UInt8>, _ places: UnsafePointer<Int>, into out: inout [UInt8]
    ) {
        for part in parts {
            switch part {
            case .text(let bytes): out += bytes
            case .group(let g):
                let (a, b) = (places[2 * g], places[2 * g + 1])
                if a >= 0, b > a { out += text[a..<b] }
            }
        }
    }
}
