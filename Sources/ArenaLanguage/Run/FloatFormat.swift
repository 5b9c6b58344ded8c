// The digits of floats: correctly rounded ones of a given precision (C's printf gives them) laid out
// as Python lays them out, and the shortest that read back as the same number.

import ArenaCore
import Glibc

/// The text of a float without its sign, as Python's formats e, f and g (E, F, G) write it.
///
/// - Parameter dotZero: a whole number of the format g gets ".0", and one that would need all its
///   digits before the point an exponent: what Python does for `{x:.3}`.
func floatDigits(
    _ x: Double, _ type: UInt8, _ precision: Int, _ alternate: Bool, dotZero: Bool = false
) -> [UInt8] {
    let upper = type < 97
    if !x.isFinite { return Array((x.isNaN ? upper ? "NAN" : "nan" : upper ? "INF" : "inf").utf8) }
    let value = x.magnitude
    let kind = type | 32
    if kind == UInt8(ascii: "f") {
        var out = printed(false, precision, value)
        if alternate, precision == 0 { out.append(UInt8(ascii: ".")) }
        return out
    }
    let count = kind == UInt8(ascii: "e") ? precision + 1 : max(precision, 1)
    let text = printed(true, count - 1, value)
    let mark = text.lastIndex(of: UInt8(ascii: "e")) ?? text.count
    var exponent = 0
    for c in text[(mark + 2)...] { exponent = exponent * 10 + Int(c - 48) }
    if mark + 1 < text.count, text[mark + 1] == UInt8(ascii: "-") { exponent = -exponent }
    var digits = text[..<mark].filter { isDigit($0) }
    let scientific =
        kind == UInt8(ascii: "e") || exponent < -4 || exponent >= count - (dotZero ? 1 : 0)
    if kind == UInt8(ascii: "g"), !alternate {
        while digits.count > 1, digits.last == 48 { digits.removeLast() }
    }
    return laidOut(digits, exponent, scientific, alternate, dotZero, upper)
}

/// The shortest digits of a float without its sign, as Python's repr.
func shortestDigits(_ x: Double, _ alternate: Bool = false) -> [UInt8] {
    if !x.isFinite { return Array((x.isNaN ? "nan" : "inf").utf8) }
    let text = Array(x.magnitude.description.utf8)
    let mark = text.firstIndex(of: UInt8(ascii: "e")) ?? text.count
    var exponent = 0
    if mark < text.count {
        let negative = text[mark + 1] == UInt8(ascii: "-")
        for c in text[(mark + 1)...] where isDigit(c) { exponent = exponent * 10 + Int(c - 48) }
        if negative { exponent = -exponent }
    }
    let point = text[..<mark].firstIndex(of: UInt8(ascii: ".")) ?? mark
    var digits = text[..<mark].filter { isDigit($0) }
    exponent += point - 1
    let zeros = digits.prefix { $0 == 48 }.count
    if zeros == digits.count { return Array("0.0".utf8) }
    digits.removeFirst(zeros)
    exponent -= zeros
    while digits.count > 1, digits.last == 48 { digits.removeLast() }
    return laidOut(digits, exponent, exponent < -4 || exponent >= 16, alternate, true, false)
}

/// Digits with a decimal point or an exponent; `exponent` is that of the first digit.
private func laidOut(
    _ digits: [UInt8], _ exponent: Int, _ scientific: Bool, _ alternate: Bool, _ dotZero: Bool,
    _ upper: Bool
) -> [UInt8] {
    var out: [UInt8] = []
    if scientific {
        out.append(digits[0])
        if digits.count > 1 || alternate { out.append(UInt8(ascii: ".")) }
        out += digits.dropFirst()
        out.append(UInt8(ascii: upper ? "E" : "e"))
        out.append(UInt8(ascii: exponent < 0 ? "-" : "+"))
        let text = String(exponent.magnitude)
        if text.utf8.count < 2 { out.append(48) }
        out += text.utf8
        return out
    }
    if exponent < 0 {
        out += [48, UInt8(ascii: ".")]
        for _ in 0..<(-exponent - 1) { out.append(48) }
        out += digits
        return out
    }
    for k in 0...exponent { out.append(k < digits.count ? digits[k] : 48) }
    if digits.count > exponent + 1 {
        out.append(UInt8(ascii: "."))
        out += digits[(exponent + 1)...]
    } else if dotZero {
        out += [UInt8(ascii: "."), 48]
    } else if alternate {
        out.append(UInt8(ascii: "."))
    }
    return out
}

