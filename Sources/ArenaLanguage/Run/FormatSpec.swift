// The format mini-language of f-strings: [[fill]align][sign][#][0][width][,][.precision][type].

import ArenaCore
import Glibc

struct FormatSpec {
    private var fill: Unicode.Scalar = " "
    private var align: UInt8 = 0
    private var sign: UInt8 = UInt8(ascii: "-")
    private var alternate = false
    private var zero = false
    private var width = 0
    private var grouping: UInt8 = 0
    private var precision: Int?
    private var type: UInt8 = 0
    private let text: String

    init(_ text: String) throws(Raised) {
        self.text = text
        let s = Array(text.unicodeScalars)
        var i = 0
        func isAlign(_ c: Unicode.Scalar) -> Bool { c == "<" || c == ">" || c == "^" || c == "=" }
        if s.count > 1, isAlign(s[1]) {
            fill = s[0]
            align = UInt8(truncatingIfNeeded: s[1].value)
            i = 2
        } else if let first = s.first, isAlign(first) {
            align = UInt8(truncatingIfNeeded: first.value)
            i = 1
        }
        if i < s.count, s[i] == "+" || s[i] == "-" || s[i] == " " {
            sign = UInt8(truncatingIfNeeded: s[i].value)
            i += 1
        }
        if i < s.count, s[i] == "#" { alternate = true; i += 1 }
        if i < s.count, s[i] == "0" { zero = true; i += 1 }
        func number() -> Int? {
            var n: Int?
            while i < s.count, s[i].value >= 48, s[i].value <= 57 {
                n = min((n ?? 0) * 10 + Int(s[i].value - 48), 1_000_000)
                i += 1
            }
            return n
        }
        width = number() ?? 0
        if i < s.count, s[i] == "," || s[i] == "_" {
            grouping = UInt8(truncatingIfNeeded: s[i].value)
            i += 1
        }
        if i < s.count, s[i] == "." {
            i += 1
            guard let p = number() else { throw Self.bad(text) }
            precision = p
        }
        if i < s.count, s[i].isASCII {
            type = UInt8(truncatingIfNeeded: s[i].value)
            i += 1
        }
        let known = Array("sdfFeEgGxXobcn%".utf8)
        if i != s.count || (type != 0 && !known.contains(type)) { throw Self.bad(text) }
        if precision ?? 0 > 1000 || width > 100_000 { throw Self.bad(text) }
    }

    private static func bad(_ text: String) -> Raised {
        Raised(
            .value, "'\(text)' is not a format",
            help: "examples: {x:.4f}  {n:>8}  {n:,}  {p:.1%}  {name:<20}")
    }

    func apply(_ v: Value, _ machine: Machine) throws(Raised) -> String {
        let isNumber = v.isInt || v.isFloat || (v.isBool && type != 0 && type != UInt8(ascii: "s"))
        guard isNumber else {
            guard type == 0 || type == UInt8(ascii: "s"), v.isObject || v.isBool || v.isNone else {
                throw wrong(v)
            }
            var s = machine.text(of: v)
            if let precision {
                s = String(String.UnicodeScalarView(s.unicodeScalars.prefix(precision)))
            }
            return padded("", s, left: true)
        }
        switch type {
        case UInt8(ascii: "d"), UInt8(ascii: "x"), UInt8(ascii: "X"), UInt8(ascii: "o"),
            UInt8(ascii: "b"),
            UInt8(ascii: "c"), UInt8(ascii: "n"):
            guard !v.isFloat, precision == nil else { throw wrong(v) }
            return try integer(v.i, v)
        case 0 where !v.isFloat:
            guard precision == nil else { throw wrong(v) }
            return try integer(v.i, v)
        case UInt8(ascii: "s"): throw wrong(v)
        default: return float(v.asDouble ?? 0)
        }
    }

    private func wrong(_ v: Value) -> Raised {
        Raised(.value, "the format '\(text)' does not fit a \(v.typeName)")
    }

