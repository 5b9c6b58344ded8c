// Making values, and reading them from Swift. Everything made here is owned by the caller.

import ArenaCore
import Glibc

extension Value {
    /// A string from UTF-8 bytes, which must be well-formed.
    package static func string(_ bytes: some Collection<UInt8>) -> Value {
        let p = newString(bytes.count)
        let target = UnsafeMutableBufferPointer(start: stringBytes(p), count: bytes.count)
        _ = target.initialize(from: bytes)
        return p
    }

    package static func string(_ text: String) -> Value { string(text.utf8) }

    /// An integer's decimal digits as a string.
    static func decimal(_ n: Int) -> Value {
        var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)
        return withUnsafeMutableBytes(of: &digits) { buffer in
            var at = buffer.count
            var rest = n.magnitude
            repeat {
                at -= 1
                buffer[at] = UInt8(truncatingIfNeeded: 48 + rest % 10)
                rest /= 10
            } while rest > 0
            if n < 0 {
                at -= 1
                buffer[at] = UInt8(ascii: "-")
            }
            let v = newString(buffer.count - at)
            v.cast(StringObject.self).pointee.scalars = buffer.count - at
            memcpy(stringBytes(v), buffer.baseAddress.unsafelyUnwrapped + at, buffer.count - at)
            return v
        }
    }

    static func bytes(_ bytes: some Collection<UInt8>) -> Value {
        let v = string(bytes)
        v.header.pointee.kind = .bytes
        return v
    }

    /// A string whose bytes the caller fills in.
    @inline(__always)
    static func newString(_ count: Int) -> Value {
        let p = allocate(StringObject.self, .string, extra: count)
        p.pointee.count = count
        p.pointee.scalars = -1
        return .object(p)
    }

    /// An empty list with room for `capacity` items.
    package static func list(capacity: Int = 0) -> Value {
        let p = allocate(ListObject.self, .list)
        let capacity = max(4, capacity)
        p.pointee.count = 0
        p.pointee.capacity = capacity
        p.pointee.items = obtain(malloc(capacity * MemoryLayout<Value>.stride))
            .assumingMemoryBound(to: Value.self)
        return .object(p)
    }

    /// A list that takes over the items, which are owned.
    package static func list(_ items: some Collection<Value>) -> Value {
        let v = list(capacity: items.count)
        for item in items { v.append(item) }
        return v
    }

    /// A tuple that takes over the items, which are owned.
    package static func tuple(_ items: some Collection<Value>) -> Value {
        let v = newTuple(items.count)
        for (i, item) in items.enumerated() { tupleItems(v)[i] = item }
        return v
    }

    /// A tuple whose items the caller fills in.
    static func newTuple(_ count: Int) -> Value {
        let p = allocate(TupleObject.self, .tuple, extra: count * MemoryLayout<Value>.stride)
        p.pointee.count = count
        return .object(p)
    }

    static func range(_ start: Int, _ stop: Int, _ step: Int) -> Value {
        let p = allocate(RangeObject.self, .range)
        p.pointee.start = start
        p.pointee.stop = stop
        p.pointee.step = step
        return .object(p)
    }

    static func builtin(_ index: Int) -> Value {
        let p = allocate(BuiltinObject.self, .builtin)
        p.pointee.index = index
        return .object(p)
    }

    /// A method bound to its receiver, which is retained.
    static func boundMethod(_ receiver: Value, _ index: Int) -> Value {
        let p = allocate(BoundMethodObject.self, .boundMethod)
        p.pointee.receiver = receiver.retain()
        p.pointee.index = index
        return .object(p)
    }

    /// A cell that takes over the value.
    static func cell(_ value: Value) -> Value {
        let p = allocate(CellObject.self, .cell)
        p.pointee.value = value
        return .object(p)
    }

    /// A value for an object of the host, kept alive as long as the value is.
    package static func host(_ object: any HostObject) -> Value {
        let p = allocate(HostBox.self, .host)
        p.pointee.holder = .passRetained(HostHolder(object))
        return .object(p)
    }

    static func error(_ raised: Raised) -> Value {
        let p = allocate(ErrorObject.self, .error)
        p.pointee.raised = .passRetained(raised)
        p.pointee.kind = raised.kind
        return .object(p)
    }

    static func errorType(_ kind: ErrorKind) -> Value {
        let p = allocate(ErrorTypeObject.self, .errorType)
        p.pointee.kind = kind
        return .object(p)
    }

    /// Adds an owned item to a list.
    @inline(__always)
    func append(_ item: Value) {
        let list = cast(ListObject.self)
        if list.pointee.count == list.pointee.capacity { growList(list) }
        list.pointee.items[list.pointee.count] = item
        list.pointee.count += 1
    }
}

