// A resolved tree to register code: statements here, expressions in Compiler+Expressions.swift.
// Registers 0.. hold parameters, then locals, then temporaries in stack order.

import ArenaCore

struct Compiler {
    /// What a jump out of a block has to pass on its way: loops take `break` and `continue`, the last
    /// part of a `try` runs before anything leaves it.
    enum Context {
        case loop(Loop)
        case finally(Finally)
    }
    final class Loop {
        var breaks: [Int] = []
        var continues: [Int] = []
    }

    let file: SourceFile
    let symbols: SymbolTable
    let isModule: Bool
    var instructions: [Instruction] = []
    var spans: [Span] = []
    var constants: [Value] = []
    var integerConstants: [Int: Int] = [:]
    var functions: [Code] = []
    var shapes: [CallShape] = []
    /// The first register that is free.
    var next = 0
    var registerCount = 0
    var contexts: [Context] = []
    var handlers: [Handler] = []
    /// The registers of errors being handled, innermost last, for a bare `raise`.
    var handled: [Int] = []
    var loads: [LoadNode] = []
    /// Registers that belong to variables; the others are temporaries, free to be written early.
    var variableRegisters: Set<Int> = []
    /// Local variables that are certainly assigned here, so that reading them needs no check.
    var assigned: Set<ObjectIdentifier> = []
    var faults: [Diagnostic] = []

    init(_ file: SourceFile, symbols: SymbolTable, isModule: Bool) {
        self.file = file
        self.symbols = symbols
        self.isModule = isModule
    }

    /// Compiles a program; in interactive use it returns its last expression statement's value.
    static func compile(
        _ program: [Statement], _ file: SourceFile, symbols: SymbolTable, interactive: Bool
    ) -> (Code, [Diagnostic]) {
        var c = Compiler(file, symbols: symbols, isModule: true)
        if interactive, let last = program.last, case .expression(let e) = last.node {
            c.statements(program.dropLast())
            let result = c.temporary(e.range)
            c.expression(e, into: result)
            c.emit(.returnValue, e.range, result)
        } else {
            c.statements(program)
            c.emit(.returnNone, .none)
        }
        return (c.finish(name: "<module>", node: nil), c.faults)
    }

    private mutating func finish(name: String, node: FunctionNode?) -> Code {
        let captures = node?.captures.map { binding -> (isRegister: Bool, index: Int) in
            switch binding {
            case .local(let variable): return (true, variable.register)
            case .captured(let index, _): return (false, index)
            case .unresolved, .global, .builtin: return (false, 0)
            }
        }
        return Code(
            name: name, file: file, isModule: isModule, parameters: node?.parameters ?? [],
            documentation: node?.documentation, instructions: instructions, constants: constants,
            registerCount: registerCount, spans: spans, functions: functions, shapes: shapes,
            captures: captures ?? [], handlers: handlers, loads: loads)
    }

    /// Compiles a function into a code object and gives its index.
    mutating func function(_ node: FunctionNode) -> Int {
        var c = Compiler(file, symbols: symbols, isModule: false)
        for variable in node.parameterVariables {
            variable.register = c.temporary(node.range)
            c.assigned.insert(ObjectIdentifier(variable))
        }
        for variable in node.locals { variable.register = c.temporary(node.range) }
        c.variableRegisters = Set(0..<c.next)
        for variable in node.parameterVariables + node.locals where variable.isCaptured {
            c.emit(.makeCell, node.range, variable.register)
        }
        c.statements(node.body)
        c.emit(.returnNone, node.range)
        if node.captures.count > 255 {
            c.faults.append(
                Diagnostic(
                    .syntax, "\(node.name) uses more than 255 variables of enclosing functions",
                    in: file, at: node.range, help: "pass a dict or a list of them"))
        }
        functions.append(c.finish(name: node.name, node: node))
        faults += c.faults
        return functions.count - 1
    }

    // MARK: - Emitting

    mutating func emit(
        _ op: Op, _ range: TextRange, _ a: Int = 0, _ b: Int = 0, _ c: Int = 0, wide: Int = 0,
        left: TextRange = .none, right: TextRange = .none
    ) {
        instructions.append(
            Instruction(
                op: op, a: UInt8(truncatingIfNeeded: a), b: UInt8(truncatingIfNeeded: b),
                c: UInt8(truncatingIfNeeded: c), wide: Int32(truncatingIfNeeded: wide)))
        spans.append(Span(range: range, left: left, right: right))
    }

