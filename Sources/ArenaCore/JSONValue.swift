// A view of one value of a JSON document: cheap to copy, decodes on demand.

import Glibc

/// One value of a `JSONDocument`, which it keeps alive.
package struct JSONValue: Sendable {
    package let document: JSONDocument
    let index: Int

    /// What kind of value this is.
    package enum Kind: String, Sendable { case null, bool, number, string, array, object }

    var node: JSONNode { document.nodes[index] }

    package var kind: Kind {
        switch node.kind {
        case .null: return .null
        case .true, .false: return .bool
        case .number: return .number
        case .string, .escapedString: return .string
        case .array: return .array
        case .object: return .object
        }
    }

    package var isNull: Bool { node.kind == .null }

    package var bool: Bool? {
        switch node.kind {
        case .true: return true
        case .false: return false
        default: return nil
        }
    }

    /// The number as an integer; nil for 1.5, 1e3 and what does not fit.
    package var int: Int? {
        guard node.kind == .number else { return nil }
        let text = raw
        let negative = text[0] == UInt8(ascii: "-")
        // Up to 18 digits fit; longer numbers take the long way.
        guard text.count <= 18 else { return Int(String(decoding: text, as: UTF8.self)) }
        var value = 0
        for i in (negative ? 1 : 0)..<text.count {
            let digit = text[i] &- 48
            guard digit <= 9 else { return nil }
            value = value &* 10 &+ Int(digit)
        }
        return negative ? -value : value
    }

    package var double: Double? {
        guard node.kind == .number else { return nil }
        return Double(String(decoding: raw, as: UTF8.self))
    }

    /// A number as it stands in the text; empty for other kinds.
    package var numberText: String {
        node.kind == .number ? String(decoding: raw, as: UTF8.self) : ""
    }

    package var string: String? {
        switch node.kind {
        case .string: return String(decoding: raw, as: UTF8.self)
        case .escapedString: return String(decoding: unescape(raw), as: UTF8.self)
        default: return nil
        }
    }

    /// A string's bytes in UTF-8, lone surrogate escapes as U+FFFD.
    package var stringBytes: [UInt8]? {
        switch node.kind {
        case .string: return Array(raw)
        case .escapedString: return unescape(raw)
        default: return nil
        }
    }

    /// Elements of an array or members of an object; 0 for others.
    /// - Complexity: O(count)
    package var count: Int {
        var count = 0
        var at = index + 1
        while at < contentEnd {
            at = document.nodes.next(node.kind == .object ? at + 1 : at)
            count += 1
        }
        return count
    }

    /// The index after everything inside a container; no further than its content begins for other kinds.
    var contentEnd: Int { document.nodes.next(index) }

    /// The elements of an array; nil for other kinds.
    package var elements: [JSONValue]? {
        guard node.kind == .array else { return nil }
        var result: [JSONValue] = []
        forEachElement { result.append($1) }
        return result
    }

    /// The members of an object in their order in the text; nil for other kinds.
    package var members: [(key: String, value: JSONValue)]? {
        guard node.kind == .object else { return nil }
        var result: [(key: String, value: JSONValue)] = []
        forEachMember { result.append(($0.string ?? "", $1)) }
        return result
    }

    /// The member of that name (of several, the last, as other readers do); nil if there is none.
    /// - Complexity: O(members)
    package subscript(key: String) -> JSONValue? {
        guard node.kind == .object else { return nil }
        var found: JSONValue?
        forEachMember { name, value in
            if name.node.kind == .string ? name.raw.elementsEqual(key.utf8) : name.string == key {
                found = value
            }
        }
        return found
    }

    /// Where the value starts in its file.
    package var place: FilePlace {
        let (line, column) = lineAndColumn(of: Int(node.offset), in: document.bytes)
        return FilePlace(document.name, line: line, column: column)
    }

    /// The bytes of a number, or of a string between its quotes (escapes undecoded).
    var raw: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            rebasing: document.bytes[Int(node.offset)..<Int(node.offset) + node.length])
    }
}

/// Decodes the escapes of a JSON string that is known to be well-formed.
private func unescape(_ raw: UnsafeRawBufferPointer) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: raw.count) { out, count in
        count = decodeJSONString(raw, into: UnsafeMutableRawBufferPointer(out)).length
    }
}

/// Decodes the escapes of a JSON string that is known to be well-formed into as much room as it has
/// bytes. Surrogate pairs are joined; a half that stands alone becomes U+FFFD and is counted.
/// - Precondition: `out` has room for `raw.count` bytes.
package func decodeJSONString(
    _ raw: UnsafeRawBufferPointer, into out: UnsafeMutableRawBufferPointer
) -> (length: Int, lone: Int) {
    precondition(out.count >= raw.count, "decoding takes no more bytes than there are")
    var lone = 0
    var made = 0
    var i = 0
    func hex4(_ at: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 << 4 | (hexValue(raw[at + $1]) ?? 0) }
    }
    func put(_ byte: UInt32) {
        out[made] = UInt8(truncatingIfNeeded: byte)
        made += 1
    }
    guard let from = raw.baseAddress, let to = out.baseAddress else { return (0, 0) }
    while i < raw.count {
        // SAFETY: i..<count lies in `raw`, and `out` has room for as many bytes as were read.
        let found = memchr(from + i, Int32(UInt8(ascii: "\\")), raw.count - i)
        let plain = found.map { UnsafeRawPointer($0) - (from + i) } ?? raw.count - i
        (to + made).copyMemory(from: from + i, byteCount: plain)
        made += plain
        i += plain
        guard i + 1 < raw.count else { break }
        let escape = raw[i + 1]
        i += 2
        switch escape {
        case UInt8(ascii: "u") where i + 4 <= raw.count:
            var unit = hex4(i)
            i += 4
            if unit & 0xFC00 == 0xD800, i + 6 <= raw.count, raw[i] == UInt8(ascii: "\\"),
                raw[i + 1] == UInt8(ascii: "u"), hex4(i + 2) & 0xFC00 == 0xDC00
            {
                unit = 0x10000 + (unit & 0x3FF) << 10 + (hex4(i + 2) & 0x3FF)
                i += 6
            }
            if unit & 0xFFFF_F800 == 0xD800 {
                unit = 0xFFFD
                lone += 1
            }
            switch unit {
            case 0..<0x80: put(unit)
            case 0x80..<0x800:
                put(0xC0 | unit >> 6)
                put(0x80 | unit & 0x3F)
            case 0x800..<0x10000:
                put(0xE0 | unit >> 12)
                put(0x80 | unit >> 6 & 0x3F)
                put(0x80 | unit & 0x3F)
            default:
                put(0xF0 | unit >> 18)
                put(0x80 | unit >> 12 & 0x3F)
                put(0x80 | unit >> 6 & 0x3F)
                put(0x80 | unit & 0x3F)
            }
        case UInt8(ascii: "b"): put(8)
        case UInt8(ascii: "f"): put(12)
        case UInt8(ascii: "n"): put(10)
        case UInt8(ascii: "r"): put(13)
        case UInt8(ascii: "t"): put(9)
        default: put(UInt32(escape))
        }
    }
    return (made, lone)
}
