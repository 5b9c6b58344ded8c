// Integers of any size, behind the 64-bit ones: sign and magnitude, schoolbook algorithms (Knuth, The
// Art of Computer Programming, 4.3.1). A value holds one only where 64 bits do not suffice, so that
// equal integers are always held alike. Their size is bounded: see `bitLimit`.

import Glibc

/// An integer: 64-bit limbs, the lowest first, none of the highest zero; zero has none.
struct BigInteger: Equatable, Sendable {
    var isNegative: Bool
    var magnitude: [UInt64]

    /// What does not fit below this is refused with an error, before it takes seconds or gigabytes.
    static let bitLimit = 1 << 20

    init(isNegative: Bool, magnitude: [UInt64]) {
        self.magnitude = magnitude
        while self.magnitude.last == 0 { self.magnitude.removeLast() }
        self.isNegative = isNegative && !self.magnitude.isEmpty
    }

    init(_ n: Int) {
        isNegative = n < 0
        magnitude = n == 0 ? [] : [UInt64(n.magnitude)]
    }

    /// A whole, finite float.
    init(_ x: Double) {
        let exponent = Int(x.exponent)
        if x == 0 || exponent < 0 {
            self.init(0)
        } else {
            let bits = x.significandBitPattern | 1 << 52
            let n = BigInteger(isNegative: x < 0, magnitude: [bits])
            self = exponent >= 52 ? n.shiftedLeft(exponent - 52) : n.shiftedRight(52 - exponent)
        }
    }

    /// The integer that a value holds; zero for anything else.
    init(_ v: Value) {
        guard v.isKind(.integer) else {
            self.init(v.isInt || v.isBool ? v.i : 0)
            return
        }
        let p = v.cast(IntegerObject.self)
        // SAFETY: the limbs stand behind the object's head, `count` of them.
        let limbs = (UnsafeMutableRawPointer(p) + MemoryLayout<IntegerObject>.size)
            .assumingMemoryBound(to: UInt64.self)
        self.init(
            isNegative: p.pointee.isNegative,
            magnitude: Array(UnsafeBufferPointer(start: limbs, count: p.pointee.count)))
    }

    var isZero: Bool { magnitude.isEmpty }

    /// Bits of the magnitude.
    var bitCount: Int {
        guard let last = magnitude.last else { return 0 }
        return magnitude.count * 64 - last.leadingZeroBitCount
    }

    /// The integer if 64 bits hold it.
    var small: Int? {
        if magnitude.isEmpty { return 0 }
        guard magnitude.count == 1 else { return nil }
        if isNegative {
            return magnitude[0] <= 1 << 63 ? Int(truncatingIfNeeded: 0 &- magnitude[0]) : nil
        }
        return Int(exactly: magnitude[0])
    }

    /// The nearest float, halves to even; infinite if there is none.
    var double: Double {
        let bits = bitCount
        if bits <= 64 { return (isNegative ? -1 : 1) * Double(magnitude.first ?? 0) }
        let shift = bits - 64
        let top = shiftedRightMagnitude(shift)
        // One bit says whether anything was cut, so that the rounding is right.
        let cut =
            (0..<shift / 64).contains { magnitude[$0] != 0 }
            || shift % 64 != 0 && magnitude[shift / 64] << UInt64(64 - shift % 64) != 0
        let value = scalbn(Double((top.first ?? 0) | (cut ? 1 : 0)), Int32(clamping: shift))
        return isNegative ? -value : value
    }
}

/// A big integer on the heap; the limbs follow.
struct IntegerObject {
    var header: ObjectHeader
    var count: Int
    var isNegative: Bool
}

extension Value {
    /// An int of any size, owned.
    static func integer(_ n: BigInteger) -> Value {
        if let small = n.small { return .int(small) }
        let p = allocate(IntegerObject.self, .integer, extra: n.magnitude.count * 8)
        p.pointee.count = n.magnitude.count
        p.pointee.isNegative = n.isNegative
        let limbs = (UnsafeMutableRawPointer(p) + MemoryLayout<IntegerObject>.size)
            .assumingMemoryBound(to: UInt64.self)
        for (i, limb) in n.magnitude.enumerated() { limbs[i] = limb }
        return .object(p)
    }

    /// An int from decimal digits with an optional sign, owned; nil if it is none or too large.
    package static func integer(decimal text: String) -> Value? {
        BigInteger(text, radix: 10).map { .integer($0) }
    }

    /// Whether it is an int of any size; bools are not.
    package var isInteger: Bool { isInt || isKind(.integer) }

    /// Whether it counts as an int: one of any size, or a bool.
    package var isWhole: Bool { isInteger || isBool }
}

// MARK: - Sums and products