    /// Emits a jump whose distance is filled in by `patch`.
    mutating func emitJump(_ op: Op, _ range: TextRange, _ a: Int = 0, _ b: Int = 0, _ c: Int = 0)
        -> Int
    {
        emit(op, range, a, b, c)
        return instructions.count - 1
    }

    /// Lets a jump land at the next instruction.
    mutating func patch(_ jump: Int) {
        instructions[jump].wide = Int32(truncatingIfNeeded: instructions.count - jump - 1)
    }

    mutating func patch(_ jumps: [Int]) { for jump in jumps { patch(jump) } }

    mutating func emitJumpBack(
        _ op: Op, _ range: TextRange, to target: Int, _ a: Int = 0, _ b: Int = 0
    ) {
        emit(op, range, a, b, wide: target - instructions.count - 1)
    }

    mutating func temporary(_ range: TextRange) -> Int {
        if next >= 250 {
            if next == 250 {
                faults.append(
                    Diagnostic(
                        .syntax, "this needs more than 250 values at once", in: file, at: range,
                        help: "split it into smaller functions or statements"))
            }
            next += 1
            return 249
        }
        next += 1
        registerCount = max(registerCount, next)
        return next - 1
    }

    mutating func constant(_ value: Value) -> Int {
        constants.append(value)
        return constants.count - 1
    }

    // MARK: - Statements

    mutating func statements(_ body: some Sequence<Statement>) {
        for statement in body { self.statement(statement) }
    }

    mutating func statement(_ s: Statement) {
        let first = next
        let before = registerCount
        registerCount = next
        defer {
            // Values of a program's temporaries go as soon as the statement ends: they may be models.
            if isModule, registerCount > first {
                emit(.clear, s.range, first, wide: registerCount - first)
            }
            registerCount = max(before, registerCount)
            next = first
        }
        switch s.node {
        case .expression(let e): _ = operand(e)
        case .assign(let targets, let value): assign(targets, value, s.range)
        case .augmented(let target, let op, let value): augmented(target, op, value, s.range)
        case .conditional(let branches, let otherwise): conditional(branches, otherwise)
        case .loop(let target, let iterable, let body, let otherwise):
            forLoop(target, iterable, body, otherwise)
        case .whileLoop(let test, let body, let otherwise): whileLoop(test, body, otherwise)
        case .function(let node):
            let register = temporary(node.range)
            makeFunction(node, into: register)
            if let target = node.target { store(register, in: target) }
        case .returnValue(let value):
            leave(.returning(value.map { operand($0) }), s.range)
        case .breakLoop: leave(.breaking, s.range)
        case .continueLoop: leave(.continuing, s.range)
        case .pass, .global, .nonlocal: break
        case .delete(let targets): for target in targets { delete(target) }
        case .assert(let test, let message): assertion(test, message, s.range)
        case .tryBlock(let node): tryBlock(node, s.range)
        case .raise(let value, let cause): raise(value, cause, s.range)
        case .with(let items, let body): with(items[...], body, s.range)
        case .load(let node): load(node)
        }
    }

    private mutating func assign(_ targets: [Expression], _ value: Expression, _ range: TextRange) {
        if targets.count == 1, case .name(let name) = targets[0].node,
            case .local(let variable) = name.binding, !variable.isCaptured
        {
            if writesEarly(value) {
                let register = temporary(value.range)
                expression(value, into: register)
                emit(.take, range, variable.register, register)
            } else {
                expression(value, into: variable.register)
            }
            assigned.insert(ObjectIdentifier(variable))
            return
        }
        // `a, b = x, y` needs no tuple.
        if targets.count == 1, case .tuple(let names) = targets[0].node,
            case .tuple(let values) = value.node, names.count == values.count,
            !(names + values).contains(where: { if case .starred = $0.node { true } else { false } }
            )
        {
            var registers: [Int] = []
            for item in values {
                let register = temporary(item.range)
                expression(item, into: register)
                registers.append(register)
            }
            for (name, register) in zip(names, registers) { store(register, into: name) }
            return
        }
        let register = temporary(value.range)
        expression(value, into: register)
        for target in targets { store(register, into: target) }
    }

