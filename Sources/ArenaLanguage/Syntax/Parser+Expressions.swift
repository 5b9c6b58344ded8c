// Expressions, by precedence climbing: conditional, or, and, not, comparison, | ^ & shifts, sums,
// products, unary, power, postfix, atoms.

import ArenaCore

extension Parser {
    /// One expression without commas outside brackets.
    mutating func parseExpression() throws(Stop) -> Expression {
        try enter()
        defer { depth -= 1 }
        if at(.lambda) { return try parseLambda() }
        let value = try parseOr()
        guard at(.if) else { return try bound(value) }
        advance()
        let test = try parseOr()
        guard take(.else) else {
            throw stop(
                "a conditional expression needs an 'else'", token.range, help: "x if test else y")
        }
        let otherwise = try parseExpression()
        return try bound(
            Expression(
                range: value.range.to(otherwise.range),
                node: .conditional(test: test, then: value, otherwise: otherwise)))
    }

    /// Expressions with commas between them make a tuple.
    mutating func parseExpressionList() throws(Stop) -> Expression {
        let first = try parseStarredOrExpression()
        guard at(.comma) else {
            if case .starred = first.node {
                throw stop("'*' unpacks inside a list, a tuple or a call", first.range)
            }
            return first
        }
        var items = [first]
        while take(.comma) {
            if atStatementEnd || at(.assign) || at(.colon) || at(.rightParenthesis) { break }
            items.append(try parseStarredOrExpression())
        }
        return Expression(range: first.range.to(previousRange), node: .tuple(items))
    }

    private mutating func parseStarredOrExpression() throws(Stop) -> Expression {
        let start = token.range
        guard take(.star) else { return try parseExpression() }
        let value = try parseOr()
        return Expression(range: start.to(value.range), node: .starred(value))
    }

    mutating func parseOr() throws(Stop) -> Expression {
        var left = try parseAnd()
        while take(.or) {
            let right = try parseAnd()
            left = try bound(
                Expression(
                    range: left.range.to(right.range), node: .logical(isAnd: false, left, right)))
        }
        return left
    }

    /// Refuses a tree so deep that later stages could not descend it.
    private mutating func bound(_ value: Expression) throws(Stop) -> Expression {
        if value.depth > Self.treeLimit {
            throw stop(
                "this expression is nested more than \(Self.treeLimit) operators deep", token.range,
                help: "sum([...]) or \"\".join([...]) takes any number")
        }
        return value
    }

    private mutating func parseAnd() throws(Stop) -> Expression {
        var left = try parseNot()
        while take(.and) {
            let right = try parseNot()
            left = try bound(
                Expression(
                    range: left.range.to(right.range), node: .logical(isAnd: true, left, right)))
        }
        return left
    }

    private mutating func parseNot() throws(Stop) -> Expression {
        guard at(.not) else { return try parseComparison() }
        let start = advance().range
        try enter()
        defer { depth -= 1 }
        let value = try parseNot()
        return Expression(range: start.to(value.range), node: .unary(.not, value))
    }

    private mutating func parseComparison() throws(Stop) -> Expression {
        let first = try parseBinary(0)
        var rest: [(CompareOperator, Expression)] = []
        while let op = takeComparison() {
            rest.append((op, try parseBinary(0)))
        }
        guard let last = rest.last else { return first }
        return Expression(range: first.range.to(last.1.range), node: .compare(first, rest))
    }

    private mutating func takeComparison() -> CompareOperator? {
        switch token.kind {
        case .op(.equal): advance(); return .equal
        case .op(.notEqual): advance(); return .notEqual
        case .op(.less): advance(); return .less
        case .op(.lessEqual): advance(); return .lessEqual
        case .op(.greater): advance(); return .greater
        case .op(.greaterEqual): advance(); return .greaterEqual
        case .keyword(.in): advance(); return .contains
        case .keyword(.is):
            advance()
            return take(.not) ? .notSame : .same
        case .keyword(.not):
            guard position + 1 < tokens.count, tokens[position + 1].kind == .keyword(.in) else {
                return nil
            }
            advance()
            advance()
            return .notContains
        default: return nil
        }
    }

