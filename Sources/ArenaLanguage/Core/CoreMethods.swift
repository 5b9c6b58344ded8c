// Methods of lists, tuples and dicts. Text and sets have their own files.

import ArenaCore
import Glibc

private typealias P = BuiltinParameter

/// The methods of the language's own types.
let coreMethods: [(ObjectKind, [Builtin])] = [
    (.string, stringMethods), (.list, listMethods), (.tuple, sequenceMethods("tuple")),
    (.dict, dictMethods), (.set, setMethods), (.bytes, bytesMethods), (.builtin, functionMethods),
]

private func sequenceMethods(_ type: String) -> [Builtin] {
    [
        Builtin(
            "count", [.receiver(type), P("x", "any")], "How many items equal x.",
            examples: [Example("print(\(type)([1, 2, 1]).count(1))", prints: "2\n")]
        ) { a throws(Raised) in
            var n = 0
            for item in a[0].items ?? .empty {
                if try itemsEqual(item, a[1]) { n += 1 }
            }
            return .int(n)
        },
        Builtin(
            "index",
            [
                .receiver(type), P("x", "any"), P("start", "int", .optional("None")),
                P("end", "int", .optional("None")),
            ],
            "The place of the first item that equals x, from start up to end.",
            examples: [Example("print(\(type)([4, 5, 4]).index(4, 1))", prints: "2\n")]
        ) { a throws(Raised) in
            let items = a[0].items ?? .empty
            func bound(_ i: Int, _ missing: Int) throws(Raised) -> Int {
                guard a.has(i) else { return missing }
                let n = try a.int(i)
                return min(n < 0 ? max(n &+ items.count, 0) : n, items.count)
            }
            let (start, end) = (try bound(2, 0), try bound(3, items.count))
            for i in start..<max(start, end) {
                if try itemsEqual(items[i], a[1]) { return .int(i) }
            }
            throw Raised(.value, "\(a.machine.representation(of: a[1])) is not in the \(type)")
        },
    ]
}