    /// Whether compiling this into a register writes there before its operands are all read.
    func writesEarly(_ e: Expression) -> Bool {
        switch e.node {
        case .list, .set, .dict, .logical, .fstring, .comprehension, .tuple, .compare, .conditional:
            return true
        default: return false
        }
    }

    /// Stores a register's value in any target.
    mutating func store(_ register: Int, into target: Expression) {
        switch target.node {
        case .name(let name): store(register, in: name)
        case .index(let object, let index):
            let saved = next
            let o = operand(object)
            let i = operand(index)
            emit(.setItem, target.range, o, i, register, left: object.range, right: index.range)
            next = saved
        case .tuple(let items), .list(let items): unpack(register, items, target.range)
        default: break
        }
    }

    private mutating func unpack(_ register: Int, _ items: [Expression], _ range: TextRange) {
        let saved = next
        let first = next
        for item in items { _ = temporary(item.range) }
        let starred = items.firstIndex { if case .starred = $0.node { true } else { false } }
        if let starred {
            emit(.unpackStarred, range, first, register, items.count, wide: starred)
        } else {
            emit(.unpack, range, first, register, items.count)
        }
        for (i, item) in items.enumerated() {
            if case .starred(let inner) = item.node {
                store(first + i, into: inner)
            } else {
                store(first + i, into: item)
            }
        }
        next = saved
    }

    /// Stores a register's value in a variable.
    mutating func store(_ register: Int, in name: NameNode) {
        switch name.binding {
        case .local(let variable):
            if variable.isCaptured {
                emit(.setCell, name.range, variable.register, register)
            } else if variable.register != register {
                emit(.move, name.range, variable.register, register)
            }
            assigned.insert(ObjectIdentifier(variable))
        case .captured(let index, _): emit(.setCapture, name.range, register, wide: index)
        case .global(let slot): emit(.setGlobal, name.range, register, wide: slot)
        case .builtin, .unresolved: break
        }
    }

    private mutating func augmented(
        _ target: Expression, _ op: BinaryOperator, _ value: Expression, _ range: TextRange
    ) {
        switch target.node {
        case .name(let name):
            if case .local(let variable) = name.binding, !variable.isCaptured {
                check(variable, name)
                if case .integer(let n) = value.node, op != .multiply, Self.integerOp(op) != nil,
                    Int16(exactly: n) != nil
                {
                    binary(op, target, value, range, into: variable.register)
                } else {
                    let v = operand(value)
                    emit(
                        .inPlace, range, variable.register, v, Int(Self.opcode(op).rawValue),
                        left: target.range, right: value.range)
                }
                return
            }
            let register = temporary(target.range)
            expression(target, into: register)
            let v = operand(value)
            emit(
                .inPlace, range, register, v, Int(Self.opcode(op).rawValue), left: target.range,
                right: value.range)
            store(register, in: name)
        case .index(let object, let index):
            let o = operand(object)
            let i = operand(index)
            let register = temporary(target.range)
            emit(.getItem, target.range, register, o, i, left: object.range, right: index.range)
            let v = operand(value)
            emit(
                .inPlace, range, register, v, Int(Self.opcode(op).rawValue), left: target.range,
                right: value.range)
            emit(.setItem, target.range, o, i, register, left: object.range, right: index.range)
        default: break
        }
    }

    private mutating func conditional(
        _ branches: [(test: Expression, body: [Statement])], _ otherwise: [Statement]
    ) {
        var ends: [Int] = []
        var outcomes: [Set<ObjectIdentifier>] = []
        let before = assigned
        for (i, branch) in branches.enumerated() {
            var toNext: [Int] = []
            jumpIfFalse(branch.test, &toNext)
            let afterTest = assigned
            statements(branch.body)
            outcomes.append(assigned)
            assigned = afterTest.intersection(before)
            if i + 1 < branches.count || !otherwise.isEmpty {
                ends.append(emitJump(.jump, branch.test.range))
            }
            patch(toNext)
        }
        statements(otherwise)
        outcomes.append(assigned)
        assigned = outcomes.dropFirst().reduce(outcomes[0]) { $0.intersection($1) }
        patch(ends)
    }

