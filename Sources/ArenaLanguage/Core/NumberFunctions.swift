// The functions that make and take apart numbers.

import ArenaCore
import Glibc

private typealias P = BuiltinParameter

let numberFunctions: [Builtin] = [
    absFunction, radixFunction("bin", 2, "0b", "binary", "0b101"), boolFunction, chrFunction,
    divmodFunction, floatFunction, hashFunction, radixFunction("hex", 16, "0x", "base 16", "0x5"),
    intFunction, radixFunction("oct", 8, "0o", "base 8", "0o5"), ordFunction, powFunction,
    roundFunction,
]

private let boolFunction = Builtin(
    "bool", [P("x", "any", .optional("False"))], "Whether the value counts as true.",
    examples: [Example("print(bool([]), bool(2))", prints: "False True\n")]
) { a throws(Raised) in .bool(try a.machine.truth(a[0])) }

private let intFunction = Builtin(
    "int", [P("x", "number or str", .optional("0")), P("base", "int", .optional("10"))],
    "The value as an integer; floats are cut towards zero, text is read in a base (0: as a script).",
    examples: [Example("print(int(\"42\"), int(-2.7), int(\"ff\", 16))", prints: "42 -2 255\n")]
) { a throws(Raised) in
    let v = a[0]
    if v.isUnset { return .int(0) }
    guard v.isKind(.string) || v.isKind(.bytes) else {
        if !a[1].isUnset {
            throw a.marking(
                0, Raised(.type, "int() reads text in a base, not \(v.typeWithArticle)"))
        }
        if v.isFloat { return try a.machine.integer(of: v.d) }
        if a.machine.integerDigits(v, radix: 10) != nil { return try a.machine.plus(v) }
        throw a.marking(0, Raised(.type, "int() does not work on \(v.typeWithArticle)"))
    }
    let base = a[1].isUnset ? 10 : try a.int(1)
    guard base == 0 || (2...36).contains(base) else {
        throw Raised(.value, "int()'s base is 0 or 2 to 36, not \(base)")
    }
    if let n = try a.machine.parseInteger(v, base: base) { return n }
    throw a.marking(
        0,
        Raised(
            .value,
            "int() cannot read \(a.machine.representation(of: v))\(base == 10 ? "" : " in base \(base)")",
            help: parseFloat(v.utf8) != nil ? "it is a float: int(float(x))" : nil))
}

private let floatFunction = Builtin(
    "float", [P("x", "number or str", .optional("0.0"))], "The value as a float.",
    examples: [Example("print(float(\"1e3\"), float(2))", prints: "1000.0 2.0\n")]
) { a throws(Raised) in
    let v = a[0]
    if v.isUnset { return .float(0) }
    if v.asDouble != nil { return .float(try a.machine.finiteDouble(v)) }
    guard v.isKind(.string) || v.isKind(.bytes) else {
        throw a.marking(0, Raised(.type, "float() does not work on \(v.typeWithArticle)"))
    }
    if let x = parseFloat(v.utf8) { return .float(x) }
    throw a.marking(
        0, Raised(.value, "float() cannot read \(a.machine.representation(of: v))"))
}

private let absFunction = Builtin(
    "abs", [P("x", "number")], "The value without its sign.",
    examples: [Example("print(abs(-3), abs(2.5))", prints: "3 2.5\n")]
) { a throws(Raised) in
    if a[0].isFloat { return .float(a[0].d.magnitude) }
    if let (negative, _) = a.machine.integerDigits(a[0], radix: 16) {
        return negative ? try a.machine.negate(a[0]) : try a.machine.plus(a[0])
    }
    if let host = a[0].asHost, let result = try host.binary("abs", .none, reversed: false) {
        return result
    }
    throw a.marking(0, Raised(.type, "abs() does not work on \(a[0].typeWithArticle)"))
}

private let roundFunction = Builtin(
    "round", [P("x", "number"), P("digits", "int", .optional("None"))],
    "Rounded to an integer or to decimal digits; halves go to the even side.",
    examples: [Example("print(round(2.5), round(1.2345, 2))", prints: "2 1.23\n")]
) { a throws(Raised) in
    let v = a[0]
    if let (negative, digits) = a.machine.integerDigits(v, radix: 10) {
        let places = a.has(1) ? try a.int(1) : 0
        if places >= 0 { return try a.machine.plus(v) }
        if places < -digits.count { return .int(0) }
        return try a.machine.integer(
            digits: roundedDigits(digits, -places, rest: false), radix: 10, negative: negative)
    }
    guard v.isFloat else { throw a.wrongType(0, "number") }
    guard a.has(1) else { return try a.machine.integer(of: v.d.rounded(.toNearestOrEven)) }
    return .float(try roundedFloat(v.d, try a.int(1)))
}

