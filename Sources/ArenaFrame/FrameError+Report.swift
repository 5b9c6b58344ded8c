// The facts of a FrameError in words: what, where, and what to do about it.

import ArenaCore

extension FrameError {
    /// The error in words.
    package var report: FaultReport {
        switch self {
        case .unknownColumn(let name, let known, let place):
            return FaultReport(
                .key, "there is no column '\(name)'", place: place,
                help: suggestion(for: name, among: known))
        case .duplicateColumn(let name):
            return FaultReport(
                .value, "there would be two columns '\(name)'",
                help: "give one of them another name")
        case .lengths(let column, let expected, let found):
            return FaultReport(
                .value, "column '\(column)' has \(count(found, "row")), the frame has \(expected)",
                help: "columns of a frame have one length: was the column made from other rows?")
        case .columnType(let verb, let column, let needed, let found):
            return FaultReport(
                .type, "\(verb) needs \(needed), '\(column)' is \(found.rawValue)",
                help: ["'&'", "'|'", "'^'"].contains(verb)
                    ? "put each comparison in parentheses: (df[\"a\"] > 0) & (df[\"b\"] < 2)"
                    : "leave the column out with select, or convert it first")
        case .rowOutOfRange(let row, let count):
            return FaultReport(
                .index, "there is no row \(row): the frame has \(self.count(count, "row"))",
                help: count == 0 ? "the frame is empty" : "rows count from 0 to \(count - 1)")
        case .operands(let op, let left, let leftType, let right, let rightType):
            return FaultReport(
                .type,
                "'\(op)' does not work between \(left) (\(leftType)) and \(right) (\(rightType))",
                help:
                    "convert one of them: df[\"\(left)\"].astype(\"\(rightType == "str" ? "string" : "float64")\")"
            )
        case .overflow(let op, let column, let row):
            return FaultReport(
                .overflow, "'\(op)' on column '\(column)' does not fit into int64 in \(row)",
                help: "compute with floats: .astype(\"float64\")")
        case .zeroDivision(let op, let column, let row):
            return FaultReport(
                .zeroDivision, "'\(op)' on column '\(column)' divides by 0 in \(row)",
                help: "'/' gives inf there; or replace the zeros first")
        case .conversion(let column, let row, let value, let type):
            return FaultReport(
                .value, "column '\(column)', \(row): \(value) is no \(type.rawValue)",
                help: "fill or drop such rows first, or convert to another type")
        case .noValues(let verb, let column):
            return FaultReport(
                .value, "\(verb) has no value to work on in column '\(column)'",
                help: "are all its rows missing?")
        case .argument(let verb, let message, let help):
            return FaultReport(.value, "\(verb): \(message)", help: help)
        case .noFrames(let verb):
            return FaultReport(
                .value, "\(verb) was given nothing", help: "\(verb)([a, b])")
        case .noKey, .keyMissing, .keyType, .keyDuplicate, .keyAssigned, .otherRows,
            .mergeDuplicate, .mergeColumns:
            return keyReport
        case .blendNothing, .blendNoKey, .blendKeys, .blendRows, .blendColumns, .blendWeights,
            .blendWeight, .blendTotal:
            return blendReport
        case .file(let error): return error.report
        case .csvEmpty, .csvFormat, .csvHeaderDuplicate, .csvRagged, .csvUnterminated,
            .csvAfterQuote, .csvTooManyColumns, .csvBadText, .csvKeyMissing, .csvKeyDuplicate:
            return csvReport
        case .csvNames(let place, let expected, let found):
            return FaultReport(
                .value,
                "names= has \(count(found, "name")), the first row has \(count(expected, "cell"))",
                place: place, help: "give a name for every column, or usecols= afterwards")
        case .csvPlace(let place, let column, let count):
            return FaultReport(
                .index, "there is no column \(column): the file has \(self.count(count, "column"))",
                place: place, help: "columns count from 0")
        case .csvUnfit(let place, let column, let wanted, let shown):
            return FaultReport(
                .value, "a cell of '\(column)' is not \(wanted.rawValue): \(shown)", place: place,
                help: "dtype={\"\(column)\": \"string\"} keeps it as text")
        case .csvOtherColumns(let path, let first, let missing, let extra):
            var parts: [String] = []
            if !missing.isEmpty { parts.append("lacks \(quoted(missing))") }
            if !extra.isEmpty { parts.append("has \(quoted(extra)) besides") }
            return FaultReport(
                .value,
                "the file has other columns than \(first): it "
                    + parts.joined(separator: " and "), place: FilePlace(path),
                help: "read them one by one, or usecols= with the columns that all have")
        case .badArchive(let path, let problem):
            return FaultReport(
                .value, "the archive cannot be read: \(problem)", place: FilePlace(path),
                help: "is the file cut off? Fetch it again, or unpack it first")
        case .json(let error): return error.report
        case .jsonSparse(let path, let rows, let columns):
            return FaultReport(
                .value,
                "the table would have \(count(rows, "row")) of \(count(columns, "column")), far more cells than the file has values",
                place: FilePlace(path),
                help:
                    "are the keys of its objects data? orient= says how the file is laid out; usecols= takes a few"
            )
        case .jsonRow(let place, let expected, let found):
            return FaultReport(
                .value, "a row is \(found) where others are \(expected)", place: place,
                help: "the rows of a table are all objects, or all arrays")
        case .jsonLines(let place):
            return FaultReport(
                .value, "not valid JSON: more text follows the value", place: place,
                help: "lines=True reads a file with one JSON value a line")
        case .jsonOrient(let place, let expected):
            return FaultReport(
                .value, "the JSON text is of another shape: expected \(expected)", place: place,
                help: "leave orient= out to have it found")
        case .numpy(let path, let problem):
            return FaultReport(
                .value, "the NumPy file cannot be read: \(problem)", place: FilePlace(path),
                help: "np.save(path, a.astype(\"float64\")) writes numbers, astype(str) text")
        case .sql(let fault): return fault.report
        case .sqliteTable(let path, let tables):
            return FaultReport(
                .value,
                tables.isEmpty
                    ? "the SQLite file has no tables"
                    : "the SQLite file has \(count(tables.count, "table")): \(quoted(tables))",
                place: FilePlace(path), help: "say which: table=\"\(tables.first ?? "name")\"")
        case .sqliteExists(let path, let table):
            return FaultReport(
                .value, "there is a table '\(table)' already", place: FilePlace(path),
                help: "if_exists=\"replace\" or \"append\"")
        case .unreadableTurns(
            let column, let row, let reading, let problem, let character, let shown):
            return FaultReport(
                .value,
                "column '\(column)', \(row): not readable as \(reading.rawValue) turns: "
                    + "\(problem.words) at character \(character): \(shown)",
                help: reading.remedy(for: problem))
        case .readingMissing(let report):
            return FaultReport(
                .type, "turns needs read=: \(report.sentence)", help: TurnReadingReport.help)
        case .outOfMemory(let bytes):
            return FaultReport(
                .memory, "no memory for another \(bytes) bytes of text",
                help: "read fewer columns or rows at a time")
        case .textTooLong(let bytes):
            return FaultReport(
                .value, "a text of \(bytes) bytes is longer than 4 GiB", help: "split the cell")
        }
    }

