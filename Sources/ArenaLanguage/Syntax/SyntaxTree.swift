// The syntax tree. Nodes that the resolver annotates are classes; the rest are values.

/// An expression with its place.
struct Expression {
    let range: TextRange
    /// Levels of the tree below and including this one: later stages descend it by recursion, so the
    /// parser bounds it.
    let depth: Int32
    let node: Node

    @inline(__always) init(range: TextRange, node: Node) {
        self.range = range
        self.node = node
        depth = 1 + node.deepest
    }

    /// A word alone, without a look at what is in it.
    @inline(__always) init(word node: Node, range: TextRange) {
        self.range = range
        self.node = node
        depth = 1
    }

    enum Node {
        case none
        case bool(Bool)
        case integer(Int)
        indirect case largeInteger(BigInteger)
        case float(Double)
        case string([UInt8])
        case bytes([UInt8])
        case fstring([FormatPiece])
        case name(NameNode)
        case list([Expression])
        case tuple([Expression])
        case set([Expression])
        case dict([DictItem])
        indirect case unary(UnaryOperator, Expression)
        indirect case binary(BinaryOperator, Expression, Expression)
        indirect case compare(Expression, [(CompareOperator, Expression)])
        indirect case logical(isAnd: Bool, Expression, Expression)
        indirect case conditional(test: Expression, then: Expression, otherwise: Expression)
        indirect case call(Expression, [Argument])
        indirect case attribute(Expression, String, TextRange)
        indirect case index(Expression, Expression)
        indirect case slice(Expression, Expression?, Expression?, Expression?)
        case lambda(FunctionNode)
        case comprehension(ComprehensionNode)
        indirect case starred(Expression)
        /// What stands for an expression that did not parse.
        case invalid

        /// The depth of the deepest operand.
        fileprivate var deepest: Int32 {
            func most<T>(_ items: [T], _ depth: (T) -> Int32) -> Int32 {
                var most: Int32 = 0
                for item in items { most = max(most, depth(item)) }
                return most
            }
            switch self {
            case .none, .bool, .integer, .largeInteger, .float, .string, .bytes, .name, .invalid:
                return 0
            case .fstring(let pieces): return FormatPiece.deepest(pieces)
            case .list(let items), .tuple(let items), .set(let items):
                return most(items) { $0.depth }
            case .dict(let items):
                return most(items) { max($0.key?.depth ?? 0, $0.value.depth) }
            case .unary(_, let value), .starred(let value), .attribute(let value, _, _):
                return value.depth
            case .binary(_, let left, let right), .logical(_, let left, let right),
                .index(let left, let right):
                return max(left.depth, right.depth)
            case .compare(let first, let rest):
                return max(first.depth, most(rest) { $0.1.depth })
            case .conditional(let test, let then, let otherwise):
                return max(test.depth, then.depth, otherwise.depth)
            case .call(let callee, let arguments):
                return max(callee.depth, most(arguments) { $0.value.depth })
            case .slice(let value, let a, let b, let c):
                return max(value.depth, a?.depth ?? 0, b?.depth ?? 0, c?.depth ?? 0)
            case .lambda(let function):
                guard case .returnValue(let body?)? = function.body.first?.node else { return 0 }
                return max(body.depth, most(function.parameters) { $0.defaultValue?.depth ?? 0 })
            case .comprehension(let node): return node.deepest
            }
        }
    }
}

/// `key: value` in a dictionary display, or `**value` without a key.
struct DictItem {
    var key: Expression?
    var value: Expression
}

/// A piece of an f-string.
enum FormatPiece {
    case text([UInt8])
    case field(Expression, conversion: UInt8?, spec: [FormatPiece])

    static func deepest(_ pieces: [FormatPiece]) -> Int32 {
        pieces.reduce(0) { most, piece in
            guard case .field(let value, _, let spec) = piece else { return most }
            return max(most, value.depth, deepest(spec))
        }
    }
}

/// One argument of a call.
struct Argument {
    enum Kind { case positional, keyword(String), star, doubleStar }
    var kind: Kind
    var value: Expression
    var range: TextRange

    func isNamed(_ name: String) -> Bool {
        if case .keyword(let own) = kind { return own == name }
        return false
    }
}

/// A name where it is used or assigned; the resolver fills in what it means.
final class NameNode {
    let name: String
    /// Its number in the script's pool of names.
    let number: Int32
    let range: TextRange
    @exclusivity(unchecked) var binding: Binding = .unresolved

    init(_ name: String, _ number: Int32, _ range: TextRange) {
        self.name = name
        self.number = number
        self.range = range
    }
}

/// What a name means.
enum Binding {
    case unresolved
    /// A variable of the function (or comprehension) that the name stands in.
    case local(Variable)
    /// A variable of an enclosing function: the place in this function's list of captures.
    case captured(Int, Variable)
    case global(Int)
    case builtin(Int)
}

