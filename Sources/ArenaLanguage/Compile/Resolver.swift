// Names to places, before anything runs: locals, captured variables, globals, builtins. What is
// unknown is reported here with the nearest known name. Scoping is Python's: a name assigned in a
// function is its local unless declared global; comprehensions have a scope of their own.

import ArenaCore

/// The slots of all global variables of a machine: the main program's and each loaded file's.
final class SlotNames {
    fileprivate(set) var names: [String] = []

    init(_ names: [String] = []) { self.names = names }
}

/// The globals of one program, which outlive one piece of its source: slots by name.
final class GlobalNames {
    private(set) var slots: [String: Int] = [:]
    let all: SlotNames

    init(in all: SlotNames) { self.all = all }

    func slot(_ name: String) -> Int {
        if let slot = slots[name] { return slot }
        slots[name] = all.names.count
        all.names.append(name)
        return all.names.count - 1
    }

    /// Takes back the names from this slot on, which refused source has brought.
    func forget(from slot: Int) {
        for name in all.names[slot...] { slots[name] = nil }
        all.names.removeSubrange(slot...)
    }
}

struct Resolver {
    private final class FunctionScope {
        let node: FunctionNode?
        let parent: FunctionScope?
        /// How many functions enclose it.
        let level: Int32
        /// The names that `nonlocal` says an enclosing function has.
        @exclusivity(unchecked) var declaredNonlocal: Set<Int32> = []
        @exclusivity(unchecked) var captures: [(binding: Binding, variable: Variable)] = []

        init(_ node: FunctionNode?, parent: FunctionScope?) {
            self.node = node
            self.parent = parent
            level = parent.map { $0.level + 1 } ?? 0
        }
    }

    /// What an open function or comprehension makes of a name.
    private struct Meaning {
        let name: Int32
        /// Nil where the function declares the name global.
        let variable: Variable?
        /// The function's level.
        let level: Int32
        /// The place in `meanings` of what the name means outside; -1 for none.
        let outer: Int32
    }

    private let file: SourceFile
    private let globals: GlobalNames
    private let builtins: [String: Int]
    private var assignedGlobals: Set<String> = []
    private var scope: FunctionScope
    /// Of the scopes that are open, innermost last.
    private var meanings: [Meaning] = []
    /// By a name's number: the place in `meanings` of its innermost one; -1 for none.
    private var innermost: [Int32] = []
    /// By a name's number: what it means where no function has it, once it was looked up.
    private var outside: [Binding?] = []
    private var loopDepth = 0
    /// How many `except` blocks of this function a statement stands in.
    private var handlerDepth = 0
    private(set) var faults: [Diagnostic] = []

    /// The library's module that has a member of a name.
    private let owner: (String) -> String?

    init(
        _ file: SourceFile, globals: GlobalNames, builtins: [String: Int],
        owner: @escaping (String) -> String? = { _ in nil }
    ) {
        self.file = file
        self.owner = owner
        self.globals = globals
        self.builtins = builtins
        scope = FunctionScope(nil, parent: nil)
    }

    /// Resolves a program; `known` are globals that earlier source has defined.
    mutating func resolve(_ program: [Statement], known: Set<String>) {
        assignedGlobals = known
        collect(program) { assignedGlobals.insert($0.name) }
        collectGlobalDeclarations(program)
        statements(program)
    }

    // MARK: - Which names a body assigns

    /// Calls `found` with each name that these statements bind in their own scope.
    private func collect(_ body: [Statement], _ found: (NameNode) -> Void) {
        for statement in body {
            switch statement.node {
            case .assign(let targets, _): for t in targets { collectTarget(t, found) }
            case .augmented(let target, _, _): collectTarget(target, found)
            case .loop(let target, _, _, _): collectTarget(target, found)
            case .function(let node): if let target = node.target { found(target) }
            case .delete(let targets): for t in targets { collectTarget(t, found) }
            case .tryBlock(let node):
                for handler in node.handlers { if let name = handler.name { found(name) } }
            case .with(let items, _):
                for item in items { if let target = item.target { collectTarget(target, found) } }
            case .load(let node): for name in node.names { found(name.target) }
            case .conditional, .whileLoop, .expression, .returnValue, .breakLoop, .continueLoop,
                .pass, .global, .nonlocal, .assert, .raise:
                break
            }
            statement.forEachBlock { collect($0, found) }
        }
    }

