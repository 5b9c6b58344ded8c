// Linear layers whose weights are codes: which tensors of a checkpoint belong together, held against
// each other before anything is read.

import ArenaCore
import ArenaTensor

/// How the configuration says that linear layers are stored.
package enum Quantization: Sendable, Equatable {
    case none
    /// bitsandbytes nf4, fp4 or int8; each layer's tensors say which.
    case bitsandbytes
    /// 4 bits; older files hold zeros less one.
    case gptq(zerosLessOne: Bool)
    case awq

    /// Reads `quantization_config`.
    /// - Throws: `ModelError.configuration` naming what is not supported.
    init(_ config: ConfigReader) throws(ModelError) {
        guard let inner = try config.object("quantization_config") else {
            self = .none
            return
        }
        let method = try inner.string("quant_method", default: "bitsandbytes")
        switch method {
        case "bitsandbytes": self = .bitsandbytes
        case "gptq":
            try inner.refuse("bits") { $0.int == 4 }
            let format = try inner.string("checkpoint_format", default: "gptq")
            guard ["gptq", "gptq_v2"].contains(format) else {
                throw inner.problem(
                    "checkpoint_format",
                    .unsupported("'\(format)'", supported: ["gptq", "gptq_v2"]))
            }
            self = .gptq(zerosLessOne: format == "gptq")
        case "awq":
            try inner.refuse("bits") { $0.int == 4 }
            let version = try inner.string("version", default: "gemm")
            guard version.lowercased() == "gemm" else {
                throw inner.problem(
                    "version", .unsupported("'\(version)'", supported: ["gemm"]))
            }
            try inner.refuse("zero_point") { $0.bool == true }
            self = .awq
        default:
            throw inner.problem(
                "quant_method",
                .unsupported("'\(method)'", supported: ["bitsandbytes", "gptq", "awq"]))
        }
    }
}

/// One linear layer (N, K) of a checkpoint.
struct QuantizedModule {
    private let base: Checkpoint
    private let module: String
    private let outputs: Int
    private let inputs: Int

    init(_ base: Checkpoint, module: String, outputs: Int, inputs: Int) {
        self.base = base
        self.module = module
        self.outputs = outputs
        self.inputs = inputs
    }

    /// The layer's codes and the names of all its tensors; nil if its weight is stored as numbers.
    /// - Throws: `ModelError` naming the tensor that is missing or does not fit.
    func source(_ quantization: Quantization) throws(ModelError) -> (WeightSource, [String])? {
        switch quantization {
        case .gptq(let lessOne) where base.contains(module + ".qweight"):
            return try affine(.gptq, zerosLessOne: lessOne)
        case .awq where base.contains(module + ".qweight"):
            return try affine(.awq, zerosLessOne: false)
        case .none, .bitsandbytes, .gptq, .awq: break
        }
        for kind in ["nf4", "fp4"] {
            let state = module + ".weight.quant_state.bitsandbytes__" + kind
            if base.contains(state) { return try table4(state) }
        }
        if base.contains(module + ".SCB") { return try rows8() }
        return nil
    }

    /// A tensor of the layer, of this type and number of elements.
    private func tensor(
        _ key: String, _ types: Set<ElementType>, shape: [Int]? = nil, count: Int? = nil
    ) throws(ModelError) -> StoredTensor {
        let name = module + "." + key
        guard let tensor = try base.tensor(name) else {
            throw .missingTensor(name: name, path: base.path, nearest: nil)
        }
        guard types.contains(tensor.type) else {
            throw .storedType(name: name, path: base.path(of: name), type: tensor.type.rawValue)
        }
        if let expected = shape ?? count.map({ [$0] }),
            shape == nil ? tensor.count != count : tensor.shape != expected
        {
            throw .shape(
                name: name, path: base.path(of: name), expected: expected, found: tensor.shape)
        }
        return tensor
    }

    private static let floats: Set<ElementType> = [.float32, .float16, .bfloat16]

