// The kernels by name, what they take, how they are started over rows, and the shared memory that they need.

import CCUDA

/// The functions of Resources/Kernels.
enum CUDAKernel: String, CaseIterable {
    case embedRows = "embed_rows"
    case rmsNorm = "rms_norm"
    case layerNorm = "layer_norm"
    case rotateRows = "rotate_rows"
    case activateRows = "activate_rows"
    case gateRows = "gate_rows"
    case addRows = "add_rows"
    case gatherRows = "gather_rows"
    case scatterRows = "scatter_rows"
    case reduceRows = "reduce_rows"
    case softcapRows = "softcap_rows"
    case softmaxRows = "softmax_rows"
    case logSums = "log_sums"
    case finishRows = "finish_rows"
    case compareNumbers = "compare_numbers"
    case halveRows = "halve_rows"
    case halveNormed = "halve_normed"
    case halveActivated = "halve_activated"
    case halveGated = "halve_gated"
    case halveHeads = "halve_heads"
    case largestMagnitude = "largest_magnitude"
    case halveWeight = "halve_weight"
    case expandTable4 = "expand_table4"
    case orderCodes4 = "order_codes4"
    case expandAffine4 = "expand_affine4"
    case expandRows8 = "expand_rows8"
    case copyHalves = "copy_halves"
    case tailRows = "tail_rows"
    case tailWeight = "tail_weight"
    case codeRows = "code_rows"
    case codeWeight = "code_weight"
    case farColumns = "far_columns"
    case farProducts = "far_products"
    case productWide = "product_wide"
    case productNarrow = "product_narrow"
    case productCodes = "product_codes"
    case attention64 = "attention_64"
    case attention128 = "attention_128"
    case attention256 = "attention_256"
    case attention64Exact = "attention_64_exact"
    case attention128Exact = "attention_128_exact"
    case attention64Relative = "attention_64_relative"
    case attention64RelativeExact = "attention_64_relative_exact"
    case attentionPlain = "attention_plain"
}

/// What a kernel takes: numbers, addresses and the structures of CCUDA.
protocol KernelArgument {}
extension Int32: KernelArgument {}
extension Int64: KernelArgument {}
extension UInt64: KernelArgument {}
extension Float: KernelArgument {}
extension cuda_attention_shape: KernelArgument {}
extension cuda_relative: KernelArgument {}

extension CUDAKernel {
    var index: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    /// Shared memory of a block, as the kernels' text lays it out.
    func sharedBytes(capability: Int) -> Int {
        let stages = capability >= 80 ? 4 : 2
        func rows(_ count: Int, _ size: Int) -> Int { count * size * 2 }
        switch self {
        case .productWide, .productCodes: return stages * (128 + 128) * 64
        case .productNarrow: return stages * (128 + 32) * 64
        case .halveRows, .halveNormed, .halveActivated, .halveGated: return 2 * 8 * 4
        case .farColumns: return 257 * 4
        case .farProducts: return 128 * 4
        case .logSums: return 8 * 4 + 256 * 8
        case .attention64: return rows(64 + 2 * 64, 64)
        case .attention128: return rows(64 + 2 * 64, 128)
        case .attention256: return rows(64 + 2 * 32, 256)
        case .attention64Exact: return 2 * rows(64 + 2 * 64, 64)
        case .attention128Exact: return 2 * rows(64 + 2 * 32, 128)
        // Queries, keys, values, two strips of buckets, and products with these in fp32.
        case .attention64Relative: return rows(64 + 4 * 32, 64) + (64 + 32) * 32 * 4
        case .attention64RelativeExact: return 2 * rows(64 + 4 * 32, 64) + (64 + 32) * 32 * 4
        default: return 0
        }
    }
}

extension CUDADevice {
    /// Starts a kernel with a thread for each number of rows.
    func numbers(
        _ kernel: CUDAKernel, rows: Int, columns: Int, _ arguments: [any KernelArgument]
    ) {
        let threads = min(256, (max(columns, 1) + 31) / 32 * 32)
        launch(
            kernel, grid: (rows, (columns + threads - 1) / threads), threads: threads,
            arguments + [Int64(rows), Int32(columns)])
    }

    /// Starts a kernel with a block of up to 256 threads for each row, as many for rows of as many columns.
    func blocks(
        _ kernel: CUDAKernel, rows: Int, columns: Int, _ arguments: [any KernelArgument]
    ) {
        launch(
            kernel, grid: (rows, 1), threads: max(32, min(256, columns / 4 / 32 * 32)),
            arguments + [Int32(columns)])
    }

    /// Starts a kernel with a warp for each row.
    func rows(
        _ kernel: CUDAKernel, rows: Int, columns: Int, _ arguments: [any KernelArgument]
    ) {
        launch(
            kernel, grid: ((rows + 7) / 8, 1), threads: 256,
            arguments + [Int64(rows), Int32(columns)])
    }
}
