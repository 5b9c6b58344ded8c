// Equality, order and `in`, for each pair of types; containers ask here what is one of their items.

import ArenaCore
import Glibc

extension Machine {
    func isSame(_ x: Value, _ y: Value) -> Bool { identical(x, y) }

    func compare(_ op: Op, _ x: Value, _ y: Value) throws(Raised) -> Value {
        if x.isKind(.host) || y.isKind(.host) {
            if let result = try hostArithmetic(op, x, y) { return result }
        }
        return .bool(try ordered(op, x, y))
    }

    func compareTruth(_ op: Op, _ x: Value, _ y: Value) throws(Raised) -> Bool {
        if x.isKind(.host) || y.isKind(.host), let result = try hostArithmetic(op, x, y) {
            defer { result.release() }
            return try truth(result)
        }
        return try ordered(op, x, y)
    }

    private func ordered(_ op: Op, _ x: Value, _ y: Value) throws(Raised) -> Bool {
        if x.isUnset || y.isUnset { throw Raised(.name, "a name is used before it is assigned") }
        switch op {
        case .equal: return try valuesEqual(x, y)
        case .notEqual: return try !valuesEqual(x, y)
        default: break
        }
        if x.isFloat || y.isFloat, let a = x.asDouble, let b = y.asDouble, a.isNaN || b.isNaN {
            return false
        }
        if x.isKind(.set), y.isKind(.set) {
            let (part, whole) = op == .less || op == .lessEqual ? (x, y) : (y, x)
            let strict = op == .less || op == .greater
            return try isSubset(part, whole, strict: strict)
        }
        let order = try compareOrder(x, y, op)
        switch op {
        case .less: return order < 0
        case .lessEqual: return order <= 0
        case .greater: return order > 0
        default: return order >= 0
        }
    }

    func contains(_ x: Value, in y: Value) throws(Raised) -> Bool {
        if y.isKind(.dict) || y.isKind(.set) { return try y.tableFind(x) >= 0 }
        if y.isKind(.string) {
            guard x.isKind(.string) else {
                throw Raised(
                    .type, "'in' on text wants text, not \(x.typeWithArticle)", left: x.shape)
            }
            return find(x.utf8, in: y.utf8, from: 0) != nil
        }
        if y.isKind(.bytes) {
            if x.isKind(.bytes) { return find(x.utf8, in: y.utf8, from: 0) != nil }
            guard let n = x.asIndex, let byte = UInt8(exactly: n) else {
                throw Raised(
                    .type,
                    "'in' on bytes wants bytes or an int from 0 to 255, not \(x.typeWithArticle)",
                    left: x.shape)
            }
            return y.utf8.contains(byte)
        }
        if let items = y.items {
            for item in items { if try itemsEqual(item, x) { return true } }
            return false
        }
        if y.isKind(.range) {
            guard let n = x.isFloat ? Int(exactly: x.d) : x.asIndex else { return false }
            let r = y.cast(RangeObject.self).pointee
            guard r.count > 0 else { return false }
            let inside = r.step > 0 ? n >= r.start && n < r.stop : n <= r.start && n > r.stop
            let distance = UInt(bitPattern: r.step > 0 ? n &- r.start : r.start &- n)
            return inside && distance % r.step.magnitude == 0
        }
        if let host = y.asHost { return try host.contains(x) }
        throw Raised(.type, "'in' does not work on \(y.typeWithArticle)", right: y.shape)
    }
}

extension UnsafeBufferPointer {
    static var empty: Self { Self(start: nil, count: 0) }
}

/// The first place of `needle` in `text` at or after `from`, in bytes.
func find(_ needle: UnsafeBufferPointer<UInt8>, in text: UnsafeBufferPointer<UInt8>, from: Int)
    -> Int?
{
    if needle.count == 0 { return from <= text.count ? from : nil }
    guard let base = text.baseAddress, let wanted = needle.baseAddress else { return nil }
    // SAFETY: every pointer stays inside the two live buffers: `at + needle.count <= text.count`.
    var at = from
    while at + needle.count <= text.count {
        let room = text.count - needle.count - at + 1
        guard let hit = memchr(base + at, Int32(wanted[0]), room) else { return nil }
        at = UnsafeRawPointer(hit) - UnsafeRawPointer(base)
        if memcmp(base + at, wanted, needle.count) == 0 { return at }
        at += 1
    }
    return nil
}

/// Whether two values are one: what containers ask before `==`, so that they find a NaN again.
@inline(__always)
func identical(_ x: Value, _ y: Value) -> Bool { x.tag == y.tag && x.bits == y.bits }

/// How containers compare items: the same one, or an equal one.
func itemsEqual(_ x: Value, _ y: Value) throws(Raised) -> Bool {
    if identical(x, y) { return true }
    return try valuesEqual(x, y)
}

