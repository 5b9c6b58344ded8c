// Running a chat template.

/// One rendering.
struct ChatRun {
    private(set) var output = ""
    private var scopes: [[String: ChatValue]]
    private var namespaces: [[ChatValue.Member]] = []
    private var steps = 0

    /// What ended a body early.
    enum Exit { case leave, next }

    /// Templates of any size end.
    private static let stepLimit = 10_000_000
    private static let longestOutput = 1 << 28

    init(_ variables: [String: ChatValue]) { scopes = [variables] }

    private func fail(_ line: Int, _ message: String) -> ChatTemplateError {
        ChatTemplateError(line: line, message: message)
    }

    private func lookUp(_ name: String) -> ChatValue {
        for scope in scopes.reversed() { if let value = scope[name] { return value } }
        return .undefined(name)
    }

    private mutating func assign(_ name: String, _ value: ChatValue) {
        scopes[scopes.count - 1][name] = value
    }

    // MARK: - Statements

    mutating func run(_ nodes: [ChatNode]) throws(ChatTemplateError) -> Exit? {
        for node in nodes {
            steps += 1
            guard steps < Self.stepLimit, output.utf8.count < Self.longestOutput else {
                throw fail(0, "the template runs too long")
            }
            switch node {
            case .text(let text): output += text
            case .output(let expression): output += try evaluate(expression).text
            case .set(let names, let expression): try set(names, expression)
            case .setMember(let name, let member, let expression):
                guard case .namespace(let number) = lookUp(name) else {
                    throw fail(expression.line, "'\(name)' is no namespace")
                }
                let value = try evaluate(expression)
                namespaces[number].removeAll { $0.key == member }
                namespaces[number].append(.init(key: member, value: value))
            case .setBlock(let name, let body):
                let before = output
                output = ""
                let exit = try run(body)
                let made = output
                output = before
                assign(name, .string(made))
                if let exit { return exit }
            case .branch(let branches, let otherwise):
                var chosen = otherwise
                for (condition, body) in branches {
                    let value = try evaluate(condition)
                    guard value.isTrue else { continue }
                    chosen = body
                    break
                }
                if let exit = try run(chosen) { return exit }
            case .loop(let names, let items, let filter, let body, let otherwise):
                if let exit = try loop(names, items, filter, body, otherwise) { return exit }
            case .leave: return .leave
            case .next: return .next
            }
        }
        return nil
    }

    private mutating func set(
        _ names: [String], _ expression: ChatExpression
    ) throws(ChatTemplateError) {
        let value = try evaluate(expression)
        try bind(names, value, expression.line)
    }

    private mutating func bind(
        _ names: [String], _ value: ChatValue, _ line: Int
    ) throws(ChatTemplateError) {
        guard names.count > 1 else { return assign(names[0], value) }
        guard case .list(let items) = value, items.count == names.count else {
            throw fail(line, "\(names.count) names for \(value.typeName)")
        }
        for (name, item) in zip(names, items) { assign(name, item) }
    }

    private mutating func loop(
        _ names: [String], _ source: ChatExpression, _ filter: ChatExpression?,
        _ body: [ChatNode], _ otherwise: [ChatNode]
    ) throws(ChatTemplateError) -> Exit? {
        var items = try iterate(try evaluate(source), source.line)
        scopes.append([:])
        defer { scopes.removeLast() }
        if let filter {
            var kept: [ChatValue] = []
            for item in items {
                try bind(names, item, source.line)
                if try evaluate(filter).isTrue { kept.append(item) }
            }
            items = kept
        }
        if items.isEmpty {
            scopes[scopes.count - 1] = [:]
            return try run(otherwise)
        }
        for (i, item) in items.enumerated() {
            scopes[scopes.count - 1] = [:]
            try bind(names, item, source.line)
            assign("loop", loopVariable(i, items))
            if try run(body) == .leave { break }
        }
        return nil
    }

