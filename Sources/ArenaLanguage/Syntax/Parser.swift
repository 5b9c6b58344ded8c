// Tokens to a syntax tree: statements here, expressions in Parser+Expressions.swift. After a fault
// the parser skips to the next statement, so that one run reports several.

import ArenaCore

struct Parser {
    let file: SourceFile
    var tokens: [Token]
    /// The names that the tokens number.
    let names: NamePool
    var position = 0
    var faults: [Diagnostic] = []
    /// Nesting of expressions and blocks, bounded so that no input exhausts the stack.
    var depth = 0
    static let depthLimit = 200
    /// The deepest expression tree; a chain of operators counts one level an operator.
    static let treeLimit: Int32 = 1200

    /// Where the lexer has found faults.
    private var lexerPlaces: [UInt32] = []

    /// Signals that a fault was recorded and the statement cannot go on.
    struct Stop: Error {}

    init(_ file: SourceFile) {
        self.file = file
        var lexer = Lexer(file)
        tokens = lexer.scan()
        names = lexer.names
        faults = lexer.faults
        lexerPlaces = faults.compactMap { $0.labels.first?.range.start }
    }

    /// Parses a whole file.
    mutating func parse() -> [Statement] {
        var statements: [Statement] = []
        while tag != .end {
            if tag == .newline || tag == .dedent {
                advance()
            } else if tag == .indent {
                fault("this line is indented, but nothing above it opens a block", token.range)
                advance()
            } else {
                parseLine(into: &statements)
            }
        }
        return statements
    }

    // MARK: - Tokens

    @inline(__always) var token: Token { tokens[position] }
    @inline(__always) var tag: TokenTag { tokens[position].tag }
    @inline(__always) var previousRange: TextRange {
        position > 0 ? tokens[position - 1].range : .none
    }

    @inline(__always) @discardableResult
    mutating func advance() -> Token {
        let at = position
        if position + 1 < tokens.count { position += 1 }
        return tokens[at]
    }

    @inline(__always) func at(_ op: Operator) -> Bool {
        if case .op(let found) = tokens[position].tag { return found == op }
        return false
    }
    @inline(__always) func at(_ keyword: Keyword) -> Bool {
        if case .keyword(let found) = tokens[position].tag { return found == keyword }
        return false
    }
    /// A word that is a keyword in this place only.
    func at(name: String) -> Bool {
        guard tag == .name, case .name(let found) = token.kind else { return false }
        return found == name
    }

    mutating func take(_ op: Operator) -> Bool {
        guard at(op) else { return false }
        advance()
        return true
    }

    mutating func take(_ keyword: Keyword) -> Bool {
        guard at(keyword) else { return false }
        advance()
        return true
    }

    mutating func expect(_ op: Operator, _ after: String) throws(Stop) {
        if take(op) { return }
        var help: String?
        if op == .colon, at(.assign) { help = "comparison is '=='; a block starts with ':'" }
        switch (op, token.kind) {
        case (.rightParenthesis, .name), (.rightBracket, .name), (.rightBrace, .name),
            (.rightParenthesis, .string), (.rightBracket, .string), (.rightBrace, .string),
            (.rightParenthesis, .integer), (.rightBracket, .integer), (.rightBrace, .integer):
            help = "a comma or an operator is missing before it"
        default: break
        }
        throw stop(
            "expected '\(op.rawValue)' \(after), found \(describe(token))", token.range, help: help)
    }

    mutating func fault(
        _ title: String, _ range: TextRange, label: String = "", help: String? = nil
    ) {
        if isToldByLexer { return }
        faults.append(Diagnostic(.syntax, title, in: file, at: range, label: label, help: help))
    }

    /// Whether the lexer has found a fault in this logical line: what the parser would say of it
    /// follows from that.
    private var isToldByLexer: Bool {
        // In a field of an f-string the tokens are the field's alone.
        guard !lexerPlaces.isEmpty, let last = tokens.last, Int(last.range.end) == file.bytes.count
        else { return false }
        var first = position
        while first > 0, tokens[first - 1].tag != .newline { first -= 1 }
        var end = position
        while end < tokens.count - 1, tokens[end].tag != .newline { end += 1 }
        let start = first > 0 ? tokens[first - 1].range.end : 0
        return lexerPlaces.contains { start <= $0 && $0 <= tokens[end].range.end }
    }

    mutating func stop(
        _ title: String, _ range: TextRange, label: String = "", help: String? = nil
    ) -> Stop {
        fault(title, range, label: label, help: help)
        return Stop()
    }

