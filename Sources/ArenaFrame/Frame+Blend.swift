// The weighted mean of frames of predictions, joined by key. The sum runs over the frames in the
// order given, for every cell alike, so that equal inputs give equal bits.

/// Averages the numeric columns of frames that have the same keys and columns.
///
/// Rows and columns come in the first frame's order. A row that a frame misses (a missing cell)
/// is averaged over the frames that have it, with their weights; where none has it, or the weights
/// of those that do are not positive together, the cell is missing. A frame of weight 0 is checked
/// like the others and then left out, whatever it holds.
/// - Parameter weights: One for each frame; nil weighs all alike.
/// - Throws: `FrameError` if a frame has no key, other rows, other or non-numeric columns, or if
///   the weights do not fit.
/// - Complexity: O(frames x rows x columns)
package func blend(_ frames: [Frame], weights: [Double]? = nil) throws(FrameError) -> Frame {
    guard let first = frames.first else { throw .blendNothing }
    let weights = try checkedWeights(weights, count: frames.count)
    let key = try first.requiredKey(for: "blend")
    var sources: [BlendSource] = []
    for (number, frame) in frames.enumerated() {
        let rows = number == 0 ? nil : try rowsOf(frame, number, matching: key, of: first)
        try checkColumns(of: frame, number, against: first)
        if weights[number] == 0 { continue }
        var columns: [Column] = []
        for name in first.names { columns.append(try frame.column(name)) }
        sources.append(BlendSource(rows: rows, columns: columns, weight: weights[number]))
    }
    let columns = first.names.indices.map { mean(of: sources, column: $0, rows: first.rowCount) }
    return Frame(trusting: first.names, columns, key, rows: first.rowCount)
}

/// A frame of the blend: where its rows are, and what they count.
private struct BlendSource {
    /// For each row of the first frame the row here; nil if they are the same.
    let rows: [Int]?
    let columns: [Column]
    let weight: Double
}

private func mean(of sources: [BlendSource], column: Int, rows: Int) -> Column {
    var sums = [Double](repeating: 0, count: rows)
    var totals = sums
    var present = Validity(repeating: true, count: rows)
    for source in sources {
        let values = source.columns[column].doubles ?? []
        for row in 0..<rows {
            let from = source.rows?[row] ?? row
            if source.columns[column].isMissing(from) { continue }
            sums[row] += source.weight * values[from]
            totals[row] += source.weight
        }
    }
    for row in 0..<rows {
        if totals[row] > 0 { sums[row] /= totals[row] } else { present[row] = false }
    }
    return Column(.float64(sums), validity: present)
}

private func checkedWeights(_ weights: [Double]?, count: Int) throws(FrameError) -> [Double] {
    guard let weights else { return [Double](repeating: 1, count: count) }
    guard weights.count == count else {
        throw .blendWeights(expected: count, found: weights.count)
    }
    for (number, weight) in weights.enumerated() where !weight.isFinite {
        throw .blendWeight(number: number, weight: weight)
    }
    let total = weights.reduce(0, +)
    guard total > 0, total.isFinite else { throw .blendTotal(total) }
    return weights
}

/// For each row of the first frame the row of another frame with the same key.
private func rowsOf(
    _ frame: Frame, _ number: Int, matching key: FrameKey, of first: Frame
) throws(FrameError) -> [Int] {
    guard let other = frame.key else { throw .blendNoKey(frame: number) }
    guard other.name == key.name, other.column.type == key.column.type else {
        throw .blendKeys(
            frame: number, expected: "\(key.name): \(key.column.type.rawValue)",
            found: "\(other.name): \(other.column.type.rawValue)")
    }
    let found = ArenaFrame.rows(of: key, in: other)
    let missing = found.indices.filter { found[$0] < 0 }
    if missing.isEmpty, other.count == key.count { return found }
    let own = ArenaFrame.rows(of: other, in: key)
    let strange = own.indices.filter { own[$0] < 0 }
    throw .blendRows(
        frame: number, key: key.name, missing: missing.prefix(3).map { key.label($0) },
        missingCount: missing.count, strange: strange.prefix(3).map { other.label($0) },
        strangeCount: strange.count)
}

private func checkColumns(
    of frame: Frame, _ number: Int, against first: Frame
) throws(FrameError) {
    let missing = first.names.filter { frame.position(of: $0) == nil }
    let extra = frame.names.filter { first.position(of: $0) == nil }
    guard missing.isEmpty, extra.isEmpty else {
        throw .blendColumns(frame: number, missing: missing, extra: extra)
    }
    for (name, column) in zip(frame.names, frame.columns) where !column.type.isNumeric {
        throw .columnType(
            verb: "blend", column: name, needed: "a numeric column", found: column.type)
    }
}
