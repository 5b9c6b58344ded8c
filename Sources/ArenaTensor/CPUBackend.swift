// The backend of the CPU: our own kernels, the instruction set chosen at run time. The bits do not
// depend on that choice, nor on the number of threads.

import ArenaCore
import CArenaKernels

/// The operations on this machine's processor.
package struct CPUBackend: Backend {
    nonisolated(unsafe) let kernels: UnsafePointer<arena_kernels>
    /// Threads that share one product or one attention; 1 where several workers run side by side.
    package let threads: Int

    /// - Parameter path: an instruction set by name, nil for the fastest (or the forced) one.
    /// - Returns: nil if this processor lacks that instruction set, or there is none of that name.
    package init?(path: String, threads: Int = 1) {
        guard let named = arena_kernels_named(path) else { return nil }
        kernels = named
        self.threads = max(1, threads)
    }

    package init(threads: Int = 1) {
        kernels = arena_kernels_best()
        self.threads = max(1, threads)
    }

    /// The instruction set, such as `avx2`.
    package var name: String { String(cString: kernels.pointee.name) }

    package var weightLayout: WeightLayout { .panels }

    package func embed(
        _ ids: [Int32], _ table: EmbeddingTable, scale: Float, adding: Bool, into y: Tensor
    ) {
        embedRows(ids, table, scale: scale, adding: adding, into: y)
    }

    package func rmsNorm(
        _ x: Tensor, _ weight: WeightVector, epsilon: Float, offset: Float, adding: Bool,
        into y: Tensor
    ) {
        norm(x, weight, into: y) {
            $0.epsilon = epsilon
            $0.offset = offset
            $0.add = adding ? 1 : 0
        }
    }

    package func layerNorm(
        _ x: Tensor, _ weight: WeightVector, bias: WeightVector?, epsilon: Float, into y: Tensor
    ) {
        precondition(bias.map { $0.count == x.columns } ?? true)
        norm(x, weight, into: y) {
            $0.epsilon = epsilon
            $0.bias = bias?.base
            $0.center = 1
        }
    }

    private func norm(
        _ x: Tensor, _ weight: WeightVector, into y: Tensor, _ set: (inout arena_norm_t) -> Void
    ) {
        precondition(x.rows == y.rows && x.columns == y.columns && weight.count == x.columns)
        var p = arena_norm_t()
        p.x = UnsafePointer(x.base)
        p.x_stride = x.stride
        p.weight = weight.base
        p.y = y.base
        p.y_stride = y.stride
        p.rows = x.rows
        p.columns = x.columns
        set(&p)
        arena_norm(kernels, &p)
    }

    package func products(_ x: Tensor, _ parts: [ProductPart], arena: ActivationArena) {
        let mark = arena.mark
        defer { arena.release(to: mark) }
        let plain = parts.filter { !$0.weight.isDynamic && !$0.weight.isRounded }
        let packed = packedRows(x, outputs: plain.reduce(0) { $0 + $1.weight.outputs }, arena)
        for part in plain { multiply(x, packed, part) }
        let rounded = parts.filter { !$0.weight.isDynamic && $0.weight.isRounded }
        if !rounded.isEmpty {
            let packed = roundedRows(x, arena)
            for part in rounded { multiply(x, packed, part) }
        }
        multiply8(x, parts.filter { $0.weight.isDynamic })
        addPairs(x, parts, arena: arena)
    }

    package func addProduct(
        _ x: Tensor, _ weight: WeightMatrix, scale: Float, arena: ActivationArena, into y: Tensor
    ) {
        let part = ProductPart(weight, into: y)
        if weight.isDynamic { return multiply8(x, [part], adding: scale) }
        let mark = arena.mark
        let packed =
            weight.isRounded
            ? roundedRows(x, arena) : packedRows(x, outputs: weight.outputs, arena)
        multiply(x, packed, part, adding: scale)
        arena.release(to: mark)
    }

    /// y = x . w^T + bias, or y += scale * (x . w^T).
    private func multiply(
        _ x: Tensor, _ packed: UnsafePointer<Float>?, _ part: ProductPart,
        adding scale: Float? = nil
    ) {
        let weight = part.weight
        part.check(x)
        var p = arena_product_t()
        p.x = UnsafePointer(x.base)
        p.x_stride = x.stride
        p.packed = packed
        p.weight = weight.kernelWeight
        p.bias = part.bias?.base
        p.y = part.y.base
        p.y_stride = part.y.stride
        p.rows = x.rows
        p.inputs = weight.inputs
        p.outputs = weight.outputs
        p.scale = scale ?? 1
        p.add = scale == nil ? 0 : 1
        let work = x.rows * weight.inputs * weight.outputs
        let isRounded = weight.isRounded
        split(weight.panels, work: work, p) { kernels, p, _, range in
            var share = p
            share.first_panel = range.lowerBound
            share.last_panel = range.upperBound
            if isRounded {
                kernels.pointee.product16(&share)
            } else {
                arena_product(kernels, &share)
            }
        }
    }

    /// Rows rounded to bf16, in the order in which products read them.
    private func roundedRows(_ x: Tensor, _ arena: ActivationArena) -> UnsafePointer<Float> {
        let tile = kernels.pointee.tile_rows
        let rows = (x.rows + tile - 1) / tile * tile
        let packed = arena.scratch(rows * ((x.columns + 1) / 2 * 2))
        // SAFETY: room for all tiles was made; the source is a tensor of so many rows and columns.
        kernels.pointee.pack_rows16(x.base, x.stride, x.rows, x.columns, packed)
        return UnsafePointer(packed)
    }

    /// Rows in the order in which products read them; nil where packing them costs more than it saves.
    private func packedRows(
        _ x: Tensor, outputs: Int, _ arena: ActivationArena
    ) -> UnsafePointer<Float>? {
        let tile = kernels.pointee.tile_rows
        guard x.rows >= 2 * tile, outputs >= 8 * Int(ARENA_PANEL), x.columns > 0 else { return nil }
        let rows = (x.rows + tile - 1) / tile * tile
        let packed = arena.scratch(rows * x.columns)
        // SAFETY: room for all tiles was made; the source is a tensor of so many rows and columns.
        kernels.pointee.pack_rows(x.base, x.stride, x.rows, x.columns, packed)
        return UnsafePointer(packed)
    }

    package func rotary(_ x: Tensor, headSize: Int, positions: [Int32], table: RotaryTable) {
        precondition(x.rows == positions.count && x.columns % headSize == 0)
        precondition(
            table.headSize == headSize && positions.allSatisfy { $0 >= 0 && $0 < table.positions })
        kernels.pointee.rotary(
            x.base, x.stride, positions, table.cosines.base, table.sines.base, x.rows,
            x.columns / headSize, headSize)
    }

    package func attention(
        _ q: Tensor, _ k: Tensor, _ v: Tensor, rows: [AttentionRow], shape: AttentionShape,
        relative: RelativeTerms?, arena: ActivationArena, into out: Tensor
    ) {
        checkAttention(q, k, v, rows: rows, shape: shape, relative: relative, out)
        let longest = rows.reduce(0) { max($0, $1.keys) }
        let mark = arena.mark
        let workers = min(threads, shape.groups)
        let terms = max(relative?.keys?.rows ?? 0, relative?.queries?.rows ?? 0)
        let size = arena_attention_scratch(longest, shape.headSize, terms)
        let scratch = arena.scratch(size * workers)
        let buckets = terms > 0 ? relative?.buckets ?? [] : []
        buckets.withUnsafeBufferPointer { buckets in
            for row in rows where row.queries > 0 {
                var p = arena_attention_t()
                // SAFETY: `checkAttention` holds each row's queries and keys inside the tensors.
                p.q = UnsafePointer(q.base + row.firstQuery * q.stride)
                p.q_stride = q.stride
                p.k = UnsafePointer(k.base + row.firstKey * k.stride)
                p.k_stride = k.stride
                p.v = UnsafePointer(v.base + row.firstKey * v.stride)
                p.v_stride = v.stride
                p.out = out.base + row.firstQuery * out.stride
                p.out_stride = out.stride
                p.queries = row.queries
                p.first_position = row.firstPosition
                p.keys = row.keys
                p.heads = shape.heads
                p.kv_heads = shape.groups
                p.head_size = shape.headSize
                p.window = shape.window ?? 0
                p.scale = shape.scale
                p.softcap = shape.softcap ?? 0
                p.causal = shape.causal ? 1 : 0
                p.rounded = shape.isRounded ? 1 : 0
                if let relative {
                    p.center = relative.longest - 1
                    p.bias = relative.bias.map { UnsafePointer($0.base) }
                    p.bias_stride = relative.bias?.stride ?? 0
                    // An empty array may have an address too.
                    p.buckets = buckets.isEmpty ? nil : buckets.baseAddress
                    p.position_keys = relative.keys.map { UnsafePointer($0.base) }
                    p.position_keys_stride = relative.keys?.stride ?? 0
                    p.position_queries = relative.queries.map { UnsafePointer($0.base) }
                    p.position_queries_stride = relative.queries?.stride ?? 0
                }
                p.scratch = scratch
                let work = row.queries * row.keys * shape.heads * shape.headSize
                split(shape.groups, work: work, p) { kernels, p, worker, range in
                    var share = p
                    share.first_kv_head = range.lowerBound
                    share.last_kv_head = range.upperBound
                    share.scratch += size * worker
                    arena_attention(kernels, &share)
                }
            }
        }
        arena.release(to: mark)
    }

    package func activate(_ activation: Activation, _ x: Tensor, into y: Tensor) {
        precondition(x.rows == y.rows && x.columns == y.columns)
        kernels.pointee.activate(
            activation.kernelKind, x.base, x.stride, y.base, y.stride, y.rows, y.columns)
    }

    package func gate(_ activation: Activation, _ gate: Tensor, _ up: Tensor, into y: Tensor) {
        precondition(gate.rows == y.rows && up.rows == y.rows)
        precondition(gate.columns == y.columns && up.columns == y.columns)
        kernels.pointee.gate(
            activation.kernelKind, gate.base, gate.stride, up.base, up.stride, y.base, y.stride,
            y.rows, y.columns)
    }

    package func add(_ x: Tensor, into y: Tensor) {
        precondition(x.rows == y.rows && x.columns == y.columns)
        kernels.pointee.add(x.base, x.stride, y.base, y.stride, y.rows, y.columns)
    }

    package func gather(_ rows: [Int], of x: Tensor, into y: Tensor) {
        gatherRows(rows, of: x, into: y)
    }

    package func scatter(_ x: Tensor, to rows: [Int], of y: Tensor) {
        scatterRows(x, to: rows, of: y)
    }

    package func reduce(
        _ reduction: Reduction, _ x: Tensor, rows: [Range<Int>], into y: Tensor
    ) {
        reduceRows(reduction, x, rows: rows, into: y)
    }

    package func softcap(_ x: Tensor, cap: Float) {
        kernels.pointee.softcap(x.base, x.stride, x.rows, x.columns, cap)
    }

    package func softmax(_ x: Tensor) {
        guard x.columns > 0 else { return }
        kernels.pointee.softmax(x.base, x.stride, x.rows, x.columns)
    }

    /// Shares `count` equal pieces among the threads where the work is worth starting them.
    func split<Parameters>(
        _ count: Int, work: Int, _ parameters: Parameters,
        _ body:
            @escaping @Sendable (UnsafePointer<arena_kernels>, Parameters, Int, Range<Int>) -> Void
    ) {
        let workers = work < 4 << 20 ? 1 : min(threads, count)
        guard workers > 1 else { return body(kernels, parameters, 0, 0..<count) }
        // SAFETY: the pointers in the parameters stay valid until every thread has returned, and
        // the pieces write to different elements.
        nonisolated(unsafe) let shared = parameters
        nonisolated(unsafe) let kernels = kernels
        parallelRanges(count, workers: workers) { body(kernels, shared, $0, $1) }
    }
}

extension ProductPart {
    /// The shapes fit.
    func check(_ x: Tensor) {
        precondition(
            x.rows == y.rows && x.columns == weight.inputs && y.columns == weight.outputs
                && (bias.map { $0.count == weight.outputs } ?? true))
    }
}

extension Activation {
    fileprivate var kernelKind: arena_activation {
        switch self {
        case .silu: return ARENA_SILU
        case .geluTanh: return ARENA_GELU_TANH
        case .gelu: return ARENA_GELU
        case .relu: return ARENA_RELU
        case .tanh: return ARENA_TANH
        }
    }
}

/// Chooses the instruction set of every later `CPUBackend()`.
package enum CPUPath {
    package enum Refusal: Error, Sendable, Equatable { case unknown, unsupported }

    /// The names a user can give.
    package static let names = ["auto", "avx512bf16", "avx512", "avx2", "plain"]

    /// - Throws: `Refusal` if there is no such path or this processor lacks it.
    package static func force(_ name: String) throws(Refusal) {
        switch arena_cpu_force(name) {
        case 0: return
        case -1: throw .unknown
        default: throw .unsupported
        }
    }

    /// The path in use.
    package static var current: String { CPUBackend().name }
}