    mutating func enter() throws(Stop) {
        depth += 1
        if depth > Self.depthLimit {
            throw stop("this is nested more than \(Self.depthLimit) deep", token.range)
        }
    }

    func describe(_ token: Token) -> String {
        switch token.kind {
        case .newline: return "the end of the line"
        case .end:
            // The tokens of an f-string's field end before the file does.
            return Int(token.range.end) < file.bytes.count
                ? "the end of the field" : "the end of the script"
        case .indent: return "an indented line"
        case .dedent: return "the end of the block"
        case .keyword(let k): return "the word '\(k.rawValue)'"
        default:
            let text = file.text(token.range)
            return text.count > 30 ? "'\(text.prefix(27))...'" : "'\(text)'"
        }
    }

    // MARK: - Statements

    /// One logical line (or compound statement); faults end it and are recorded.
    mutating func parseLine(into statements: inout [Statement]) {
        let start = position
        let depthBefore = depth
        let told = faults.count
        do throws(Stop) {
            if let compound = try parseCompound() {
                statements.append(compound)
                return
            }
            repeat {
                if tag == .newline { break }
                try parseSimple(into: &statements)
            } while take(.semicolon)
            guard tag == .newline || tag == .end else {
                throw unexpectedAfterStatement()
            }
            advance()
        } catch {
            depth = depthBefore
            if faults.count > told { explain(from: start) }
            skipStatement(from: start)
        }
    }

    private mutating func unexpectedAfterStatement() -> Stop {
        var help: String?
        if case .name = token.kind, position > 0, case .name(let before) = tokens[position - 1].kind
        {
            switch before {
            default: help = "an operator, a comma or a new line is missing between them"
            }
        }
        switch token.kind {
        case .string, .fstring, .integer, .float:
            help = "an operator, a comma or a new line is missing before it"
        default: break
        }
        if at(.assign) { help = "only names, x[i] and lists of them can be assigned to" }
        return stop(
            "expected the end of the statement, found \(describe(token))", token.range, help: help)
    }

    /// Skips to the line after the statement that began at `start`, over its block if it has one.
    private mutating func skipStatement(from start: Int) {
        if position == start { advance() }
        while tag != .end {
            if tag == .newline {
                advance()
                if tag == .indent { skipBlock() }
                return
            }
            if tag == .dedent { return }
            advance()
        }
    }

    private mutating func skipBlock() {
        var open = 0
        repeat {
            if tag == .indent { open += 1 }
            if tag == .dedent { open -= 1 }
            advance()
        } while open > 0 && tag != .end
    }

    private mutating func parseCompound() throws(Stop) -> Statement? {
        let start = token.range
        guard case .keyword(let keyword) = tag else {
            if at(.at) {
                throw decorator(start)
            }
            return nil
        }
        switch keyword {
        case .if: return try parseIf()
        case .for: return try parseFor()
        case .while:
            advance()
            let test = try parseExpression()
            let body = try parseBlock("after the condition of 'while'")
            let otherwise = try parseElse()
            return Statement(
                range: start.to(previousRange),
                node: .whileLoop(test: test, body: body, otherwise: otherwise))
        case .def: return try parseDef()
        case .try: return try parseTry()
        case .with: return try parseWith()
        case .class, .async, .await, .yield: throw notPartOfTheLanguage(keyword)
        case .except, .finally:
            throw stop("'\(keyword.rawValue)' belongs to no 'try' above it", start)
        case .else, .elif:
            throw stop("'\(keyword.rawValue)' belongs to no 'if' above it", start)
        default: return nil
        }
    }

    private mutating func parseIf() throws(Stop) -> Statement {
        let start = token.range
        var branches: [(test: Expression, body: [Statement])] = []
        repeat {
            let word = advance().range
            if at(.colon) { throw stop("the condition is missing", word) }
            let test = try parseExpression()
            branches.append((test, try parseBlock("after the condition")))
        } while at(.elif)
        let otherwise = try parseElse()
        return Statement(
            range: start.to(previousRange), node: .conditional(branches, otherwise: otherwise))
    }

    mutating func parseElse() throws(Stop) -> [Statement] {
        guard take(.else) else { return [] }
        return try parseBlock("after 'else'")
    }

    private mutating func parseFor() throws(Stop) -> Statement {
        let start = advance().range
        let target = try parseTargetList()
        guard take(.in) else {
            throw stop(
                "expected 'in' after the loop's variable, found \(describe(token))", token.range)
        }
        let iterable = try parseExpressionList()
        let body = try parseBlock("after the loop's header")
        let otherwise = try parseElse()
        return Statement(
            range: start.to(previousRange),
            node: .loop(target: target, iterable: iterable, body: body, otherwise: otherwise))
    }

