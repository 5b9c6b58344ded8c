// Expressions to register code, and conditions to jumps.

import ArenaCore

extension Compiler {
    /// A register that holds the value: a variable's own where that is safe, else a temporary.
    mutating func operand(_ e: Expression) -> Int {
        if case .name(let name) = e.node, case .local(let variable) = name.binding,
            !variable.isCaptured
        {
            check(variable, name)
            return variable.register
        }
        let register = temporary(e.range)
        expression(e, into: register)
        return register
    }

    /// Emits a check that a local variable is assigned, unless that is certain.
    mutating func check(_ variable: Variable, _ name: NameNode) {
        if !assigned.contains(ObjectIdentifier(variable)) {
            emit(.checkAssigned, name.range, variable.register, wide: symbols.id(name.name))
        }
    }

    /// Evaluates `e` into a register.
    mutating func expression(_ e: Expression, into d: Int) {
        let saved = next
        defer { next = saved }
        switch e.node {
        case .none, .invalid: emit(.loadNone, e.range, d)
        case .bool(let b): emit(b ? .loadTrue : .loadFalse, e.range, d)
        case .integer(let n):
            if Int32(exactly: n) != nil {
                emit(.loadInteger, e.range, d, wide: n)
            } else {
                emit(.loadConstant, e.range, d, wide: constant(.int(n)))
            }
        case .largeInteger(let n):
            emit(.loadConstant, e.range, d, wide: constant(.integer(n)))
        case .float(let x): emit(.loadConstant, e.range, d, wide: constant(.float(x)))
        case .string(let text): emit(.loadConstant, e.range, d, wide: constant(.string(text)))
        case .bytes(let text): emit(.loadConstant, e.range, d, wide: constant(.bytes(text)))
        case .fstring(let pieces): fstring(pieces, e.range, into: d)
        case .name(let name): load(name, into: d)
        case .list(let items): list(items, e.range, into: d)
        case .tuple(let items): tuple(items, e.range, into: d)
        case .set(let items):
            emit(.newSet, e.range, d)
            for item in items {
                if case .starred(let inner) = item.node {
                    emit(.merge, item.range, d, operand(inner), 1)
                } else {
                    emit(.setAdd, item.range, d, operand(item))
                }
                next = saved
            }
        case .dict(let items): dict(items, e.range, into: d)
        case .unary(let op, let value):
            let v = operand(value)
            let code: Op =
                switch op {
                case .negate: .negate
                case .plus: .plus
                case .invert: .invert
                case .not: .not
                }
            emit(code, e.range, d, v, left: value.range)
        case .binary(let op, let left, let right): binary(op, left, right, e.range, into: d)
        case .compare(let first, let rest): compare(first, rest, e.range, into: d)
        case .logical(let isAnd, let left, let right):
            expression(left, into: d)
            let jump = emitJump(isAnd ? .jumpIfFalse : .jumpIfTrue, e.range, d)
            let before = assigned
            expression(right, into: d)
            assigned = before
            patch(jump)
        case .conditional(let test, let then, let otherwise):
            var toElse: [Int] = []
            jumpIfFalse(test, &toElse)
            let before = assigned
            expression(then, into: d)
            assigned = before
            let end = emitJump(.jump, e.range)
            patch(toElse)
            expression(otherwise, into: d)
            assigned = before
            patch(end)
        case .call(let callee, let arguments): call(callee, arguments, e.range, into: d)
        case .attribute(let value, let name, let nameRange):
            emit(
                .getAttribute, nameRange, d, operand(value), wide: symbols.id(name),
                left: value.range)
        case .index(let value, let index):
            let v = operand(value)
            let i = operand(index)
            emit(.getItem, e.range, d, v, i, left: value.range, right: index.range)
        case .slice(let value, let from, let to, let step):
            let v = operand(value)
            let first = next
            for part in [from, to, step] {
                let register = temporary(e.range)
                if let part {
                    expression(part, into: register)
                } else {
                    emit(.loadNone, e.range, register)
                }
            }
            emit(.getSlice, e.range, d, v, first, left: value.range)
        case .lambda(let node): makeFunction(node, into: d)
        case .comprehension(let node): comprehension(node, e.range, into: d)
        case .starred(let value): expression(value, into: d)
        }
    }