    private func integer(_ n: Int, _ v: Value) throws(Raised) -> String {
        var digits: String
        var prefix = ""
        switch type {
        case UInt8(ascii: "x"): digits = String(n.magnitude, radix: 16); prefix = "0x"
        case UInt8(ascii: "X"):
            digits = String(n.magnitude, radix: 16, uppercase: true); prefix = "0X"
        case UInt8(ascii: "o"): digits = String(n.magnitude, radix: 8); prefix = "0o"
        case UInt8(ascii: "b"): digits = String(n.magnitude, radix: 2); prefix = "0b"
        case UInt8(ascii: "c"):
            guard let s = Unicode.Scalar(UInt32(clamping: n)) else { throw wrong(v) }
            return padded("", String(Character(s)), left: true)
        default: digits = String(n.magnitude)
        }
        if grouping != 0 { digits = grouped(digits) }
        return padded(signText(n < 0) + (alternate ? prefix : ""), digits, left: false)
    }

    private func float(_ x: Double) -> String {
        let negative = x.sign == .minus && !x.isNaN
        let value = x.magnitude
        var body: String
        let upper =
            type == UInt8(ascii: "F") || type == UInt8(ascii: "E") || type == UInt8(ascii: "G")
        if x.isNaN || x.isInfinite {
            body = x.isNaN ? "nan" : "inf"
            if upper { body = body.uppercased() }
            return padded(
                signText(negative), body + (type == UInt8(ascii: "%") ? "%" : ""), left: false)
        }
        switch type {
        case UInt8(ascii: "%"): body = printed("%.*f", precision ?? 6, value * 100)
        case UInt8(ascii: "f"), UInt8(ascii: "F"): body = printed("%.*f", precision ?? 6, value)
        case UInt8(ascii: "e"): body = printed("%.*e", precision ?? 6, value)
        case UInt8(ascii: "E"): body = printed("%.*E", precision ?? 6, value)
        case UInt8(ascii: "g"), UInt8(ascii: "n"): body = printed("%.*g", precision ?? 6, value)
        case UInt8(ascii: "G"): body = printed("%.*G", precision ?? 6, value)
        default:
            if let precision {
                body = printed("%.*g", max(1, precision), value)
                if !body.contains("."), !body.contains("e"), precision > body.utf8.count {
                    body += ".0"
                }
            } else {
                body = floatText(value)
            }
        }
        if grouping != 0 {
            let parts = body.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
            body = grouped(String(parts[0])) + (parts.count > 1 ? "." + parts[1] : "")
        }
        if type == UInt8(ascii: "%") { body += "%" }
        return padded(signText(negative), body, left: false)
    }

    private func printed(_ format: String, _ precision: Int, _ value: Double) -> String {
        withVaList([Int32(clamping: precision), value]) { arguments in
            var buffer = [CChar](repeating: 0, count: 1500)
            let n = vsnprintf(&buffer, buffer.count, format, arguments)
            return String(
                decoding: buffer.prefix(Int(n)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    private func signText(_ negative: Bool) -> String {
        negative ? "-" : sign == UInt8(ascii: "+") ? "+" : sign == 32 ? " " : ""
    }

    private func grouped(_ digits: String) -> String {
        let size = grouping == UInt8(ascii: "_") && "xXob".utf8.contains(type) ? 4 : 3
        var out: [UInt8] = []
        for (i, c) in digits.utf8.enumerated() {
            if i > 0, (digits.utf8.count - i) % size == 0 { out.append(grouping) }
            out.append(c)
        }
        return String(decoding: out, as: UTF8.self)
    }

    private func padded(_ prefix: String, _ body: String, left: Bool) -> String {
        let missing = width - prefix.unicodeScalars.count - body.unicodeScalars.count
        if missing <= 0 { return prefix + body }
        func fillText(_ n: Int) -> String {
            String(repeating: String(Character(zero && self.align == 0 ? "0" : fill)), count: n)
        }
        var align = self.align
        if align == 0 {
            align = zero && !left ? UInt8(ascii: "=") : left ? UInt8(ascii: "<") : UInt8(ascii: ">")
        }
        switch align {
        case UInt8(ascii: "<"): return prefix + body + fillText(missing)
        case UInt8(ascii: "^"):
            return fillText(missing / 2) + prefix + body + fillText(missing - missing / 2)
        case UInt8(ascii: "="): return prefix + fillText(missing) + body
        default: return fillText(missing) + prefix + body
        }
    }
}
