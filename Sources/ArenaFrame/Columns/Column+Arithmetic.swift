// Arithmetic, comparison and logic row by row. A missing operand makes the result missing, but for
// `&` and `|` where the other operand settles it. Whole numbers stay whole (an overflow is an error);
// `/` always gives floats; text compares by code points.

import Glibc

/// The right or left side of an operator beside a column.
package enum Operand: Sendable {
    case series(Series)
    case bool(Bool)
    case int(Int64)
    case float(Double)
    case string(String)

    var typeName: String {
        switch self {
        case .series(let series): series.column.type.rawValue
        case .bool: "bool"
        case .int: "int"
        case .float: "float"
        case .string: "str"
        }
    }
}

/// The operators on columns.
package enum ColumnOperator: String, Sendable, CaseIterable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case floorDivide = "//"
    case modulo = "%"
    case power = "**"
    case and = "&"
    case or = "|"
    case xor = "^"
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessEqual = "<="
    case greater = ">"
    case greaterEqual = ">="
}

/// One side's values: a row each, or one for all.
enum Side<T: Sendable>: Sendable {
    case each([T])
    case one(T)

    @inline(__always)
    func map<R>(_ body: (T) -> R) -> Side<R> {
        switch self {
        case .each(let values): .each(values.map(body))
        case .one(let value): .one(body(value))
        }
    }
}

/// Values of the numeric kinds, by which the operators go.
private enum Numbers {
    case ints(Side<Int64>)
    case floats(Side<Float>)
    case doubles(Side<Double>)
}

extension Series {
    /// `self op other`, or `other op self` if reversed.
    /// - Throws: `FrameError.operands`, `.otherRows`, `.lengths`, `.overflow`, `.zeroDivision`.
    package func applying(
        _ op: ColumnOperator, _ other: Operand, reversed: Bool = false
    ) throws(FrameError) -> Series {
        var validity = column.validity
        if case .series(let series) = other {
            try checkRows(series)
            validity = Validity.both(validity, series.column.validity)
        }
        switch op {
        case .and, .or, .xor: return try logic(op, other)
        case .equal, .notEqual, .less, .lessEqual, .greater, .greaterEqual:
            return try compared(op, other, reversed, validity)
        case .add, .subtract, .multiply, .divide, .floorDivide, .modulo, .power:
            return try computed(op, other, reversed, validity)
        }
    }

    /// `~column`.
    /// - Throws: `FrameError.columnType`.
    package func inverted() throws(FrameError) -> Series {
        let values = try truths(for: "'~'")
        return with(Column(.bool(values.map { !$0 }), validity: column.validity))
    }

    /// Refuses a column of other rows.
    package func checkRows(_ other: Series) throws(FrameError) {
        guard other.count == count else {
            throw .lengths(column: other.name, expected: count, found: other.count)
        }
        guard let key, let otherKey = other.key else { return }
        if let row = key.firstDifference(from: otherKey) {
            throw .otherRows(
                column: other.name, row: row, expected: key.label(row),
                found: otherKey.label(row))
        }
    }

    /// The truth values of a bool column.
    package func truths(for verb: String) throws(FrameError) -> [Bool] {
        guard case .bool(let values) = column.storage else {
            throw .columnType(
                verb: verb, column: name, needed: "a bool column", found: column.type)
        }
        return values
    }

    private func mismatch(_ op: ColumnOperator, _ other: Operand) -> FrameError {
        var right = "the value"
        if case .series(let series) = other { right = series.name }
        return .operands(
            op: op.rawValue, left: name, leftType: column.type.rawValue, right: right,
            rightType: other.typeName)
    }

    // MARK: - Numbers