    private var keyReport: FaultReport {
        switch self {
        case .noKey(let verb):
            return FaultReport(
                .value, "\(verb) needs a frame with a key",
                help: "read it with read_csv(..., key=\"id\")")
        case .keyMissing(let key, let row, let count):
            return FaultReport(
                .value, "the key '\(key)' is missing in row \(row)" + others(count),
                help: "every row needs a key: drop such rows, or use another column")
        case .keyType(let key, let found):
            return FaultReport(
                .type, "the key '\(key)' is \(found.rawValue)",
                help: "a key is a column of whole numbers or of text")
        case .keyDuplicate(let key, let value, let first, let second):
            return FaultReport(
                .value, "the key '\(key)' has \(value) twice, in rows \(first) and \(second)",
                help: "a key names one row: drop the duplicates, or use another column")
        case .keyAssigned(let key):
            return FaultReport(
                .value, "'\(key)' is the frame's key and cannot be assigned or swapped",
                help: "give the new column another name")
        case .otherRows(let column, let row, let expected, let found):
            return FaultReport(
                .value,
                "'\(column)' is of other rows: row \(row) has the key \(found), the frame's is \(expected)",
                help: "bring both to one order first, for instance by sorting both by key")
        case .mergeDuplicate(
            let side, let on, let value, let first, let second, let validate):
            return FaultReport(
                .value,
                "merge: validate=\"\(validate)\", but the \(side) frame has \(value) twice in '\(on)', in rows \(first) and \(second)",
                help: "drop the duplicates first, or leave validate= out")
        case .mergeColumns(let left, let leftType, let right, let rightType):
            return FaultReport(
                .type,
                "merge: '\(left)' is \(leftType.rawValue) in the left frame, '\(right)' is \(rightType.rawValue) in the right",
                help: "convert one of them with astype")
        default: return FaultReport(.runtime, "an error about a key")
        }
    }

