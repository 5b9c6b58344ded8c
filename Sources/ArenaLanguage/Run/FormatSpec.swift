// The format mini-language of f-strings, format() and str.format():
// [[fill]align][sign][z][#][0][width][,_][.precision][type], read and applied as Python 3.11 does.

import ArenaCore
import Glibc

struct FormatSpec {
    private var fill: [UInt8] = [32]
    private var align: UInt8 = 0
    private var sign: UInt8 = 0
    private var alternate = false
    private var noNegativeZero = false
    private var width = 0
    private var grouping: UInt8 = 0
    private var precision: Int?
    private var type: UInt8 = 0
    private let spec: [UInt8]

    /// Longest text that a width or a precision may ask for.
    static let widthLimit = 1 << 28
    static let precisionLimit = 1 << 20

    /// - Parameter number: whether the value is a number, which a leading 0 pads behind its sign.
    init(_ s: [UInt8], number: Bool) throws(Raised) {
        spec = s
        var i = 0
        var fillGiven = false
        func isAlign(_ at: Int) -> Bool {
            at < s.count
                && (s[at] == UInt8(ascii: "<") || s[at] == UInt8(ascii: ">")
                    || s[at] == UInt8(ascii: "^") || s[at] == UInt8(ascii: "="))
        }
        if let first = s.first, isAlign(scalarLength(first)) {
            let n = scalarLength(first)
            fill = Array(s[0..<n])
            align = s[n]
            fillGiven = true
            i = n + 1
        } else if isAlign(0) {
            align = s[0]
            i = 1
        }
        func at(_ c: Unicode.Scalar) -> Bool { i < s.count && s[i] == UInt8(ascii: c) }
        if at("+") || at("-") || at(" ") {
            sign = s[i]
            i += 1
        }
        if at("z") { noNegativeZero = true; i += 1 }
        if at("#") { alternate = true; i += 1 }
        if at("0"), !fillGiven {
            fill = [48]
            if align == 0, number { align = UInt8(ascii: "=") }
            i += 1
        }
        width = try readDecimal(s, &i) ?? 0
        if at(",") || at("_") {
            grouping = s[i]
            i += 1
        }
        if grouping != 0, at(",") || at("_"), s[i] != grouping || at("_") {
            throw Raised(.value, "a format groups digits by ',' or by '_', not both")
        }
        if at(".") {
            i += 1
            guard let p = try readDecimal(s, &i) else { throw bad("the precision is missing") }
            precision = p
        }
        if i < s.count {
            guard i + 1 == s.count else { throw bad(nil) }
            type = s[i]
        }
        if grouping != 0 {
            switch type {
            case 0, UInt8(ascii: "d"), UInt8(ascii: "e"), UInt8(ascii: "f"), UInt8(ascii: "g"),
                UInt8(ascii: "E"), UInt8(ascii: "G"), UInt8(ascii: "%"), UInt8(ascii: "F"):
                break
            case UInt8(ascii: "b"), UInt8(ascii: "o"), UInt8(ascii: "x"), UInt8(ascii: "X"):
                if grouping == UInt8(ascii: ",") { fallthrough }
            default: throw bad("digits of this type are not grouped")
            }
        }
        if width > Self.widthLimit || precision ?? 0 > Self.precisionLimit {
            throw Raised(.memory, "the format '\(String(decoding: s, as: UTF8.self))' is too wide")
        }
    }

    private func bad(_ reason: String?) -> Raised {
        let text = String(decoding: spec, as: UTF8.self)
        return Raised(
            .value, "'\(text)' is not a format" + (reason.map { ": \($0)" } ?? ""),
            help: "examples: {x:.4f}  {n:>8}  {n:,}  {p:.1%}  {name:<20}")
    }

    private func wrong(_ v: Value) -> Raised {
        let text = String(decoding: spec, as: UTF8.self)
        return Raised(.value, "the format '\(text)' does not fit \(v.typeWithArticle)")
    }

