// A part of a tokenizer file with the path of keys that leads to it, so that every complaint names it.

import ArenaCore

/// One value of a JSON file and its key path, such as `pre_tokenizer.pretokenizers[0].pattern`.
struct FilePart {
    let value: JSONValue
    let key: String

    init(root: JSONValue) {
        value = root
        key = ""
    }

    init(_ value: JSONValue, key: String) {
        self.value = value
        self.key = key
    }

    /// The file's own name for errors about the whole.
    var place: FilePlace { value.place }

    /// The member of that name; nil where it is absent or null.
    func optional(_ name: String) -> FilePart? {
        guard let member = value[name], !member.isNull else { return nil }
        return FilePart(member, key: key.isEmpty ? name : key + "." + name)
    }

    /// The member of that name.
    /// - Throws: `missingKey` where it is absent or null.
    func member(_ name: String) throws(TokenizerError) -> FilePart {
        guard let part = optional(name) else {
            throw .missingKey(key: key.isEmpty ? name : key + "." + name, place: place)
        }
        return part
    }

    func element(_ index: Int, _ element: JSONValue) -> FilePart {
        FilePart(element, key: key + "[\(index)]")
    }

    func elements() throws(TokenizerError) -> [FilePart] {
        guard let elements = value.elements else { throw mismatch("an array") }
        return elements.enumerated().map { element($0, $1) }
    }

    func string() throws(TokenizerError) -> String {
        guard let text = value.string else { throw mismatch("a string") }
        return text
    }

    func bytes() throws(TokenizerError) -> [UInt8] {
        guard let bytes = value.stringBytes else { throw mismatch("a string") }
        return bytes
    }

    func bool() throws(TokenizerError) -> Bool {
        guard let flag = value.bool else { throw mismatch("true or false") }
        return flag
    }

    /// A token id: a whole number that a table can be as large as.
    func id() throws(TokenizerError) -> Int {
        guard let number = value.int else { throw mismatch("a whole number") }
        guard number >= 0, number < idLimit else {
            throw .contradiction(
                key: key, what: "the id \(number) is outside 0 ..< \(idLimit)", place: place)
        }
        return number
    }

    /// A flag that may be left out.
    func flag(_ name: String, or other: Bool) throws(TokenizerError) -> Bool {
        guard let part = optional(name) else { return other }
        return try part.bool()
    }

    /// The part's `type`.
    func type() throws(TokenizerError) -> String { try member("type").string() }

    /// A string of exactly one scalar.
    func character() throws(TokenizerError) -> [UInt8] {
        let text = try bytes()
        guard String(decoding: text, as: UTF8.self).unicodeScalars.count == 1 else {
            throw mismatch("a single character")
        }
        return text
    }

    func mismatch(_ expected: String) -> TokenizerError {
        let found =
            value.kind == .object && expected == "an object"
            ? "something else" : article(value.kind)
        return .wrongType(
            key: key.isEmpty ? "the file" : key, expected: expected, found: found, place: place)
    }

    func unsupported(_ value: String, supported: String) -> TokenizerError {
        .unsupported(key: key, value: value, supported: supported, place: place)
    }

    func contradiction(_ what: String) -> TokenizerError {
        .contradiction(key: key, what: what, place: place)
    }

    func unknown(_ family: String, _ name: String, known: [String]) -> TokenizerError {
        .unknownPart(family: family, name: name, key: key, known: known, place: place)
    }
}

/// Ids stay below this: 21 bits each in the pair table, and no table outgrows its file by far.
let idLimit = 1 << 21

private func article(_ kind: JSONValue.Kind) -> String {
    switch kind {
    case .null: return "null"
    case .bool: return "true or false"
    case .number: return "that number"
    case .string: return "a string"
    case .array: return "an array"
    case .object: return "an object"
    }
}