    private mutating func load(_ name: NameNode, into d: Int) {
        switch name.binding {
        case .local(let variable):
            if variable.isCaptured {
                emit(.getCell, name.range, d, variable.register, wide: symbols.id(name.name))
            } else {
                check(variable, name)
                if variable.register != d { emit(.move, name.range, d, variable.register) }
            }
        case .captured(let index, _):
            emit(.getCapture, name.range, d, index, wide: symbols.id(name.name))
        case .global(let slot): emit(.getGlobal, name.range, d, wide: slot)
        case .builtin(let index): emit(.getBuiltin, name.range, d, wide: index)
        case .unresolved: emit(.loadNone, name.range, d)
        }
    }

    // MARK: - Operators

    static func opcode(_ op: BinaryOperator) -> Op {
        switch op {
        case .add: return .add
        case .subtract: return .subtract
        case .multiply: return .multiply
        case .divide: return .divide
        case .floorDivide: return .floorDivide
        case .modulo: return .modulo
        case .power: return .power
        case .and: return .and
        case .or: return .or
        case .xor: return .xor
        case .shiftLeft: return .shiftLeft
        case .shiftRight: return .shiftRight
        case .matrixMultiply: return .matrixMultiply
        }
    }

    static func integerOp(_ op: BinaryOperator) -> Op? {
        switch op {
        case .add: return .addInteger
        case .subtract: return .subtractInteger
        case .multiply: return .multiplyInteger
        case .modulo: return .moduloInteger
        default: return nil
        }
    }

    mutating func binary(
        _ op: BinaryOperator, _ left: Expression, _ right: Expression, _ range: TextRange,
        into d: Int
    ) {
        let x = leftOperand(left, d)
        if case .integer(let n) = right.node, let code = Self.integerOp(op),
            Int16(exactly: n) != nil
        {
            emit(code, range, d, x, wide: n, left: left.range, right: right.range)
            return
        }
        let y = operand(right)
        emit(Self.opcode(op), range, d, x, y, left: left.range, right: right.range)
    }

    /// A left operand, computed in the destination itself where that is a temporary: a long chain
    /// then needs two registers, not one an operator.
    private mutating func leftOperand(_ e: Expression, _ d: Int) -> Int {
        if case .name = e.node { return operand(e) }
        guard !variableRegisters.contains(d) else { return operand(e) }
        expression(e, into: d)
        return d
    }

    static func opcode(_ op: CompareOperator) -> Op {
        switch op {
        case .equal: return .equal
        case .notEqual: return .notEqual
        case .less: return .less
        case .lessEqual: return .lessEqual
        case .greater: return .greater
        case .greaterEqual: return .greaterEqual
        case .contains: return .contains
        case .notContains: return .notContains
        case .same: return .same
        case .notSame: return .notSame
        }
    }

    private mutating func compare(
        _ first: Expression, _ rest: [(CompareOperator, Expression)], _ range: TextRange,
        into d: Int
    ) {
        var left = operand(first)
        var leftRange = first.range
        var exits: [Int] = []
        for (i, (op, value)) in rest.enumerated() {
            let right = operand(value)
            emit(Self.opcode(op), range, d, left, right, left: leftRange, right: value.range)
            if i + 1 < rest.count { exits.append(emitJump(.jumpIfFalse, range, d)) }
            left = right
            leftRange = value.range
        }
        patch(exits)
    }

    // MARK: - Conditions

    /// Jumps (collected in `jumps`) if `e` is false; falls through if it is true.
    mutating func jumpIfFalse(_ e: Expression, _ jumps: inout [Int]) {
        let saved = next
        defer { next = saved }
        switch e.node {
        case .logical(isAnd: true, let left, let right):
            jumpIfFalse(left, &jumps)
            let before = assigned
            jumpIfFalse(right, &jumps)
            assigned = before
        case .logical(isAnd: false, let left, let right):
            var success: [Int] = []
            jumpIfTrue(left, &success)
            let before = assigned
            jumpIfFalse(right, &jumps)
            assigned = before
            patch(success)
        case .unary(.not, let value): jumpIfTrue(value, &jumps)
        case .compare(let left, let rest) where rest.count == 1:
            if let jump = fusedCompare(left, rest[0].0, rest[0].1, e.range) {
                jumps.append(jump)
            } else {
                jumps.append(emitJump(.jumpIfFalse, e.range, operand(e)))
            }
        default: jumps.append(emitJump(.jumpIfFalse, e.range, operand(e)))
        }
    }

