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

/// A host's value. Each member but `type` has a default that says "not supported".
package protocol HostObject: AnyObject {
    /// The value's type; the same object at every call.
    var type: HostType { get }

    /// `x.name` for values that are not methods; nil if there is none of that name. Owned.
    func attribute(_ name: String) throws(Raised) -> Value?
    /// The names `attribute` knows, for suggestions and completion.
    var attributeNames: [String] { get }

    /// The strings that `item` takes, for completion.
    var itemNames: [String] { get }
    /// `x[key]`. Owned.
    func item(_ key: Value) throws(Raised) -> Value
    /// `x[key] = value`.
    func setItem(_ key: Value, _ value: Value) throws(Raised)
    /// `x[a:b:c]`; parts left out are None. Owned.
    func slice(_ start: Value, _ stop: Value, _ step: Value) throws(Raised) -> Value
    /// `len(x)`, if it has one.
    var count: Int? { get }
    /// Whether `if x:` has a meaning: for columns it has none.
    var hasTruth: Bool { get }
    /// `x in self`.
    func contains(_ value: Value) throws(Raised) -> Bool
    /// The items a loop runs over, as an owned list; nil if it cannot be looped over.
    func iterate() throws(Raised) -> Value?
    /// `self op other`, or `other op self` if reversed; nil if the types do not go together. Owned.
    func binary(_ op: String, _ other: Value, reversed: Bool) throws(Raised) -> Value?
    /// What `with` does at the start of its block; the value that `as` names. Owned.
    func enter() throws(Raised) -> Value
    /// What `with` does at the end of its block.
    func leave(failed: Bool) throws(Raised)
    /// `==`.
    func isEqual(_ other: any HostObject) -> Bool
    /// The parameters of a call, for values that can be called.
    var callSignature: Builtin? { get }
    /// Calling the value like a function; nil if it cannot be called. Owned.
    func call(_ arguments: Arguments) throws(Raised) -> Value?

    /// The value for use on another core: itself if it never changes, a copy of its own, or nil if it
    /// cannot be used there.
    func forWorker() -> (any HostObject)?

    /// Adds what the value is known by; false if it has no content of its own, such as an open file.
    func addContent(to hash: inout SHA256) -> Bool

    /// The values it owns, which it holds no longer: asked when nothing refers to it any more, so
    /// that what nests deep is freed without recursion.
    func giveUpValues() -> [Value]

    /// One line for `repr` and inside containers.
    var representation: String { get }
    /// What `print` writes; may be several lines.
    var text: String { get }
    /// What the shell shows for it; `width` is the terminal's.
    func display(width: Int) -> String
}

extension HostObject {
    package func attribute(_ name: String) throws(Raised) -> Value? { nil }
    package var attributeNames: [String] { [] }
    package var itemNames: [String] { [] }
    package func item(_ key: Value) throws(Raised) -> Value {
        throw Raised(.type, "\(withArticle(type.name)) has no items to take by [...]")
    }
    package func setItem(_ key: Value, _ value: Value) throws(Raised) {
        throw Raised(.type, "items of \(withArticle(type.name)) cannot be assigned")
    }
    package func slice(_ start: Value, _ stop: Value, _ step: Value) throws(Raised) -> Value {
        throw Raised(.type, "\(withArticle(type.name)) cannot be sliced")
    }
    package var count: Int? { nil }
    package var hasTruth: Bool { true }
    package func contains(_ value: Value) throws(Raised) -> Bool {
        throw Raised(.type, "'in' does not work on \(withArticle(type.name))")
    }
    package func iterate() throws(Raised) -> Value? { nil }
    package func binary(_ op: String, _ other: Value, reversed: Bool) throws(Raised) -> Value? {
        nil
    }
    package func enter() throws(Raised) -> Value {
        throw Raised(.type, "\(withArticle(type.name)) cannot stand in 'with'")
    }
    package func leave(failed: Bool) throws(Raised) {}
    package func isEqual(_ other: any HostObject) -> Bool { self === other }
    package var callSignature: Builtin? { nil }
    package func call(_ arguments: Arguments) throws(Raised) -> Value? { nil }
    package func forWorker() -> (any HostObject)? { nil }
    package func addContent(to hash: inout SHA256) -> Bool { false }
    package func giveUpValues() -> [Value] { [] }
    package var representation: String { "<\(type.name)>" }
    package var text: String { representation }
    package func display(width: Int) -> String { text }
}

/// What the heap holds for a host's value.
final class HostHolder {
    let object: any HostObject
    init(_ object: any HostObject) { self.object = object }
}
