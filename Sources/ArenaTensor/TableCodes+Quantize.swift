// Numbers to 4-bit codes with a table of 16 values: the codes that bitsandbytes' quantize_4bit gives.

import CArenaKernels

extension TableCodes {
    /// The values of nf4: https://arxiv.org/abs/2305.14314, as bitsandbytes writes them.
    package static let nf4: [Float] = [
        -1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453,
        -0.28444138169288635, -0.18477343022823334, -0.09105003625154495, 0.0,
        0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
        0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0,
    ]

    /// Codes of `count` numbers, which `read` gives a range of at a time.
    /// - Parameters:
    ///   - name: of the tensor they come from, and the file that is in.
    ///   - rounded: what values are rounded to when they are expanded.
    ///   - nests: whether the scales become codes of 8 bits.
    /// - Throws: `NonFiniteWeight` if a number is infinite or none.
    package init(
        quantizing count: Int, name: String, path: String, table: [Float], block: Int = 64,
        rounded: ElementType, nests: Bool = false,
        read: (Range<Int>, UnsafeMutablePointer<Float>) -> Void
    ) throws(NonFiniteWeight) {
        precondition(table.count == 16 && block > 0, "a table of 16 values")
        let order = table.indices.sorted { (table[$0], $0) < (table[$1], $1) }
        let bounds = (0..<15).map { (table[order[$0]] + table[order[$0 + 1]]) / 2 }
        let places = order.map { UInt8($0) }
        let codes = FloatBuffer(count: (count + 7) / 8)
        let scales = FloatBuffer(count: (count + block - 1) / block)
        // An even number of whole blocks at a time, so that no byte is shared.
        let step = 2 * block * max(1, 1 << 15 / block)
        let part = FloatBuffer(count: min(step, count))
        for first in stride(from: 0, to: count, by: step) {
            let range = first..<min(first + step, count)
            read(range, part.base)
            // SAFETY: two codes to a byte, eight to a float of the buffer; a scale for each block.
            let bad = arena_quantize4(
                part.base, range.count, block, bounds, places,
                UnsafeMutableRawPointer(codes.base).assumingMemoryBound(to: UInt8.self) + first / 2,
                scales.base + first / block)
            if bad >= 0 { throw NonFiniteWeight(name: name, path: path, index: first + bad) }
        }
        self.init(
            codes: StoredTensor(
                name: name, type: .uint8, shape: [(count + 1) / 2], path: path, memory: codes),
            table: table, block: block, rounded: rounded,
            scales: {
                // SAFETY: the closure holds the buffer.
                let stored = UnsafeBufferPointer(start: scales.base, count: scales.count)
                return nests ? NestedScales(stored).values : Array(stored)
            })
    }
}

extension WeightSource {
    /// The nf4 codes of a stored matrix, made when it loads.
    /// - Parameter nests: whether their scales become codes of 8 bits.
    package static func nf4(_ tensor: StoredTensor, nests: Bool = false) -> WeightSource {
        .made(
            MadeMatrix(name: tensor.name, path: tensor.path, bytes: tensor.count / 2) {
                () throws(NonFiniteWeight) in
                .table4(
                    try TableCodes(
                        quantizing: tensor.count, name: tensor.name, path: tensor.path,
                        table: TableCodes.nf4,
                        rounded: tensor.type, nests: nests,
                        read: { tensor.widen($0, to: $1) }))
            })
    }
}
