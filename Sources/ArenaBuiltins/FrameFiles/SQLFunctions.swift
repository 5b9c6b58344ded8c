// SQL from scripts: queries over frames, SQLite files read and written.

import ArenaCore
import ArenaFrame
import ArenaLanguage

private typealias P = BuiltinParameter

let sqlFunction = Builtin(
    "sql",
    [
        P("query", "str", .required, "one SELECT in SQLite's SQL"),
        P(
            "params", "list or dict", .named("None"),
            "values for ? by place, or for :name by name"),
        P("key", "str", .named("None"), "the column of the result that names its rows"),
        P("frames", "frame", .keywords),
    ],
    "The result of a query over frames, which are tables by the names they are given.",
    examples: [
        Example(
            """
            test = frame({"id": [1, 2, 3], "p": [0.2, 0.4, 0.6]}, key="id")
            labels = frame({"id": [3, 1], "label": ["b", "a"]})
            df = sql("select id, p, label from test join labels using (id) where p > ? order by id", params=[0.1], test=test, labels=labels)
            print(list(df["id"]), list(df["label"]))
            """, prints: "[1, 3] ['a', 'b']\n"),
        Example(
            """
            f = frame({"g": ["x", "y", "x"], "n": [1, 2, 3]})
            print(list(sql("select g, sum(n) as total from f group by g order by g", f=f)["total"]))
            """, prints: "[4, 2]\n"),
    ]
) { a throws(Raised) in
    var frames: [(name: String, frame: Frame)] = []
    for (name, given) in a[3].dictItems ?? [] {
        guard let frame = (given.asHost as? FrameValue)?.frame else {
            throw Raised(
                .type,
                "sql(): \(name.asString ?? "a table") is a frame, not \(given.typeWithArticle)",
                help: "sql(\"select * from test\", test=df)")
        }
        frames.append((name.asString ?? "", frame))
    }
    let (query, key) = (try a.string(0), try a.optionalString(2))
    let parameters = try parameters(a, 1)
    let result = try polled(a) { (poll) throws(FrameError) in
        try sql(query, frames: frames, parameters: parameters, key: key, poll: poll)
    }
    for note in result.notes { a.machine.note("sql: \(note)") }
    return value(result.frame)
}

let readSQLiteFunction = Builtin(
    "read_sqlite",
    [
        P("path", "str"),
        P("table", "str", .optional("the only one"), "a table or a view of the file"),
        P("query", "str", .named("None"), "one SELECT instead of a table"),
        P(
            "params", "list or dict", .named("None"),
            "values for ? by place, or for :name by name"),
        P("key", "str", .named("None"), "the column that names the rows; it must be unique"),
        P("index_col", "str", .named("None"), "another name for key="),
        P("nrows", "int", .named("None"), "the first so many rows"),
    ],
    "Reads a table or a query's result from an SQLite file, which is not changed.",
    examples: [
        Example(
            """
            write_sqlite(frame({"id": [1, 2], "p": [0.25, 0.5]}, key="id"), ".build/example.db", "scores", if_exists="replace")
            print(read_sqlite(".build/example.db", "scores", key="id").shape)
            print(read_sqlite(".build/example.db", query="select sum(p) as s from scores")["s"][0])
            """, prints: "(2, 1)\n0.75\n")
    ]
) { a throws(Raised) in
    let (path, table) = (try a.string(0), try a.optionalString(1))
    let (query, parameters) = (try a.optionalString(2), try parameters(a, 3))
    let (key, limit) = (try a.key(4, or: 5), try a.limit(6))
    if table != nil, query != nil {
        throw Raised(.type, "read_sqlite(): give table= or query=, not both")
    }
    let result = try polled(a) { (poll) throws(FrameError) in
        try readSQLite(
            path: FileAccount.place(of: path), table: table, query: query, parameters: parameters,
            key: key,
            rowLimit: limit, poll: poll)
    }
    for note in result.notes { a.machine.note("read_sqlite: \(note)") }
    return value(result.frame)
}

let writeSQLiteFunction = Builtin(
    "write_sqlite",
    [
        P("frame", "frame"), P("path", "str"), P("table", "str"),
        P(
            "if_exists", "str", .named("\"fail\""),
            "where the table is there already: \"fail\", \"replace\" or \"append\""),
    ],
    "Writes a frame as a table of an SQLite file, whole or not at all; the key is its primary key.",
    examples: [
        Example(
            """
            write_sqlite(frame({"t": ["a"]}), ".build/written.db", "texts", if_exists="replace")
            print(read_sqlite(".build/written.db", "texts")["t"][0])
            """, prints: "a\n")
    ]
) { a throws(Raised) in
    let (frame, path, table) = (try a.frame(0), try a.string(1), try a.string(2))
    let word = try a.word(3, SQLiteExisting.allCases.map(\.rawValue), or: "fail")
    let copy = FileAccount.copyForChange(path)
    if copy == nil { try a.leaveOutInRehearsal() }
    try framing { () throws(FrameError) in
        try writeSQLite(
            frame, path: copy ?? path, table: table,
            existing: SQLiteExisting(rawValue: word) ?? .fail)
    }
    return .none
}

/// The values for a query's parameters: a list by place, a dict by name.
private func parameters(_ a: Arguments, _ i: Int) throws(Raised) -> [SQLParameter] {
    guard a.has(i) else { return [] }
    func single(_ v: Value) throws(Raised) -> Scalar {
        guard let scalar = scalar(v) else {
            throw Raised(
                .type,
                "\(a.builtin.name)(): a parameter is a single value, not \(v.typeWithArticle)")
        }
        return scalar
    }
    var parameters: [SQLParameter] = []
    if let items = a[i].dictItems {
        for (name, value) in items {
            parameters.append(SQLParameter(name: name.asString ?? "", try single(value)))
        }
        return parameters
    }
    let list = try a.iterable(i)
    defer { list.release() }
    for item in list.items ?? .init(start: nil, count: 0) {
        parameters.append(SQLParameter(try single(item)))
    }
    return parameters
}

/// Runs a query that a user may stop.
private func polled<T>(
    _ a: Arguments, _ body: (@escaping SQLPoll) throws(FrameError) -> T
) throws(Raised) -> T {
    var stop: Raised?
    do throws(FrameError) {
        return try body {
            do throws(Raised) { try a.machine.answerStops() } catch { stop = error }
            return stop != nil
        }
    } catch {
        throw stop ?? Raised(error)
    }
}