private let divmodFunction = Builtin(
    "divmod", [P("a", "number"), P("b", "number")], "The pair (a // b, a % b).",
    examples: [Example("print(divmod(7, 2), divmod(-7, 2))", prints: "(3, 1) (-4, 1)\n")]
) { a throws(Raised) in
    let quotient = try a.machine.arithmetic(.floorDivide, a[0], a[1])
    do throws(Raised) {
        return .tuple([quotient, try a.machine.arithmetic(.modulo, a[0], a[1])])
    } catch {
        quotient.release()
        throw error
    }
}

private let powFunction = Builtin(
    "pow", [P("base", "number"), P("exp", "number"), P("mod", "int", .optional("None"))],
    "base ** exp, or that modulo mod.",
    examples: [Example("print(pow(2, 10), pow(3, 200, 13), pow(3, -1, 7))", prints: "1024 9 5\n")]
) { a throws(Raised) in
    guard a.has(2) else { return try a.machine.arithmetic(.power, a[0], a[1]) }
    if (0...2).contains(where: { a[$0].isKind(.integer) }) { return try largePower(a) }
    let m = try a.int(2)
    if m == 0 { throw Raised(.value, "pow(): the modulus cannot be 0") }
    let base = try a.int(0)
    var exponent = try a.int(1)
    let size = m.magnitude
    var b = base.magnitude % size
    if base < 0, b > 0 { b = size - b }
    if exponent < 0 {
        guard let inverse = modularInverse(b, size), exponent != Int.min else {
            throw Raised(.value, "\(base) has no inverse modulo \(m)")
        }
        (b, exponent) = (inverse, -exponent)
    }
    var result: UInt = 1 % size
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = size.dividingFullWidth(result.multipliedFullWidth(by: b)).remainder
        }
        b = size.dividingFullWidth(b.multipliedFullWidth(by: b)).remainder
        exponent >>= 1
    }
    // The result has the sign of the modulus.
    let value = Int(bitPattern: result)
    return .int(m < 0 && result != 0 ? value &+ m : value)
}

/// pow() modulo a number, with at least one argument beyond 64 bits.
private func largePower(_ a: Arguments) throws(Raised) -> Value {
    for i in 0...2 where a.machine.integerDigits(a[i], radix: 16) == nil {
        throw a.wrongType(i, "int")
    }
    let m = BigInteger(a[2])
    if m.isZero { throw Raised(.value, "pow(): the modulus cannot be 0") }
    var exponent = BigInteger(a[1])
    if m.bitCount * exponent.bitCount > BigInteger.bitLimit * 64 {
        throw Raised(.overflow, "pow(): the numbers are too large")
    }
    var base = BigInteger(a[0]).dividedFloor(by: m).remainder
    if exponent.isNegative {
        guard let inverse = modularInverse(base, m) else {
            throw Raised(
                .value,
                "\(a.machine.text(of: a[0])) has no inverse modulo \(a.machine.text(of: a[2]))")
        }
        (base, exponent) = (inverse, exponent.negated)
    }
    var result = BigInteger(1).dividedFloor(by: m).remainder
    while !exponent.isZero {
        if exponent.magnitude[0] & 1 == 1 { result = (result * base).dividedFloor(by: m).remainder }
        base = (base * base).dividedFloor(by: m).remainder
        exponent = exponent.shiftedRight(1)
        try a.machine.answerStops()
    }
    return .integer(result)
}

/// Euclid's algorithm on integers of any size; the result has the sign of the modulus.
private func modularInverse(_ a: BigInteger, _ m: BigInteger) -> BigInteger? {
    var (r0, r1) = (m, a)
    var (t0, t1) = (BigInteger(0), BigInteger(1))
    while !r1.isZero {
        let (q, r) = r0.dividedFloor(by: r1)
        (r0, r1) = (r1, r)
        (t0, t1) = (t1, t0 - q * t1)
    }
    if r0 == BigInteger(-1) { t0 = t0.negated } else if r0 != BigInteger(1) { return nil }
    return t0.dividedFloor(by: m).remainder
}

/// Euclid's algorithm; nil if the two have a common factor.
private func modularInverse(_ a: UInt, _ m: UInt) -> UInt? {
    var (r0, r1) = (Int128(m), Int128(a))
    var (t0, t1): (Int128, Int128) = (0, 1)
    while r1 != 0 {
        let q = r0 / r1
        (r0, r1) = (r1, r0 - q * r1)
        (t0, t1) = (t1, t0 - q * t1)
    }
    guard r0 == 1 else { return nil }
    return UInt(t0 < 0 ? t0 + Int128(m) : t0)
}