extension BigInteger: Comparable {
    static func < (a: BigInteger, b: BigInteger) -> Bool {
        if a.isNegative != b.isNegative { return a.isNegative }
        let order = compareMagnitude(a.magnitude, b.magnitude)
        return a.isNegative ? order > 0 : order < 0
    }

    static func + (a: BigInteger, b: BigInteger) -> BigInteger {
        if a.isNegative == b.isNegative {
            return BigInteger(
                isNegative: a.isNegative, magnitude: addMagnitude(a.magnitude, b.magnitude))
        }
        let order = compareMagnitude(a.magnitude, b.magnitude)
        if order == 0 { return BigInteger(0) }
        return order > 0
            ? BigInteger(
                isNegative: a.isNegative, magnitude: subtractMagnitude(a.magnitude, b.magnitude))
            : BigInteger(
                isNegative: b.isNegative, magnitude: subtractMagnitude(b.magnitude, a.magnitude))
    }

    static func - (a: BigInteger, b: BigInteger) -> BigInteger { a + b.negated }

    var negated: BigInteger { BigInteger(isNegative: !isNegative, magnitude: magnitude) }

    static func * (a: BigInteger, b: BigInteger) -> BigInteger {
        if a.isZero || b.isZero { return BigInteger(0) }
        var out = [UInt64](repeating: 0, count: a.magnitude.count + b.magnitude.count)
        for (i, x) in a.magnitude.enumerated() {
            var carry: UInt64 = 0
            for (j, y) in b.magnitude.enumerated() {
                let p = x.multipliedFullWidth(by: y)
                let (low, o1) = p.low.addingReportingOverflow(carry)
                let (sum, o2) = low.addingReportingOverflow(out[i + j])
                out[i + j] = sum
                carry = p.high &+ (o1 ? 1 : 0) &+ (o2 ? 1 : 0)
            }
            out[i + b.magnitude.count] = carry
        }
        return BigInteger(isNegative: a.isNegative != b.isNegative, magnitude: out)
    }

    /// Quotient and remainder as Python's: rounded down, the remainder with the divisor's sign.
    /// - Precondition: the divisor is not zero.
    func dividedFloor(by b: BigInteger) -> (quotient: BigInteger, remainder: BigInteger) {
        let (q, r) = Self.divideMagnitude(magnitude, b.magnitude)
        var quotient = BigInteger(isNegative: isNegative != b.isNegative, magnitude: q)
        var remainder = BigInteger(isNegative: isNegative, magnitude: r)
        if !remainder.isZero, isNegative != b.isNegative {
            quotient = quotient - BigInteger(1)
            remainder = remainder + b
        }
        return (quotient, remainder)
    }

    /// `self / b` as the nearest float; nil if it is beyond the largest.
    /// - Precondition: the divisor is not zero.
    func trueQuotient(_ b: BigInteger) -> Double? {
        // 66 bits of quotient and one for the rest are enough to round rightly.
        let shift = b.bitCount - bitCount + 66
        let a = shift > 0 ? shiftedLeft(shift) : self
        let divisor = shift < 0 ? b.shiftedLeft(-shift) : b
        var (q, r) = Self.divideMagnitude(a.magnitude, divisor.magnitude)
        if q.isEmpty { return b.isNegative ? -0.0 : 0 }
        if !r.isEmpty { q[0] |= 1 }
        r = []
        let value = scalbn(
            BigInteger(isNegative: isNegative != b.isNegative, magnitude: q).double,
            Int32(clamping: -shift))
        return value.isFinite ? value : nil
    }

    /// - Precondition: the exponent is not negative and the result below the limit.
    func power(_ exponent: Int) -> BigInteger {
        var result = BigInteger(1)
        var base = self
        var n = exponent
        while n > 0 {
            if n & 1 == 1 { result = result * base }
            n >>= 1
            if n > 0 { base = base * base }
        }
        return result
    }
}

// MARK: - Bits

extension BigInteger {
    func shiftedLeft(_ n: Int) -> BigInteger {
        if isZero || n == 0 { return self }
        var out = [UInt64](repeating: 0, count: n / 64)
        let bits = UInt64(n % 64)
        var carry: UInt64 = 0
        for limb in magnitude {
            out.append(bits == 0 ? limb : limb << bits | carry)
            carry = bits == 0 ? 0 : limb >> (64 - bits)
        }
        out.append(carry)
        return BigInteger(isNegative: isNegative, magnitude: out)
    }

    /// Rounded down, as Python's `>>`.
    func shiftedRight(_ n: Int) -> BigInteger {
        let cut = BigInteger(isNegative: isNegative, magnitude: shiftedRightMagnitude(n))
        guard isNegative else { return cut }
        let back = cut.shiftedLeft(n)
        return back == self ? cut : cut - BigInteger(1)
    }

