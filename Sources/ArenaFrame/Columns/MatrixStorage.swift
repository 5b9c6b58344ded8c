// Vectors of one width, one a row: dense and row-major, or sparse (CSR) where most numbers are 0. Both
// are one column type; whoever wants speed asks which it is.

/// Vectors of one width.
package struct MatrixStorage: Sendable {
    /// The numbers.
    package enum Numbers: Sendable {
        case float32([Float])  // (rows, width)
        case float64([Double])  // (rows, width)
        case sparse(SparseRows)
    }

    package let numbers: Numbers
    package let count: Int
    /// The numbers in a row.
    package let width: Int

    /// - Precondition: there are `count` x `width` numbers.
    package init(_ numbers: Numbers, count: Int, width: Int) {
        switch numbers {
        case .float32(let floats):
            precondition(floats.count == count * width, "as many numbers as rows times width")
        case .float64(let doubles):
            precondition(doubles.count == count * width, "as many numbers as rows times width")
        case .sparse(let rows): precondition(rows.count == count, "as many rows")
        }
        self.numbers = numbers
        self.count = count
        self.width = width
    }

    /// Whether only the numbers that are not 0 are stored.
    package var isSparse: Bool { if case .sparse = numbers { true } else { false } }

    /// Whether the numbers have 32 bits.
    package var isFloat32: Bool {
        switch numbers {
        case .float32: true
        case .float64: false
        case .sparse(let rows): rows.isFloat32
        }
    }

    /// The numbers as doubles, row-major.  // (rows, width)
    package var doubles: [Double] {
        switch numbers {
        case .float32(let floats): return floats.map(Double.init)
        case .float64(let doubles): return doubles
        case .sparse(let rows):
            var result = [Double](repeating: 0, count: count * width)
            for row in 0..<count {
                rows.forEach(in: row) { column, value in result[row * width + column] = value }
            }
            return result
        }
    }

    /// The numbers of a row.  // (width)
    package func row(_ row: Int) -> [Double] {
        let range = row * width..<(row + 1) * width
        switch numbers {
        case .float32(let floats): return floats[range].map(Double.init)
        case .float64(let doubles): return Array(doubles[range])
        case .sparse(let rows):
            var result = [Double](repeating: 0, count: width)
            rows.forEach(in: row) { column, value in result[column] = value }
            return result
        }
    }

    /// The rows in the order given.
    /// - Precondition: every row is in range.
    package func taking(_ rows: some Collection<Int>) -> MatrixStorage {
        let taken: Numbers =
            switch numbers {
            case .float32(let floats): .float32(gathered(floats, rows))
            case .float64(let doubles): .float64(gathered(doubles, rows))
            case .sparse(let sparse): .sparse(sparse.taking(rows))
            }
        return MatrixStorage(taken, count: rows.count, width: width)
    }

    private func gathered<T>(_ values: [T], _ rows: some Collection<Int>) -> [T] {
        var result: [T] = []
        result.reserveCapacity(rows.count * width)
        for row in rows { result += values[row * width..<(row + 1) * width] }
        return result
    }

    /// The same numbers, all of them stored.
    package func dense() -> MatrixStorage {
        guard isSparse else { return self }
        let values = doubles
        return MatrixStorage(
            isFloat32 ? .float32(values.map(Float.init)) : .float64(values), count: count,
            width: width)
    }

    /// The same numbers, those that are 0 left out.
    package func sparse() -> MatrixStorage {
        if isSparse { return self }
        var builder = SparseBuilder(float32: isFloat32)
        for row in 0..<count {
            for (column, value) in self.row(row).enumerated() where value != 0 {
                builder.append(column, value)
            }
            builder.endRow()
        }
        return MatrixStorage(.sparse(builder.finish()), count: count, width: width)
    }

    /// The rows of several of one width, one behind the other: sparse if one of them is, 32 bits if all
    /// are.
    init(joining parts: [MatrixStorage]) {
        let width = parts.first?.width ?? 0
        let count = parts.reduce(0) { $0 + $1.count }
        let isNarrow = parts.allSatisfy(\.isFloat32)
        if parts.contains(where: \.isSparse) {
            var builder = SparseBuilder(float32: isNarrow)
            for part in parts.map({ $0.sparse() }) {
                for row in 0..<part.count {
                    part.forEachNonzero(in: row) { builder.append($0, $1) }
                    builder.endRow()
                }
            }
            self.init(.sparse(builder.finish()), count: count, width: width)
        } else if isNarrow {
            let all = parts.map { part -> [Float] in
                if case .float32(let floats) = part.numbers { floats } else { [] }
            }
            self.init(.float32(Array(all.joined())), count: count, width: width)
        } else {
            self.init(
                .float64(Array(parts.map(\.doubles).joined())), count: count, width: width)
        }
    }

    /// Calls `body` with the place and value of each number of a row that is not 0, in order.
    package func forEachNonzero(in row: Int, _ body: (Int, Double) -> Void) {
        switch numbers {
        case .sparse(let rows): rows.forEach(in: row, body)
        case .float32, .float64:
            for (column, value) in self.row(row).enumerated() where value != 0 {
                body(column, value)
            }
        }
    }

    /// How many numbers are not 0; of a sparse matrix, how many are stored.
    package var nonzeroCount: Int {
        switch numbers {
        case .sparse(let rows): rows.storedCount
        case .float32(let floats): floats.reduce(0) { $0 + ($1 != 0 ? 1 : 0) }
        case .float64(let doubles): doubles.reduce(0) { $0 + ($1 != 0 ? 1 : 0) }
        }
    }
}