    private func collectTarget(_ target: Expression, _ found: (NameNode) -> Void) {
        switch target.node {
        case .name(let node): found(node)
        case .tuple(let items), .list(let items): for item in items { collectTarget(item, found) }
        case .starred(let inner): collectTarget(inner, found)
        default: break
        }
    }

    /// Functions may define globals by `global x`; those names exist for the whole program.
    private mutating func collectGlobalDeclarations(_ body: [Statement]) {
        for statement in body {
            switch statement.node {
            case .global(let names): assignedGlobals.formUnion(names.map(\.name))
            case .function(let node): collectGlobalDeclarations(node.body)
            default: break
            }
            statement.forEachBlock { collectGlobalDeclarations($0) }
        }
    }

    // MARK: - Walking

    private mutating func statements(_ body: [Statement]) {
        for statement in body { self.statement(statement) }
    }

    private mutating func statement(_ statement: Statement) {
        switch statement.node {
        case .expression(let e): expression(e)
        case .assign(let targets, let value):
            expression(value)
            for target in targets { expression(target) }
        case .augmented(let target, _, let value):
            expression(target)
            expression(value)
        case .conditional(let branches, let otherwise):
            for branch in branches {
                expression(branch.test)
                statements(branch.body)
            }
            statements(otherwise)
        case .loop(let target, let iterable, let body, let otherwise):
            expression(iterable)
            expression(target)
            loop(body)
            statements(otherwise)
        case .whileLoop(let test, let body, let otherwise):
            expression(test)
            loop(body)
            statements(otherwise)
        case .function(let node):
            if let target = node.target { name(target) }
            function(node)
        case .returnValue(let value):
            if scope.node == nil {
                faults.append(
                    Diagnostic(
                        .syntax, "'return' stands outside a function", in: file,
                        at: statement.range,
                        help:
                            "a script ends by itself; fail(\"what is wrong\") stops it with an error"
                    ))
            }
            if let value { expression(value) }
        case .breakLoop, .continueLoop:
            if loopDepth == 0 {
                fault("'\(file.text(statement.range))' stands outside a loop", statement.range)
            }
        case .pass: break
        case .global(let names):
            if scope.node == nil { return }
            for name in names
            where scope.node?.parameters.contains(where: { $0.number == name.number }) == true {
                fault("'\(name.name)' is a parameter and cannot be global", statement.range)
            }
        case .nonlocal(let names):
            for name in names where !enclosingFunctionHas(name) {
                faults.append(
                    Diagnostic(
                        .syntax, "no enclosing function has a variable '\(name.name)'", in: file,
                        at: statement.range,
                        help: scope.parent?.node == nil
                            ? "for a variable of the script itself write: global \(name.name)"
                            : nil))
            }
        case .delete(let targets): for target in targets { expression(target) }
        case .assert(let test, let message):
            expression(test)
            if let message { expression(message) }
        case .tryBlock(let node): tryBlock(node)
        case .raise(let value, let cause):
            if value == nil, handlerDepth == 0 {
                faults.append(
                    Diagnostic(
                        .syntax, "'raise' without an error stands outside 'except'", in: file,
                        at: statement.range, help: "raise ValueError(\"what is wrong\")"))
            }
            if let value { expression(value) }
            if let cause { expression(cause) }
        case .with(let items, let body):
            for item in items {
                expression(item.context)
                if let target = item.target { expression(target) }
            }
            statements(body)
        case .load(let node): load(node)
        }
    }

    private mutating func load(_ node: LoadNode) {
        for item in node.names { name(item.target) }
        let path = node.path.split(separator: ".").map(String.init)
        if node.bindsRoot, let first = path.first, let last = path.last, builtins[first] == nil {
            // In Python that binds the folder; a folder of scripts is no value here.
            faults.append(
                Diagnostic(
                    .syntax, "a script in a folder is imported under a name", in: file,
                    at: node.range, help: "import \(node.path) as \(last)"))
        }
    }