    private func loopVariable(_ i: Int, _ items: [ChatValue]) -> ChatValue {
        let count = items.count
        return .dict([
            .init(key: "index", value: .int(i + 1)), .init(key: "index0", value: .int(i)),
            .init(key: "revindex", value: .int(count - i)),
            .init(key: "revindex0", value: .int(count - i - 1)),
            .init(key: "first", value: .bool(i == 0)),
            .init(key: "last", value: .bool(i == count - 1)),
            .init(key: "length", value: .int(count)),
            .init(key: "previtem", value: i > 0 ? items[i - 1] : .undefined("previtem")),
            .init(key: "nextitem", value: i + 1 < count ? items[i + 1] : .undefined("nextitem")),
        ])
    }

    func iterate(_ value: ChatValue, _ line: Int) throws(ChatTemplateError) -> [ChatValue] {
        switch value {
        case .list(let items): return items
        case .dict(let members): return members.map { .string($0.key) }
        case .string(let text): return text.unicodeScalars.map { .string(String($0)) }
        case .undefined: return []
        case .none, .bool, .int, .float, .namespace:
            throw fail(line, "\(value.typeName) cannot be looped over")
        }
    }

    // MARK: - Expressions

    mutating func evaluate(_ e: ChatExpression) throws(ChatTemplateError) -> ChatValue {
        steps += 1
        switch e.form {
        case .literal(let value): return value
        case .name(let name): return lookUp(name)
        case .list(let items):
            var values: [ChatValue] = []
            for item in items { values.append(try evaluate(item)) }
            return .list(values)
        case .dict(let members):
            var values: [ChatValue.Member] = []
            for (key, value) in members {
                values.append(.init(key: try evaluate(key).text, value: try evaluate(value)))
            }
            return .dict(values)
        case .member(let object, let name): return try member(try evaluate(object), name, e.line)
        case .item(let object, let index):
            return try item(try evaluate(object), try evaluate(index), e.line)
        case .slice(let object, let start, let stop, let step):
            return try slice(
                try evaluate(object), try bound(start), try bound(stop), try bound(step), e.line)
        case .call(let callee, let arguments): return try call(callee, arguments, e.line)
        case .filter(let value, let name, let arguments):
            let value = try evaluate(value)
            let given = try evaluate(arguments)
            return try filter(value, name, given, e.line)
        case .test(let value, let name, let operands, let negated):
            let value = try evaluate(value)
            var given: [ChatValue] = []
            for operand in operands { given.append(try evaluate(operand)) }
            return .bool(try test(value, name, given, e.line) != negated)
        case .unary("not", let operand): return .bool(!(try evaluate(operand).isTrue))
        case .unary(let sign, let operand):
            let value = try evaluate(operand)
            if let n = value.int { return .int(sign == "-" ? 0 &- n : n) }
            guard let x = value.number else {
                throw fail(e.line, "'\(sign)' before \(value.typeName)")
            }
            return .float(sign == "-" ? -x : x)
        case .binary("and", let a, let b):
            let left = try evaluate(a)
            return left.isTrue ? try evaluate(b) : left
        case .binary("or", let a, let b):
            let left = try evaluate(a)
            return left.isTrue ? left : try evaluate(b)
        case .binary(let sign, let a, let b):
            return try compute(sign, try evaluate(a), try evaluate(b), e.line)
        case .compare(let first, let rest):
            var left = try evaluate(first)
            for (sign, operand) in rest {
                let right = try evaluate(operand)
                guard try compare(sign, left, right, e.line) else { return .bool(false) }
                left = right
            }
            return .bool(true)
        case .choice(let condition, let value, let other):
            if try evaluate(condition).isTrue { return try evaluate(value) }
            guard let other else { return .undefined("") }
            return try evaluate(other)
        }
    }

    /// Evaluated arguments.
    struct Given {
        var plain: [ChatValue]
        var named: [String: ChatValue]

        /// An argument by its place or its name.
        func value(_ i: Int, _ name: String) -> ChatValue? {
            i < plain.count ? plain[i] : named[name]
        }
    }

    private mutating func evaluate(
        _ arguments: ChatExpression.Arguments
    ) throws(ChatTemplateError) -> Given {
        var given = Given(plain: [], named: [:])
        for argument in arguments.plain { given.plain.append(try evaluate(argument)) }
        for (name, argument) in arguments.named { given.named[name] = try evaluate(argument) }
        return given
    }

