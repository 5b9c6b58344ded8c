// What both backends check and do alike.

/// Holds every row's queries and keys inside the tensors, and the tensors to the shape.
func checkAttention(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, rows: [AttentionRow], shape: AttentionShape,
    _ out: Tensor
) {
    precondition(q.columns == shape.heads * shape.headSize && out.columns == q.columns)
    precondition(k.columns == shape.groups * shape.headSize && v.columns == k.columns)
    precondition(q.rows == out.rows && k.rows == v.rows)
    for row in rows {
        precondition(
            row.firstQuery >= 0 && row.queries >= 0 && row.firstQuery + row.queries <= q.rows
                && row.firstPosition >= 0 && row.firstKey >= 0 && row.firstKey + row.keys <= k.rows,
            "a row's queries and keys lie inside the tensors")
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
