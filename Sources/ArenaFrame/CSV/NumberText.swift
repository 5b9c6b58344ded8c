// Numbers as text has them, read exactly: every decimal becomes the double nearest to it. Small
// cases by exact arithmetic (Clinger), the rest by a 128-bit product with a power of five
// (Eisel and Lemire), and numbers of more than 19 digits that still are in doubt by the standard library.

/// What a cell's text is as a number.
enum NumberText {
    case int(Int64)
    /// A whole number beyond 64 bits, and the nearest double.
    case hugeInt(Double)
    case double(Double)
    case none

    /// Reads a whole cell; spaces and tabs around the number are let pass.
    static func read(_ bytes: UnsafeRawBufferPointer) -> NumberText {
        var from = 0
        var to = bytes.count
        while from < to, bytes[from] == space || bytes[from] == tab { from += 1 }
        while to > from, bytes[to - 1] == space || bytes[to - 1] == tab { to -= 1 }
        guard from < to else { return .none }
        let negative = bytes[from] == minus
        if negative || bytes[from] == plus { from += 1 }
        guard let parts = DecimalParts(bytes, from, to) else {
            guard isInfinity(bytes, from, to) else { return .none }
            return .double(negative ? -.infinity : .infinity)
        }
        if parts.isWhole, !parts.isLong {
            let limit = UInt64(Int64.max) + (negative ? 1 : 0)
            if parts.digits <= limit {
                return .int(Int64(truncatingIfNeeded: negative ? 0 &- parts.digits : parts.digits))
            }
        }
        let magnitude = parts.nearestDouble(in: bytes, from, to)
        let value = negative ? -magnitude : magnitude
        return parts.isWhole ? .hugeInt(value) : .double(value)
    }

    private static func isInfinity(_ bytes: UnsafeRawBufferPointer, _ from: Int, _ to: Int) -> Bool
    {
        for word in ["inf", "infinity"] where word.utf8.count == to - from {
            if zip(word.utf8, bytes[from..<to]).allSatisfy({ $0 == $1 | 0x20 }) { return true }
        }
        return false
    }
}

private let minus = UInt8(ascii: "-")
private let plus = UInt8(ascii: "+")

/// A decimal number taken apart: digits x 10^exponent.
struct DecimalParts {
    /// The first 19 digits that count.
    private(set) var digits: UInt64 = 0
    private(set) var exponent = 0
    /// No point and no exponent.
    private(set) var isWhole = true
    /// There are more digits than `digits` holds.
    private(set) var isLong = false

    /// Nil if the text is not a decimal number without a sign.
    @inline(__always)
    init?(_ bytes: UnsafeRawBufferPointer, _ from: Int, _ to: Int) {
        var at = from
        var seen = 0
        var counted = 0
        while at < to {
            let digit = bytes[at] &- 48
            guard digit < 10 else { break }
            add(digit, &counted, afterPoint: false)
            seen += 1
            at += 1
        }
        if at < to, bytes[at] == UInt8(ascii: ".") {
            isWhole = false
            at += 1
            while at < to {
                let digit = bytes[at] &- 48
                guard digit < 10 else { break }
                add(digit, &counted, afterPoint: true)
                seen += 1
                at += 1
            }
        }
        guard seen > 0 else { return nil }
        if at < to, bytes[at] | 0x20 == UInt8(ascii: "e") {
            isWhole = false
            at += 1
            guard at < to else { return nil }
            let negative = bytes[at] == minus
            if negative || bytes[at] == plus { at += 1 }
            guard at < to else { return nil }
            var power = 0
            while at < to {
                let digit = bytes[at] &- 48
                guard digit < 10 else { return nil }
                if power < 100_000 { power = power * 10 + Int(digit) }
                at += 1
            }
            exponent += negative ? -power : power
        }
        if at != to { return nil }
    }

    @inline(__always)
    private mutating func add(_ digit: UInt8, _ counted: inout Int, afterPoint: Bool) {
        if counted < 19 {
            digits = digits &* 10 &+ UInt64(digit)
            if digits > 0 { counted += 1 }
            if afterPoint { exponent -= 1 }
        } else {
            isLong = true
            if !afterPoint { exponent += 1 }
        }
    }

    func nearestDouble(in bytes: UnsafeRawBufferPointer, _ from: Int, _ to: Int) -> Double {
        if !isLong {
            if digits < 1 << 53, exponent >= -22, exponent <= 22 {
                // Both factors are exact doubles, so one operation rounds once.
                let value = Double(digits)
                return exponent < 0
                    ? value / exactPowers[-exponent] : value * exactPowers[exponent]
            }
            return decimalToDouble(digits, exponent)
        }
        let low = decimalToDouble(digits, exponent)
        let high = decimalToDouble(digits &+ 1, exponent)
        return low == high ? low : slowDouble(bytes, from, to)
    }
}

private let exactPowers: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17,
    1e18, 1e19, 1e20, 1e21, 1e22,
]

