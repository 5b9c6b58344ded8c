// Values of chat templates, with Python's ideas of truth, equality and text.

/// A value in a template.
package indirect enum ChatValue: Sendable, Equatable {
    /// What a name or a member is that is not there; printed as nothing.
    case undefined(String)
    case none
    case bool(Bool)
    case int(Int)
    case float(Double)
    case string(String)
    case list([ChatValue])
    /// In order of insertion.
    case dict([Member])
    /// Members that change, by its number in the run.
    case namespace(Int)

    package struct Member: Sendable, Equatable {
        package var key: String
        package var value: ChatValue

        package init(key: String, value: ChatValue) {
            self.key = key
            self.value = value
        }
    }

    var isTrue: Bool {
        switch self {
        case .undefined, .none: false
        case .bool(let flag): flag
        case .int(let n): n != 0
        case .float(let x): x != 0
        case .string(let text): !text.isEmpty
        case .list(let items): !items.isEmpty
        case .dict(let members): !members.isEmpty
        case .namespace: true
        }
    }

    var isUndefined: Bool { if case .undefined = self { true } else { false } }

    var number: Double? {
        switch self {
        case .bool(let flag): flag ? 1 : 0
        case .int(let n): Double(n)
        case .float(let x): x
        case .undefined, .none, .string, .list, .dict, .namespace: nil
        }
    }

    var int: Int? {
        switch self {
        case .bool(let flag): flag ? 1 : 0
        case .int(let n): n
        case .undefined, .none, .float, .string, .list, .dict, .namespace: nil
        }
    }

    var typeName: String {
        switch self {
        case .undefined: "undefined"
        case .none: "None"
        case .bool: "bool"
        case .int: "int"
        case .float: "float"
        case .string: "str"
        case .list: "list"
        case .dict: "dict"
        case .namespace: "namespace"
        }
    }

    /// Python's `==`.
    func equals(_ other: ChatValue) -> Bool {
        if let a = number, let b = other.number { return a == b }
        switch (self, other) {
        case (.undefined, .undefined), (.none, .none): return true
        case (.string(let a), .string(let b)):
            return Array(a.unicodeScalars) == Array(b.unicodeScalars)
        case (.list(let a), .list(let b)):
            return a.count == b.count && zip(a, b).allSatisfy { $0.equals($1) }
        case (.dict(let a), .dict(let b)):
            return a.count == b.count
                && a.allSatisfy { member in
                    b.contains { $0.key == member.key && $0.value.equals(member.value) }
                }
        default: return false
        }
    }

    /// A member of a dict.
    func member(_ name: String) -> ChatValue? {
        guard case .dict(let members) = self else { return nil }
        return members.first { $0.key == name }?.value
    }

    /// What `{{ }}` and `str()` give.
    var text: String {
        switch self {
        case .undefined: ""
        case .string(let text): text
        default: representation
        }
    }

    /// What `repr()` gives.
    var representation: String {
        switch self {
        case .undefined: return "Undefined"
        case .none: return "None"
        case .bool(let flag): return flag ? "True" : "False"
        case .int(let n): return String(n)
        case .float(let x): return "\(x)"
        case .string(let text): return quotedPython(text)
        case .list(let items):
            return "[" + items.map(\.representation).joined(separator: ", ") + "]"
        case .dict(let members):
            return "{"
                + members.map { "\(quotedPython($0.key)): \($0.value.representation)" }
                .joined(separator: ", ") + "}"
        case .namespace: return "<Namespace>"
        }
    }

    /// What `json.dumps` gives, all characters as they are; `indent` puts members on lines of their own.
    func json(indent: Int?, depth: Int = 0) -> String {
        func lines(_ parts: [String], _ open: String, _ close: String) -> String {
            guard !parts.isEmpty else { return open + close }
            guard let indent else { return open + parts.joined(separator: ", ") + close }
            let inner = "\n" + String(repeating: " ", count: indent * (depth + 1))
            let outer = "\n" + String(repeating: " ", count: indent * depth)
            return open + inner + parts.joined(separator: "," + inner) + outer + close
        }
        switch self {
        case .undefined, .none: return "null"
        case .bool(let flag): return flag ? "true" : "false"
        case .int(let n): return String(n)
        case .float(let x): return "\(x)"
        case .string(let text): return quotedJSON(text)
        case .list(let items):
            return lines(items.map { $0.json(indent: indent, depth: depth + 1) }, "[", "]")
        case .dict(let members):
            return lines(
                members.map {
                    quotedJSON($0.key) + ": " + $0.value.json(indent: indent, depth: depth + 1)
                }, "{", "}")
        case .namespace: return "null"
        }
    }
}

private func quotedPython(_ text: String) -> String {
    let quote: Character = text.contains("'") && !text.contains("\"") ? "\"" : "'"
    var result = String(quote)
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\\": result += "\\\\"
        case "\n": result += "\\n"
        case "\r": result += "\\r"
        case "\t": result += "\\t"
        default:
            if Character(scalar) == quote { result += "\\" }
            if scalar.value < 0x20 || scalar.value == 0x7F {
                let digits = String(scalar.value, radix: 16)
                result += "\\x" + (digits.count < 2 ? "0" : "") + digits
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
    }
    return result + String(quote)
}

private func quotedJSON(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": result += "\\\""
        case "\\": result += "\\\\"
        case "\n": result += "\\n"
        case "\r": result += "\\r"
        case "\t": result += "\\t"
        case "\u{8}": result += "\\b"
        case "\u{C}": result += "\\f"
        default:
            if scalar.value < 0x20 {
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
    }
    return result + "\""
}
