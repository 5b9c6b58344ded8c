// Text to tokens: indentation, strings, numbers, operators. Faults are collected, never thrown, so
// that one run reports several. Strings and f-strings are in Lexer+Strings.swift.

import ArenaCore

struct Lexer {
    let file: SourceFile
    let bytes: [UInt8]
    var i: Int
    let end: Int
    var tokens: [Token] = []
    var faults: [Diagnostic] = []
    /// Open brackets, for joining lines and for messages.
    var open: [(UInt8, Int)] = []
    private var indents: [Int] = [0]
    /// The same widths with a tab as one column: where the two disagree, an editor may mislead.
    private var narrowIndents: [Int] = [0]
    /// The formatter wants comments; nobody else does.
    var keepsComments = false
    private var hasLoneReturn = false
    private(set) var comments: [TextRange] = []
    let names: NamePool

    init(_ file: SourceFile) {
        self.file = file
        bytes = file.bytes
        names = NamePool()
        i = 0
        end = bytes.count
        tokens.reserveCapacity(bytes.count / 4)
    }

    /// A lexer over one replacement field of an f-string.
    init(_ file: SourceFile, field: TextRange, names: NamePool = NamePool()) {
        self.file = file
        self.names = names
        bytes = file.bytes
        i = Int(field.start)
        end = Int(field.end)
        open = [(UInt8(ascii: "{"), i)]
    }

    /// All tokens of the file, ending in `.end`.
    mutating func scan() -> [Token] {
        if let bad = file.invalidByte {
            fault("the script is not UTF-8 text", bad, bad + 1, help: "save it as UTF-8")
            return [Token(kind: .end, range: TextRange(0, 0))]
        }
        if let nul = bytes.firstIndex(of: 0) {
            fault("the script holds a NUL byte", nul, nul + 1, help: "save it as plain UTF-8 text")
            return [Token(kind: .end, range: TextRange(0, 0))]
        }
        var lineStart = true
        while i < end {
            if lineStart, open.isEmpty {
                lineStart = false
                if !scanIndentation() { lineStart = true; continue }
                if i >= end { break }
            }
            let c = bytes[i]
            switch c {
            case 10:
                i += 1
                if !open.isEmpty, statementFollows() { giveUpOnBrackets() }
                if open.isEmpty {
                    append(.newline, i - 1, i)
                    lineStart = true
                }
            case 32, 9, 12: i += 1
            case 13:
                i += 1
                if i < end, bytes[i] != 10 { loneReturn(i - 1) }
            case UInt8(ascii: "#"): skipComment()
            case UInt8(ascii: "\\"): scanLineJoin()
            default: scanToken(c)
            }
        }
        if !open.isEmpty {
            giveUpOnBrackets()
            append(.newline, end - 1, end)
        }
        while indents.count > 1 {
            indents.removeLast()
            append(.dedent, end, end)
        }
        append(.end, end, end)
        return tokens
    }

    /// The tokens of a replacement field.
    mutating func scanField() -> [Token] {
        while i < end {
            let c = bytes[i]
            if c == 32 || c == 9 || c == 10 || c == 13 { i += 1 } else { scanToken(c) }
        }
        append(.end, end, end)
        return tokens
    }

    mutating func append(_ kind: TokenKind, _ from: Int, _ to: Int) {
        tokens.append(Token(kind: kind, range: TextRange(from, to)))
    }

    mutating func fault(
        _ title: String, _ from: Int, _ to: Int, label: String = "", help: String? = nil
    ) {
        faults.append(
            Diagnostic(.syntax, title, in: file, at: TextRange(from, to), label: label, help: help))
    }

    private mutating func giveUpOnBrackets() {
        if let (bracket, at) = open.last {
            fault(
                "'\(Character(Unicode.Scalar(bracket)))' is never closed", at, at + 1,
                label: "opened here")
        }
        open = []
    }

    /// Whether the next line starts with a word that no bracket can hold: then one was not closed.
    private func statementFollows() -> Bool {
        var from = i
        while from < end, bytes[from] == 32 || bytes[from] == 9 { from += 1 }
        var to = from
        while to < end, isNameByte(bytes[to]) { to += 1 }
        guard to < end, bytes[to] == 32 || bytes[to] == 10, to > from else { return false }
        switch Keyword.of(bytes, from, to) {
        case .def, .return, .while, .class, .import, .from, .try, .with, .pass, .break, .continue,
            .del, .global, .assert:
            return true
        default: return false
        }
    }