/// A variable of a function or comprehension.
final class Variable {
    let name: String
    /// Some inner function uses it, so it lives in a cell of its own.
    @exclusivity(unchecked) var isCaptured = false
    @exclusivity(unchecked) var register = -1

    init(_ name: String) { self.name = name }
}

/// `def` or `lambda`.
final class FunctionNode {
    let name: String
    let range: TextRange
    let parameters: [Parameter]
    let body: [Statement]
    /// The name a `def` binds; nil for a lambda.
    let target: NameNode?
    /// The first string of the body.
    let documentation: [UInt8]?
    // Filled in by the resolver.
    var parameterVariables: [Variable] = []
    var locals: [Variable] = []
    /// Where each captured variable is found when the function is made: in the enclosing function's
    /// own variables or among its own captures.
    var captures: [Binding] = []

    init(
        name: String, range: TextRange, parameters: [Parameter], body: [Statement],
        target: NameNode?, documentation: [UInt8]? = nil
    ) {
        self.name = name
        self.range = range
        self.parameters = parameters
        self.body = body
        self.target = target
        self.documentation = documentation
    }
}

/// A parameter of a function.
struct Parameter {
    enum Kind { case ordinary, star, keywordOnly, doubleStar }
    var name: String
    /// The name's number in the script's pool.
    var number: Int32
    var kind: Kind
    var defaultValue: Expression?
    var range: TextRange
}

/// A list, set or dict comprehension, or a generator expression (evaluated to a list).
final class ComprehensionNode {
    enum Kind { case list, set, dict, generator }
    enum Clause {
        case loop(target: Expression, iterable: Expression)
        case test(Expression)
    }
    let kind: Kind
    let key: Expression?
    let value: Expression
    let clauses: [Clause]
    /// Filled in by the resolver.
    var variables: [Variable] = []

    var deepest: Int32 {
        clauses.reduce(Int32(clauses.count) + max(key?.depth ?? 0, value.depth)) { most, clause in
            switch clause {
            case .loop(let target, let iterable): return max(most, target.depth, iterable.depth)
            case .test(let test): return max(most, test.depth)
            }
        }
    }

    init(kind: Kind, key: Expression?, value: Expression, clauses: [Clause]) {
        self.kind = kind
        self.key = key
        self.value = value
        self.clauses = clauses
    }
}

/// A statement with its place.
struct Statement {
    let range: TextRange
    let node: Node

    indirect enum Node {
        case expression(Expression)
        /// `a = b = value`: targets from the left.
        case assign([Expression], Expression)
        case augmented(Expression, BinaryOperator, Expression)
        case conditional([(test: Expression, body: [Statement])], otherwise: [Statement])
        case loop(
            target: Expression, iterable: Expression, body: [Statement], otherwise: [Statement])
        case whileLoop(test: Expression, body: [Statement], otherwise: [Statement])
        case function(FunctionNode)
        case returnValue(Expression?)
        case breakLoop, continueLoop, pass
        case global([NameNode])
        case nonlocal([NameNode])
        case delete([Expression])
        case assert(Expression, Expression?)
        case tryBlock(TryNode)
        case raise(Expression?, cause: Expression?)
        case with([WithItem], body: [Statement])
        case load(LoadNode)
    }
}

/// `try` with what follows it; a part that is not there is empty.
struct TryNode {
    struct Handler {
        /// The kinds it takes; nil takes every error.
        var type: Expression?
        var name: NameNode?
        var body: [Statement]
        var range: TextRange
    }
    var body: [Statement]
    var handlers: [Handler]
    var otherwise: [Statement]
    var finally: [Statement]
}

/// `context as target` in a `with` statement.
struct WithItem {
    var context: Expression
    var target: Expression?
}

/// `load("file.as", "a", b="c")`, `from file import a, c as b` or `import file`.
final class LoadNode {
    let path: String
    let range: TextRange
    /// What is taken under which name; a nil export is the whole module.
    let names: [(export: String?, range: TextRange, target: NameNode)]
    /// `import os.path`: what is bound is `os`.
    let bindsRoot: Bool

    init(
        path: String, range: TextRange,
        names: [(export: String?, range: TextRange, target: NameNode)], bindsRoot: Bool = false
    ) {
        self.path = path
        self.range = range
        self.names = names
        self.bindsRoot = bindsRoot
    }
}

enum UnaryOperator: String { case negate = "-", plus = "+", invert = "~", not = "not" }

enum BinaryOperator: String {
    case add = "+", subtract = "-", multiply = "*", divide = "/", floorDivide = "//", modulo = "%"
    case power = "**", and = "&", or = "|", xor = "^", shiftLeft = "<<", shiftRight = ">>"
    case matrixMultiply = "@"
}

enum CompareOperator: String {
    case equal = "==", notEqual = "!=", less = "<", lessEqual = "<=", greater = ">"
    case greaterEqual = ">=", contains = "in", notContains = "not in", same = "is", notSame =
        "is not"
}