    private mutating func forLoop(
        _ target: Expression, _ iterable: Expression, _ body: [Statement], _ otherwise: [Statement]
    ) {
        assigned.subtract(deleted(in: body + otherwise))
        let before = assigned
        let ended = Loop()
        contexts.append(.loop(ended))
        loop(over: iterable, target: target) { compiler in
            compiler.statements(body)
            compiler.patch(ended.continues)
        }
        assigned = before
        contexts.removeLast()
        statements(otherwise)
        assigned = before
        patch(ended.breaks)
    }

    /// The shared frame of `for` and of a comprehension's clause.
    mutating func loop(
        over iterable: Expression, target: Expression, _ body: (inout Compiler) -> Void
    ) {
        let state = temporary(iterable.range)
        _ = temporary(iterable.range)
        _ = temporary(iterable.range)
        expression(iterable, into: state)
        var item: Int
        var isDirect = false
        if case .name(let name) = target.node, case .local(let variable) = name.binding,
            !variable.isCaptured, variable.register >= 0
        {
            item = variable.register
            isDirect = true
        } else {
            item = temporary(target.range)
        }
        let prepare = emitJump(.prepareLoop, iterable.range, state, item)
        let top = instructions.count
        if isDirect, case .name(let name) = target.node, case .local(let variable) = name.binding {
            assigned.insert(ObjectIdentifier(variable))
        } else {
            store(item, into: target)
        }
        body(&self)
        patch(prepare)
        emitJumpBack(.loop, target.range, to: top, state, item)
    }

    private mutating func whileLoop(
        _ test: Expression, _ body: [Statement], _ otherwise: [Statement]
    ) {
        assigned.subtract(deleted(in: body + otherwise))
        let before = assigned
        let ended = Loop()
        contexts.append(.loop(ended))
        let top = instructions.count
        var exits: [Int] = []
        jumpIfFalse(test, &exits)
        statements(body)
        patch(ended.continues)
        emitJumpBack(.jump, test.range, to: top)
        patch(exits)
        contexts.removeLast()
        assigned = before
        statements(otherwise)
        assigned = before
        patch(ended.breaks)
    }

    /// The local variables that `del` somewhere in a loop takes away: on the next turn, or behind the
    /// loop, they may be unassigned.
    func deleted(in body: [Statement]) -> Set<ObjectIdentifier> {
        var found: Set<ObjectIdentifier> = []
        func note(_ name: NameNode) {
            if case .local(let variable) = name.binding { found.insert(ObjectIdentifier(variable)) }
        }
        func names(_ target: Expression) {
            switch target.node {
            case .name(let name): note(name)
            case .tuple(let items), .list(let items): for item in items { names(item) }
            default: break
            }
        }
        func visit(_ body: [Statement]) {
            for statement in body {
                if case .delete(let targets) = statement.node {
                    for target in targets { names(target) }
                }
                if case .tryBlock(let node) = statement.node {
                    for handler in node.handlers { if let name = handler.name { note(name) } }
                }
                for block in statement.blocks { visit(block) }
            }
        }
        visit(body)
        return found
    }

    mutating func delete(_ target: Expression) {
        switch target.node {
        case .name(let name):
            switch name.binding {
            case .local(let variable):
                emit(
                    .deleteLocal, name.range, variable.register, variable.isCaptured ? 1 : 0,
                    wide: symbols.id(name.name))
                assigned.remove(ObjectIdentifier(variable))
            case .global(let slot): emit(.deleteGlobal, name.range, wide: slot)
            case .captured, .builtin, .unresolved:
                faults.append(
                    Diagnostic(
                        .syntax, "'\(name.name)' cannot be deleted here", in: file, at: name.range))
            }
        case .index(let object, let index):
            let o = operand(object)
            let i = operand(index)
            emit(.deleteItem, target.range, o, i, left: object.range, right: index.range)
        case .tuple(let items), .list(let items): for item in items { delete(item) }
        default: break
        }
    }

    private mutating func assertion(_ test: Expression, _ message: Expression?, _ range: TextRange)
    {
        var success: [Int] = []
        jumpIfTrue(test, &success)
        let before = assigned
        let register = temporary(range)
        if let message {
            expression(message, into: register)
        } else {
            emit(.loadNone, range, register)
        }
        emit(.failAssertion, test.range, register)
        assigned = before
        patch(success)
    }
}