    /// Reads a line's leading space; false if the line holds nothing and was skipped.
    private mutating func scanIndentation() -> Bool {
        let start = i
        var width = 0
        var narrow = 0
        while i < end, bytes[i] == 32 || bytes[i] == 9 || bytes[i] == 12 {
            switch bytes[i] {
            case 9: width = (width / 8 + 1) * 8; narrow += 1
            case 12: width = 0; narrow = 0
            default: width += 1; narrow += 1
            }
            i += 1
        }
        guard i < end else { return true }
        if bytes[i] == 13, i + 1 < end, bytes[i + 1] == 10 { i += 1 }
        if bytes[i] == 10 { i += 1; return false }
        if bytes[i] == UInt8(ascii: "#") {
            skipComment()
            if i < end { i += 1 }
            return false
        }
        let top = indents[indents.count - 1]
        if width > top {
            if indents.count >= 100 {
                fault("blocks are nested more than 100 deep", start, i)
                return true
            }
            if narrow <= narrowIndents[narrowIndents.count - 1] { mixedTabs(start) }
            indents.append(width)
            narrowIndents.append(narrow)
            append(.indent, start, i)
        } else if width < top {
            while let last = indents.last, last > width {
                indents.removeLast()
                narrowIndents.removeLast()
                append(.dedent, i, i)
            }
            if let last = indents.last, last != width {
                fault(
                    "this line's indentation fits no block above it", start, i,
                    help: "align it with the statement it belongs to")
                indents.append(width)
                narrowIndents.append(narrow)
                // The matching dedent keeps the token stream balanced.
                tokens.insert(
                    Token(kind: .indent, range: TextRange(start, i)), at: tokens.count)
            } else if narrow != narrowIndents[narrowIndents.count - 1] {
                mixedTabs(start)
            }
        } else if narrow != narrowIndents[narrowIndents.count - 1] {
            mixedTabs(start)
        }
        return true
    }

    private mutating func mixedTabs(_ start: Int) {
        fault(
            "tabs and spaces are mixed in this line's indentation", start, i,
            help: "indent with four spaces")
    }

    private mutating func skipComment() {
        let start = i
        while i < end, bytes[i] != 10 {
            i += 1
            if i < end, bytes[i - 1] == 13, bytes[i] != 10 { loneReturn(i - 1) }
        }
        if keepsComments { comments.append(TextRange(start, i)) }
    }

    /// Where other editors end a line, this language does not: what follows would be misread.
    private mutating func loneReturn(_ at: Int) {
        guard !hasLoneReturn else { return }
        hasLoneReturn = true
        fault(
            "a carriage return stands in this line, which ends with a line feed alone", at, at + 1,
            help: "save the script with LF or CR LF at the end of its lines")
    }

    private mutating func scanLineJoin() {
        var next = i + 1
        if next < end, bytes[next] == 13 { next += 1 }
        if next < end, bytes[next] == 10 {
            i = next + 1
            if bytes[i..<end].allSatisfy({ $0 == 32 || $0 == 9 || $0 == 10 || $0 == 13 }) {
                fault("the file ends after a backslash that joins lines", i - 1, i - 1)
            }
        } else if next == end {
            fault("the file ends after a backslash that joins lines", i, i + 1)
            i = next
        } else {
            fault("a backslash joins lines only at a line's end", i, i + 1)
            i += 1
        }
    }

    private mutating func scanToken(_ c: UInt8) {
        switch c {
        case 48...57: scanNumber()
        case UInt8(ascii: "."):
            if i + 1 < end, bytes[i + 1] >= 48, bytes[i + 1] <= 57 {
                scanNumber()
            } else {
                scanOperator()
            }
        case UInt8(ascii: "\""), UInt8(ascii: "'"): scanString(prefix: i)
        case 65...90, 97...122, UInt8(ascii: "_"), 0x80...: scanName()
        default: scanOperator()
        }
    }