    mutating func jumpIfTrue(_ e: Expression, _ jumps: inout [Int]) {
        let saved = next
        defer { next = saved }
        switch e.node {
        case .logical(isAnd: false, let left, let right):
            jumpIfTrue(left, &jumps)
            let before = assigned
            jumpIfTrue(right, &jumps)
            assigned = before
        case .logical(isAnd: true, let left, let right):
            var failure: [Int] = []
            jumpIfFalse(left, &failure)
            let before = assigned
            jumpIfTrue(right, &jumps)
            assigned = before
            patch(failure)
        case .unary(.not, let value): jumpIfFalse(value, &jumps)
        default: jumps.append(emitJump(.jumpIfTrue, e.range, operand(e)))
        }
    }

    /// A comparison and its jump in one instruction, where there is one.
    private mutating func fusedCompare(
        _ left: Expression, _ op: CompareOperator, _ right: Expression, _ range: TextRange
    ) -> Int? {
        let pair: (Op, Op)
        switch op {
        case .less: pair = (.unlessLess, .unlessLessInteger)
        case .lessEqual: pair = (.unlessLessEqual, .unlessLessEqualInteger)
        case .greater: pair = (.unlessGreater, .unlessGreaterInteger)
        case .greaterEqual: pair = (.unlessGreaterEqual, .unlessGreaterEqualInteger)
        case .equal: pair = (.unlessEqual, .unlessEqualInteger)
        case .notEqual: pair = (.unlessNotEqual, .unlessNotEqualInteger)
        case .contains, .notContains, .same, .notSame: return nil
        }
        let x = operand(left)
        if case .integer(let n) = right.node, let small = Int16(exactly: n) {
            let bits = UInt16(bitPattern: small)
            emit(
                pair.1, range, x, Int(bits & 0xFF), Int(bits >> 8), left: left.range,
                right: right.range)
        } else {
            emit(pair.0, range, x, operand(right), left: left.range, right: right.range)
        }
        return instructions.count - 1
    }

    // MARK: - Calls

    private mutating func call(
        _ callee: Expression, _ arguments: [Argument], _ range: TextRange, into d: Int
    ) {
        let first = temporary(callee.range)
        var symbol = -1
        var calleeRange = callee.range
        if case .attribute(let receiver, let name, let nameRange) = callee.node {
            expression(receiver, into: first)
            symbol = symbols.id(name)
            calleeRange = nameRange
        } else {
            expression(callee, into: first)
        }
        var positional: [Expression] = []
        var keywords: [(String, Expression)] = []
        var stars: [Argument] = []
        var doubleStars: [Expression] = []
        var afterStar = false
        for argument in arguments {
            switch argument.kind {
            case .positional:
                if afterStar { stars.append(argument) } else { positional.append(argument.value) }
            case .keyword(let name): keywords.append((name, argument.value))
            case .star:
                afterStar = true
                stars.append(argument)
            case .doubleStar: doubleStars.append(argument.value)
            }
        }
        for value in positional { expression(value, into: temporary(value.range)) }
        for (_, value) in keywords { expression(value, into: temporary(value.range)) }
        if !stars.isEmpty {
            // Several stars, and positional arguments after them, are gathered in one list.
            let register = temporary(range)
            emit(.newList, range, register)
            for star in stars {
                let saved = next
                if case .star = star.kind {
                    emit(.extend, star.range, register, operand(star.value))
                } else {
                    emit(.append, star.range, register, operand(star.value))
                }
                next = saved
            }
        }
        if !doubleStars.isEmpty {
            let register = temporary(range)
            emit(.newDict, range, register)
            for value in doubleStars {
                let saved = next
                emit(.merge, value.range, register, operand(value), 2)
                next = saved
            }
        }
        if keywords.isEmpty, stars.isEmpty, doubleStars.isEmpty {
            emit(
                symbol < 0 ? .call : .method, range, d, first, positional.count,
                wide: max(symbol, 0),
                left: calleeRange)
        } else {
            shapes.append(
                CallShape(
                    positional: positional.count, keywords: keywords.map(\.0), star: !stars.isEmpty,
                    doubleStar: !doubleStars.isEmpty, symbol: symbol))
            emit(
                symbol < 0 ? .callShaped : .methodShaped, range, d, first, wide: shapes.count - 1,
                left: calleeRange)
        }
    }

    mutating func makeFunction(_ node: FunctionNode, into d: Int) {
        let saved = next
        let first = next
        var defaults = 0
        for parameter in node.parameters {
            if let value = parameter.defaultValue {
                expression(value, into: temporary(value.range))
                defaults += 1
            }
        }
        let index = function(node)
        emit(.makeFunction, node.range, d, first, defaults, wide: index)
        next = saved
    }

    // MARK: - Displays

