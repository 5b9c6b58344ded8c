// The rows of a query become columns. SQLite gives each value its own type, so a column's type is known
// with its last row: whole numbers beside fractions are floats, text beside numbers is text.

import ArenaCore
import CSQLite

/// Takes the values of one column of a query.
struct SQLColumnBuilder {
    private enum State { case nothing, ints, doubles, text }

    private var state = State.nothing
    private var ints: [Int64] = []
    private var doubles: [Double] = []
    private var texts = TextBuilder()
    private var validity = Validity(repeating: true, count: 0)
    /// Numbers that became text because there is text too.
    private(set) var numbersAsText = 0
    private(set) var isMixed = false

    private var rows: Int { validity.count }

    /// Takes the value at the statement's row.
    mutating func append(_ statement: SQLStatement, _ column: Int) throws(FrameError) {
        let at = Int32(column)
        switch sqlite3_column_type(statement.handle, at) {
        case SQLITE_INTEGER: try append(sqlite3_column_int64(statement.handle, at))
        case SQLITE_FLOAT: try append(sqlite3_column_double(statement.handle, at))
        case SQLITE_NULL: try appendMissing()
        case let type:
            if state != .text { try becomeText() }
            let bytes = statement.bytes(column)
            if firstInvalidUTF8(bytes) != nil {
                let what = type == SQLITE_BLOB ? "a blob" : "text"
                throw statement.fault(
                    "column '\(statement.name(column))' has \(what) that is not UTF-8 in row \(rows)"
                )
            }
            try texts.append(bytes)
            validity.append(true)
        }
    }

    private mutating func append(_ value: Int64) throws(FrameError) {
        switch state {
        case .nothing:
            state = .ints
            ints = [Int64](repeating: 0, count: rows)
            ints.append(value)
        case .ints: ints.append(value)
        case .doubles:
            guard Double(exactly: value) != nil else {
                try becomeText()
                return try append(value)
            }
            doubles.append(Double(value))
        case .text:
            numbersAsText += 1
            try texts.append(value.description)
        }
        validity.append(true)
    }

    private mutating func append(_ value: Double) throws(FrameError) {
        switch state {
        case .nothing:
            state = .doubles
            doubles = [Double](repeating: 0, count: rows)
            doubles.append(value)
        case .ints:
            guard ints.allSatisfy({ Double(exactly: $0) != nil }) else {
                try becomeText()
                return try append(value)
            }
            state = .doubles
            doubles = ints.map(Double.init)
            ints = []
            doubles.append(value)
        case .doubles: doubles.append(value)
        case .text:
            numbersAsText += 1
            try texts.append(value.description)
        }
        validity.append(true)
    }

    private mutating func appendMissing() throws(FrameError) {
        switch state {
        case .nothing: break
        case .ints: ints.append(0)
        case .doubles: doubles.append(0)
        case .text: texts.appendEmpty()
        }
        validity.append(false)
    }

    private mutating func becomeText() throws(FrameError) {
        for row in 0..<rows {
            guard validity[row] else {
                texts.appendEmpty()
                continue
            }
            numbersAsText += 1
            try texts.append(state == .ints ? ints[row].description : doubles[row].description)
        }
        if state != .nothing { isMixed = true }
        state = .text
        ints = []
        doubles = []
    }

    /// The column; `declared` is the type of the column in its table, if it is one.
    mutating func finish(name: String, declared: String) throws(FrameError) -> Column {
        let column: Column
        switch state {
        case .nothing:
            let type: ColumnType =
                declared.contains("INT")
                ? .int64
                : declared.contains("TEXT") || declared.contains("CHAR") ? .string : .float64
            return .missing(type, count: rows)
        case .ints: column = Column(.int64(ints), validity: validity)
        case .doubles: column = Column(.float64(doubles), validity: validity)
        case .text: column = Column(.string(texts.finish()), validity: validity)
        }
        return try Self.restored(column, name, declared)
    }

