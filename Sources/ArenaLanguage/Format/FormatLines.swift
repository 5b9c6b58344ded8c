// A script as the formatter sees it: comments and statements in order, each with its depth, the
// blank lines above it, and its tokens with the comments that hang on them.

import ArenaCore

/// A token of a statement, as it is written.
struct FormatToken {
    let kind: TokenKind
    let text: String
    /// Comments on lines of their own in front of it, inside brackets.
    var comments: [String] = []
    /// The comments behind it on its line.
    var trailing: [String] = []
    /// A backslash joined its line to the one before.
    var isJoined = false
    var isSpaced = false

    func isOp(_ op: Operator) -> Bool { kind == .op(op) }
    func isKeyword(_ word: Keyword) -> Bool { kind == .keyword(word) }
    var isCloser: Bool {
        isOp(.rightParenthesis) || isOp(.rightBracket) || isOp(.rightBrace)
    }
    var isOpener: Bool { isOp(.leftParenthesis) || isOp(.leftBracket) || isOp(.leftBrace) }
}

/// A comment or a statement.
struct FormatElement {
    enum Content {
        case comment(String)
        /// With the place of the colon behind which a block stands on the same line.
        case statement([FormatToken], blockColon: Int?)
    }
    var depth: Int
    var blanks: Int
    var content: Content
}

struct FormatLines {
    private(set) var elements: [FormatElement] = []
    private let file: SourceFile
    /// The columns of the blocks that are open.
    private var columns: [Int] = [0]
    private var columnsOfLast: [Int] = [0]
    private var lastDepth = 0
    private var lastLine = 0
    private var opensBlock = false

    init(_ file: SourceFile) {
        self.file = file
        var lexer = Lexer(file)
        lexer.keepsComments = true
        let tokens = lexer.scan()
        var comments = lexer.comments[...]
        var line: [FormatToken] = []
        var firstOffset = 0
        var lastEnd = 0
        var brackets = 0
        for token in tokens {
            let start = Int(token.range.start)
            if token.kind == .indent {
                columns.append(column(of: Int(token.range.end)))
                continue
            }
            if token.kind == .dedent {
                if columns.count > 1 { columns.removeLast() }
                continue
            }
            var own: [String] = []
            while let comment = comments.first, comment.start < token.range.start {
                comments.removeFirst()
                let text = tidyComment(file.text(comment))
                if line.isEmpty {
                    addComment(text, at: Int(comment.start))
                } else if own.isEmpty,
                    file.line(of: Int(comment.start)) == file.line(of: max(0, lastEnd - 1))
                {
                    line[line.count - 1].trailing.append(text)
                } else {
                    own.append(text)
                }
            }
            if token.kind == .newline || token.kind == .end {
                // A comment below a backslash stands on a line of its own and yet in the statement.
                if let last = line.indices.last { line[last].trailing += own }
                if !line.isEmpty { addStatement(line, from: firstOffset, to: lastEnd) }
                line = []
                continue
            }
            var made = FormatToken(kind: token.kind, text: sourceText(file, token), comments: own)
            if line.isEmpty {
                firstOffset = start
            } else if brackets == 0 {
                // The bracket of a call or an index stands with what it is of.
                let goesOn = made.isOpener && (line.last.map { endsOperand($0.kind) } ?? false)
                made.isJoined =
                    !goesOn
                    && file.bytes[lastEnd..<max(lastEnd, start)].contains(UInt8(ascii: "\\"))
            }
            if made.isOpener { brackets += 1 }
            if made.isCloser { brackets -= 1 }
            lastEnd = Int(token.range.end)
            line.append(made)
        }
    }

    private func column(of offset: Int) -> Int {
        var width = 0
        for byte in file.bytes[file.lineRange(file.line(of: offset)).lowerBound..<offset] {
            width = byte == 9 ? (width / 8 + 1) * 8 : width + 1
        }
        return width
    }

    private func blanks(above line: Int) -> Int {
        // A block starts right below its header.
        lastLine == 0 || opensBlock ? 0 : max(0, line - lastLine - 1)
    }

