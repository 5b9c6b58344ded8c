// A view of one value of a JSON document: cheap to copy, decodes on demand.

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
    package var count: Int {
        switch node.kind {
        case .array, .object: return Int(node.length)
        default: return 0
        }
    }

    /// The elements of an array; nil for other kinds.
    package var elements: [JSONValue]? {
        guard node.kind == .array else { return nil }
        var result: [JSONValue] = []
        result.reserveCapacity(count)
        var at = index + 1
        for _ in 0..<count {
            result.append(JSONValue(document: document, index: at))
            at = Int(document.nodes[at].next)
        }
        return result
    }

    /// The members of an object in their order in the text; nil for other kinds.
    package var members: [(key: String, value: JSONValue)]? {
        guard node.kind == .object else { return nil }
        var result: [(key: String, value: JSONValue)] = []
        result.reserveCapacity(count)
        var at = index + 1
        for _ in 0..<count {
            let key = JSONValue(document: document, index: at)
            let value = JSONValue(document: document, index: at + 1)
            result.append((key.string ?? "", value))
            at = Int(value.node.next)
        }
        return result
    }

    /// The member of that name (of several, the last, as other readers do); nil if there is none.
    /// - Complexity: O(members)
    package subscript(key: String) -> JSONValue? {
        guard node.kind == .object else { return nil }
        var found: JSONValue?
        var at = index + 1
        for _ in 0..<count {
            let name = JSONValue(document: document, index: at)
            if name.node.kind == .string ? name.raw.elementsEqual(key.utf8) : name.string == key {
                found = JSONValue(document: document, index: at + 1)
            }
            at = Int(document.nodes[at + 1].next)
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
            rebasing: document.bytes[Int(node.offset)..<Int(node.offset) + Int(node.length)])
    }
}

/// Decodes the escapes of a JSON string that is known to be well-formed.
private func unescape(_ raw: UnsafeRawBufferPointer) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(raw.count)
    var i = 0
    func hex4(_ at: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 << 4 | (hexValue(raw[at + $1]) ?? 0) }
    }
    while i < raw.count {
        let c = raw[i]
        guard c == UInt8(ascii: "\\") else {
            out.append(c)
            i += 1
            continue
        }
        switch raw[i + 1] {
        case UInt8(ascii: "u"):
            var unit = hex4(i + 2)
            i += 6
            if unit & 0xFC00 == 0xD800, i + 6 <= raw.count, raw[i] == UInt8(ascii: "\\"),
                raw[i + 1] == UInt8(ascii: "u"), hex4(i + 2) & 0xFC00 == 0xDC00
            {
                unit = 0x10000 + (unit & 0x3FF) << 10 + (hex4(i + 2) & 0x3FF)
                i += 6
            }
            appendUTF8(unit, to: &out)
            continue
        case UInt8(ascii: "b"): out.append(8)
        case UInt8(ascii: "f"): out.append(12)
        case UInt8(ascii: "n"): out.append(10)
        case UInt8(ascii: "r"): out.append(13)
        case UInt8(ascii: "t"): out.append(9)
        default: out.append(raw[i + 1])
        }
        i += 2
    }
    return out
}
