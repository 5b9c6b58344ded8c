// Numbers from text and to the nearest, exact as Python's int(), float() and round().

import ArenaCore
import Glibc

extension Machine {
    /// A float cut to an integer, owned.
    func integer(of x: Double) throws(Raised) -> Value {
        if let n = Int(exactly: x.rounded(.towardZero)) { return .int(n) }
        if x.isNaN { throw Raised(.value, "nan is not an integer") }
        if x.isInfinite { throw Raised(.overflow, "\(floatText(x)) is not an integer") }
        return .integer(BigInteger(x.rounded(.towardZero)))
    }

    /// The integer with these digits in a base, owned; the digits are checked.
    func integer(digits: [UInt8], radix: Int, negative: Bool) throws(Raised) -> Value {
        let text = String(decoding: digits, as: UTF8.self)
        if let n = Int((negative ? "-" : "") + text, radix: radix) { return .int(n) }
        if let n = BigInteger(text, radix: radix) {
            return .integer(BigInteger(isNegative: negative, magnitude: n.magnitude))
        }
        throw Raised(
            .overflow, "the integer has more than \(BigInteger.bitLimit) bits")
    }

    /// `int(text, base)`, owned; nil if the text is not a number in that base.
    func parseInteger(_ text: Value, base: Int) throws(Raised) -> Value? {
        let plain = text.utf8
        if base == 10, !plain.isEmpty, plain.count <= 18, plain.allSatisfy({ isDigit($0) }) {
            return .int(plain.reduce(0) { $0 * 10 + Int($1 - 48) })
        }
        var s = plainDigits(text.utf8)[...]
        var negative = false
        if let c = s.first, c == UInt8(ascii: "-") || c == UInt8(ascii: "+") {
            negative = c == UInt8(ascii: "-")
            s = s.dropFirst()
        }
        var radix = base
        if s.count >= 2, s[s.startIndex] == 48 {
            let named: Int? =
                switch s[s.startIndex + 1] | 32 {
                case UInt8(ascii: "x"): 16
                case UInt8(ascii: "o"): 8
                case UInt8(ascii: "b"): 2
                default: nil
                }
            if let named, base == 0 || base == named {
                radix = named
                s = s.dropFirst(2)
                // One underscore may follow the prefix.
                if s.first == UInt8(ascii: "_") { s = s.dropFirst() }
            }
        }
        guard let digits = ungrouped(s), !digits.isEmpty else { return nil }
        if radix == 0 {
            if digits.first == 48, digits.contains(where: { $0 != 48 }) { return nil }
            radix = 10
        }
        for c in digits { guard let d = digitValue(c), d < radix else { return nil } }
        return try integer(digits: digits, radix: radix, negative: negative)
    }
}

/// `float(text)`; nil if the text is not a number.
func parseFloat(_ text: Bytes) -> Double? {
    if let plain = plainFloat(text) { return plain }
    let plain = plainDigits(text)
    var s = plain[...]
    var negative = false
    if let c = s.first, c == UInt8(ascii: "-") || c == UInt8(ascii: "+") {
        negative = c == UInt8(ascii: "-")
        s = s.dropFirst()
    }
    switch String(decoding: s.map { $0 | 32 }, as: UTF8.self) {
    case "inf", "infinity": return negative ? -.infinity : .infinity
    case "nan": return .nan
    default: break
    }
    func digits(_ part: ArraySlice<UInt8>) -> Bool { part.allSatisfy { isDigit($0) } }
    var previous: UInt8 = 0
    var out: [UInt8] = []
    for (i, c) in s.enumerated() {
        if c == UInt8(ascii: "_") {
            let next = s.startIndex + i + 1
            guard isDigit(previous), next < s.endIndex, isDigit(s[next]) else { return nil }
        } else {
            out.append(c)
        }
        previous = c
    }
    let mark = out.firstIndex { $0 | 32 == UInt8(ascii: "e") }
    var mantissa = out[..<(mark ?? out.count)]
    if let mark {
        var exponent = out[(mark + 1)...]
        if let c = exponent.first, c == UInt8(ascii: "-") || c == UInt8(ascii: "+") {
            exponent = exponent.dropFirst()
        }
        guard !exponent.isEmpty, digits(exponent) else { return nil }
    }
    if let point = mantissa.firstIndex(of: UInt8(ascii: ".")) { mantissa.remove(at: point) }
    guard !mantissa.isEmpty, digits(mantissa) else { return nil }
    // SAFETY: strtod reads up to the zero that ends the array.
    let value = (out + [0]).withUnsafeBufferPointer { p in
        p.withMemoryRebound(to: CChar.self) { strtod($0.baseAddress.unsafelyUnwrapped, nil) }
    }
    return negative ? -value : value
}

