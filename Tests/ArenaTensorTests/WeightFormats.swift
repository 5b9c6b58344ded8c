// Random weights in every stored format.

import Testing

@testable import ArenaTensor

/// The formats that a weight matrix may be stored in.
enum WeightFormat: CaseIterable {
    case float32, bfloat16, float16, nf4, nf4Float32, nf4Float16, gptq, awq, int8, dynamic8,
        dynamic8Rows

    /// Whether rows become codes too.
    var isDynamic: Bool { self == .dynamic8 || self == .dynamic8Rows }

    func fits(outputs: Int, inputs: Int) -> Bool {
        switch self {
        case .gptq, .awq: return outputs % 8 == 0 && inputs % 8 == 0
        default: return true
        }
    }

    func make(outputs n: Int, inputs k: Int, _ random: inout Seeded) throws -> WeightSource {
        func bytes(_ count: Int, _ random: inout Seeded) -> [UInt8] {
            (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
        }
        switch self {
        case .float32: return .plain(try stored(random.floats(n * k), [n, k]))
        case .bfloat16, .float16:
            let halves: [UInt16] = (0..<n * k).map { _ in
                // Exponents around one, and some of the smallest numbers.
                let sign = UInt16.random(in: 0...1, using: &random) << 15
                let fraction = UInt16.random(in: 0...127, using: &random)
                return self == .bfloat16
                    ? sign | UInt16.random(in: 115...128, using: &random) << 7 | fraction
                    : sign | UInt16.random(in: 0...15, using: &random) << 10 | fraction << 3
            }
            return .plain(
                try stored(
                    halves.withUnsafeBytes { Array($0) },
                    self == .bfloat16 ? .bfloat16 : .float16, [n, k]))
        case .nf4, .nf4Float32, .nf4Float16:
            let block = 64
            let scales = random.floats((n * k + block - 1) / block)
            let rounded: ElementType =
                self == .nf4 ? .bfloat16 : self == .nf4Float16 ? .float16 : .float32
            return .table4(
                TableCodes(
                    codes: try stored(bytes((n * k + 1) / 2, &random), .uint8, [(n * k + 1) / 2]),
                    table: random.floats(16), block: block, rounded: rounded, scales: { scales }))
        case .gptq, .awq:
            let groups = k % 64 == 0 ? k / 64 : 1
            let (scales, zeros) = (
                random.floats(groups * n),
                (0..<groups * n).map { _ in Float(Int.random(in: 0...15, using: &random)) }
            )
            // Groups in no order, as act-order files have them.
            let list = (0..<k).map { _ in Int32.random(in: 0..<Int32(groups), using: &random) }
            return .affine4(
                AffineCodes(
                    codes: try stored(bytes(n * k / 2, &random), .int32, [n * k / 8]),
                    order: self == .gptq ? .gptq : .awq, outputs: n, inputs: k, groupCount: groups,
                    groups: list, scales: { (scales, zeros) }))
        case .dynamic8, .dynamic8Rows:
            return .dynamic8(
                try stored(random.floats(n * k), [n, k]), byRow: self == .dynamic8Rows)
        case .int8:
            let scales = random.floats(n)
            return .rows8(
                try stored(bytes(n * k, &random), .int8, [n, k]), scales: { scales })
        }
    }
}