    private func computed(
        _ op: ColumnOperator, _ other: Operand, _ reversed: Bool, _ validity: Validity?
    ) throws(FrameError) -> Series {
        if op == .add, let text = try concatenated(other, reversed, validity) { return text }
        if case .matrix(let matrix) = column.storage {
            return try computed(op, matrix, other, reversed, validity)
        }
        guard let own = numbers(column), let others = numbers(other) else {
            throw mismatch(op, other)
        }
        let (left, right) = reversed ? (others, own) : (own, others)
        let storage: ColumnStorage
        switch (left, right) {
        case (.ints(let a), .ints(let b)):
            if op == .divide {
                storage = .float64(
                    combined(a, b, count) { Double($0) / Double($1) })
            } else {
                storage = try wholeNumbers(op, a, b, validity)
            }
        case (.floats(let a), .floats(let b)): storage = .float32(floating(op, a, b))
        case (.ints(let a), .doubles(let b)):
            storage = .float64(floating(op, a.map(Double.init), b))
        case (.ints(let a), .floats(let b)):
            storage = narrow(a.map(Double.init), b.map(Double.init), a, op)
        case (.floats(let a), .ints(let b)):
            storage = narrow(a.map(Double.init), b.map(Double.init), b, op)
        case (.floats(let a), .doubles(let b)):
            // A plain number takes the column's precision; a column keeps its own.
            if case .one(let x) = b {
                return with(Column(.float32(floating(op, a, .one(Float(x)))), validity: validity))
            }
            storage = .float64(floating(op, a.map(Double.init), b))
        case (.doubles(let a), .floats(let b)):
            if case .one(let x) = a {
                return with(Column(.float32(floating(op, .one(Float(x)), b)), validity: validity))
            }
            storage = .float64(floating(op, a, b.map(Double.init)))
        case (.doubles(let a), .ints(let b)):
            storage = .float64(floating(op, a, b.map(Double.init)))
        case (.doubles(let a), .doubles(let b)): storage = .float64(floating(op, a, b))
        }
        return with(Column(storage, validity: validity))
    }

    /// float32 beside whole numbers: one number leaves float32, a column makes float64.
    private func narrow(
        _ a: Side<Double>, _ b: Side<Double>, _ whole: Side<Int64>, _ op: ColumnOperator
    ) -> ColumnStorage {
        if case .one = whole {
            return .float32(floating(op, a.map(Float.init), b.map(Float.init)))
        }
        return .float64(floating(op, a, b))
    }

    private func wholeNumbers(
        _ op: ColumnOperator, _ a: Side<Int64>, _ b: Side<Int64>, _ validity: Validity?
    ) throws(FrameError) -> ColumnStorage {
        if op == .power { return try powers(a, b, validity) }
        var failed = -1
        var divided = false
        var row = 0
        // The rows go in order, so `row` counts along; a missing row may hold anything.
        let values = combined(a, b, count) { x, y -> Int64 in
            defer { row += 1 }
            let result: (partialValue: Int64, overflow: Bool)
            switch op {
            case .add: result = x.addingReportingOverflow(y)
            case .subtract: result = x.subtractingReportingOverflow(y)
            case .multiply: result = x.multipliedReportingOverflow(by: y)
            case .floorDivide, .modulo:
                if y == 0 {
                    if failed < 0, validity?[row] ?? true {
                        failed = row
                        divided = true
                    }
                    return 0
                }
                let rest = y == -1 ? 0 : x % y
                let below = rest != 0 && (rest < 0) != (y < 0)
                if op == .modulo { return below ? rest + y : rest }
                result = x.dividedReportingOverflow(by: y)
                if below { return result.partialValue - 1 }
            case .divide, .power, .and, .or, .xor, .equal, .notEqual, .less, .lessEqual,
                .greater, .greaterEqual:
                result = (0, false)
            }
            if result.overflow, failed < 0, validity?[row] ?? true { failed = row }
            return result.partialValue
        }
        if failed >= 0 {
            throw divided
                ? .zeroDivision(op: op.rawValue, column: name, row: rowName(failed))
                : .overflow(op: op.rawValue, column: name, row: rowName(failed))
        }
        return .int64(values)
    }

