// Values as text: what str, repr and f-strings write, as Python writes it.

import ArenaCore
import Glibc

extension Machine {
    /// `str(v)`.
    package func text(of v: Value) -> String {
        if v.isKind(.string) { return String(decoding: v.utf8, as: UTF8.self) }
        if let host = v.asHost { return host.text }
        return representation(of: v)
    }

    /// `repr(v)`.
    package func representation(of v: Value) -> String {
        var out: [UInt8] = []
        var open: [UInt64] = []
        write(v, &out, &open)
        return String(decoding: out, as: UTF8.self)
    }

    /// Writes a value; `open` are the containers it stands in, so that one inside itself ends.
    private func write(_ v: Value, _ out: inout [UInt8], _ open: inout [UInt64]) {
        switch v.tag {
        case Value.Tag.none: out += "None".utf8
        case Value.Tag.unset: out += "<nothing>".utf8
        case Value.Tag.bool: out += (v.b ? "True" : "False").utf8
        case Value.Tag.int: out += String(v.i).utf8
        case Value.Tag.float: out += floatText(v.d).utf8
        default: writeObject(v, &out, &open)
        }
    }

    private func writeObject(_ v: Value, _ out: inout [UInt8], _ open: inout [UInt64]) {
        // Shared lists can make a text that is exponentially long: it ends somewhere.
        if open.contains(v.bits) || open.count > 200 || out.count > 1 << 26 {
            let brackets: (String, String) =
                switch v.header.pointee.kind {
                case .list: ("[", "]")
                case .dict, .set: ("{", "}")
                case .tuple: ("(", ")")
                default: ("", "")
                }
            out += (brackets.0 + "..." + brackets.1).utf8
            return
        }
        open.append(v.bits)
        defer { open.removeLast() }
        func sequence(_ first: String, _ items: UnsafeBufferPointer<Value>, _ last: String) {
            out += first.utf8
            for (i, item) in items.enumerated() {
                if i > 0 { out += ", ".utf8 }
                write(item, &out, &open)
            }
            out += last.utf8
        }
        switch v.header.pointee.kind {
        case .string: quote(v.utf8, &out)
        case .bytes:
            out.append(UInt8(ascii: "b"))
            quoteBytes(v.utf8, &out)
        case .list: sequence("[", v.items ?? .empty, "]")
        case .tuple: sequence("(", v.items ?? .empty, v.items?.count == 1 ? ",)" : ")")
        case .dict:
            out.append(UInt8(ascii: "{"))
            for (i, item) in (v.dictItems ?? []).enumerated() {
                if i > 0 { out += ", ".utf8 }
                write(item.key, &out, &open)
                out += ": ".utf8
                write(item.value, &out, &open)
            }
            out.append(UInt8(ascii: "}"))
        case .set:
            let t = v.cast(TableObject.self)
            if t.pointee.count == 0 { out += "set()".utf8; return }
            var first = true
            out.append(UInt8(ascii: "{"))
            for i in 0..<t.pointee.used where !t.pointee.entries[i].key.isUnset {
                if !first { out += ", ".utf8 }
                first = false
                write(t.pointee.entries[i].key, &out, &open)
            }
            out.append(UInt8(ascii: "}"))
        case .range:
            let r = v.cast(RangeObject.self).pointee
            out += "range(\(r.start), \(r.stop)\(r.step == 1 ? "" : ", \(r.step)"))".utf8
        case .function:
            let info = v.cast(FunctionObject.self).pointee.info
            out += "<function \(info.pointee.code.takeUnretainedValue().name)>".utf8
        case .builtin:
            out += "<builtin \(builtins[v.cast(BuiltinObject.self).pointee.index].name)>".utf8
        case .boundMethod:
            let m = v.cast(BoundMethodObject.self).pointee
            out += "<method \(builtins[m.index].name) of \(m.receiver.typeName)>".utf8
        case .cell: out += "<cell>".utf8
        case .host: out += (v.asHost?.representation ?? "<object>").utf8
        }
    }

    /// What the shell shows for a value; nil for None.
    package func display(_ v: Value, width: Int) -> String? {
        if v.isNone || v.isUnset { return nil }
        if let host = v.asHost { return host.display(width: width) }
        return representation(of: v)
    }

    // MARK: - f-strings

