// Values as text: what str, repr and f-strings write, as Python writes it.

import ArenaCore
import Glibc

extension Machine {
    /// `str(v)`.
    package func text(of v: Value) -> String {
        if v.isKind(.string) { return String(decoding: v.utf8, as: UTF8.self) }
        if let host = v.asHost, !(host is StructValue) { return host.text }
        if let error = v.asError { return error.message }
        return representation(of: v)
    }

    /// Appends `str(v)`.
    func appendText(of v: Value, to out: inout [UInt8]) {
        if v.isKind(.string) {
            out += v.utf8
        } else if v.isInt {
            out += String(v.i).utf8
        } else {
            out += text(of: v).utf8
        }
    }

    /// `repr(v)`.
    package func representation(of v: Value) -> String {
        var out: [UInt8] = []
        var open: [UInt64] = []
        write(v, &out, &open)
        return String(decoding: out, as: UTF8.self)
    }

    /// `ascii(v)`: the representation with everything outside ASCII as escapes.
    func asciiRepresentation(of v: Value) -> String {
        let text = representation(of: v)
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text }
        var out: [UInt8] = []
        for s in text.unicodeScalars {
            if s.isASCII { out.append(UInt8(s.value)) } else { appendEscape(s.value, &out) }
        }
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
            out +=
                "<built-in function \(builtins[v.cast(BuiltinObject.self).pointee.index].name)>"
                .utf8
        case .boundMethod:
            let m = v.cast(BoundMethodObject.self).pointee
            out += "<built-in method \(builtins[m.index].name) of \(m.receiver.typeName)>".utf8
        case .cell: out += "<cell>".utf8
        case .host:
            if let record = v.asHost as? StructValue {
                out += "struct(".utf8
                for (i, field) in record.fields.enumerated() {
                    out += ((i > 0 ? ", " : "") + field.name + "=").utf8
                    write(field.value, &out, &open)
                }
                out.append(UInt8(ascii: ")"))
            } else if let counter = v.asHost as? CounterValue, let items = try? counter.ranked(),
                !items.isEmpty
            {
                out += "Counter({".utf8
                for (i, item) in items.enumerated() {
                    if i > 0 { out += ", ".utf8 }
                    write(item.key, &out, &open)
                    out += ": ".utf8
                    write(item.value, &out, &open)
                }
                out += "})".utf8
            } else {
                out += (v.asHost?.representation ?? "<object>").utf8
            }
        case .integer: out += BigInteger(v).description.utf8
        case .error:
            guard let error = v.asError else { return }
            out += error.kind.rawValue.utf8
            out.append(UInt8(ascii: "("))
            if !error.message.isEmpty {
                let text = Value.string(error.message)
                quote(text.utf8, &out)
                text.release()
            }
            out.append(UInt8(ascii: ")"))
        case .errorType: out += v.cast(ErrorTypeObject.self).pointee.kind.rawValue.utf8
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
        if conversion == 0 {
            if spec.utf8.isEmpty {
                if v.isKind(.string) { return v.retain() }
                if v.isInt { return .decimal(v.i) }
            } else if v.isInt, let text = plainInteger(v.i, spec.utf8) {
                return text
            }
        }
        return try format(
            v, conversion: conversion, spec: spec.utf8.isEmpty ? [] : Array(spec.utf8))
    }

    /// An integer under a spec of a width alone: `5`, `05`, `05d`, `d`; nil for any other. Owned.
    private func plainInteger(_ n: Int, _ spec: UnsafeBufferPointer<UInt8>) -> Value? {
        var end = spec.count
        if spec[end - 1] == UInt8(ascii: "d") { end -= 1 }
        let zero = end > 0 && spec[0] == 48
        var width = 0
        for i in 0..<end {
            guard isDigit(spec[i]), width < 100 else { return nil }
            width = width * 10 + Int(spec[i] - 48)
        }
        let digits = Value.decimal(n)
        let text = digits.utf8
        let missing = width - text.count
        if missing <= 0 { return digits }
        defer { digits.release() }
        let result = Value.newString(width)
        let p = stringBytes(result)
        let sign = zero && n < 0 ? 1 : 0
        if sign == 1 { p[0] = text[0] }
        memset(p + sign, zero ? 48 : 32, missing)
        for i in sign..<text.count { p[missing + i] = text[i] }
        return result
    }

    func format(_ v: Value, conversion: UInt8, spec: [UInt8]) throws(Raised) -> Value {
        let text: Value
        switch conversion {
        case UInt8(ascii: "r"): text = .string(representation(of: v))
        case UInt8(ascii: "a"): text = .string(asciiRepresentation(of: v))
        case UInt8(ascii: "s") where !v.isKind(.string): text = .string(self.text(of: v))
        default: text = v.retain()
        }
        if spec.isEmpty {
            if text.isKind(.string) { return text }
            defer { text.release() }
            return .string(self.text(of: text))
        }
        defer { text.release() }
        let isText = text.isKind(.string) || text.isKind(.host)
        return .string(try FormatSpec(spec, number: !isText).apply(text, self))
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

/// A string in quotes with escapes, as Python's repr.
func quote(_ text: UnsafeBufferPointer<UInt8>, _ out: inout [UInt8]) {
    let single = UInt8(ascii: "'")
    let useDouble = text.contains(single) && !text.contains(UInt8(ascii: "\""))
    let mark = useDouble ? UInt8(ascii: "\"") : single
    out.append(mark)
    var i = 0
    while i < text.count {
        let c = text[i]
        switch c {
        case 92, mark: out += [92, c]
        case 10: out += "\\n".utf8
        case 13: out += "\\r".utf8
        case 9: out += "\\t".utf8
        case 32..<127: out.append(c)
        case 0..<32, 127: out += "\\x\(hex(UInt32(c), 2))".utf8
        default:
            let (scalar, n) = decodeScalar(text, i)
            if isPrintable(scalar) {
                out += text[i..<i + n]
            } else {
                appendEscape(scalar.value, &out)
            }
            i += n
            continue
        }
        i += 1
    }
    out.append(mark)
}

private func quoteBytes(_ text: UnsafeBufferPointer<UInt8>, _ out: inout [UInt8]) {
    let single = UInt8(ascii: "'")
    let mark =
        text.contains(single) && !text.contains(UInt8(ascii: "\"")) ? UInt8(ascii: "\"") : single
    out.append(mark)
    for c in text {
        switch c {
        case 92, mark: out += [92, c]
        case 10: out += "\\n".utf8
        case 13: out += "\\r".utf8
        case 9: out += "\\t".utf8
        case 32..<127: out.append(c)
        default: out += "\\x\(hex(UInt32(c), 2))".utf8
        }
    }
    out.append(mark)
}

/// A character as an escape: \x, \u or \U.
private func appendEscape(_ c: UInt32, _ out: inout [UInt8]) {
    if c < 0x100 {
        out += "\\x\(hex(c, 2))".utf8
    } else if c < 0x10000 {
        out += "\\u\(hex(c, 4))".utf8
    } else {
        out += "\\U\(hex(c, 8))".utf8
    }
}

private func hex(_ value: UInt32, _ width: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, width - text.count)) + text
}
