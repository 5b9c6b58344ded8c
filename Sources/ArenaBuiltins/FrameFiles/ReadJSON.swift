// Reading and writing JSON files from scripts, with pandas' names for the options.

import ArenaCore
import ArenaFrame
import ArenaLanguage

private typealias P = BuiltinParameter

private let orientNote =
    "how the table lies in the text: \"records\", \"columns\", \"index\", \"split\" or \"values\""

let readJSONFunction = Builtin(
    "read_json",
    [
        P("path", "str or list of str", .required, "a file, also .gz or .zip, or several"),
        P("key", "str", .optional("None"), "the column that names the rows; it must be unique"),
        P("orient", "str", .named("(found)"), orientNote),
        P("lines", "bool", .named("(by the name)"), "one JSON value a line; so are .jsonl files"),
        P("usecols", "list of str", .named("None"), "the columns that are wanted"),
        P(
            "dtype", "dict", .named("None"),
            "types by column: \"string\", \"int64\", \"matrix\" ..."),
        P("nrows", "int", .named("None"), "the first so many rows"),
    ],
    "Reads JSON or JSON lines (RFC 8259) into a frame; column types are found over the whole file.",
    examples: [
        Example(
            """
            write_text(".build/example.jsonl", '{"id": 7, "turns": ["a", null], "p": 0.5}\\n{"id": 8, "p": 1}\\n')
            df = read_json(".build/example.jsonl", key="id")
            print(df.dtypes, list(df["p"]), df["turns"][0])
            """,
            prints: "{'turns': 'list[string]', 'p': 'float64'} [0.5, 1.0] ['a', None]\n"),
        Example(
            """
            write_text(".build/example.json", '[{"v": [1, 2]}, {"v": [0.5, 3]}]')
            print(read_json(".build/example.json", dtype={"v": "matrix"})["v"].dtype)
            """, prints: "matrix\n"),
    ]
) { a throws(Raised) in
    var options = JSONOptions()
    options.orient = try orient(a, 2)
    if a.has(3) { options.lines = try a.bool(3, or: false) }
    if a.has(4) { options.columns = try a.strings(4, "read_json", "usecols") }
    options.types = try a.columnTypes(5)
    options.rowLimit = try a.limit(6)
    let (paths, key) = (try a.paths(0), try a.optionalString(1))
    let result = try framing { () throws(FrameError) in
        try readJSON(paths: paths, key: key, options: options)
    }
    for note in result.notes { a.machine.note("read_json: \(note)") }
    return value(result.frame)
}

private func orient(_ a: Arguments, _ i: Int) throws(Raised) -> JSONOrient? {
    let known = JSONOrient.allCases.map(\.rawValue)
    return a.has(i) ? JSONOrient(rawValue: try a.word(i, known, or: "")) : nil
}

let writeJSONFunction = Builtin(
    "write_json",
    [
        P("frame", "frame"), P("path", "str"),
        P("orient", "str", .named("\"records\""), orientNote),
        P("lines", "bool", .named("(by the name)"), "one row a line; so are .jsonl files"),
        P(
            "digits", "int", .named("None"),
            "digits behind the point; None: the shortest exact ones"),
    ],
    "Writes a frame as JSON, whole or not at all; missing cells, NaN and infinities are null.",
    examples: [
        Example(
            """
            write_json(frame({"id": [1, 2], "p": [0.25, None]}, key="id"), ".build/example.jsonl")
            print(read_text(".build/example.jsonl"), end="")
            """, prints: "{\"id\":1,\"p\":0.25}\n{\"id\":2,\"p\":null}\n")
    ]
) { a throws(Raised) in
    let (frame, path) = (try a.frame(0), try a.string(1))
    var style = JSONStyle()
    style.orient = try orient(a, 2) ?? .records
    style.lines =
        a.has(3)
        ? try a.bool(3, or: false)
        : style.orient == .records && (path.hasSuffix(".jsonl") || path.hasSuffix(".ndjson"))
    if style.lines, style.orient != .records {
        throw Raised(
            .value, "write_json(): lines=True goes with orient=\"records\" alone",
            help: "leave one of them out")
    }
    style.digits = try a.digits(4)
    let notFinite = try framing { () throws(FrameError) in
        try writeJSON(frame, path: path, style: style)
    }
    if notFinite > 0 {
        a.machine.note(
            "write_json: \(notFinite) number\(notFinite == 1 ? "" : "s") that JSON has not (NaN, inf) "
                + "\(notFinite == 1 ? "is" : "are") written as null")
    }
    return .none
}
