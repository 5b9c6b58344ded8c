// String literals: prefixes, triple quotes, escapes as in Python, and f-strings, whose replacement
// fields are kept as source ranges for the parser.

import ArenaCore

extension Lexer {
    /// Reads a string literal whose prefix letters, if any, start at `prefix`; `i` is at the quote.
    mutating func scanString(prefix: Int) {
        let letters = bytes[prefix..<i].map { $0 | 0x20 }
        let raw = letters.contains(UInt8(ascii: "r"))
        let isBytes = letters.contains(UInt8(ascii: "b"))
        let formatted = letters.contains(UInt8(ascii: "f"))
        let quote = bytes[i]
        let triple = i + 2 < end && bytes[i + 1] == quote && bytes[i + 2] == quote
        let quoteLength = triple ? 3 : 1
        i += quoteLength
        var scanner = StringScanner(
            quote: quote, triple: triple, raw: raw, isBytes: isBytes, formatted: formatted)
        guard let pieces = scanPieces(&scanner, from: prefix, depth: 0) else { return }
        if formatted {
            append(.fstring(pieces), prefix, i)
        } else {
            var text: [UInt8] = []
            if case .text(let t)? = pieces.first { text = t }
            append(isBytes ? .bytes(text) : .string(text), prefix, i)
        }
    }

    struct StringScanner {
        var quote: UInt8
        var triple: Bool
        var raw: Bool
        var isBytes: Bool
        var formatted: Bool
    }

    private func atClose(_ s: StringScanner) -> Bool {
        guard i < end, bytes[i] == s.quote else { return false }
        return !s.triple || (i + 2 < end && bytes[i + 1] == s.quote && bytes[i + 2] == s.quote)
    }

    /// Reads up to the closing quote, or inside a format spec up to its closing brace.
    private mutating func scanPieces(
        _ s: inout StringScanner, from start: Int, depth: Int
    ) -> [FStringPiece]? {
        var pieces: [FStringPiece] = []
        var text: [UInt8] = []
        let inSpec = depth > 0
        while true {
            guard i < end, s.triple || bytes[i] != 10 else {
                fault(
                    "the string is never closed", start, min(i, start + 1), label: "opened here",
                    help: s.triple
                        ? nil : "close it on its line, or use three quotes for several lines")
                if s.triple { i = end }
                return nil
            }
            let c = bytes[i]
            if !inSpec, atClose(s) {
                i += s.triple ? 3 : 1
                if !text.isEmpty { pieces.append(.text(text)) }
                return pieces
            }
            if s.formatted, c == UInt8(ascii: "{") {
                if !inSpec, i + 1 < end, bytes[i + 1] == c {
                    text.append(c)
                    i += 2
                    continue
                }
                if !text.isEmpty { pieces.append(.text(text)) }
                text = []
                guard let field = scanField(&s, depth: depth) else { return nil }
                pieces.append(.field(field))
                continue
            }
            if s.formatted, c == UInt8(ascii: "}") {
                if inSpec {
                    if !text.isEmpty { pieces.append(.text(text)) }
                    return pieces
                }
                if i + 1 < end, bytes[i + 1] == c {
                    i += 2
                } else {
                    fault("a single '}' in an f-string", i, i + 1, help: "write '}}' for a brace")
                    i += 1
                }
                text.append(c)
                continue
            }
            if c == UInt8(ascii: "\\") {
                scanEscape(s, into: &text)
            } else if c == 13, i + 1 < end, bytes[i + 1] == 10 {
                i += 1
            } else {
                if s.isBytes, c >= 0x80 { fault("bytes literals hold ASCII only", i, i + 1) }
                text.append(c)
                i += 1
            }
        }
    }

