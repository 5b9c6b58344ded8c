// The parts of each node in the order they stand in, for passes that look at a whole tree.

extension Expression {
    /// The expressions directly inside this one; a lambda's are its defaults.
    var children: [Expression] {
        switch node {
        case .none, .bool, .integer, .largeInteger, .float, .string, .bytes, .name, .invalid:
            return []
        case .fstring(let pieces): return FormatPiece.fields(pieces)
        case .list(let items), .tuple(let items), .set(let items): return items
        case .dict(let items): return items.flatMap { [$0.key, $0.value].compactMap { $0 } }
        case .unary(_, let value), .starred(let value), .attribute(let value, _, _): return [value]
        case .binary(_, let left, let right), .logical(_, let left, let right),
            .index(let left, let right):
            return [left, right]
        case .compare(let first, let rest): return [first] + rest.map(\.1)
        case .conditional(let test, let then, let otherwise): return [then, test, otherwise]
        case .call(let callee, let arguments): return [callee] + arguments.map(\.value)
        case .slice(let value, let a, let b, let c): return [value] + [a, b, c].compactMap { $0 }
        case .lambda(let function): return function.parameters.compactMap(\.defaultValue)
        case .comprehension(let node):
            let clauses = node.clauses.flatMap { clause in
                switch clause {
                case .loop(let target, let iterable): return [target, iterable]
                case .test(let test): return [test]
                }
            }
            return [node.key, node.value].compactMap { $0 } + clauses
        }
    }
}

extension FormatPiece {
    static func fields(_ pieces: [FormatPiece]) -> [Expression] {
        pieces.flatMap { piece -> [Expression] in
            guard case .field(let value, _, let spec) = piece else { return [] }
            return [value] + fields(spec)
        }
    }
}

extension Statement {
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