    private mutating func parseDef() throws(Stop) -> Statement {
        let start = advance().range
        guard case .name(let name) = token.kind else {
            throw stop("expected the function's name, found \(describe(token))", token.range)
        }
        let target = NameNode(name, token.name, token.range)
        advance()
        try expect(.leftParenthesis, "after the function's name")
        let parameters = try parseParameters(until: .rightParenthesis, annotations: true)
        try expect(.rightParenthesis, "after the parameters")
        if take(.arrow) { _ = try parseExpression() }
        let header = start.to(previousRange)
        let body = try parseBlock("after the function's header")
        var documentation: [UInt8]?
        if let first = body.first, case .expression(let e) = first.node,
            case .string(let s) = e.node
        {
            documentation = s
        }
        let function = FunctionNode(
            name: name, range: header, parameters: parameters, body: body, target: target,
            documentation: documentation)
        return Statement(range: start.to(previousRange), node: .function(function))
    }

    /// A block: statements on the same line, or indented lines.
    mutating func parseBlock(_ after: String) throws(Stop) -> [Statement] {
        try expect(.colon, after)
        try enter()
        defer { depth -= 1 }
        var body: [Statement] = []
        if tag != .newline {
            repeat {
                if tag == .newline { break }
                try parseSimple(into: &body)
            } while take(.semicolon)
            if tag == .newline {
                advance()
            } else if tag != .end {
                throw unexpectedAfterStatement()
            }
            return body
        }
        advance()
        guard tag == .indent else {
            throw stop(
                "expected an indented block \(after)", token.range,
                help: "indent the lines that belong to it by four spaces, or write 'pass'")
        }
        advance()
        while tag != .dedent, tag != .end {
            if tag == .newline { advance(); continue }
            if tag == .indent {
                fault("this line is indented deeper than its block", token.range)
                advance()
                continue
            }
            parseLine(into: &body)
        }
        if body.isEmpty, faults.isEmpty {
            fault("expected a statement in the block \(after)", token.range, help: "write 'pass'")
        }
        if tag == .dedent { advance() }
        return body
    }

    /// One simple statement; an `import` of several modules is one for each.
    private mutating func parseSimple(into body: inout [Statement]) throws(Stop) {
        if at(.import) {
            body += try parseImport()
        } else {
            body.append(try parseSimple())
        }
    }

    private mutating func parseSimple() throws(Stop) -> Statement {
        let start = token.range
        func made(_ node: Statement.Node, _ end: TextRange) -> Statement {
            Statement(range: start.to(end), node: node)
        }
        if case .keyword(let keyword) = tag {
            switch keyword {
            case .pass: return made(.pass, advance().range)
            case .break: return made(.breakLoop, advance().range)
            case .continue: return made(.continueLoop, advance().range)
            case .return:
                advance()
                let value = atStatementEnd ? nil : try parseExpressionList()
                return made(.returnValue(value), previousRange)
            case .global:
                advance()
                return made(.global(try parseNames(after: "global")), previousRange)
            case .del:
                advance()
                let target = try parseTargetList(isDeleted: true)
                if case .tuple(let items) = target.node {
                    return made(.delete(items), previousRange)
                }
                return made(.delete([target]), previousRange)
            case .assert:
                advance()
                let test = try parseExpression()
                let message = take(.comma) ? try parseExpression() : nil
                return made(.assert(test, message), previousRange)
            case .nonlocal:
                advance()
                return made(.nonlocal(try parseNames(after: "nonlocal")), previousRange)
            case .raise:
                advance()
                let value = atStatementEnd ? nil : try parseExpression()
                let cause = take(.from) ? try parseExpression() : nil
                return made(.raise(value, cause: cause), previousRange)
            case .from: return try parseFrom()
            case .class, .async, .await, .yield: throw notPartOfTheLanguage(keyword)
            default: break
            }
        }
        if let load = try parseLoad() { return load }
        return try parseAssignment(start)
    }

    private mutating func parseNames(after word: String) throws(Stop) -> [NameNode] {
        var names: [NameNode] = []
        repeat {
            guard case .name(let name) = token.kind else {
                throw stop(
                    "expected a name after '\(word)', found \(describe(token))", token.range)
            }
            names.append(NameNode(name, token.name, token.range))
            advance()
        } while take(.comma)
        return names
    }

