// Comparing columns row by row, and logic on truth values. Missing rows compare to missing; `&` and
// `|` know that False & anything is False and True | anything True.

extension Series {
    /// A bool column of `self op other`.
    func compared(
        _ op: ColumnOperator, _ other: Operand, _ reversed: Bool, _ validity: Validity?
    ) throws(FrameError) -> Series {
        let op = reversed ? op.mirrored : op
        guard let values = try comparison(op, other) else {
            var right = "the value"
            if case .series(let series) = other { right = series.name }
            throw .operands(
                op: op.rawValue, left: name, leftType: column.type.rawValue, right: right,
                rightType: other.typeName)
        }
        return with(Column(.bool(values), validity: validity))
    }

    /// The truth for each row; nil if the types do not compare.
    private func comparison(
        _ op: ColumnOperator, _ other: Operand
    ) throws(FrameError) -> [Bool]? {
        switch column.storage {
        case .int64(let values): return ordered(op, .each(values), other)
        case .bool(let values):
            return ordered(op, Side<Int64>.each(values.map { $0 ? 1 : 0 }), other)
        case .float64(let values): return ordered(op, .each(values), other)
        case .float32(let values):
            if case .float(let x) = other {
                // As in NumPy the plain number takes the column's precision.
                return ordered(op, .each(values), .one(Float(x)))
            }
            if case .series(let series) = other, case .float32(let others) = series.column.storage {
                return ordered(op, .each(values), .each(others))
            }
            return ordered(op, .each(values.map(Double.init)), other)
        case .timestamp(let values):
            switch other {
            case .series(let series):
                guard case .timestamp(let others) = series.column.storage else { return nil }
                return ordered(op, .each(values), .each(others))
            case .string(let text):
                var copy = text
                let time = copy.withUTF8 { timestamp(from: UnsafeRawBufferPointer($0)) }
                guard let time else {
                    throw .argument(
                        verb: "'\(op.rawValue)'", message: "'\(text)' is no time",
                        help: "a time is written \"2024-05-01 12:30:00\"")
                }
                return ordered(op, .each(values), .one(time))
            case .bool, .int, .float: return nil
            }
        case .string, .categorical:
            let own = try texts(for: "'\(op.rawValue)'")
            switch other {
            case .string(let text): return ordered(op, own, try TextStorage([text]), step: 0)
            case .series(let series):
                guard series.column.type == .string || series.column.type == .categorical else {
                    return nil
                }
                return ordered(op, own, try series.texts(for: "'\(op.rawValue)'"), step: 1)
            case .bool, .int, .float: return nil
            }
        case .turns, .ints, .floats, .matrix:
            guard op == .equal || op == .notEqual, case .series(let series) = other,
                series.column.type == column.type
            else { return nil }
            return (0..<count).map { row in
                if column.isMissing(row) || series.column.isMissing(row) { return false }
                return sameValue(column, row, series.column, row) == (op == .equal)
            }
        }
    }

    private func ordered(_ op: ColumnOperator, _ a: Side<Int64>, _ other: Operand) -> [Bool]? {
        switch other {
        case .int(let n): return ordered(op, a, .one(n))
        case .bool(let b): return ordered(op, a, .one(b ? 1 : 0))
        case .float(let x): return ordered(op, a.map(Double.init), .one(x))
        case .string: return nil
        case .series(let series):
            switch series.column.storage {
            case .int64(let values): return ordered(op, a, .each(values))
            case .bool(let values): return ordered(op, a, .each(values.map { $0 ? 1 : 0 }))
            case .float64(let values): return ordered(op, a.map(Double.init), .each(values))
            case .float32(let values):
                return ordered(op, a.map(Double.init), .each(values.map(Double.init)))
            case .string, .turns, .ints, .floats, .matrix, .categorical, .timestamp: return nil
            }
        }
    }

