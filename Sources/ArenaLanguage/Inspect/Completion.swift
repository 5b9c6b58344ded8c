// What Tab offers: a function of the text, the place of the cursor and the session. It looks at
// names, members and string keys, and never calls anything.

import ArenaCore

/// What can stand at the cursor.
package struct Completion: Equatable {
    /// The bytes before the cursor that each candidate begins with and replaces.
    package var typed: Int
    package var candidates: [String]

    package init(typed: Int, candidates: [String]) {
        self.typed = typed
        self.candidates = candidates
    }

    static let none = Completion(typed: 0, candidates: [])
}

extension Interpreter {
    /// The candidates at the end of `text`, which is all that stands before the cursor.
    ///
    /// - Parameter paths: gives the file names that a text such as `data/te` may go on to.
    package func complete(_ text: [UInt8], paths: (String) -> [String]) -> Completion {
        var scanner = CompletionScanner(text)
        scanner.scan()
        let before = text[..<scanner.codeEnd]
        switch scanner.place {
        case .comment: return .none
        case .string(let from):
            let typed = Array(text[from...])
            let content = String(decoding: typed, as: UTF8.self)
            var tokens = Self.tokens(before)
            if tokens.last?.kind == .op(.leftBracket) {
                tokens.removeLast()
                if let value = value(endingAt: tokens) {
                    defer { value.release() }
                    let close = String(decoding: [scanner.quote], as: UTF8.self) + "]"
                    let names = itemNames(of: value).filter { $0.hasPrefix(content) }
                    return Completion(typed: typed.count, candidates: names.map { $0 + close })
                }
            }
            return Completion(
                typed: typed.count, candidates: paths(content).filter { $0.hasPrefix(content) })
        case .code:
            var start = before.endIndex
            while start > before.startIndex, isNameByte(before[start - 1]) { start -= 1 }
            let word = String(decoding: before[start...], as: UTF8.self)
            if let first = word.utf8.first, isDigit(first) { return .none }
            return Completion(
                typed: word.utf8.count,
                candidates: candidates(word, Self.tokens(before[..<start])))
        }
    }

    private static func tokens(_ text: ArraySlice<UInt8>) -> [Token] {
        var lexer = Lexer(SourceFile(name: "", bytes: Array(text)))
        return lexer.scan().filter {
            switch $0.kind {
            case .newline, .indent, .dedent, .end: return false
            default: return true
            }
        }
    }

    private func candidates(_ word: String, _ tokens: [Token]) -> [String] {
        var tokens = tokens
        func matching(_ names: [String]) -> [String] {
            names.filter { $0.hasPrefix(word) && (word.hasPrefix("_") || !$0.hasPrefix("_")) }
        }
        if tokens.last?.kind == .op(.dot) {
            tokens.removeLast()
            guard let value = value(endingAt: tokens) else { return [] }
            defer { value.release() }
            return matching(members(of: value))
        }
        var found = matching(keywords(tokens).map { $0 + "=" })
        if !word.isEmpty {
            let names = Set(allDefinedNames + builtinNames)
                .union(Keyword.allCases.map(\.rawValue)).subtracting(Self.unusedWords)
            found += matching(names.sorted())
        }
        return found
    }

    /// Words that Python has and the language refuses.
    private static let unusedWords: Set = ["async", "await", "class", "yield"]

    /// The keyword arguments that may still be given in the call the cursor is in.
    private func keywords(_ tokens: [Token]) -> [String] {
        var depth = 0
        var given: Set<String> = []
        var commas = 0
        for i in tokens.indices.reversed() {
            switch tokens[i].kind {
            case .op(.rightParenthesis), .op(.rightBracket), .op(.rightBrace): depth += 1
            case .op(.leftBracket), .op(.leftBrace):
                if depth == 0 { return [] }
                depth -= 1
            case .op(.leftParenthesis):
                if depth > 0 { depth -= 1; continue }
                // Only where an argument begins.
                guard let last = tokens.last?.kind, last == .op(.comma) || i == tokens.count - 1,
                    let callee = value(endingAt: Array(tokens[..<i]))
                else { return [] }
                defer { callee.release() }
                // Arguments by place come first and take the first names.
                return keywordNames(of: callee).dropFirst(max(0, commas - given.count))
                    .filter { !given.contains($0) }
            case .op(.comma): if depth == 0 { commas += 1 }
            case .op(.assign):
                if depth == 0, i > 0, case .name(let name) = tokens[i - 1].kind {
                    given.insert(name)
                }
            default: break
            }
        }
        return []
    }

    /// The value of the longest path that these tokens end in, owned.
    private func value(endingAt tokens: [Token]) -> Value? {
        guard let last = tokens.last else { return nil }
        switch last.kind {
        // A text's methods; what is in it does not matter.
        case .string, .fstring: return .string("")
        default: break
        }
        var start = tokens.count - 1
        while true {
            guard start >= 0 else { return nil }
            switch tokens[start].kind {
            case .name:
                if start > 0, tokens[start - 1].kind == .op(.dot) {
                    start -= 2
                    continue
                }
                guard let (name, steps) = Self.path(tokens[start...]) else { return nil }
                return value(name, steps)
            case .op(.rightBracket):
                guard start >= 3, tokens[start - 2].kind == .op(.leftBracket) else {
                    return nil
                }
                start -= 3
            default: return nil
            }
        }
    }
}

/// Finds out whether the end of a text is in code, in a string or in a comment.
private struct CompletionScanner {
    enum Place {
        case code, comment
        /// With the offset of its content.
        case string(from: Int)
    }
    private let text: [UInt8]
    var place = Place.code
    /// Where the code before the string begins to be of use: before its prefix and quote.
    var codeEnd: Int
    var quote = UInt8(ascii: "\"")

    init(_ text: [UInt8]) {
        self.text = text
        codeEnd = text.count
    }

    mutating func scan() {
        var i = 0
        while i < text.count {
            let c = text[i]
            if c == UInt8(ascii: "#") {
                while i < text.count, text[i] != 10 { i += 1 }
                if i == text.count { place = .comment }
            } else if c == UInt8(ascii: "\"") || c == UInt8(ascii: "'") {
                let triple = i + 2 < text.count && text[i + 1] == c && text[i + 2] == c
                let from = i + (triple ? 3 : 1)
                guard let end = stringEnd(from, c, triple) else {
                    place = .string(from: from)
                    quote = c
                    codeEnd = prefixStart(i)
                    return
                }
                i = end
            } else {
                i += 1
            }
        }
    }

    private func stringEnd(_ from: Int, _ quote: UInt8, _ triple: Bool) -> Int? {
        var i = from
        while i < text.count {
            if text[i] == UInt8(ascii: "\\") {
                i += 2
            } else if text[i] == 10, !triple {
                return i
            } else if text[i] == quote, !triple {
                return i + 1
            } else if text[i] == quote, i + 2 < text.count, text[i + 1] == quote,
                text[i + 2] == quote
            {
                return i + 3
            } else {
                i += 1
            }
        }
        return nil
    }

    private func prefixStart(_ quote: Int) -> Int {
        var start = quote
        while start > 0, isNameByte(text[start - 1]), quote - start < 2 { start -= 1 }
        return isStringPrefix(text[start..<quote]) ? start : quote
    }
}
