// `counter(items)`: how often each item occurs, as Python's collections.Counter. It counts in a dict's
// table of its own, which no script can reach.

import ArenaCore

private typealias P = BuiltinParameter

/// A multiset in a script.
final class CounterValue: HostObject {
    /// A dict from items to counts, owned.
    private(set) var table: Value
    private weak var machine: Machine?

    init(_ machine: Machine?) {
        table = .dict()
        self.machine = machine
    }

    deinit { table.release() }

    func giveUpValues() -> [Value] {
        defer { table = .none }
        return [table]
    }

    func forWorker() -> (any HostObject)? {
        guard let copy = table.separateCopy() else { return nil }
        let other = CounterValue(nil)
        other.table.release()
        other.table = copy
        return other
    }

    static let hostType = HostType(
        "counter", summary: "How often each item occurs.", methods: counterMethods)
    var type: HostType { Self.hostType }
    var count: Int? { table.cast(TableObject.self).pointee.count }

    /// The entries in their order, borrowed.
    var entries: [(key: Value, value: Value)] { table.dictItems ?? [] }

    func countOf(_ key: Value) throws(Raised) -> Value {
        let at = try table.tableFind(key)
        return at < 0 ? .int(0) : table.cast(TableObject.self).pointee.entries[at].value
    }

    /// Counts are numbers, so they need no owner.
    func set(_ key: Value, _ value: Value) throws(Raised) {
        guard value.isNumber else {
            throw Raised(.type, "a count is a number, not \(value.typeWithArticle)")
        }
        try table.tableSet(key, value)
    }

    @inline(__always)
    func add(_ key: Value, _ n: Value, _ sign: Int = 1) throws(Raised) {
        let at = try table.tableFind(key)
        guard at >= 0 else { return try set(key, try sum(.int(0), n, sign)) }
        let entry = table.cast(TableObject.self).pointee.entries + at
        entry.pointee.value = try sum(entry.pointee.value, n, sign)
    }

    /// Adds (or takes away) the items of an iterable, or the counts of a dict or another counter.
    func update(_ items: Value, _ machine: Machine, sign: Int = 1) throws(Raised) {
        if let counts = (items.asHost as? CounterValue)?.entries ?? items.dictItems {
            for (key, n) in counts { try add(key, n, sign) }
            return
        }
        let list = try machine.materialise(items)
        defer { list.release() }
        let one = Value.int(sign)
        for item in list.items ?? .empty {
            let at = try table.tableFind(item)
            if at >= 0 {
                let entry = table.cast(TableObject.self).pointee.entries + at
                // A count of items in memory does not overflow, but one that a script has set may.
                if entry.pointee.value.isInt, entry.pointee.value.i < Int.max >> 1,
                    entry.pointee.value.i > Int.min >> 1
                {
                    entry.pointee.value = .int(entry.pointee.value.i + sign)
                } else {
                    entry.pointee.value = try sum(entry.pointee.value, one, 1)
                }
            } else {
                try table.tableSet(item, one)
            }
        }
    }

    func copy() throws(Raised) -> CounterValue {
        let result = CounterValue(machine)
        for (key, n) in entries { try result.set(key, n) }
        return result
    }

    /// Items from the most to the least frequent; equals as they came.
    func ranked() throws(Raised) -> [(key: Value, value: Value)] {
        let all = entries
        if all.allSatisfy({ $0.value.isInt }) {
            let order = all.indices.sorted {
                all[$0].value.i > all[$1].value.i
                    || all[$0].value.i == all[$1].value.i && $0 < $1
            }
            return order.map { all[$0] }
        }
        let order = all.indices.sorted {
            let (x, y) = (all[$0].value.asDouble ?? 0, all[$1].value.asDouble ?? 0)
            return x > y || x == y && $0 < $1
        }
        return order.map { all[$0] }
    }

    // MARK: - What scripts do with it

