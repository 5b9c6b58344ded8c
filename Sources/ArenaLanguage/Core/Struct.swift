// struct(name=value): a record with members and no more, as in Starlark.

import ArenaCore

private typealias P = BuiltinParameter

/// A record in a script; it never changes.
final class StructValue: HostObject {
    private(set) var fields: [(name: String, value: Value)]

    /// - Parameter fields: the values are owned.
    init(_ fields: [(name: String, value: Value)]) { self.fields = fields }

    deinit { for field in fields { field.value.release() } }

    static let hostType = HostType("struct", summary: "A record with members.", methods: [])
    var type: HostType { Self.hostType }
    var attributeNames: [String] { fields.map(\.name) }

    func attribute(_ name: String) throws(Raised) -> Value? {
        fields.first { $0.name == name }?.value.retain()
    }

    /// - Parameter depth: how many containers the comparison is inside of.
    func isEqual(_ other: StructValue, depth: Int) throws(Raised) -> Bool {
        guard other.fields.count == fields.count else { return false }
        for field in fields {
            guard let same = other.fields.first(where: { $0.name == field.name }),
                try valuesEqual(same.value, field.value, depth: depth + 1)
            else { return false }
        }
        return true
    }

    func giveUpValues() -> [Value] {
        defer { fields = [] }
        return fields.map(\.value)
    }

    func forWorker() -> (any HostObject)? {
        var copies: [(name: String, value: Value)] = []
        for field in fields {
            guard let copy = field.value.separateCopy() else {
                for copy in copies { copy.value.release() }
                return nil
            }
            copies.append((field.name, copy))
        }
        return StructValue(copies)
    }
}

let structFunction = Builtin(
    "struct", [P("members", "any", .keywords)],
    "A record with the given members, which never change.",
    examples: [
        Example(
            "s = struct(name=\"fold0\", score=0.5)\nprint(s.score, s)",
            prints: "0.5 struct(name='fold0', score=0.5)\n")
    ]
) { a throws(Raised) in
    .host(
        StructValue(
            (a[0].dictItems ?? []).map { ($0.key.asString ?? "", $0.value.retain()) }))
}