/// The standard library's reading, exact for any number of digits and the same in every locale.
private func slowDouble(_ bytes: UnsafeRawBufferPointer, _ from: Int, _ to: Int) -> Double {
    // That reading may ask for a digit before and after the point.
    var text: [UInt8] = [48]
    for byte in bytes[from..<to] {
        if byte | 0x20 == UInt8(ascii: "e"), text.last == UInt8(ascii: ".") { text.append(48) }
        text.append(byte)
    }
    if text.last == UInt8(ascii: ".") { text.append(48) }
    return Double(String(decoding: text, as: UTF8.self)) ?? .nan
}

/// The double nearest to digits x 10^exponent, ties to even.
func decimalToDouble(_ digits: UInt64, _ exponent: Int) -> Double {
    if digits == 0 || exponent < PowersOfFive.lowest { return 0 }
    if exponent > PowersOfFive.highest { return .infinity }
    let shiftLeft = digits.leadingZeroBitCount
    let scaled = digits << UInt64(shiftLeft)
    let power = PowersOfFive.table[exponent - PowersOfFive.lowest]
    var (high, low) = scaled.multipliedFullWidth(by: power.high)
    if high & 0x1FF == 0x1FF {
        // The low bits could still carry: bring in the second half of the power.
        let second = scaled.multipliedFullWidth(by: power.low).high
        low = low &+ second
        if second > low { high &+= 1 }
    }
    let upper = Int(high >> 63)
    let shift = UInt64(upper + 64 - 52 - 3)
    var mantissa = high >> shift
    // (exponent * log2(10)) in fixed point, then the bias of a double.
    var binary = ((217_706 * exponent) >> 16) + 63 + upper - shiftLeft + 1023
    if binary <= 0 {
        if 1 - binary >= 64 { return 0 }
        mantissa >>= UInt64(1 - binary)
        mantissa += mantissa & 1
        mantissa >>= 1
        binary = mantissa < 1 << 52 ? 0 : 1
        return Double(bitPattern: UInt64(binary) << 52 | mantissa & (1 << 52 - 1))
    }
    if low <= 1, exponent >= -4, exponent <= 23, mantissa & 3 == 1, mantissa << shift == high {
        mantissa &= ~1  // exactly half way: to even
    }
    mantissa += mantissa & 1
    mantissa >>= 1
    if mantissa >= 2 << 52 {
        mantissa = 1 << 52
        binary += 1
    }
    if binary >= 2047 { return .infinity }
    return Double(bitPattern: UInt64(binary) << 52 | mantissa & (1 << 52 - 1))
}

/// The leading 128 bits of the powers of five that a double's range needs, made once at first use.
private enum PowersOfFive {
    static let lowest = -342
    static let highest = 308

    static let table: [(high: UInt64, low: UInt64)] = {
        var table = [(high: UInt64, low: UInt64)](repeating: (0, 0), count: highest - lowest + 1)
        // 5^q from below, exact in 13 words of 64 bits (5^308 has 716 bits).
        var number = [UInt64](repeating: 0, count: 13)
        number[0] = 1
        for q in 0...highest {
            table[q - lowest] = leading(number)
            multiplyByFive(&number)
        }
        // 2^1023 / 5^-q by repeated division: the floor of a floor is the floor.
        number = [UInt64](repeating: 0, count: 16)
        number[15] = 1 << 63
        for q in stride(from: -1, through: lowest, by: -1) {
            divideByFive(&number)
            var (high, low) = leading(number)
            if q >= -27 {  // these few are exact upper bounds, which decides ties
                low &+= 1
                if low == 0 { high += 1 }
            }
            table[q - lowest] = (high, low)
        }
        return table
    }()

    private static func leading(_ number: [UInt64]) -> (high: UInt64, low: UInt64) {
        guard let top = number.lastIndex(where: { $0 != 0 }) else { return (0, 0) }
        func word(_ at: Int) -> UInt64 { at >= 0 ? number[at] : 0 }
        let shift = UInt64(number[top].leadingZeroBitCount)
        if shift == 0 { return (word(top), word(top - 1)) }
        return (
            word(top) << shift | word(top - 1) >> (64 - shift),
            word(top - 1) << shift | word(top - 2) >> (64 - shift)
        )
    }

    private static func multiplyByFive(_ number: inout [UInt64]) {
        var carry: UInt64 = 0
        for i in number.indices {
            let (high, low) = number[i].multipliedFullWidth(by: 5)
            let (sum, over) = low.addingReportingOverflow(carry)
            number[i] = sum
            carry = high + (over ? 1 : 0)
        }
    }

    private static func divideByFive(_ number: inout [UInt64]) {
        var rest: UInt64 = 0
        for i in number.indices.reversed() {
            let (quotient, remainder) = UInt64(5).dividingFullWidth((rest, number[i]))
            number[i] = quotient
            rest = remainder
        }
    }
}