    func item(_ key: Value) throws(Raised) -> Value { try countOf(key) }
    func setItem(_ key: Value, _ value: Value) throws(Raised) { try set(key, value) }
    func contains(_ value: Value) throws(Raised) -> Bool { try table.tableFind(value) >= 0 }
    func iterate() throws(Raised) -> Value? { .list(entries.map { $0.key.retain() }) }

    func isEqual(_ other: any HostObject) -> Bool {
        guard let other = other as? CounterValue else { return false }
        func covers(_ a: CounterValue, _ b: CounterValue) -> Bool {
            a.entries.allSatisfy { key, n in
                (try? valuesEqual(n, b.countOf(key))) ?? false
            }
        }
        return covers(self, other) && covers(other, self)
    }

    func binary(_ op: String, _ other: Value, reversed: Bool) throws(Raised) -> Value? {
        guard let other = other.asHost as? CounterValue, ["+", "-", "&", "|"].contains(op) else {
            return nil
        }
        let (a, b) = reversed ? (other, self) : (self, other)
        let result = CounterValue(machine)
        func keep(_ key: Value, _ n: Value) throws(Raised) {
            if n.asDouble ?? 0 > 0 { try result.set(key, n) }
        }
        for (key, n) in a.entries {
            let m = try b.countOf(key)
            let less = try compareOrder(n, m, .less) < 0
            switch op {
            case "+": try keep(key, try sum(n, m, 1))
            case "-": try keep(key, try sum(n, m, -1))
            case "&": try keep(key, less ? n : m)
            default: try keep(key, less ? m : n)
            }
        }
        if op != "&" {
            for (key, m) in b.entries where try a.table.tableFind(key) < 0 {
                try keep(key, op == "-" ? try sum(.int(0), m, -1) : m)
            }
        }
        return .host(result)
    }

    var representation: String {
        guard let machine, let ranked = try? ranked(), !ranked.isEmpty else { return "Counter()" }
        let parts = ranked.map {
            "\(machine.representation(of: $0.key)): \(machine.representation(of: $0.value))"
        }
        return "Counter({\(parts.joined(separator: ", "))})"
    }
}

/// a + sign * b of two counts.
private func sum(_ a: Value, _ b: Value, _ sign: Int) throws(Raised) -> Value {
    if let x = a.asInt, let y = b.asInt ?? b.asBool.map({ $0 ? 1 : 0 }) {
        let (r, o) = sign > 0 ? x.addingReportingOverflow(y) : x.subtractingReportingOverflow(y)
        if o { throw Raised(.overflow, "a count does not fit in 64 bits") }
        return .int(r)
    }
    guard let x = a.asDouble, let y = b.asDouble else {
        throw Raised(.type, "a count is a number, not \(b.typeWithArticle)")
    }
    return .float(x + Double(sign) * y)
}

private func counting(_ name: String) -> Builtin {
    Builtin(
        name,
        [P("items", "iterable or dict", .optional("[]")), P("named", "int", .keywords)],
        "How often each item occurs; a missing item counts 0.",
        examples: [
            Example(
                "c = \(name)(\"banana\")\nprint(c[\"a\"], c[\"x\"], c.most_common(2))",
                prints: "3 0 [('a', 3), ('n', 2)]\n")
        ]
    ) { a throws(Raised) in
        let result = CounterValue(a.machine)
        if a.has(0) { try result.update(a[0], a.machine) }
        if a[1].isKind(.dict) { try result.update(a[1], a.machine) }
        return .host(result)
    }
}

let counterFunction = counting("counter")
/// The name that Python has for it.
let counterClassFunction = counting("Counter")

/// The type, for help and documentation.
package let counterType = CounterValue.hostType

private func method(
    _ name: String, _ parameters: [BuiltinParameter], _ summary: String,
    _ example: String, _ output: String,
    _ body: @escaping @Sendable (CounterValue, Arguments) throws(Raised) -> Value
) -> Builtin {
    Builtin(
        name, [.receiver("counter")] + parameters, summary,
        examples: [Example("c = counter(\"aab\")\n\(example)", prints: output + "\n")]
    ) { a throws(Raised) in try body(try a.host(0, CounterValue.self, "counter"), a) }
}