    /// The value's text in this format.
    func apply(_ v: Value, _ machine: Machine) throws(Raised) -> [UInt8] {
        if v.isKind(.string) { return try text(v.utf8, v) }
        if v.isFloat { return try float(v.d, v) }
        if let digits = machine.integerDigits(v, radix: 10) {
            return try integer(digits, v, machine)
        }
        if let host = v.asHost {
            let s = Array(host.text.utf8)
            return try s.withUnsafeBufferPointer { s throws(Raised) in try text(s, v) }
        }
        throw Raised(
            .type, "\(v.typeWithArticle) takes no format",
            help: "turn it into text first: {x!s:>10}")
    }

    private func text(_ text: UnsafeBufferPointer<UInt8>, _ v: Value) throws(Raised) -> [UInt8] {
        guard type == 0 || type == UInt8(ascii: "s"), sign == 0, !alternate, !noNegativeZero,
            align != UInt8(ascii: "="), grouping == 0
        else { throw wrong(v) }
        var count = text.count
        if let precision {
            count = 0
            var n = 0
            while count < text.count, n < precision {
                count += scalarLength(text[count])
                n += 1
            }
        }
        return padded([], Array(text[..<count]), default: UInt8(ascii: "<"))
    }

    private func integer(
        _ decimal: (negative: Bool, digits: [UInt8]), _ v: Value, _ machine: Machine
    ) throws(Raised) -> [UInt8] {
        var radix = 10
        switch type {
        case UInt8(ascii: "e"), UInt8(ascii: "E"), UInt8(ascii: "f"), UInt8(ascii: "F"),
            UInt8(ascii: "g"), UInt8(ascii: "G"), UInt8(ascii: "%"):
            return try float(try machine.finiteDouble(v), v)
        case 0, UInt8(ascii: "d"), UInt8(ascii: "n"): break
        case UInt8(ascii: "x"), UInt8(ascii: "X"): radix = 16
        case UInt8(ascii: "o"): radix = 8
        case UInt8(ascii: "b"): radix = 2
        case UInt8(ascii: "c"):
            guard precision == nil, sign == 0, !alternate, !noNegativeZero else { throw wrong(v) }
            guard let n = v.asIndex, let s = UInt32(exactly: n).flatMap(Unicode.Scalar.init) else {
                throw Raised(.overflow, "\(machine.text(of: v)) is not a Unicode character")
            }
            var out: [UInt8] = []
            appendUTF8(s.value, to: &out)
            return padded([], out, default: UInt8(ascii: ">"))
        default: throw wrong(v)
        }
        guard precision == nil, !noNegativeZero else { throw wrong(v) }
        var lead = signText(decimal.negative)
        var digits = decimal.digits
        if radix != 10 { digits = machine.integerDigits(v, radix: radix)?.digits ?? digits }
        if alternate, radix != 10 { lead += [48, type] }
        if type == UInt8(ascii: "X") { digits = digits.map { $0 >= 97 ? $0 - 32 : $0 } }
        return number(lead, digits, [])
    }

    private func float(_ x: Double, _ v: Value) throws(Raised) -> [UInt8] {
        var body: [UInt8]
        switch type {
        case 0:
            body =
                precision.map { floatDigits(x, UInt8(ascii: "g"), $0, alternate, dotZero: true) }
                ?? shortestDigits(x, alternate)
        case UInt8(ascii: "%"):
            body =
                floatDigits(x * 100, UInt8(ascii: "f"), precision ?? 6, alternate)
                + [UInt8(ascii: "%")]
        case UInt8(ascii: "e"), UInt8(ascii: "E"), UInt8(ascii: "f"), UInt8(ascii: "F"),
            UInt8(ascii: "g"), UInt8(ascii: "G"):
            body = floatDigits(x, type, precision ?? 6, alternate)
        case UInt8(ascii: "n"): body = floatDigits(x, UInt8(ascii: "g"), precision ?? 6, alternate)
        default: throw wrong(v)
        }
        var negative = x.sign == .minus && !x.isNaN
        if negative, noNegativeZero,
            body.prefix(while: { $0 | 32 != UInt8(ascii: "e") })
                .allSatisfy({ $0 < 49 || $0 > 57 }), x.isFinite
        {
            negative = false
        }
        let whole = body.firstIndex { !isDigit($0) } ?? body.count
        return number(signText(negative), Array(body[..<whole]), Array(body[whole...]))
    }