    /// Whole powers stay whole unless an exponent is negative.
    private func powers(
        _ a: Side<Int64>, _ b: Side<Int64>, _ validity: Validity?
    ) throws(FrameError) -> ColumnStorage {
        let isNegative: Bool
        switch b {
        case .one(let y): isNegative = y < 0
        case .each(let values): isNegative = values.contains { $0 < 0 }
        }
        if isNegative {
            return .float64(combined(a, b, count) { pow(Double($0), Double($1)) })
        }
        var failed = -1
        var row = 0
        let values = combined(a, b, count) { base, exponent -> Int64 in
            defer { row += 1 }
            guard let power = wholePower(base, exponent) else {
                if failed < 0, validity?[row] ?? true { failed = row }
                return 0
            }
            return power
        }
        if failed >= 0 { throw .overflow(op: "**", column: name, row: rowName(failed)) }
        return .int64(values)
    }

    private func floating<T: BinaryFloatingPoint & Sendable>(
        _ op: ColumnOperator, _ a: Side<T>, _ b: Side<T>
    ) -> [T] {
        switch op {
        case .add: return combined(a, b, count) { $0 + $1 }
        case .subtract: return combined(a, b, count) { $0 - $1 }
        case .multiply: return combined(a, b, count) { $0 * $1 }
        case .divide: return combined(a, b, count) { $0 / $1 }
        case .floorDivide: return combined(a, b, count) { floorDivided($0, $1).quotient }
        case .modulo: return combined(a, b, count) { floorDivided($0, $1).rest }
        case .power: return combined(a, b, count) { T(pow(Double($0), Double($1))) }
        case .and, .or, .xor, .equal, .notEqual, .less, .lessEqual, .greater, .greaterEqual:
            return []
        }
    }

    // MARK: - Matrices

    private func computed(
        _ op: ColumnOperator, _ matrix: MatrixStorage, _ other: Operand, _ reversed: Bool,
        _ validity: Validity?
    ) throws(FrameError) -> Series {
        let own = Side.each(matrix.doubles)
        let others: Side<Double>
        var isNarrow = true
        switch other {
        case .series(let series):
            if case .matrix(let second) = series.column.storage {
                guard second.width == matrix.width else {
                    throw .argument(
                        verb: "'\(op.rawValue)'",
                        message:
                            "the rows of '\(name)' have \(matrix.width) numbers, those of '\(series.name)' \(second.width)",
                        help: nil)
                }
                if !second.isFloat32 { isNarrow = false }
                others = .each(second.doubles)
            } else if let values = series.column.doubles {
                isNarrow = series.column.type == .float32
                others = .each(
                    values.flatMap { [Double](repeating: $0, count: matrix.width) })
            } else {
                throw mismatch(op, other)
            }
        case .int(let n): others = .one(Double(n))
        case .float(let x): others = .one(x)
        case .bool, .string: throw mismatch(op, other)
        }
        let size = matrix.count * matrix.width
        let (a, b) = reversed ? (others, own) : (own, others)
        let all = Series(trusting: name, Column([Double](repeating: 0, count: size)), nil)
        let values = all.floating(op, a, b)
        return with(
            Column(.matrix(matrix.with(values, narrow: isNarrow)), validity: validity))
    }

    // MARK: - Text

    private func concatenated(
        _ other: Operand, _ reversed: Bool, _ validity: Validity?
    ) throws(FrameError) -> Series? {
        guard column.type == .string || column.type == .categorical else { return nil }
        let own = try texts(for: "'+'")
        let others: Side<TextStorage>
        switch other {
        case .string(let text): others = .one(try TextStorage([text]))
        case .series(let series):
            guard series.column.type == .string || series.column.type == .categorical else {
                throw mismatch(.add, other)
            }
            others = .each([try series.texts(for: "'+'")])
        case .bool, .int, .float: throw mismatch(.add, other)
        }
        var builder = TextBuilder()
        for row in 0..<count {
            let mine = own.bytes(at: row)
            let theirs: UnsafeRawBufferPointer
            switch others {
            case .one(let texts): theirs = texts.bytes(at: 0)
            case .each(let texts): theirs = texts[0].bytes(at: row)
            }
            let (a, b) = reversed ? (theirs, mine) : (mine, theirs)
            // SAFETY: reserve gives the bytes of both; the storages live to the end of this call.
            let room = try builder.reserve(a.count + b.count)
            if let start = a.baseAddress { room.copyMemory(from: start, byteCount: a.count) }
            if let start = b.baseAddress {
                (room + a.count).copyMemory(from: start, byteCount: b.count)
            }
            builder.commit(a.count + b.count)
        }
        withExtendedLifetime((own, others)) {}
        return with(Column(.string(builder.finish()), validity: validity))
    }
}

