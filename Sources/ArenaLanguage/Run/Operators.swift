// What operators mean for each pair of types, beyond the machine's fast paths.

import ArenaCore
import Glibc

extension Op {
    /// The operator as it is written.
    var symbol: String {
        switch self {
        case .add: return "+"
        case .subtract: return "-"
        case .multiply: return "*"
        case .divide: return "/"
        case .floorDivide: return "//"
        case .modulo: return "%"
        case .power: return "**"
        case .and: return "&"
        case .or: return "|"
        case .xor: return "^"
        case .shiftLeft: return "<<"
        case .shiftRight: return ">>"
        case .matrixMultiply: return "@"
        case .equal: return "=="
        case .notEqual: return "!="
        case .less: return "<"
        case .lessEqual: return "<="
        case .greater: return ">"
        case .greaterEqual: return ">="
        default: return "?"
        }
    }
}

extension Machine {
    /// `x op y`, owned.
    @inline(never)
    func arithmetic(_ op: Op, _ x: Value, _ y: Value) throws(Raised) -> Value {
        if x.isUnset || y.isUnset { throw Raised(.name, "a name is used before it is assigned") }
        if x.isFloat || y.isFloat, let a = x.asDouble, let b = y.asDouble {
            if a.isInfinite && !x.isFloat || b.isInfinite && !y.isFloat {
                throw Raised(.overflow, "the int is too large for a float")
            }
            if let result = try floatArithmetic(op, a, b) { return result }
        } else if x.isInt || x.isBool, y.isInt || y.isBool {
            if x.isBool, y.isBool, op == .and || op == .or || op == .xor {
                return .bool(op == .and ? x.b && y.b : op == .or ? x.b || y.b : x.b != y.b)
            }
            if let result = try integerArithmetic(op, x.i, y.i) { return result }
        } else if x.isInteger || x.isBool, y.isInteger || y.isBool {
            if let result = try bigArithmetic(op, BigInteger(x), BigInteger(y)) { return result }
        } else if let result = try hostArithmetic(op, x, y) {
            return result
        } else if let result = try collectionArithmetic(op, x, y) {
            return result
        }
        throw mismatch(op, x, y)
    }

    func mismatch(_ op: Op, _ x: Value, _ y: Value) -> Raised {
        let help = operandHelp(op, x, y)
        return Raised(
            .type,
            "'\(op.symbol)' does not work between \(both(x, y))",
            help: help,
            left: x.shape, right: y.shape)
    }

    private func integerArithmetic(_ op: Op, _ a: Int, _ b: Int) throws(Raised) -> Value? {
        switch op {
        case .floorDivide:
            if b == 0 { throw zeroDivision() }
            if a == Int.min, b == -1 { break }
            let q = a / b
            return .int(a % b != 0 && (a < 0) != (b < 0) ? q - 1 : q)
        case .modulo:
            if b == 0 { throw zeroDivision() }
            if b == -1 { return .int(0) }
            let r = a % b
            return .int(r != 0 && (r < 0) != (b < 0) ? r + b : r)
        case .divide:
            if b == 0 { throw zeroDivision() }
            // Both are exact as floats: one rounding.
            if a.magnitude <= 1 << 53, b.magnitude <= 1 << 53 {
                return .float(Double(a) / Double(b))
            }
        case .and: return .int(a & b)
        case .or: return .int(a | b)
        case .xor: return .int(a ^ b)
        case .shiftRight:
            if b < 0 { throw Raised(.value, "a shift by a negative count") }
            return .int(a >> min(b, 63))
        case .shiftLeft:
            if b < 0 { throw Raised(.value, "a shift by a negative count") }
            if b < 63, (a << b) >> b == a { return .int(a << b) }
        case .add:
            let (r, o) = a.addingReportingOverflow(b)
            if !o { return .int(r) }
        case .subtract:
            let (r, o) = a.subtractingReportingOverflow(b)
            if !o { return .int(r) }
        case .multiply:
            let (r, o) = a.multipliedReportingOverflow(by: b)
            if !o { return .int(r) }
        case .power:
            if b < 0 {
                if a == 0 { throw zeroDivision() }
                return .float(pow(Double(a), Double(b)))
            }
            if let r = smallPower(a, b) { return .int(r) }
        default: return nil
        }
        return try bigArithmetic(op, BigInteger(a), BigInteger(b))
    }