    /// Formats one replacement field, owned.
    func format(_ v: Value, conversion: UInt8, spec: Value) throws(Raised) -> Value {
        if conversion == UInt8(ascii: "r") || conversion == UInt8(ascii: "a") {
            let text = Value.string(representation(of: v))
            defer { text.release() }
            return try formatted(text, spec)
        }
        if conversion == UInt8(ascii: "s"), !v.isKind(.string) {
            let text = Value.string(self.text(of: v))
            defer { text.release() }
            return try formatted(text, spec)
        }
        return try formatted(v, spec)
    }

    private func formatted(_ v: Value, _ spec: Value) throws(Raised) -> Value {
        let text = spec.asString ?? ""
        if text.isEmpty { return v.isKind(.string) ? v.retain() : .string(self.text(of: v)) }
        let format = try FormatSpec(text)
        return .string(try format.apply(v, self))
    }

    func joinStrings(_ first: UnsafeMutablePointer<Value>, _ count: Int) -> Value {
        var total = 0
        for i in 0..<count { total += first[i].utf8.count }
        let result = Value.newString(total)
        var p = stringBytes(result)
        for i in 0..<count {
            let text = first[i].utf8
            if let source = text.baseAddress {
                memcpy(p, source, text.count)
                p += text.count
            }
        }
        return result
    }
}

/// A float as Python writes it: the shortest text that reads back as the same number.
package func floatText(_ x: Double) -> String {
    if x.isNaN { return "nan" }
    if x.isInfinite { return x < 0 ? "-inf" : "inf" }
    let text = x.description
    // The two write an exponent from different sizes on: Python from 1e16, Swift from 2^53 or so.
    guard x.magnitude >= 1e15 else { return text }
    let parts = text.split(separator: "e")
    var digits = Array(parts[0].utf8.filter { isDigit($0) })
    let point = parts[0].utf8.firstIndex(of: UInt8(ascii: ".")).map {
        parts[0].utf8.prefix(upTo: $0).filter { isDigit($0) }.count
    }
    let exponent = (parts.count > 1 ? Int(parts[1]) ?? 0 : 0) + (point ?? digits.count) - 1
    while digits.count > 1, digits.last == 48 { digits.removeLast() }
    let sign = x < 0 ? "-" : ""
    if exponent < 16 {
        let zeros = [UInt8](repeating: 48, count: max(0, exponent + 1 - digits.count))
        let whole = digits.prefix(exponent + 1) + zeros
        let rest = digits.dropFirst(exponent + 1)
        return sign + String(decoding: whole, as: UTF8.self) + "."
            + (rest.isEmpty ? "0" : String(decoding: rest, as: UTF8.self))
    }
    var mantissa = String(decoding: digits.prefix(1), as: UTF8.self)
    if digits.count > 1 { mantissa += "." + String(decoding: digits.dropFirst(), as: UTF8.self) }
    return sign + mantissa + "e+\(exponent)"
}

/// A string in quotes with escapes, as Python's repr.
func quote(_ text: UnsafeBufferPointer<UInt8>, _ out: inout [UInt8]) {
    let single = UInt8(ascii: "'")
    let useDouble = text.contains(single) && !text.contains(UInt8(ascii: "\""))
    let mark = useDouble ? UInt8(ascii: "\"") : single
    out.append(mark)
    for s in String(decoding: text, as: UTF8.self).unicodeScalars {
        switch s.value {
        case 92: out += "\\\\".utf8
        case 10: out += "\\n".utf8
        case 13: out += "\\r".utf8
        case 9: out += "\\t".utf8
        case UInt32(mark):
            out.append(92)
            out.append(mark)
        case 0..<32, 127..<161, 173: out += "\\x\(hex(s.value, 2))".utf8
        case 0x2028, 0x2029, 0xE000...0xF8FF, 0x200B...0x200F, 0xFEFF:
            out += "\\u\(hex(s.value, 4))".utf8
        default: appendUTF8(s.value, to: &out)
        }
    }
    out.append(mark)
}

private func quoteBytes(_ text: UnsafeBufferPointer<UInt8>, _ out: inout [UInt8]) {
    out.append(UInt8(ascii: "'"))
    for c in text {
        switch c {
        case 92: out += "\\\\".utf8
        case 39: out += "\\'".utf8
        case 10: out += "\\n".utf8
        case 13: out += "\\r".utf8
        case 9: out += "\\t".utf8
        case 32..<127: out.append(c)
        default: out += "\\x\(hex(UInt32(c), 2))".utf8
        }
    }
    out.append(UInt8(ascii: "'"))
}

private func hex(_ value: UInt32, _ width: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, width - text.count)) + text
}
