// The functions over iterables. Those that need only one pass do not copy what they run over.

import ArenaCore

private typealias P = BuiltinParameter

let sequenceFunctions: [Builtin] = [
    allFunction, anyFunction, enumerateFunction, filterFunction, mapFunction, maxFunction,
    minFunction, reversedFunction, sortedFunction, sumFunction, zipFunction,
]

extension Machine {
    /// Shows each item, borrowed, until the body says that it is enough. The body must not run
    /// script code, which could change what is run over.
    func forEach(
        _ v: Value, _ wantsMore: (Value) throws(Raised) -> Bool
    ) throws(Raised) {
        if let items = v.items {
            for item in items { if try !wantsMore(item) { return } }
        } else if v.isKind(.dict) || v.isKind(.set) {
            let t = v.cast(TableObject.self)
            for i in 0..<t.pointee.used where !t.pointee.entries[i].key.isUnset {
                if try !wantsMore(t.pointee.entries[i].key) { return }
            }
        } else if v.isKind(.range) {
            let r = v.cast(RangeObject.self).pointee
            for k in 0..<r.count {
                if try !wantsMore(.int(r.start &+ k &* r.step)) { return }
                if k & 0xFFFF == 0xFFFF, interruptFlag.pointee != 0 { try answerStops() }
            }
        } else {
            let list = try materialise(v)
            defer { list.release() }
            for item in list.items ?? .empty { if try !wantsMore(item) { return } }
        }
    }
}

private let sumFunction = Builtin(
    "sum", [P("items", "iterable"), P("start", "number", .optional("0"))],
    "The items added up, in order.",
    examples: [Example("print(sum([1, 2, 3]), sum([0.5], 1))", prints: "6 1.5\n")]
) { a throws(Raised) in
    if a[1].isKind(.string) || a[1].isKind(.bytes) {
        throw Raised(.type, "sum() does not add text", help: "join it: \"\".join(items)")
    }
    var total = a[1].isUnset ? Value.int(0) : a[1].retain()
    do throws(Raised) {
        try a.machine.forEach(a[0]) { item throws(Raised) in
            if total.isInt, item.isInt {
                let (r, o) = total.i.addingReportingOverflow(item.i)
                if !o { total = .int(r); return true }
            }
            let next = try a.machine.arithmetic(.add, total, item)
            total.release()
            total = next
            return true
        }
    } catch {
        total.release()
        throw error
    }
    return total
}

private let anyFunction = Builtin(
    "any", [P("items", "iterable")], "Whether at least one item is true.",
    examples: [Example("print(any([0, 2]), any([]))", prints: "True False\n")]
) { a throws(Raised) in
    var found = false
    try a.machine.forEach(a[0]) { item throws(Raised) in
        found = try a.machine.truth(item)
        return !found
    }
    return .bool(found)
}

private let allFunction = Builtin(
    "all", [P("items", "iterable")], "Whether every item is true.",
    examples: [Example("print(all([1, 0]), all([]))", prints: "False True\n")]
) { a throws(Raised) in
    var holds = true
    try a.machine.forEach(a[0]) { item throws(Raised) in
        holds = try a.machine.truth(item)
        return holds
    }
    return .bool(holds)
}

private let enumerateFunction = Builtin(
    "enumerate", [P("items", "iterable"), P("start", "int", .optional("0"))],
    "Pairs of a running number and an item, as a list.",
    examples: [Example("print(enumerate([\"a\", \"b\"]))", prints: "[(0, 'a'), (1, 'b')]\n")]
) { a throws(Raised) in
    guard a[1].isUnset || a[1].isInteger || a[1].isBool else { throw a.wrongType(1, "int") }
    var number = a[1].isUnset ? .int(0) : try a.machine.plus(a[1])
    let items = try a.iterable(0)
    defer {
        items.release()
        number.release()
    }
    let result = Value.list(capacity: items.items?.count ?? 0)
    return try a.machine.owned(result) { () throws(Raised) in
        for item in items.items ?? .empty {
            result.append(.pair(number.retain(), item.retain()))
            if number.isInt, number.i < Int.max {
                number = .int(number.i + 1)
                continue
            }
            let next = try a.machine.arithmetic(.add, number, .int(1))
            number.release()
            number = next
        }
    }
}

private let zipFunction = Builtin(
    "zip", [P("lists", "iterables", .rest), P("strict", "bool", .named("False"))],
    "Tuples of the first items, the second items, and so on, as long as the shortest lasts.",
    examples: [
        Example("print(zip([1, 2], \"ab\"))", prints: "[(1, 'a'), (2, 'b')]\n"),
        Example("print(len(zip([1, 2], [3, 4], strict=True)))", prints: "2\n"),
    ]
) { a throws(Raised) in
    var lists: [Value] = []
    defer { for list in lists { list.release() } }
    for v in a[0].items ?? .empty { lists.append(try a.machine.materialise(v)) }
    let counts = lists.map { $0.items?.count ?? 0 }
    let count = counts.min() ?? 0
    if try a.isTrue(1), let longest = counts.max(), longest != count {
        throw Raised(.value, "zip(): the lists have \(count) and \(longest) items")
    }
    let result = Value.list(capacity: count)
    for i in 0..<count {
        let tuple = Value.newTuple(lists.count)
        for (k, list) in lists.enumerated() {
            tupleItems(tuple)[k] = list.cast(ListObject.self).pointee.items[i].retain()
        }
        result.append(tuple)
    }
    return result
}

