// Chat templates from text to nodes: a recursive descent with Jinja's order of operators.

struct ChatParser {
    private let parts: [ChatLexer.Part]
    private var at = 0
    private var tokens: [(ChatScanner.Token, Int)] = []
    private var next = 0
    private var depth = 0

    static func parse(_ source: String) throws(ChatTemplateError) -> [ChatNode] {
        var parser = ChatParser(parts: try ChatLexer.parts(source))
        let (nodes, end) = try parser.block(until: [])
        if let end {
            throw ChatTemplateError(line: parser.line, message: "'\(end)' closes nothing")
        }
        return nodes
    }

    private init(parts: [ChatLexer.Part]) { self.parts = parts }

    private var line: Int { tokens.isEmpty ? 1 : tokens[min(next, tokens.count - 1)].1 }
    private var token: ChatScanner.Token { tokens[min(next, tokens.count - 1)].0 }

    private func fail<T>(_ message: String) throws(ChatTemplateError) -> T {
        throw ChatTemplateError(line: line, message: message)
    }

    // MARK: - Statements

    /// Nodes up to a statement that begins with one of the words; which it was.
    private mutating func block(
        until ends: Set<String>
    ) throws(ChatTemplateError) -> ([ChatNode], String?) {
        depth += 1
        defer { depth -= 1 }
        guard depth < 100 else { return try fail("statements nest too deep") }
        var nodes: [ChatNode] = []
        while at < parts.count {
            let part = parts[at]
            at += 1
            guard part.kind != .text else {
                nodes.append(.text(part.content))
                continue
            }
            tokens = try ChatScanner.tokens(part.content, line: part.line)
            next = 0
            if part.kind == .output {
                nodes.append(.output(try wholeExpression()))
                continue
            }
            guard case .name(let word) = token else {
                return try fail("a statement begins with a word")
            }
            next += 1
            if ends.contains(word) { return (nodes, word) }
            nodes.append(try statement(word))
        }
        if !ends.isEmpty {
            return try fail("'\(ends.sorted().last ?? "")' is missing at the end")
        }
        return (nodes, nil)
    }

    private mutating func statement(_ word: String) throws(ChatTemplateError) -> ChatNode {
        switch word {
        case "set": return try set()
        case "if": return try branch()
        case "for": return try loop()
        case "break":
            try end()
            return .leave
        case "continue":
            try end()
            return .next
        case "generation", "endgeneration":
            // Marks what an assistant says, for training; renders as nothing.
            try end()
            return .text("")
        case "elif", "else", "endif", "endfor", "endset":
            return try fail("'\(word)' stands in no block of its kind")
        default:
            return try fail(
                "'{% \(word) %}' is not supported; known are set, if, for, break, continue")
        }
    }

    private mutating func set() throws(ChatTemplateError) -> ChatNode {
        let name = try name()
        if take(".") {
            let member = try self.name()
            try expect("=")
            return .setMember(name, member, try wholeExpression())
        }
        var names = [name]
        while take(",") { names.append(try self.name()) }
        if names.count == 1, token == .end {
            let (body, _) = try block(until: ["endset"])
            return .setBlock(name, body)
        }
        try expect("=")
        let value = try tuple()
        try end()
        return .set(names, value)
    }

    private mutating func branch() throws(ChatTemplateError) -> ChatNode {
        var branches: [(condition: ChatExpression, body: [ChatNode])] = []
        var otherwise: [ChatNode] = []
        var condition: ChatExpression? = try wholeExpression()
        while true {
            let (body, word) = try block(
                until: condition == nil ? ["endif"] : ["elif", "else", "endif"])
            if let condition { branches.append((condition, body)) } else { otherwise = body }
            guard word != "endif" else {
                try end()
                return .branch(branches, otherwise: otherwise)
            }
            condition = word == "elif" ? try wholeExpression() : nil
            if word == "else" { try end() }
        }
    }

    private mutating func loop() throws(ChatTemplateError) -> ChatNode {
        var names = [try name()]
        while take(",") { names.append(try name()) }
        guard takeWord("in") else { return try fail("'in' is missing") }
        let items = try or()
        var filter: ChatExpression?
        if takeWord("if") { filter = try expression() }
        if takeWord("recursive") { return try fail("a recursive loop is not supported") }
        try end()
        let (body, word) = try block(until: ["else", "endfor"])
        var otherwise: [ChatNode] = []
        if word == "else" {
            try end()
            (otherwise, _) = try block(until: ["endfor"])
        }
        try end()
        return .loop(names, items, filter: filter, body: body, otherwise: otherwise)
    }

    // MARK: - Tokens

    private mutating func take(_ sign: String) -> Bool {
        guard token == .sign(sign) else { return false }
        next += 1
        return true
    }

    private mutating func takeWord(_ word: String) -> Bool {
        guard token == .name(word) else { return false }
        next += 1
        return true
    }

