// Products with rows and weights in 8 bits.

import CArenaKernels

/// Codes of rows (M, K), with the memory they lie in.
private final class RowCodes {
    private let memory: UnsafeMutableRawPointer
    private(set) var codes = arena_codes8_t()

    init(rows: Int, inputs: Int, byRow: Bool, tileRows: Int) {
        let padded = (rows + tileRows - 1) / tileRows * tileRows
        let groups = WeightMatrix.codeGroups(inputs, byRow: byRow)
        let numbers = 4 * (2 * padded * groups + rows + rows * inputs)
        let codeBytes = padded * ((inputs + 3) / 4 * 4)
        memory = UnsafeMutableRawPointer.allocate(byteCount: codeBytes + numbers, alignment: 64)
        // SAFETY: the codes, whole fours of them, then two numbers for each group of a row, one for each
        // row and a list of at most `inputs` for each, all inside the allocation, which this object owns.
        codes.whole = byRow ? 1 : 0
        codes.codes = memory.assumingMemoryBound(to: Int8.self)
        let scales = (memory + codeBytes).assumingMemoryBound(to: Float.self)
        codes.scales = scales
        let starts = UnsafeMutableRawPointer(scales + padded * groups)
            .assumingMemoryBound(to: Int32.self)
        codes.starts = starts
        codes.far_counts = starts + padded * groups
        codes.far = codes.far_counts + rows
    }

    deinit { memory.deallocate() }
}

extension CPUBackend {
    /// For each of the parts, of weights in 8 bits: y (M, N) = x (M, K) . w^T + bias, or
    /// y += scale * (x . w^T).
    func multiply8(_ x: Tensor, _ parts: [ProductPart], adding scale: Float? = nil) {
        guard x.rows > 0 else { return }
        // Of rows that no weight's columns change, by whether a row has one scale.
        var shared: [Bool: RowCodes] = [:]
        for part in parts {
            part.check(x)
            let (weight, x) = (part.weight, scaledInputs(x, part.weight))  // (M, K)
            let byRow = weight.isCodedByRow
            let isShared = weight.inputFactors == nil
            let rows = (isShared ? shared[byRow] : nil) ?? codes(of: x, byRow: byRow)
            if isShared { shared[byRow] = rows }
            withExtendedLifetime((rows, x)) {
                multiply8(x, rows.codes, part, adding: scale)
            }
        }
    }

    private func codes(of x: Tensor, byRow: Bool) -> RowCodes {
        let rows = RowCodes(
            rows: x.rows, inputs: x.columns, byRow: byRow, tileRows: kernels.pointee.tile8_rows)
        var codes = rows.codes
        kernels.pointee.quantize8(
            x.base, x.stride, x.rows, x.columns, WeightMatrix.reach, &codes)
        return rows
    }

    private func multiply8(
        _ x: Tensor, _ codes: arena_codes8_t, _ part: ProductPart, adding scale: Float?
    ) {
        let weight = part.weight
        guard let rests = weight.codeRests else { return }
        var p = arena_product8_t()
        p.x = UnsafePointer(x.base)
        p.x_stride = x.stride
        p.codes = codes
        p.panels = weight.kernelWeight.panels.assumingMemoryBound(to: UInt8.self)
        p.fine = UnsafeRawPointer(rests).assumingMemoryBound(to: UInt8.self)
        p.scales = weight.codeScales
        p.bias = part.bias?.base
        p.y = part.y.base
        p.y_stride = part.y.stride
        p.rows = x.rows
        p.inputs = weight.inputs
        p.outputs = weight.outputs
        p.scale = scale ?? 1
        p.add = scale == nil ? 0 : 1
        let work = x.rows * weight.inputs * weight.outputs
        split(weight.panels, work: work, p) { kernels, p, _, range in
            var share = p
            share.first_panel = range.lowerBound
            share.last_panel = range.upperBound
            kernels.pointee.product8(&share)
        }
    }

    /// x (M, K) with the inputs of odd columns multiplied.
    private func scaledInputs(_ x: Tensor, _ weight: WeightMatrix) -> Tensor {
        guard let factors = weight.inputFactors else { return x }
        let stride = (x.columns + 15) / 16 * 16
        let y = Tensor(
            buffer: FloatBuffer(count: x.rows * stride), offset: 0, rows: x.rows,
            columns: x.columns, stride: stride)
        for m in 0..<x.rows {
            let (from, to) = (x.base + m * x.stride, y.base + m * stride)
            for k in 0..<x.columns { to[k] = from[k] * factors[k] }
        }
        return y
    }
}