    private mutating func scanName() {
        let start = i
        let limit = end
        let (stop, all, hash) = bytes.withUnsafeBufferPointer { bytes in
            var at = start
            var all: UInt8 = 0
            var hash = NamePool.hashStart
            while at < limit, isNameByte(bytes[at]) {
                all |= bytes[at]
                hash = NamePool.hash(hash, bytes[at])
                at += 1
            }
            return (at, all, hash)
        }
        i = stop
        if i < end, bytes[i] == UInt8(ascii: "\"") || bytes[i] == UInt8(ascii: "'"), i - start <= 2,
            isStringPrefix(bytes[start..<i])
        {
            scanString(prefix: start)
            return
        }
        let isASCII = all < 0x80
        if isASCII, let keyword = Keyword.of(bytes, start, i) {
            return append(.keyword(keyword), start, i)
        }
        let number = bytes.withUnsafeBufferPointer { bytes in
            names.number(of: UnsafeBufferPointer(rebasing: bytes[start..<stop]), hash: hash)
        }
        let name = names.text(number)
        if !isASCII {
            let valid = name.unicodeScalars.enumerated().allSatisfy { index, s in
                s == "_" || (index == 0 ? s.properties.isXIDStart : s.properties.isXIDContinue)
            }
            if !valid {
                return strangeName(name, start)
            }
        }
        tokens.append(Token(kind: .name(name), range: TextRange(start, i), name: number))
    }

    private mutating func scanOperator() {
        let c = bytes[i]
        if let op = Operator.alone(c) {
            track(op)
            append(.op(op), i, i + 1)
            i += 1
            return
        }
        if c < 128 {
            for (text, op) in Operator.byLength[Int(c)]
            where text.count == 1
                || i + text.count <= end && bytes[i + 1] == text[1]
                    && (text.count == 2 || bytes[i + 2] == text[2])
            {
                track(op)
                append(.op(op), i, i + text.count)
                i += text.count
                return
            }
        }
        let shown =
            c < 32 || c == 127 ? "control character \(c)" : "'\(Character(Unicode.Scalar(c)))'"
        if !strangeSign(c) { fault("\(shown) has no meaning here", i, i + 1) }
        i += 1
    }

    private mutating func track(_ op: Operator) {
        switch op {
        case .leftParenthesis, .leftBracket, .leftBrace:
            if open.count >= 200 { fault("brackets are nested more than 200 deep", i, i + 1) }
            open.append((bytes[i], i))
        case .rightParenthesis, .rightBracket, .rightBrace:
            let wanted: UInt8 =
                switch op {
                case .rightParenthesis: UInt8(ascii: "(")
                case .rightBracket: UInt8(ascii: "[")
                default: UInt8(ascii: "{")
                }
            guard let (bracket, at) = open.last else {
                fault("'\(op.rawValue)' closes nothing", i, i + 1)
                return
            }
            if bracket != wanted {
                fault(
                    "'\(op.rawValue)' does not close '\(Character(Unicode.Scalar(bracket)))'", i,
                    i + 1)
                faults[faults.count - 1].labels.append(
                    .init(range: TextRange(at, at + 1), text: "opened here"))
            }
            // What was left open inside is told by this.
            if bracket != wanted, let match = open.lastIndex(where: { $0.0 == wanted }) {
                open.removeSubrange(match...)
            } else {
                open.removeLast()
            }
        default: break
        }
    }

    /// Whether a keyword stands right behind a number, as Python lets it: `0in xs`.
    private func keywordFollows() -> Bool {
        var to = i
        while to < end, isNameByte(bytes[to]) { to += 1 }
        return ["and", "else", "for", "if", "in", "is", "not", "or"].contains(
            String(decoding: bytes[i..<to], as: UTF8.self))
    }

