// Copies of values for another core: the whole graph a function can reach, in objects of the copy's
// own, so that reference counts need no atomics. Originals are only read. Copies are frozen: what one
// core writes no other would see, so a write is an error.

import ArenaCore
import Glibc

/// Copies values from one machine into another.
struct WorkerCopy {
    let source: Machine
    let target: Machine
    /// Copies by the original's address, so that what is shared stays shared. Each is owned once by
    /// whoever received it first.
    private var copies: [UInt64: Value] = [:]
    private var codes: [ObjectIdentifier: Code] = [:]
    /// Builtins that a function may not reach if it is to run elsewhere.
    var refusedBuiltins: Set<Int> = []
    /// Global slots that were copied.
    private var slots: Set<Int> = []

    init(from source: Machine, to target: Machine) {
        self.source = source
        self.target = target
    }

    /// A host value that cannot be used on several cores at once.
    private func refused(_ type: String) -> Raised {
        Raised(
            .type, "\(withArticle(type)) cannot be used inside par_map",
            help: "use it outside: it works on all cores by itself")
    }

    /// Forgets what was copied for one item; what the function reaches stays.
    mutating func copyItem(_ v: Value) throws(Raised) -> Value {
        if !v.isObject { return v }
        let kept = copies
        defer { copies = kept }
        return try copy(v)
    }

    /// A frozen copy, owned.
    mutating func copy(_ v: Value, depth: Int = 0) throws(Raised) -> Value {
        guard v.isObject else { return v }
        if let made = copies[v.bits] { return made.retain() }
        if depth > 500 { throw Raised(.recursion, "the value is nested too deep for par_map") }
        switch v.header.pointee.kind {
        case .string, .bytes:
            let size = MemoryLayout<StringObject>.size + v.cast(StringObject.self).pointee.count
            return duplicate(v, size)
        case .integer:
            let count = v.cast(IntegerObject.self).pointee.count
            return duplicate(v, MemoryLayout<IntegerObject>.size + 8 * count)
        case .range: return duplicate(v, MemoryLayout<RangeObject>.size)
        case .builtin:
            let index = v.cast(BuiltinObject.self).pointee.index
            if refusedBuiltins.contains(index) { throw refused(source.builtins[index].name) }
            return duplicate(v, MemoryLayout<BuiltinObject>.size)
        case .errorType: return duplicate(v, MemoryLayout<ErrorTypeObject>.size)
        case .error:
            guard let error = v.asError else { return .none }
            return .error(error)
        case .list:
            let items = v.items ?? .empty
            let list = Value.list(capacity: items.count)
            copies[v.bits] = list
            for item in items {
                list.append(item.isObject ? try copy(item, depth: depth + 1) : item)
            }
            list.header.pointee.isFrozen = true
            return list
        case .tuple:
            let items = v.items ?? .empty
            let tuple = Value.newTuple(items.count)
            for i in 0..<items.count { tupleItems(tuple)[i] = .none }
            copies[v.bits] = tuple
            for i in 0..<items.count {
                tupleItems(tuple)[i] = try copy(items[i], depth: depth + 1)
            }
            return tuple
        case .dict, .set:
            let table = v.isKind(.dict) ? Value.dict() : Value.set()
            copies[v.bits] = table
            let t = v.cast(TableObject.self)
            for i in 0..<t.pointee.used where !t.pointee.entries[i].key.isUnset {
                let key = try copy(t.pointee.entries[i].key, depth: depth + 1)
                let value = try copy(t.pointee.entries[i].value, depth: depth + 1)
                defer {
                    key.release()
                    value.release()
                }
                try table.tableSet(key, value)
            }
            table.header.pointee.isFrozen = true
            return table
        case .cell:
            let cell = Value.cell(.unset)
            copies[v.bits] = cell
            cell.cast(CellObject.self).pointee.value = try copy(
                v.cast(CellObject.self).pointee.value, depth: depth + 1)
            cell.header.pointee.isFrozen = true
            if cell.cast(CellObject.self).pointee.value.isKind(.function) {
                target.closures.suspect(cell)
            }
            return cell
        case .boundMethod:
            let method = v.cast(BoundMethodObject.self).pointee
            let receiver = try copy(method.receiver, depth: depth + 1)
            defer { receiver.release() }
            return .boundMethod(receiver, method.index)
        case .function: return try copyFunction(v, depth)
        case .host:
            guard let object = v.asHost, let other = object.forWorker() else {
                throw refused(v.typeName)
            }
            let copied = Value.host(other)
            copied.header.pointee.isFrozen = true
            return copied
        }
    }