    private func signText(_ negative: Bool) -> [UInt8] {
        if negative { return [UInt8(ascii: "-")] }
        return sign == UInt8(ascii: "+") || sign == 32 ? [sign] : []
    }

    /// Puts a number together: sign and prefix, whole digits, the rest. Zeros that fill the width
    /// are grouped with the digits.
    private func number(_ lead: [UInt8], _ digits: [UInt8], _ rest: [UInt8]) -> [UInt8] {
        var least = 0
        if fill == [48], align == UInt8(ascii: "=") { least = width - lead.count - rest.count }
        let whole = digits.isEmpty ? [] : grouped(digits, least)
        return padded(lead, whole + rest, default: UInt8(ascii: ">"))
    }

    private func grouped(_ digits: [UInt8], _ least: Int) -> [UInt8] {
        if grouping == 0 {
            return [UInt8](repeating: 48, count: max(0, least - digits.count)) + digits
        }
        let size = type != 0 && "xXob".utf8.contains(type) ? 4 : 3
        var reversed: [UInt8] = []
        var left = digits.count
        var least = least
        while true {
            let n = min(size, max(left, least, 1))
            for k in 0..<n { reversed.append(k < left ? digits[left - 1 - k] : 48) }
            left = max(0, left - n)
            least -= n
            if left <= 0, least <= 0 { break }
            reversed.append(grouping)
            least -= 1
        }
        return reversed.reversed()
    }

    private func padded(_ lead: [UInt8], _ body: [UInt8], default side: UInt8) -> [UInt8] {
        let count = body.reduce(lead.count) { $0 + ($1 & 0xC0 != 0x80 ? 1 : 0) }
        let missing = width - count
        if missing <= 0 { return lead.isEmpty ? body : lead + body }
        var before = 0
        var between = 0
        switch align == 0 ? side : align {
        case UInt8(ascii: "<"): break
        case UInt8(ascii: "^"): before = missing / 2
        case UInt8(ascii: "="): between = missing
        default: before = missing
        }
        var out: [UInt8] = []
        out.reserveCapacity(lead.count + body.count + missing * fill.count)
        for _ in 0..<before { out += fill }
        out += lead
        for _ in 0..<between { out += fill }
        out += body
        for _ in 0..<(missing - before - between) { out += fill }
        return out
    }
}

/// A run of decimal digits, of any script as Python takes them; nil if there is none.
private func readDecimal(_ s: [UInt8], _ i: inout Int) throws(Raised) -> Int? {
    var n: Int?
    while i < s.count {
        var digit = Int(s[i]) - 48
        var length = 1
        if s[i] >= 0x80 {
            length = scalarLength(s[i])
            let scalar = String(decoding: s[i..<min(i + length, s.count)], as: UTF8.self)
                .unicodeScalars.first
            digit = scalar.flatMap { decimalDigit($0) } ?? -1
        }
        guard digit >= 0, digit <= 9 else { break }
        let (tens, o1) = (n ?? 0).multipliedReportingOverflow(by: 10)
        let (sum, o2) = tens.addingReportingOverflow(digit)
        if o1 || o2 { throw Raised(.value, "a number in the format is too large") }
        n = sum
        i += length
    }
    return n
}

/// The value of a decimal digit of any script.
func decimalDigit(_ s: Unicode.Scalar) -> Int? {
    guard s.properties.numericType == .decimal, let x = s.properties.numericValue else {
        return nil
    }
    return Int(x)
}
