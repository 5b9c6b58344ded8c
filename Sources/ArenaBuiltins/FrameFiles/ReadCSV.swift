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
        P(
            "quotechar", "str", .named("(found)"),
            "what encloses cells: \" or '; None if nothing does"),
        P("header", "0 or None", .named("0"), "None if the first row does not name the columns"),
        P("names", "list of str", .named("None"), "names instead of those in the file"),
        P(
            "skiprows", "int or list of int", .named("0"),
            "so many lines at the start, or the rows of these numbers, are not looked at; the file's first is 0"
        ),
        P(
            "usecols", "list of str or int", .named("None"),
            "the columns that are wanted, by name or by number from 0"),
        P(
            "dtype", "dict or str", .named("None"),
            "types by column, or the type of all: \"string\", \"int64\", \"float64\" ..."),
        P("nrows", "int", .named("None"), "the first so many rows"),
        P("escapechar", "str", .named("None"), "makes the character behind it text"),
        P("skipinitialspace", "bool", .named("False"), "whether spaces before a cell are left out"),
        P("comment", "str", .named("None"), "what lines begin with that are no rows"),
        P(
            "on_bad_lines", "str", .named("\"error\""),
            "rows that do not fit: \"error\", \"skip\", or \"repair\" as they must have been meant"),
        P("encoding", "str", .named("\"utf-8\""), "also \"latin-1\", \"cp1252\", \"utf-16\""),
        P(
            "na_values", "value, list or dict", .named("None"),
            "texts that stand for a missing cell in every column, or by columns"),
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
        Example(
            """
            write_text(".build/example.csv", "'id','n'\\n'a, b',?\\n'c',7\\n")
            df = read_csv(".build/example.csv", na_values=["?"], usecols=[0, 1])
            print(list(df["id"]), list(df["n"]))
            """, prints: "['a, b', 'c'] [None, 7]\n"),
        Example(
            """
            write_text(".build/bad.csv", "a,b\\n1,2\\n3\\n4,5,6\\n")
            df = read_csv(".build/bad.csv", on_bad_lines="repair")
            print(list(df["a"]), list(df["b"]))
            """, prints: "[1, 3, 4] ['2', None, '5,6']\n"),
    ]
) { a throws(Raised) in
    let (paths, key) = (try a.paths(0), try a.key(1, or: 2))
    let options = try csvOptions(a)
    let result = try framing { () throws(FrameError) in
        try readCSV(paths: paths, key: key, options: options)
    }
    for note in result.notes { a.machine.note("read_csv: \(note)") }
    for misfit in result.misfits { a.machine.note("read_csv: \(misfit.sentence)") }
    guard let rehearsal = a.rehearsal else { return value(result.frame) }
    return try framing { () throws(FrameError) in
        value(try rehearsal.enlarged(result.frame, readFrom: paths))
    }
}

private func csvOptions(_ a: Arguments) throws(Raised) -> CSVOptions {
    var options = CSVOptions()
    options.delimiter = nil
    if a.has(3) {
        let text = try a.string(3)
        if text.utf8.count > 1, !text.utf8.contains(where: { $0 == 10 || $0 == 13 }) {
            options.separator = text
        } else {
            options.delimiter = try singleByte(a, 3, "sep")
        }
    }
    if a.has(4) {
        options.quote = try singleByte(a, 4, "quotechar")
    } else if a[4].isNone {
        options.quote = nil
    } else {
        options.findsQuote = true
    }
    if a[5].isNone {
        options.header = false
    } else if a.has(5), a[5].asInt != 0 {
        throw Raised(
            .value, "read_csv(): header= is 0 or None, not \(a.machine.representation(of: a[5]))",
            help: "skiprows= leaves out lines before the header")
    }
    if a.has(6) { options.names = try a.strings(6, "read_csv", "names") }
    if a.has(7), a[7].asInt == nil {
        options.skippedRows = Set(try a.ints(7))
    } else {
        options.skippedLines = max(0, try a.int(7, or: 0))
    }
    if a.has(8) { try takeColumns(a, 8, &options) }
    if a.has(9), a[9].dictItems == nil {
        options.typeOfOthers = try a.columnType(a[9])
    } else {
        options.types = try a.columnTypes(9)
    }
    options.rowLimit = try a.limit(10)
    if a.has(11) { options.escape = try singleByte(a, 11, "escapechar") }
    options.skipsInitialSpace = try a.bool(12, or: false)
    if a.has(13) { options.comment = try singleByte(a, 13, "comment") }
    let known = CSVBadLines.allCases.map(\.rawValue)
    options.badLines = CSVBadLines(rawValue: try a.word(14, known, or: "error")) ?? .error
    if a.has(15) {
        let name = try a.string(15)
        guard let encoding = TextEncoding(name: name) else {
            throw Raised(
                .value, "read_csv() does not know the encoding '\(name)'",
                help: suggestion(for: name, among: TextEncoding.allCases.map(\.rawValue)))
        }
        options.encoding = encoding
    }
    if let byColumn = a[16].dictItems {
        for (name, words) in byColumn {
            guard let name = name.asString else {
                throw Raised(
                    .type, "read_csv(): na_values= has column names, not \(name.typeWithArticle)")
            }
            options.missingWordsByColumn[name] = try missingWords(words, a.machine)
        }
    } else if a.has(16) {
        options.missingWords = try missingWords(a[16], a.machine)
    }
    return options
}

/// `usecols=`: columns by name or by place.
private func takeColumns(
    _ a: Arguments, _ i: Int, _ options: inout CSVOptions
) throws(Raised) {
    let list = try a.iterable(i)
    defer { list.release() }
    var names: [String] = []
    var places: [Int] = []
    for item in list.items ?? .init(start: nil, count: 0) {
        if let name = item.asString {
            names.append(name)
        } else if let place = item.asInt {
            places.append(place)
        } else {
            throw Raised(
                .type,
                "read_csv(): usecols is a list of names or numbers; \(item.typeWithArticle) is in it"
            )
        }
    }
    options.columns = names
    if !places.isEmpty { options.columnPlaces = places }
}

/// A text or number, or several, that stand for a missing cell.
private func missingWords(_ v: Value, _ machine: Machine) throws(Raised) -> Set<String> {
    if let text = v.asString { return [text] }
    if v.asDouble != nil { return [machine.representation(of: v)] }
    let list = try machine.materialise(v)
    defer { list.release() }
    var words: Set<String> = []
    for item in list.items ?? .init(start: nil, count: 0) {
        guard item.isText || item.asDouble != nil else {
            throw Raised(
                .type,
                "read_csv(): na_values= are texts or numbers; \(item.typeWithArticle) is in it")
        }
        words.insert(item.asString ?? machine.representation(of: item))
    }
    return words
}

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
    "Writes a frame as CSV, whole or not at all; packed where the name ends in .gz.",
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
    style.delimiter = path.hasSuffix(".tsv") || path.hasSuffix(".tsv.gz") ? 9 : 44
    if a.has(2) { style.delimiter = try singleByte(a, 2, "sep") }
    style.digits = try a.digits(3)
    if a.has(4) { style.header = a[4].asBool ?? true }
    if a.has(5) { style.guardsFormulas = a[5].asBool ?? false }
    try framing { () throws(FrameError) in try writeCSV(frame, path: path, style: style) }
    return .none
}