    private mutating func expect(_ sign: String) throws(ChatTemplateError) {
        if !take(sign) { let _: Int = try fail("'\(sign)' is missing") }
    }

    private mutating func name() throws(ChatTemplateError) -> String {
        guard case .name(let name) = token else { return try fail("a name is missing") }
        next += 1
        return name
    }

    private mutating func end() throws(ChatTemplateError) {
        if token != .end { let _: Int = try fail("something is left over here") }
    }

    private mutating func wholeExpression() throws(ChatTemplateError) -> ChatExpression {
        let expression = try expression()
        try end()
        return expression
    }

    /// Goes one level deeper, also along a chain of operators, so that trees stay shallow enough to walk.
    private mutating func descend() throws(ChatTemplateError) {
        depth += 1
        if depth >= 200 { let _: Int = try fail("expressions nest too deep") }
    }

    // MARK: - Expressions, from loose to tight

    private mutating func tuple() throws(ChatTemplateError) -> ChatExpression {
        let first = try expression()
        guard token == .sign(",") else { return first }
        var items = [first]
        while take(","), token != .end, token != .sign(")") { items.append(try expression()) }
        return ChatExpression(form: .list(items), line: line)
    }

    private mutating func expression() throws(ChatTemplateError) -> ChatExpression {
        let before = depth
        defer { depth = before }
        try descend()
        let value = try or()
        guard takeWord("if") else { return value }
        let condition = try or()
        let other = takeWord("else") ? try expression() : nil
        return ChatExpression(form: .choice(condition, value, other), line: line)
    }

    private mutating func or() throws(ChatTemplateError) -> ChatExpression {
        let before = depth
        defer { depth = before }
        var left = try and()
        while takeWord("or") {
            try descend()
            left = ChatExpression(form: .binary("or", left, try and()), line: line)
        }
        return left
    }

    private mutating func and() throws(ChatTemplateError) -> ChatExpression {
        let before = depth
        defer { depth = before }
        var left = try not()
        while takeWord("and") {
            try descend()
            left = ChatExpression(form: .binary("and", left, try not()), line: line)
        }
        return left
    }

    private mutating func not() throws(ChatTemplateError) -> ChatExpression {
        let before = depth
        defer { depth = before }
        if takeWord("not") {
            try descend()
            return ChatExpression(form: .unary("not", try not()), line: line)
        }
        return try comparison()
    }

    private mutating func comparison() throws(ChatTemplateError) -> ChatExpression {
        let left = try sum()
        var rest: [(String, ChatExpression)] = []
        while true {
            if case .sign(let sign) = token, ["==", "!=", "<", ">", "<=", ">="].contains(sign) {
                next += 1
                rest.append((sign, try sum()))
            } else if takeWord("in") {
                rest.append(("in", try sum()))
            } else if token == .name("not"), next + 1 < tokens.count,
                tokens[next + 1].0 == .name("in")
            {
                next += 2
                rest.append(("not in", try sum()))
            } else {
                break
            }
        }
        return rest.isEmpty ? left : ChatExpression(form: .compare(left, rest), line: line)
    }

    private mutating func binary(
        _ signs: Set<String>,
        _ operand: (inout ChatParser) throws(ChatTemplateError) -> ChatExpression
    ) throws(ChatTemplateError) -> ChatExpression {
        let before = depth
        defer { depth = before }
        var left = try operand(&self)
        while case .sign(let sign) = token, signs.contains(sign) {
            try descend()
            next += 1
            left = ChatExpression(form: .binary(sign, left, try operand(&self)), line: line)
        }
        return left
    }

    private mutating func sum() throws(ChatTemplateError) -> ChatExpression {
        try binary(["+", "-"]) { (p: inout ChatParser) throws(ChatTemplateError) in
            try p.concatenation()
        }
    }

    private mutating func concatenation() throws(ChatTemplateError) -> ChatExpression {
        try binary(["~"]) { (p: inout ChatParser) throws(ChatTemplateError) in try p.product() }
    }

    private mutating func product() throws(ChatTemplateError) -> ChatExpression {
        try binary(["*", "/", "//", "%"]) { (p: inout ChatParser) throws(ChatTemplateError) in
            try p.unary()
        }
    }

    private mutating func unary(filters: Bool = true) throws(ChatTemplateError) -> ChatExpression {
        let before = depth
        defer { depth = before }
        try descend()
        var value: ChatExpression
        if take("-") {
            value = ChatExpression(form: .unary("-", try unary(filters: false)), line: line)
        } else if take("+") {
            value = ChatExpression(form: .unary("+", try unary(filters: false)), line: line)
        } else {
            value = try postfix(try primary())
        }
        if take("**") {
            value = ChatExpression(
                form: .binary("**", value, try unary(filters: false)), line: line)
        }
        return filters ? try filtersAndTests(value) : value
    }

