// The loop that executes instructions.

import ArenaCore

extension Machine {
    /// Replaces a register's value; the new one is taken over.
    @inline(__always)
    private func set(_ p: UnsafeMutablePointer<Value>, _ v: Value) {
        let old = p.pointee
        p.pointee = v
        if old.isObject { old.release() }
    }

    /// Runs the function whose frame lies at `start` (its value just below, arguments in place) and
    /// gives its result, owned. On an error every frame above the caller's is unwound.
    func execute(
        _ entry: UnsafeMutablePointer<CodeInfo>, at start: UnsafeMutablePointer<Value>
    ) throws(Raised) -> Value {
        let depth = frameCount
        let outerTop = top
        var info = entry
        var base = start
        var pc = info.pointee.instructions
        var constants = info.pointee.constants
        let globals = self.globals
        top = base + info.pointee.registerCount
        attempts: while true {
            do throws(Raised) {
                while true {
                    // Each case reads the operands it has: read here, all would be read every time.
                    let ins = pc
                    pc += 1
                    let a = base + Int(ins.a)
                    switch ins.op {
                    // MARK: Values
                    case .move: set(a, base[Int(ins.b)].retain())
                    case .take:
                        let v = base[Int(ins.b)]
                        base[Int(ins.b)] = .unset
                        set(a, v)
                    case .loadConstant: set(a, constants[Int(ins.wide)].retain())
                    case .loadInteger: set(a, .int(Int(ins.wide)))
                    case .loadNone: set(a, .none)
                    case .loadTrue: set(a, .bool(true))
                    case .loadFalse: set(a, .bool(false))
                    case .clear: for i in 0..<Int(ins.wide) { set(a + i, .unset) }

                    // MARK: Variables
                    case .getGlobal:
                        let v = globals[Int(ins.wide)]
                        if v.isUnset {
                            // A name the script assigns later may still mean the builtin here.
                            let name = slotNames.names[Int(ins.wide)]
                            guard let index = builtinNames[name] else { throw unassigned(name) }
                            set(a, builtinValues[index].retain())
                            continue
                        }
                        set(a, v.retain())
                    case .setGlobal:
                        if frozenSlots[Int(ins.wide)] {
                            throw frozenGlobal(slotNames.names[Int(ins.wide)])
                        }
                        set(globals + Int(ins.wide), a.pointee.retain())
                    case .deleteGlobal:
                        let p = globals + Int(ins.wide)
                        if p.pointee.isUnset { throw unassigned(slotNames.names[Int(ins.wide)]) }
                        set(p, .unset)
                    case .getBuiltin: set(a, builtinValues[Int(ins.wide)].retain())
                    case .makeCell: a.pointee = .cell(a.pointee)
                    case .getCell:
                        let v = base[Int(ins.b)].cast(CellObject.self).pointee.value
                        if v.isUnset { throw unassigned(symbols.names[Int(ins.wide)]) }
                        set(a, v.retain())
                    case .setCell:
                        let cell = a.pointee.cast(CellObject.self)
                        if cell.pointee.header.isFrozen { throw frozen(a.pointee) }
                        let old = cell.pointee.value
                        let new = base[Int(ins.b)].retain()
                        cell.pointee.value = new
                        if new.isKind(.function) { closures.stored(new, in: a.pointee) }
                        old.release()
                    case .getCapture:
                        let f = base[-1].cast(FunctionObject.self)
                        let v = f.pointee.captures[Int(ins.b)].cast(CellObject.self).pointee.value
                        if v.isUnset { throw unassigned(symbols.names[Int(ins.wide)]) }
                        set(a, v.retain())
                    case .setCapture:
                        let f = base[-1].cast(FunctionObject.self)
                        let cell = f.pointee.captures[Int(ins.wide)].cast(CellObject.self)
                        if cell.pointee.header.isFrozen {
                            throw frozen(f.pointee.captures[Int(ins.wide)])
                        }
                        let old = cell.pointee.value
                        let new = a.pointee.retain()
                        cell.pointee.value = new
                        if new.isKind(.function) {
                            closures.stored(new, in: f.pointee.captures[Int(ins.wide)])
                        }
                        old.release()
                    case .checkAssigned:
                        if a.pointee.isUnset { throw unassigned(symbols.names[Int(ins.wide)]) }
                    case .deleteLocal:
                        if ins.b == 1 {
                            let cell = a.pointee.cast(CellObject.self)
                            let old = cell.pointee.value
                            if old.isUnset { throw unassigned(symbols.names[Int(ins.wide)]) }
                            cell.pointee.value = .unset
                            old.release()
                        } else {
                            if a.pointee.isUnset { throw unassigned(symbols.names[Int(ins.wide)]) }
                            set(a, .unset)
                        }

                    // MARK: Arithmetic
                    case .add:
                        let x = base[Int(ins.b)]
                        let y = base[Int(ins.c)]
                        if x.isInt, y.isInt {
                            let (r, o) = x.i.addingReportingOverflow(y.i)
                            if !o { set(a, .int(r)); continue }
                        } else if x.isFloat, y.isFloat {
                            set(a, .float(x.d + y.d))
                            continue
                        } else if x.isKind(.string), y.isKind(.string) {
                            if ins.a != ins.b || !appendText(a, y) { set(a, joined(x, y)) }
                            continue
                        } else if ins.a == ins.b, x.isKind(.list), y.isKind(.list),
                            x.header.pointee.owners == 1, x.bits != y.bits, !x.isFrozen
                        {
                            // Nobody else holds the left list, and the result takes its place.
                            let items = y.cast(ListObject.self)
                            x.extend(copying: items.pointee.items, items.pointee.count)
                            continue
                        }
                        set(a, try arithmetic(.add, x, y))
                    case .subtract:
                        let x = base[Int(ins.b)]
                        let y = base[Int(ins.c)]
                        if x.isInt, y.isInt {
                            let (r, o) = x.i.subtractingReportingOverflow(y.i)
                            if !o { set(a, .int(r)); continue }
                        } else if x.isFloat, y.isFloat {
                            set(a, .float(x.d - y.d))
                            continue
                        }
                        set(a, try arithmetic(.subtract, x, y))
                    case .multiply:
                        let x = base[Int(ins.b)]
                        let y = base[Int(ins.c)]
                        if x.isInt, y.isInt {
                            let (r, o) = x.i.multipliedReportingOverflow(by: y.i)
                            if !o { set(a, .int(r)); continue }
                        } else if x.isFloat, y.isFloat {
                            set(a, .float(x.d * y.d))
                            continue
                        }
                        set(a, try arithmetic(.multiply, x, y))
                    case .divide:
                        let x = base[Int(ins.b)]
                        let y = base[Int(ins.c)]
                        if x.isFloat, y.isFloat, y.d != 0 { set(a, .float(x.d / y.d)); continue }
                        set(a, try arithmetic(.divide, x, y))
                    case .floorDivide, .power, .and, .or, .xor, .shiftLeft, .shiftRight,
                        .matrixMultiply:
                        set(a, try arithmetic(ins.op, base[Int(ins.b)], base[Int(ins.c)]))
                    case .modulo:
                        let x = base[Int(ins.b)]
                        let y = base[Int(ins.c)]
                        if x.isInt, y.isInt, y.i > 0 {
                            set(a, .int(floorModulo(x.i, y.i))); continue
                        }
                        set(a, try arithmetic(.modulo, x, y))
                    case .addInteger:
                        let x = base[Int(ins.b)]
                        if x.isInt {
                            let (r, o) = x.i.addingReportingOverflow(Int(ins.wide))
                            if !o { set(a, .int(r)); continue }
                        }
                        set(a, try arithmetic(.add, x, .int(Int(ins.wide))))
                    case .subtractInteger:
                        let x = base[Int(ins.b)]
                        if x.isInt {
                            let (r, o) = x.i.subtractingReportingOverflow(Int(ins.wide))
                            if !o { set(a, .int(r)); continue }
                        }
                        set(a, try arithmetic(.subtract, x, .int(Int(ins.wide))))
                    case .multiplyInteger:
                        let x = base[Int(ins.b)]
                        if x.isInt {
                            let (r, o) = x.i.multipliedReportingOverflow(by: Int(ins.wide))
                            if !o { set(a, .int(r)); continue }
                        }
                        set(a, try arithmetic(.multiply, x, .int(Int(ins.wide))))
                    case .moduloInteger:
                        let x = base[Int(ins.b)]
                        if x.isInt, ins.wide > 0 {
                            // 32-bit division is several times cheaper where it serves.
                            if UInt64(bitPattern: Int64(x.i)) >> 32 == 0 {
                                let r =
                                    UInt32(truncatingIfNeeded: x.i) % UInt32(bitPattern: ins.wide)
                                set(a, .int(Int(r)))
                            } else {
                                set(a, .int(floorModulo(x.i, Int(ins.wide))))
                            }
                            continue
                        }
                        set(a, try arithmetic(.modulo, x, .int(Int(ins.wide))))
                    case .inPlace:
                        let y = base[Int(ins.b)]
                        // SAFETY: the compiler put an operator's number there.
                        let op = unsafeBitCast(ins.c, to: Op.self)
                        if op == .add {
                            let x = a.pointee
                            if x.isInt, y.isInt {
                                let (r, o) = x.i.addingReportingOverflow(y.i)
                                if !o { a.pointee = .int(r); continue }
                            } else if x.isFloat, y.isFloat {
                                a.pointee = .float(x.d + y.d)
                                continue
                            } else if x.isKind(.string), y.isKind(.string) {
                                if !appendText(a, y) { set(a, joined(x, y)) }
                                continue
                            }
                        }
                        if op == .add, a.pointee.isKind(.list) {
                            if a.pointee.isFrozen { throw frozen(a.pointee) }
                            if !y.isObject { throw mismatch(op, a.pointee, y) }
                            try extend(a.pointee, y)
                        } else if let table = try changedInPlace(op, a.pointee, y) {
                            set(a, table)
                        } else {
                            set(a, try arithmetic(op, a.pointee, y))
                        }
                    case .negate: set(a, try negate(base[Int(ins.b)]))
                    case .plus: set(a, try plus(base[Int(ins.b)]))
                    case .invert: set(a, try invert(base[Int(ins.b)]))
                    case .not: set(a, .bool(try !truth(base[Int(ins.b)])))

                    // MARK: Comparison
                    case .equal, .notEqual, .less, .lessEqual, .greater, .greaterEqual:
                        set(a, try compare(ins.op, base[Int(ins.b)], base[Int(ins.c)]))
                    case .contains:
                        set(a, .bool(try contains(base[Int(ins.b)], in: base[Int(ins.c)])))
                    case .notContains:
                        set(a, .bool(!(try contains(base[Int(ins.b)], in: base[Int(ins.c)]))))
                    case .same: set(a, .bool(isSame(base[Int(ins.b)], base[Int(ins.c)])))
                    case .notSame: set(a, .bool(!isSame(base[Int(ins.b)], base[Int(ins.c)])))

                    // MARK: Jumps
                    case .jump:
                        if ins.wide < 0, interruptFlag.pointee != 0 {
                            try poll(pc - 1, info, turn: -Int(ins.wide))
                        }
                        pc += Int(ins.wide)
                    case .jumpIfFalse:
                        if try !truth(a.pointee) { pc += Int(ins.wide) }
                    case .jumpIfTrue:
                        if try truth(a.pointee) { pc += Int(ins.wide) }
                    case .unlessLess:
                        let y = base[Int(ins.b)]
                        if a.pointee.isInt, y.isInt {
                            if a.pointee.i >= y.i { pc += Int(ins.wide) }
                        } else if try !compareTruth(.less, a.pointee, y) {
                            pc += Int(ins.wide)
                        }
                    case .unlessLessEqual:
                        if try !compareTruth(.lessEqual, a.pointee, base[Int(ins.b)]) {
                            pc += Int(ins.wide)
                        }
                    case .unlessGreater:
                        if try !compareTruth(.greater, a.pointee, base[Int(ins.b)]) {
                            pc += Int(ins.wide)
                        }
                    case .unlessGreaterEqual:
                        if try !compareTruth(.greaterEqual, a.pointee, base[Int(ins.b)]) {
                            pc += Int(ins.wide)
                        }
                    case .unlessEqual:
                        if try !compareTruth(.equal, a.pointee, base[Int(ins.b)]) {
                            pc += Int(ins.wide)
                        }
                    case .unlessNotEqual:
                        if try !compareTruth(.notEqual, a.pointee, base[Int(ins.b)]) {
                            pc += Int(ins.wide)
                        }
                    case .unlessLessInteger:
                        let n = ins.smallInteger
                        if a.pointee.isInt {
                            if a.pointee.i >= n { pc += Int(ins.wide) }
                        } else if try !compareTruth(.less, a.pointee, .int(n)) {
                            pc += Int(ins.wide)
                        }
                    case .unlessLessEqualInteger:
                        let n = ins.smallInteger
                        if a.pointee.isInt {
                            if a.pointee.i > n { pc += Int(ins.wide) }
                        } else if try !compareTruth(.lessEqual, a.pointee, .int(n)) {
                            pc += Int(ins.wide)
                        }
                    case .unlessGreaterInteger:
                        let n = ins.smallInteger
                        if a.pointee.isInt {
                            if a.pointee.i <= n { pc += Int(ins.wide) }
                        } else if try !compareTruth(.greater, a.pointee, .int(n)) {
                            pc += Int(ins.wide)
                        }
                    case .unlessGreaterEqualInteger:
                        let n = ins.smallInteger
                        if a.pointee.isInt {
                            if a.pointee.i < n { pc += Int(ins.wide) }
                        } else if try !compareTruth(.greaterEqual, a.pointee, .int(n)) {
                            pc += Int(ins.wide)
                        }
                    case .unlessEqualInteger:
                        let n = ins.smallInteger
                        if a.pointee.isInt {
                            if a.pointee.i != n { pc += Int(ins.wide) }
                        } else if try !compareTruth(.equal, a.pointee, .int(n)) {
                            pc += Int(ins.wide)
                        }
                    case .unlessNotEqualInteger:
                        let n = ins.smallInteger
                        if a.pointee.isInt {
                            if a.pointee.i == n { pc += Int(ins.wide) }
                        } else if try !compareTruth(.notEqual, a.pointee, .int(n)) {
                            pc += Int(ins.wide)
                        }

                    // MARK: Loops
                    case .prepareLoop:
                        try prepareLoop(a)
                        pc += Int(ins.wide)
                    case .loop:
                        if interruptFlag.pointee != 0 {
                            try poll(pc - 1, info, turn: -Int(ins.wide))
                        }
                        if a.pointee.isInt {
                            let left = a[1].i
                            if left > 0 {
                                let i = a.pointee.i
                                a.pointee = .int(i &+ a[2].i)
                                a[1] = .int(left &- 1)
                                set(base + Int(ins.b), .int(i))
                                pc += Int(ins.wide)
                            } else {
                                a.pointee = .unset
                            }
                        } else if a.pointee.isKind(.list) {
                            let list = a.pointee.cast(ListObject.self)
                            let i = a[1].i
                            if list.pointee.count != a[2].i {
                                throw .changedDuringIteration("list")
                            }
                            if i < list.pointee.count {
                                a[1] = .int(i &+ 1)
                                set(base + Int(ins.b), list.pointee.items[i].retain())
                                pc += Int(ins.wide)
                            } else {
                                set(a, .unset)
                            }
                        } else if let item = try nextItem(a) {
                            set(base + Int(ins.b), item)
                            pc += Int(ins.wide)
                        } else {
                            set(a, .unset)
                        }

                    // MARK: Calls
                    case .call:
                        let r = base + Int(ins.b)
                        let callee = r.pointee
                        guard callee.isKind(.function) else {
                            let result = try callOther(r, Int(ins.c))
                            set(a, result)
                            if interruptFlag.pointee != 0 {
                                try poll(pc - 1, info, builtin: builtinName(callee: callee))
                            }
                            continue
                        }
                        let target = callee.cast(FunctionObject.self).pointee.info
                        if !target.pointee.isSimple || target.pointee.parameterCount != Int(ins.c),
                            !bindDefaults(r, target, Int(ins.c))
                        {
                            try bind(r, positional: Int(ins.c), shape: nil)
                        }
                        try enter(target, r, pc, base, info, Int(ins.a))
                        info = target
                        base = r + 1
                        pc = info.pointee.instructions
                        constants = info.pointee.constants
                    case .callShaped:
                        let r = base + Int(ins.b)
                        let shape = info.pointee.shapes[Int(ins.wide)]
                        guard r.pointee.isKind(.function) else {
                            let callee = r.pointee
                            set(a, try callShaped(r, shape.takeUnretainedValue()))
                            if interruptFlag.pointee != 0 {
                                try poll(pc - 1, info, builtin: builtinName(callee: callee))
                            }
                            continue
                        }
                        let target = r.pointee.cast(FunctionObject.self).pointee.info
                        if !bindKnown(
                            r, target, shape, info.pointee.knownCalls[Int(ins.wide)])
                        {
                            let shape = shape.takeUnretainedValue()
                            try bind(r, positional: shape.positional, shape: shape)
                        }
                        try enter(target, r, pc, base, info, Int(ins.a))
                        info = target
                        base = r + 1
                        pc = info.pointee.instructions
                        constants = info.pointee.constants
                    case .method:
                        set(a, try callMethod(base + Int(ins.b), Int(ins.wide), Int(ins.c)))
                        if interruptFlag.pointee != 0 {
                            try poll(pc - 1, info, builtin: "." + symbols.names[Int(ins.wide)])
                        }
                    case .methodShaped:
                        let code = info.pointee.code.takeUnretainedValue()
                        let shape = code.shapes[Int(ins.wide)]
                        set(a, try callMethodShaped(base + Int(ins.b), shape))
                        if interruptFlag.pointee != 0 {
                            try poll(pc - 1, info, builtin: "." + symbols.names[shape.symbol])
                        }
                    case .returnValue, .returnNone:
                        var result = Value.none
                        if ins.op == .returnValue {
                            result = a.pointee
                            a.pointee = .unset
                        }
                        leave(base)
                        if frameCount == depth {
                            top = outerTop
                            return result
                        }
                        frameCount &-= 1
                        let frame = frames + frameCount
                        base = frame.pointee.base
                        info = frame.pointee.info
                        pc = frame.pointee.pc
                        constants = info.pointee.constants
                        top = base + info.pointee.registerCount
                        set(base + frame.pointee.destination, result)

                    // MARK: Construction
                    case .newList: set(a, .list(capacity: Int(ins.wide)))
                    case .append: a.pointee.append(base[Int(ins.b)].retain())
                    case .extend: try extend(a.pointee, base[Int(ins.b)])
                    case .newTuple:
                        let v = Value.newTuple(Int(ins.c))
                        let items = tupleItems(v)
                        for i in 0..<Int(ins.c) {
                            items[i] = base[Int(ins.b) + i]
                            base[Int(ins.b) + i] = .unset
                        }
                        set(a, v)
                    case .listToTuple:
                        let source = base[Int(ins.b)]
                        set(
                            a,
                            .tuple(
                                (source.items ?? .init(start: nil, count: 0)).map { $0.retain() })
                        )
                    case .newDict: set(a, .dict())
                    case .insert: try a.pointee.tableSet(base[Int(ins.b)], base[Int(ins.c)])
                    case .merge: try merge(base[Int(ins.b)], into: a.pointee, mode: Int(ins.c))
                    case .newSet: set(a, .set())
                    case .setAdd: try a.pointee.tableSet(base[Int(ins.b)], .none)
                    case .makeFunction:
                        let code = info.pointee.code.takeUnretainedValue()
                        set(
                            a,
                            makeFunction(
                                code.functions[Int(ins.wide)], base, base + Int(ins.b), Int(ins.c)))
                    case .unpack: try unpack(base[Int(ins.b)], into: a, Int(ins.c), starred: nil)
                    case .unpackStarred:
                        try unpack(base[Int(ins.b)], into: a, Int(ins.c), starred: Int(ins.wide))
                    case .format:
                        let spec = ins.wide == 1 ? base[Int(ins.b)] : .unset
                        set(a, try format(a.pointee, conversion: ins.c, spec: spec))
                    case .joinStrings: set(a, joinStrings(base + Int(ins.b), Int(ins.c)))

                    // MARK: Items
                    case .getItem: set(a, try item(of: base[Int(ins.b)], base[Int(ins.c)]))
                    case .setItem: try setItem(of: a.pointee, base[Int(ins.b)], base[Int(ins.c)])
                    case .deleteItem: try deleteItem(of: a.pointee, base[Int(ins.b)])
                    case .getSlice:
                        let parts = base + Int(ins.c)
                        set(a, try slice(of: base[Int(ins.b)], parts[0], parts[1], parts[2]))
                    case .getAttribute: set(a, try attribute(of: base[Int(ins.b)], Int(ins.wide)))
                    case .failAssertion:
                        throw Raised(
                            .assertion,
                            a.pointee.isNone ? "the assertion does not hold" : text(of: a.pointee))

                    // MARK: Errors, contexts, other files
                    case .raise:
                        throw try raised(a.pointee, cause: ins.c == 1 ? base[Int(ins.b)] : .unset)
                    case .raiseAgain: throw raisedAgain(a.pointee)
                    case .matchError: set(a, .bool(try matches(base[Int(ins.b)], base[Int(ins.c)])))
                    case .enterContext: set(a, try enterContext(base[Int(ins.b)]))
                    case .leaveContext:
                        try leaveContext(
                            a.pointee, failed: base[Int(ins.b)].i == Compiler.Finally.State.failed)
                    case .load: try load(info.pointee.code.takeUnretainedValue(), Int(ins.wide), a)
                    }
                }
            } catch {
                locate(error, pc - 1, info)
                while true {
                    if let handler = handler(for: error, at: pc - 1, info) {
                        top = base + info.pointee.registerCount
                        set(base + handler.register, .error(error))
                        pc = info.pointee.instructions + handler.target
                        constants = info.pointee.constants
                        continue attempts
                    }
                    let function = info.pointee.code.takeUnretainedValue()
                    let arguments = error.trace.count < 20 ? described(base, function) : ""
                    leave(base)
                    if frameCount == depth {
                        error.pendingFunction = function.name
                        error.pendingArguments = arguments
                        top = outerTop
                        throw error
                    }
                    frameCount -= 1
                    base = frames[frameCount].base
                    info = frames[frameCount].info
                    pc = frames[frameCount].pc
                    trace(error, function.name, arguments, pc - 1, info)
                }
            }
        }
    }

