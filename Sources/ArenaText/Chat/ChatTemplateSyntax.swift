// What chat templates are made of: the statements and expressions of Jinja2 that the known model families
// use. Anything else is refused with its line, by name.

/// A piece of a template.
indirect enum ChatNode: Sendable {
    case text(String)
    case output(ChatExpression)
    case set([String], ChatExpression)
    case setMember(String, String, ChatExpression)
    case setBlock(String, [ChatNode])
    case branch([(condition: ChatExpression, body: [ChatNode])], otherwise: [ChatNode])
    case loop(
        [String], ChatExpression, filter: ChatExpression?, body: [ChatNode], otherwise: [ChatNode])
    case leave
    case next
}

/// An expression with its line.
struct ChatExpression: Sendable {
    indirect enum Form: Sendable {
        case literal(ChatValue)
        case name(String)
        case list([ChatExpression])
        case dict([(ChatExpression, ChatExpression)])
        case member(ChatExpression, String)
        case item(ChatExpression, ChatExpression)
        case slice(ChatExpression, ChatExpression?, ChatExpression?, ChatExpression?)
        case call(ChatExpression, Arguments)
        case filter(ChatExpression, String, Arguments)
        case test(ChatExpression, String, [ChatExpression], negated: Bool)
        case unary(String, ChatExpression)
        case binary(String, ChatExpression, ChatExpression)
        /// `a < b <= c`.
        case compare(ChatExpression, [(String, ChatExpression)])
        case choice(ChatExpression, ChatExpression, ChatExpression?)
    }

    struct Arguments: Sendable {
        var plain: [ChatExpression] = []
        var named: [(String, ChatExpression)] = []
    }

    var form: Form
    var line: Int
}

/// What is wrong with a template, or what it said was wrong with the messages.
package struct ChatTemplateError: Error, Equatable {
    package var line: Int
    package var message: String
}

// MARK: - Tokens

/// Cuts a template into text, statements and outputs, with Jinja's rules for white space as transformers
/// sets them: a block takes the line break after it and the spaces before it along.
struct ChatLexer {
    enum Kind { case text, output, statement }
    struct Part {
        var kind: Kind
        var content: String
        var line: Int
    }

    static func parts(_ source: String) throws(ChatTemplateError) -> [Part] {
        var text = Array(source.unicodeScalars.map(\.value))
        // One line break at the end is not the template's.
        if text.last == 10 { text.removeLast() }
        if text.last == 13 { text.removeLast() }
        var parts: [Part] = []
        var i = 0
        var line = 1
        var trimNext = false  // a block or a `-` before takes white space along
        var stripAll = false
        func string(_ scalars: ArraySlice<UInt32>) -> String {
            String(String.UnicodeScalarView(scalars.compactMap { UnicodeScalar($0) }))
        }
        while i < text.count {
            var open = i
            while open + 1 < text.count,
                !(text[open] == 0x7B && [0x7B, 0x25, 0x23].contains(text[open + 1]))
            {
                open += 1
            }
            let found = open + 1 < text.count
            var stretch = text[i..<(found ? open : text.count)]
            let lines = stretch.count { $0 == 10 }
            if stripAll {
                stretch = stretch.drop { isSpace($0) }
            } else if trimNext, stretch.first == 10 {
                stretch = stretch.dropFirst()
            } else if trimNext, stretch.first == 13, stretch.dropFirst().first == 10 {
                stretch = stretch.dropFirst(2)
            }
            (stripAll, trimNext) = (false, false)
            guard found else {
                if !stretch.isEmpty {
                    parts.append(Part(kind: .text, content: string(stretch), line: line))
                }
                break
            }
            let sort = text[open + 1]
            var start = open + 2
            if start < text.count, text[start] == 0x2D {
                while let last = stretch.last, isSpace(last) { stretch.removeLast() }
                start += 1
            } else if start < text.count, text[start] == 0x2B {
                start += 1
            } else if sort != 0x7B {
                // Spaces and tabs between the line's start and a block go.
                var end = stretch.endIndex
                while end > stretch.startIndex, text[end - 1] == 0x20 || text[end - 1] == 9 {
                    end -= 1
                }
                if end == 0 || text[end - 1] == 10 { stretch = stretch[..<end] }
            }
            if !stretch.isEmpty {
                parts.append(Part(kind: .text, content: string(stretch), line: line))
            }
            line += lines
            let close: [UInt32] = sort == 0x7B ? [0x7D, 0x7D] : [sort, 0x7D]
            guard let end = endOfTag(text, start, close, sort == 0x23) else {
                throw ChatTemplateError(line: line, message: "'{\(string([sort]))' is never closed")
            }
            var stop = end
            var strips = false
            if stop > start, text[stop - 1] == 0x2D {
                stop -= 1
                strips = true
            } else if stop > start, text[stop - 1] == 0x2B, sort != 0x7B {
                stop -= 1
                trimNext = false
            }
            if sort != 0x23 {
                parts.append(
                    Part(
                        kind: sort == 0x7B ? .output : .statement,
                        content: string(text[start..<stop]), line: line))
            }
            line += text[start..<end].count { $0 == 10 }
            stripAll = strips
            trimNext = sort != 0x7B && !(end > start && text[end - 1] == 0x2B)
            i = end + 2
        }
        return parts
    }

