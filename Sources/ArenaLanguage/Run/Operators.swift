// What the arithmetic operators mean for each pair of types, beyond the machine's fast paths; comparisons
// are in Comparison.swift.

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

    func hostArithmetic(_ op: Op, _ x: Value, _ y: Value) throws(Raised) -> Value? {
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
            help: host.type.name == "column"
                ? "of conditions on columns: (a > 0) & (b < 2), with | for or and ~ for not; of one in all: x.any(), x.all(), len(x) > 0"
                : "test its length: len(x) > 0"
        )
    }
}

/// "an int and a str", "two lists".
func both(_ x: Value, _ y: Value) -> String {
    x.typeName == y.typeName && !x.isNone && !x.isKind(.bytes)
        ? "two \(x.typeName)s" : "\(x.typeWithArticle) and \(y.typeWithArticle)"
}

/// What to do about two operands that do not go together.
func operandHelp(_ op: Op, _ x: Value, _ y: Value) -> String? {
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