    var atStatementEnd: Bool {
        tag == .newline || tag == .end || tag == .dedent || at(.semicolon)
    }

    private mutating func parseAssignment(_ start: TextRange) throws(Stop) -> Statement {
        let first = try parseExpressionList()
        if case .op(let op) = tag, let binary = Self.augmented(op) {
            advance()
            try checkTarget(first, augmented: true)
            let value = try parseExpressionList()
            return Statement(
                range: start.to(value.range), node: .augmented(first, binary, value))
        }
        if at(.colon), case .name = first.node {
            // An annotation is read and left aside.
            advance()
            _ = try parseExpression()
            guard at(.assign) else { return Statement(range: start.to(previousRange), node: .pass) }
        }
        guard at(.assign) else {
            if at(.walrus) {
                throw stop(
                    "':=' is not part of ArenaScript", token.range,
                    help: "assign on a line of its own")
            }
            return Statement(range: first.range, node: .expression(first))
        }
        var targets = [first]
        while take(.assign) { targets.append(try parseExpressionList()) }
        guard let value = targets.popLast() else { return Statement(range: start, node: .pass) }
        for target in targets { try checkTarget(target, augmented: false) }
        return Statement(range: start.to(value.range), node: .assign(targets, value))
    }

    private static func augmented(_ op: Operator) -> BinaryOperator? {
        switch op {
        case .plusAssign: return .add
        case .minusAssign: return .subtract
        case .starAssign: return .multiply
        case .slashAssign: return .divide
        case .doubleSlashAssign: return .floorDivide
        case .percentAssign: return .modulo
        case .ampersandAssign: return .and
        case .pipeAssign: return .or
        case .caretAssign: return .xor
        case .shiftLeftAssign: return .shiftLeft
        case .shiftRightAssign: return .shiftRight
        case .doubleStarAssign: return .power
        default: return nil
        }
    }

    /// Refuses what cannot stand left of `=`.
    mutating func checkTarget(
        _ target: Expression, augmented: Bool, isDeleted: Bool = false
    ) throws(Stop) {
        switch target.node {
        case .name, .index: return
        case .slice:
            throw stop(
                "a slice cannot be assigned to", target.range,
                help: "build a new list: x = x[:i] + new + x[j:]")
        case .attribute(_, let name, let range) where isDeleted:
            throw stop(
                "a member cannot be deleted", range,
                help:
                    "of a dict: del x[\"\(name)\"]; of a frame keep the columns that are wanted: df[[...]]"
            )
        case .attribute(_, let name, _):
            throw stop(
                "attributes cannot be assigned to", target.range,
                help: "for a column write df[\"\(name)\"] = ..., or df.assign(\(name)=...)")
        case .tuple(let items), .list(let items):
            if augmented {
                throw stop("a list of names cannot be the target of this", target.range)
            }
            var stars = 0
            for item in items {
                if case .starred(let inner) = item.node {
                    stars += 1
                    if stars > 1 { throw stop("only one starred name may stand here", item.range) }
                    try checkTarget(inner, augmented: false)
                } else {
                    try checkTarget(item, augmented: false, isDeleted: isDeleted)
                }
            }
        case .call:
            throw stop("a call cannot be assigned to", target.range, help: "comparison is '=='")
        case .lambda:
            throw stop(
                "a lambda holds one expression and assigns nothing", target.range,
                help: "write a function: def f(x): ...")
        case .compare, .binary, .logical, .unary:
            throw stop(
                "the result of an operator cannot be assigned to", target.range,
                help: "the name stands left: x = ...; comparison is '=='")
        default:
            throw stop("a value cannot be assigned to", target.range, help: "comparison is '=='")
        }
    }

    /// The variables of a `for` or the operands of `del`: names, items, and lists of them.
    mutating func parseTargetList(isDeleted: Bool = false) throws(Stop) -> Expression {
        let start = token.range
        var items: [Expression] = []
        var isTuple = false
        repeat {
            if at(.in) || atStatementEnd { break }
            let isStar = take(.star)
            var item = try parsePostfix()
            if isStar { item = Expression(range: item.range, node: .starred(item)) }
            items.append(item)
            if at(.comma) { isTuple = true }
        } while take(.comma)
        let range = start.to(previousRange)
        guard let first = items.first else {
            throw stop("expected a name, found \(describe(token))", token.range)
        }
        let target = isTuple ? Expression(range: range, node: .tuple(items)) : first
        try checkTarget(target, augmented: false, isDeleted: isDeleted)
        return target
    }
}
