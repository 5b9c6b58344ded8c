// A column: values of one type in a closed set of storages, and which rows are missing. A value
// type: copies share memory until one of them is changed. Every switch over the storages is
// exhaustive, so that a new storage is found by the compiler wherever it matters.

/// The values of a column. A missing row has some value here, which nothing may read.
package enum ColumnStorage: Sendable {
    case bool([Bool])
    case int64([Int64])
    case float64([Double])
    case float32([Float])
    case string(TextStorage)
    case turns(ListStorage)
    case ints(NumberLists<Int32>)
    case floats(NumberLists<Double>)
    case matrix(MatrixStorage)
    case categorical(CategoricalStorage)
    /// Microseconds since 1970 in UTC.
    case timestamp([Int64])

    /// The number of rows.
    package var count: Int {
        switch self {
        case .bool(let values): values.count
        case .int64(let values): values.count
        case .float64(let values): values.count
        case .float32(let values): values.count
        case .string(let texts): texts.count
        case .turns(let lists): lists.count
        case .ints(let lists): lists.count
        case .floats(let lists): lists.count
        case .matrix(let matrix): matrix.count
        case .categorical(let texts): texts.count
        case .timestamp(let times): times.count
        }
    }

    /// The type that these values have.
    package var type: ColumnType {
        switch self {
        case .bool: .bool
        case .int64: .int64
        case .float64: .float64
        case .float32: .float32
        case .string: .string
        case .turns: .turns
        case .ints: .ints
        case .floats: .floats
        case .matrix: .matrix
        case .categorical: .categorical
        case .timestamp: .timestamp
        }
    }

    func taking(_ wanted: some Collection<Int>) -> ColumnStorage {
        let rows = Array(wanted)
        return switch self {
        case .bool(let values): .bool(gathered(values, rows))
        case .int64(let values): .int64(gathered(values, rows))
        case .float64(let values): .float64(gathered(values, rows))
        case .float32(let values): .float32(gathered(values, rows))
        case .string(let texts): .string(texts.taking(rows))
        case .turns(let lists): .turns(lists.taking(rows))
        case .ints(let lists): .ints(lists.taking(rows))
        case .floats(let lists): .floats(lists.taking(rows))
        case .matrix(let matrix): .matrix(matrix.taking(rows))
        case .categorical(let texts): .categorical(texts.taking(rows))
        case .timestamp(let times): .timestamp(gathered(times, rows))
        }
    }
}

/// The types of columns, by the names a script sees.
package enum ColumnType: String, Sendable, CaseIterable {
    case bool
    case int64
    case float64
    case float32
    case string
    case turns = "list[string]"
    case ints = "list[int32]"
    case floats = "list[float64]"
    case matrix
    case categorical
    case timestamp

    /// Whether the values can be averaged.
    package var isNumeric: Bool {
        switch self {
        case .int64, .float64, .float32: true
        case .bool, .string, .turns, .ints, .floats, .matrix, .categorical, .timestamp: false
        }
    }
}

/// Values of one type, some of them perhaps missing.
package struct Column: Sendable {
    /// The values, by type.
    package let storage: ColumnStorage
    /// The rows that hold a value; nil if all do.
    package let validity: Validity?

    /// A column of these values.
    /// - Precondition: `validity` has a bit for every value.
    package init(_ storage: ColumnStorage, validity: Validity? = nil) {
        precondition(validity == nil || validity?.count == storage.count, "a bit for every row")
        self.storage = storage
        self.validity = validity.flatMap { $0.missingCount == 0 ? nil : $0 }
    }

    /// A column of truth values, none missing.
    package init(_ values: [Bool]) { self.init(.bool(values)) }
    /// A column of whole numbers, none missing.
    package init(_ values: [Int64]) { self.init(.int64(values)) }
    /// A column of numbers, none missing.
    package init(_ values: [Double]) { self.init(.float64(values)) }
    /// A column of numbers of 32 bits, none missing.
    package init(_ values: [Float]) { self.init(.float32(values)) }

    /// A column of text; nil is a missing row.
    /// - Throws: `FrameError.outOfMemory`.
    package init(_ values: [String?]) throws(FrameError) {
        self.init(
            .string(try TextStorage(values.lazy.map { $0 ?? "" })),
            validity: Validity(values.lazy.map { $0 != nil }))
    }

    /// The number of rows.
    package var count: Int { storage.count }
    /// The type of the values.
    package var type: ColumnType { storage.type }
    /// The number of rows without a value.
    package var missingCount: Int { validity?.missingCount ?? 0 }

    /// Whether the row has no value.
    @inline(__always)
    package func isMissing(_ row: Int) -> Bool {
        guard let validity else { return false }
        return !validity[row]
    }

    /// The rows in the order given.
    /// - Precondition: every row is in range.
    package func taking(_ rows: some Collection<Int>) -> Column {
        Column(storage.taking(rows), validity: validity?.taking(rows))
    }

    /// The values as doubles, missing rows as NaN; nil if the type is not numeric.
    package var doubles: [Double]? {
        var values: [Double]
        switch storage {
        case .int64(let ints): values = ints.map(Double.init)
        case .float64(let doubles): values = doubles
        case .float32(let floats): values = floats.map(Double.init)
        case .bool, .string, .turns, .ints, .floats, .matrix, .categorical, .timestamp: return nil
        }
        if let validity {
            for row in values.indices where !validity[row] { values[row] = .nan }
        }
        return values
    }

    /// A row's value as text, the way a CSV file has it; nil if it is missing.
    package func text(_ row: Int) -> String? {
        if isMissing(row) { return nil }
        switch storage {
        case .bool(let values): return values[row] ? "True" : "False"
        case .int64(let values): return values[row].description
        case .float64(let values): return values[row].description
        case .float32(let values): return values[row].description
        case .string(let texts): return texts.string(at: row)
        case .turns(let lists):
            var bytes: [UInt8] = []
            appendJSON(lists, row: row, to: &bytes)
            return String(decoding: bytes, as: UTF8.self)
        case .ints(let lists): return listText(lists[row])
        case .floats(let lists): return listText(lists[row])
        case .matrix(let matrix): return listText(matrix.row(row))
        case .categorical(let texts): return texts.string(at: row)
        case .timestamp(let times): return timestampText(times[row])
        }
    }
}

/// Numbers as a JSON array has them.
func listText(_ numbers: some Sequence<some CustomStringConvertible>) -> String {
    "[" + numbers.map(\.description).joined(separator: ",") + "]"
}

/// A single column with its name and the key of the frame it comes from.
package struct Series: Sendable {
    /// What the column is called in its frame.
    package var name: String
    /// The values.
    package let column: Column
    /// What names the rows; nil if the frame had no key.
    package let key: FrameKey?

    /// A named column.
    /// - Throws: `FrameError.lengths` if the key has another number of rows.
    package init(name: String, column: Column, key: FrameKey? = nil) throws(FrameError) {
        if let key, key.count != column.count {
            throw .lengths(column: name, expected: key.count, found: column.count)
        }
        self.init(trusting: name, column, key)
    }

    /// A column whose rows are known to be the key's.
    init(trusting name: String, _ column: Column, _ key: FrameKey?) {
        self.name = name
        self.column = column
        self.key = key
    }

    /// The number of rows.
    package var count: Int { column.count }

    /// How an error names a row: by its key, or by its number from 0.
    package func rowName(_ row: Int) -> String {
        key.map { "\($0.name) \($0.label(row))" } ?? "row \(row)"
    }
}