    private static func isSpace(_ code: UInt32) -> Bool {
        code == 0x20 || code >= 9 && code <= 13
    }

    /// Where a tag closes, outside of quoted text.
    private static func endOfTag(
        _ text: [UInt32], _ start: Int, _ close: [UInt32], _ isComment: Bool
    ) -> Int? {
        var quote: UInt32?
        var depth = 0
        var i = start
        while i + 1 < text.count {
            let c = text[i]
            if let open = quote {
                if c == 0x5C { i += 1 } else if c == open { quote = nil }
            } else if !isComment, c == 0x22 || c == 0x27 {
                quote = c
            } else if !isComment, c == 0x7B {
                depth += 1
            } else if !isComment, c == 0x7D, depth > 0 {
                depth -= 1
            } else if c == close[0], text[i + 1] == close[1] {
                return i
            }
            i += 1
        }
        return nil
    }
}

/// The words and signs of an expression or a statement.
struct ChatScanner {
    enum Token: Equatable {
        case name(String)
        case string(String)
        case int(Int)
        case float(Double)
        case sign(String)
        case end
    }

    static func tokens(_ source: String, line: Int) throws(ChatTemplateError) -> [(Token, Int)] {
        let text = Array(source.unicodeScalars)
        var tokens: [(Token, Int)] = []
        var line = line
        var i = 0
        func isName(_ c: UnicodeScalar) -> Bool {
            c == "_" || c.properties.isAlphabetic || c.properties.numericType != nil
        }
        while i < text.count {
            let c = text[i]
            if c == "\n" { line += 1 }
            if c.properties.isWhitespace {
                i += 1
                continue
            }
            if c == "'" || c == "\"" {
                var value = String.UnicodeScalarView()
                var j = i + 1
                while j < text.count, text[j] != c {
                    if text[j] == "\\", j + 1 < text.count {
                        j += 1
                        switch text[j] {
                        case "n": value.append("\n")
                        case "t": value.append("\t")
                        case "r": value.append("\r")
                        case "\\", "'", "\"": value.append(text[j])
                        case "u" where j + 4 < text.count:
                            let digits = String(String.UnicodeScalarView(text[j + 1...j + 4]))
                            if let code = UInt32(digits, radix: 16),
                                let scalar = UnicodeScalar(code)
                            {
                                value.append(scalar)
                            }
                            j += 4
                        default:
                            value.append("\\")
                            value.append(text[j])
                        }
                    } else {
                        value.append(text[j])
                    }
                    j += 1
                }
                guard j < text.count else {
                    throw ChatTemplateError(line: line, message: "a text is never closed")
                }
                tokens.append((.string(String(value)), line))
                i = j + 1
            } else if ("0"..."9").contains(c) {
                var j = i
                var isFloat = false
                while j < text.count,
                    ("0"..."9").contains(text[j]) || text[j] == "_"
                        || text[j] == "." && !isFloat && j + 1 < text.count
                            && ("0"..."9").contains(text[j + 1])
                {
                    if text[j] == "." { isFloat = true }
                    j += 1
                }
                let digits = String(String.UnicodeScalarView(text[i..<j].filter { $0 != "_" }))
                if isFloat {
                    tokens.append((.float(Double(digits) ?? 0), line))
                } else if let n = Int(digits) {
                    tokens.append((.int(n), line))
                } else {
                    throw ChatTemplateError(
                        line: line, message: "the number \(digits) is too large")
                }
                i = j
            } else if isName(c) {
                var j = i
                while j < text.count, isName(text[j]) { j += 1 }
                tokens.append((.name(String(String.UnicodeScalarView(text[i..<j]))), line))
                i = j
            } else {
                let two =
                    i + 1 < text.count ? String(String.UnicodeScalarView(text[i...i + 1])) : ""
                if ["==", "!=", "<=", ">=", "//", "**"].contains(two) {
                    tokens.append((.sign(two), line))
                    i += 2
                } else if "+-*/%~<>=()[]{}|.,:".unicodeScalars.contains(c) {
                    tokens.append((.sign(String(c)), line))
                    i += 1
                } else {
                    throw ChatTemplateError(line: line, message: "'\(c)' means nothing here")
                }
            }
        }
        tokens.append((.end, line))
        return tokens
    }
}
