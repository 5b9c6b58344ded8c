// Lists of numbers, one list a row, and vectors of one width. A row of a list column is a run of the
// shared numbers, so that taking rows moves none of them; a matrix is dense and row-major.

/// The numbers of each row: token ids, positions, scores.
package struct NumberLists<Number: Sendable & Equatable>: Sendable {
    /// A row's numbers: `count` of them from `start` on.
    struct Row: Sendable, BitwiseCopyable {
        var start: Int
        var count: Int
    }

    let rows: [Row]
    let numbers: [Number]

    init(rows: [Row], numbers: [Number]) {
        self.rows = rows
        self.numbers = numbers
    }

    /// Lists from arrays.
    package init(_ lists: some Sequence<[Number]>) {
        var rows: [Row] = []
        var numbers: [Number] = []
        for list in lists {
            rows.append(Row(start: numbers.count, count: list.count))
            numbers += list
        }
        self.init(rows: rows, numbers: numbers)
    }

    /// The number of rows.
    package var count: Int { rows.count }

    /// The number of numbers in a row.
    package func length(at row: Int) -> Int { rows[row].count }

    /// The numbers of a row.
    package subscript(row: Int) -> ArraySlice<Number> {
        numbers[rows[row].start..<rows[row].start + rows[row].count]
    }

    /// The rows in the order given, sharing the numbers.
    /// - Precondition: every row is in range.
    package func taking(_ wanted: some Sequence<Int>) -> NumberLists {
        NumberLists(rows: gathered(rows, Array(wanted)), numbers: numbers)
    }

    func appending(_ other: NumberLists) -> NumberLists {
        let shift = numbers.count
        return NumberLists(
            rows: rows + other.rows.map { Row(start: $0.start + shift, count: $0.count) },
            numbers: numbers + other.numbers)
    }
}

/// Vectors of one width, a row after the other.
package struct MatrixStorage: Sendable {
    /// The numbers, row-major.
    package enum Numbers: Sendable {
        case float32([Float])  // (rows, width)
        case float64([Double])  // (rows, width)
    }

    package let numbers: Numbers
    package let count: Int
    /// The numbers in a row.
    package let width: Int

    /// - Precondition: there are `count` x `width` numbers.
    package init(_ numbers: Numbers, count: Int, width: Int) {
        let size =
            switch numbers {
            case .float32(let floats): floats.count
            case .float64(let doubles): doubles.count
            }
        precondition(size == count * width, "as many numbers as rows times width")
        self.numbers = numbers
        self.count = count
        self.width = width
    }

    /// The numbers as doubles, row-major.
    package var doubles: [Double] {
        switch numbers {
        case .float32(let floats): floats.map(Double.init)
        case .float64(let doubles): doubles
        }
    }

    /// The numbers of a row.
    package func row(_ row: Int) -> [Double] {
        let range = row * width..<(row + 1) * width
        return switch numbers {
        case .float32(let floats): floats[range].map(Double.init)
        case .float64(let doubles): Array(doubles[range])
        }
    }

    /// The rows in the order given.
    /// - Precondition: every row is in range.
    package func taking(_ rows: some Collection<Int>) -> MatrixStorage {
        switch numbers {
        case .float32(let floats):
            MatrixStorage(.float32(gathered(floats, rows)), count: rows.count, width: width)
        case .float64(let doubles):
            MatrixStorage(.float64(gathered(doubles, rows)), count: rows.count, width: width)
        }
    }

    private func gathered<T>(_ values: [T], _ rows: some Collection<Int>) -> [T] {
        var result: [T] = []
        result.reserveCapacity(rows.count * width)
        for row in rows { result += values[row * width..<(row + 1) * width] }
        return result
    }
}