    /// An object without references, byte by byte.
    private func duplicate(_ v: Value, _ size: Int) -> Value {
        // SAFETY: `size` is what the object was allocated with; only its owner count differs.
        let p = allocated(size)
        countObjects(1)
        memcpy(p, v.header, size)
        let copy = Value(tag: Value.Tag.object, bits: UInt64(UInt(bitPattern: p)))
        copy.header.pointee.owners = 1
        return copy
    }

    private mutating func copyFunction(_ v: Value, _ depth: Int) throws(Raised) -> Value {
        let f = v.cast(FunctionObject.self).pointee
        let code = try copyCode(f.info.pointee.code.takeUnretainedValue(), depth)
        let p = allocate(FunctionObject.self, .function)
        _ = Unmanaged.passRetained(code)
        p.pointee.info = code.info
        p.pointee.captureCount = 0
        p.pointee.defaultCount = 0
        p.pointee.captures = allocateValues(f.captureCount)
        p.pointee.defaults = allocateValues(f.defaultCount)
        let copied = Value.object(p)
        copies[v.bits] = copied
        for i in 0..<f.captureCount {
            p.pointee.captures[i] = try copy(f.captures[i], depth: depth + 1)
            p.pointee.captureCount = i + 1
        }
        for i in 0..<f.defaultCount {
            p.pointee.defaults[i] = try copy(f.defaults[i], depth: depth + 1)
            p.pointee.defaultCount = i + 1
        }
        copied.header.pointee.isFrozen = true
        return copied
    }

    /// Code with constants of its own; the globals it reads come along.
    private mutating func copyCode(_ code: Code, _ depth: Int) throws(Raised) -> Code {
        if let made = codes[ObjectIdentifier(code)] { return made }
        var constants: [Value] = []
        for i in 0..<code.constantCount { constants.append(try copy(code.constants[i])) }
        var functions: [Code] = []
        for function in code.functions { functions.append(try copyCode(function, depth + 1)) }
        let made = Code(copying: code, constants: constants, functions: functions)
        codes[ObjectIdentifier(code)] = made
        if !refusedBuiltins.isEmpty {
            for i in 0..<code.count where code.instructions[i].op == .getBuiltin {
                if refusedBuiltins.contains(Int(code.instructions[i].wide)) {
                    throw refused("builtin function")
                }
            }
        }
        for i in 0..<code.count where code.instructions[i].op == .getGlobal {
            let slot = Int(code.instructions[i].wide)
            guard slots.insert(slot).inserted else { continue }
            target.globals[slot] = try copy(source.globals[slot], depth: depth + 1)
        }
        return made
    }
}

extension Machine {
    /// A value made inside a worker as the main program may have it: nothing in it is frozen, and it
    /// shares no object with what the worker keeps. Takes the value over; the result is owned.
    func detached(_ v: Value, depth: Int = 0) -> Value {
        guard v.isObject, depth < 500 else { return v }
        switch v.header.pointee.kind {
        case .list where !v.isFrozen:
            let list = v.cast(ListObject.self)
            for i in 0..<list.pointee.count where list.pointee.items[i].isObject {
                list.pointee.items[i] = detached(list.pointee.items[i], depth: depth + 1)
            }
            return v
        case .list:
            let copy = Value.list(capacity: v.items?.count ?? 0)
            for item in v.items ?? .empty { copy.append(detached(item.retain(), depth: depth + 1)) }
            v.release()
            return copy
        case .tuple:
            for i in 0..<v.cast(TupleObject.self).pointee.count where tupleItems(v)[i].isObject {
                // A tuple that others hold too is left as it is for them.
                if v.header.pointee.owners > 1 {
                    let items = v.items ?? .empty
                    let copy = Value.tuple(
                        items.map { detached($0.retain(), depth: depth + 1) })
                    v.release()
                    return copy
                }
                tupleItems(v)[i] = detached(tupleItems(v)[i], depth: depth + 1)
            }
            return v
        case .dict, .set:
            let t = v.cast(TableObject.self)
            if v.isFrozen {
                let copy = v.isKind(.dict) ? Value.dict() : Value.set()
                for i in 0..<t.pointee.used where !t.pointee.entries[i].key.isUnset {
                    let value = detached(t.pointee.entries[i].value.retain(), depth: depth + 1)
                    // A key of a table is hashable.
                    try? copy.tableSet(t.pointee.entries[i].key, value)
                    value.release()
                }
                v.release()
                return copy
            }
            for i in 0..<t.pointee.used where t.pointee.entries[i].value.isObject {
                t.pointee.entries[i].value = detached(
                    t.pointee.entries[i].value, depth: depth + 1)
            }
            return v
        case .string, .bytes, .range, .function, .builtin, .boundMethod, .cell, .host, .integer,
            .error, .errorType:
            return v
        }
    }
}