    private mutating func tryBlock(_ node: TryNode) {
        statements(node.body)
        for handler in node.handlers {
            if let type = handler.type { expression(type) }
            if let target = handler.name { name(target) }
            handlerDepth += 1
            statements(handler.body)
            handlerDepth -= 1
        }
        statements(node.otherwise)
        statements(node.finally)
    }

    private mutating func loop(_ body: [Statement]) {
        loopDepth += 1
        statements(body)
        loopDepth -= 1
    }

    private mutating func function(_ node: FunctionNode) {
        for parameter in node.parameters {
            if let value = parameter.defaultValue { expression(value) }
        }
        let outer = (scope, loopDepth, handlerDepth, meanings.count)
        scope = FunctionScope(node, parent: scope)
        loopDepth = 0
        handlerDepth = 0
        for parameter in node.parameters {
            let variable = Variable(parameter.name)
            declare(parameter.number, variable)
            node.parameterVariables.append(variable)
        }
        declareGlobals(node.body)
        let assigned = gathered(node.body)
        for name in assigned where !isDeclared(name.number) {
            let variable = Variable(name.name)
            declare(name.number, variable)
            node.locals.append(variable)
        }
        statements(node.body)
        node.captures = scope.captures.map(\.binding)
        forget(to: outer.3)
        (scope, loopDepth, handlerDepth) = (outer.0, outer.1, outer.2)
    }

    /// The names that a body binds in its own scope, some of them more than once.
    private func gathered(_ body: [Statement]) -> [NameNode] {
        var names: [NameNode] = []
        collect(body) { names.append($0) }
        return names
    }

    private mutating func declareGlobals(_ body: [Statement]) {
        for statement in body {
            switch statement.node {
            case .global(let names):
                for name in names where !isDeclared(name.number) { declare(name.number, nil) }
            case .nonlocal(let names): scope.declaredNonlocal.formUnion(names.map(\.number))
            default: break
            }
            statement.forEachBlock { declareGlobals($0) }
        }
    }

    /// Whether this function itself has said what a name is.
    private func isDeclared(_ name: Int32) -> Bool {
        if !scope.declaredNonlocal.isEmpty, scope.declaredNonlocal.contains(name) { return true }
        guard let meaning = meaning(of: name) else { return false }
        return meaning.level == scope.level
    }

    private mutating func expression(_ e: Expression) {
        switch e.node {
        case .none, .bool, .integer, .largeInteger, .float, .string, .bytes, .invalid: break
        case .fstring(let pieces): format(pieces)
        case .name(let node): name(node)
        case .list(let items), .tuple(let items), .set(let items):
            for item in items { expression(item) }
        case .dict(let items):
            for item in items {
                if let key = item.key { expression(key) }
                expression(item.value)
            }
        case .unary(_, let value), .starred(let value): expression(value)
        case .binary(_, let left, let right), .logical(_, let left, let right):
            expression(left)
            expression(right)
        case .compare(let first, let rest):
            expression(first)
            for (_, value) in rest { expression(value) }
        case .conditional(let test, let then, let otherwise):
            expression(test)
            expression(then)
            expression(otherwise)
        case .call(let callee, let arguments):
            expression(callee)
            for argument in arguments { expression(argument.value) }
        case .attribute(let value, _, _): expression(value)
        case .index(let value, let index):
            expression(value)
            expression(index)
        case .slice(let value, let a, let b, let c):
            expression(value)
            if let a { expression(a) }
            if let b { expression(b) }
            if let c { expression(c) }
        case .lambda(let node): function(node)
        case .comprehension(let node): comprehension(node)
        }
    }

    private mutating func format(_ pieces: [FormatPiece]) {
        for piece in pieces {
            if case .field(let value, _, let spec) = piece {
                expression(value)
                format(spec)
            }
        }
    }

