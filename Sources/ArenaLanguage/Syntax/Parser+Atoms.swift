// Atoms of expressions: names, numbers, text with its fields, what stands in brackets, comprehensions.

import ArenaCore

extension Parser {
    mutating func parseAtom() throws(Stop) -> Expression {
        if tag == .name { return parseName() }
        let t = token
        func made(_ node: Expression.Node) -> Expression { Expression(range: t.range, node: node) }
        switch t.kind {
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
            if t.tag == .newline, position > 0, case .op(let op) = tokens[position - 1].tag,
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
                case .return where position > 1 && tokens[position - 1].tag == .op(.colon):
                    help = "a lambda gives its expression's value by itself: delete 'return'"
                default: help = "'\(k.rawValue)' cannot be used as a name"
                }
            }
            throw stop("expected an expression, found \(describe(t))", t.range, help: help)
        }
    }

    @inline(__always) mutating func parseName() -> Expression {
        let at = position
        advance()
        let range = tokens[at].range
        let number = tokens[at].name
        return Expression(
            word: .name(NameNode(names.text(number), number, range)), range: range)
    }

    /// Adjacent literals are one string.
    mutating func parseStrings() throws(Stop) -> Expression {
        let start = token.range
        if position + 1 < tokens.count, case .string(let text) = tokens[position].kind,
            tokens[position + 1].tag != .string, tokens[position + 1].tag != .fstring
        {
            advance()
            return Expression(word: .string(text), range: start)
        }
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

    mutating func formatPieces(
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
    mutating func parseField(_ range: TextRange) throws(Stop) -> Expression {
        // The lexer has said that it is empty.
        if file.text(range).allSatisfy({ $0 == " " }) { throw Stop() }
        var lexer = Lexer(file, field: range, names: names)
        let saved = (tokens, position)
        tokens = lexer.scanField()
        position = 0
        defer { (tokens, position) = saved }
        faults += lexer.faults
        if !lexer.faults.isEmpty { throw Stop() }
        let value = try parseExpressionList()
        if tag != .end {
            throw stop("unexpected \(describe(token)) in the f-string's field", token.range)
        }
        return value
    }

    mutating func parseParenthesised() throws(Stop) -> Expression {
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

    mutating func parseListDisplay() throws(Stop) -> Expression {
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

    mutating func parseBraces() throws(Stop) -> Expression {
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

    mutating func parseComprehension(
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

    mutating func parseConditionOfComprehension() throws(Stop) -> Expression {
        at(.lambda) ? try parseLambda() : try parseOr()
    }
}
