// What can go wrong with frames, as facts. The words are in FrameError+Report.swift.

import ArenaCore

/// An error about a frame, a column, a key, or a file of them. Rows count from 0.
package enum FrameError: ArenaFault, Equatable {
    // Columns
    case unknownColumn(name: String, known: [String], place: FilePlace?)
    case duplicateColumn(name: String)
    case lengths(column: String, expected: Int, found: Int)
    case columnType(verb: String, column: String, needed: String, found: ColumnType)
    case rowOutOfRange(row: Int, count: Int)

    case operands(op: String, left: String, leftType: String, right: String, rightType: String)
    case overflow(op: String, column: String, row: String)
    case zeroDivision(op: String, column: String, row: String)
    case conversion(column: String, row: String, value: String, type: ColumnType)
    case noValues(verb: String, column: String)
    case argument(verb: String, message: String, help: String?)
    case noFrames(verb: String)

    // Keys
    case noKey(verb: String)
    case keyMissing(key: String, row: Int, count: Int)
    case keyType(key: String, found: ColumnType)
    case keyDuplicate(key: String, value: String, first: Int, second: Int)
    case keyAssigned(key: String)
    case otherRows(column: String, row: Int, expected: String, found: String)
    case mergeDuplicate(
        side: String, on: String, value: String, first: Int, second: Int, validate: String)
    case mergeColumns(left: String, leftType: ColumnType, right: String, rightType: ColumnType)

    // Blends; `frame` counts from 0
    case blendNothing
    case blendNoKey(frame: Int)
    case blendKeys(frame: Int, expected: String, found: String)
    case blendRows(
        frame: Int, key: String, missing: [String], missingCount: Int, strange: [String],
        strangeCount: Int)
    case blendColumns(frame: Int, missing: [String], extra: [String])
    case blendWeights(expected: Int, found: Int)
    case blendWeight(number: Int, weight: Double)
    case blendTotal(Double)

    // CSV files
    case file(FileError)
    case csvEmpty(path: String)
    case csvFormat(path: String, what: ForeignFormat)
    case csvHeaderDuplicate(place: FilePlace, name: String, first: Int, second: Int)
    case csvRagged(place: FilePlace, expected: Int, found: Int)
    case csvUnterminated(place: FilePlace, shown: String)
    case csvAfterQuote(place: FilePlace, column: String, openedLine: Int, shown: String)
    case csvTooManyColumns(place: FilePlace, limit: Int)
    case csvBadText(place: FilePlace, column: String?, what: BadText, shown: String)
    case csvNames(place: FilePlace, expected: Int, found: Int)
    case csvPlace(place: FilePlace, column: Int, count: Int)
    case csvUnfit(place: FilePlace, column: String, wanted: ColumnType, shown: String)
    case csvOtherColumns(path: String, first: String, missing: [String], extra: [String])
    case badArchive(path: String, problem: String)
    case csvKeyMissing(place: FilePlace, key: String, count: Int)
    case csvKeyDuplicate(place: FilePlace, key: String, value: String, firstLine: Int)

    // JSON files
    case json(JSONError)
    case jsonSparse(path: String, rows: Int, columns: Int)
    case jsonRow(place: FilePlace, expected: String, found: String)
    case jsonLines(place: FilePlace)
    case jsonOrient(place: FilePlace, expected: String)

    // NumPy files
    case numpy(path: String, problem: String)

    // SQL
    case sql(SQLFault)
    case sqliteTable(path: String, tables: [String])
    case sqliteExists(path: String, table: String)

    // Cells of turns
    case unreadableTurns(
        column: String, row: String, reading: TurnReading, problem: TurnProblem, character: Int,
        shown: String)
    case readingMissing(TurnReadingReport)

    // Memory
    case outOfMemory(bytes: Int)
    case textTooLong(bytes: Int)

    /// What a file is that was taken for CSV.
    package enum ForeignFormat: String, Sendable {
        case utf16 = "text in UTF-16"
        case gzip = "compressed (gzip)"
        case zip = "a zip archive"
        case parquet = "a Parquet file"
    }

    /// Bytes that no text has.
    package enum BadText: Sendable, Equatable {
        case notUTF8(UInt8)
        case nul
    }
}