    /// A binary operator and how tightly it binds, from 1.
    @inline(__always)
    private static func binary(_ op: Operator) -> (level: Int, op: BinaryOperator)? {
        switch op {
        case .pipe: return (1, .or)
        case .caret: return (2, .xor)
        case .ampersand: return (3, .and)
        case .shiftLeft: return (4, .shiftLeft)
        case .shiftRight: return (4, .shiftRight)
        case .plus: return (5, .add)
        case .minus: return (5, .subtract)
        case .star: return (6, .multiply)
        case .slash: return (6, .divide)
        case .doubleSlash: return (6, .floorDivide)
        case .percent: return (6, .modulo)
        case .at: return (6, .matrixMultiply)
        default: return nil
        }
    }

    /// Operands joined by operators that bind more tightly than `level`.
    private mutating func parseBinary(_ level: Int) throws(Stop) -> Expression {
        var left = try parseUnary()
        while case .op(let op) = tokens[position].kind, let binary = Self.binary(op),
            binary.level > level
        {
            advance()
            let right = try parseBinary(binary.level)
            left = try bound(
                Expression(
                    range: left.range.to(right.range), node: .binary(binary.op, left, right)))
        }
        return left
    }

    private mutating func parseUnary() throws(Stop) -> Expression {
        let op: UnaryOperator
        switch token.kind {
        case .op(.minus): op = .negate
        case .op(.plus): op = .plus
        case .op(.tilde): op = .invert
        default: return try parsePower()
        }
        let start = advance().range
        try enter()
        defer { depth -= 1 }
        let value = try parseUnary()
        let range = start.to(value.range)
        switch (op, value.node) {
        case (.negate, .integer(let n)): return Expression(range: range, node: .integer(0 &- n))
        case (.negate, .largeInteger(let n)):
            let negated = n.negated
            return Expression(
                range: range, node: negated.small.map { .integer($0) } ?? .largeInteger(negated))
        case (.negate, .float(let x)): return Expression(range: range, node: .float(-x))
        default: return Expression(range: range, node: .unary(op, value))
        }
    }

    private mutating func parsePower() throws(Stop) -> Expression {
        let base = try parsePostfix()
        guard take(.doubleStar) else { return base }
        try enter()
        defer { depth -= 1 }
        let exponent = try parseUnary()
        return Expression(
            range: base.range.to(exponent.range), node: .binary(.power, base, exponent))
    }

    // MARK: - Postfix

    mutating func parsePostfix() throws(Stop) -> Expression {
        var value = try parseAtom()
        while case .op(let op) = token.kind {
            switch op {
            case .dot:
                advance()
                guard case .name(let name) = token.kind else {
                    throw stop("expected a name after '.', found \(describe(token))", token.range)
                }
                let nameRange = advance().range
                value = Expression(
                    range: value.range.to(nameRange), node: .attribute(value, name, nameRange))
            case .leftParenthesis:
                advance()
                let arguments = try parseArguments()
                try expect(.rightParenthesis, "after the arguments")
                value = Expression(
                    range: value.range.to(previousRange), node: .call(value, arguments))
            case .leftBracket:
                advance()
                value = try parseSubscript(of: value)
            default: return value
            }
            value = try bound(value)
        }
        return value
    }

    private mutating func parseSubscript(of value: Expression) throws(Stop) -> Expression {
        var parts: [Expression?] = [nil]
        var isSlice = false
        if !at(.colon) {
            if at(.rightBracket) {
                throw stop("the index is missing", value.range.to(token.range))
            }
            parts[0] = try parseExpressionList()
        }
        while at(.colon), parts.count < 3 {
            advance()
            isSlice = true
            parts.append(at(.colon) || at(.rightBracket) ? nil : try parseExpression())
        }
        if at(.comma), isSlice {
            throw stop(
                "one slice at a time", token.range,
                help: "take rows first: df.head(10), then columns: df[[\"a\", \"b\"]]")
        }
        try expect(.rightBracket, "after the index")
        let range = value.range.to(previousRange)
        if !isSlice, let index = parts[0] {
            return Expression(range: range, node: .index(value, index))
        }
        return Expression(
            range: range,
            node: .slice(
                value, parts[0], parts.count > 1 ? parts[1] : nil, parts.count > 2 ? parts[2] : nil)
        )
    }

