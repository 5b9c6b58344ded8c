// The one table of what scripts can call: name, typed parameters, summary, examples. Help, completion,
// documentation, argument checking and tests all derive from it.

import ArenaCore

/// A function or method that is part of the runtime.
package final class Builtin: Sendable {
    package let name: String
    package let parameters: [BuiltinParameter]
    /// One sentence.
    package let summary: String
    package let examples: [Example]
    package let body: @Sendable (Arguments) throws(Raised) -> Value
    /// Only required and optional parameters: positional arguments need no binding.
    let isSimple: Bool
    let requiredCount: Int

    /// - Parameter body: gets one slot a parameter, in order; slots left out are unset. The result
    ///   is owned by the caller.
    package init(
        _ name: String, _ parameters: [BuiltinParameter], _ summary: String,
        examples: [Example] = [],
        body: @escaping @Sendable (Arguments) throws(Raised) -> Value
    ) {
        self.name = name
        self.parameters = parameters
        self.summary = summary
        self.examples = examples
        self.body = body
        var simple = true
        var required = 0
        for p in parameters {
            switch p.form {
            case .required: required += 1
            case .optional: break
            case .named, .rest, .keywords: simple = false
            }
        }
        isSimple = simple
        requiredCount = required
    }

    /// An object of its own for another core, so that the two do not contend for its reference count.
    convenience init(copying other: Builtin) {
        self.init(
            other.name, other.parameters, other.summary, examples: other.examples,
            body: other.body)
    }

    /// `name(a, b=, *rest)` as help shows it.
    package var signature: String {
        var parts: [String] = []
        var starred = false
        for p in parameters where !(p.name == "self") {
            switch p.form {
            case .required: parts.append(p.name)
            case .optional(let text): parts.append("\(p.name)=\(text)")
            case .named(let text):
                if !starred { parts.append("*") }
                starred = true
                parts.append(text.isEmpty ? p.name : "\(p.name)=\(text)")
            case .rest:
                starred = true
                parts.append("*\(p.name)")
            case .keywords: parts.append("**\(p.name)")
            }
        }
        return "\(name)(\(parts.joined(separator: ", ")))"
    }
}

/// A parameter of a builtin.
package struct BuiltinParameter: Sendable {
    package enum Form: Sendable {
        case required
        /// May be left out; the text shows the default.
        case optional(String)
        /// Given by name only; an empty text means it must be given.
        case named(String)
        /// Takes all further positional arguments, as a tuple.
        case rest
        /// Takes all further named arguments, as a dict.
        case keywords
    }
    package let name: String
    /// The types it takes, in words: "str", "list of str".
    package let type: String
    package let form: Form
    /// What it is for, in a sentence; may be empty.
    package let note: String

    package init(_ name: String, _ type: String, _ form: Form = .required, _ note: String = "") {
        self.name = name
        self.type = type
        self.form = form
        self.note = note
    }

    /// The receiver of a method.
    package static func receiver(_ type: String) -> BuiltinParameter {
        BuiltinParameter("self", type)
    }
}

/// A piece of script and what it prints; every example runs as a test.
package struct Example: Sendable {
    package let code: String
    package let output: String

    package init(_ code: String, prints output: String) {
        self.code = code
        self.output = output
    }
}

/// A builtin's arguments: one slot a parameter, borrowed, unset where left out.
package struct Arguments {
    // SAFETY: both outlive the call whose arguments these are; counting them would cost as much as a
    // small builtin.
    package unowned(unsafe) let machine: Machine
    let base: UnsafeMutablePointer<Value>
    let reference: Unmanaged<Builtin>
    package var builtin: Builtin { reference.takeUnretainedValue() }

    @inline(__always) package subscript(_ i: Int) -> Value { base[i] }
    @inline(__always) package func has(_ i: Int) -> Bool { !base[i].isUnset && !base[i].isNone }

    func wrongType(_ i: Int, _ wanted: String) -> Raised {
        let p = builtin.parameters[i]
        let what =
            p.name == "self"
            ? "\(builtin.name)() works on" : "\(builtin.name)(): '\(p.name)' must be"
        return marking(
            i,
            Raised(
                .type, "\(what) \(withArticle(wanted)), not \(base[i].typeWithArticle)",
                help: p.note.isEmpty ? nil : "\(p.name): \(p.note)"))
    }

    /// The error with an argument as its place, labelled by what was given.
    package func marking(_ i: Int, _ error: Raised) -> Raised {
        let shift = builtin.parameters.first?.name == "self" ? 1 : 0
        error.argument = ArgumentMark(
            function: builtin.name, index: i - shift, name: builtin.parameters[i].name,
            label: base[i].shape)
        return error
    }

    package func string(_ i: Int) throws(Raised) -> String {
        guard let s = base[i].asString else { throw wrongType(i, "str") }
        return s
    }

    package func optionalString(_ i: Int) throws(Raised) -> String? { has(i) ? try string(i) : nil }

    package func int(_ i: Int) throws(Raised) -> Int {
        guard let n = base[i].asIndex else {
            if base[i].isInteger {
                throw Raised(
                    .overflow, "\(builtin.name)(): '\(builtin.parameters[i].name)' is too large")
            }
            throw wrongType(i, "int")
        }
        return n
    }

    package func int(_ i: Int, or value: Int) throws(Raised) -> Int { has(i) ? try int(i) : value }

    package func double(_ i: Int) throws(Raised) -> Double {
        guard let x = base[i].asDouble else { throw wrongType(i, "number") }
        return x
    }

    package func bool(_ i: Int, or value: Bool) throws(Raised) -> Bool {
        guard has(i) else { return value }
        guard let b = base[i].asBool else { throw wrongType(i, "bool") }
        return b
    }

    /// The strings of a list or tuple, or of a single string.
    package func strings(_ i: Int) throws(Raised) -> [String] {
        if let s = base[i].asString { return [s] }
        guard let items = base[i].items else { throw wrongType(i, "list of str") }
        var result: [String] = []
        for item in items {
            guard let s = item.asString else { throw wrongType(i, "list of str") }
            result.append(s)
        }
        return result
    }

    /// The host object of a Swift class.
    package func host<T: HostObject>(_ i: Int, _ type: T.Type, _ name: String) throws(Raised) -> T {
        guard let object = base[i].asHost as? T else { throw wrongType(i, name) }
        return object
    }

    /// The items of any iterable, borrowed from a list that the caller releases.
    package func iterable(_ i: Int) throws(Raised) -> Value {
        do throws(Raised) { return try machine.materialise(base[i]) } catch {
            throw error.place == nil ? marking(i, error) : error
        }
    }
}
