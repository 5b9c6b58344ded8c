// Where a weight matrix comes from: a stored tensor of floats, or codes with what they mean. Reading a
// source gives either packed panels in its own format, or plain fp32 rows for the reference backend.

import CArenaKernels

/// A weight matrix (N, K) as a checkpoint holds it.
package enum WeightSource: Sendable {
    /// Numbers (N, K).
    case plain(StoredTensor)
    /// Codes of 4 bits into a table of 16 values, scaled by blocks: bitsandbytes nf4 and fp4.
    case table4(TableCodes)
    /// Codes of 4 bits with a scale and a zero for each group of inputs: AWQ and GPTQ.
    case affine4(AffineCodes)
    /// Codes of 8 bits (N, K) with a scale for each output: LLM.int8's stored weights.
    case rows8(StoredTensor, scales: @Sendable () -> [Float])
    /// Numbers (N, K) that become codes of 8 bits at load, for products with rows in 8 bits; all inputs of a row
    /// share a scale if `byRow`, else groups of them do.
    case dynamic8(StoredTensor, byRow: Bool)
    /// What is made at load: of other weights, or by quantizing.
    case made(MadeMatrix)

    /// Its name in the checkpoint.
    package var name: String { stored?.name ?? made?.name ?? "" }

    package var path: String { stored?.path ?? made?.path ?? "" }

    /// Bytes it takes in the file or once it is made, about.
    package var bytes: Int { stored.map { $0.count * $0.type.size } ?? made?.bytes ?? 0 }

    /// The largest of its tensors; nil for what is still to be made.
    package var stored: StoredTensor? {
        switch self {
        case .plain(let tensor), .rows8(let tensor, _), .dynamic8(let tensor, _): return tensor
        case .table4(let codes): return codes.codes
        case .affine4(let codes): return codes.codes
        case .made: return nil
        }
    }

    private var made: MadeMatrix? { if case .made(let made) = self { made } else { nil } }

    /// - Throws: `NonFiniteWeight` naming the scale that is infinite or none.
    func check(scales: [Float]) throws(NonFiniteWeight) {
        guard let bad = scales.firstIndex(where: { !$0.isFinite }) else { return }
        throw NonFiniteWeight(name: name + " (scales)", path: path, index: bad)
    }

    /// What a matrix is made of, by making it if it has to be.
    func resolved() throws(NonFiniteWeight) -> WeightSource {
        var source = self
        while case .made(let made) = source { source = try made.make() }
        return source
    }
}

/// A matrix that is made when it loads.
package struct MadeMatrix: Sendable {
    package let name: String
    package let path: String
    /// Bytes that it takes once it is made.
    package let bytes: Int
    package let make: @Sendable () throws(NonFiniteWeight) -> WeightSource

    package init(
        name: String, path: String, bytes: Int,
        make: @escaping @Sendable () throws(NonFiniteWeight) -> WeightSource
    ) {
        self.name = name
        self.path = path
        self.bytes = bytes
        self.make = make
    }
}

/// 4-bit codes of a matrix (N, K), two to a byte in the order of its elements, the first in the high
/// half; element e is `table[code] * scales[e / block]`, rounded to a type.
package struct TableCodes: Sendable {
    package let codes: StoredTensor  // (ceil(N * K / 2))
    package let table: [Float]  // (16)
    /// Reads the scales (ceil(N * K / block)); only when the matrix loads.
    package let scales: @Sendable () -> [Float]
    package let block: Int
    package let rounded: ElementType

    /// - Parameter scales: gives a scale for each block of codes.
    package init(
        codes: StoredTensor, table: [Float], block: Int, rounded: ElementType,
        scales: @escaping @Sendable () -> [Float]
    ) {
        precondition(table.count == 16 && block > 0 && rounded.isFloat, "a table of 16 values")
        self.codes = codes
        self.table = table
        self.scales = scales
        self.block = block
        self.rounded = rounded
    }

    /// The value of element `index`.
    func value(_ index: Int, _ bytes: UnsafeRawPointer, _ scales: [Float]) -> Float {
        let byte = bytes.load(fromByteOffset: index / 2, as: UInt8.self)
        let code = Int(index % 2 == 0 ? byte >> 4 : byte & 15)
        let kernel = rounded.kernelType ?? ARENA_F32
        return arena_round(kernel, table[code] * scales[index / block])
    }
}