    fileprivate func shiftedRightMagnitude(_ n: Int) -> [UInt64] {
        let whole = n / 64
        guard whole < magnitude.count else { return [] }
        let bits = UInt64(n % 64)
        var out = Array(magnitude[whole...])
        if bits > 0 {
            for i in 0..<out.count {
                out[i] = out[i] >> bits | (i + 1 < out.count ? out[i + 1] << (64 - bits) : 0)
            }
        }
        return out
    }

    /// `&`, `|` or `^` over two's complement of endless width.
    func combined(_ b: BigInteger, _ op: (UInt64, UInt64) -> UInt64) -> BigInteger {
        let n = max(magnitude.count, b.magnitude.count) + 1
        let x = twosComplement(n)
        let y = b.twosComplement(n)
        var out = (0..<n).map { op(x[$0], y[$0]) }
        let negative = out[n - 1] >> 63 == 1
        if negative { Self.negate(&out) }
        return BigInteger(isNegative: negative, magnitude: out)
    }

    private func twosComplement(_ n: Int) -> [UInt64] {
        var out = magnitude + [UInt64](repeating: 0, count: n - magnitude.count)
        if isNegative { Self.negate(&out) }
        return out
    }

    private static func negate(_ limbs: inout [UInt64]) {
        var carry = true
        for i in 0..<limbs.count {
            let (r, o) = (~limbs[i]).addingReportingOverflow(carry ? 1 : 0)
            limbs[i] = r
            carry = o
        }
    }
}

// MARK: - Magnitudes

extension BigInteger {
    fileprivate static func compareMagnitude(_ a: [UInt64], _ b: [UInt64]) -> Int {
        if a.count != b.count { return a.count < b.count ? -1 : 1 }
        for i in stride(from: a.count - 1, through: 0, by: -1) where a[i] != b[i] {
            return a[i] < b[i] ? -1 : 1
        }
        return 0
    }

    fileprivate static func addMagnitude(_ a: [UInt64], _ b: [UInt64]) -> [UInt64] {
        let (long, short) = a.count >= b.count ? (a, b) : (b, a)
        var out = long
        var carry: UInt64 = 0
        for i in 0..<long.count {
            let (s, o1) = long[i].addingReportingOverflow(i < short.count ? short[i] : 0)
            let (t, o2) = s.addingReportingOverflow(carry)
            out[i] = t
            carry = (o1 ? 1 : 0) + (o2 ? 1 : 0)
            if carry == 0, i >= short.count { break }
        }
        if carry > 0 { out.append(carry) }
        return out
    }

    /// - Precondition: `a >= b`.
    fileprivate static func subtractMagnitude(_ a: [UInt64], _ b: [UInt64]) -> [UInt64] {
        var out = a
        var borrow: UInt64 = 0
        for i in 0..<a.count {
            let (s, o1) = a[i].subtractingReportingOverflow(i < b.count ? b[i] : 0)
            let (t, o2) = s.subtractingReportingOverflow(borrow)
            out[i] = t
            borrow = (o1 ? 1 : 0) + (o2 ? 1 : 0)
        }
        return out
    }