/// Python's equality: numbers by value, containers item by item.
func valuesEqual(_ x: Value, _ y: Value, depth: Int = 0) throws(Raised) -> Bool {
    if x.tag != Value.Tag.object, y.tag != Value.Tag.object {
        if x.isFloat || y.isFloat {
            guard let a = x.asDouble, let b = y.asDouble else { return false }
            if x.isFloat, y.isFloat { return a == b }
            // An int against a float: exact, also beyond 2^53.
            let (whole, real) = x.isFloat ? (y.i, a) : (x.i, b)
            return Int(exactly: real) == whole
        }
        let numbers = (x.isInt || x.isBool) && (y.isInt || y.isBool)
        return (x.tag == y.tag || numbers) && x.bits == y.bits
    }
    guard x.isObject, y.isObject else {
        // A float may equal an int that 64 bits do not hold.
        let (big, other) = x.isObject ? (x, y) : (y, x)
        return big.isKind(.integer) && other.isFloat && other.d.isFinite
            && other.d == other.d.rounded() && BigInteger(big) == BigInteger(other.d)
    }
    if x.bits == y.bits { return true }
    let kind = x.header.pointee.kind
    guard kind == y.header.pointee.kind else { return isTypeName(x, y) || isTypeName(y, x) }
    if depth > 200 { throw Raised(.recursion, "the values are nested too deep to compare") }
    switch kind {
    case .string, .bytes: return x.utf8.elementsEqual(y.utf8)
    case .list, .tuple:
        guard let a = x.items, let b = y.items, a.count == b.count else { return false }
        for i in 0..<a.count where !identical(a[i], b[i]) {
            if try !valuesEqual(a[i], b[i], depth: depth + 1) { return false }
        }
        return true
    case .dict, .set:
        let a = x.cast(TableObject.self)
        let b = y.cast(TableObject.self)
        guard a.pointee.count == b.pointee.count else { return false }
        for i in 0..<a.pointee.used where !a.pointee.entries[i].key.isUnset {
            let at = try y.tableFind(a.pointee.entries[i].key)
            if at < 0 { return false }
            let (p, q) = (a.pointee.entries[i].value, b.pointee.entries[at].value)
            if kind == .dict, !identical(p, q), try !valuesEqual(p, q, depth: depth + 1) {
                return false
            }
        }
        return true
    case .range:
        let a = x.cast(RangeObject.self).pointee
        let b = y.cast(RangeObject.self).pointee
        return a.count == b.count
            && (a.count == 0 || a.start == b.start && (a.count == 1 || a.step == b.step))
    case .host:
        guard let a = x.asHost, let b = y.asHost else { return false }
        if let a = a as? StructValue, let b = b as? StructValue {
            return try a.isEqual(b, depth: depth)
        }
        return a.isEqual(b)
    case .function, .builtin, .cell: return false
    case .integer: return BigInteger(x) == BigInteger(y)
    case .error: return false
    case .errorType:
        return x.cast(ErrorTypeObject.self).pointee.kind
            == y.cast(ErrorTypeObject.self).pointee.kind
    case .boundMethod:
        let a = x.cast(BoundMethodObject.self).pointee
        let b = y.cast(BoundMethodObject.self).pointee
        return a.index == b.index && a.receiver.bits == b.receiver.bits
    }
}

/// Negative, zero or positive as x stands before, with or after y.
func compareOrder(_ x: Value, _ y: Value, _ op: Op, depth: Int = 0) throws(Raised) -> Int {
    if x.isInt || x.isBool, y.isInt || y.isBool { return x.i < y.i ? -1 : x.i > y.i ? 1 : 0 }
    if x.isKind(.integer) && !y.isFloat || y.isKind(.integer) && !x.isFloat,
        x.isInteger || x.isBool, y.isInteger || y.isBool
    {
        let (a, b) = (BigInteger(x), BigInteger(y))
        return a < b ? -1 : a == b ? 0 : 1
    }
    if x.isKind(.integer) || y.isKind(.integer), let a = x.asDouble, let b = y.asDouble {
        let real = x.isFloat ? a : b
        if !real.isFinite { return a < b ? -1 : 1 }
        // Against a float: whole parts, and beyond 64 bits a float is whole.
        let whole = BigInteger(real.rounded(.down))
        let n = BigInteger(x.isFloat ? y : x)
        let order = n < whole ? -1 : n == whole ? 0 : 1
        return x.isFloat ? -order : order
    }
    if let a = x.asDouble, let b = y.asDouble {
        if x.isFloat == y.isFloat || a != b { return a < b ? -1 : a > b ? 1 : 0 }
        // An int that rounds to the float: compare exactly.
        let real = x.isFloat ? a : b
        guard let whole = Int(exactly: real) else { return (real > 0) == x.isFloat ? 1 : -1 }
        let order = (x.isFloat ? y.i : x.i) < whole ? -1 : (x.isFloat ? y.i : x.i) > whole ? 1 : 0
        return x.isFloat ? -order : order
    }
    if x.isKind(.string) && y.isKind(.string) || x.isKind(.bytes) && y.isKind(.bytes) {
        let a = x.utf8
        let b = y.utf8
        let n = min(a.count, b.count)
        if let p = a.baseAddress, let q = b.baseAddress, n > 0 {
            let order = Int(memcmp(p, q, n))
            if order != 0 { return order }
        }
        return a.count - b.count
    }
    let sameKind = x.isKind(.list) && y.isKind(.list) || x.isKind(.tuple) && y.isKind(.tuple)
    if sameKind, let a = x.items, let b = y.items {
        if depth > 200 { throw Raised(.recursion, "the values are nested too deep to compare") }
        for i in 0..<min(a.count, b.count) {
            let (u, v) = (a[i], b[i])
            if u.isInt, v.isInt {
                if u.i != v.i { return u.i < v.i ? -1 : 1 }
            } else if u.isKind(.string), v.isKind(.string) {
                let order = compareText(u, v)
                if order != 0 { return order }
            } else if try !itemsEqual(u, v) {
                return try compareOrder(u, v, op, depth: depth + 1)
            }
        }
        return a.count - b.count
    }
    throw Raised(
        .type, "'\(op.symbol)' does not compare \(both(x, y))",
        help: operandHelp(op, x, y), left: x.shape,
        right: y.shape)
}
