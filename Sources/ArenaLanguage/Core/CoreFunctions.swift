// The functions that belong to the language itself. Files, frames and models are in ArenaBuiltins.

import ArenaCore
import Glibc

private typealias P = BuiltinParameter

/// The language's own functions.
package let coreFunctions: [Builtin] = [
    absFunction, allFunction, anyFunction, boolFunction, counterFunction, counterClassFunction,
    dictFunction, enumerateFunction,
    filterFunction, floatFunction, intFunction, lenFunction, listFunction, mapFunction, maxFunction,
    minFunction, printFunction, rangeFunction, reprFunction, reversedFunction, roundFunction,
    setFunction, sortedFunction, strFunction, sumFunction, tupleFunction, typeFunction, zipFunction,
]

private let printFunction = Builtin(
    "print",
    [
        P("values", "any", .rest), P("sep", "str", .named("\" \"")),
        P("end", "str", .named("\"\\n\"")),
    ],
    "Writes values to the output, separated by spaces.",
    examples: [Example("print(\"rows\", 3)", prints: "rows 3\n")]
) { a throws(Raised) in
    let separator = a.has(1) ? try a.string(1) : " "
    let end = a.has(2) ? try a.string(2) : "\n"
    a.machine.output(
        (a[0].items ?? .empty).map { a.machine.text(of: $0) }.joined(separator: separator) + end)
    return .none
}

private let lenFunction = Builtin(
    "len", [P("x", "str, list, dict, frame ...")],
    "The number of items: characters of text, rows of a frame.",
    examples: [Example("print(len(\"naïve\"), len([1, 2]))", prints: "5 2\n")]
) { a throws(Raised) in
    let v = a[0]
    if v.isKind(.string) { return .int(scalarCount(v)) }
    if v.isKind(.bytes) { return .int(v.utf8.count) }
    if let items = v.items { return .int(items.count) }
    if v.isKind(.dict) || v.isKind(.set) { return .int(v.cast(TableObject.self).pointee.count) }
    if v.isKind(.range) { return .int(v.cast(RangeObject.self).pointee.count) }
    if let n = v.asHost?.count { return .int(n) }
    throw Raised(.type, "len() does not work on a \(v.typeName)")
}

private let rangeFunction = Builtin(
    "range",
    [
        P("start_or_stop", "int"), P("stop", "int", .optional("None")),
        P("step", "int", .optional("1")),
    ],
    "The integers from start up to, not including, stop.",
    examples: [Example("print(list(range(2, 8, 3)))", prints: "[2, 5]\n")]
) { a throws(Raised) in
    let first = try a.int(0)
    let step = try a.int(2, or: 1)
    if step == 0 { throw Raised(.value, "range()'s step cannot be 0") }
    let (start, stop) = a.has(1) ? (first, try a.int(1)) : (0, first)
    guard RangeObject.count(start, stop, step) <= UInt(Int.max) else {
        throw Raised(.overflow, "range() of more than 2^63 - 1 integers")
    }
    return .range(start, stop, step)
}

private let strFunction = Builtin(
    "str", [P("x", "any", .optional("\"\""))], "The value as text.",
    examples: [Example("print(str(1.5) + \"!\")", prints: "1.5!\n")]
) { a throws(Raised) in
    a[0].isUnset
        ? .string("") : a[0].isKind(.string) ? a[0].retain() : .string(a.machine.text(of: a[0]))
}

private let reprFunction = Builtin(
    "repr", [P("x", "any")], "The value as it would be written in a script.",
    examples: [Example("print(repr(\"a\\n\"))", prints: "'a\\n'\n")]
) { a throws(Raised) in .string(a.machine.representation(of: a[0])) }

private let boolFunction = Builtin(
    "bool", [P("x", "any", .optional("False"))], "Whether the value counts as true.",
    examples: [Example("print(bool([]), bool(2))", prints: "False True\n")]
) { a throws(Raised) in .bool(try a.machine.truth(a[0])) }