private func radixFunction(
    _ name: String, _ radix: Int, _ prefix: String, _ words: String, _ shown: String
) -> Builtin {
    Builtin(
        name, [P("x", "int")], "The integer as text in \(words).",
        examples: [Example("print(\(name)(5))", prints: "\(shown)\n")]
    ) { a throws(Raised) in
        guard let (negative, digits) = a.machine.integerDigits(a[0], radix: radix) else {
            throw a.wrongType(0, "int")
        }
        return .string(Array(((negative ? "-" : "") + prefix).utf8) + digits)
    }
}

// MARK: - Characters and hashes

private let chrFunction = Builtin(
    "chr", [P("i", "int")], "The character with a Unicode number.",
    examples: [Example("print(chr(97), chr(0x1F600))", prints: "a 😀\n")]
) { a throws(Raised) in
    let n = try a.int(0)
    guard let code = UInt32(exactly: n), let s = Unicode.Scalar(code) else {
        throw Raised(
            .value, "\(n) is not the number of a character",
            help: "they run from 0 to 0x10FFFF, without the surrogates 0xD800 to 0xDFFF")
    }
    var out: [UInt8] = []
    appendUTF8(s.value, to: &out)
    return .string(out)
}

private let ordFunction = Builtin(
    "ord", [P("c", "str or bytes")], "The Unicode number of a character.",
    examples: [Example("print(ord(\"a\"), ord(\"é\"))", prints: "97 233\n")]
) { a throws(Raised) in
    if a[0].isKind(.bytes), a[0].utf8.count == 1 { return .int(Int(a[0].utf8[0])) }
    guard a[0].isKind(.string) || a[0].isKind(.bytes) else { throw a.wrongType(0, "str") }
    let count = a[0].isKind(.string) ? scalarCount(a[0]) : a[0].utf8.count
    guard count == 1 else {
        throw Raised(.type, "ord() wants one character, not \(count)")
    }
    return .int(Int(decodeScalar(a[0].utf8, 0).scalar.value))
}

private let hashFunction = Builtin(
    "hash", [P("x", "hashable")], "A number that is the same for equal values, today and tomorrow.",
    examples: [Example("print(hash(\"abc\"), hash(2.0) == hash(2))", prints: "96354 True\n")]
) { a throws(Raised) in
    // What cannot be a key has no hash.
    _ = try hashValue(a[0])
    return .int(stableHash(a[0]))
}

/// Text as Java's (and Starlark's) String.hashCode, bytes as FNV-1a, the rest as Python's.
private func stableHash(_ v: Value) -> Int {
    let prime = (1 << 61) - 1
    if v.isInt || v.isBool {
        let r = Int(v.i.magnitude % UInt(prime))
        return v.i < 0 ? (r == 1 ? -2 : -r) : r
    }
    if v.isKind(.integer) {
        let n = BigInteger(v)
        let r =
            BigInteger(isNegative: false, magnitude: n.magnitude)
            .dividedFloor(by: BigInteger(prime)).remainder.small ?? 0
        return n.isNegative ? (r == 1 ? -2 : -r) : r
    }
    if v.isFloat { return floatHash(v.d, prime) }
    if v.isNone { return 0xFCA8_6420 }
    if v.isKind(.string) {
        var h: Int32 = 0
        for unit in String(decoding: v.utf8, as: UTF8.self).utf16 { h = h &* 31 &+ Int32(unit) }
        return Int(h)
    }
    if v.isKind(.bytes) {
        return Int(v.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 })
    }
    if let items = v.items {
        var h: UInt64 = 2_870_177_450_012_600_261
        for item in items {
            h = h &+ UInt64(bitPattern: Int64(stableHash(item))) &* 14_029_467_366_897_019_727
            h = (h << 31 | h >> 33) &* 11_400_714_785_074_694_791
        }
        h = h &+ (UInt64(items.count) ^ (2_870_177_450_012_600_261 ^ 3_527_539))
        return Int(truncatingIfNeeded: h == UInt64.max ? 1_546_275_796 : h)
    }
    return Int((try? hashValue(v)) ?? 0)
}

/// Python's hash of a float: the number modulo 2**61 - 1.
private func floatHash(_ x: Double, _ prime: Int) -> Int {
    if x.isNaN { return 0 }
    if x.isInfinite { return x > 0 ? 314_159 : -314_159 }
    var (m, e) = (
        x.magnitude == 0 ? 0 : x.magnitude.significand / 2, x == 0 ? 0 : Int(x.exponent) + 1
    )
    var h: UInt64 = 0
    while m != 0 {
        h = h << 28 & UInt64(prime) | h >> 33
        m *= 268_435_456
        e -= 28
        let y = UInt64(m)
        m -= Double(y)
        h += y
        if h >= UInt64(prime) { h -= UInt64(prime) }
    }
    let turn = UInt64(e >= 0 ? e % 61 : 60 - (-1 - e) % 61)
    h = (h << turn) & UInt64(prime) | h >> (61 - turn)
    let signed = x < 0 ? -Int(h) : Int(h)
    return signed == -1 ? -2 : signed
}