/// 4-bit codes of a matrix (N, K); element (n, k) is (code - zero) * scale with the zero and the scale
/// of output n and k's group.
package struct AffineCodes: Sendable {
    /// How eight codes lie in a 32-bit word.
    package enum Order: Sendable {
        /// Words (K / 8, N): inputs 8i, 8i + 1, ... from the lowest bits up.
        case gptq
        /// Words (K, N / 8): outputs 8j + 0, 2, 4, 6, 1, 3, 5, 7 from the lowest bits up.
        case awq
    }

    package let codes: StoredTensor
    package let order: Order
    package let outputs: Int
    package let inputs: Int
    package let groupCount: Int
    /// The group of each input.
    package let groups: [Int32]  // (K)
    /// Reads scales and zeros (G, N); only when the matrix loads.
    package let scales: @Sendable () -> (scales: [Float], zeros: [Float])

    package init(
        codes: StoredTensor, order: Order, outputs: Int, inputs: Int, groupCount: Int,
        groups: [Int32], scales: @escaping @Sendable () -> (scales: [Float], zeros: [Float])
    ) {
        precondition(
            codes.type == .int32 && codes.count * 8 == outputs * inputs
                && groups.count == inputs && groups.allSatisfy { $0 >= 0 && Int($0) < groupCount },
            "codes and groups fit the matrix")
        self.codes = codes
        self.order = order
        self.outputs = outputs
        self.inputs = inputs
        self.groupCount = groupCount
        self.groups = groups
        self.scales = scales
    }

    package static let awqPlaces: [Int] = [0, 4, 1, 5, 2, 6, 3, 7]

    /// The code of output n, input k.
    func code(_ n: Int, _ k: Int, _ bytes: UnsafeRawPointer) -> UInt8 {
        let place = place(n, k)
        let byte = bytes.load(fromByteOffset: place / 2, as: UInt8.self)
        return place % 2 == 0 ? byte & 15 : byte >> 4
    }

    /// Where that code is, in fours of bits, the lower ones of a byte first.
    private func place(_ n: Int, _ k: Int) -> Int {
        switch order {
        case .gptq: (k / 8 * outputs + n) * 8 + k % 8
        case .awq: (k * (outputs / 8) + n / 8) * 8 + Self.awqPlaces[n % 8]
        }
    }

    /// The codes whose numbers are nearest to `numbers` (N, K), of two as near the even one; scales, zeros and
    /// groups stay.
    /// - Throws: `NonFiniteWeight` if a number is infinite or none.
    package func storing(
        _ numbers: UnsafePointer<Float>
    ) throws(NonFiniteWeight) -> AffineCodes {
        let (scales, zeros) = scales()
        let words = FloatBuffer(count: outputs * inputs / 8)
        let bytes = UnsafeMutableRawPointer(words.base).assumingMemoryBound(to: UInt8.self)
        for n in 0..<outputs {
            for k in 0..<inputs {
                let (number, group) = (numbers[n * inputs + k], Int(groups[k]) * outputs + n)
                guard number.isFinite else {
                    throw NonFiniteWeight(
                        name: codes.name, path: codes.path, index: n * inputs + k)
                }
                let (scale, zero) = (scales[group], zeros[group])
                let code = scale == 0 ? zero : (number / scale + zero).rounded(.toNearestOrEven)
                let place = place(n, k)
                // SAFETY: four bits for every number of the matrix.
                bytes[place / 2] |= UInt8(max(0, min(15, code))) << (place % 2 == 0 ? 0 : 4)
            }
        }
        let fresh = StoredTensor(
            name: codes.name, type: codes.type, shape: codes.shape, path: codes.path, memory: words)
        return AffineCodes(
            codes: fresh, order: order, outputs: outputs, inputs: inputs, groupCount: groupCount,
            groups: groups, scales: { (scales, zeros) })
    }
}

extension WeightSource {
    /// Element (n, k) of the matrix for every n and k in turn: the meaning of a format, in plain code.
    ///
    /// The matrix is no longer to be made.
    package func expandRows(
        outputs: Int, inputs: Int, order: [Int32]?, to y: UnsafeMutablePointer<Float>
    ) {
        guard let stored else { preconditionFailure("a matrix is made before it is read") }
        if case .plain = self, order == nil {
            return stored.widen(0..<outputs * inputs, to: y)
        }
        var (scales, zeros): ([Float], [Float]) = ([], [])
        switch self {
        case .plain, .dynamic8, .made: break
        case .table4(let codes): scales = codes.scales()
        case .affine4(let codes): (scales, zeros) = codes.scales()
        case .rows8(_, let read): scales = read()
        }
        _ = stored.withBytes { bytes in
            for n in 0..<outputs {
                let row = order.map { Int($0[n]) } ?? n
                for k in 0..<inputs {
                    let value: Float
                    switch self {
                    case .plain(let tensor), .dynamic8(let tensor, _):
                        value = 0
                        guard let kernel = tensor.type.kernelType else { return }
                        arena_widen(
                            kernel, bytes + (row * inputs + k) * tensor.type.size,
                            y + n * inputs + k, 1)
                        continue
                    case .table4(let codes):
                        value = codes.value(row * inputs + k, bytes, scales)
                    case .affine4(let codes):
                        let g = Int(codes.groups[k]) * outputs + row
                        let code = Float(codes.code(row, k, bytes))
                        value = (code - zeros[g]) * scales[g]
                    case .made: return
                    case .rows8:
                        let code = bytes.load(fromByteOffset: row * inputs + k, as: Int8.self)
                        value = Float(code) * scales[row]
                    }
                    y[n * inputs + k] = value
                }
            }
        }
    }
}