    private mutating func parseArguments() throws(Stop) -> [Argument] {
        var arguments: [Argument] = []
        var seen: Set<String> = []
        while !at(.rightParenthesis) {
            let start = token.range
            if take(.doubleStar) {
                let value = try parseExpression()
                arguments.append(
                    Argument(kind: .doubleStar, value: value, range: start.to(value.range)))
            } else if take(.star) {
                let value = try parseExpression()
                arguments.append(Argument(kind: .star, value: value, range: start.to(value.range)))
            } else if case .name(let name) = token.kind, position + 1 < tokens.count,
                tokens[position + 1].kind == .op(.assign)
            {
                advance()
                advance()
                if !seen.insert(name).inserted {
                    fault("the argument '\(name)' is given twice", start)
                }
                let value = try parseExpression()
                arguments.append(
                    Argument(kind: .keyword(name), value: value, range: start.to(value.range)))
            } else {
                var value = try parseExpression()
                if at(.for) {
                    value = try parseComprehension(.generator, key: nil, value: value, from: start)
                }
                if let last = arguments.last {
                    if case .keyword = last.kind {
                        fault("a positional argument stands after a named one", value.range)
                    } else if case .doubleStar = last.kind {
                        fault("a positional argument stands after '**'", value.range)
                    }
                }
                arguments.append(Argument(kind: .positional, value: value, range: value.range))
            }
            guard take(.comma) else { break }
        }
        if arguments.count > 200 {
            throw stop(
                "a call takes at most 200 arguments", token.range, help: "pass a list: f(*items)")
        }
        return arguments
    }

    // MARK: - Functions

    mutating func parseParameters(
        until close: Operator, annotations: Bool
    ) throws(Stop) -> [Parameter] {
        var parameters: [Parameter] = []
        var seen: Set<String> = []
        var afterStar = false
        var afterDoubleStar = false
        while !at(close) {
            let start = token.range
            var kind = afterStar ? Parameter.Kind.keywordOnly : .ordinary
            if take(.doubleStar) {
                kind = .doubleStar
            } else if take(.star) {
                if afterStar { fault("only one '*' may stand among the parameters", start) }
                afterStar = true
                if at(.comma) { advance(); continue }
                kind = .star
            } else if at(.slash) {
                throw stop("'/' among parameters is not part of ArenaScript", start)
            }
            guard case .name(let name) = token.kind else {
                throw stop("expected a parameter's name, found \(describe(token))", token.range)
            }
            advance()
            if afterDoubleStar { fault("a parameter stands after '**'", start) }
            if kind == .doubleStar { afterDoubleStar = true }
            if !seen.insert(name).inserted {
                fault("the parameter '\(name)' is named twice", start)
            }
            if annotations, take(.colon) { _ = try parseExpression() }
            var value: Expression?
            if kind == .ordinary || kind == .keywordOnly, take(.assign) {
                value = try parseExpression()
            }
            if value == nil, kind == .ordinary,
                parameters.contains(where: { $0.kind == .ordinary && $0.defaultValue != nil })
            {
                fault("'\(name)' needs a default, as a parameter before it has one", start)
            }
            parameters.append(
                Parameter(
                    name: name, kind: kind, defaultValue: value, range: start.to(previousRange)))
            guard take(.comma) else { break }
        }
        return parameters
    }

    private mutating func parseLambda() throws(Stop) -> Expression {
        let start = advance().range
        let parameters = try parseParameters(until: .colon, annotations: false)
        try expect(.colon, "after the parameters of 'lambda'")
        let body = try parseExpression()
        let range = start.to(body.range)
        let function = FunctionNode(
            name: "lambda", range: range, parameters: parameters,
            body: [Statement(range: body.range, node: .returnValue(body))], target: nil)
        return Expression(range: range, node: .lambda(function))
    }

    // MARK: - Atoms