    private mutating func filtersAndTests(
        _ start: ChatExpression
    ) throws(ChatTemplateError) -> ChatExpression {
        let before = depth
        defer { depth = before }
        var value = start
        while true {
            try descend()
            if take("|") {
                let name = try name()
                let arguments = take("(") ? try arguments() : .init()
                value = ChatExpression(form: .filter(value, name, arguments), line: line)
                value = try postfix(value)
            } else if takeWord("is") {
                let negated = takeWord("not")
                let test = try name()
                var operands: [ChatExpression] = []
                if take("(") {
                    operands = try arguments().plain
                } else if startsOperand {
                    operands = [try postfix(try primary())]
                }
                value = ChatExpression(
                    form: .test(value, test, operands, negated: negated), line: line)
            } else {
                return value
            }
        }
    }

    /// Whether an operand of a test follows without brackets.
    private var startsOperand: Bool {
        switch token {
        case .string, .int, .float: return true
        case .name(let word):
            return !["else", "or", "and", "if", "is", "in", "not", "recursive"].contains(word)
        case .sign(let sign): return sign == "[" || sign == "{"
        case .end: return false
        }
    }

    private mutating func postfix(
        _ start: ChatExpression
    ) throws(ChatTemplateError) -> ChatExpression {
        let before = depth
        defer { depth = before }
        var value = start
        while true {
            try descend()
            if take(".") {
                if case .int(let n) = token {
                    next += 1
                    value = ChatExpression(
                        form: .item(value, .init(form: .literal(.int(n)), line: line)), line: line)
                } else {
                    value = ChatExpression(form: .member(value, try name()), line: line)
                }
            } else if take("[") {
                value = try subscripted(value)
            } else if take("(") {
                value = ChatExpression(form: .call(value, try arguments()), line: line)
            } else {
                return value
            }
        }
    }

    private mutating func subscripted(
        _ value: ChatExpression
    ) throws(ChatTemplateError) -> ChatExpression {
        var bounds: [ChatExpression?] = [nil]
        var isSlice = false
        while token != .sign("]"), token != .end {
            if take(":") {
                isSlice = true
                bounds.append(nil)
            } else {
                bounds[bounds.count - 1] = try expression()
            }
        }
        try expect("]")
        guard isSlice else {
            guard let index = bounds[0] else { return try fail("an index is missing") }
            return ChatExpression(form: .item(value, index), line: line)
        }
        guard bounds.count <= 3 else { return try fail("a slice has at most three parts") }
        while bounds.count < 3 { bounds.append(nil) }
        return ChatExpression(form: .slice(value, bounds[0], bounds[1], bounds[2]), line: line)
    }

    private mutating func arguments() throws(ChatTemplateError) -> ChatExpression.Arguments {
        var arguments = ChatExpression.Arguments()
        while !take(")") {
            if case .name(let name) = token, next + 1 < tokens.count,
                tokens[next + 1].0 == .sign("=")
            {
                next += 2
                arguments.named.append((name, try expression()))
            } else {
                arguments.plain.append(try expression())
            }
            if !take(",") {
                try expect(")")
                break
            }
        }
        return arguments
    }

    private mutating func primary() throws(ChatTemplateError) -> ChatExpression {
        let here = line
        func literal(_ value: ChatValue) -> ChatExpression {
            ChatExpression(form: .literal(value), line: here)
        }
        switch token {
        case .string(var text):
            next += 1
            while case .string(let more) = token {
                text += more
                next += 1
            }
            return literal(.string(text))
        case .int(let n):
            next += 1
            return literal(.int(n))
        case .float(let x):
            next += 1
            return literal(.float(x))
        case .name(let name):
            next += 1
            switch name {
            case "true", "True": return literal(.bool(true))
            case "false", "False": return literal(.bool(false))
            case "none", "None": return literal(.none)
            default: return ChatExpression(form: .name(name), line: here)
            }
        case .sign("("):
            next += 1
            if take(")") { return literal(.list([])) }
            let value = try tuple()
            try expect(")")
            return value
        case .sign("["):
            next += 1
            var items: [ChatExpression] = []
            while !take("]") {
                items.append(try expression())
                if !take(",") {
                    try expect("]")
                    break
                }
            }
            return ChatExpression(form: .list(items), line: here)
        case .sign("{"):
            next += 1
            var members: [(ChatExpression, ChatExpression)] = []
            while !take("}") {
                let key = try expression()
                try expect(":")
                members.append((key, try expression()))
                if !take(",") {
                    try expect("}")
                    break
                }
            }
            return ChatExpression(form: .dict(members), line: here)
        case .sign(let sign): return try fail("'\(sign)' does not begin an expression")
        case .end: return try fail("an expression is missing")
        }
    }
}