private let intFunction = Builtin(
    "int", [P("x", "number or str", .optional("0")), P("base", "int", .optional("10"))],
    "The value as an integer; floats are cut towards zero.",
    examples: [Example("print(int(\"42\"), int(-2.7), int(\"ff\", 16))", prints: "42 -2 255\n")]
) { a throws(Raised) in
    let v = a[0]
    if v.isUnset { return .int(0) }
    if v.isInt || v.isBool { return .int(v.i) }
    if v.isFloat {
        guard let n = Int(exactly: v.d.rounded(.towardZero)) else {
            throw Raised(
                v.d.isFinite ? .overflow : .value, "\(floatText(v.d)) is not a 64-bit integer")
        }
        return .int(n)
    }
    if let text = v.asString {
        let base = try a.int(1, or: 10)
        guard (2...36).contains(base) else {
            throw Raised(.value, "int()'s base is 2 to 36, not \(base)")
        }
        var s = text.trimmingSpace.replacingUnderscores
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where radix == base {
            if s.lowercased().hasPrefix(prefix) { s = String(s.dropFirst(2)) }
        }
        if let n = Int(s, radix: base) { return .int(n) }
        throw Raised(
            .value, "int() cannot read \(a.machine.representation(of: v))",
            help: Double(s) != nil ? "it is a float: int(float(x))" : nil)
    }
    throw Raised(.type, "int() does not work on a \(v.typeName)")
}

private let floatFunction = Builtin(
    "float", [P("x", "number or str", .optional("0.0"))], "The value as a float.",
    examples: [Example("print(float(\"1e3\"), float(2))", prints: "1000.0 2.0\n")]
) { a throws(Raised) in
    if a[0].isUnset { return .float(0) }
    if let x = a[0].asDouble { return .float(x) }
    if let text = a[0].asString {
        let s = text.trimmingSpace.replacingUnderscores
        switch s.lowercased() {
        case "inf", "+inf", "infinity", "+infinity": return .float(.infinity)
        case "-inf", "-infinity": return .float(-.infinity)
        case "nan", "+nan", "-nan": return .float(.nan)
        default: break
        }
        if let x = Double(s), !s.lowercased().contains("x"), !s.lowercased().contains("n") {
            return .float(x)
        }
        throw Raised(.value, "float() cannot read \(a.machine.representation(of: a[0]))")
    }
    throw Raised(.type, "float() does not work on a \(a[0].typeName)")
}

private let listFunction = Builtin(
    "list", [P("items", "iterable", .optional("[]"))], "A new list of the items.",
    examples: [Example("print(list(\"abc\"))", prints: "['a', 'b', 'c']\n")]
) { a throws(Raised) in
    if a[0].isUnset { return .list() }
    let items = try a.iterable(0)
    defer { items.release() }
    return .list((items.items ?? .empty).map { $0.retain() })
}

private let tupleFunction = Builtin(
    "tuple", [P("items", "iterable", .optional("()"))], "A tuple of the items.",
    examples: [Example("print(tuple([1, 2]))", prints: "(1, 2)\n")]
) { a throws(Raised) in
    if a[0].isUnset { return .tuple([]) }
    let items = try a.iterable(0)
    defer { items.release() }
    return .tuple((items.items ?? .empty).map { $0.retain() })
}

private let setFunction = Builtin(
    "set", [P("items", "iterable", .optional("[]"))], "A set of the items, in the order they came.",
    examples: [Example("print(len(set(\"banana\")))", prints: "3\n")]
) { a throws(Raised) in
    let v = Value.set()
    if a[0].isUnset { return v }
    do throws(Raised) { try a.machine.merge(a[0], into: v, mode: 1) } catch {
        v.release()
        throw error
    }
    return v
}

