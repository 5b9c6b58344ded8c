// What a value is known by: its content, also a function's: its text, what it has captured, and the
// globals it reads, down to the values they hold. Two functions of the same content give the same
// results for the same arguments, as long as they only look at what they are given.

import ArenaCore

/// Digests values.
package struct ContentDigest {
    private let machine: Machine
    private var hash = SHA256()
    /// Functions met so far, by number: they may reach each other in a circle.
    private var functions: [UInt64: Int] = [:]
    /// The containers around the value at hand, by depth: one may contain itself.
    private var around: [UInt64: Int] = [:]

    private init(_ machine: Machine) { self.machine = machine }

    /// The digest of values in their order.
    /// - Throws: a type error that names the type which has no content to be known by.
    package static func of(_ values: [Value], in machine: Machine) throws(Raised) -> Digest {
        var digest = ContentDigest(machine)
        for value in values { try digest.add(value, 0) }
        return digest.hash.finish()
    }

    private mutating func add(_ v: Value, _ depth: Int) throws(Raised) {
        guard v.isObject else { return addPlain(v) }
        if let known = functions[v.bits] ?? around[v.bits] {
            hash.add("again")
            hash.add(known)
            return
        }
        guard depth < 500 else { throw Raised(.recursion, "the value is nested too deep") }
        let kind = v.header.pointee.kind
        if kind == .function { functions[v.bits] = functions.count }
        around[v.bits] = depth
        defer { around[v.bits] = nil }
        hash.add(Int(kind.rawValue))
        switch kind {
        case .string, .bytes: hash.add(UnsafeRawBufferPointer(v.utf8))
        case .integer, .range: hash.add(machine.representation(of: v))
        case .list, .tuple: try add(v.items.map { Array($0) } ?? [], depth)
        case .dict, .set:
            let table = v.cast(TableObject.self)
            for i in 0..<table.pointee.used where !table.pointee.entries[i].key.isUnset {
                try add(table.pointee.entries[i].key, depth + 1)
                try add(table.pointee.entries[i].value, depth + 1)
            }
        case .cell: try add(v.cast(CellObject.self).pointee.value, depth + 1)
        case .boundMethod:
            let method = v.cast(BoundMethodObject.self).pointee
            hash.add(machine.builtins[method.index].name)
            try add(method.receiver, depth + 1)
        case .builtin: hash.add(machine.builtins[v.cast(BuiltinObject.self).pointee.index].name)
        case .errorType: hash.add(v.cast(ErrorTypeObject.self).pointee.kind.rawValue)
        case .function: try addFunction(v.cast(FunctionObject.self).pointee, depth)
        case .host:
            if v.asHost?.addContent(to: &hash) == true { return }
            throw unknown(v)
        case .error: throw unknown(v)
        }
    }

    private func unknown(_ v: Value) -> Raised {
        Raised(
            .type, "\(v.typeWithArticle) has no content that cache() could know it by",
            help: "give the function numbers, text and frames, and make the rest inside it")
    }

    private mutating func add(_ items: [Value], _ depth: Int) throws(Raised) {
        hash.add(items.count)
        for item in items { try add(item, depth + 1) }
    }

    private mutating func addPlain(_ v: Value) {
        if let n = v.asInt {
            hash.add("int")
            hash.add(n)
        } else if let truth = v.asBool {
            hash.add(truth ? "True" : "False")
        } else if let x = v.asDouble {
            hash.add("float")
            hash.add(Int(bitPattern: UInt(x.bitPattern)))
        } else {
            hash.add("None")
        }
    }

    private mutating func addFunction(_ f: FunctionObject, _ depth: Int) throws(Raised) {
        let code = f.info.pointee.code.takeUnretainedValue()
        for i in 0..<f.captureCount { try add(f.captures[i], depth + 1) }
        for i in 0..<f.defaultCount { try add(f.defaults[i], depth + 1) }
        try add(code, depth)
    }

    /// A function's text, and the globals that it and the functions inside it read.
    private mutating func add(_ code: Code, _ depth: Int) throws(Raised) {
        for parameter in code.parameters { hash.add(parameter.name) }
        let ranges = code.spans.map(\.range).filter { $0.end > $0.start }
        let start = ranges.map { Int($0.start) }.min() ?? 0
        let end = ranges.map { Int($0.end) }.max() ?? 0
        let bytes = code.file.bytes
        if start < end, end <= bytes.count { hash.add(bytes[start..<end]) }
        for function in code.functions { try add(function, depth + 1) }
        var slots: Set<Int> = []
        for i in 0..<code.count where code.instructions[i].op == .getGlobal {
            let slot = Int(code.instructions[i].wide)
            guard slots.insert(slot).inserted else { continue }
            hash.add(machine.slotNames.names[slot])
            try add(machine.globals[slot], depth + 1)
        }
    }
}
