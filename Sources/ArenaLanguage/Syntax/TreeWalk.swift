// The parts of each node in the order they stand in, for passes that look at a whole tree.

extension Expression {
    /// The expressions directly inside this one.
    var children: [Expression] {
        var found: [Expression] = []
        forEachChild { found.append($0) }
        return found
    }

    /// Visits the expressions directly inside this one; a lambda's are its defaults.
    func forEachChild(_ visit: (Expression) -> Void) {
        switch node {
        case .none, .bool, .integer, .largeInteger, .float, .string, .bytes, .name, .invalid: break
        case .fstring(let pieces): FormatPiece.forEachField(pieces, visit)
        case .list(let items), .tuple(let items), .set(let items):
            for item in items { visit(item) }
        case .dict(let items):
            for item in items {
                if let key = item.key { visit(key) }
                visit(item.value)
            }
        case .unary(_, let value), .starred(let value), .attribute(let value, _, _): visit(value)
        case .binary(_, let left, let right), .logical(_, let left, let right),
            .index(let left, let right):
            visit(left)
            visit(right)
        case .compare(let first, let rest):
            visit(first)
            for (_, value) in rest { visit(value) }
        case .conditional(let test, let then, let otherwise):
            visit(then)
            visit(test)
            visit(otherwise)
        case .call(let callee, let arguments):
            visit(callee)
            for argument in arguments { visit(argument.value) }
        case .slice(let value, let a, let b, let c):
            visit(value)
            if let a { visit(a) }
            if let b { visit(b) }
            if let c { visit(c) }
        case .lambda(let function):
            for parameter in function.parameters {
                if let value = parameter.defaultValue { visit(value) }
            }
        case .comprehension(let node):
            if let key = node.key { visit(key) }
            visit(node.value)
            for clause in node.clauses {
                switch clause {
                case .loop(let target, let iterable):
                    visit(target)
                    visit(iterable)
                case .test(let test): visit(test)
                }
            }
        }
    }
}

extension FormatPiece {
    static func forEachField(_ pieces: [FormatPiece], _ visit: (Expression) -> Void) {
        for piece in pieces {
            guard case .field(let value, _, let spec) = piece else { continue }
            visit(value)
            forEachField(spec, visit)
        }
    }
}

extension Statement {
    /// The statements inside this one, in the order they stand in; functions' bodies are their own.
    var blocks: [[Statement]] {
        var found: [[Statement]] = []
        forEachBlock { found.append($0) }
        return found
    }

    /// Visits the lists of statements inside this one, also empty ones.
    func forEachBlock(_ visit: ([Statement]) -> Void) {
        switch node {
        case .conditional(let branches, let otherwise):
            for branch in branches { visit(branch.body) }
            visit(otherwise)
        case .loop(_, _, let body, let otherwise), .whileLoop(_, let body, let otherwise):
            visit(body)
            visit(otherwise)
        case .tryBlock(let node):
            visit(node.body)
            for handler in node.handlers { visit(handler.body) }
            visit(node.otherwise)
            visit(node.finally)
        case .with(_, let body): visit(body)
        case .expression, .assign, .augmented, .function, .returnValue, .breakLoop, .continueLoop,
            .pass, .global, .nonlocal, .delete, .assert, .raise, .load:
            break
        }
    }

    /// The expressions of this statement itself, without those of the statements inside it; a
    /// function's are its defaults.
    var expressions: [Expression] {
        switch node {
        case .expression(let e): return [e]
        case .assign(let targets, let value): return targets + [value]
        case .augmented(let target, _, let value): return [target, value]
        case .conditional(let branches, _): return branches.map(\.test)
        case .loop(let target, let iterable, _, _): return [target, iterable]
        case .whileLoop(let test, _, _): return [test]
        case .function(let node): return node.parameters.compactMap(\.defaultValue)
        case .returnValue(let value): return [value].compactMap { $0 }
        case .delete(let targets): return targets
        case .assert(let test, let message): return [test] + [message].compactMap { $0 }
        case .tryBlock(let node): return node.handlers.compactMap(\.type)
        case .raise(let value, let cause): return [value, cause].compactMap { $0 }
        case .with(let items, _):
            return items.flatMap { [$0.context, $0.target].compactMap { $0 } }
        case .breakLoop, .continueLoop, .pass, .global, .nonlocal, .load: return []
        }
    }
}