private let listMethods: [Builtin] =
    sequenceMethods("list") + [
        Builtin(
            "append", [.receiver("list"), P("x", "any")], "Adds an item at the end.",
            examples: [Example("xs = [1]\nxs.append(2)\nprint(xs)", prints: "[1, 2]\n")]
        ) {
            a throws(Raised) in
            a[0].append(a[1].retain())
            return .none
        },
        Builtin(
            "extend", [.receiver("list"), P("items", "iterable")], "Adds items at the end.",
            examples: [Example("xs = [1]\nxs.extend((2, 3))\nprint(xs)", prints: "[1, 2, 3]\n")]
        ) {
            a throws(Raised) in
            try a.machine.extend(a[0], a[1])
            return .none
        },
        Builtin(
            "insert", [.receiver("list"), P("i", "int"), P("x", "any")],
            "Puts an item before place i.",
            examples: [Example("xs = [1, 3]\nxs.insert(1, 2)\nprint(xs)", prints: "[1, 2, 3]\n")]
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
            "Takes out an item, the last by default.",
            examples: [Example("xs = [1, 2]\nprint(xs.pop(), xs)", prints: "2 [1]\n")]
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
            "remove", [.receiver("list"), P("x", "any")], "Takes out the first item that equals x.",
            examples: [Example("xs = [1, 2, 1]\nxs.remove(1)\nprint(xs)", prints: "[2, 1]\n")]
        ) {
            a throws(Raised) in
            for (i, item) in (a[0].items ?? .empty).enumerated() {
                if try itemsEqual(item, a[1]) {
                    a.machine.removeListItem(a[0], i).release()
                    return .none
                }
            }
            throw Raised(.value, "\(a.machine.representation(of: a[1])) is not in the list")
        },
        Builtin(
            "clear", [.receiver("list")], "Takes out all items.",
            examples: [Example("xs = [1]\nxs.clear()\nprint(xs)", prints: "[]\n")]
        ) { a throws(Raised) in
            let list = a[0].cast(ListObject.self)
            let n = list.pointee.count
            list.pointee.count = 0
            for i in 0..<n { list.pointee.items[i].release() }
            return .none
        },
        Builtin(
            "copy", [.receiver("list")], "A new list of the same items.",
            examples: [
                Example("xs = [1]\nys = xs.copy()\nys.append(2)\nprint(xs)", prints: "[1]\n")
            ]
        ) { a throws(Raised) in
            .list((a[0].items ?? .empty).map { $0.retain() })
        },
        Builtin(
            "reverse", [.receiver("list")], "Turns the list's order around.",
            examples: [Example("xs = [1, 2]\nxs.reverse()\nprint(xs)", prints: "[2, 1]\n")]
        ) {
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
            "Puts the items in order; equal ones keep theirs.",
            examples: [Example("xs = [2, 1]\nxs.sort()\nprint(xs)", prints: "[1, 2]\n")]
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
        "The key's value, or the default.",
        examples: [Example("print({\"a\": 1}.get(\"b\", 0))", prints: "0\n")]
    ) { a throws(Raised) in
        let at = try a[0].tableFind(a[1])
        if at >= 0 { return a[0].cast(TableObject.self).pointee.entries[at].value.retain() }
        return a[2].isUnset ? .none : a[2].retain()
    },
    Builtin(
        "keys", [.receiver("dict")], "The keys, as a list.",
        examples: [Example("print({\"a\": 1}.keys())", prints: "['a']\n")]
    ) { a throws(Raised) in
        .list(entries(a[0]).map { $0.key.retain() })
    },
    Builtin(
        "values", [.receiver("dict")], "The values, as a list.",
        examples: [Example("print({\"a\": 1}.values())", prints: "[1]\n")]
    ) { a throws(Raised) in
        .list(entries(a[0]).map { $0.value.retain() })
    },
    Builtin(
        "items", [.receiver("dict")], "Pairs of key and value, as a list.",
        examples: [Example("print({\"a\": 1}.items())", prints: "[('a', 1)]\n")]
    ) {
        a throws(Raised) in
        let t = a[0].cast(TableObject.self)
        let list = Value.list(capacity: t.pointee.count)
        for i in 0..<t.pointee.used where !t.pointee.entries[i].key.isUnset {
            let entry = t.pointee.entries + i
            list.append(.pair(entry.pointee.key.retain(), entry.pointee.value.retain()))
        }
        return list
    },
    Builtin(
        "pop", [.receiver("dict"), P("key", "any"), P("default", "any", .optional("error"))],
        "Takes out a key and gives its value.",
        examples: [Example("d = {\"a\": 1}\nprint(d.pop(\"a\"), d)", prints: "1 {}\n")]
    ) { a throws(Raised) in
        if let value = try a[0].tableRemove(a[1]) { return value }
        if !a[2].isUnset { return a[2].retain() }
        throw Raised(.key, "the dict has no key \(a.machine.representation(of: a[1]))")
    },
    Builtin(
        "setdefault", [.receiver("dict"), P("key", "any"), P("default", "any", .optional("None"))],
        "The key's value, which is set to the default first if it is missing.",
        examples: [
            Example("d = {}\nd.setdefault(\"a\", []).append(1)\nprint(d)", prints: "{'a': [1]}\n")
        ]
    ) { a throws(Raised) in
        let at = try a[0].tableFind(a[1])
        if at >= 0 { return a[0].cast(TableObject.self).pointee.entries[at].value.retain() }
        let value = a[2].isUnset ? Value.none : a[2]
        try a[0].tableSet(a[1], value)
        return value.retain()
    },
    Builtin(
        "update",
        [
            .receiver("dict"), P("other", "dict or pairs", .optional("{}")),
            P("named", "any", .keywords),
        ],
        "Sets the keys of another dict or of pairs, and named ones.",
        examples: [Example("d = {\"a\": 1}\nd.update(b=2)\nprint(d)", prints: "{'a': 1, 'b': 2}\n")]
    ) { a throws(Raised) in
        if !a[1].isUnset { try a.machine.setItems(of: a[1], into: a[0]) }
        try a.machine.merge(a[2], into: a[0], mode: 0)
        return .none
    },
    Builtin(
        "popitem", [.receiver("dict")], "Takes out the pair of key and value that came last.",
        examples: [Example("d = {\"a\": 1, \"b\": 2}\nprint(d.popitem())", prints: "('b', 2)\n")]
    ) {
        a throws(Raised) in
        let t = a[0].cast(TableObject.self)
        var i = t.pointee.used - 1
        while i >= 0, t.pointee.entries[i].key.isUnset { i -= 1 }
        guard i >= 0 else { throw Raised(.key, "popitem() from an empty dict") }
        let key = t.pointee.entries[i].key.retain()
        return .tuple([key, try a[0].tableRemove(key) ?? .none])
    },
    Builtin(
        "copy", [.receiver("dict")], "A new dict of the same items.",
        examples: [Example("d = {\"a\": 1}\nprint(d.copy() == d)", prints: "True\n")]
    ) { a throws(Raised) in
        let v = Value.dict()
        try a.machine.merge(a[0], into: v, mode: 0)
        return v
    },
    Builtin(
        "clear", [.receiver("dict")], "Takes out all items.",
        examples: [Example("d = {\"a\": 1}\nd.clear()\nprint(d)", prints: "{}\n")]
    ) { a throws(Raised) in
        a[0].tableClear()
        return .none
    },
]