private let mapFunction = Builtin(
    "map", [P("f", "function"), P("items", "iterable"), P("more", "iterables", .rest)],
    "The results of calling f on each item (of several iterables: on their first items, ...).",
    examples: [
        Example("print(map(lambda x: x * x, [1, 2, 3]))", prints: "[1, 4, 9]\n"),
        Example("print(map(lambda x, y: x + y, [1, 2], [10, 20, 30]))", prints: "[11, 22]\n"),
    ]
) { a throws(Raised) in
    var columns: [[Value]] = []
    defer { for column in columns { for v in column { v.release() } } }
    columns.append(try a.machine.snapshot(a[1]))
    for v in a[2].items ?? .empty { columns.append(try a.machine.snapshot(v)) }
    let count = columns.map(\.count).min() ?? 0
    let result = Value.list(capacity: count)
    return try a.machine.owned(result) { () throws(Raised) in
        for i in 0..<count {
            result.append(try a.machine.call(a[0], columns.map { $0[i] }))
        }
    }
}

private let filterFunction = Builtin(
    "filter", [P("f", "function or None"), P("items", "iterable")],
    "The items for which f gives true (with None: that are true), as a list.",
    examples: [
        Example("print(filter(lambda x: x > 1, [1, 2, 3]))", prints: "[2, 3]\n"),
        Example("print(filter(None, [0, 1, \"\", \"a\"]))", prints: "[1, 'a']\n"),
    ]
) { a throws(Raised) in
    let items = try a.machine.snapshot(a[1])
    defer { for item in items { item.release() } }
    let result = Value.list()
    return try a.machine.owned(result) { () throws(Raised) in
        for item in items {
            let keep = a[0].isNone ? item.retain() : try a.machine.call(a[0], [item])
            defer { keep.release() }
            if try a.machine.truth(keep) { result.append(item.retain()) }
        }
    }
}

private let reversedFunction = Builtin(
    "reversed", [P("items", "sequence")], "The items from the last to the first, as a list.",
    examples: [Example("print(reversed([1, 2, 3]))", prints: "[3, 2, 1]\n")]
) { a throws(Raised) in
    if a[0].isKind(.set) { throw Raised(.type, "a set has no order to reverse") }
    let items = try a.iterable(0)
    defer { items.release() }
    return .list((items.items ?? .empty).reversed().map { $0.retain() })
}

private let sortedFunction = Builtin(
    "sorted",
    [
        P("items", "iterable"), P("key", "function", .named("None")),
        P("reverse", "bool", .named("False")),
    ],
    "The items in order, as a new list; equal ones keep their order.",
    examples: [
        Example("print(sorted([3, 1, 2]))", prints: "[1, 2, 3]\n"),
        Example("print(sorted([\"bb\", \"a\"], key=len, reverse=True))", prints: "['bb', 'a']\n"),
    ]
) { a throws(Raised) in try sortedList(a, items: 0, key: 1, reverse: 2) }

private let minFunction = extreme(
    "min", "The smallest item, or the smallest of the arguments.", less: true)
private let maxFunction = extreme(
    "max", "The largest item, or the largest of the arguments.", less: false)

private func extreme(_ name: String, _ summary: String, less: Bool) -> Builtin {
    Builtin(
        name,
        [
            P("items", "iterable or values", .rest), P("key", "function", .named("None")),
            P("default", "any", .named("None")),
        ],
        summary,
        examples: [
            Example("print(\(name)([3, 1, 2]), \(name)(4, 5))", prints: less ? "1 4\n" : "3 5\n"),
            Example(
                "print(\(name)([\"bb\", \"a\"], key=len), \(name)([], default=0))",
                prints: less ? "a 0\n" : "bb 0\n"),
        ]
    ) { a throws(Raised) in
        let given = a[0].items ?? .empty
        if given.count == 0 { throw Raised(.type, "\(name)() wants at least one argument") }
        let source = given.count == 1 ? given[0] : a[0]
        if given.count > 1, !a[2].isUnset {
            throw Raised(.type, "\(name)() takes default= with one iterable only")
        }
        func wins(_ x: Value, _ y: Value, _ first: Bool) throws(Raised) -> Bool {
            if first { return true }
            return try less ? precedes(x, y) : precedes(y, x)
        }
        var best = Value.unset
        var kept = Value.none
        if a.has(1) {
            let items = try a.machine.snapshot(source)
            defer { for item in items { item.release() } }
            var bestKey = Value.none
            defer { bestKey.release() }
            for item in items {
                let key = try a.machine.call(a[1], [item])
                do throws(Raised) {
                    if try wins(key, bestKey, best.isUnset) {
                        bestKey.release()
                        bestKey = key.retain()
                        best = item
                    }
                    key.release()
                } catch {
                    key.release()
                    throw error
                }
            }
            best.retain()
        } else {
            defer { kept.release() }
            try a.machine.forEach(source) { item throws(Raised) in
                if try wins(item, best, best.isUnset) {
                    // An item made for this pass alone may be gone after it.
                    item.retain()
                    kept.release()
                    kept = item
                    best = item
                }
                return true
            }
            best.retain()
        }
        if !best.isUnset { return best }
        if !a[2].isUnset { return a[2].retain() }
        throw Raised(.value, "\(name)() of nothing", help: "give default=")
    }
}