/// Rows of numbers most of which are 0: for each row the places and values of the others, in ascending
/// order of their places. Rows are runs of shared arrays, so that taking rows moves none of them.
package struct SparseRows: Sendable {
    package enum Values: Sendable {
        case float32([Float])
        case float64([Double])
    }

    struct Row: Sendable {
        var start: Int
        var count: Int
    }

    let rows: [Row]
    /// The place of each value in its row.
    package let columns: [Int32]
    package let values: Values

    init(rows: [Row], columns: [Int32], values: Values) {
        self.rows = rows
        self.columns = columns
        self.values = values
    }

    /// Rows from CSR arrays, as SciPy has them; nil if they are none: places out of range, not
    /// ascending, or ends that do not fit.
    package init?(starts: [Int], columns: [Int32], values: Values, width: Int) {
        let count =
            switch values {
            case .float32(let floats): floats.count
            case .float64(let doubles): doubles.count
            }
        guard starts.first == 0, starts.last == columns.count, count == columns.count else {
            return nil
        }
        var rows: [Row] = []
        for (from, to) in zip(starts, starts.dropFirst()) {
            guard from >= 0, from <= to, to <= columns.count else { return nil }
            for at in from..<to {
                guard columns[at] >= 0, Int(columns[at]) < width,
                    at == from || columns[at - 1] < columns[at]
                else { return nil }
            }
            rows.append(Row(start: from, count: to - from))
        }
        self.init(rows: rows, columns: columns, values: values)
    }

    package var count: Int { rows.count }
    package var isFloat32: Bool { if case .float32 = values { true } else { false } }
    package var storedCount: Int { rows.reduce(0) { $0 + $1.count } }

    /// Where a row's numbers lie in `columns` and `values`.
    package func range(of row: Int) -> Range<Int> {
        rows[row].start..<rows[row].start + rows[row].count
    }

    /// Calls `body` with the place and value of each stored number of a row.
    package func forEach(in row: Int, _ body: (Int, Double) -> Void) {
        for at in range(of: row) { body(Int(columns[at]), value(at)) }
    }

    @inline(__always)
    private func value(_ at: Int) -> Double {
        switch values {
        case .float32(let floats): Double(floats[at])
        case .float64(let doubles): doubles[at]
        }
    }

    func taking(_ wanted: some Collection<Int>) -> SparseRows {
        SparseRows(rows: wanted.map { rows[$0] }, columns: columns, values: values)
    }
}

/// Makes `SparseRows`, number after number.
package struct SparseBuilder {
    private var rows: [SparseRows.Row] = []
    private var columns: [Int32] = []
    private var floats: [Float] = []
    private var doubles: [Double] = []
    private var start = 0
    private let isFloat32: Bool

    package init(float32: Bool = false) { isFloat32 = float32 }

    /// Adds a number to the row; places ascend.
    package mutating func append(_ column: Int, _ value: Double) {
        columns.append(Int32(column))
        if isFloat32 { floats.append(Float(value)) } else { doubles.append(value) }
    }

    package mutating func endRow() {
        rows.append(SparseRows.Row(start: start, count: columns.count - start))
        start = columns.count
    }

    package func finish() -> SparseRows {
        SparseRows(
            rows: rows, columns: columns,
            values: isFloat32 ? .float32(floats) : .float64(doubles))
    }
}

extension Series {
    /// Lists of one length, or a matrix, as a matrix.
    /// - Throws: `FrameError.columnType`; `.argument` naming the first row of another length.
    package func matrix() throws(FrameError) -> Series {
        let lists: ([Double], [Int])
        switch column.storage {
        case .matrix: return self
        case .floats(let own):
            lists = ((0..<count).flatMap { own[$0] }, (0..<count).map { own.length(at: $0) })
        case .ints(let own):
            lists = (
                (0..<count).flatMap { own[$0].map(Double.init) },
                (0..<count).map { own.length(at: $0) }
            )
        case .int64, .float64, .float32: return try hstack([self], name: name)
        case .bool, .string, .turns, .categorical, .timestamp:
            throw .columnType(
                verb: "matrix", column: name, needed: "lists of numbers", found: column.type)
        }
        let width = lists.1.first ?? 0
        if let row = (0..<count).first(where: { lists.1[$0] != width || column.isMissing($0) }) {
            throw .argument(
                verb: "matrix",
                message: "'\(name)' has \(column.isMissing(row) ? "no" : "\(lists.1[row])") "
                    + "numbers in \(rowName(row)), \(width) in the first",
                help: "a matrix has rows of one width")
        }
        return with(Column(.matrix(MatrixStorage(.float64(lists.0), count: count, width: width))))
    }

    /// A matrix with its zeros left out, or with all of its numbers.
    /// - Throws: `FrameError.columnType`.
    package func matrix(sparse: Bool) throws(FrameError) -> Series {
        guard case .matrix(let matrix) = column.storage else {
            throw .columnType(
                verb: sparse ? "to_sparse" : "to_dense", column: name, needed: "a matrix",
                found: column.type)
        }
        return with(
            Column(.matrix(sparse ? matrix.sparse() : matrix.dense()), validity: column.validity))
    }
}
