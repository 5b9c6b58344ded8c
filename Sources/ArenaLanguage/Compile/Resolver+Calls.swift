// Calls that can be seen to be wrong before anything runs: of builtins, of the library's modules, and
// of functions whose name one `def` binds and nothing else. A program that might run is never refused:
// what is rebound anywhere, hidden by * or **, or guarded by an `except` is left to the run.

import ArenaCore

struct CallChecker {
    /// A name that the program binds.
    private enum Key: Hashable {
        case global(Int)
        case variable(ObjectIdentifier)
    }
    /// What stands before an opening parenthesis, as far as it is known.
    private enum Callee {
        case builtin(Builtin)
        case named(Key)
    }
    private struct Call {
        var callee: Callee
        var arguments: [Argument]
        var range: TextRange
    }

    private let machine: Machine
    private let file: SourceFile
    private var bindings: [Key: Int] = [:]
    private var functions: [Key: FunctionNode] = [:]
    /// Names bound by an import from the library: the path of what they stand for.
    private var imports: [Key: [String]] = [:]
    private var open: Set<Key> = []
    /// What is to be looked at once all that is bound is known: calls, members, imports.
    private enum Use {
        case expression(Expression)
        case load(LoadNode)
    }
    private var uses: [Use] = []
    private var calls: [Call] = []
    /// How many blocks with an `except` of their own are open.
    private var guards = 0
    private(set) var faults: [Diagnostic] = []

    init(_ machine: Machine, _ file: SourceFile) {
        self.machine = machine
        self.file = file
    }

    /// Checks a resolved program; `known` are globals that earlier source has defined.
    mutating func check(_ program: [Statement], known: Set<String>, names: GlobalNames) {
        statements(program)
        for (name, slot) in names.slots {
            let key = Key.global(slot)
            // Until `import json` has run, the name means the same; any other name of a builtin means
            // that builtin until it is bound.
            let means = machine.builtinNames[name] != nil && imports[key] != [name]
            if means || known.contains(name) { open.insert(key) }
        }
        for use in uses {
            switch use {
            case .expression(let e): judge(e)
            case .load(let node): imported(node)
            }
        }
        for call in calls {
            switch call.callee {
            case .builtin(let builtin): check(call, CallSignature(builtin))
            case .named(let key):
                guard isFixed(key), let function = functions[key] else { continue }
                check(call, CallSignature(function.name, function.parameters, in: file))
            }
        }
    }

    /// Whether one place in the program gives the name its only value.
    private func isFixed(_ key: Key) -> Bool { bindings[key] == 1 && !open.contains(key) }

    // MARK: - One call

    private mutating func check(_ call: Call, _ signature: CallSignature) {
        var positional = 0
        var keywords: [(name: String, range: TextRange)] = []
        for argument in call.arguments {
            switch argument.kind {
            case .positional: positional += 1
            case .keyword(let name):
                let start = Int(argument.range.start)
                keywords.append((name, TextRange(start, start + name.utf8.count)))
            case .star, .doubleStar: return
            }
        }
        guard
            let misfit = signature.misfit(positional: positional, keywords: keywords.map(\.name))
        else { return }
        var range = call.range
        switch misfit {
        case .surplus:
            let most = signature.slots.filter { $0.kind == .ordinary }.count
            let surplus = call.arguments.filter { $0.isPositional }.dropFirst(most)
            if let first = surplus.first, let last = surplus.last {
                range = first.range.to(last.range)
            }
        case .twice(let name), .unknown(let name):
            range = keywords.last { $0.name == name }?.range ?? range
        case .missing: break
        }
        let (message, help) = signature.report(misfit)
        faults.append(Diagnostic(.type, message, in: file, at: range, help: help))
    }

    // MARK: - Walking

    private mutating func statements(_ body: [Statement]) {
        for statement in body {
            bind(statement)
            if guards == 0, case .load(let node) = statement.node { uses.append(.load(node)) }
            for e in statement.expressions { expression(e) }
            if case .function(let node) = statement.node { statements(node.body) }
            if case .tryBlock(let node) = statement.node, !node.handlers.isEmpty {
                guards += 1
                statements(node.body)
                guards -= 1
                for block in statement.blocks.dropFirst() { statements(block) }
            } else {
                statement.forEachBlock { statements($0) }
            }
        }
    }

    private mutating func bind(_ statement: Statement) {
        switch statement.node {
        case .assign(let targets, _): for target in targets { bind(target) }
        case .augmented(let target, _, _), .loop(let target, _, _, _): bind(target)
        case .delete(let targets): for target in targets { bind(target) }
        case .with(let items, _): for item in items { if let target = item.target { bind(target) } }
        case .tryBlock(let node):
            for handler in node.handlers { if let name = handler.name { bind(name) } }
        case .load(let node):
            let path = node.path.split(separator: ".").map(String.init)
            for item in node.names {
                bind(item.target)
                if let key = key(item.target), machine.builtinModule(node.path) != nil {
                    imports[key] =
                        item.export.map { path + [$0] }
                        ?? (node.bindsRoot ? Array(path.prefix(1)) : path)
                }
            }
        case .function(let node):
            if let target = node.target {
                bind(target)
                if let key = key(target) { functions[key] = node }
            }
            bindParameters(of: node)
        case .expression, .conditional, .whileLoop, .returnValue, .breakLoop, .continueLoop, .pass,
            .global, .nonlocal, .assert, .raise:
            break
        }
    }