    private mutating func comprehension(_ node: ComprehensionNode) {
        // The first iterable belongs to the scope outside.
        let outer = meanings.count
        for clause in node.clauses {
            switch clause {
            case .loop(let target, let iterable):
                expression(iterable)
                var names: [NameNode] = []
                collectTarget(target) { names.append($0) }
                for name in names where !isDeclared(name.number, since: outer) {
                    let variable = Variable(name.name)
                    declare(name.number, variable)
                    node.variables.append(variable)
                }
                expression(target)
            case .test(let test): expression(test)
            }
        }
        if let key = node.key { expression(key) }
        expression(node.value)
        forget(to: outer)
    }

    // MARK: - Names

    private mutating func name(_ node: NameNode) {
        if let meaning = meaning(of: node.number), let variable = meaning.variable {
            node.binding =
                meaning.level == scope.level
                ? .local(variable)
                : .captured(capture(variable, of: meaning.level, in: scope), variable)
            return
        }
        let number = Int(node.number)
        if number < outside.count, let known = outside[number] {
            node.binding = known
            return
        }
        if assignedGlobals.contains(node.name) {
            node.binding = .global(globals.slot(node.name))
        } else if let index = builtins[node.name] {
            node.binding = .builtin(index)
        } else {
            return unknown(node)
        }
        while outside.count <= number { outside.append(nil) }
        outside[number] = node.binding
    }

    /// Whether a name has got a meaning since there were this many.
    private func isDeclared(_ name: Int32, since count: Int) -> Bool {
        Int(name) < innermost.count && innermost[Int(name)] >= count
    }

    /// What a name means in the innermost scope that has it.
    @inline(__always)
    private func meaning(of name: Int32) -> Meaning? {
        guard Int(name) < innermost.count, innermost[Int(name)] >= 0 else { return nil }
        return meanings[Int(innermost[Int(name)])]
    }

    private mutating func declare(_ name: Int32, _ variable: Variable?) {
        while innermost.count <= Int(name) { innermost.append(-1) }
        meanings.append(
            Meaning(
                name: name, variable: variable, level: scope.level, outer: innermost[Int(name)]))
        innermost[Int(name)] = Int32(meanings.count - 1)
    }

    /// Closes scopes until this many meanings are left.
    private mutating func forget(to count: Int) {
        while meanings.count > count, let meaning = meanings.popLast() {
            innermost[Int(meaning.name)] = meaning.outer
        }
    }

    private func enclosingFunctionHas(_ name: NameNode) -> Bool {
        var found = meaning(of: name.number)
        while let meaning = found {
            if meaning.level < scope.level { return meaning.variable != nil }
            found = meaning.outer >= 0 ? meanings[Int(meaning.outer)] : nil
        }
        return false
    }

    /// The place among a function's captures of a variable that the function at `level` owns.
    private func capture(
        _ variable: Variable, of level: Int32, in scope: FunctionScope
    ) -> Int {
        if let known = scope.captures.firstIndex(where: { $0.variable === variable }) {
            return known
        }
        var source = Binding.local(variable)
        if let parent = scope.parent, parent.level > level {
            source = .captured(capture(variable, of: level, in: parent), variable)
        } else {
            variable.isCaptured = true
        }
        scope.captures.append((source, variable))
        return scope.captures.count - 1
    }

    private mutating func unknown(_ node: NameNode) {
        // That there is no such variable was said where it is declared.
        if scope.declaredNonlocal.contains(node.number) { return }
        let known = Set(builtins.keys).union(assignedGlobals)
            .union(meanings.compactMap(\.variable?.name))
        var help = nameHabit(node.name)
        if help == nil, let module = owner(node.name) { help = "write \(module).\(node.name)" }
        if help == nil, let near = nearestName(to: node.name, in: known.sorted()) {
            help = "did you mean '\(near)'?"
        }
        faults.append(
            Diagnostic(
                .name, "the name '\(node.name)' is not defined", in: file, at: node.range,
                help: help))
    }

    private mutating func fault(_ title: String, _ range: TextRange) {
        faults.append(Diagnostic(.syntax, title, in: file, at: range))
    }
}
