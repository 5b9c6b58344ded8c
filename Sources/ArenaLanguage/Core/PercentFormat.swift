// `text % values`: C's conversions as Python has them.

import ArenaCore
import Glibc

extension Machine {
    /// `format % values`, owned.
    func percentFormat(_ format: Value, _ values: Value) throws(Raised) -> Value {
        var formatter = PercentFormatter(self, format.utf8, values)
        return .string(try formatter.run())
    }
}

private struct PercentFormatter {
    let machine: Machine
    let text: Bytes
    let values: Value
    var i = 0
    var used = 0
    var out: [UInt8] = []
    /// Whether the values may be left over, since they are looked up by name.
    let byName: Bool

    struct Conversion {
        var left = false
        var plus = false
        var blank = false
        var alternate = false
        var zero = false
        var width = 0
        var precision: Int?
    }

    init(_ machine: Machine, _ text: Bytes, _ values: Value) {
        self.machine = machine
        self.text = text
        self.values = values
        byName =
            values.isKind(.dict) || values.isKind(.list) || values.isKind(.bytes)
            || values.isKind(.range)
    }

    mutating func run() throws(Raised) -> [UInt8] {
        out.reserveCapacity(text.count + 32)
        while i < text.count {
            let c = text[i]
            i += 1
            if c != UInt8(ascii: "%") { out.append(c) } else { try conversion() }
        }
        let count = values.isKind(.tuple) ? values.items?.count ?? 0 : byName ? 0 : 1
        if used < count {
            throw Raised(.type, "not all values are used by the format", help: countHelp)
        }
        return out
    }

    private var countHelp: String { "give as many values as the text has % conversions" }

    private mutating func next() throws(Raised) -> Value {
        if let items = values.isKind(.tuple) ? values.items : nil {
            guard used < items.count else {
                throw Raised(.type, "the format wants more values than given", help: countHelp)
            }
            used += 1
            return items[used - 1]
        }
        guard used == 0 else {
            throw Raised(.type, "the format wants more values than given", help: countHelp)
        }
        used = 1
        return values
    }

    private func incomplete() -> Raised { Raised(.value, "the format ends inside a conversion") }

    private mutating func conversion() throws(Raised) {
        if i < text.count, text[i] == UInt8(ascii: "d") || text[i] == UInt8(ascii: "s") {
            // The plain ones, which are nearly all.
            let v = try next()
            if v.isInt {
                let digits = Value.decimal(v.i)
                out += digits.utf8
                digits.release()
            } else if v.isKind(.string), text[i] == UInt8(ascii: "s") {
                out += v.utf8
            } else {
                try write(v, text[i], Conversion())
            }
            i += 1
            return
        }
        var named: Value?
        defer { named?.release() }
        if i < text.count, text[i] == UInt8(ascii: "s") {
            i += 1
            return machine.appendText(of: try next(), to: &out)
        }
        if i < text.count, text[i] == UInt8(ascii: "d"), !byName {
            let v = try next()
            if v.isInt {
                i += 1
                return machine.appendText(of: v, to: &out)
            }
            used -= 1
        }
        if i < text.count, text[i] == UInt8(ascii: "(") {
            guard byName else {
                throw Raised(.type, "'%(name)' wants a dict, not \(values.typeWithArticle)")
            }
            let start = i + 1
            var depth = 1
            i += 1
            while i < text.count, depth > 0 {
                if text[i] == UInt8(ascii: "(") { depth += 1 }
                if text[i] == UInt8(ascii: ")") { depth -= 1 }
                i += 1
            }
            if depth > 0 { throw Raised(.value, "'%(' is never closed") }
            let key = Value.string(text[start..<(i - 1)])
            defer { key.release() }
            named = try machine.item(of: values, key)
        }
        var f = Conversion()
        flags: while i < text.count {
            switch text[i] {
            case UInt8(ascii: "-"): f.left = true
            case UInt8(ascii: "+"): f.plus = true
            case 32: f.blank = true
            case UInt8(ascii: "#"): f.alternate = true
            case 48: f.zero = true
            default: break flags
            }
            i += 1
        }
        if let width = try number() {
            f.width = Int(clamping: width.magnitude)
            if width < 0 { f.left = true }
        }
        if i < text.count, text[i] == UInt8(ascii: ".") {
            i += 1
            f.precision = max(0, try number() ?? 0)
        }
        if f.width > FormatSpec.widthLimit || f.precision ?? 0 > FormatSpec.precisionLimit {
            throw Raised(.memory, "a conversion of the format is too wide")
        }
        if i < text.count, "hlL".utf8.contains(text[i]) { i += 1 }
        guard i < text.count else { throw incomplete() }
        let type = text[i]
        if type == UInt8(ascii: "%") {
            i += 1
            return out.append(type)
        }
        let v: Value
        if let named { v = named } else { v = try next() }
        try write(v, type, f)
        i += 1
    }