private let dictFunction = Builtin(
    "dict", [P("items", "dict or pairs", .optional("{}")), P("named", "any", .keywords)],
    "A dict from another, from pairs, or from named values.",
    examples: [Example("print(dict([(\"a\", 1)], b=2))", prints: "{'a': 1, 'b': 2}\n")]
) { a throws(Raised) in
    let v = Value.dict()
    do throws(Raised) {
        if a[0].isKind(.dict) {
            try a.machine.merge(a[0], into: v, mode: 0)
        } else if !a[0].isUnset {
            let pairs = try a.iterable(0)
            defer { pairs.release() }
            for pair in pairs.items ?? .empty {
                let two = try a.machine.materialise(pair)
                defer { two.release() }
                guard let items = two.items, items.count == 2 else {
                    throw Raised(.value, "dict() wants pairs of a key and a value")
                }
                try v.tableSet(items[0], items[1])
            }
        }
        try a.machine.merge(a[1], into: v, mode: 0)
    } catch {
        v.release()
        throw error
    }
    return v
}

private let typeFunction = Builtin(
    "type", [P("x", "any")], "The name of the value's type, as text.",
    examples: [Example("print(type(1), type(\"a\"))", prints: "int str\n")]
) { a throws(Raised) in .string(a[0].typeName) }

private let absFunction = Builtin(
    "abs", [P("x", "number")], "The value without its sign.",
    examples: [Example("print(abs(-3), abs(2.5))", prints: "3 2.5\n")]
) { a throws(Raised) in
    if a[0].isFloat { return .float(a[0].d.magnitude) }
    if a[0].isInt || a[0].isBool { return a[0].i < 0 ? try a.machine.negate(a[0]) : .int(a[0].i) }
    throw Raised(.type, "abs() does not work on a \(a[0].typeName)")
}

