// Values the language knows nothing about but their type's name, members, operators and display:
// frames, columns, tokenizers, models. Subclasses live in ArenaBuiltins.

import ArenaCore

/// A type of host values: its name and its methods.
package final class HostType: Sendable {
    package let name: String
    package let methods: [Builtin]
    /// One sentence on what it is.
    package let summary: String

    package init(_ name: String, summary: String, methods: [Builtin]) {
        self.name = name
        self.summary = summary
        self.methods = methods
    }
}

/// The base of every host value. Each member throws a plain "not supported" unless overridden.
open class HostObject {
    package init() {}

    /// The value's type.
    package var type: HostType { Self.plain }
    private static let plain = HostType("object", summary: "a value", methods: [])

    /// `x.name` for values that are not methods; nil if there is none of that name. Owned.
    package func attribute(_ name: String) throws(Raised) -> Value? { nil }
    /// The names `attribute` knows, for suggestions and completion.
    package var attributeNames: [String] { [] }

    /// `x[key]`. Owned.
    package func item(_ key: Value) throws(Raised) -> Value {
        throw Raised(.type, "a \(type.name) has no items to take by [...]")
    }
    /// `x[key] = value`.
    package func setItem(_ key: Value, _ value: Value) throws(Raised) {
        throw Raised(.type, "items of a \(type.name) cannot be assigned")
    }
    /// `x[a:b:c]`; parts left out are None. Owned.
    package func slice(_ start: Value, _ stop: Value, _ step: Value) throws(Raised) -> Value {
        throw Raised(.type, "a \(type.name) cannot be sliced")
    }
    /// `len(x)`, if it has one.
    package var count: Int? { nil }
    /// Whether `if x:` has a meaning: for columns it has none.
    package var hasTruth: Bool { true }
    /// `x in self`.
    package func contains(_ value: Value) throws(Raised) -> Bool {
        throw Raised(.type, "'in' does not work on a \(type.name)")
    }
    /// The items a loop runs over, owned; nil if it cannot be looped over.
    package func iterate() throws(Raised) -> Value? { nil }
    /// `self op other`, or `other op self` if reversed; nil if the types do not go together. Owned.
    package func binary(
        _ op: String, _ other: Value, reversed: Bool
    ) throws(Raised) -> Value? { nil }
    /// `==`.
    package func isEqual(_ other: HostObject) -> Bool { self === other }
    /// Calling the value like a function; nil if it cannot be called. Owned.
    package func call(_ arguments: Arguments) throws(Raised) -> Value? { nil }
    /// The parameters of a call, for values that can be called.
    package var callSignature: Builtin? { nil }

    /// One line for `repr` and inside containers.
    package var representation: String { "<\(type.name)>" }
    /// What `print` writes; may be several lines.
    package var text: String { representation }
    /// What the shell shows for it; `width` is the terminal's.
    package func display(width: Int) -> String { text }
}