    private var blendReport: FaultReport {
        switch self {
        case .blendNothing:
            return FaultReport(.value, "blend was given no frames", help: "blend([p, q])")
        case .blendNoKey(let frame):
            return FaultReport(
                .value, "frame \(frame + 1) of the blend has no key",
                help: "frames are joined by key: read it with read_csv(..., key=\"id\")")
        case .blendKeys(let frame, let expected, let found):
            return FaultReport(
                .value,
                "frame \(frame + 1) of the blend has the key \(found), the first has \(expected)",
                help: "give both the same key: rename it, or read it as the same type")
        case .blendRows(
            let frame, let key, let missing, let missingCount, let strange, let strangeCount):
            var parts: [String] = []
            if missingCount > 0 {
                parts.append(
                    "lacks \(count(missingCount, "row")) of the first (\(key) \(list(missing, of: missingCount)))"
                )
            }
            if strangeCount > 0 {
                parts.append(
                    "has \(count(strangeCount, "row")) that the first lacks (\(key) \(list(strange, of: strangeCount)))"
                )
            }
            return FaultReport(
                .value, "frame \(frame + 1) of the blend " + parts.joined(separator: " and "),
                help:
                    "a blend averages predictions of the same rows: predict all frames on the same data"
            )
        case .blendColumns(let frame, let missing, let extra):
            var parts: [String] = []
            if !missing.isEmpty { parts.append("lacks \(quoted(missing))") }
            if !extra.isEmpty { parts.append("has \(quoted(extra)) besides") }
            return FaultReport(
                .value,
                "frame \(frame + 1) of the blend has other columns than the first: it "
                    + parts.joined(separator: " and "),
                help: renamingHelp(missing, extra))
        case .blendWeights(let expected, let found):
            return FaultReport(
                .value, "\(count(found, "weight")) for \(count(expected, "frame"))",
                help: "give one weight for each frame, in the same order")
        case .blendWeight(let number, let weight):
            return FaultReport(
                .value, "weight \(number + 1) of the blend is \(weight)",
                help: "weights are finite numbers")
        case .blendTotal(let total):
            return FaultReport(
                .value, "the weights of the blend add up to \(total)",
                help: "their sum must be above 0; they are divided by it")
        default: return FaultReport(.runtime, "an error in a blend")
        }
    }

    private var csvReport: FaultReport {
        switch self {
        case .csvEmpty(let path):
            return FaultReport(
                .value, "the file is empty", place: FilePlace(path),
                help: "a CSV file begins with a line of column names")
        case .csvFormat(let path, let what):
            let help: String
            switch what {
            case .utf16: help = "encoding=\"utf-16\" reads it"
            case .gzip, .zip: help = "unpack it first"
            case .parquet: help = "write it as CSV first"
            }
            return FaultReport(
                .value, "the file is \(what.rawValue), not CSV", place: FilePlace(path), help: help)
        case .csvHeaderDuplicate(let place, let name, let first, let second):
            return FaultReport(
                .value, "columns \(first) and \(second) of the header are both '\(name)'",
                place: place,
                help: "give one of them another name in the file")
        case .csvRagged(let place, let expected, let found):
            return FaultReport(
                .value, "the row has \(count(found, "cell")), the header has \(expected)",
                place: place,
                help: found > expected
                    ? "a cell with a comma in it must be quoted; or the header lacks a name; on_bad_lines=\"repair\" mends such rows"
                    : "is the file cut off, or a line broken in a cell that is not quoted? on_bad_lines=\"repair\" fills such rows up"
            )
        case .csvUnterminated(let place, let shown):
            return FaultReport(
                .value, "the quoted cell that opens here is never closed: \(shown)", place: place,
                help: "is the file cut off? A quote inside a quoted cell is written twice")
        case .csvAfterQuote(let place, let column, let openedLine, let shown):
            return FaultReport(
                .value,
                "text after the closing quote of a cell of '\(column)' that opens in line "
                    + "\(openedLine): \(shown)",
                place: place,
                help:
                    "a quote inside a quoted cell is written twice (\"\"); or is an earlier one left open?"
            )
        case .csvTooManyColumns(let place, let limit):
            return FaultReport(
                .value, "the header has more than \(limit) columns", place: place,
                help: "is the file CSV, with line ends and a comma between cells?")
        case .csvBadText(let place, let column, let what, let shown):
            let cell = column.map { "a cell of '\($0)'" } ?? "the text"
            switch what {
            case .nul:
                return FaultReport(
                    .value, "a NUL byte in \(cell): \(shown)", place: place,
                    help:
                        "no text holds NUL bytes: was the file cut off while written, or is it not text?"
                )
            case .notUTF8(let byte):
                return FaultReport(
                    .value, "\(cell) is not UTF-8 (byte 0x\(hex(byte))): \(shown)",
                    place: place,
                    help: "say how it was written: encoding=\"latin-1\" or \"cp1252\"")
            }
        case .csvKeyMissing(let place, let key, let count):
            return FaultReport(
                .value, "the key '\(key)' is missing" + others(count), place: place,
                help: "every row needs a key: complete it, or use another column")
        case .csvKeyDuplicate(let place, let key, let value, let firstLine):
            return FaultReport(
                .value, "the key '\(key)' has \(value) twice, first in line \(firstLine)",
                place: place,
                help: "a key names one row: drop the duplicates, or use another column")
        default: return FaultReport(.runtime, "an error in a CSV file")
        }
    }

