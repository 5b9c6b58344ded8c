// The submission contract: a table is held against the sample before anything is written. What
// passes becomes a Submission, and only a Submission can be written.

/// What to do when rows or columns stand in another order than the sample's.
package enum SubmissionOrder: Sendable {
    /// Refuse: an order that is wrong is often a sign of more.
    case refuse
    /// Put rows in order by id and columns by name.
    case asSample
}

/// How far a row of probabilities may add up to something else than 1.
package let rowSumTolerance = 1e-4

/// Checks a table against the sample submission.
///
/// The same id column, columns and ids, each id once, in the sample's order (see `order`); no value
/// missing or not finite. If the sample's own rows are probabilities (`holdsProbabilities`), values
/// are also in [0, 1] and every row adds up to 1 within 0.0001; of other samples, such as one column
/// or all zeros, nothing can be known, and neither is checked.
/// - Parameter fill: what stands in for rows with missing values, before the values are checked.
/// - Throws: `SubmissionError`, the first that applies in the order above.
/// - Complexity: O(rows x columns)
package func checkSubmission(
    _ table: SubmissionTable, like sample: SubmissionTable, order: SubmissionOrder = .refuse,
    fill: SubmissionFill? = nil
) throws(SubmissionError) -> Submission {
    guard table.idName == sample.idName else {
        throw .idColumn(expected: sample.idName, found: table.idName)
    }
    let columns = try columnOrder(table, sample, order)
    let rows = try rowOrder(table, sample, order)
    var arranged = table.arranged(columns: columns, rows: rows)
    let filled = try fill.map { fill throws(SubmissionError) in
        try arranged.fill(with: fill, like: sample)
    }
    let isProbabilities = sample.holdsProbabilities
    try checkValues(arranged, areProbabilities: isProbabilities)
    return Submission(
        checked: arranged, holdsProbabilities: isProbabilities, filled: filled ?? FilledRows())
}

/// For each of the sample's columns its place in the table.
private func columnOrder(
    _ table: SubmissionTable, _ sample: SubmissionTable, _ order: SubmissionOrder
) throws(SubmissionError) -> [Int] {
    if let name = firstDuplicate(table.columns) { throw .columnTwice(name: name) }
    let missing = sample.columns.filter { !table.columns.contains($0) }
    let extra = table.columns.filter { !sample.columns.contains($0) }
    guard missing.isEmpty, extra.isEmpty else {
        throw .columns(missing: missing, extra: extra, known: table.columns)
    }
    if order == .refuse, table.columns != sample.columns {
        throw .columnOrder(expected: sample.columns, found: table.columns)
    }
    return sample.columns.compactMap { table.columns.firstIndex(of: $0) }
}

private func firstDuplicate(_ names: [String]) -> String? {
    var seen = Set<String>()
    return names.first { !seen.insert($0).inserted }
}

/// For each of the sample's rows its place in the table.
private func rowOrder(
    _ table: SubmissionTable, _ sample: SubmissionTable, _ order: SubmissionOrder
) throws(SubmissionError) -> [Int] {
    let places = try distinctPlaces(table.ids, isSample: false)
    let wanted = try distinctPlaces(sample.ids, isSample: true)
    var rows: [Int] = []
    rows.reserveCapacity(sample.ids.count)
    var missing: [String] = []
    for id in sample.ids {
        if let row = places[id] { rows.append(row) } else { missing.append(id) }
    }
    let strange = table.ids.filter { wanted[$0] == nil }
    guard missing.isEmpty, strange.isEmpty else {
        throw .ids(
            missing: Array(missing.prefix(3)), missingCount: missing.count,
            strange: Array(strange.prefix(3)), strangeCount: strange.count,
            rows: sample.ids.count)
    }
    if order == .refuse, let row = sample.ids.indices.first(where: { rows[$0] != $0 }) {
        throw .rowOrder(row: row, expected: sample.ids[row], found: table.ids[row])
    }
    return rows
}

private func distinctPlaces(
    _ ids: [String], isSample: Bool
) throws(SubmissionError) -> [String: Int] {
    var places: [String: Int] = [:]
    places.reserveCapacity(ids.count)
    var twice: [String] = []
    var count = 0
    for (row, id) in ids.enumerated() {
        if places.updateValue(row, forKey: id) != nil {
            if twice.count < 3, !twice.contains(id) { twice.append(id) }
            count += 1
        }
    }
    if count > 0 { throw .idsTwice(ids: twice, count: count, isSample: isSample) }
    return places
}

private func checkValues(
    _ table: SubmissionTable, areProbabilities: Bool
) throws(SubmissionError) {
    var missing = FoundCells()
    var infinite = FoundCells()
    var outside = FoundCells()
    for row in table.ids.indices {
        for column in table.columns.indices {
            let value = table.values[column][row]
            if table.isMissing(column, row) {
                missing.add(table, column, row)
            } else if !value.isFinite {
                infinite.add(table, column, row)
            } else if areProbabilities, value < 0 || value > 1 {
                outside.add(table, column, row)
            }
        }
    }
    if let cell = missing.first { throw .missingValues(first: cell, count: missing.count) }
    if let cell = infinite.first { throw .notFinite(first: cell, count: infinite.count) }
    guard areProbabilities else { return }
    if let cell = outside.first { throw .outsideRange(first: cell, count: outside.count) }
    let off = table.ids.indices.filter { abs(table.sum(ofRow: $0) - 1) > rowSumTolerance }
    if let row = off.first {
        throw .rowSum(id: table.ids[row], sum: table.sum(ofRow: row), count: off.count)
    }
}

/// How many cells have some fault, and the first of them.
private struct FoundCells {
    var first: SubmissionError.Cell?
    var count = 0

    mutating func add(_ table: SubmissionTable, _ column: Int, _ row: Int) {
        if count == 0 {
            first = SubmissionError.Cell(
                id: table.ids[row], column: table.columns[column], value: table.values[column][row])
        }
        count += 1
    }
}
