// The functions that ask about any value: its type, its text, its members. Also what the names of
// types carry themselves: str.maketrans, dict.fromkeys, str.lower as a function.

import ArenaCore

private typealias P = BuiltinParameter

let objectFunctions: [Builtin] = [
    asciiFunction, callableFunction, dirFunction, failFunction, formatFunction, getattrFunction,
    hasattrFunction, isinstanceFunction, reprFunction, typeFunction,
]

private let reprFunction = Builtin(
    "repr", [P("x", "any")], "The value as it would be written in a script.",
    examples: [Example("print(repr(\"a\\n\"))", prints: "'a\\n'\n")]
) { a throws(Raised) in .string(a.machine.representation(of: a[0])) }

private let asciiFunction = Builtin(
    "ascii", [P("x", "any")], "Like repr, with everything outside ASCII as escapes.",
    examples: [Example("print(ascii(\"é\"))", prints: "'\\xe9'\n")]
) { a throws(Raised) in .string(a.machine.asciiRepresentation(of: a[0])) }

private let formatFunction = Builtin(
    "format", [P("x", "any"), P("spec", "str", .optional("\"\""))],
    "The value as text in a format, as an f-string writes it.",
    examples: [Example("print(format(3.14159, \".2f\"))", prints: "3.14\n")]
) { a throws(Raised) in
    try a.machine.format(
        a[0], conversion: 0, spec: a[1].isUnset ? [] : Array(try a.string(1).utf8))
}

private let failFunction = Builtin(
    "fail", [P("values", "any", .rest), P("sep", "str", .named("\" \""))],
    "Stops with an error that says the values.",
    examples: [Example("if 1 > 2:\n    fail(\"no\", 1)\nprint(\"ok\")", prints: "ok\n")]
) { a throws(Raised) in
    let values = (a[0].items ?? .empty).map { a.machine.text(of: $0) }
    throw Raised(.runtime, values.joined(separator: try a.optionalString(1) ?? " "))
}

private let callableFunction = Builtin(
    "callable", [P("x", "any")], "Whether the value can be called like a function.",
    examples: [Example("print(callable(len), callable(1))", prints: "True False\n")]
) { a throws(Raised) in
    let v = a[0]
    if v.isKind(.function) || v.isKind(.builtin) || v.isKind(.boundMethod) { return .bool(true) }
    return .bool(v.asHost?.callSignature != nil)
}

// MARK: - Types

private let typeFunction = Builtin(
    "type", [P("x", "any")], "The name of the value's type, as text; type(x) == int works too.",
    examples: [Example("print(type(1), type(\"a\"), type(1) == int)", prints: "int str True\n")]
) { a throws(Raised) in .string(scriptTypeName(a[0])) }

/// The type's name as Python has it.
private func scriptTypeName(_ v: Value) -> String {
    v.isKind(.builtin) || v.isKind(.boundMethod) ? "builtin_function_or_method" : v.typeName
}

/// The functions that are the names of types as well.
private let typeNames: Set<String> = [
    "bool", "bytes", "dict", "float", "int", "list", "range", "set", "str", "tuple",
]

/// The type a builtin function names; nil if it is none.
func typeNamed(by v: Value) -> String? {
    guard v.isKind(.builtin) else { return nil }
    let index = v.cast(BuiltinObject.self).pointee.index
    guard index < coreFunctions.count, typeNames.contains(coreFunctions[index].name) else {
        return nil
    }
    return coreFunctions[index].name
}

/// Whether a text is the name of the type that a function makes: what `type(x) == int` compares.
func isTypeName(_ text: Value, _ function: Value) -> Bool {
    guard text.isKind(.string), let name = typeNamed(by: function) else { return false }
    return text.utf8.elementsEqual(name.utf8)
}

private let isinstanceFunction = Builtin(
    "isinstance", [P("x", "any"), P("type", "type, name, or tuple of them")],
    "Whether the value is of a type: int, str, list ..., \"frame\", or one of several.",
    examples: [
        Example("print(isinstance(1, int), isinstance(1, (str, float)))", prints: "True False\n"),
        Example("print(isinstance(None, \"NoneType\"))", prints: "True\n"),
    ]
) { a throws(Raised) in .bool(try isInstance(a[0], a[1], a)) }

private func isInstance(_ v: Value, _ type: Value, _ a: Arguments) throws(Raised) -> Bool {
    if type.isKind(.tuple) {
        for option in type.items ?? .empty { if try isInstance(v, option, a) { return true } }
        return false
    }
    if type.isKind(.errorType) { return v.asError == nil ? false : try a.machine.matches(v, type) }
    guard let name = type.asString ?? typeNamed(by: type) else {
        throw Raised(
            .type, "isinstance() wants a type, not \(a.machine.representation(of: type))",
            help: "types are int, float, str, bool, list, dict, set, tuple, bytes, or names as text"
        )
    }
    return scriptTypeName(v) == name || name == "int" && v.isBool
}

// MARK: - Members