@inline(never)
private func growList(_ list: UnsafeMutablePointer<ListObject>) {
    let capacity = list.pointee.capacity * 2
    list.pointee.items = obtain(
        realloc(list.pointee.items, capacity * MemoryLayout<Value>.stride)
    ).assumingMemoryBound(to: Value.self)
    list.pointee.capacity = capacity
}

// MARK: - Reading

extension Value {
    /// The integer, if it is one (bool is not).
    package var asInt: Int? { isInt ? i : nil }
    /// The integer where Python takes a bool for one: places, counts, widths.
    package var asIndex: Int? { isInt || isBool ? i : nil }
    package var asBool: Bool? { isBool ? b : nil }

    /// The number as a float: int, float and bool.
    package var asDouble: Double? {
        switch tag {
        case Tag.float: return d
        case Tag.int, Tag.bool: return Double(i)
        default: return isKind(.integer) ? BigInteger(self).double : nil
        }
    }

    package var asString: String? {
        isKind(.string) ? String(decoding: utf8, as: UTF8.self) : nil
    }

    /// The bytes of a string or bytes object; valid while the value is.
    package var utf8: UnsafeBufferPointer<UInt8> {
        guard isKind(.string) || isKind(.bytes) else {
            return UnsafeBufferPointer(start: nil, count: 0)
        }
        return UnsafeBufferPointer(
            start: stringBytes(self), count: cast(StringObject.self).pointee.count)
    }

    /// The items of a list or tuple, borrowed; valid until it changes.
    package var items: UnsafeBufferPointer<Value>? {
        if isKind(.list) {
            let list = cast(ListObject.self)
            return UnsafeBufferPointer(start: list.pointee.items, count: list.pointee.count)
        }
        if isKind(.tuple) {
            return UnsafeBufferPointer(
                start: tupleItems(self), count: cast(TupleObject.self).pointee.count)
        }
        return nil
    }

    /// The error, if it is one.
    var asError: Raised? {
        isKind(.error) ? cast(ErrorObject.self).pointee.raised.takeUnretainedValue() : nil
    }

    /// The host's object, if it is one.
    package var asHost: (any HostObject)? {
        isKind(.host) ? cast(HostBox.self).pointee.holder.takeUnretainedValue().object : nil
    }

    /// The entries of a dict in order, borrowed.
    package var dictItems: [(key: Value, value: Value)]? {
        guard isKind(.dict) else { return nil }
        let table = cast(TableObject.self)
        var result: [(key: Value, value: Value)] = []
        result.reserveCapacity(table.pointee.count)
        for i in 0..<table.pointee.used where !table.pointee.entries[i].key.isUnset {
            result.append((table.pointee.entries[i].key, table.pointee.entries[i].value))
        }
        return result
    }

    /// The name of the value's type as scripts see it.
    package var typeName: String {
        switch tag {
        case Tag.none: return "NoneType"
        case Tag.bool: return "bool"
        case Tag.int: return "int"
        case Tag.float: return "float"
        case Tag.unset: return "nothing"
        default: break
        }
        switch header.pointee.kind {
        case .string: return "str"
        case .bytes: return "bytes"
        case .list: return "list"
        case .tuple: return "tuple"
        case .dict: return "dict"
        case .set: return "set"
        case .range: return "range"
        case .function: return "function"
        case .builtin, .boundMethod: return "builtin function"
        case .cell: return "cell"
        case .host: return asHost?.type.name ?? "object"
        case .integer: return "int"
        case .error: return asError?.kind.rawValue ?? "error"
        case .errorType: return "kind of error"
        }
    }

    /// Python's truth: empty, zero and None are false.
    package var isTrue: Bool {
        switch tag {
        case Tag.none, Tag.unset: return false
        case Tag.bool, Tag.int: return bits != 0
        case Tag.float: return d != 0
        default: break
        }
        switch header.pointee.kind {
        case .string, .bytes: return cast(StringObject.self).pointee.count > 0
        case .list: return cast(ListObject.self).pointee.count > 0
        case .tuple: return cast(TupleObject.self).pointee.count > 0
        case .dict, .set: return cast(TableObject.self).pointee.count > 0
        case .range: return cast(RangeObject.self).pointee.count > 0
        case .function, .builtin, .boundMethod, .cell, .host, .integer, .error, .errorType:
            return true
        }
    }
}