    private func ordered(_ op: ColumnOperator, _ a: Side<Double>, _ other: Operand) -> [Bool]? {
        switch other {
        case .int(let n): return ordered(op, a, .one(Double(n)))
        case .bool(let b): return ordered(op, a, .one(b ? 1 : 0))
        case .float(let x): return ordered(op, a, .one(x))
        case .string: return nil
        case .series(let series):
            if case .bool(let values) = series.column.storage {
                return ordered(op, a, .each(values.map { $0 ? 1 : 0 }))
            }
            switch series.column.storage {
            case .int64(let values): return ordered(op, a, .each(values.map(Double.init)))
            case .float64(let values): return ordered(op, a, .each(values))
            case .float32(let values): return ordered(op, a, .each(values.map(Double.init)))
            case .bool, .string, .turns, .ints, .floats, .matrix, .categorical, .timestamp:
                return nil
            }
        }
    }

    private func ordered<T: Comparable & Sendable>(
        _ op: ColumnOperator, _ a: Side<T>, _ b: Side<T>
    ) -> [Bool]? {
        switch op {
        case .equal: return combined(a, b, count) { $0 == $1 }
        case .notEqual: return combined(a, b, count) { $0 != $1 }
        case .less: return combined(a, b, count) { $0 < $1 }
        case .lessEqual: return combined(a, b, count) { $0 <= $1 }
        case .greater: return combined(a, b, count) { $0 > $1 }
        case .greaterEqual: return combined(a, b, count) { $0 >= $1 }
        case .add, .subtract, .multiply, .divide, .floorDivide, .modulo, .power, .and, .or, .xor:
            return nil
        }
    }

    private func ordered(
        _ op: ColumnOperator, _ a: TextStorage, _ b: TextStorage, step: Int
    ) -> [Bool]? {
        withExtendedLifetime((a, b)) {
            (0..<count).map { row in
                let x = a.bytes(at: row)
                let y = b.bytes(at: row * step)
                switch op {
                case .equal: return x.count == y.count && compareBytes(x, y) == 0
                case .notEqual: return x.count != y.count || compareBytes(x, y) != 0
                case .less: return compareBytes(x, y) < 0
                case .lessEqual: return compareBytes(x, y) <= 0
                case .greater: return compareBytes(x, y) > 0
                case .greaterEqual: return compareBytes(x, y) >= 0
                case .add, .subtract, .multiply, .divide, .floorDivide, .modulo, .power, .and,
                    .or, .xor:
                    return false
                }
            }
        }
    }

    /// `&`, `|` and `^` of truth values.
    func logic(_ op: ColumnOperator, _ other: Operand) throws(FrameError) -> Series {
        let own = try truths(for: "'\(op.rawValue)'")
        let others: Side<Bool>
        var otherValidity: Validity?
        switch other {
        case .series(let series):
            others = .each(try series.truths(for: "'\(op.rawValue)'"))
            otherValidity = series.column.validity
        case .bool(let value): others = .one(value)
        case .int, .float, .string:
            throw .operands(
                op: op.rawValue, left: name, leftType: column.type.rawValue, right: "the value",
                rightType: other.typeName)
        }
        let values = combined(.each(own), others, count) { a, b in
            op == .and ? a && b : op == .or ? a || b : a != b
        }
        guard var validity = Validity.both(column.validity, otherValidity) else {
            return with(Column(.bool(values)))
        }
        var results = values
        if op != .xor {
            for row in 0..<count where !validity[row] {
                let mine = column.isMissing(row) ? nil : own[row]
                var theirs: Bool?
                switch others {
                case .one(let value): theirs = value
                case .each(let values):
                    theirs = otherValidity.map { $0[row] } ?? true ? values[row] : nil
                }
                let settling = op == .or
                if mine == settling || theirs == settling {
                    validity[row] = true
                    results[row] = settling
                }
            }
        }
        return with(Column(.bool(results), validity: validity))
    }
}

extension ColumnOperator {
    /// The comparison with its sides exchanged.
    var mirrored: ColumnOperator {
        switch self {
        case .less: .greater
        case .lessEqual: .greaterEqual
        case .greater: .less
        case .greaterEqual: .lessEqual
        case .equal, .notEqual, .add, .subtract, .multiply, .divide, .floorDivide, .modulo,
            .power, .and, .or, .xor:
            self
        }
    }
}

extension Validity {
    /// The rows that are there in both; nil stands for all.
    static func both(_ a: Validity?, _ b: Validity?) -> Validity? {
        guard let a else { return b }
        guard let b else { return a }
        return a.intersecting(b)
    }
}
