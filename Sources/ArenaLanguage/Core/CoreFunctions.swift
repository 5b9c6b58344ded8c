// The functions that belong to the language itself: the table, output, and making containers. Files,
// frames and models are in ArenaBuiltins.

import ArenaCore
import Glibc

private typealias P = BuiltinParameter

/// The language's own functions.
package let coreFunctions: [Builtin] =
    [
        bytesFunction, counterClassFunction, counterFunction, dictFunction, lenFunction,
        listFunction, parallelMapFunction, printFunction, rangeFunction, setFunction, strFunction,
        structFunction, tupleFunction,
    ] + numberFunctions + sequenceFunctions + objectFunctions

private let printFunction = Builtin(
    "print",
    [
        P("values", "any", .rest), P("sep", "str", .named("\" \"")),
        P("end", "str", .named("\"\\n\"")),
    ],
    "Writes values to the output, separated by spaces.",
    examples: [Example("print(\"rows\", 3)", prints: "rows 3\n")]
) { a throws(Raised) in
    let separator = try a.optionalString(1) ?? " "
    let end = try a.optionalString(2) ?? "\n"
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
    throw a.marking(0, Raised(.type, "len() does not work on \(v.typeWithArticle)"))
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
    "str",
    [
        P("x", "any", .optional("\"\"")), P("encoding", "str", .optional("None")),
        P("errors", "str", .optional("\"strict\"")),
    ],
    "The value as text; with an encoding, the text that bytes hold.",
    examples: [Example("print(str(1.5) + \"!\")", prints: "1.5!\n")]
) { a throws(Raised) in
    if a[0].isInt { return .decimal(a[0].i) }
    if a.has(1) || a.has(2) {
        guard a[0].isKind(.bytes) else { throw a.wrongType(0, "bytes") }
        return try decoded(
            a[0].utf8, a.has(1) ? try a.string(1) : "utf-8", a.has(2) ? try a.string(2) : "strict")
    }
    if a[0].isUnset { return .string("") }
    return a[0].isKind(.string) ? a[0].retain() : .string(a.machine.text(of: a[0]))
}

private let bytesFunction = Builtin(
    "bytes",
    [
        P("x", "str, ints or a count", .optional("b\"\"")),
        P("encoding", "str", .optional("\"utf-8\"")),
    ],
    "Bytes from text, from numbers below 256, or that many zeros.",
    examples: [Example("print(bytes(\"é\"), bytes([65, 66]))", prints: "b'\\xc3\\xa9' b'AB'\n")]
) { a throws(Raised) in
    if a[0].isUnset { return .bytes([]) }
    if a[0].isKind(.bytes) { return a[0].retain() }
    if a[0].isKind(.string) {
        return try encodedText(a[0], a.has(1) ? try a.string(1) : "utf-8", "strict")
    }
    if let n = a[0].asIndex {
        if n < 0 { throw Raised(.value, "bytes() of a negative count") }
        if n > Value.textLimit { throw a.tooLong() }
        return .bytes([UInt8](repeating: 0, count: n))
    }
    var out: [UInt8] = []
    try a.machine.forEach(a[0]) { item throws(Raised) in
        guard let n = item.asIndex else {
            throw Raised(.type, "bytes(): the items are ints, not \(item.typeWithArticle)")
        }
        guard let byte = UInt8(exactly: n) else {
            throw Raised(.value, "bytes(): \(n) is not from 0 to 255")
        }
        out.append(byte)
        return true
    }
    return .bytes(out)
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
        if !a[0].isUnset { try a.machine.setItems(of: a[0], into: v) }
        try a.machine.merge(a[1], into: v, mode: 0)
    } catch {
        v.release()
        throw error
    }
    return v
}

extension Machine {
    /// Sets the keys of a dict, or of pairs of a key and a value.
    func setItems(of source: Value, into table: Value) throws(Raised) {
        if source.isKind(.dict) { return try merge(source, into: table, mode: 0) }
        let pairs = try materialise(source)
        defer { pairs.release() }
        for (i, pair) in (pairs.items ?? .empty).enumerated() {
            let two = try materialise(pair)
            defer { two.release() }
            guard let items = two.items, items.count == 2 else {
                throw Raised(
                    .value,
                    "item \(i) is no pair of a key and a value: it has \(two.items?.count ?? 0)")
            }
            try table.tableSet(items[0], items[1])
        }
    }
}