    /// The digits at this place, or the next value for `*`.
    private mutating func number() throws(Raised) -> Int? {
        if i < text.count, text[i] == UInt8(ascii: "*") {
            i += 1
            guard let n = try next().asIndex else {
                throw Raised(.type, "'*' in a format wants an int")
            }
            return n
        }
        var n: Int?
        while i < text.count, isDigit(text[i]) {
            n = min((n ?? 0) * 10 + Int(text[i] - 48), 1 << 40)
            i += 1
        }
        return n
    }

    private mutating func write(_ v: Value, _ type: UInt8, _ f: Conversion) throws(Raised) {
        switch type {
        case UInt8(ascii: "s"): put([], cut(Array(machine.text(of: v).utf8), f), f, zeros: false)
        case UInt8(ascii: "r"):
            put([], cut(Array(machine.representation(of: v).utf8), f), f, zeros: false)
        case UInt8(ascii: "a"):
            put([], cut(Array(machine.asciiRepresentation(of: v).utf8), f), f, zeros: false)
        case UInt8(ascii: "c"):
            if v.isKind(.string), scalarCount(v) == 1 {
                return put([], Array(v.utf8), f, zeros: false)
            }
            guard v.asIndex != nil || v.isInteger else {
                throw Raised(.type, "'%c' wants an int or one character, not \(v.typeWithArticle)")
            }
            guard let s = v.asIndex.flatMap({ UInt32(exactly: $0) }).flatMap(Unicode.Scalar.init)
            else {
                throw Raised(.overflow, "\(machine.text(of: v)) is not a Unicode character")
            }
            var body: [UInt8] = []
            appendUTF8(s.value, to: &body)
            put([], body, f, zeros: false)
        case UInt8(ascii: "d"), UInt8(ascii: "i"), UInt8(ascii: "u"): try integer(v, 10, type, f)
        case UInt8(ascii: "x"), UInt8(ascii: "X"): try integer(v, 16, type, f)
        case UInt8(ascii: "o"): try integer(v, 8, type, f)
        case UInt8(ascii: "e"), UInt8(ascii: "E"), UInt8(ascii: "f"), UInt8(ascii: "F"),
            UInt8(ascii: "g"), UInt8(ascii: "G"):
            guard v.isFloat || v.asDouble != nil else { throw wrong(v, type, "a number") }
            let x = try machine.finiteDouble(v)
            put(
                sign(x.sign == .minus && !x.isNaN, f),
                floatDigits(x, type, f.precision ?? 6, f.alternate), f, zeros: f.zero)
        default:
            let (s, _) = decodeScalar(text, i)
            throw Raised(
                .value, "'%\(Character(s))' is not a conversion of a format",
                help: "they are %s %r %d %x %o %f %e %g %c, and %% for the sign itself")
        }
    }

    private func wrong(_ v: Value, _ type: UInt8, _ wanted: String) -> Raised {
        Raised(
            .type, "'%\(Character(Unicode.Scalar(type)))' wants \(wanted), not \(v.typeWithArticle)"
        )
    }

    private mutating func integer(
        _ v: Value, _ radix: Int, _ type: UInt8, _ f: Conversion
    ) throws(Raised) {
        var whole = v
        defer { if v.isFloat { whole.release() } }
        if v.isFloat {
            guard radix == 10 else { throw wrong(v, type, "an int") }
            whole = try machine.integer(of: v.d)
        }
        guard let (negative, plain) = machine.integerDigits(whole, radix: radix) else {
            throw wrong(v, type, radix == 10 ? "a number" : "an int")
        }
        var digits = plain
        if type == UInt8(ascii: "X") { digits = digits.map { $0 >= 97 ? $0 - 32 : $0 } }
        if let precision = f.precision, precision > digits.count {
            digits = [UInt8](repeating: 48, count: precision - digits.count) + digits
        }
        var lead = sign(negative, f)
        if f.alternate, radix != 10 { lead += [48, type] }
        put(lead, digits, f, zeros: f.zero)
    }

    private func sign(_ negative: Bool, _ f: Conversion) -> [UInt8] {
        negative ? [UInt8(ascii: "-")] : f.plus ? [UInt8(ascii: "+")] : f.blank ? [32] : []
    }

    private func cut(_ body: [UInt8], _ f: Conversion) -> [UInt8] {
        guard let precision = f.precision, precision < body.count else { return body }
        var end = 0
        var n = 0
        while end < body.count, n < precision {
            end += scalarLength(body[end])
            n += 1
        }
        return Array(body[..<end])
    }

    private mutating func put(_ lead: [UInt8], _ body: [UInt8], _ f: Conversion, zeros: Bool) {
        let count = body.reduce(lead.count) { $0 + ($1 & 0xC0 != 0x80 ? 1 : 0) }
        let missing = max(0, f.width - count)
        let fill = [UInt8](repeating: zeros && !f.left ? 48 : 32, count: missing)
        if f.left {
            out += lead + body + fill
        } else if zeros {
            out += lead + fill + body
        } else {
            out += fill + lead + body
        }
    }
}
