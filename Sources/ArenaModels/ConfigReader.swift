// Typed look-ups in a config.json: one helper for defaults, one place for what is wrong with a value.

import ArenaCore

/// A configuration file; keys are named as in the file.
package struct ConfigReader: Sendable {
    package let path: String
    private let root: JSONValue
    /// Keys that lead to `root`, for messages.
    private let prefix: String

    /// - Throws: `ModelError` if the file is missing, not JSON or not an object.
    package init(file path: String) throws(ModelError) {
        let document: JSONDocument
        do { document = try JSONDocument(file: path) } catch { throw .json(error) }
        try self.init(document.root, path: path)
    }

    init(_ root: JSONValue, path: String, prefix: String = "") throws(ModelError) {
        guard root.kind == .object else {
            throw .configuration(
                path: path, key: prefix, problem: .expected("an object", found: root.kind.rawValue))
        }
        self.path = path
        self.root = root
        self.prefix = prefix
    }

    /// The value, nil where it is absent or null.
    package func value(_ key: String) -> JSONValue? {
        guard let value = root[key], !value.isNull else { return nil }
        return value
    }

    /// Whether the key is there and null, which is not always the same as left out.
    package func isNull(_ key: String) -> Bool { root[key]?.isNull ?? false }

    package func problem(_ key: String, _ problem: ConfigurationProblem) -> ModelError {
        .configuration(path: path, key: prefix + key, problem: problem)
    }

    /// How a value reads in a message.
    static func text(_ value: JSONValue) -> String {
        switch value.kind {
        case .string: return "'\(value.string ?? "")'"
        case .number:
            return value.double.map { value.int.map(String.init) ?? String($0) } ?? "a number"
        case .bool: return value.bool == true ? "true" : "false"
        case .null: return "null"
        case .array, .object: return "an \(value.kind.rawValue)"
        }
    }

    private func mismatch(_ key: String, _ what: String, _ value: JSONValue) -> ModelError {
        problem(key, .expected(what, found: Self.text(value)))
    }

    /// A whole number in a range; sizes are bounded so that no later arithmetic overflows.
    package func int(
        _ key: String, default fallback: Int? = nil, in range: ClosedRange<Int> = 1...1 << 24
    ) throws(ModelError) -> Int {
        guard let value = value(key) else {
            if let fallback { return fallback }
            throw problem(key, .missing)
        }
        // 256.0 is written by some tools where 256 is meant.
        let number = value.int ?? value.double.flatMap { Int(exactly: $0) }
        guard let number, range.contains(number) else {
            throw mismatch(
                key, "a whole number from \(range.lowerBound) to \(range.upperBound)", value)
        }
        return number
    }

    package func optionalInt(
        _ key: String, in range: ClosedRange<Int> = 1...1 << 24
    ) throws(ModelError) -> Int? {
        value(key) == nil ? nil : try int(key, in: range)
    }

    /// A number that is finite and, unless said otherwise, above zero.
    package func number(
        _ key: String, default fallback: Double? = nil, positive: Bool = true
    ) throws(ModelError) -> Double {
        guard let value = value(key) else {
            if let fallback { return fallback }
            throw problem(key, .missing)
        }
        guard let number = value.double, number.isFinite, !positive || number > 0,
            abs(number) < 1e30
        else {
            throw mismatch(key, positive ? "a number above zero" : "a number", value)
        }
        return number
    }

    package func optionalNumber(_ key: String) throws(ModelError) -> Double? {
        value(key) == nil ? nil : try number(key)
    }

    package func bool(_ key: String, default fallback: Bool) throws(ModelError) -> Bool {
        guard let value = value(key) else { return fallback }
        guard let flag = value.bool else { throw mismatch(key, "true or false", value) }
        return flag
    }

    package func string(_ key: String, default fallback: String? = nil) throws(ModelError) -> String
    {
        guard let value = value(key) else {
            if let fallback { return fallback }
            throw problem(key, .missing)
        }
        guard let text = value.string else { throw mismatch(key, "a text", value) }
        return text
    }

    package func optionalStrings(_ key: String) throws(ModelError) -> [String]? {
        guard let value = value(key) else { return nil }
        guard let elements = value.elements else { throw mismatch(key, "a list of texts", value) }
        var result: [String] = []
        for element in elements {
            guard let text = element.string else { throw mismatch(key, "a list of texts", element) }
            result.append(text)
        }
        return result
    }

    /// One token or several, none if the key is absent.
    package func tokenIDs(_ key: String) throws(ModelError) -> [Int32] {
        guard let value = value(key) else { return [] }
        var ids: [Int32] = []
        for element in value.elements ?? [value] {
            guard let id = element.int.flatMap({ Int32(exactly: $0) }) else {
                throw mismatch(key, "a token or a list of tokens", element)
            }
            ids.append(id)
        }
        return ids
    }

    package func object(_ key: String) throws(ModelError) -> ConfigReader? {
        guard let value = value(key) else { return nil }
        return try ConfigReader(value, path: path, prefix: prefix + key + ".")
    }

    /// Refuses a value that would change the numbers: anything present and not in `harmless`.
    package func refuse(_ key: String, unless harmless: (JSONValue) -> Bool) throws(ModelError) {
        guard let value = value(key), !harmless(value) else { return }
        throw problem(key, .unsupported(Self.text(value), supported: []))
    }

    /// The members of an object of numbers, in the file's order.
    package func numbers(_ key: String) throws(ModelError) -> [(key: String, value: Double)] {
        guard let value = value(key) else { return [] }
        guard let members = value.members else { throw mismatch(key, "an object", value) }
        var result: [(key: String, value: Double)] = []
        for (name, value) in members {
            guard let number = value.double, number.isFinite, number > 0 else {
                throw mismatch(key + "." + name, "a number above zero", value)
            }
            result.append((name, number))
        }
        return result
    }
}