private let getattrFunction = Builtin(
    "getattr", [P("x", "any"), P("name", "str"), P("default", "any", .optional("error"))],
    "The value's member of that name, or the default.",
    examples: [Example("print(getattr(\"a\", \"upper\")(), getattr(1, \"y\", 0))", prints: "A 0\n")]
) { a throws(Raised) in
    let symbol = a.machine.symbols.id(try a.string(1))
    do throws(Raised) { return try a.machine.attribute(of: a[0], symbol) } catch {
        guard error.kind == .attribute, !a[2].isUnset else { throw error }
        return a[2].retain()
    }
}

private let hasattrFunction = Builtin(
    "hasattr", [P("x", "any"), P("name", "str")], "Whether the value has a member of that name.",
    examples: [Example("print(hasattr([], \"append\"), hasattr(1, \"x\"))", prints: "True False\n")]
) { a throws(Raised) in
    let symbol = a.machine.symbols.id(try a.string(1))
    do throws(Raised) {
        try a.machine.attribute(of: a[0], symbol).release()
        return .bool(true)
    } catch {
        guard error.kind == .attribute else { throw error }
        return .bool(false)
    }
}

private let dirFunction = Builtin(
    "dir", [P("x", "any")], "The names of the value's members, sorted.",
    examples: [Example("print(\"append\" in dir([]))", prints: "True\n")]
) { a throws(Raised) in .list(a.machine.memberNames(a[0]).sorted().map { Value.string($0) }) }

/// The methods of functions, which only the names of types have.
let functionMethods: [Builtin] = [
    Builtin(
        "fromkeys",
        [.receiver("dict"), P("keys", "iterable"), P("value", "any", .optional("None"))],
        "A dict with these keys and one value for all.",
        examples: [Example("print(dict.fromkeys(\"ab\", 0))", prints: "{'a': 0, 'b': 0}\n")]
    ) { a throws(Raised) in
        guard typeNamed(by: a[0]) == "dict" else { throw noMember(a) }
        let items = try a.iterable(1)
        defer { items.release() }
        let result = Value.dict()
        return try a.machine.owned(result) { () throws(Raised) in
            for key in items.items ?? .empty {
                try result.tableSet(key, a[2].isUnset ? .none : a[2])
            }
        }
    },
    Builtin(
        "maketrans",
        [
            .receiver("str"), P("x", "dict or str"), P("y", "str", .optional("None")),
            P("z", "str", .optional("None")),
        ],
        "A table for translate: from a dict, or from each character of x to that of y, z left out.",
        examples: [
            Example("print(\"abc\".translate(str.maketrans(\"ab\", \"xy\")))", prints: "xyc\n")
        ]
    ) { a throws(Raised) in
        guard typeNamed(by: a[0]) == "str" else { throw noMember(a) }
        return try translationTable(a)
    },
]

private func noMember(_ a: Arguments) -> Raised {
    Raised(.attribute, "\(a[0].typeWithArticle) has no member '\(a.builtin.name)'")
}

private func translationTable(_ a: Arguments) throws(Raised) -> Value {
    let result = Value.dict()
    return try a.machine.owned(result) { () throws(Raised) in
        if !a.has(2) {
            guard a[1].isKind(.dict) else { throw a.wrongType(1, "dict, if it is alone,") }
            for (key, value) in a[1].dictItems ?? [] {
                guard key.isKind(.string) else { try result.tableSet(key, value); continue }
                guard scalarCount(key) == 1 else {
                    throw Raised(.value, "maketrans(): the keys are single characters")
                }
                try result.tableSet(.int(Int(decodeScalar(key.utf8, 0).scalar.value)), value)
            }
            return
        }
        let (from, to) = (try a.string(1).unicodeScalars, try a.string(2).unicodeScalars)
        guard from.count == to.count else {
            throw Raised(.value, "maketrans(): the two texts are of different lengths")
        }
        for (x, y) in zip(from, to) { try result.tableSet(.int(Int(x.value)), .int(Int(y.value))) }
        for s in try a.optionalString(3)?.unicodeScalars ?? String.UnicodeScalarView() {
            try result.tableSet(.int(Int(s.value)), .none)
        }
    }
}

extension Machine {
    /// `str.lower` and the like: a method as a function of its value, owned; nil if the value is not
    /// the name of a type that has it.
    func unboundMethod(of v: Value, _ symbol: Int) -> Value? {
        let kind: ObjectKind? =
            switch typeNamed(by: v) {
            case "bytes": .bytes
            case "dict": .dict
            case "list": .list
            case "set": .set
            case "str": .string
            case "tuple": .tuple
            default: nil
            }
        guard let kind else { return nil }
        return unboundMethods[symbol << 8 | Int(kind.rawValue)].map { .builtin($0) }
    }

    /// Adds the functions that `str.lower` and the like are, which check what they are called on.
    func addUnboundMethods() {
        for (kind, list) in coreMethods where kind != .builtin {
            for method in list {
                let changes = mutatingMethods.contains(method.name)
                unboundMethods[symbols.id(method.name) << 8 | Int(kind.rawValue)] = builtins.count
                builtins.append(
                    Builtin(
                        method.name, method.parameters, method.summary, examples: method.examples
                    ) { a throws(Raised) in
                        guard a[0].isKind(kind) else {
                            throw a.wrongType(0, method.parameters[0].type)
                        }
                        if changes, a[0].isFrozen { throw a.machine.frozen(a[0]) }
                        return try method.body(a)
                    })
            }
        }
    }
}