    private func smallPower(_ a: Int, _ b: Int) -> Int? {
        var result = 1
        var base = a
        var exponent = b
        while exponent > 0 {
            if exponent & 1 == 1 {
                let (r, o) = result.multipliedReportingOverflow(by: base)
                if o { return nil }
                result = r
            }
            exponent >>= 1
            if exponent > 0 {
                let (r, o) = base.multipliedReportingOverflow(by: base)
                if o { return nil }
                base = r
            }
        }
        return result
    }

    private func tooLarge() -> Raised {
        Raised(.overflow, "the integer would have more than \(BigInteger.bitLimit) bits")
    }

    /// Arithmetic where 64 bits do not suffice; nil for operators that ints have not.
    private func bigArithmetic(
        _ op: Op, _ a: BigInteger, _ b: BigInteger
    ) throws(Raised) -> Value? {
        switch op {
        case .add: return .integer(a + b)
        case .subtract: return .integer(a - b)
        case .multiply:
            if a.bitCount + b.bitCount > BigInteger.bitLimit { throw tooLarge() }
            return .integer(a * b)
        case .divide:
            if b.isZero { throw zeroDivision() }
            guard let x = a.trueQuotient(b) else {
                throw Raised(.overflow, "the quotient is too large for a float")
            }
            return .float(x)
        case .floorDivide, .modulo:
            if b.isZero { throw zeroDivision() }
            let (q, r) = a.dividedFloor(by: b)
            return .integer(op == .floorDivide ? q : r)
        case .power:
            if b.isNegative {
                if a.isZero { throw zeroDivision() }
                return .float(pow(a.double, b.double))
            }
            if a.bitCount <= 1 {
                return .integer(
                    a.isNegative && b.magnitude.first.map { $0 & 1 == 0 } == true
                        ? a.negated : b.isZero ? BigInteger(1) : a)
            }
            guard let n = b.small, n <= BigInteger.bitLimit,
                (a.bitCount - 1) * n <= BigInteger.bitLimit
            else { throw tooLarge() }
            return .integer(a.power(n))
        case .and: return .integer(a.combined(b, &))
        case .or: return .integer(a.combined(b, |))
        case .xor: return .integer(a.combined(b, ^))
        case .shiftLeft, .shiftRight:
            if b.isNegative { throw Raised(.value, "a shift by a negative count") }
            if op == .shiftRight { return .integer(a.shiftedRight(b.small ?? a.bitCount + 1)) }
            guard let n = b.small, n + a.bitCount <= BigInteger.bitLimit || a.isZero else {
                throw tooLarge()
            }
            return .integer(a.shiftedLeft(a.isZero ? 0 : n))
        default: return nil
        }
    }

    private func zeroDivision() -> Raised { Raised(.zeroDivision, "division by zero", right: "0") }