    /// bitsandbytes' 4-bit codes with their state as JSON in a tensor of bytes.
    private func table4(_ stateName: String) throws(ModelError) -> (WeightSource, [String]) {
        guard let stateTensor = try base.tensor(stateName) else {
            throw .missingTensor(name: stateName, path: base.path, nearest: nil)
        }
        let path = base.path(of: stateName)
        let document: JSONDocument
        do {
            document = try JSONDocument(stateTensor.bytes, name: path + " (" + stateName + ")")
        } catch { throw .json(error) }
        let state = try ConfigReader(document.root, path: path, prefix: stateName + ".")
        let block = try state.int("blocksize", in: 1...1 << 20)
        let dtype = try state.string("dtype")
        let rounded: ElementType
        switch dtype {
        case "float32": rounded = .float32
        case "float16": rounded = .float16
        case "bfloat16": rounded = .bfloat16
        default:
            throw state.problem(
                "dtype",
                .unsupported("'\(dtype)'", supported: ["float32", "float16", "bfloat16"]))
        }
        let shape = state.value("shape")?.elements?.compactMap(\.int) ?? []
        guard shape == [outputs, inputs] else {
            throw .shape(
                name: module + ".weight", path: path, expected: [outputs, inputs], found: shape)
        }
        let count = outputs * inputs
        let codes = try tensor("weight", [.uint8], count: (count + 1) / 2)
        let table = try tensor("weight.quant_map", Self.floats, count: 16)
        let blocks = (count + block - 1) / block
        let absmax = try tensor("weight.absmax", Self.floats.union([.uint8]), count: blocks)
        var names =
            [stateName]
            + ["weight", "weight.quant_map", "weight.absmax"].map {
                module + "." + $0
            }
        let scales: @Sendable () -> [Float]
        if absmax.type == .uint8 {
            let nestedBlock = try state.int("nested_blocksize", in: 1...1 << 20)
            let offset = Float(try state.number("nested_offset", positive: false))
            let nested = try tensor(
                "weight.nested_absmax", Self.floats,
                count: (blocks + nestedBlock - 1) / nestedBlock)
            let nestedTable = try tensor("weight.nested_quant_map", Self.floats, count: 256)
            names += ["weight.nested_absmax", "weight.nested_quant_map"].map { module + "." + $0 }
            scales = {
                let (outer, values) = (nested.floats, nestedTable.floats)
                return absmax.bytes.enumerated().map { i, code in
                    values[Int(code)] * outer[i / nestedBlock] + offset
                }
            }
        } else {
            scales = { absmax.floats }
        }
        return (
            .table4(
                TableCodes(
                    codes: codes, table: table.floats, block: block, rounded: rounded,
                    scales: scales)), names
        )
    }

    /// bitsandbytes' LLM.int8: codes with the largest magnitude of each row.
    private func rows8() throws(ModelError) -> (WeightSource, [String]) {
        let codes = try tensor("weight", [.int8], shape: [outputs, inputs])
        let largest = try tensor("SCB", Self.floats, count: outputs)
        var names = [module + ".weight", module + ".SCB"]
        let format = module + ".weight_format"
        if base.contains(format) {
            // 0 is row-major; the others are orders of one kind of GPU.
            guard let tensor = try base.tensor(format), tensor.bytes.allSatisfy({ $0 == 0 }) else {
                throw .storedType(name: format, path: base.path(of: format), type: "a tiled format")
            }
            names.append(format)
        }
        return (.rows8(codes) { largest.floats.map { $0 / 127 } }, names)
    }

    /// AWQ's and GPTQ's codes.
    private func affine(
        _ order: AffineCodes.Order, zerosLessOne: Bool
    ) throws(ModelError) -> (WeightSource, [String]) {
        guard inputs % 8 == 0, outputs % 8 == 0 else {
            throw .shape(
                name: module + ".qweight", path: base.path, expected: [inputs, outputs], found: [])
        }
        let (n, k) = (outputs, inputs)
        let codes = try tensor(
            "qweight", [.int32], shape: order == .gptq ? [k / 8, n] : [k, n / 8])
        let groups = base.shape(of: module + ".scales")?.first ?? 0
        guard groups > 0, k % groups == 0 || base.contains(module + ".g_idx") else {
            throw .missingTensor(name: module + ".scales", path: base.path, nearest: nil)
        }
        let scales = try tensor("scales", Self.floats, shape: [groups, n])
        let zeros = try tensor("qzeros", [.int32], shape: [groups, n / 8])
        var names = ["qweight", "scales", "qzeros"].map { module + "." + $0 }
        var list = (0..<k).map { Int32($0 / max(1, k / groups)) }
        if base.contains(module + ".g_idx") {
            let index = try tensor("g_idx", [.int32], count: k)
            list = index.bytes.withUnsafeBytes { bytes in
                (0..<k).map { bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Int32.self) }
            }
            guard let bad = list.firstIndex(where: { $0 < 0 || Int($0) >= groups }) else {
                names.append(module + ".g_idx")
                return (source(codes, order, zerosLessOne, groups, list, scales, zeros), names)
            }
            throw .nonFiniteWeight(
                name: module + ".g_idx", path: base.path(of: module + ".g_idx"), index: bad)
        }
        return (source(codes, order, zerosLessOne, groups, list, scales, zeros), names)
    }

    private func source(
        _ codes: StoredTensor, _ order: AffineCodes.Order, _ zerosLessOne: Bool, _ groups: Int,
        _ list: [Int32], _ scales: StoredTensor, _ zeros: StoredTensor
    ) -> WeightSource {
        let n = outputs
        return .affine4(
            AffineCodes(
                codes: codes, order: order, outputs: n, inputs: inputs, groupCount: groups,
                groups: list
            ) {
                let bytes = zeros.bytes
                let values = (0..<groups * n).map { i in
                    // Words hold the zeros of eight outputs in the codes' order.
                    let place = order == .gptq ? i % 8 : AffineCodes.awqPlaces[i % 8]
                    let byte = bytes[i / 8 * 4 + place / 2]
                    return Float((place % 2 == 0 ? byte & 15 : byte >> 4)) + (zerosLessOne ? 1 : 0)
                }
                return (scales.floats, values)
            })
    }
}
