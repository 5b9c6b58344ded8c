// Methods of sets. The ones that take another collection take any iterables, as in Python.

import ArenaCore

private typealias P = BuiltinParameter

private let receiver = BuiltinParameter.receiver("set")
private let others = BuiltinParameter("others", "iterables", .rest)
private let other = BuiltinParameter("other", "iterable")

let setMethods: [Builtin] = [
    Builtin(
        "add", [receiver, P("x", "any")], "Adds an item.",
        examples: [Example("s = {1}\ns.add(2)\nprint(s)", prints: "{1, 2}\n")]
    ) { a throws(Raised) in
        try a[0].tableSet(a[1], .none)
        return .none
    },
    Builtin(
        "discard", [receiver, P("x", "any")], "Takes out an item if it is there.",
        examples: [Example("s = {1, 2}\ns.discard(3)\nprint(s)", prints: "{1, 2}\n")]
    ) { a throws(Raised) in
        _ = try a[0].tableRemove(a[1])
        return .none
    },
    Builtin(
        "remove", [receiver, P("x", "any")], "Takes out an item; an error if it is not there.",
        examples: [Example("s = {1, 2}\ns.remove(1)\nprint(s)", prints: "{2}\n")]
    ) { a throws(Raised) in
        guard try a[0].tableRemove(a[1]) != nil else {
            throw Raised(.key, "\(a.machine.representation(of: a[1])) is not in the set")
        }
        return .none
    },
    Builtin(
        "pop", [receiver], "Takes out the item that came first.",
        examples: [Example("s = {3, 4}\nprint(s.pop(), s)", prints: "3 {4}\n")]
    ) { a throws(Raised) in
        let t = a[0].cast(TableObject.self)
        for i in 0..<t.pointee.used where !t.pointee.entries[i].key.isUnset {
            let key = t.pointee.entries[i].key.retain()
            _ = try a[0].tableRemove(key)
            return key
        }
        throw Raised(.key, "pop() from an empty set")
    },
    Builtin(
        "clear", [receiver], "Takes out all items.",
        examples: [Example("s = {1}\ns.clear()\nprint(len(s))", prints: "0\n")]
    ) { a throws(Raised) in
        a[0].tableClear()
        return .none
    },
    Builtin(
        "copy", [receiver], "A new set of the same items.",
        examples: [Example("s = {1, 2}\nprint(s.copy() == s)", prints: "True\n")]
    ) { a throws(Raised) in try a.machine.copiedSet(a[0]) },

    // MARK: - New sets

    combining("union", "The items of this set and of the others.", prints: "{1, 2, 3, 4}") {
        m, s, v throws(Raised) in try m.merge(v, into: s, mode: 1)
    },
    combining("intersection", "The items that are in all.", prints: "{2, 3}") {
        m, s, v throws(Raised) in try m.keep(s, in: v)
    },
    combining("difference", "The items that are in none of the others.", prints: "{1}") {
        m, s, v throws(Raised) in try m.removeItems(v, from: s)
    },
    Builtin(
        "symmetric_difference", [receiver, other], "The items that are in one of the two only.",
        examples: [Example("print({1, 2}.symmetric_difference([2, 3]))", prints: "{1, 3}\n")]
    ) { a throws(Raised) in
        let result = try a.machine.copiedSet(a[0])
        return try a.machine.owned(result) { () throws(Raised) in
            try a.machine.toggle(a[1], in: result)
        }
    },

    // MARK: - Changing the set

    changing("update", "Adds the items of the others.", prints: "{1, 2, 3, 4}") {
        m, s, v throws(Raised) in try m.merge(v, into: s, mode: 1)
    },
    changing("intersection_update", "Keeps the items that are in all.", prints: "{2, 3}") {
        m, s, v throws(Raised) in try m.keep(s, in: v)
    },
    changing("difference_update", "Takes out the items of the others.", prints: "{1}") {
        m, s, v throws(Raised) in try m.removeItems(v, from: s)
    },
    Builtin(
        "symmetric_difference_update", [receiver, other],
        "Takes out the items of the other that are in the set, and adds those that are not.",
        examples: [
            Example(
                "s = {1, 2}\ns.symmetric_difference_update([2, 3])\nprint(s)", prints: "{1, 3}\n")
        ]
    ) { a throws(Raised) in
        try a.machine.toggle(a[1], in: a[0])
        return .none
    },

    // MARK: - Questions

    Builtin(
        "isdisjoint", [receiver, other], "Whether the two have no item in common.",
        examples: [Example("print({1, 2}.isdisjoint([3]))", prints: "True\n")]
    ) { a throws(Raised) in
        let items = try a.iterable(1)
        defer { items.release() }
        for item in items.items ?? .empty where try a[0].tableFind(item) >= 0 {
            return .bool(false)
        }
        return .bool(true)
    },
    Builtin(
        "issubset", [receiver, other], "Whether all items are in the other.",
        examples: [Example("print({1, 2}.issubset([1, 2, 3]))", prints: "True\n")]
    ) { a throws(Raised) in
        let whole = try a.machine.asSet(a[1])
        defer { whole.release() }
        return .bool(try isSubset(a[0], whole, strict: false))
    },
    Builtin(
        "issuperset", [receiver, other], "Whether all items of the other are in this set.",
        examples: [Example("print({1, 2}.issuperset([1]))", prints: "True\n")]
    ) { a throws(Raised) in
        let items = try a.iterable(1)
        defer { items.release() }
        for item in items.items ?? .empty where try a[0].tableFind(item) < 0 {
            return .bool(false)
        }
        return .bool(true)
    },
]

