// Products in 8 bits on a card: rows become codes with one scale each, as the host has it for
// `weights="int8_rows"`; sums are exact. Inputs that stand far out are multiplied by themselves afterwards, those of
// some rows together.

import CCUDA

/// Rows (M, K) as codes.
struct CodedRows {
    let address: UInt64
    /// Codes from one row to the next.
    let padded: Int
    let scales: UInt64
    let limits: UInt64
    /// For so many rows together the inputs that stand far out in one of them, and how many.
    let far: UInt64
    let counts: UInt64
    let tiles: Int
}

extension CUDABackend {
    /// Rows that `far_columns` looks at together, and outputs of a block of `far_products`.
    private static let farRows = 32
    private static let farOutputs = 128

    /// y = x . w^T + bias, or y += scale * (x . w^T); nothing unless the weight is coded.
    /// - Parameter shared: the rows' codes for weights whose columns are as they are stored, once they are made.
    func multiplyCodes(
        _ shared: inout CodedRows?, _ from: Transfer.Place, _ x: Tensor, _ part: ProductPart,
        adding scale: Float?, into y: Transfer.Place, _ space: ActivationArena
    ) {
        let own = matrix(part.weight)
        guard let form = own.coded else { return }
        precondition(own.inputs == x.columns)
        device.withBlock(of: own) { block in
            let factors = form.factors.map { block + UInt64($0) } ?? 0
            let rows = (factors == 0 ? shared : nil) ?? coded(from, x, factors, space)
            if factors == 0 { shared = rows }
            let scales = block + UInt64(form.scales)
            let tiles = ((x.rows + 127) / 128) * ((own.outputs + 127) / 128)
            // Two codes count as one number of 16 bits.
            let stride = Int64(rows.padded / 2)
            device.launch(
                .productCodes, grid: (tiles, 1), threads: 256,
                [
                    rows.address, stride, block, stride, part.bias.map(address) ?? 0, rows.scales,
                    scales, scale ?? 1, Int32(scale == nil ? 0 : 1), y.address, y.stride,
                    Int64(x.rows), Int32(own.outputs), Int32(rows.padded / 2),
                ])
            device.launch(
                .farProducts,
                grid: (rows.tiles, (own.outputs + Self.farOutputs - 1) / Self.farOutputs),
                threads: Self.farOutputs,
                [
                    from.address, from.stride, factors, rows.limits, rows.far, rows.counts, block,
                    block + UInt64(form.fine), Int32(rows.padded), scales, scale ?? 1, y.address,
                    y.stride, Int64(x.rows), Int32(x.columns), Int32(own.outputs),
                ])
        }
    }

    private func coded(
        _ from: Transfer.Place, _ x: Tensor, _ factors: UInt64, _ space: ActivationArena
    ) -> CodedRows {
        let padded = CUDAMatrix.Coded8.padded(x.columns)
        let tiles = (x.rows + Self.farRows - 1) / Self.farRows
        let rows = CodedRows(
            address: space.scratch((x.rows * padded + 3) / 4).address, padded: padded,
            scales: space.scratch(x.rows).address, limits: space.scratch(x.rows).address,
            far: space.scratch(tiles * x.columns).address, counts: space.scratch(tiles).address,
            tiles: tiles)
        device.rows(
            .codeRows, rows: x.rows, columns: x.columns,
            [
                from.address, from.stride, factors, WeightMatrix.reach, rows.address,
                Int64(padded), rows.scales, rows.limits,
            ])
        device.launch(
            .farColumns, grid: (tiles, 1), threads: 256,
            [
                from.address, from.stride, factors, rows.limits, rows.far, rows.counts,
                Int64(x.rows), Int32(x.columns),
            ])
        return rows
    }
}