private let counterMethods: [Builtin] = [
    method("copy", [], "Another counter with the same counts.", "print(c.copy() == c)", "True") {
        (c, a) throws(Raised) in .host(try c.copy())
    },
    method(
        "elements", [], "Each item as often as it counts.", "print(c.elements())",
        "['a', 'a', 'b']"
    ) { (c, a) throws(Raised) in
        var total = 0
        for (_, n) in c.entries {
            guard let n = n.asInt else {
                throw Raised(.type, "elements() wants whole counts, not \(n.typeWithArticle)")
            }
            total = total.addingReportingOverflow(max(0, n)).partialValue
            if total < 0 || total > 1 << 27 || n > 1 << 27 {
                throw Raised(.memory, "elements() of more than \(1 << 27) items is too large")
            }
        }
        let list = Value.list(capacity: total)
        for (key, n) in c.entries { for _ in 0..<max(0, n.i) { list.append(key.retain()) } }
        return list
    },
    method(
        "get", [P("item", "any"), P("default", "any", .optional("None"))],
        "An item's count, or the default if it never came.", "print(c.get(\"x\", 9))", "9"
    ) { (c, a) throws(Raised) in
        if try c.contains(a[1]) { return try c.countOf(a[1]) }
        return a[2].isUnset ? .none : a[2].retain()
    },
    method(
        "items", [], "Pairs of an item and its count.", "print(c.items())", "[('a', 2), ('b', 1)]"
    ) { (c, a) throws(Raised) in .list(c.entries.map { .tuple([$0.key.retain(), $0.value]) }) },
    method("keys", [], "The items.", "print(c.keys())", "['a', 'b']") { (c, a) throws(Raised) in
        .list(c.entries.map { $0.key.retain() })
    },
    method(
        "most_common", [P("n", "int", .optional("None"))],
        "Pairs of an item and its count, the most frequent first; equals as they came.",
        "print(c.most_common(1))", "[('a', 2)]"
    ) { (c, a) throws(Raised) in
        let ranked = try c.ranked()
        let n = a.has(1) ? max(0, try a.int(1)) : ranked.count
        return .list(ranked.prefix(n).map { .tuple([$0.key.retain(), $0.value]) })
    },
    method(
        "pop", [P("item", "any"), P("default", "any", .optional("(an error)"))],
        "Takes an item out and gives its count.", "print(c.pop(\"a\"), \"a\" in c)", "2 False"
    ) { (c, a) throws(Raised) in
        if let n = try c.table.tableRemove(a[1]) { return n }
        if !a[2].isUnset { return a[2].retain() }
        throw Raised(.key, "the counter has no item \(a.machine.representation(of: a[1]))")
    },
    method(
        "subtract", [P("items", "iterable or dict")], "Takes items away; counts may fall below 0.",
        "c.subtract(\"abb\")\nprint(c.items())", "[('a', 1), ('b', -1)]"
    ) { (c, a) throws(Raised) in
        let source = try counts(a[1], c)
        defer { source.release() }
        try c.update(source, a.machine, sign: -1)
        return .none
    },
    method("total", [], "The sum of the counts.", "print(c.total())", "3") {
        (c, a) throws(Raised) in
        var total = Value.int(0)
        for (_, n) in c.entries { total = try sum(total, n, 1) }
        return total
    },
    method(
        "update", [P("items", "iterable or dict")], "Adds items.", "c.update(\"bc\")\nprint(c)",
        "Counter({'a': 2, 'b': 2, 'c': 1})"
    ) { (c, a) throws(Raised) in
        let source = try counts(a[1], c)
        defer { source.release() }
        try c.update(source, a.machine)
        return .none
    },
    method("values", [], "The counts.", "print(c.values())", "[2, 1]") { (c, a) throws(Raised) in
        .list(c.entries.map(\.value))
    },
]

/// What to count: the counter's own items are copied first, since they change meanwhile.
private func counts(_ items: Value, _ c: CounterValue) throws(Raised) -> Value {
    (items.asHost as? CounterValue) === c ? .host(try c.copy()) : items.retain()
}