private let roundFunction = Builtin(
    "round", [P("x", "number"), P("digits", "int", .optional("None"))],
    "Rounded to an integer or to decimal digits; halves go to the even side.",
    examples: [Example("print(round(2.5), round(1.2345, 2))", prints: "2 1.23\n")]
) { a throws(Raised) in
    if a[0].isInt, !a.has(1) { return a[0] }
    let x = try a.double(0)
    guard a.has(1) else {
        guard let n = Int(exactly: x.rounded(.toNearestOrEven)) else {
            throw Raised(.overflow, "\(floatText(x)) is not a 64-bit integer")
        }
        return .int(n)
    }
    let digits = min(max(try a.int(1), -400), 400)
    if a[0].isInt { return .int(try roundedInteger(a[0].i, digits)) }
    if digits > 300 || !x.isFinite || x == 0 { return .float(x) }
    if digits < -308 { return .float(x < 0 ? -0.0 : 0) }
    // The decimal text is correctly rounded, as Python's.
    let scale = digits < 0 ? pow(10, Double(-digits)) : 1
    let text = withVaList([Int32(clamping: max(0, digits)), x / scale]) { arguments in
        var buffer = [CChar](repeating: 0, count: 700)
        let n = vsnprintf(&buffer, buffer.count, "%.*f", arguments)
        return String(decoding: buffer.prefix(Int(n)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
    return .float((Double(text) ?? x / scale) * scale)
}

/// An integer rounded to tens, hundreds ... for negative digits; halves to the even side.
private func roundedInteger(_ n: Int, _ digits: Int) throws(Raised) -> Int {
    if digits >= 0 { return n }
    if digits < -18 { return 0 }
    var unit = 1
    for _ in 0..<(-digits) { unit *= 10 }
    let down = n - floorModulo(n, unit)
    let rest = n &- down
    let half = unit / 2
    let up = rest > half || rest == half && (down / unit) % 2 != 0
    let (result, overflow) = up ? down.addingReportingOverflow(unit) : (down, false)
    if overflow { throw Raised(.overflow, "the rounded value does not fit in 64 bits") }
    return result
}

private let sumFunction = Builtin(
    "sum", [P("items", "iterable"), P("start", "number", .optional("0"))],
    "The items added up, in order.",
    examples: [Example("print(sum([1, 2, 3]), sum([0.5], 1))", prints: "6 1.5\n")]
) { a throws(Raised) in
    let items = try a.iterable(0)
    defer { items.release() }
    var total = a[1].isUnset ? Value.int(0) : a[1].retain()
    for item in items.items ?? .empty {
        if total.isInt, item.isInt {
            let (r, o) = total.i.addingReportingOverflow(item.i)
            if !o { total = .int(r); continue }
        }
        let next = try a.machine.arithmetic(.add, total, item)
        total.release()
        total = next
    }
    return total
}

private let anyFunction = Builtin(
    "any", [P("items", "iterable")], "Whether at least one item is true.",
    examples: [Example("print(any([0, 2]), any([]))", prints: "True False\n")]
) { a throws(Raised) in
    let items = try a.iterable(0)
    defer { items.release() }
    for item in items.items ?? .empty { if try a.machine.truth(item) { return .bool(true) } }
    return .bool(false)
}

private let allFunction = Builtin(
    "all", [P("items", "iterable")], "Whether every item is true.",
    examples: [Example("print(all([1, 0]), all([]))", prints: "False True\n")]
) { a throws(Raised) in
    let items = try a.iterable(0)
    defer { items.release() }
    for item in items.items ?? .empty { if try !a.machine.truth(item) { return .bool(false) } }
    return .bool(true)
}

private let enumerateFunction = Builtin(
    "enumerate", [P("items", "iterable"), P("start", "int", .optional("0"))],
    "Pairs of a running number and an item.",
    examples: [Example("print(enumerate([\"a\", \"b\"]))", prints: "[(0, 'a'), (1, 'b')]\n")]
) { a throws(Raised) in
    let items = try a.iterable(0)
    defer { items.release() }
    let start = try a.int(1, or: 0)
    return .list(
        (items.items ?? .empty).enumerated().map { .tuple([.int(start &+ $0), $1.retain()]) })
}

private let zipFunction = Builtin(
    "zip", [P("lists", "iterables", .rest)],
    "Tuples of the first items, the second items, and so on, as long as the shortest lasts.",
    examples: [Example("print(zip([1, 2], \"ab\"))", prints: "[(1, 'a'), (2, 'b')]\n")]
) { a throws(Raised) in
    var lists: [Value] = []
    defer { for list in lists { list.release() } }
    for v in a[0].items ?? .empty { lists.append(try a.machine.materialise(v)) }
    let count = lists.map { $0.items?.count ?? 0 }.min() ?? 0
    return .list(
        (0..<count).map { i in
            .tuple(lists.map { list in list.items.map { $0[i].retain() } ?? .none })
        })
}

private let mapFunction = Builtin(
    "map", [P("f", "function"), P("items", "iterable")],
    "The results of calling f on each item, as a list.",
    examples: [Example("print(map(lambda x: x * x, [1, 2, 3]))", prints: "[1, 4, 9]\n")]
) { a throws(Raised) in
    let items = try a.iterable(1)
    defer { items.release() }
    let result = Value.list(capacity: items.items?.count ?? 0)
    do throws(Raised) {
        var i = 0
        while let source = items.items, i < source.count {
            result.append(try a.machine.call(a[0], [source[i]]))
            i += 1
        }
    } catch {
        result.release()
        throw error
    }
    return result
}

private let filterFunction = Builtin(
    "filter", [P("f", "function"), P("items", "iterable")],
    "The items for which f gives true, as a list.",
    examples: [Example("print(filter(lambda x: x > 1, [1, 2, 3]))", prints: "[2, 3]\n")]
) { a throws(Raised) in
    let items = try a.iterable(1)
    defer { items.release() }
    let result = Value.list()
    do throws(Raised) {
        var i = 0
        while let source = items.items, i < source.count {
            let item = source[i].retain()
            defer { item.release() }
            let keep = try a.machine.call(a[0], [item])
            defer { keep.release() }
            if try a.machine.truth(keep) { result.append(item.retain()) }
            i += 1
        }
    } catch {
        result.release()
        throw error
    }
    return result
}

private let reversedFunction = Builtin(
    "reversed", [P("items", "iterable")], "The items from the last to the first, as a list.",
    examples: [Example("print(reversed([1, 2, 3]))", prints: "[3, 2, 1]\n")]
) { a throws(Raised) in
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

/// The shared body of `sorted` and `list.sort`.
func sortedList(_ a: Arguments, items index: Int, key: Int, reverse: Int) throws(Raised) -> Value {
    let items = try a.machine.snapshot(a[index])
    defer { for item in items { item.release() } }
    var keys: [Value] = []
    defer { for k in keys { k.release() } }
    if a.has(key) {
        for item in items { keys.append(try a.machine.call(a[key], [item])) }
    } else {
        keys = items.map { $0.retain() }
    }
    let descending = try a.bool(reverse, or: false)
    let order = try mergeSorted(Array(0..<items.count)) { i, j throws(Raised) in
        let c = try compareOrder(keys[i], keys[j], .less)
        return descending ? c > 0 : c < 0
    }
    return .list(order.map { items[$0].retain() })
}

/// A stable merge sort; the order may throw.
private func mergeSorted(
    _ values: [Int], _ before: (Int, Int) throws(Raised) -> Bool
) throws(Raised) -> [Int] {
    var source = values
    var target = values
    var width = 1
    while width < values.count {
        var start = 0
        while start < values.count {
            let middle = min(start + width, values.count)
            let end = min(start + 2 * width, values.count)
            var i = start
            var j = middle
            for k in start..<end {
                if i < middle, j >= end { target[k] = source[i]; i += 1; continue }
                if i >= middle { target[k] = source[j]; j += 1; continue }
                if try before(source[j], source[i]) {
                    target[k] = source[j]
                    j += 1
                } else {
                    target[k] = source[i]
                    i += 1
                }
            }
            start = end
        }
        swap(&source, &target)
        width *= 2
    }
    return source
}

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
            Example("print(\(name)([3, 1, 2]), \(name)(4, 5))", prints: less ? "1 4\n" : "3 5\n")
        ]
    ) { a throws(Raised) in
        let given = a[0].items ?? .empty
        let items = try a.machine.snapshot(given.count == 1 ? given[0] : a[0])
        defer { for item in items { item.release() } }
        var best: Value?
        var bestKey = Value.none
        defer { bestKey.release() }
        for item in items {
            let key = a.has(1) ? try a.machine.call(a[1], [item]) : item.retain()
            if best != nil {
                let order = try compareOrder(key, bestKey, less ? .less : .greater)
                if less ? order >= 0 : order <= 0 {
                    key.release()
                    continue
                }
            }
            bestKey.release()
            bestKey = key
            best = item
        }
        if let best { return best.retain() }
        if !a[2].isUnset { return a[2].retain() }
        throw Raised(.value, "\(name)() of nothing", help: "give default=")
    }
}

extension String {
    /// Without white space at both ends.
    var trimmingSpace: String {
        let s = unicodeScalars
        guard let first = s.firstIndex(where: { !$0.properties.isWhitespace }),
            let last = s.lastIndex(where: { !$0.properties.isWhitespace })
        else { return "" }
        return String(s[first...last])
    }

    /// Digits may be grouped by single underscores, as in scripts.
    fileprivate var replacingUnderscores: String {
        guard contains("_"), !hasPrefix("_"), !hasSuffix("_"), !contains("__") else { return self }
        return String(unicodeScalars.filter { $0 != "_" }.map(Character.init))
    }
}