/// Digits with at most one point whose value takes one exact division; nil for all else.
private func plainFloat(_ text: Bytes) -> Double? {
    guard text.count <= 16, !text.isEmpty else { return nil }
    var n = 0
    var digits = 0
    var decimals = -1
    var i = text[0] == UInt8(ascii: "-") ? 1 : 0
    while i < text.count {
        if isDigit(text[i]) {
            n = n * 10 + Int(text[i] - 48)
            digits += 1
            if decimals >= 0 { decimals += 1 }
        } else if text[i] == UInt8(ascii: "."), decimals < 0 {
            decimals = 0
        } else {
            return nil
        }
        i += 1
    }
    guard digits > 0, digits <= 15 else { return nil }
    var unit = 1.0
    for _ in 0..<max(0, decimals) { unit *= 10 }
    let value = Double(n) / unit
    return text[0] == UInt8(ascii: "-") ? -value : value
}

/// Without white space at both ends, and with decimal digits of any script as ASCII ones.
private func plainDigits(_ text: Bytes) -> [UInt8] {
    var start = 0
    var end = text.count
    while start < end, spaceLength(text, start) > 0 { start += spaceLength(text, start) }
    while end > start {
        let at = scalarStart(text, before: end)
        guard spaceLength(text, at) > 0 else { break }
        end = at
    }
    let part = Bytes(rebasing: text[start..<end])
    if isASCII(part) { return Array(part) }
    var out: [UInt8] = []
    var i = 0
    while i < part.count {
        let (s, n) = decodeScalar(part, i)
        if !s.isASCII, let digit = decimalDigit(s) {
            out.append(48 + UInt8(digit))
        } else {
            out += part[i..<i + n]
        }
        i += n
    }
    return out
}

/// Digits without the single underscores between them; nil if one stands elsewhere.
func ungrouped(_ s: ArraySlice<UInt8>) -> [UInt8]? {
    var out: [UInt8] = []
    var previous = UInt8(ascii: "_")
    for c in s {
        if c == UInt8(ascii: "_") {
            if previous == c { return nil }
        } else {
            out.append(c)
        }
        previous = c
    }
    return previous == UInt8(ascii: "_") && !s.isEmpty ? nil : out
}

private func digitValue(_ c: UInt8) -> Int? {
    switch c {
    case 48...57: return Int(c) - 48
    case 65...90: return Int(c) - 55
    case 97...122: return Int(c) - 87
    default: return nil
    }
}

// MARK: - Rounding

/// `round(x, digits)`: from the exact decimal value, halves to the even side.
func roundedFloat(_ x: Double, _ digits: Int) throws(Raised) -> Double {
    if digits > 323 || !x.isFinite || x == 0 { return x }
    if digits < -308 { return x < 0 ? -0.0 : 0 }
    if digits >= 0, digits <= 19, let n = scaled(x.magnitude, digits), n < 1 << 53 {
        // Both are exact as floats, so that the quotient is rounded once.
        var unit = 1.0
        for _ in 0..<digits { unit *= 10 }
        return x < 0 ? -(Double(n) / unit) : Double(n) / unit
    }
    var text: [UInt8]
    if digits >= 0 {
        text = printed(false, digits, x.magnitude)
    } else {
        let whole = x.magnitude.rounded(.towardZero)
        text = roundedDigits(printed(false, 0, whole), -digits, rest: whole != x.magnitude)
    }
    if x < 0 { text.insert(UInt8(ascii: "-"), at: 0) }
    let value = Double(String(decoding: text, as: UTF8.self)) ?? x
    if value.isInfinite { throw Raised(.overflow, "the rounded value is too large for a float") }
    return value
}

/// Decimal digits rounded to tens, hundreds ...: `zeros` digits become 0.
///
/// - Parameter rest: whether the true value is a little above what the digits say.
func roundedDigits(_ digits: [UInt8], _ zeros: Int, rest: Bool) -> [UInt8] {
    var all = [UInt8](repeating: 48, count: max(0, zeros + 1 - digits.count)) + digits
    let keep = all.count - zeros
    let tail = all[keep...]
    let half = tail.first ?? 48
    let beyond = rest || tail.dropFirst().contains { $0 != 48 }
    let up = half > 53 || half == 53 && (beyond || all[keep - 1] % 2 == 1)
    for i in keep..<all.count { all[i] = 48 }
    guard up else { return all }
    var i = keep - 1
    while i >= 0 {
        if all[i] < 57 {
            all[i] += 1
            return all
        }
        all[i] = 48
        i -= 1
    }
    return [49] + all
}