/// `value` times a power of ten as an integer, rounded half to even from the exact product; nil where
/// that takes more than 64 bits.
func scaled(_ value: Double, _ precision: Int) -> UInt64? {
    guard precision <= 19, value < 1e19 else { return nil }
    var factor: UInt64 = 1
    for _ in 0..<precision { factor *= 10 }
    let exponent = Int(value.exponentBitPattern) - 1075
    let mantissa = value.significandBitPattern | (exponent > -1075 ? 1 << 52 : 0)
    // At most 53 + 64 bits.
    let product = UInt128(mantissa) * UInt128(factor)
    if exponent >= 0 {
        return exponent <= 11 ? UInt64(exactly: product << UInt128(exponent)) : nil
    }
    let shift = min(-exponent, 127)
    if -exponent > 127 { return 0 }
    let half = UInt128(1) << UInt128(shift - 1)
    let rest = product & ((half << 1) - 1)
    var quotient = product >> UInt128(shift)
    if rest > half || rest == half && quotient & 1 == 1 { quotient += 1 }
    return UInt64(exactly: quotient)
}

/// C's `%.*f` or `%.*e`.
func printed(_ scientific: Bool, _ precision: Int, _ value: Double) -> [UInt8] {
    if !scientific, let whole = scaled(value, precision) {
        return [UInt8](unsafeUninitializedCapacity: 42) { buffer, count in
            // Written backwards, then moved to the front: at most 20 digits and a point.
            var i = 42
            var n = whole
            var digits = 0
            while n > 0 || digits <= precision {
                if digits == precision, precision > 0 {
                    i -= 1
                    buffer[i] = UInt8(ascii: ".")
                }
                i -= 1
                buffer[i] = 48 + UInt8(truncatingIfNeeded: n % 10)
                n /= 10
                digits += 1
            }
            count = 42 - i
            for k in 0..<count { buffer[k] = buffer[i + k] }
        }
    }
    return withVaList([Int32(clamping: precision), value]) { arguments in
        // A double has at most 309 digits before its point.
        [UInt8](unsafeUninitializedCapacity: precision + 330) { buffer, count in
            // SAFETY: vsnprintf writes at most the capacity it is given.
            guard let base = buffer.baseAddress else { return }
            let n = base.withMemoryRebound(to: CChar.self, capacity: precision + 330) {
                vsnprintf($0, precision + 330, scientific ? "%.*e" : "%.*f", arguments)
            }
            count = min(max(0, Int(n)), precision + 329)
        }
    }
}

/// A float as Python writes it: the shortest text that reads back as the same number.
package func floatText(_ x: Double) -> String {
    let digits = String(decoding: shortestDigits(x), as: UTF8.self)
    return x.sign == .minus && !x.isNaN ? "-" + digits : digits
}

extension Machine {
    /// The sign and digits of an int or bool; nil for everything else.
    func integerDigits(_ v: Value, radix: Int) -> (negative: Bool, digits: [UInt8])? {
        if v.isKind(.integer) {
            let n = BigInteger(v)
            let text = BigInteger(isNegative: false, magnitude: n.magnitude).text(radix: radix)
            return (n.isNegative, Array(text.utf8))
        }
        guard v.isInt || v.isBool else { return nil }
        return (v.i < 0, Array(String(v.i.magnitude, radix: radix).utf8))
    }

    /// An integer as a float; too large a one is an error.
    func finiteDouble(_ v: Value) throws(Raised) -> Double {
        guard let x = v.asDouble, x.isFinite || v.isFloat else {
            throw Raised(.overflow, "the integer is too large for a float")
        }
        return x
    }
}
