// Reading and writing CSV files from scripts, with pandas' names for the options.

import ArenaCore
import ArenaFrame
import ArenaLanguage

private typealias P = BuiltinParameter

let readCSVFunction = Builtin(
    "read_csv",
    [
        P("path", "str or list of str", .required, "a file, also .gz or .zip, or several"),
        P("key", "str", .optional("None"), "the column that names the rows; it must be unique"),
        P("index_col", "str", .named("None"), "another name for key="),
        P("sep", "str", .named("(found)"), "what separates cells; .tsv files have tabs"),
        P("quotechar", "str", .named("'\"'"), "what encloses cells; None if nothing does"),
        P("header", "0 or None", .named("0"), "None if the first row does not name the columns"),
        P("names", "list of str", .named("None"), "names instead of those in the file"),
        P("skiprows", "int", .named("0"), "lines at the start that are not looked at"),
        P("usecols", "list of str", .named("None"), "the columns that are wanted"),
        P(
            "dtype", "dict", .named("None"),
            "types by column: \"string\", \"int64\", \"float64\" ..."),
        P("nrows", "int", .named("None"), "the first so many rows"),
    ],
    "Reads CSV files (UTF-8, RFC 4180) into a frame; column types are found over the whole file.",
    examples: [
        Example(
            "df = read_csv(\"Resources/demo/test.csv\", key=\"id\")\nprint(len(df), df.columns)",
            prints: "400 ['prompt', 'response_a', 'response_b']\n"),
        Example(
            """
            write_text(".build/example.tsv", "id\\tzip\\tn\\n1\\t01234\\t5\\n2\\t00501\\t6\\n")
            df = read_csv(".build/example.tsv", usecols=["zip"], dtype={"zip": "string"}, nrows=1)
            print(df.columns, list(df["zip"]))
            """, prints: "['zip'] ['01234']\n"),
    ]
) { a throws(Raised) in
    let paths = a[0].asString == nil ? try a.strings(0, "read_csv", "path") : [try a.string(0)]
    guard !paths.isEmpty else {
        throw Raised(
            .value, "read_csv() was given no files", help: "read_csv(glob(\"data/*.csv\"))")
    }
    if a.has(1), a.has(2) {
        throw Raised(.type, "read_csv(): index_col= is another name for key=; give one of them")
    }
    let key = a.has(1) ? try a.optionalString(1) : try a.optionalString(2)
    let options = try csvOptions(a)
    let result = try framing { () throws(FrameError) in
        try readCSV(paths: paths, key: key, options: options)
    }
    for misfit in result.misfits { a.machine.note("read_csv: \(misfit.sentence)") }
    return value(result.frame)
}

private func csvOptions(_ a: Arguments) throws(Raised) -> CSVOptions {
    var options = CSVOptions()
    options.delimiter = nil
    if a.has(3) { options.delimiter = try singleByte(a, 3, "sep") }
    if a[4].isNone {
        options.quote = nil
    } else if a.has(4) {
        options.quote = try singleByte(a, 4, "quotechar")
    }
    if a[5].isNone {
        options.header = false
    } else if a.has(5), a[5].asInt != 0 {
        throw Raised(
            .value, "read_csv(): header= is 0 or None, not \(a.machine.representation(of: a[5]))",
            help: "skiprows= leaves out lines before the header")
    }
    if a.has(6) { options.names = try a.strings(6, "read_csv", "names") }
    options.skippedLines = max(0, try a.int(7, or: 0))
    if a.has(8) { options.columns = try a.strings(8, "read_csv", "usecols") }
    if a.has(9) {
        guard let items = a[9].dictItems else {
            throw Raised(
                .type, "read_csv(): dtype= is a dict, not a \(a[9].typeName)",
                help: "dtype={\"zip\": \"string\"}")
        }
        for (name, type) in items {
            let given = type.asString ?? a.machine.representation(of: type)
            guard let name = name.asString, let known = columnTypes[given] else {
                throw Raised(
                    .value, "read_csv(): there is no dtype \(given)",
                    help: suggestion(for: given, among: columnTypes.keys.sorted()))
            }
            options.types[name] = known
        }
    }
    if a.has(10) { options.rowLimit = max(0, try a.int(10, or: 0)) }
    return options
}

/// The names of types that a file of text can have.
private let columnTypes: [String: ColumnType] = [
    "bool": .bool, "int64": .int64, "int": .int64, "float64": .float64, "float": .float64,
    "float32": .float32, "string": .string, "str": .string,
]

private func singleByte(_ a: Arguments, _ i: Int, _ name: String) throws(Raised) -> UInt8 {
    let text = try a.string(i)
    guard let byte = text.utf8.first, text.utf8.count == 1, byte != 10, byte != 13 else {
        throw Raised(
            .value,
            "read_csv(): \(name)= is one ASCII character, not "
                + a.machine.representation(of: a[i]), help: "sep=\"\\t\" for tabs")
    }
    return byte
}

extension Arguments {
    /// A list of texts.
    func strings(
        _ i: Int, _ function: String, _ name: String
    ) throws(Raised) -> [String] {
        let list = try iterable(i)
        defer { list.release() }
        var texts: [String] = []
        for item in list.items ?? .init(start: nil, count: 0) {
            guard let text = item.asString else {
                throw Raised(
                    .type, "\(function)(): \(name) is a list of str; a \(item.typeName) is in it")
            }
            texts.append(text)
        }
        return texts
    }
}

let writeCSVFunction = Builtin(
    "write_csv",
    [
        P("frame", "frame"), P("path", "str"),
        P("sep", "str", .named("\",\""), "what separates cells"),
        P(
            "digits", "int", .named("None"),
            "digits behind the point; None: the shortest exact ones"),
        P("header", "bool", .named("True"), "whether the first line names the columns"),
        P(
            "guard_formulas", "bool", .named("False"),
            "put an apostrophe before text that a spreadsheet would run: =, +, -, @"),
    ],
    "Writes a frame as CSV, whole or not at all.",
    examples: [
        Example(
            "write_csv(frame({\"id\": [1], \"p\": [0.25]}, key=\"id\"), \".build/example.csv\")\nprint(read_csv(\".build/example.csv\")[\"p\"][0])",
            prints: "0.25\n"),
        Example(
            """
            write_csv(frame({"t": ["=1+1"], "p": [2 / 3]}), ".build/guarded.csv", digits=3, guard_formulas=True)
            print(read_text(".build/guarded.csv"), end="")
            """, prints: "t,p\n\"'=1+1\",0.667\n"),
    ]
) { a throws(Raised) in
    let frame = try a.frame(0)
    let path = try a.string(1)
    var style = CSVStyle()
    style.delimiter = path.hasSuffix(".tsv") ? 9 : 44
    if a.has(2) { style.delimiter = try singleByte(a, 2, "sep") }
    if a.has(3), !a[3].isNone {
        let digits = try a.int(3, or: 0)
        guard (0...20).contains(digits) else {
            throw Raised(.value, "write_csv(): digits= is 0 to 20, not \(digits)")
        }
        style.digits = digits
    }
    if a.has(4) { style.header = a[4].asBool ?? true }
    if a.has(5) { style.guardsFormulas = a[5].asBool ?? false }
    try framing { () throws(FrameError) in try writeCSV(frame, path: path, style: style) }
    return .none
}
