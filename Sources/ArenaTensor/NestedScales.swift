// Scales of 4-bit codes that are codes themselves, of 8 bits: bitsandbytes' nested statistics
// (`bnb_4bit_use_double_quant`; functional.py, quantize_4bit and create_dynamic_map).

/// Scales in 8 bits: scale i is `table[codes[i]] * outer[i / 256] + offset`.
struct NestedScales {
    static let block = 256

    let codes: [UInt8]
    /// The largest magnitude of each block, without the offset.
    let outer: [Float]
    /// The mean of the scales. It is rounded once here; PyTorch's follows from its number of threads.
    let offset: Float

    /// Each code is the nearest; bitsandbytes' CPU code looks among 65,536 places and misses it for a
    /// number in a thousand, near the middle of two codes and near 0.
    init(_ scales: UnsafeBufferPointer<Float>) {
        let sum = scales.reduce(0.0) { $0 + Double($1) }
        let offset = Float(sum / Double(max(1, scales.count)))
        var codes: [UInt8] = []
        var outer: [Float] = []
        codes.reserveCapacity(scales.count)
        for first in stride(from: 0, to: scales.count, by: Self.block) {
            let part = first..<min(first + Self.block, scales.count)
            let most = part.reduce(Float(0)) { max($0, abs(scales[$1] - offset)) }
            let inverse: Float = most > 0 ? 1 / most : 0
            outer.append(most)
            for i in part { codes.append(Self.code((scales[i] - offset) * inverse)) }
        }
        (self.codes, self.outer, self.offset) = (codes, outer, offset)
    }

    /// The scales that the codes mean.
    var values: [Float] {
        codes.enumerated().map { i, code in
            Self.table[Int(code)] * outer[i / Self.block] + offset
        }
    }

    /// The number of the nearest value of the table.
    private static func code(_ x: Float) -> UInt8 {
        var (low, high) = (0, bounds.count)
        while low < high {
            let middle = (low + high) / 2
            if x > bounds[middle] { low = middle + 1 } else { high = middle }
        }
        return UInt8(low)
    }

    /// What lies between two values of the table (255).
    private static let bounds = zip(table, table.dropFirst()).map { ($0 + $1) / 2 }

    /// The values of 8-bit codes, rising (256): a sign, a power of ten, and a fraction in the bits that are
    /// left, fine where the power is high.
    static let table: [Float] = {
        var values: [Float] = [0, 1]
        for (power, scale) in ([1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1] as [Float]).enumerated() {
            let steps = 1 << power
            // Ends of the parts of 0.1 to 1, as torch.linspace places them: from both sides, fused.
            let step = (1 - 0.1 as Float) / Float(steps)
            let ends = (0...steps).map { i in
                i < (steps + 1) / 2
                    ? Float(0.1).addingProduct(step, Float(i))
                    : Float(1).addingProduct(-step, Float(steps - i))
            }
            for (low, high) in zip(ends, ends.dropFirst()) {
                let value = scale * ((low + high) / 2)
                values += [value, -value]
            }
        }
        return values.sorted()
    }()
}
