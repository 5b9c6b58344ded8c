// Lists of numbers, one list a row. A row is a run of the shared numbers, so that taking rows moves none
// of them.

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
