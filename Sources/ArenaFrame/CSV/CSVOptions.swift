// What can be said about a CSV file beforehand: its dialect, which columns and rows are wanted, and of
// what type; and what is found out about it.

import ArenaCore

/// How a CSV file is read.
package struct CSVOptions: Sendable {
    /// What separates cells; nil takes a tab for .tsv and otherwise looks at the first lines.
    package var delimiter: UInt8? = UInt8(ascii: ",")
    /// What opens and closes cells; nil if nothing does.
    package var quote: UInt8? = UInt8(ascii: "\"")
    /// Whether the first rows decide on the quote.
    package var findsQuote = false
    /// What separates cells where it is more than one byte.
    package var separator: String?
    /// Makes the byte behind it text; nil: a quote is written twice.
    package var escape: UInt8?
    /// Whether spaces before a cell are no part of it.
    package var skipsInitialSpace = false
    /// What lines that are no rows begin with.
    package var comment: UInt8?
    package var badLines = CSVBadLines.error
    package var encoding = TextEncoding.utf8
    /// Lines at the start that are not looked at.
    package var skippedLines = 0
    /// Rows that are not looked at, by number: the file's first, which may be the header, is 0.
    package var skippedRows: Set<Int> = []
    /// Whether the first row names the columns; if not they are called 0, 1, 2.
    package var header = true
    /// Names instead of those of the file.
    package var names: [String]?
    /// The columns that are wanted, by name and by place; nil in both is all of them.
    package var columns: [String]?
    package var columnPlaces: [Int]?
    /// Types that are not to be inferred.
    package var types: [String: ColumnType] = [:]
    /// The type of all columns that `types` does not name; nil infers them.
    package var typeOfOthers: ColumnType?
    /// Texts besides the usual that stand for a missing cell: in every column, and in single ones.
    package var missingWords: Set<String> = []
    package var missingWordsByColumn: [String: Set<String>] = [:]
    /// The first so many rows; what follows is not looked at.
    package var rowLimit = Int.max

    package init() {}

    /// The type that a column is to have; nil if it is inferred.
    func type(of name: String) -> ColumnType? { types[name] ?? typeOfOthers }

    /// Whether the text has to be made regular before it is read.
    var isIrregular: Bool {
        separator != nil || escape != nil || skipsInitialSpace || comment != nil
            || badLines != .error || !skippedRows.isEmpty
    }

    /// What is still to be done once the text has been made regular.
    var afterRepair: CSVOptions {
        var options = CSVOptions()
        options.header = header
        options.names = names
        options.columns = columns
        options.columnPlaces = columnPlaces
        options.types = types
        options.typeOfOthers = typeOfOthers
        options.missingWords = missingWords
        options.missingWordsByColumn = missingWordsByColumn
        options.rowLimit = rowLimit
        return options
    }
}

/// A frame that was read, and what stood in the way of its types.
package struct CSVResult: Sendable {
    package var frame: Frame
    package var misfits: [CSVMisfit]
    /// How the file was read, where that is not as others are.
    package var notes: [String] = []
}

/// A column that is text because of a few cells.
package struct CSVMisfit: Sendable, Equatable {
    package let column: String
    /// The cells that are no numbers, and those that are.
    package let misfits: Int
    package let numbers: Int
    /// The first of them and where it stands.
    package let shown: String
    package let place: FilePlace

    /// What a script is told.
    package var sentence: String {
        let line = place.line.map { ":\($0)" } ?? ""
        return "column '\(column)' is text: \(misfits) of \(misfits + numbers) cells "
            + "\(misfits == 1 ? "is" : "are") no number, first \(shown) in \(place.path)\(line)"
    }
}

extension CSVReader {
    /// Tells of a text column most of whose cells are numbers.
    func misfit(_ column: Column, _ at: Int, _ names: [String], dataStart: Int) -> CSVMisfit? {
        guard case .string(let texts) = column.storage else { return nil }
        var numbers = 0
        var misfits = 0
        var first = 0
        for row in 0..<column.count where !column.isMissing(row) {
            let isNumber = texts.withBytes(at: row) {
                if case .none = NumberText.read($0) { return $0.isEmpty }
                return true
            }
            if isNumber {
                numbers += 1
            } else {
                if misfits == 0 { first = row }
                misfits += 1
            }
        }
        guard misfits > 0, misfits * 10 <= numbers else { return nil }
        return CSVMisfit(
            column: names[at], misfits: misfits, numbers: numbers,
            shown: texts.withBytes(at: first) { excerpt($0) },
            place: FilePlace(path, line: line(ofRow: first, dataStart, names.count)))
    }

    /// A column as another type than was inferred.
    /// - Throws: `FrameError.csvUnfit` for the first cell that has no such value.
    func converted(
        _ column: Column, to type: ColumnType, _ at: Int, _ names: [String], dataStart: Int
    ) throws(FrameError) -> Column {
        if column.type == type { return column }
        let rows = column.count
        // Where nothing is there, nothing has to fit.
        if column.missingCount == rows { return .missing(type, count: rows) }
        switch (column.storage, type) {
        case (.int64(let values), .float64):
            return Column(.float64(values.map(Double.init)), validity: column.validity)
        case (.int64(let values), .float32):
            return Column(.float32(values.map(Float.init)), validity: column.validity)
        case (.float64(let values), .float32):
            return Column(.float32(values.map(Float.init)), validity: column.validity)
        case (.int64(let values), .bool) where values.allSatisfy({ $0 == 0 || $0 == 1 }):
            return Column(.bool(values.map { $0 == 1 }), validity: column.validity)
        case (.float64(let values), .int64):
            let misfit = values.indices.first {
                !column.isMissing($0) && Int64(exactly: values[$0]) == nil
            }
            if misfit == nil {
                return Column(
                    .int64(values.map { Int64(exactly: $0) ?? 0 }), validity: column.validity)
            }
            throw unfit(column, misfit ?? 0, type, at, names, dataStart)
        case (.string, .categorical), (.string, .timestamp):
            let series = Series(trusting: names[at], column, nil)
            do { return try series.converted(to: type).column } catch {
                let misfit = (0..<rows).first { row in
                    !column.isMissing(row) && timestamp(column, row) == nil
                }
                throw unfit(column, misfit ?? 0, type, at, names, dataStart)
            }
        default:
            let misfit = (0..<rows).first { row in
                !column.isMissing(row) && !Self.fits(column.text(row) ?? "", type)
            }
            throw unfit(column, misfit ?? 0, type, at, names, dataStart)
        }
    }

    private func timestamp(_ column: Column, _ row: Int) -> Int64? {
        guard case .string(let texts) = column.storage else { return nil }
        return texts.withBytes(at: row) { ArenaFrame.timestamp(from: $0) }
    }

    private static func fits(_ text: String, _ type: ColumnType) -> Bool {
        if type == .bool { return ["true", "false", ""].contains(text.lowercased()) }
        return Array(text.utf8).withUnsafeBytes {
            switch NumberText.read($0) {
            case .int: true
            case .double, .hugeInt: type != .int64
            case .none: false
            }
        }
    }

    private func unfit(
        _ column: Column, _ row: Int, _ type: ColumnType, _ at: Int, _ names: [String],
        _ dataStart: Int
    ) -> FrameError {
        let shown = Array((column.text(row) ?? "").utf8).withUnsafeBytes { excerpt($0) }
        let place = FilePlace(path, line: line(ofRow: row, dataStart, names.count))
        return .csvUnfit(place: place, column: names[at], wanted: type, shown: shown)
    }
}
