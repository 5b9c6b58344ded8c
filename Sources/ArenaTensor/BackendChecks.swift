// What both backends check and do alike.

/// Holds every row's queries and keys inside the tensors, and the tensors to the shape.
func checkAttention(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, rows: [AttentionRow], shape: AttentionShape,
    relative: RelativeTerms?, _ out: Tensor
) {
    precondition(q.columns == shape.heads * shape.headSize && out.columns == q.columns)
    precondition(k.columns == shape.groups * shape.headSize && v.columns == k.columns)
    precondition(q.rows == out.rows && k.rows == v.rows)
    for row in rows {
        precondition(
            row.firstQuery >= 0 && row.queries >= 0 && row.firstQuery + row.queries <= q.rows
                && row.firstPosition >= 0 && row.firstKey >= 0 && row.firstKey + row.keys <= k.rows
                && row.firstPosition + row.queries <= row.keys,
            "a row's queries and keys lie inside the tensors")
    }
    guard let relative else { return }
    let longest = rows.reduce(0) { max($0, $1.keys) }
    precondition(relative.longest >= longest, "relative terms reach to the longest text")
    let distances = 2 * relative.longest - 1
    if let bias = relative.bias {
        precondition(bias.rows == shape.heads && bias.columns == distances)
    }
    precondition(
        (relative.keys == nil && relative.queries == nil)
            || (shape.groups == shape.heads && relative.buckets.count == distances))
    for term in [relative.keys, relative.queries] {
        guard let term else { continue }
        precondition(
            term.columns == shape.heads * shape.headSize
                && relative.buckets.allSatisfy { $0 >= 0 && Int($0) < term.rows })
    }
}

/// y (M, C) = the rows of x with these numbers.
func gatherRows(_ rows: [Int], of x: Tensor, into y: Tensor) {
    precondition(y.rows == rows.count && y.columns == x.columns)
    for (m, row) in rows.enumerated() {
        precondition(row >= 0 && row < x.rows)
        (y.base + m * y.stride).update(from: x.base + row * x.stride, count: x.columns)
    }
}

/// The rows of y with these numbers = the rows of x (M, C).
func scatterRows(_ x: Tensor, to rows: [Int], of y: Tensor) {
    precondition(x.rows == rows.count && y.columns == x.columns)
    for (m, row) in rows.enumerated() {
        precondition(row >= 0 && row < y.rows)
        (y.base + row * y.stride).update(from: x.base + m * x.stride, count: x.columns)
    }
}

/// y (R, C) = the mean or the largest of each range of rows, rows taken in order.
func reduceRows(_ reduction: Reduction, _ x: Tensor, rows: [Range<Int>], into y: Tensor) {
    precondition(y.rows == rows.count && y.columns == x.columns)
    for (r, range) in rows.enumerated() {
        precondition(!range.isEmpty && range.lowerBound >= 0 && range.upperBound <= x.rows)
        let out = y.base + r * y.stride
        out.update(from: x.base + range.lowerBound * x.stride, count: x.columns)
        for m in range.dropFirst() {
            let row = x.base + m * x.stride
            switch reduction {
            case .mean: for c in 0..<x.columns { out[c] += row[c] }
            case .max: for c in 0..<x.columns where row[c] > out[c] { out[c] = row[c] }
            }
        }
        guard reduction == .mean else { continue }
        for c in 0..<x.columns { out[c] /= Float(range.count) }
    }
}

/// y (M, C) = table[ids] * scale, or added to y.
func embedRows(
    _ ids: [Int32], _ table: EmbeddingTable, scale: Float, adding: Bool, into y: Tensor
) {
    precondition(y.rows == ids.count && y.columns == table.channels)
    let row = Tensor(
        [Float](repeating: 0, count: y.columns), rows: 1, columns: y.columns)
    for (m, id) in ids.enumerated() {
        let out = y.base + m * y.stride
        if adding {
            table.gather([id], into: row)
            for c in 0..<y.columns { out[c] += row.base[c] * scale }
        } else {
            table.gather([id], into: y.rows(m..<m + 1))
            if scale != 1 { for c in 0..<y.columns { out[c] *= scale } }
        }
    }
}