    /// Reads `{expression!r:spec}`; `i` is at the opening brace.
    private mutating func scanField(_ s: inout StringScanner, depth: Int) -> FStringField? {
        let brace = i
        i += 1
        let start = i
        var brackets: [UInt8] = []
        while i < end {
            let c = bytes[i]
            if c == 10, !s.triple { break }
            if brackets.isEmpty {
                if c == UInt8(ascii: "}") || c == UInt8(ascii: ":") { break }
                if c == UInt8(ascii: "!"), i + 1 < end, bytes[i + 1] != UInt8(ascii: "=") { break }
                // `=` right before the end, and no comparison, asks for the text as well
                if c == UInt8(ascii: "="), isFieldEnd(after: i), i > start,
                    !"=!<>".utf8.contains(bytes[i - 1])
                {
                    break
                }
            }
            switch c {
            case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"): brackets.append(c)
            case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"): _ = brackets.popLast()
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                if atClose(s) {
                    fault("the field '{' is never closed", brace, brace + 1, label: "opened here")
                    i = i + (s.triple ? 3 : 1)
                    return nil
                }
                skipInnerString()
                continue
            default: break
            }
            i += 1
        }
        guard i < end, bytes[i] != 10 || s.triple else {
            fault("the field '{' is never closed", brace, brace + 1, label: "opened here")
            return nil
        }
        var field = FStringField(expression: TextRange(start, i), conversion: nil, spec: [])
        if bytes[start..<i].allSatisfy({ $0 == 32 }) {
            fault("an empty field in an f-string", brace, i + 1, help: "write '{{' for a brace")
        }
        if bytes[i] == UInt8(ascii: "=") {
            i += 1
            while i < end, bytes[i] == 32 { i += 1 }
            field.selfDocumenting = Array(bytes[start..<i])
        }
        if i < end, bytes[i] == UInt8(ascii: "!") {
            let conversion = i + 1 < end ? bytes[i + 1] : 0
            if ![UInt8(ascii: "r"), UInt8(ascii: "s"), UInt8(ascii: "a")].contains(conversion) {
                fault("the conversion after '!' is r, s or a", i, i + 2)
            }
            field.conversion = conversion
            i += 2
        }
        if i < end, bytes[i] == UInt8(ascii: ":") {
            i += 1
            if depth >= 2 { fault("format specs nest too deep", i, i + 1); return nil }
            guard let spec = scanPieces(&s, from: brace, depth: depth + 1) else { return nil }
            field.spec = spec
        }
        guard i < end, bytes[i] == UInt8(ascii: "}") else {
            fault("the field '{' is never closed", brace, brace + 1, label: "opened here")
            return nil
        }
        i += 1
        return field
    }

    /// Whether a field's expression ends behind the `=` at this place.
    private func isFieldEnd(after at: Int) -> Bool {
        var next = at + 1
        while next < end, bytes[next] == 32 { next += 1 }
        return next < end && "}:!".utf8.contains(bytes[next])
    }

    private mutating func skipInnerString() {
        let quote = bytes[i]
        i += 1
        while i < end, bytes[i] != quote, bytes[i] != 10 {
            i += bytes[i] == UInt8(ascii: "\\") ? 2 : 1
        }
        i = min(i + 1, end)
    }

    private mutating func scanEscape(_ s: StringScanner, into text: inout [UInt8]) {
        let at = i
        guard i + 1 < end else { i += 1; return }
        let c = bytes[i + 1]
        if s.raw {
            text.append(UInt8(ascii: "\\"))
            i += 1
            if c == s.quote || c == UInt8(ascii: "\\") {
                text.append(c)
                i += 1
            }
            return
        }
        i += 2
        switch c {
        case 10: break
        case 13: if i < end, bytes[i] == 10 { i += 1 }
        case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): text.append(c)
        case UInt8(ascii: "n"): text.append(10)
        case UInt8(ascii: "t"): text.append(9)
        case UInt8(ascii: "r"): text.append(13)
        case UInt8(ascii: "a"): text.append(7)
        case UInt8(ascii: "b"): text.append(8)
        case UInt8(ascii: "f"): text.append(12)
        case UInt8(ascii: "v"): text.append(11)
        case 48...55:
            var value = UInt32(c - 48)
            var n = 1
            while n < 3, i < end, bytes[i] >= 48, bytes[i] <= 55 {
                value = value * 8 + UInt32(bytes[i] - 48)
                i += 1
                n += 1
            }
            put(value, s, at, &text)
        case UInt8(ascii: "x"): scanHex(2, s, at, &text)
        case UInt8(ascii: "u") where !s.isBytes: scanHex(4, s, at, &text)
        case UInt8(ascii: "U") where !s.isBytes: scanHex(8, s, at, &text)
        default:
            fault(
                "'\\\(Character(Unicode.Scalar(c)))' is not an escape", at, i,
                help: "write '\\\\' for a backslash, or put r before the string")
        }
    }

    private mutating func scanHex(
        _ digits: Int, _ s: StringScanner, _ at: Int, _ text: inout [UInt8]
    ) {
        var value: UInt32 = 0
        for _ in 0..<digits {
            guard i < end, let digit = hexValue(bytes[i]) else {
                return fault("the escape wants \(digits) hexadecimal digits", at, i)
            }
            value = value << 4 | digit
            i += 1
        }
        put(value, s, at, &text)
    }

    private mutating func put(
        _ value: UInt32, _ s: StringScanner, _ at: Int, _ text: inout [UInt8]
    ) {
        if s.isBytes {
            text.append(UInt8(truncatingIfNeeded: value))
        } else if Unicode.Scalar(value) == nil {
            fault("the escape is not a Unicode character", at, i)
        } else {
            appendUTF8(value, to: &text)
        }
    }
}