    /// Releases a frame's registers and the function below them.
    @inline(__always)
    private func leave(_ base: UnsafeMutablePointer<Value>) {
        var p = base - 1
        let end = top
        while p < end {
            // Whoever enters a frame here clears what is no object.
            let v = p.pointee
            if v.isObject {
                p.pointee = .unset
                v.release()
            }
            p += 1
        }
    }

    /// Pushes the caller's frame and clears the callee's registers behind its arguments.
    @inline(__always)
    private func enter(
        _ target: UnsafeMutablePointer<CodeInfo>, _ r: UnsafeMutablePointer<Value>,
        _ pc: UnsafeMutablePointer<Instruction>, _ base: UnsafeMutablePointer<Value>,
        _ info: UnsafeMutablePointer<CodeInfo>, _ destination: Int
    ) throws(Raised) {
        let end = r + 1 + target.pointee.registerCount
        if frameCount >= Machine.frameLimit || end > stackEnd { throw tooDeep() }
        if interruptFlag.pointee != 0 { try poll(pc - 1, info) }
        frames[frameCount] = Frame(pc: pc, base: base, info: info, destination: destination)
        frameCount &+= 1
        var p = r + 1 + target.pointee.parameterCount
        while p < end {
            let v = p.pointee
            p.pointee = .unset
            if v.isObject { v.release() }
            p += 1
        }
        // What the caller keeps above the callee's registers is stale: only temporaries lie there.
        while p < top {
            let v = p.pointee
            p.pointee = .unset
            if v.isObject { v.release() }
            p += 1
        }
        top = end
    }

    private func unassigned(_ name: String) -> Raised {
        let error = Raised(
            .name, "'\(name)' is used before it is assigned",
            help: "assign it on every path to this line")
        error.unassigned = name
        return error
    }
}

extension UnsafeMutablePointer<Instruction> {
    @inline(__always) fileprivate var op: Op { pointee.op }
    @inline(__always) fileprivate var a: UInt8 { pointee.a }
    @inline(__always) fileprivate var b: UInt8 { pointee.b }
    @inline(__always) fileprivate var c: UInt8 { pointee.c }
    @inline(__always) fileprivate var wide: Int32 { pointee.wide }
    /// The 16-bit integer in b and c.
    @inline(__always) fileprivate var smallInteger: Int {
        Int(Int16(bitPattern: UInt16(b) | UInt16(c) << 8))
    }
}

/// Python's remainder for a positive divisor: never negative.
@inline(__always)
func floorModulo(_ x: Int, _ y: Int) -> Int {
    let r = x % y
    return r < 0 ? r &+ y : r
}