/// Numbers of a column, bool as 0 and 1; nil if it has none.
private func numbers(_ column: Column) -> Numbers? {
    switch column.storage {
    case .bool(let values): .ints(.each(values.map { $0 ? 1 : 0 }))
    case .int64(let values): .ints(.each(values))
    case .float64(let values): .doubles(.each(values))
    case .float32(let values): .floats(.each(values))
    case .string, .turns, .ints, .floats, .matrix, .categorical, .timestamp: nil
    }
}

private func numbers(_ operand: Operand) -> Numbers? {
    switch operand {
    case .series(let series): numbers(series.column)
    case .bool(let value): .ints(.one(value ? 1 : 0))
    case .int(let value): .ints(.one(value))
    case .float(let value): .doubles(.one(value))
    case .string: nil
    }
}

/// Both sides, row by row.
@inline(__always)
func combined<A, B, R>(
    _ a: Side<A>, _ b: Side<B>, _ count: Int, _ body: (A, B) -> R
) -> [R] {
    [R](unsafeUninitializedCapacity: count) { buffer, used in
        guard let target = buffer.baseAddress else { return }
        switch (a, b) {
        case (.each(let x), .each(let y)):
            x.withUnsafeBufferPointer { x in
                y.withUnsafeBufferPointer { y in
                    for i in 0..<count { (target + i).initialize(to: body(x[i], y[i])) }
                }
            }
        case (.each(let x), .one(let y)):
            x.withUnsafeBufferPointer { x in
                for i in 0..<count { (target + i).initialize(to: body(x[i], y)) }
            }
        case (.one(let x), .each(let y)):
            y.withUnsafeBufferPointer { y in
                for i in 0..<count { (target + i).initialize(to: body(x, y[i])) }
            }
        case (.one(let x), .one(let y)):
            for i in 0..<count { (target + i).initialize(to: body(x, y)) }
        }
        used = count
    }
}

/// Python's `//` and `%` of floats.
@inline(__always)
private func floorDivided<T: BinaryFloatingPoint>(_ x: T, _ y: T) -> (quotient: T, rest: T) {
    if y == 0 { return (x / y, .nan) }
    var rest = x.truncatingRemainder(dividingBy: y)
    var quotient = (x - rest) / y
    if rest != 0, (y < 0) != (rest < 0) {
        rest += y
        quotient -= 1
    }
    if rest == 0 { rest = y < 0 ? -0.0 : 0.0 }
    let floored = quotient.rounded(.down)
    return (quotient - floored > 0.5 ? floored + 1 : floored, rest)
}

private func wholePower(_ base: Int64, _ exponent: Int64) -> Int64? {
    var result: Int64 = 1
    var square = base
    var left = exponent
    while left > 0 {
        if left & 1 == 1 {
            let (r, o) = result.multipliedReportingOverflow(by: square)
            if o { return nil }
            result = r
        }
        left >>= 1
        if left > 0 {
            let (r, o) = square.multipliedReportingOverflow(by: square)
            if o { return nil }
            square = r
        }
    }
    return result
}

extension MatrixStorage {
    /// A matrix of the same shape; float32 if both sides were.
    func with(_ values: [Double], narrow: Bool) -> MatrixStorage {
        if narrow, isFloat32 {
            return MatrixStorage(.float32(values.map(Float.init)), count: count, width: width)
        }
        return MatrixStorage(.float64(values), count: count, width: width)
    }
}