    private mutating func parseAtom() throws(Stop) -> Expression {
        let t = token
        func made(_ node: Expression.Node) -> Expression { Expression(range: t.range, node: node) }
        switch t.kind {
        case .name(let name):
            advance()
            return made(.name(NameNode(name, t.range)))
        case .integer(let n):
            advance()
            return made(.integer(n))
        case .largeInteger(let n):
            advance()
            return made(.largeInteger(n))
        case .float(let x):
            advance()
            return made(.float(x))
        case .string, .fstring: return try parseStrings()
        case .bytes(var value):
            advance()
            while case .bytes(let more) = token.kind {
                advance()
                value += more
            }
            return Expression(range: t.range.to(previousRange), node: .bytes(value))
        case .keyword(.yes):
            advance()
            return made(.bool(true))
        case .keyword(.no):
            advance()
            return made(.bool(false))
        case .keyword(.none):
            advance()
            return made(.none)
        case .keyword(.lambda): return try parseLambda()
        case .op(.leftParenthesis): return try parseParenthesised()
        case .op(.leftBracket): return try parseListDisplay()
        case .op(.leftBrace): return try parseBraces()
        case .op(.star), .op(.doubleStar):
            throw stop(
                "'\(file.text(t.range))' unpacks inside a list, a tuple, a dict or a call", t.range)
        case .newline, .end:
            var help: String?
            if t.kind == .newline, position > 0, case .op(let op) = tokens[position - 1].kind,
                op != .assign
            {
                help = "to go on in the next line, put the whole in parentheses"
            }
            throw stop("expected an expression, found \(describe(t))", t.range, help: help)
        default:
            var help: String?
            if case .keyword(let k) = t.kind {
                switch k {
                case .class, .async, .await, .yield: throw notPartOfTheLanguage(k)
                case .return where position > 1 && tokens[position - 1].kind == .op(.colon):
                    help = "a lambda gives its expression's value by itself: delete 'return'"
                default: help = "'\(k.rawValue)' cannot be used as a name"
                }
            }
            throw stop("expected an expression, found \(describe(t))", t.range, help: help)
        }
    }

    /// Adjacent literals are one string.
    private mutating func parseStrings() throws(Stop) -> Expression {
        let start = token.range
        var pieces: [FormatPiece] = []
        var formatted = false
        func add(_ text: [UInt8]) {
            if case .text(let before)? = pieces.last {
                pieces[pieces.count - 1] = .text(before + text)
            } else {
                pieces.append(.text(text))
            }
        }
        while true {
            if case .string(let text) = token.kind {
                add(text)
            } else if case .fstring(let parts) = token.kind {
                formatted = true
                for piece in try formatPieces(parts, depth: 0) {
                    if case .text(let text) = piece { add(text) } else { pieces.append(piece) }
                }
            } else {
                break
            }
            advance()
        }
        let range = start.to(previousRange)
        if formatted { return Expression(range: range, node: .fstring(pieces)) }
        guard case .text(let text)? = pieces.first else {
            return Expression(range: range, node: .string([]))
        }
        return Expression(range: range, node: .string(text))
    }

    private mutating func formatPieces(
        _ parts: [FStringPiece], depth level: Int
    ) throws(Stop) -> [FormatPiece] {
        var pieces: [FormatPiece] = []
        for part in parts {
            switch part {
            case .text(let text): pieces.append(.text(text))
            case .field(let field):
                if let text = field.selfDocumenting { pieces.append(.text(text)) }
                let value = try parseField(field.expression)
                let spec = try formatPieces(field.spec, depth: level + 1)
                let conversion =
                    field.conversion
                    ?? (field.selfDocumenting != nil && spec.isEmpty ? UInt8(ascii: "r") : nil)
                pieces.append(.field(value, conversion: conversion, spec: spec))
            }
        }
        return pieces
    }

    /// Parses the source of a replacement field with a parser over its tokens.
    private mutating func parseField(_ range: TextRange) throws(Stop) -> Expression {
        // The lexer has said that it is empty.
        if file.text(range).allSatisfy({ $0 == " " }) { throw Stop() }
        var lexer = Lexer(file, field: range)
        let saved = (tokens, position)
        tokens = lexer.scanField()
        position = 0
        defer { (tokens, position) = saved }
        faults += lexer.faults
        if !lexer.faults.isEmpty { throw Stop() }
        let value = try parseExpressionList()
        if token.kind != .end {
            throw stop("unexpected \(describe(token)) in the f-string's field", token.range)
        }
        return value
    }