    private func floatArithmetic(_ op: Op, _ a: Double, _ b: Double) throws(Raised) -> Value? {
        switch op {
        case .add: return .float(a + b)
        case .subtract: return .float(a - b)
        case .multiply: return .float(a * b)
        case .divide:
            if b == 0 { throw zeroDivision() }
            return .float(a / b)
        case .floorDivide:
            if b == 0 { throw zeroDivision() }
            // As Python: from the exact remainder, so that rounding cannot reach the next integer.
            let r = fmod(a, b)
            let cut = (a - r) / b
            let quotient = r != 0 && (r < 0) != (b < 0) ? cut - 1 : cut
            if quotient == 0 { return .float((a / b).sign == .minus ? -0.0 : 0) }
            let whole = quotient.rounded(.down)
            return .float(quotient - whole > 0.5 ? whole + 1 : whole)
        case .modulo:
            if b == 0 { throw zeroDivision() }
            let r = fmod(a, b)
            if r == 0 { return .float(b < 0 ? -0.0 : 0.0) }
            return .float((r < 0) != (b < 0) ? r + b : r)
        case .power:
            if a == 0, b < 0 { throw zeroDivision() }
            let r = pow(a, b)
            if r.isInfinite, a.isFinite, b.isFinite {
                throw Raised(.overflow, "the result is too large for a float")
            }
            if r.isNaN, !a.isNaN, !b.isNaN {
                throw Raised(.value, "a negative number to a fractional power is not real")
            }
            return .float(r)
        default: return nil
        }
    }

    private func hostArithmetic(_ op: Op, _ x: Value, _ y: Value) throws(Raised) -> Value? {
        if let host = x.asHost, let result = try host.binary(op.symbol, y, reversed: false) {
            return result
        }
        if let host = y.asHost, let result = try host.binary(op.symbol, x, reversed: true) {
            return result
        }
        return nil
    }

    private func collectionArithmetic(_ op: Op, _ x: Value, _ y: Value) throws(Raised) -> Value? {
        switch op {
        case .add:
            if x.isKind(.string) && y.isKind(.string) || x.isKind(.bytes) && y.isKind(.bytes) {
                return joined(x, y)
            }
            if x.isKind(.list), y.isKind(.list) || x.isKind(.tuple) && y.isKind(.tuple) {
                let (a, b) = (x.items ?? .empty, y.items ?? .empty)
                let v = Value.list(capacity: a.count + b.count)
                v.extend(copying: a.baseAddress, a.count)
                v.extend(copying: b.baseAddress, b.count)
                return v
            }
            if x.isKind(.tuple), y.isKind(.tuple) {
                return .tuple(
                    (x.items ?? .empty).map { $0.retain() }
                        + (y.items ?? .empty).map { $0.retain() })
            }
            return nil
        case .multiply:
            if let n = x.asIndex { return try repeated(y, n) }
            if let n = y.asIndex { return try repeated(x, n) }
            return nil
        case .modulo:
            if x.isKind(.string) {
                return try percentFormat(x, y)
            }
            return nil
        case .or, .and, .subtract, .xor:
            if x.isKind(.dict), y.isKind(.dict), op == .or {
                let v = Value.dict()
                try merge(x, into: v, mode: 0)
                try merge(y, into: v, mode: 0)
                return v
            }
            if x.isKind(.set), y.isKind(.set) { return try setOperation(op, x, y) }
            return nil
        default: return nil
        }
    }

    /// Two strings, or two bytes, one after the other; owned.
    @inline(__always)
    func joined(_ x: Value, _ y: Value) -> Value {
        let n = x.cast(StringObject.self).pointee.count
        let m = y.cast(StringObject.self).pointee.count
        let v = Value.newString(n + m)
        v.header.pointee.kind = x.header.pointee.kind
        memcpy(stringBytes(v), stringBytes(x), n)
        memcpy(stringBytes(v) + n, stringBytes(y), m)
        return v
    }

    /// Adds text behind the string at `a` where nobody else holds it, in its own memory as far as
    /// that goes: a loop that builds a text is then linear. False if the string is shared.
    @inline(__always)
    func appendText(_ a: UnsafeMutablePointer<Value>, _ y: Value) -> Bool {
        let x = a.pointee
        guard x.header.pointee.owners == 1, x.bits != y.bits else { return false }
        let n = x.cast(StringObject.self).pointee.count
        let m = y.cast(StringObject.self).pointee.count
        let size = MemoryLayout<StringObject>.size + n + m
        // SAFETY: the string has one owner, this register, which receives the block's new place.
        let p = reallocated(UnsafeMutableRawPointer(x.header), size)
        let string = p.assumingMemoryBound(to: StringObject.self)
        memcpy(p + MemoryLayout<StringObject>.size + n, stringBytes(y), m)
        string.pointee.count = n + m
        string.pointee.scalars = -1
        string.pointee.header.hash = 0
        a.pointee = .object(string)
        return true
    }

