// A script's parameters: defaults in the script, other values from the command line.

import ArenaCore
import ArenaLanguage

private typealias P = BuiltinParameter

/// The values of `params(...)`, read as members.
final class ParamsValue: HostObject {
    private let names: [String]
    private let values: [String: Value]

    /// - Parameter values: owned.
    init(_ values: [(String, Value)]) {
        names = values.map(\.0)
        self.values = Dictionary(values) { $1 }
    }

    deinit { for v in values.values { v.release() } }

    static let hostType = HostType("params", summary: "A script's parameters.", methods: [])
    var type: HostType { Self.hostType }
    var attributeNames: [String] { names }
    func attribute(_ name: String) throws(Raised) -> Value? { values[name]?.retain() }
    func forWorker() -> (any HostObject)? {
        ParamsValue(names.map { ($0, values[$0]?.separateCopy() ?? .none) })
    }
    func addContent(to hash: inout SHA256) -> Bool {
        for name in names {
            guard let value = values[name], isPlain(value) else { return false }
            hash.add(name)
            hash.add(plainText(value))
        }
        return true
    }
    var representation: String {
        let items = names.map { name in "\(name)=\(values[name].map(shownText) ?? "None")" }
        return "params(\(items.joined(separator: ", ")))"
    }
}

let paramsFunction = Builtin(
    "params", [P("defaults", "any", .keywords)],
    "The script's parameters with their defaults; --set name=value on the command line overrides them, of a list name=a,b.",
    examples: [
        Example("cfg = params(max_length=2048, tta=True)\nprint(cfg.max_length)", prints: "2048\n")
    ]
) { a throws(Raised) in
    a.machine.hasReadParameters = true
    let defaults = (a[0].dictItems ?? []).map { ($0.key.asString ?? "", $0.value) }
    let names = defaults.map(\.0)
    for (name, value) in defaults where !isPlain(value) {
        throw Raised(
            .type, "params(): '\(name)' is \(value.typeWithArticle)",
            help: "a parameter is a number, text, True, False, None or a list of them")
    }
    for given in a.machine.parameters.keys.sorted() where !names.contains(given) {
        throw Raised(
            .key, "--set \(given)=... names no parameter of this script",
            help: suggestion(for: given, among: names))
    }
    var values: [(String, Value)] = []
    for (name, value) in defaults {
        guard let text = a.machine.parameters[name] else {
            values.append((name, value.retain()))
            continue
        }
        guard let read = parameter(text, like: value) else {
            for (_, v) in values { v.release() }
            throw Raised(
                .value,
                "--set \(name)=\(text): \(value.typeWithArticle) is wanted, as in the script",
                help: "its default is \(a.machine.representation(of: value))")
        }
        values.append((name, read))
    }
    return .host(ParamsValue(values))
}

private func isPlain(_ value: Value) -> Bool {
    func isScalar(_ v: Value) -> Bool {
        v.isNone || v.asBool != nil || v.asDouble != nil || v.asString != nil
    }
    return isScalar(value) || value.items.map { $0.allSatisfy(isScalar) } ?? false
}

/// A plain value as text that differs whenever the value does.
private func plainText(_ value: Value) -> String {
    if let items = value.items { return "[" + items.map(plainText).joined(separator: ",") + "]" }
    if let text = value.asString { return text.debugDescription }
    if let truth = value.asBool { return "\(truth)" }
    if let n = value.asInt { return "\(n)" }
    return value.asDouble.map { "float \($0)" } ?? "None"
}

/// The same as a script writes it.
private func shownText(_ value: Value) -> String {
    if let items = value.items { return "[" + items.map(shownText).joined(separator: ", ") + "]" }
    if let text = value.asString { return "\"\(text)\"" }
    if let truth = value.asBool { return truth ? "True" : "False" }
    return value.asInt.map { "\($0)" } ?? value.asDouble.map { "\($0)" } ?? "None"
}

/// An item of a list on the command line, without spaces and quotes around it.
private func unquoted(_ text: Substring) -> String {
    let text = text.drop { $0 == " " }
    let item = text[..<(text.lastIndex { $0 != " " }.map(text.index(after:)) ?? text.startIndex)]
    for quote in ["\"", "'"] where item.count > 1 && item.hasPrefix(quote) && item.hasSuffix(quote)
    {
        return String(item.dropFirst().dropLast())
    }
    return String(item)
}

/// The command line's text as a value of the default's type.
private func parameter(_ text: String, like value: Value) -> Value? {
    if value.asBool != nil {
        switch text {
        case "True", "true", "1", "yes": return .bool(true)
        case "False", "false", "0", "no": return .bool(false)
        default: return nil
        }
    }
    if value.asInt != nil { return Int(text).map { .int($0) } }
    if value.asDouble != nil { return Double(text).map { .float($0) } }
    if value.asString != nil { return .string(text) }
    if let items = value.items {
        var text = text[...]
        if text.hasPrefix("["), text.hasSuffix("]") { text = text.dropFirst().dropLast() }
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(unquoted)
        if parts == [""] { return .list([]) }
        var list: [Value] = []
        for part in parts {
            guard let item = parameter(part, like: items.first ?? .none) else {
                for made in list { made.release() }
                return nil
            }
            list.append(item)
        }
        return .list(list)
    }
    if value.isNone {
        if text == "None" { return Value.none }
        return Int(text).map { .int($0) } ?? Double(text).map { .float($0) } ?? .string(text)
    }
    return nil
}