    private mutating func bound(_ e: ChatExpression?) throws(ChatTemplateError) -> Int? {
        guard let e else { return nil }
        let value = try evaluate(e)
        if case .none = value { return nil }
        guard let n = value.int else { throw fail(e.line, "a slice by \(value.typeName)") }
        return n
    }

    private func member(
        _ object: ChatValue, _ name: String, _ line: Int
    ) throws(ChatTemplateError) -> ChatValue {
        switch object {
        case .namespace(let number):
            return namespaces[number].first { $0.key == name }?.value ?? .undefined(name)
        case .undefined(let what):
            throw fail(line, "'\(what)' is undefined, so it has no '\(name)'")
        default: return object.member(name) ?? .undefined(name)
        }
    }

    private func item(
        _ object: ChatValue, _ index: ChatValue, _ line: Int
    ) throws(ChatTemplateError) -> ChatValue {
        if case .string(let name) = index { return try member(object, name, line) }
        if case .undefined(let what) = object { throw fail(line, "'\(what)' is undefined") }
        guard let i = index.int else { return .undefined("") }
        let items = try iterate(object, line)
        let at = i < 0 ? i + items.count : i
        return items.indices.contains(at) ? items[at] : .undefined("item \(i)")
    }

    private func slice(
        _ object: ChatValue, _ start: Int?, _ stop: Int?, _ step: Int?, _ line: Int
    ) throws(ChatTemplateError) -> ChatValue {
        let step = step ?? 1
        guard step != 0 else { throw fail(line, "a slice with step 0") }
        let items = try iterate(object, line)
        let count = items.count
        let stride = max(-count - 1, min(step, count + 1))
        func clamp(_ n: Int?, _ other: Int) -> Int {
            guard let n else { return other }
            let at = n < 0 ? n + count : n
            return step > 0 ? min(max(at, 0), count) : min(max(at, -1), count - 1)
        }
        var at = clamp(start, step > 0 ? 0 : count - 1)
        let end = clamp(stop, step > 0 ? count : -1)
        var result: [ChatValue] = []
        while step > 0 ? at < end : at > end {
            result.append(items[at])
            at += stride
        }
        if case .string = object { return .string(result.map(\.text).joined()) }
        return .list(result)
    }

    private func compare(
        _ sign: String, _ a: ChatValue, _ b: ChatValue, _ line: Int
    ) throws(ChatTemplateError) -> Bool {
        switch sign {
        case "==": return a.equals(b)
        case "!=": return !a.equals(b)
        case "in": return try contains(b, a, line)
        case "not in": return try !contains(b, a, line)
        default: break
        }
        let order: Int
        if let x = a.number, let y = b.number {
            order = x < y ? -1 : x > y ? 1 : 0
        } else if case .string(let x) = a, case .string(let y) = b {
            let (x, y) = (x.unicodeScalars.map(\.value), y.unicodeScalars.map(\.value))
            order = x.lexicographicallyPrecedes(y) ? -1 : x == y ? 0 : 1
        } else {
            throw fail(line, "'\(sign)' between \(a.typeName) and \(b.typeName)")
        }
        switch sign {
        case "<": return order < 0
        case "<=": return order <= 0
        case ">": return order > 0
        default: return order >= 0
        }
    }

    private func contains(
        _ whole: ChatValue, _ part: ChatValue, _ line: Int
    ) throws(ChatTemplateError) -> Bool {
        switch whole {
        case .string(let text):
            guard case .string(let wanted) = part else {
                throw fail(line, "'in' a text wants a text, not \(part.typeName)")
            }
            return find(Array(wanted.utf8), in: Array(text.utf8), from: 0) != nil
        case .list(let items): return items.contains { $0.equals(part) }
        case .dict(let members): return members.contains { $0.key == part.text }
        case .undefined: return false
        case .none, .bool, .int, .float, .namespace:
            throw fail(line, "'in' \(whole.typeName)")
        }
    }