    private func repeated(_ v: Value, _ n: Int) throws(Raised) -> Value? {
        let n = max(0, n)
        let limit = 1 << 31
        if v.isKind(.string) || v.isKind(.bytes) {
            let source = v.utf8
            let (size, overflow) = source.count.multipliedReportingOverflow(by: n)
            if overflow || size > limit {
                throw Raised(.memory, "the text would be over 2 GiB long")
            }
            try reserve(size)
            let result = Value.newString(size)
            result.header.pointee.kind = v.header.pointee.kind
            let p = stringBytes(result)
            if let start = source.baseAddress {
                for i in 0..<n { memcpy(p + i * source.count, start, source.count) }
            }
            return result
        }
        guard let items = v.items else { return nil }
        let (size, overflow) = items.count.multipliedReportingOverflow(by: n)
        if overflow || size > limit / 16 {
            throw Raised(.memory, "the \(v.typeName) would be over 2 GiB long")
        }
        try reserve(size * 32)
        var result: [Value] = []
        result.reserveCapacity(size)
        for _ in 0..<n { for item in items { result.append(item.retain()) } }
        return v.isKind(.list) ? .list(result) : .tuple(result)
    }

    private func setOperation(_ op: Op, _ x: Value, _ y: Value) throws(Raised) -> Value {
        let v = Value.set()
        func add(_ from: Value, _ wanted: (Value) throws(Raised) -> Bool) throws(Raised) {
            let t = from.cast(TableObject.self)
            for i in 0..<t.pointee.used where !t.pointee.entries[i].key.isUnset {
                if try wanted(t.pointee.entries[i].key) {
                    try v.tableSet(t.pointee.entries[i].key, .none)
                }
            }
        }
        switch op {
        case .and: try add(x) { k throws(Raised) in try y.tableFind(k) >= 0 }
        case .subtract: try add(x) { k throws(Raised) in try y.tableFind(k) < 0 }
        case .xor:
            try add(x) { k throws(Raised) in try y.tableFind(k) < 0 }
            try add(y) { k throws(Raised) in try x.tableFind(k) < 0 }
        default:
            try add(x) { _ throws(Raised) in true }
            try add(y) { _ throws(Raised) in true }
        }
        return v
    }

    /// `list *= n`, `dict |= dict` and the four set operators change the left one; nil for everything
    /// else.
    func changedInPlace(_ op: Op, _ x: Value, _ y: Value) throws(Raised) -> Value? {
        if x.isObject, x.isFrozen, x.isKind(.list) || x.isKind(.dict) || x.isKind(.set) {
            throw frozen(x)
        }
        if op == .multiply, x.isKind(.list), y.isInt {
            guard let result = try repeated(x, y.i) else { return nil }
            defer { result.release() }
            let (list, other) = (x.cast(ListObject.self), result.cast(ListObject.self))
            swap(&list.pointee.items, &other.pointee.items)
            swap(&list.pointee.capacity, &other.pointee.capacity)
            swap(&list.pointee.count, &other.pointee.count)
            return x.retain()
        }
        if op == .or, x.isKind(.dict), y.isKind(.dict) {
            try merge(y, into: x, mode: 0)
            return x.retain()
        }
        guard x.isKind(.set), y.isKind(.set) else { return nil }
        switch op {
        case .or, .and, .subtract, .xor:
            let result = try setOperation(op, x, y)
            defer { result.release() }
            let items = try materialise(result)
            defer { items.release() }
            x.tableClear()
            for item in items.items ?? .empty { try x.tableSet(item, .none) }
            return x.retain()
        default: return nil
        }
    }

