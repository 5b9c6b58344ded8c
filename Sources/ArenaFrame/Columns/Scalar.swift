// One value of a column, by itself: what statistics give and what fills and replaces.

/// A single value.
package enum Scalar: Sendable, Equatable {
    case missing
    case bool(Bool)
    case int(Int64)
    case float(Double)
    case string(String)

    /// The type in a script's words.
    package var typeName: String {
        switch self {
        case .missing: "None"
        case .bool: "bool"
        case .int: "int"
        case .float: "float"
        case .string: "str"
        }
    }

    /// The number as a float; nil for text and missing values.
    package var double: Double? {
        switch self {
        case .bool(let value): value ? 1 : 0
        case .int(let value): Double(value)
        case .float(let value): value
        case .missing, .string: nil
        }
    }
}

extension Column {
    /// A row's value; nil if it is a list or a vector.
    package func scalar(_ row: Int) -> Scalar? {
        if isMissing(row) { return .missing }
        switch storage {
        case .bool(let values): return .bool(values[row])
        case .int64(let values): return .int(values[row])
        case .float64(let values): return .float(values[row])
        case .float32(let values): return .float(Double(values[row]))
        case .string(let texts): return .string(texts.string(at: row))
        case .categorical(let texts): return .string(texts.string(at: row))
        case .timestamp(let times): return .string(timestampText(times[row]))
        case .turns, .ints, .floats, .matrix: return nil
        }
    }

    /// Values of one type as a column; whole numbers beside fractions become floats. Nil if the
    /// types do not go together.
    /// - Throws: `FrameError.outOfMemory`.
    package static func of(_ scalars: [Scalar]) throws(FrameError) -> Column? {
        var hasBool = false
        var hasInt = false
        var hasFloat = false
        var hasText = false
        var validity = Validity(repeating: true, count: scalars.count)
        for (row, scalar) in scalars.enumerated() {
            switch scalar {
            case .missing: validity[row] = false
            case .bool: hasBool = true
            case .int: hasInt = true
            case .float: hasFloat = true
            case .string: hasText = true
            }
        }
        let kinds = (hasBool ? 1 : 0) + (hasInt || hasFloat ? 1 : 0) + (hasText ? 1 : 0)
        guard kinds <= 1 else { return nil }
        if hasText {
            let strings = scalars.map { scalar -> String in
                if case .string(let text) = scalar { return text }
                return ""
            }
            return Column(.string(try TextStorage(strings)), validity: validity)
        }
        if hasBool { return Column(.bool(scalars.map { $0 == .bool(true) }), validity: validity) }
        if hasInt && !hasFloat {
            let values = scalars.map { scalar -> Int64 in
                if case .int(let value) = scalar { return value }
                return 0
            }
            return Column(.int64(values), validity: validity)
        }
        return Column(.float64(scalars.map { $0.double ?? 0 }), validity: validity)
    }

    /// `count` rows without a value.
    package static func missing(_ type: ColumnType, count: Int) -> Column {
        let storage: ColumnStorage
        switch type {
        case .bool: storage = .bool([Bool](repeating: false, count: count))
        case .int64: storage = .int64([Int64](repeating: 0, count: count))
        case .float64: storage = .float64([Double](repeating: 0, count: count))
        case .float32: storage = .float32([Float](repeating: 0, count: count))
        case .string, .categorical:
            storage = .string(
                TextStorage(views: [TextView](repeating: .empty, count: count), chunks: []))
        case .turns:
            storage = .turns(
                ListStorage(
                    rows: [ListStorage.Row](
                        repeating: ListStorage.Row(start: 0, count: 0), count: count),
                    turns: TextStorage(views: [], chunks: []), turnValidity: nil))
        case .ints: storage = .ints(NumberLists([[Int32]](repeating: [], count: count)))
        case .floats: storage = .floats(NumberLists([[Double]](repeating: [], count: count)))
        case .matrix: storage = .matrix(MatrixStorage(.float64([]), count: count, width: 0))
        case .timestamp: storage = .timestamp([Int64](repeating: 0, count: count))
        }
        return Column(storage, validity: Validity(repeating: false, count: count))
    }
}
