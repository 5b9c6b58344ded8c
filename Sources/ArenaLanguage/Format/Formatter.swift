// One layout for all scripts: 4 spaces, 100 columns, one item a line where a bracket does not fit.
// It works on tokens and comments, never on the tree, so whatever the language learns it can lay
// out; and it holds its own result against the source before anybody may write it.

import ArenaCore

/// What formatting a script came to.
package enum FormatOutcome: Sendable {
    /// The text, which may be what it was.
    case formatted([UInt8])
    /// The script does not parse.
    case rejected([Diagnostic])
    /// The formatter would have changed what the script says. This is a fault of its own.
    case refused(String)
}

/// Lays out a script.
/// - Complexity: linear in its length, times the depth of its brackets.
package func formatScript(_ file: SourceFile) -> FormatOutcome {
    var parser = Parser(file)
    _ = parser.parse()
    if !parser.faults.isEmpty { return .rejected(Array(parser.faults.prefix(20))) }
    var source = file
    // Commas that the first pass adds can open further brackets: go on until nothing moves.
    for _ in 0..<5 {
        let text = layOut(source)
        if text == source.bytes || (text.isEmpty && source.bytes == [10]) { break }
        source = SourceFile(name: file.name, bytes: text)
    }
    let isEmpty = source.bytes.allSatisfy { $0 == 10 }
    if let difference = difference(file, source) { return .refused(difference) }
    return .formatted(isEmpty ? [] : source.bytes)
}

private func layOut(_ file: SourceFile) -> [UInt8] {
    var emitter = LayoutEmitter()
    for element in FormatLines(file).elements {
        emitter.blankLines(element.blanks, atTop: element.depth == 0)
        switch element.content {
        case .comment(let text): emitter.line([text], depth: element.depth)
        case .statement(let tokens, let blockColon):
            emitter.statement(tokens, blockColon: blockColon, depth: element.depth)
        }
    }
    return emitter.text()
}

// MARK: - Holding the result against the source

/// What the formatted text says otherwise than the source; nil if nothing.
private func difference(_ before: SourceFile, _ after: SourceFile) -> String? {
    var parser = Parser(after)
    _ = parser.parse()
    if let fault = parser.faults.first {
        return "line \(after.line(of: Int(fault.labels.first?.range.start ?? 0))): \(fault.title)"
    }
    let old = Meaning(before)
    let new = Meaning(after)
    for (a, b) in zip(old.words, new.words) where a != b { return "'\(a)' became '\(b)'" }
    if old.words.count != new.words.count { return "the number of words changed" }
    return old.comments == new.comments ? nil : "the comments changed"
}

/// A script's words without its layout: what must be the same before and after.
private struct Meaning {
    var words: [String] = []
    /// In order of text, since a comment may move past a comma.
    var comments: [String]

    init(_ file: SourceFile) {
        var lexer = Lexer(file)
        lexer.keepsComments = true
        let tokens = lexer.scan()
        comments = lexer.comments.map { tidyComment(file.text($0)) }.sorted()
        // Commas of each open bracket; a bracket with a call's or a display's meaning may end in one.
        var commas: [(count: Int, isOptional: Bool)] = []
        var inBlockHeader = false
        var lambdas = 0
        var onOneLine = false
        var atStart = true
        for (i, token) in tokens.enumerated() {
            switch token.kind {
            case .newline:
                if let last = words.last, last != "newline" { words.append("newline") }
                if onOneLine { words.append("dedent") }
                onOneLine = false
                lambdas = 0
                atStart = true
                continue
            case .indent:
                words.append("indent")
                continue
            case .dedent:
                words.append("dedent")
                continue
            case .end: continue
            default: break
            }
            if atStart { inBlockHeader = opensBlock(token.kind) }
            atStart = false
            if token.kind == .keyword(.lambda), commas.isEmpty { lambdas += 1 }
            guard case .op(let op) = token.kind else {
                words.append(sourceText(file, token))
                continue
            }
            switch op {
            case .leftParenthesis, .leftBracket, .leftBrace:
                let follows = i > 0 && endsOperand(tokens[i - 1].kind)
                let optional =
                    op == .leftParenthesis ? follows : op == .leftBracket ? !follows : true
                commas.append((0, optional))
            case .rightParenthesis, .rightBracket, .rightBrace:
                let level = commas.popLast()
                let count = level?.count ?? 0
                if words.last == ",", count > 1 || (level?.isOptional ?? false) {
                    words.removeLast()
                }
            case .comma: if !commas.isEmpty { commas[commas.count - 1].count += 1 }
            case .semicolon where commas.isEmpty:
                if i + 1 < tokens.count, tokens[i + 1].kind != .newline { words.append("newline") }
                continue
            case .colon where commas.isEmpty:
                words.append(":")
                if lambdas > 0 {
                    lambdas -= 1
                } else if inBlockHeader {
                    inBlockHeader = false
                    if i + 1 < tokens.count, tokens[i + 1].kind != .newline {
                        words += ["newline", "indent"]
                        onOneLine = true
                    }
                }
                continue
            default: break
            }
            words.append(op.rawValue)
        }
    }
}