    private mutating func scanNumber() {
        let start = i
        var radix = 10
        if bytes[i] == 48, i + 1 < end {
            switch bytes[i + 1] | 0x20 {
            case UInt8(ascii: "x"): radix = 16
            case UInt8(ascii: "o"): radix = 8
            case UInt8(ascii: "b"): radix = 2
            default: break
            }
        }
        var isFloat = false
        if radix != 10 {
            i += 2
            while i < end, isDigit(bytes[i], in: radix) || bytes[i] == UInt8(ascii: "_") { i += 1 }
            if !keywordFollows() {
                while i < end, isNameByte(bytes[i]), bytes[i] < 0x80 { i += 1 }
            }
        } else {
            func digits() {
                while i < end, isDigit(bytes[i]) || bytes[i] == UInt8(ascii: "_") { i += 1 }
            }
            digits()
            if i < end, bytes[i] == UInt8(ascii: ".") {
                isFloat = true
                i += 1
                digits()
            }
            if i < end, bytes[i] | 0x20 == UInt8(ascii: "e") {
                var next = i + 1
                if next < end, bytes[next] == UInt8(ascii: "+") || bytes[next] == UInt8(ascii: "-")
                {
                    next += 1
                }
                if next < end, isDigit(bytes[next]) {
                    isFloat = true
                    i = next
                    digits()
                }
            }
            if i < end, isNameByte(bytes[i]), !keywordFollows() {
                while i < end, isNameByte(bytes[i]) { i += 1 }
                let text = String(decoding: bytes[start..<i], as: UTF8.self)
                return badNumber(text, start)
            }
        }
        if hasStrayUnderscore(bytes[start..<i], radix) {
            let text = String(decoding: bytes[start..<i], as: UTF8.self)
            return fault(
                "'\(text)' is not a number", start, i,
                help: "an underscore stands between two digits")
        }
        let raw = bytes[start..<i].filter { $0 != UInt8(ascii: "_") }
        let text = String(decoding: raw, as: UTF8.self)
        if isFloat {
            guard let value = Double(text) else {
                return fault("'\(text)' is not a number", start, i)
            }
            append(.float(value), start, i)
        } else if radix == 10, raw.count > 1, raw.first == 48, raw.contains(where: { $0 != 48 }) {
            let octal =
                raw.allSatisfy { $0 < 56 } ? ", or in base 8: 0o\(text.drop { $0 == "0" })" : ""
            fault(
                "a number does not start with 0", start, i,
                help: "write \(text.drop { $0 == "0" })\(octal)")
        } else if let value = Int(radix == 10 ? text : String(text.dropFirst(2)), radix: radix) {
            append(.integer(value), start, i)
        } else if radix != 10, let bad = raw.dropFirst(2).first(where: { !isDigit($0, in: radix) })
        {
            fault(
                "'\(Character(Unicode.Scalar(bad)))' is no digit of a number in base \(radix)",
                start, i)
        } else if let value = BigInteger(
            radix == 10 ? text : String(text.dropFirst(2)), radix: radix)
        {
            append(.largeInteger(value), start, i)
        } else if raw.count > 2 {
            fault("the integer has more than \(BigInteger.bitLimit) bits", start, i)
        } else {
            fault("'\(text)' is not a number", start, i)
        }
    }
}

/// Whether an underscore in a number does not stand between digits (or behind 0x, 0o, 0b).
private func hasStrayUnderscore(_ s: ArraySlice<UInt8>, _ radix: Int) -> Bool {
    let mark = UInt8(ascii: "_")
    guard s.contains(mark) else { return false }
    for i in s.indices where s[i] == mark {
        guard i > s.startIndex, i + 1 < s.endIndex else { return true }
        let before = isDigit(s[i - 1], in: max(radix, 10)) || radix != 10 && i == s.startIndex + 2
        if !before || !isDigit(s[i + 1], in: max(radix, 10)) { return true }
    }
    return false
}

/// Whether a byte is a digit of a base.
private func isDigit(_ c: UInt8, in radix: Int) -> Bool {
    if radix == 16 { return hexValue(c) != nil }
    return c >= 48 && c < 48 + UInt8(radix)
}

@inline(__always) func isDigit(_ c: UInt8) -> Bool { c >= 48 && c <= 57 }

@inline(__always) func isNameByte(_ c: UInt8) -> Bool {
    (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || (c >= 48 && c <= 57) || c == 95 || c >= 0x80
}

/// Whether letters before a quote make a string prefix: r, b, f, u and pairs of them.
func isStringPrefix(_ letters: ArraySlice<UInt8>) -> Bool {
    switch String(decoding: letters, as: UTF8.self).lowercased() {
    case "r", "b", "f", "u", "rb", "br", "rf", "fr": return true
    default: return false
    }
}