/// A method that makes a new set from this one and each of the others in turn.
private func combining(
    _ name: String, _ summary: String, prints: String,
    _ change: @escaping @Sendable (Machine, Value, Value) throws(Raised) -> Void
) -> Builtin {
    Builtin(
        name, [receiver, others], summary,
        examples: [Example("print({1, 2, 3}.\(name)([2, 3, 4]))", prints: prints + "\n")]
    ) { a throws(Raised) in
        let result = try a.machine.copiedSet(a[0])
        return try a.machine.owned(result) { () throws(Raised) in
            for v in a[1].items ?? .empty { try change(a.machine, result, v) }
        }
    }
}

private func changing(
    _ name: String, _ summary: String, prints: String,
    _ change: @escaping @Sendable (Machine, Value, Value) throws(Raised) -> Void
) -> Builtin {
    Builtin(
        name, [receiver, others], summary,
        examples: [
            Example("s = {1, 2, 3}\ns.\(name)([2, 3, 4])\nprint(s)", prints: prints + "\n")
        ]
    ) { a throws(Raised) in
        for v in a[1].items ?? .empty { try change(a.machine, a[0], v) }
        return .none
    }
}

/// Whether a set's items are all in another set; if strict, the other must have more.
func isSubset(_ part: Value, _ whole: Value, strict: Bool) throws(Raised) -> Bool {
    let t = part.cast(TableObject.self)
    let count = whole.cast(TableObject.self).pointee.count
    if strict ? t.pointee.count >= count : t.pointee.count > count { return false }
    for i in 0..<t.pointee.used where !t.pointee.entries[i].key.isUnset {
        if try whole.tableFind(t.pointee.entries[i].key) < 0 { return false }
    }
    return true
}

extension Machine {
    /// Fills a new value; it is given up if that fails.
    func owned(_ v: Value, _ fill: () throws(Raised) -> Void) throws(Raised) -> Value {
        do throws(Raised) { try fill() } catch {
            v.release()
            throw error
        }
        return v
    }

    func copiedSet(_ v: Value) throws(Raised) -> Value {
        let result = Value.set()
        return try owned(result) { () throws(Raised) in try merge(v, into: result, mode: 1) }
    }

    /// Any iterable as a set, owned; a set comes back itself.
    fileprivate func asSet(_ v: Value) throws(Raised) -> Value {
        v.isKind(.set) ? v.retain() : try copiedSet(v)
    }

    fileprivate func keep(_ s: Value, in v: Value) throws(Raised) {
        let other = try asSet(v)
        defer { other.release() }
        let items = try materialise(s)
        defer { items.release() }
        for item in items.items ?? .empty where try other.tableFind(item) < 0 {
            _ = try s.tableRemove(item)
        }
    }

    fileprivate func removeItems(_ v: Value, from s: Value) throws(Raised) {
        let items = try materialise(v)
        defer { items.release() }
        for item in items.items ?? .empty { _ = try s.tableRemove(item) }
    }

    fileprivate func toggle(_ v: Value, in s: Value) throws(Raised) {
        let other = try asSet(v)
        defer { other.release() }
        let items = try materialise(other)
        defer { items.release() }
        for item in items.items ?? .empty where try s.tableRemove(item) == nil {
            try s.tableSet(item, .none)
        }
    }
}
