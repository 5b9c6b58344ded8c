// Products with rows and weights in 8 bits.

import CArenaKernels

/// Codes of rows (M, K), with the memory they lie in.
private final class RowCodes {
    private let memory: UnsafeMutableRawPointer
    private(set) var codes = arena_codes8_t()

    init(rows: Int, inputs: Int) {
        // Rows a multiple of a large power of two apart would share few sets of the cache.
        let stride = (inputs + 63) / 64 * 64 + 64
        let bytes = rows * stride + 4 * rows * (3 + inputs) + 256
        memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
        // SAFETY: three runs of `rows` numbers, a list of at most `inputs` for each row, then the
        // codes, all inside the allocation, which this object owns.
        let numbers = memory.assumingMemoryBound(to: Int32.self)
        codes.scales = memory.assumingMemoryBound(to: Float.self)
        codes.sums = numbers + rows
        codes.far_counts = numbers + 2 * rows
        codes.far = numbers + 3 * rows
        codes.codes = (memory + 4 * rows * (3 + inputs)).assumingMemoryBound(to: Int8.self)
        codes.codes_stride = stride
    }

    deinit { memory.deallocate() }
}

extension CPUBackend {
    /// y (M, N) = scale * x (M, K) . w^T + bias, added to y where `add` is set.
    func multiply8(
        _ x: Tensor, _ weight: WeightMatrix, bias: WeightVector?, scale: Float, add: Bool,
        into y: Tensor
    ) {
        guard x.rows > 0, let rests = weight.codeRests else { return }
        let x = scaledInputs(x, weight)  // (M, K)
        let rows = RowCodes(rows: x.rows, inputs: weight.inputs)
        withExtendedLifetime((rows, x)) {
            var codes = rows.codes
            kernels.pointee.quantize8(
                x.base, x.stride, x.rows, weight.inputs, WeightMatrix.reach, &codes)
            var p = arena_product8_t()
            p.x = UnsafePointer(x.base)
            p.x_stride = x.stride
            p.codes = codes
            p.panels = weight.kernelWeight.panels.assumingMemoryBound(to: UInt8.self)
            p.fine = UnsafeRawPointer(rests).assumingMemoryBound(to: UInt8.self)
            p.scales = weight.codeScales
            p.bias = bias?.base
            p.y = y.base
            p.y_stride = y.stride
            p.rows = x.rows
            p.inputs = weight.inputs
            p.outputs = weight.outputs
            p.scale = scale
            p.add = add ? 1 : 0
            let work = x.rows * weight.inputs * weight.outputs
            split(weight.panels, work: work, p) { kernels, p, _, range in
                var share = p
                share.first_panel = range.lowerBound
                share.last_panel = range.upperBound
                kernels.pointee.product8(&share)
            }
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