    static func divideMagnitude(_ a: [UInt64], _ b: [UInt64]) -> ([UInt64], [UInt64]) {
        if compareMagnitude(a, b) < 0 { return ([], a) }
        if b.count == 1 {
            var (q, r) = (a, UInt64(0))
            for i in stride(from: a.count - 1, through: 0, by: -1) {
                (q[i], r) = b[0].dividingFullWidth((r, a[i]))
            }
            while q.last == 0 { q.removeLast() }
            return (q, r == 0 ? [] : [r])
        }
        // Algorithm D: both are shifted until the divisor's highest bit is set.
        let shift = b[b.count - 1].leadingZeroBitCount
        let v = BigInteger(isNegative: false, magnitude: b).shiftedLeft(shift).magnitude
        var u = BigInteger(isNegative: false, magnitude: a).shiftedLeft(shift).magnitude
        while u.count <= a.count { u.append(0) }
        let n = v.count
        var q = [UInt64](repeating: 0, count: u.count - n)
        for j in stride(from: u.count - n - 1, through: 0, by: -1) {
            var (guess, rest): (UInt64, UInt64)
            var overflow = false
            if u[j + n] >= v[n - 1] {
                guess = UInt64.max
                (rest, overflow) = u[j + n - 1].addingReportingOverflow(v[n - 1])
                if u[j + n] > v[n - 1] { overflow = true }
            } else {
                (guess, rest) = v[n - 1].dividingFullWidth((u[j + n], u[j + n - 1]))
            }
            while !overflow {
                let p = guess.multipliedFullWidth(by: v[n - 2])
                guard p.high > rest || p.high == rest && p.low > u[j + n - 2] else { break }
                guess -= 1
                (rest, overflow) = rest.addingReportingOverflow(v[n - 1])
            }
            // u[j...] -= guess * v; one too many is put back.
            var borrow: UInt64 = 0
            var carry: UInt64 = 0
            for i in 0..<n {
                let p = guess.multipliedFullWidth(by: v[i])
                let (low, o0) = p.low.addingReportingOverflow(carry)
                carry = p.high &+ (o0 ? 1 : 0)
                let (s, o1) = u[i + j].subtractingReportingOverflow(low)
                let (t, o2) = s.subtractingReportingOverflow(borrow)
                u[i + j] = t
                borrow = (o1 ? 1 : 0) + (o2 ? 1 : 0)
            }
            let (s, o1) = u[j + n].subtractingReportingOverflow(carry)
            let (t, o2) = s.subtractingReportingOverflow(borrow)
            u[j + n] = t
            if o1 || o2 {
                guess -= 1
                var back: UInt64 = 0
                for i in 0..<n {
                    let (s, o1) = u[i + j].addingReportingOverflow(v[i])
                    let (t, o2) = s.addingReportingOverflow(back)
                    u[i + j] = t
                    back = (o1 ? 1 : 0) + (o2 ? 1 : 0)
                }
                u[j + n] = u[j + n] &+ back
            }
            q[j] = guess
        }
        while q.last == 0 { q.removeLast() }
        let r = BigInteger(isNegative: false, magnitude: u)
            .shiftedRightMagnitude(shift)
        return (q, BigInteger(isNegative: false, magnitude: r).magnitude)
    }
}

// MARK: - Text

extension BigInteger: CustomStringConvertible {
    var description: String { text(radix: 10) }

    /// Digits with a minus sign if negative.
    func text(radix: Int) -> String {
        if isZero { return "0" }
        var digits: [UInt8] = []
        var chunk = 1
        var unit = UInt64(radix)
        while unit.multipliedReportingOverflow(by: UInt64(radix)).overflow == false {
            unit *= UInt64(radix)
            chunk += 1
        }
        // Large numbers are split in halves, so that most of the work is on few limbs.
        var powers = [BigInteger(isNegative: false, magnitude: [unit])]
        while let last = powers.last, last.magnitude.count * 2 <= magnitude.count {
            powers.append(last * last)
        }
        func write(_ n: [UInt64], _ level: Int, padded: Bool) {
            if level < 0 {
                let part = String(n.first ?? 0, radix: radix).utf8
                if padded, part.count < chunk {
                    digits += [UInt8](repeating: 48, count: chunk - part.count)
                }
                digits += part
                return
            }
            let (q, r) = Self.divideMagnitude(n, powers[level].magnitude)
            if q.isEmpty, !padded { return write(r, level - 1, padded: false) }
            write(q, level - 1, padded: padded)
            write(r, level - 1, padded: true)
        }
        write(magnitude, powers.count - 1, padded: false)
        return (isNegative ? "-" : "") + String(decoding: digits, as: UTF8.self)
    }

    /// Digits with an optional sign; nil if something else stands there or the limit is passed.
    init?(_ text: some StringProtocol, radix: Int) {
        var body = Array(text.utf8)[...]
        let negative = body.first == UInt8(ascii: "-")
        if negative || body.first == UInt8(ascii: "+") { body = body.dropFirst() }
        if body.isEmpty || Double(body.count) * log2(Double(radix)) > Double(Self.bitLimit) + 8 {
            return nil
        }
        var limbs: [UInt64] = []
        func add(_ factor: UInt64, _ value: UInt64) {
            var carry = value
            for i in 0..<limbs.count {
                let p = limbs[i].multipliedFullWidth(by: factor)
                let (low, o) = p.low.addingReportingOverflow(carry)
                limbs[i] = low
                carry = p.high &+ (o ? 1 : 0)
            }
            if carry > 0 { limbs.append(carry) }
        }
        var factor: UInt64 = 1
        var value: UInt64 = 0
        for c in body {
            let digit: UInt8
            switch c {
            case 48...57: digit = c - 48
            case 65...90: digit = c - 55
            case 97...122: digit = c - 87
            default: return nil
            }
            guard digit < radix else { return nil }
            if factor.multipliedReportingOverflow(by: UInt64(radix)).overflow {
                add(factor, value)
                (factor, value) = (1, 0)
            }
            factor *= UInt64(radix)
            value = value * UInt64(radix) + UInt64(digit)
        }
        add(factor, value)
        self.init(isNegative: negative, magnitude: limbs)
    }
}
