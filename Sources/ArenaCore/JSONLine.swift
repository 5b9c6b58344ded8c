// Writing one JSON object on one line, member by member.

/// A JSON object under construction.
package struct JSONLine: Sendable {
    private var members = ""

    package init() {}

    /// The object as text without newlines.
    package var text: String { "{\(members)}" }

    package mutating func add(_ key: String, _ value: String) { add(key, raw: jsonString(value)) }
    package mutating func add(_ key: String, _ value: Int) { add(key, raw: String(value)) }
    /// A number that JSON has no word for becomes null.
    package mutating func add(_ key: String, _ value: Double) {
        add(key, raw: value.isFinite ? value.description : "null")
    }
    package mutating func add(_ key: String, _ value: Bool) {
        add(key, raw: value ? "true" : "false")
    }
    package mutating func add(_ key: String, _ value: JSONLine) { add(key, raw: value.text) }
    package mutating func add(_ key: String, lines: [JSONLine]) {
        add(key, raw: "[" + lines.map(\.text).joined(separator: ",") + "]")
    }
    package mutating func add(_ key: String, strings: [String]) {
        add(key, raw: "[" + strings.map(jsonString).joined(separator: ",") + "]")
    }

    private mutating func add(_ key: String, raw: String) {
        if !members.isEmpty { members += "," }
        members += jsonString(key) + ":" + raw
    }
}

/// Text as a JSON string with its quotes.
package func jsonString(_ text: String) -> String {
    var out: [UInt8] = [UInt8(ascii: "\"")]
    out.reserveCapacity(text.utf8.count + 2)
    let digits = Array("0123456789abcdef".utf8)
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): out += [UInt8(ascii: "\\"), byte]
        case 10: out += "\\n".utf8
        case 13: out += "\\r".utf8
        case 9: out += "\\t".utf8
        case 0..<32, 127:
            out += "\\u00".utf8
            out += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        default: out.append(byte)
        }
    }
    out.append(UInt8(ascii: "\""))
    return String(decoding: out, as: UTF8.self)
}
