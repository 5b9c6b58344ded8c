// Expressions, by precedence climbing: conditional, or, and, not, comparison, | ^ & shifts, sums,
// products, unary, power, postfix; functions' parameters. Atoms are in Parser+Atoms.swift.

import ArenaCore

extension Parser {
    /// One expression without commas outside brackets.
    mutating func parseExpression() throws(Stop) -> Expression {
        if let word = parseWordAlone() { return word }
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

    /// An expression of one word, the most common one: it passes by the levels of operators.
    @inline(__always) private mutating func parseWordAlone() -> Expression? {
        guard position + 1 < tokens.count, tokens[position + 1].tag.endsExpression else {
            return nil
        }
        switch tag {
        case .name: return parseName()
        case .number:
            if case .integer(let value) = tokens[position].kind {
                return Expression(word: .integer(value), range: advance().range)
            }
        case .string:
            if case .string(let text) = tokens[position].kind {
                return Expression(word: .string(text), range: advance().range)
            }
        default: break
        }
        return nil
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

    mutating func parseStarredOrExpression() throws(Stop) -> Expression {
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
    mutating func bound(_ value: Expression) throws(Stop) -> Expression {
        if value.depth > Self.treeLimit {
            throw stop(
                "this expression is nested more than \(Self.treeLimit) operators deep", token.range,
                help: "sum([...]) or \"\".join([...]) takes any number")
        }
        return value
    }

    mutating func parseAnd() throws(Stop) -> Expression {
        var left = try parseNot()
        while take(.and) {
            let right = try parseNot()
            left = try bound(
                Expression(
                    range: left.range.to(right.range), node: .logical(isAnd: true, left, right)))
        }
        return left
    }

    mutating func parseNot() throws(Stop) -> Expression {
        guard at(.not) else { return try parseComparison() }
        let start = advance().range
        try enter()
        defer { depth -= 1 }
        let value = try parseNot()
        return Expression(range: start.to(value.range), node: .unary(.not, value))
    }

    mutating func parseComparison() throws(Stop) -> Expression {
        let first = try parseBinary(0)
        var rest: [(CompareOperator, Expression)] = []
        while let op = takeComparison() {
            rest.append((op, try parseBinary(0)))
        }
        guard let last = rest.last else { return first }
        return Expression(range: first.range.to(last.1.range), node: .compare(first, rest))
    }

    mutating func takeComparison() -> CompareOperator? {
        switch tag {
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
            guard position + 1 < tokens.count, tokens[position + 1].tag == .keyword(.in) else {
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
    mutating func parseBinary(_ level: Int) throws(Stop) -> Expression {
        var left = try parseUnary()
        while case .op(let op) = tokens[position].tag, let binary = Self.binary(op),
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

    mutating func parseUnary() throws(Stop) -> Expression {
        let op: UnaryOperator
        switch tag {
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

    mutating func parsePower() throws(Stop) -> Expression {
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
        while case .op(let op) = tag {
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

    mutating func parseSubscript(of value: Expression) throws(Stop) -> Expression {
        var start: Expression?
        var stop: Expression?
        var step: Expression?
        if !at(.colon) {
            if at(.rightBracket) {
                throw self.stop("the index is missing", value.range.to(token.range))
            }
            start = try parseExpressionList()
        }
        let isSlice = take(.colon)
        if isSlice {
            if !at(.colon), !at(.rightBracket) { stop = try parseExpression() }
            if take(.colon), !at(.rightBracket) { step = try parseExpression() }
        }
        if at(.comma), isSlice {
            throw self.stop(
                "one slice at a time", token.range,
                help: "take rows first: df.head(10), then columns: df[[\"a\", \"b\"]]")
        }
        try expect(.rightBracket, "after the index")
        let range = value.range.to(previousRange)
        if !isSlice, let start { return Expression(range: range, node: .index(value, start)) }
        return Expression(range: range, node: .slice(value, start, stop, step))
    }

    mutating func parseArguments() throws(Stop) -> [Argument] {
        var arguments: [Argument] = []
        while !at(.rightParenthesis) {
            let start = token.range
            if take(.doubleStar) {
                let value = try parseExpression()
                arguments.append(
                    Argument(kind: .doubleStar, value: value, range: start.to(value.range)))
            } else if take(.star) {
                let value = try parseExpression()
                arguments.append(Argument(kind: .star, value: value, range: start.to(value.range)))
            } else if tag == .name, position + 1 < tokens.count,
                tokens[position + 1].tag == .op(.assign)
            {
                let name = names.text(advance().name)
                advance()
                if arguments.contains(where: { $0.isNamed(name) }) {
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
            if arguments.count > 200 {
                throw stop(
                    "a call takes at most 200 arguments", token.range,
                    help: "pass a list: f(*items)")
            }
            guard take(.comma) else { break }
        }
        return arguments
    }

    // MARK: - Functions

    mutating func parseParameters(
        until close: Operator, annotations: Bool
    ) throws(Stop) -> [Parameter] {
        var parameters: [Parameter] = []
        var seen: Set<Int32> = []
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
            let number = advance().name
            if afterDoubleStar { fault("a parameter stands after '**'", start) }
            if kind == .doubleStar { afterDoubleStar = true }
            if !seen.insert(number).inserted {
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
                    name: name, number: number, kind: kind, defaultValue: value,
                    range: start.to(previousRange)))
            guard take(.comma) else { break }
        }
        return parameters
    }

    mutating func parseLambda() throws(Stop) -> Expression {
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
}