    private mutating func bindParameters(of node: FunctionNode) {
        for variable in node.parameterVariables {
            bindings[.variable(ObjectIdentifier(variable)), default: 0] += 1
        }
    }

    private mutating func bind(_ target: Expression) {
        switch target.node {
        case .name(let node): bind(node)
        case .tuple(let items), .list(let items): for item in items { bind(item) }
        case .starred(let inner): bind(inner)
        default: break
        }
    }

    private mutating func bind(_ node: NameNode) {
        if let key = key(node) { bindings[key, default: 0] += 1 }
    }

    private func key(_ node: NameNode) -> Key? {
        switch node.binding {
        case .global(let slot): return .global(slot)
        case .local(let variable), .captured(_, let variable):
            return .variable(ObjectIdentifier(variable))
        case .builtin, .unresolved: return nil
        }
    }

    private mutating func expression(_ e: Expression) {
        switch e.node {
        case .call, .attribute, .binary(.shiftRight, _, _):
            if guards == 0 { uses.append(.expression(e)) }
        case .lambda(let node):
            bindParameters(of: node)
            statements(node.body)
        case .comprehension(let node):
            for case .loop(let target, _) in node.clauses { bind(target) }
        default: break
        }
        e.forEachChild { expression($0) }
    }

    /// Looks at a call, a member or a print into a file.
    private mutating func judge(_ e: Expression) {
        switch e.node {
        case .call(let callee, let arguments):
            if let callee = self.callee(callee) {
                calls.append(Call(callee: callee, arguments: arguments, range: e.range))
            }
        case .attribute(let value, let name, let range): member(name, of: value, range)
        case .binary(.shiftRight, let left, _):
            if case .name(let node) = left.node, node.name == "print",
                case .builtin = node.binding
            {
                faults.append(
                    Diagnostic(
                        .type, "print() writes to no file", in: file, at: left.range,
                        help: "with open(\"notes.txt\", \"w\") as f:  and in it  f.write(text)"))
            }
        default: break
        }
    }

    // MARK: - Modules that are built in

    /// The value of a builtin name, or of a member of a module, owned.
    private func builtinValue(_ e: Expression) -> Value? {
        switch e.node {
        case .name(let node):
            if case .builtin(let index) = node.binding {
                return machine.builtinValues[index].retain()
            }
            guard let key = key(node), isFixed(key), let path = imports[key] else { return nil }
            return value(at: path)
        case .attribute(let value, let name, _):
            guard let module = builtinValue(value) else { return nil }
            defer { module.release() }
            guard isModule(module) else { return nil }
            return member(name, of: module)
        default: return nil
        }
    }

    /// The value of a dotted path into the library, owned.
    private func value(at path: [String]) -> Value? {
        guard let first = path.first, let index = machine.builtinNames[first] else { return nil }
        var value = machine.builtinValues[index].retain()
        for name in path.dropFirst() {
            let inner = isModule(value) ? member(name, of: value) : nil
            value.release()
            guard let inner else { return nil }
            value = inner
        }
        return value
    }

    private func member(_ name: String, of module: Value) -> Value? {
        if let index = machine.method(module, machine.symbols.id(name)) {
            return .boundMethod(module, index)
        }
        do { return try module.asHost?.attribute(name) } catch { return nil }
    }

    private func isModule(_ v: Value) -> Bool { v.asHost?.type.name.hasSuffix(" module") == true }

    private func callee(_ e: Expression) -> Callee? {
        if case .name(let node) = e.node, let key = key(node), imports[key] == nil {
            return .named(key)
        }
        guard let value = builtinValue(e) else { return nil }
        defer { value.release() }
        if value.isKind(.builtin) {
            return .builtin(machine.builtins[value.cast(BuiltinObject.self).pointee.index])
        }
        if value.isKind(.boundMethod) {
            return .builtin(machine.builtins[value.cast(BoundMethodObject.self).pointee.index])
        }
        return nil
    }

    private mutating func member(_ name: String, of e: Expression, _ range: TextRange) {
        guard let module = builtinValue(e) else { return }
        defer { module.release() }
        guard isModule(module) else { return }
        require(name, of: module, range, left: e.range)
    }

    private mutating func require(
        _ name: String, of module: Value, _ range: TextRange, left: TextRange? = nil
    ) {
        if let value = member(name, of: module) { return value.release() }
        let error = machine.unknownMember(module, name)
        faults.append(
            Diagnostic(error.kind, error.message, in: file, at: range, help: error.help))
    }

    /// `from json import loads`: the members must be there.
    private mutating func imported(_ node: LoadNode) {
        let path = node.path.split(separator: ".").map(String.init)
        guard let first = path.first, let index = machine.builtinNames[first] else { return }
        var module = machine.builtinValues[index].retain()
        defer { module.release() }
        guard isModule(module) else { return }
        for name in path.dropFirst() {
            guard let inner = member(name, of: module) else {
                return require(name, of: module, node.range)
            }
            module.release()
            module = inner
        }
        guard isModule(module) else { return }
        for item in node.names {
            if let name = item.export { require(name, of: module, item.range) }
        }
    }
}

extension Argument {
    fileprivate var isPositional: Bool { if case .positional = kind { true } else { false } }
}