    func negate(_ v: Value) throws(Raised) -> Value {
        if v.isFloat { return .float(-v.d) }
        if v.isInt || v.isBool {
            return v.i == Int.min ? .integer(BigInteger(v.i).negated) : .int(-v.i)
        }
        if v.isKind(.integer) { return .integer(BigInteger(v).negated) }
        if let host = v.asHost, let result = try host.binary("-", .int(0), reversed: true) {
            return result
        }
        throw Raised(.type, "'-' does not work on \(v.typeWithArticle)", left: v.shape)
    }

    func plus(_ v: Value) throws(Raised) -> Value {
        if v.isFloat || v.isInteger { return v.retain() }
        if v.isBool { return .int(v.i) }
        throw Raised(.type, "'+' does not work on \(v.typeWithArticle)", left: v.shape)
    }

    func invert(_ v: Value) throws(Raised) -> Value {
        if v.isInt || v.isBool { return .int(~v.i) }
        if v.isKind(.integer) { return .integer((BigInteger(v) + BigInteger(1)).negated) }
        if let host = v.asHost, let result = try host.binary("~", .none, reversed: false) {
            return result
        }
        throw Raised(.type, "'~' does not work on \(v.typeWithArticle)", left: v.shape)
    }

    /// A value's truth where the program branches on it; columns have none.
    @inline(__always)
    func truth(_ v: Value) throws(Raised) -> Bool {
        if v.isKind(.host) { return try hostTruth(v) }
        return v.isTrue
    }

    private func hostTruth(_ v: Value) throws(Raised) -> Bool {
        guard let host = v.asHost else { return true }
        if host.hasTruth { return (host.count ?? 1) > 0 }
        throw Raised(
            .value, "a whole \(host.type.name) is neither true nor false",
            help:
                "test its length: len(x) > 0"
        )
    }

    // MARK: - Comparison

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

/// "an int and a str", "two lists".
private func both(_ x: Value, _ y: Value) -> String {
    x.typeName == y.typeName && !x.isNone && !x.isKind(.bytes)
        ? "two \(x.typeName)s" : "\(x.typeWithArticle) and \(y.typeWithArticle)"
}

/// What to do about two operands that do not go together.
private func operandHelp(_ op: Op, _ x: Value, _ y: Value) -> String? {
    if x.isNone || y.isNone {
        return op == .add || op == .subtract || op == .multiply || op == .divide
            ? "a function without 'return' gives None" : "test it first: x is not None"
    }
    let isText = (x.isKind(.string), y.isKind(.string))
    if isText.0 != isText.1, (isText.0 ? y : x).isNumber {
        return op == .add
            ? "join text with an f-string: f\"{a}{b}\", or convert with str(...)"
            : "read the text as a number first: int(text), float(text)"
    }
    if x.isKind(.builtin) || x.isKind(.function) {
        return "a function is called with parentheses: f(x)"
    }
    if op == .add, x.isKind(.dict), y.isKind(.dict) { return "two dicts make one by x | y" }
    if op == .add, x.isKind(.set), y.isKind(.set) { return "two sets make one by x | y" }
    let isList = (x.isKind(.list), y.isKind(.list))
    if op == .add, isText.0 || isText.1 {
        return "join text with an f-string: f\"{a}{b}\", or convert with str(...)"
    }
    if op == .add, isList.0 {
        return "an item is added by x.append(item), others by x.extend(items)"
    }
    if op == .subtract, isList.0, isList.1 { return "write [a for a in x if a not in y]" }
    if isList.0 || isList.1 {
        return
            "of each item: [\(isList.0 ? "a" : "n") \(op.symbol) \(isList.0 ? "n" : "a") for a in x]"
    }
    return nil
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