    /// A comment belongs to the block it is aligned with, of those that end or begin around it.
    private mutating func addComment(_ text: String, at offset: Int) {
        let line = file.line(of: offset)
        let next = columns.count - 1
        var depth = next
        if next < lastDepth {
            let at = column(of: offset)
            let aligned = columnsOfLast.dropFirst().filter { $0 <= at }.count
            depth = min(max(aligned, next), lastDepth)
            lastDepth = depth
        }
        elements.append(
            FormatElement(depth: depth, blanks: blanks(above: line), content: .comment(text)))
        lastLine = line
        opensBlock = false
    }

    private mutating func addStatement(_ tokens: [FormatToken], from start: Int, to end: Int) {
        var tokens = tokens
        setSpaces(&tokens)
        let depth = columns.count - 1
        let blanks = blanks(above: file.line(of: start))
        let colon = blockColon(tokens)
        opensBlock = colon == tokens.count - 1
        if let colon, colon < tokens.count - 1 {
            elements.append(
                FormatElement(
                    depth: depth, blanks: blanks, content: .statement(tokens, blockColon: colon)))
        } else {
            for (i, part) in splitStatements(tokens).enumerated() {
                elements.append(
                    FormatElement(
                        depth: depth, blanks: i == 0 ? blanks : 0,
                        content: .statement(part, blockColon: nil)))
            }
        }
        lastDepth = depth
        columnsOfLast = columns
        lastLine = file.line(of: max(start, end - 1))
    }
}

/// Statements that semicolons put on one line.
func splitStatements(_ tokens: [FormatToken]) -> [[FormatToken]] {
    var parts: [[FormatToken]] = [[]]
    var brackets = 0
    for token in tokens {
        if token.isOpener { brackets += 1 }
        if token.isCloser { brackets -= 1 }
        guard brackets == 0, token.isOp(.semicolon) else {
            parts[parts.count - 1].append(token)
            continue
        }
        if let last = parts[parts.count - 1].indices.last {
            parts[parts.count - 1][last].trailing += token.trailing
        }
        parts.append([])
    }
    return parts.filter { !$0.isEmpty }
}

/// The place of the colon that ends a compound statement's header.
private func blockColon(_ tokens: [FormatToken]) -> Int? {
    guard let first = tokens.first, opensBlock(first.kind) else { return nil }
    var brackets = 0
    var lambdas = 0
    for (i, token) in tokens.enumerated() {
        if token.isOpener { brackets += 1 }
        if token.isCloser { brackets -= 1 }
        guard brackets == 0 else { continue }
        if token.isKeyword(.lambda) { lambdas += 1 }
        if token.isOp(.colon) {
            if lambdas == 0 { return i }
            lambdas -= 1
        }
    }
    return nil
}

/// Whether a statement that begins like this ends its header with a colon.
func opensBlock(_ kind: TokenKind) -> Bool {
    guard case .keyword(let word) = kind else { return false }
    switch word {
    case .if, .elif, .else, .for, .while, .def, .try, .except, .finally, .with, .class, .async:
        return true
    default: return false
    }
}

/// Whether an operator behind this token has an operand on its left.
func endsOperand(_ kind: TokenKind) -> Bool {
    switch kind {
    case .name, .integer, .float, .string, .bytes, .fstring: return true
    case .keyword(.yes), .keyword(.no), .keyword(.none): return true
    case .op(.rightParenthesis), .op(.rightBracket), .op(.rightBrace): return true
    default: return false
    }
}

/// A token's text with one kind of line end.
func sourceText(_ file: SourceFile, _ token: Token) -> String {
    let bytes = file.bytes[Int(token.range.start)..<Int(token.range.end)]
    guard bytes.contains(13) else { return String(decoding: bytes, as: UTF8.self) }
    var kept: [UInt8] = []
    kept.reserveCapacity(bytes.count)
    for (i, byte) in zip(bytes.indices, bytes)
    where byte != 13 || i + 1 >= bytes.endIndex || bytes[i + 1] != 10 { kept.append(byte) }
    return String(decoding: kept, as: UTF8.self)
}

/// `#text  ` as `# text`; marks such as `#!` stay as they are.
func tidyComment(_ text: String) -> String {
    var body = Array(text.utf8)
    while let last = body.last, last == 32 || last == 9 || last == 13 || last == 12 {
        body.removeLast()
    }
    if body.count > 1, !" \t!#:".utf8.contains(body[1]) { body.insert(32, at: 1) }
    return String(decoding: body, as: UTF8.self)
}