    private mutating func parseParenthesised() throws(Stop) -> Expression {
        let start = advance().range
        if take(.rightParenthesis) {
            return Expression(range: start.to(previousRange), node: .tuple([]))
        }
        try enter()
        defer { depth -= 1 }
        let first = try parseStarredOrExpression()
        if at(.for) {
            let value = try parseComprehension(.generator, key: nil, value: first, from: start)
            try expect(.rightParenthesis, "after the generator")
            return value
        }
        guard at(.comma) else {
            if case .starred = first.node {
                throw stop("'*' unpacks inside a tuple: (*x,)", first.range)
            }
            if at(.walrus) {
                throw stop("':=' is not part of ArenaScript", token.range)
            }
            try expect(.rightParenthesis, "to close the bracket")
            return Expression(range: start.to(previousRange), node: first.node)
        }
        var items = [first]
        while take(.comma) {
            if at(.rightParenthesis) { break }
            items.append(try parseStarredOrExpression())
        }
        try expect(.rightParenthesis, "to close the tuple")
        return Expression(range: start.to(previousRange), node: .tuple(items))
    }

    private mutating func parseListDisplay() throws(Stop) -> Expression {
        let start = advance().range
        try enter()
        defer { depth -= 1 }
        var items: [Expression] = []
        while !at(.rightBracket) {
            let item = try parseStarredOrExpression()
            if items.isEmpty, at(.for) {
                let value = try parseComprehension(.list, key: nil, value: item, from: start)
                try expect(.rightBracket, "after the comprehension")
                return Expression(range: start.to(previousRange), node: value.node)
            }
            items.append(item)
            guard take(.comma) else { break }
        }
        try expect(.rightBracket, "to close the list")
        return Expression(range: start.to(previousRange), node: .list(items))
    }

    private mutating func parseBraces() throws(Stop) -> Expression {
        let start = advance().range
        try enter()
        defer { depth -= 1 }
        var items: [DictItem] = []
        var elements: [Expression] = []
        while !at(.rightBrace) {
            if take(.doubleStar) {
                items.append(DictItem(key: nil, value: try parseOr()))
            } else {
                let first = try parseStarredOrExpression()
                if take(.colon) {
                    let value = try parseExpression()
                    if items.isEmpty, elements.isEmpty, at(.for) {
                        let made = try parseComprehension(
                            .dict, key: first, value: value, from: start)
                        try expect(.rightBrace, "after the comprehension")
                        return Expression(range: start.to(previousRange), node: made.node)
                    }
                    items.append(DictItem(key: first, value: value))
                } else {
                    if items.isEmpty, elements.isEmpty, at(.for) {
                        let made = try parseComprehension(.set, key: nil, value: first, from: start)
                        try expect(.rightBrace, "after the comprehension")
                        return Expression(range: start.to(previousRange), node: made.node)
                    }
                    elements.append(first)
                }
            }
            if !items.isEmpty, let element = elements.first {
                throw stop("expected ':' and a value after this key", element.range)
            }
            guard take(.comma) else { break }
        }
        try expect(.rightBrace, "to close the braces")
        let range = start.to(previousRange)
        return Expression(range: range, node: elements.isEmpty ? .dict(items) : .set(elements))
    }

    private mutating func parseComprehension(
        _ kind: ComprehensionNode.Kind, key: Expression?, value: Expression, from start: TextRange
    ) throws(Stop) -> Expression {
        if case .starred = value.node {
            throw stop("'*' cannot stand in a comprehension", value.range)
        }
        var clauses: [ComprehensionNode.Clause] = []
        while true {
            if take(.for) {
                let target = try parseTargetList()
                guard take(.in) else {
                    throw stop(
                        "expected 'in' after the variable, found \(describe(token))", token.range)
                }
                clauses.append(.loop(target: target, iterable: try parseOr()))
                if clauses.count > 50 {
                    throw stop("a comprehension has at most 50 clauses", previousRange)
                }
            } else if take(.if) {
                clauses.append(.test(try parseConditionOfComprehension()))
                if clauses.count > 50 {
                    throw stop("a comprehension has at most 50 clauses", previousRange)
                }
            } else {
                break
            }
        }
        let node = ComprehensionNode(kind: kind, key: key, value: value, clauses: clauses)
        return Expression(range: start.to(previousRange), node: .comprehension(node))
    }

    private mutating func parseConditionOfComprehension() throws(Stop) -> Expression {
        at(.lambda) ? try parseLambda() : try parseOr()
    }
}