    private mutating func list(_ items: [Expression], _ range: TextRange, into d: Int) {
        emit(.newList, range, d, wide: items.count)
        for item in items {
            let saved = next
            if case .starred(let inner) = item.node {
                emit(.extend, item.range, d, operand(inner))
            } else {
                emit(.append, item.range, d, operand(item))
            }
            next = saved
        }
    }

    private mutating func tuple(_ items: [Expression], _ range: TextRange, into d: Int) {
        let starred = items.contains { if case .starred = $0.node { true } else { false } }
        if starred || items.count > 60 {
            list(items, range, into: d)
            emit(.listToTuple, range, d, d)
            return
        }
        let first = next
        for item in items { expression(item, into: temporary(item.range)) }
        emit(.newTuple, range, d, first, items.count)
    }

    private mutating func dict(_ items: [DictItem], _ range: TextRange, into d: Int) {
        emit(.newDict, range, d)
        for item in items {
            let saved = next
            if let key = item.key {
                let k = operand(key)
                emit(.insert, key.range, d, k, operand(item.value))
            } else {
                emit(.merge, item.value.range, d, operand(item.value))
            }
            next = saved
        }
    }

    private mutating func fstring(_ pieces: [FormatPiece], _ range: TextRange, into d: Int) {
        // Long f-strings are joined in parts so that registers do not run out.
        var done = false
        var rest = pieces[...]
        repeat {
            let part = rest.prefix(60)
            rest = rest.dropFirst(60)
            let first = next
            if done { emit(.move, range, temporary(range), d) }
            for piece in part {
                switch piece {
                case .text(let text):
                    emit(.loadConstant, range, temporary(range), wide: constant(.string(text)))
                case .field(let value, let conversion, let spec):
                    let register = temporary(value.range)
                    expression(value, into: register)
                    if spec.isEmpty {
                        emit(.format, value.range, register, 0, Int(conversion ?? 0))
                    } else {
                        let saved = next
                        let specRegister = temporary(value.range)
                        fstring(spec, value.range, into: specRegister)
                        emit(
                            .format, value.range, register, specRegister, Int(conversion ?? 0),
                            wide: 1)
                        next = saved
                    }
                }
            }
            emit(.joinStrings, range, d, first, next - first)
            next = first
            done = true
        } while !rest.isEmpty
    }

    private mutating func comprehension(_ node: ComprehensionNode, _ range: TextRange, into d: Int)
    {
        let saved = next
        let before = assigned
        let result = temporary(range)
        switch node.kind {
        case .list, .generator: emit(.newList, range, result)
        case .set: emit(.newSet, range, result)
        case .dict: emit(.newDict, range, result)
        }
        for variable in node.variables {
            variable.register = temporary(range)
            variableRegisters.insert(variable.register)
            if variable.isCaptured {
                emit(.clear, range, variable.register, wide: 1)
                emit(.makeCell, range, variable.register)
            }
        }
        clause(0, node, result)
        emit(.take, range, d, result)
        emit(.clear, range, saved, wide: next - saved)
        for variable in node.variables { variableRegisters.remove(variable.register) }
        next = saved
        assigned = before
    }

    /// Whether a list comprehension gives the variable of its last loop as it is.
    private func isCopy(_ node: ComprehensionNode, _ target: Expression) -> Bool {
        guard node.kind == .list || node.kind == .generator, case .name(let name) = target.node,
            case .local(let variable) = name.binding, case .name(let value) = node.value.node,
            case .local(let used) = value.binding
        else { return false }
        return variable === used && !variable.isCaptured && node.variables.contains { $0 === used }
    }

    private mutating func clause(_ index: Int, _ node: ComprehensionNode, _ result: Int) {
        let saved = next
        defer { next = saved }
        guard index < node.clauses.count else {
            if let key = node.key {
                let k = operand(key)
                emit(.insert, key.range, result, k, operand(node.value))
            } else {
                let v = operand(node.value)
                emit(node.kind == .set ? .setAdd : .append, node.value.range, result, v)
            }
            return
        }
        switch node.clauses[index] {
        case .loop(let target, let iterable):
            if index + 1 == node.clauses.count, isCopy(node, target) {
                // `[x for x in items]` adds all items at once.
                emit(.extend, iterable.range, result, operand(iterable))
                return
            }
            loop(over: iterable, target: target) { $0.clause(index + 1, node, result) }
        case .test(let test):
            var skip: [Int] = []
            jumpIfFalse(test, &skip)
            clause(index + 1, node, result)
            patch(skip)
        }
    }
}
