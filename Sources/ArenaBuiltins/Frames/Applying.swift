// Functions of a script over rows, columns and cells. The function is called once for each, in
// order; what it returns becomes a column, or a frame where it returns dicts.

import ArenaCore
import ArenaFrame
import ArenaLanguage

/// Values that a function has returned, released when done with.
private final class Results {
    var values: [Value] = []
    deinit { for value in values { value.release() } }
}

/// Below this many calls the copies that other cores need cost more than they bring.
private let fewCalls = 512

/// Functions that act on the world outside: calls of them keep their order, on one core.
private let actingFunctions: Set<String> = [
    "classifier", "copy", "log", "mkdir", "open", "os", "remove", "rename", "submit", "unzip",
    "write_bytes", "write_csv", "write_lines", "write_text",
]

/// The results of a function for each number below `count`, on all cores where that gives what a loop
/// would give.
private func called(
    _ f: Value, _ count: Int, _ machine: Machine,
    _ arguments: @escaping @Sendable () -> (Int) -> Value
) throws(Raised) -> Results {
    let results = Results()
    if count >= fewCalls,
        let all = try machine.callOnAllCores(
            f, count: count, refusing: actingFunctions, arguments: arguments)
    {
        results.values = all
        return results
    }
    results.values.reserveCapacity(count)
    let argument = arguments()
    for i in 0..<count {
        let value = argument(i)
        defer { value.release() }
        results.values.append(try machine.call(f, [value]))
    }
    return results
}

/// The results of a function for each row of a frame: a column, or a frame if they are dicts, or lists
/// that are to be expanded.
func applied(
    _ f: Value, toRowsOf frame: Frame, expanding: Bool = false, _ machine: Machine
) throws(Raised) -> Value {
    let results = try called(f, frame.rowCount, machine) {
        let source = RowSource(frame)
        return { .host(RowValue(source, $0)) }
    }
    if expanding, let first = results.values.first, first.items != nil {
        return value(try ArenaBuiltins.frame(ofLists: results.values, key: frame.key))
    }
    return try gathered(results, key: frame.key, rows: frame.rowCount, name: "result")
}

/// Whether a function's result is true for each row of a frame.
func truths(_ f: Value, ofRowsOf frame: Frame, _ machine: Machine) throws(Raised) -> [Bool] {
    try called(f, frame.rowCount, machine) {
        let source = RowSource(frame)
        return { .host(RowValue(source, $0)) }
    }.values.map(\.isTrue)
}

/// The results of a function for each cell of a column.
func applied(_ f: Value, to series: Series, _ machine: Machine) throws(Raised) -> Value {
    let column = series.column
    let results = try called(f, series.count, machine) { { cell(column, $0) } }
    return try gathered(results, key: series.key, rows: series.count, name: series.name)
}

/// The results of a function for each of some frames or columns, which are taken over.
func applied(
    _ f: Value, toEach arguments: [Value], key: FrameKey?, name: String, _ machine: Machine
) throws(Raised) -> Value {
    let owned = Results()
    owned.values = arguments
    let results = Results()
    for argument in arguments { results.values.append(try machine.call(f, [argument])) }
    return try gathered(results, key: key, rows: arguments.count, name: name)
}

private func gathered(
    _ results: Results, key: FrameKey?, rows: Int, name: String
) throws(Raised) -> Value {
    if let first = results.values.first(where: { !$0.isNone }), first.isDict {
        return value(try frame(ofDicts: results.values, key: key))
    }
    let column = try column(ofItems: results.values, named: name)
    return value(
        try framing { () throws(FrameError) in try Series(name: name, column: column, key: key) })
}

/// A frame with a row for each dict and a column for each key, in the order in which they appear;
/// None in place of a dict leaves the row missing.
func frame(ofDicts dicts: [Value], key: FrameKey?) throws(Raised) -> Frame {
    var names: [Value] = []
    var columns: [[Value]] = []
    for (row, dict) in dicts.enumerated() {
        if dict.isNone { continue }
        guard let entries = dict.dictItems else {
            throw Raised(
                .type,
                "the function returned a dict for one row and a \(dict.typeName) for row \(row)",
                help: "return a dict with the same keys every time")
        }
        for (place, (name, cell)) in entries.enumerated() {
            guard name.isText else {
                throw Raised(
                    .type,
                    "the keys of a returned dict are names of columns, not a \(name.typeName)")
            }
            var at = place
            if at >= names.count || !isSame(names[at], name) {
                at = names.firstIndex { isSame($0, name) } ?? names.count
            }
            if at == names.count {
                names.append(name)
                columns.append([])
                columns[at].reserveCapacity(dicts.count)
            }
            while columns[at].count < row { columns[at].append(.none) }
            columns[at].append(cell)
        }
    }
    var made: [Column] = []
    for at in names.indices {
        while columns[at].count < dicts.count { columns[at].append(.none) }
        made.append(try column(ofItems: columns[at], named: names[at].asString ?? ""))
    }
    let texts = names.map { $0.asString ?? "" }
    return try framing { () throws(FrameError) in
        try Frame(names: texts, columns: made, key: key)
    }
}

/// A frame with a row for each list, the columns named by their numbers.
private func frame(ofLists lists: [Value], key: FrameKey?) throws(Raised) -> Frame {
    let width = lists.first?.items?.count ?? 0
    for (row, list) in lists.enumerated() where list.items?.count != width {
        throw Raised(
            .value,
            "the function returned \(width) values for the first row and \(list.items.map { "\($0.count)" } ?? list.typeWithArticle) for row \(row)",
            help: "return a list of the same length every time")
    }
    var columns: [Column] = []
    for at in 0..<width {
        columns.append(
            try column(ofItems: lists.map { $0.items?[at] ?? .none }, named: "\(at)"))
    }
    return try framing { () throws(FrameError) in
        try Frame(names: (0..<width).map { "\($0)" }, columns: columns, key: key)
    }
}

private func isSame(_ a: Value, _ b: Value) -> Bool {
    a.identity == b.identity || a.utf8.elementsEqual(b.utf8)
}

/// Each value looked up in a dict; a value that is not there becomes missing.
func mapped(_ series: Series, through dict: Value) throws(Raised) -> Value {
    // Looked up once for each different value, not once a row.
    let (codes, classes) = try framing { () throws(FrameError) in try series.encoded() }
    var found: [Value] = []
    for at in 0..<classes.count {
        let key = cell(classes, at)
        defer { key.release() }
        found.append(try dict.entry(key) ?? .none)
    }
    let values = codes.map { $0 < 0 ? Value.none : found[Int($0)] }
    let column = try column(ofItems: values, named: series.name)
    return value(
        try framing { () throws(FrameError) in
            try Series(name: series.name, column: column, key: series.key)
        })
}

/// Whether a script can call the value.
func isCallable(_ v: Value) -> Bool {
    v.typeName == "function" || v.typeName == "builtin function"
        || v.asHost?.callSignature != nil
}
