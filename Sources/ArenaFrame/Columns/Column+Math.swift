// Functions of one number, row by row: on columns of numbers and on matrices.

import Glibc

/// A function of one number.
package enum NumberFunction: String, Sendable, CaseIterable {
    case abs, sign, sqrt, log, log1p, log2, log10, exp, expm1, floor, ceil

    @inline(__always)
    func callAsFunction(_ x: Double) -> Double {
        switch self {
        case .abs: x.magnitude
        case .sign: x > 0 ? 1 : x < 0 ? -1 : x
        case .sqrt: x.squareRoot()
        case .log: Glibc.log(x)
        case .log1p: Glibc.log1p(x)
        case .log2: Glibc.log2(x)
        case .log10: Glibc.log10(x)
        case .exp: Glibc.exp(x)
        case .expm1: Glibc.expm1(x)
        case .floor: x.rounded(.down)
        case .ceil: x.rounded(.up)
        }
    }
}

extension Series {
    /// The function of each value. `abs` and `sign` keep whole numbers whole; the others give floats.
    /// - Throws: `FrameError.columnType`, `.overflow`.
    package func applying(_ function: NumberFunction) throws(FrameError) -> Series {
        if case .int64(let values) = column.storage {
            switch function {
            case .abs:
                if let row = values.indices.first(where: {
                    values[$0] == .min && !column.isMissing($0)
                }) {
                    throw .overflow(op: "abs", column: name, row: rowName(row))
                }
                return with(
                    Column(
                        .int64(values.map { $0 == .min ? 0 : Swift.abs($0) }),
                        validity: column.validity))
            case .sign:
                return with(Column(.int64(values.map { $0.signum() }), validity: column.validity))
            case .floor, .ceil: return self
            case .sqrt, .log, .log1p, .log2, .log10, .exp, .expm1: break
            }
        }
        return try mapNumbers(verb: function.rawValue) { function($0) }
    }

    /// Rounded to decimals, halves to the even digit, as NumPy does: scaled, rounded, scaled back.
    /// - Throws: `FrameError.columnType`.
    package func rounded(decimals: Int) throws(FrameError) -> Series {
        if case .int64(let values) = column.storage {
            if decimals >= 0 { return self }
            guard decimals >= -18 else {
                return with(Column(.int64(values.map { _ in 0 }), validity: column.validity))
            }
            let unit = (0..<(-decimals)).reduce(Int64(1)) { u, _ in u * 10 }
            let rounded = values.map { value -> Int64 in
                let down = value - value % unit
                let rest = (value % unit).magnitude
                let half = unit.magnitude / 2
                let away =
                    rest > half || rest == half && (value / unit) % 2 != 0
                return away ? down &+ (value < 0 ? -unit : unit) : down
            }
            return with(Column(.int64(rounded), validity: column.validity))
        }
        let factor = pow(10, Double(Swift.abs(decimals)))
        return try mapNumbers(verb: "round") { x in
            if !x.isFinite { return x }
            let scaled = decimals >= 0 ? x * factor : x / factor
            guard scaled.isFinite else { return x }
            let whole = scaled.rounded(.toNearestOrEven)
            return decimals >= 0 ? whole / factor : whole * factor
        }
    }

    /// The values with those outside a range brought to its ends.
    /// - Throws: `FrameError.columnType`.
    package func clipped(lower: Scalar, upper: Scalar) throws(FrameError) -> Series {
        if case .int64(let values) = column.storage {
            var low = Int64.min
            var high = Int64.max
            var isWhole = true
            switch lower {
            case .int(let n): low = n
            case .missing: break
            case .bool, .float, .string: isWhole = false
            }
            switch upper {
            case .int(let n): high = n
            case .missing: break
            case .bool, .float, .string: isWhole = false
            }
            if isWhole {
                return with(
                    Column(
                        .int64(values.map { min(max($0, low), high) }), validity: column.validity))
            }
        }
        let low = lower.double ?? -.infinity
        let high = upper.double ?? .infinity
        return try mapNumbers(verb: "clip") { x in x.isNaN ? x : min(max(x, low), high) }
    }

    /// A float function of each number of a column or a matrix.
    private func mapNumbers(
        verb: String, _ body: (Double) -> Double
    ) throws(FrameError) -> Series {
        let storage: ColumnStorage
        switch column.storage {
        case .bool(let values): storage = .float64(values.map { body($0 ? 1 : 0) })
        case .int64(let values): storage = .float64(values.map { body(Double($0)) })
        case .float64(let values): storage = .float64(values.map(body))
        case .float32(let values): storage = .float32(values.map { Float(body(Double($0))) })
        case .matrix(let matrix):
            storage = .matrix(matrix.with(matrix.doubles.map(body), narrow: true))
        case .string, .turns, .ints, .floats, .categorical, .timestamp:
            throw .columnType(
                verb: verb, column: name, needed: "a column of numbers", found: column.type)
        }
        return with(Column(storage, validity: column.validity))
    }
}

/// Numbers as shares of their exponentials, row by row: `width` numbers a row.
package func softmax(_ values: [Double], width: Int) -> [Double] {
    var result = values
    var start = 0
    while width > 0, start < values.count {
        let row = start..<start + width
        var largest = -Double.infinity
        for at in row where !(values[at] <= largest) { largest = values[at] }
        var sum = 0.0
        for at in row {
            result[at] = exp(values[at] - largest)
            sum += result[at]
        }
        for at in row { result[at] /= sum }
        start += width
    }
    return result
}
