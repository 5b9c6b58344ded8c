// Methods of lists, dicts and sets. Text has its own file.

import ArenaCore
import Glibc

private typealias P = BuiltinParameter

/// The methods of the language's own types.
let coreMethods: [(ObjectKind, [Builtin])] = [
    (.string, stringMethods), (.list, listMethods), (.tuple, sequenceMethods("tuple")),
    (.dict, dictMethods), (.set, setMethods),
]

private func sequenceMethods(_ type: String) -> [Builtin] {
    [
        Builtin("count", [.receiver(type), P("x", "any")], "How many items equal x.") {
            a throws(Raised) in
            var n = 0
            for item in a[0].items ?? .empty { if try valuesEqual(item, a[1]) { n += 1 } }
            return .int(n)
        },
        Builtin(
            "index", [.receiver(type), P("x", "any")], "The place of the first item that equals x."
        ) {
            a throws(Raised) in
            for (i, item) in (a[0].items ?? .empty).enumerated() {
                if try valuesEqual(item, a[1]) { return .int(i) }
            }
            throw Raised(.value, "\(a.machine.representation(of: a[1])) is not in the \(type)")
        },
    ]
}

private let listMethods: [Builtin] =
    sequenceMethods("list") + [
        Builtin("append", [.receiver("list"), P("x", "any")], "Adds an item at the end.") {
            a throws(Raised) in
            a[0].append(a[1].retain())
            return .none
        },
        Builtin("extend", [.receiver("list"), P("items", "iterable")], "Adds items at the end.") {
            a throws(Raised) in
            try a.machine.extend(a[0], a[1])
            return .none
        },
        Builtin(
            "insert", [.receiver("list"), P("i", "int"), P("x", "any")],
            "Puts an item before place i."
        ) {
            a throws(Raised) in
            let n = a[0].items?.count ?? 0
            let wanted = try a.int(1)
            let at = min(max(wanted < 0 ? wanted &+ n : wanted, 0), n)
            a[0].append(.none)
            let items = a[0].cast(ListObject.self).pointee.items
            memmove(items + at + 1, items + at, (n - at) * MemoryLayout<Value>.stride)
            items[at] = a[2].retain()
            return .none
        },
        Builtin(
            "pop", [.receiver("list"), P("i", "int", .optional("-1"))],
            "Takes out an item, the last by default."
        ) {
            a throws(Raised) in
            let n = a[0].items?.count ?? 0
            let wanted = try a.int(1, or: -1)
            let at = wanted < 0 ? wanted &+ n : wanted
            guard at >= 0, at < n else {
                throw Raised(
                    .index,
                    n == 0
                        ? "pop() from an empty list" : "index \(wanted) is outside a list of \(n)")
            }
            return a.machine.removeListItem(a[0], at)
        },
        Builtin(
            "remove", [.receiver("list"), P("x", "any")], "Takes out the first item that equals x."
        ) {
            a throws(Raised) in
            for (i, item) in (a[0].items ?? .empty).enumerated() {
                if try valuesEqual(item, a[1]) {
                    a.machine.removeListItem(a[0], i).release()
                    return .none
                }
            }
            throw Raised(.value, "\(a.machine.representation(of: a[1])) is not in the list")
        },
        Builtin("clear", [.receiver("list")], "Takes out all items.") { a throws(Raised) in
            let list = a[0].cast(ListObject.self)
            let n = list.pointee.count
            list.pointee.count = 0
            for i in 0..<n { list.pointee.items[i].release() }
            return .none
        },
        Builtin("copy", [.receiver("list")], "A new list of the same items.") { a throws(Raised) in
            .list((a[0].items ?? .empty).map { $0.retain() })
        },
        Builtin("reverse", [.receiver("list")], "Turns the list's order around.") {
            a throws(Raised) in
            let list = a[0].cast(ListObject.self)
            var items = UnsafeMutableBufferPointer(
                start: list.pointee.items, count: list.pointee.count)
            items.reverse()
            return .none
        },
        Builtin(
            "sort",
            [
                .receiver("list"), P("key", "function", .named("None")),
                P("reverse", "bool", .named("False")),
            ],
            "Puts the items in order; equal ones keep theirs."
        ) { a throws(Raised) in
            let sorted = try sortedList(a, items: 0, key: 1, reverse: 2)
            defer { sorted.release() }
            let list = a[0].cast(ListObject.self)
            let other = sorted.cast(ListObject.self)
            guard list.pointee.count == other.pointee.count else {
                throw Raised.changedDuringIteration("list")
            }
            swap(&list.pointee.items, &other.pointee.items)
            swap(&list.pointee.capacity, &other.pointee.capacity)
            return .none
        },
    ]