    private func compute(
        _ sign: String, _ a: ChatValue, _ b: ChatValue, _ line: Int
    ) throws(ChatTemplateError) -> ChatValue {
        if sign == "~" { return try concatenated(a.text, b.text, line) }
        if sign == "+" {
            if case .string(let x) = a, case .string(let y) = b {
                return try concatenated(x, y, line)
            }
            if case .list(let x) = a, case .list(let y) = b { return .list(x + y) }
        }
        if sign == "*", case .string(let text) = a, let n = b.int {
            guard n < 100_000, text.utf8.count * max(0, n) < Self.longestOutput else {
                throw fail(line, "a text is too long")
            }
            return .string(String(repeating: text, count: max(0, n)))
        }
        if let x = a.int, let y = b.int, sign != "/", sign != "**" {
            let result: (Int, Bool)
            switch sign {
            case "+": result = x.addingReportingOverflow(y)
            case "-": result = x.subtractingReportingOverflow(y)
            case "*": result = x.multipliedReportingOverflow(by: y)
            default:
                guard y != 0, y != -1 else {
                    if y == -1 { return .int(sign == "%" ? 0 : 0 &- x) }
                    throw fail(line, "division by zero")
                }
                let rest = x % y
                let isOff = rest != 0 && (rest < 0) != (y < 0)
                result = (sign == "%" ? (isOff ? rest + y : rest) : x / y - (isOff ? 1 : 0), false)
            }
            guard !result.1 else { throw fail(line, "a number is too large") }
            return .int(result.0)
        }
        guard let x = a.number, let y = b.number else {
            throw fail(line, "'\(sign)' between \(a.typeName) and \(b.typeName)")
        }
        switch sign {
        case "+": return .float(x + y)
        case "-": return .float(x - y)
        case "*": return .float(x * y)
        case "/":
            guard y != 0 else { throw fail(line, "division by zero") }
            return .float(x / y)
        default: throw fail(line, "'\(sign)' of these numbers is not supported")
        }
    }

    private func concatenated(
        _ a: String, _ b: String, _ line: Int
    ) throws(ChatTemplateError) -> ChatValue {
        guard a.utf8.count + b.utf8.count < Self.longestOutput else {
            throw fail(line, "a text is too long")
        }
        return .string(a + b)
    }

    // MARK: - Calls

    private mutating func call(
        _ callee: ChatExpression, _ arguments: ChatExpression.Arguments, _ line: Int
    ) throws(ChatTemplateError) -> ChatValue {
        let given = try evaluate(arguments)
        if case .member(let object, let name) = callee.form {
            return try method(try evaluate(object), name, given, line)
        }
        guard case .name(let name) = callee.form else {
            throw fail(line, "only functions and methods by name can be called")
        }
        switch name {
        case "raise_exception":
            throw fail(line, given.plain.first?.text ?? "the template raised an error")
        case "namespace":
            namespaces.append(
                given.named.sorted { $0.key < $1.key }.map { .init(key: $0.key, value: $0.value) })
            return .namespace(namespaces.count - 1)
        case "dict":
            return .dict(
                given.named.sorted { $0.key < $1.key }.map { .init(key: $0.key, value: $0.value) })
        case "range":
            let numbers = given.plain.compactMap(\.int)
            guard numbers.count == given.plain.count, (1...3).contains(numbers.count) else {
                throw fail(line, "range() wants one to three whole numbers")
            }
            let start = numbers.count > 1 ? numbers[0] : 0
            let stop = numbers.count > 1 ? numbers[1] : numbers[0]
            let step = numbers.count > 2 ? numbers[2] : 1
            let sane = -(1 << 40)...(1 << 40)
            guard step != 0, numbers.allSatisfy(sane.contains),
                abs((stop - start) / step) <= 100_000
            else { throw fail(line, "range() of more than 100,000 numbers") }
            return .list(stride(from: start, to: stop, by: step).map { .int($0) })
        case "strftime_now":
            throw fail(
                line,
                "the template asks for today's date: give it as a variable, such as date_string=")
        default:
            throw fail(
                line, "'\(name)' is \(lookUp(name).isUndefined ? "undefined" : "no function")")
        }
    }
}

/// Where bytes occur first at or after a place.
func find(_ pattern: [UInt8], in text: [UInt8], from start: Int) -> Int? {
    guard !pattern.isEmpty else { return start <= text.count ? start : nil }
    return text.withUnsafeBufferPointer { findFirst(pattern, in: $0, from: start) }
}