    private func others(_ count: Int) -> String { count > 1 ? " and \(count - 1) more" : "" }

    private func count(_ n: Int, _ noun: String) -> String { "\(n) \(noun)" + (n == 1 ? "" : "s") }

    private func list(_ examples: [String], of count: Int) -> String {
        examples.joined(separator: ", ") + (count > examples.count ? ", ..." : "")
    }

    private func quoted(_ names: [String]) -> String {
        names.prefix(6).map { "'\($0)'" }.joined(separator: ", ")
            + (names.count > 6 ? " and \(names.count - 6) more" : "")
    }

    private func renamingHelp(_ missing: [String], _ extra: [String]) -> String {
        if let name = missing.first, let near = nearestName(to: name, in: extra) {
            return "is '\(near)' meant to be '\(name)'? rename({\"\(near)\": \"\(name)\"})"
        }
        return "select or rename until both have the same columns"
    }

    private func hex(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }
}

extension SQLFault {
    /// The fault in words, with the part of the query that it is about.
    var report: FaultReport {
        var text = "SQL: \(message)"
        var unknown: String?
        for kind in ["column", "table"] where message.hasPrefix("no such \(kind): ") {
            // A name may come with that of its table.
            let name = message.dropFirst("no such : ".count + kind.count)
            unknown = String(name.split(separator: ".").last ?? name)
            text = "SQL: there is no \(kind) '\(name)'"
        }
        var offset = offset
        if offset == nil, let unknown, let query { offset = Self.find(unknown, in: query) }
        if let offset, let query {
            let bytes = Array(query.utf8)
            bytes.withUnsafeBytes { raw in
                let (line, column) = lineAndColumn(of: offset, in: raw)
                let rest = UnsafeRawBufferPointer(rebasing: raw[min(offset, raw.count)...])
                let row = bytes.contains(lineFeed) ? "line \(line), " : ""
                text += ", \(row)column \(column) of the query: \(excerpt(rest, limit: 32))"
            }
        }
        return FaultReport(
            message.hasPrefix("interrupted") ? .interrupted : .value, text,
            place: path.map { FilePlace($0) }, help: help(unknown))
    }

    private func help(_ unknown: String?) -> String? {
        if let unknown { return suggestion(for: unknown, among: known) }
        if message.contains("not authorized") {
            return "a query reads: SELECT and nothing else"
        }
        if message.contains("is not a database") {
            return "is it an SQLite file? read_csv and read_json read others"
        }
        if message.contains("not UTF-8") {
            return "take it as text: query=\"select hex(name) as name ...\""
        }
        if message.contains("duplicate column") {
            return "SQL takes A and a for one name: rename one"
        }
        if message.hasPrefix("more than one") { return "run them one by one" }
        if message.contains("malformed") { return "the file is damaged: fetch it again" }
        return "SQLite's SQL: https://www.sqlite.org/lang.html"
    }

    /// Where a name stands in a query as a word of its own.
    private static func find(_ name: String, in query: String) -> Int? {
        let (text, name) = (Array(query.utf8), Array(name.utf8))
        func isWord(_ at: Int) -> Bool {
            guard text.indices.contains(at) else { return false }
            let c = text[at]
            return c == 95 || c >= 128 || (48...57).contains(c) || (97...122).contains(c | 0x20)
        }
        guard !name.isEmpty, text.count >= name.count else { return nil }
        return (0...text.count - name.count).first { at in
            text[at..<at + name.count].elementsEqual(name) && !isWord(at - 1)
                && !isWord(at + name.count)
        }
    }
}