    /// What a frame's column was before it became SQLite's.
    private static func restored(
        _ column: Column, _ name: String, _ declared: String
    ) throws(FrameError) -> Column {
        let series = Series(trusting: name, column, nil)
        switch (SQLType(declared: declared), column.storage) {
        case (.bool, .int64(let values)) where values.allSatisfy({ $0 == 0 || $0 == 1 }):
            return Column(.bool(values.map { $0 != 0 }), validity: column.validity)
        case (.float32, .float64): return try series.converted(to: .float32).column
        case (.timestamp, .string):
            return (try? series.converted(to: .timestamp).column) ?? column
        case (.categorical, .string): return try series.converted(to: .categorical).column
        case (.turns, .string): return try lists(column, name, nil) ?? column
        case (.ints, .string): return try lists(column, name, .ints) ?? column
        case (.floats, .string): return try lists(column, name, .floats) ?? column
        case (.matrix, .string): return try lists(column, name, .matrix) ?? column
        default: return column
        }
    }

    /// Cells that are JSON arrays as lists; nil if one of them is something else.
    private static func lists(
        _ column: Column, _ name: String, _ type: ColumnType?
    ) throws(FrameError) -> Column? {
        guard case .string(let texts) = column.storage else { return nil }
        var lines: [UInt8] = []
        for row in 0..<column.count {
            lines += "{\"c\":".utf8
            if column.isMissing(row) {
                lines += "null".utf8
            } else {
                texts.withBytes(at: row) { lines += $0 }
            }
            lines += "}\n".utf8
        }
        var options = JSONOptions()
        options.lines = true
        options.types = type.map { ["c": $0] } ?? [:]
        guard let read = try? parseJSON(lines, name: name, options: options).frame.columns.first,
            read.count == column.count, read.type != .string
        else { return nil }
        return read
    }
}

/// How a column's type is declared in SQLite's words. The words carry the affinity that its values
/// need and bring the type back.
enum SQLType: String, CaseIterable {
    case int64 = "INTEGER"
    case float64 = "REAL"
    case float32 = "FLOAT32"
    case bool = "BOOLEAN"
    case string = "TEXT"
    case timestamp = "TIMESTAMP"
    case categorical = "CATEGORICAL TEXT"
    case turns = "TURNS TEXT"
    case ints = "IDS TEXT"
    case floats = "FLOATS TEXT"
    case matrix = "MATRIX TEXT"

    init(_ type: ColumnType) {
        switch type {
        case .bool: self = .bool
        case .int64: self = .int64
        case .float64: self = .float64
        case .float32: self = .float32
        case .string: self = .string
        case .turns: self = .turns
        case .ints: self = .ints
        case .floats: self = .floats
        case .matrix: self = .matrix
        case .categorical: self = .categorical
        case .timestamp: self = .timestamp
        }
    }

    /// A declared type of any database; nil for those that say nothing more than the values do.
    init?(declared: String) {
        switch declared {
        case "BOOL": self = .bool
        case "DATETIME": self = .timestamp
        default: self.init(rawValue: declared)
        }
    }
}

/// A frame that a query gave, and what did not fit its columns' types.
package struct SQLResult: Sendable {
    package var frame: Frame
    package var notes: [String]
}

extension SQLStatement {
    /// All rows of the query as a frame.
    /// - Throws: `FrameError.sql`, `.duplicateColumn`, those of keys.
    func result(key: String?) throws(FrameError) -> SQLResult {
        var builders = (0..<columnCount).map { _ in SQLColumnBuilder() }
        while try step() {
            for at in builders.indices { try builders[at].append(self, at) }
        }
        var names: [String] = []
        var columns: [Column] = []
        var notes: [String] = []
        for at in builders.indices {
            let name = name(at)
            let column = try builders[at].finish(name: name, declared: declaredType(at))
            if builders[at].numbersAsText > 0 {
                let n = builders[at].numbersAsText
                notes.append(
                    "column '\(name)' is text: \(n) of its \(column.count) values "
                        + "\(n == 1 ? "is a number" : "are numbers")")
            }
            names.append(name)
            columns.append(column)
        }
        guard let key else {
            return SQLResult(frame: try Frame(names: names, columns: columns), notes: notes)
        }
        guard let at = names.firstIndex(of: key) else {
            throw .unknownColumn(
                name: key, known: names, place: database.path.map { FilePlace($0) })
        }
        names.remove(at: at)
        let frameKey = try FrameKey(name: key, column: columns.remove(at: at))
        return SQLResult(
            frame: try Frame(names: names, columns: columns, key: frameKey), notes: notes)
    }
}