private func entries(_ v: Value) -> [(key: Value, value: Value)] { v.dictItems ?? [] }

private let dictMethods: [Builtin] = [
    Builtin(
        "get", [.receiver("dict"), P("key", "any"), P("default", "any", .optional("None"))],
        "The key's value, or the default."
    ) { a throws(Raised) in
        let at = try a[0].tableFind(a[1])
        if at >= 0 { return a[0].cast(TableObject.self).pointee.entries[at].value.retain() }
        return a[2].isUnset ? .none : a[2].retain()
    },
    Builtin("keys", [.receiver("dict")], "The keys, as a list.") { a throws(Raised) in
        .list(entries(a[0]).map { $0.key.retain() })
    },
    Builtin("values", [.receiver("dict")], "The values, as a list.") { a throws(Raised) in
        .list(entries(a[0]).map { $0.value.retain() })
    },
    Builtin("items", [.receiver("dict")], "Pairs of key and value, as a list.") {
        a throws(Raised) in
        .list(entries(a[0]).map { .tuple([$0.key.retain(), $0.value.retain()]) })
    },
    Builtin(
        "pop", [.receiver("dict"), P("key", "any"), P("default", "any", .optional("error"))],
        "Takes out a key and gives its value."
    ) { a throws(Raised) in
        if let value = try a[0].tableRemove(a[1]) { return value }
        if !a[2].isUnset { return a[2].retain() }
        throw Raised(.key, "the dict has no key \(a.machine.representation(of: a[1]))")
    },
    Builtin(
        "setdefault", [.receiver("dict"), P("key", "any"), P("default", "any", .optional("None"))],
        "The key's value, which is set to the default first if it is missing."
    ) { a throws(Raised) in
        let at = try a[0].tableFind(a[1])
        if at >= 0 { return a[0].cast(TableObject.self).pointee.entries[at].value.retain() }
        let value = a[2].isUnset ? Value.none : a[2]
        try a[0].tableSet(a[1], value)
        return value.retain()
    },
    Builtin(
        "update",
        [.receiver("dict"), P("other", "dict", .optional("{}")), P("named", "any", .keywords)],
        "Sets the keys of another dict, and named ones."
    ) { a throws(Raised) in
        if a.has(1) { try a.machine.merge(a[1], into: a[0], mode: 0) }
        try a.machine.merge(a[2], into: a[0], mode: 0)
        return .none
    },
    Builtin("copy", [.receiver("dict")], "A new dict of the same items.") { a throws(Raised) in
        let v = Value.dict()
        try a.machine.merge(a[0], into: v, mode: 0)
        return v
    },
    Builtin("clear", [.receiver("dict")], "Takes out all items.") { a throws(Raised) in
        a[0].tableClear()
        return .none
    },
]

private let setMethods: [Builtin] = [
    Builtin("add", [.receiver("set"), P("x", "any")], "Adds an item.") { a throws(Raised) in
        try a[0].tableSet(a[1], .none)
        return .none
    },
    Builtin("discard", [.receiver("set"), P("x", "any")], "Takes out an item if it is there.") {
        a throws(Raised) in
        _ = try a[0].tableRemove(a[1])
        return .none
    },
    Builtin("remove", [.receiver("set"), P("x", "any")], "Takes out an item.") { a throws(Raised) in
        guard try a[0].tableRemove(a[1]) != nil else {
            throw Raised(.key, "\(a.machine.representation(of: a[1])) is not in the set")
        }
        return .none
    },
    Builtin("union", [.receiver("set"), P("items", "iterable")], "The items of either.") {
        a throws(Raised) in
        let v = Value.set()
        try a.machine.merge(a[0], into: v, mode: 1)
        try a.machine.merge(a[1], into: v, mode: 1)
        return v
    },
]
