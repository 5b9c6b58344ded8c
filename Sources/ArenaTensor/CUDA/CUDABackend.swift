// The operations on a card. Tensors are fp32 in its memory; products and attention multiply halves on tensor
// cores and add in fp32, and weights stored in fp32 count twice as many digits. What is given in the host's
// memory goes there and comes back, which is right and slow.

import CCUDA

/// The operations on one card, from one thread at a time.
package struct CUDABackend: Backend {
    package let device: CUDADevice
    /// Room for what lies between two kernels, where a caller's arena is not the card's.
    private let own: ActivationArena

    package init(_ device: CUDADevice) {
        self.device = device
        own = ActivationArena(on: device)
    }

    package var name: String { "cuda" }

    package var weightLayout: WeightLayout { .card(device) }

    package func makeArena() -> ActivationArena { ActivationArena(on: device) }

    package func takeFailure() -> DeviceFailure? { device.takeFailure() }

    func space(_ arena: ActivationArena) -> ActivationArena {
        arena.device === device ? arena : own
    }

    // MARK: - Rows

    package func embed(
        _ ids: [Int32], _ table: EmbeddingTable, scale: Float, adding: Bool, into y: Tensor
    ) {
        precondition(y.rows == ids.count && y.columns == table.channels)
        let transfer = Transfer(device)
        let to = transfer.place(y, isResult: true)
        if table.changes.isEmpty, let held = address(of: table) {
            precondition(
                ids.allSatisfy { $0 >= 0 && Int($0) < table.vocabulary },
                "ids are checked before they are run")
            device.numbers(
                .embedRows, rows: y.rows, columns: y.columns,
                [
                    device.upload(ids), held, table.source.type.kernelNumber, scale,
                    Int32(adding ? 1 : 0), to.address, to.stride,
                ])
        } else {
            let rows = Tensor(
                buffer: FloatBuffer(count: y.rows * y.columns), rows: y.rows, columns: y.columns,
                stride: y.columns)
            embedRows(ids, table, scale: scale, adding: false, into: rows)
            let from = transfer.place(rows)
            let numbers: [any KernelArgument] = [from.address, from.stride, to.address, to.stride]
            if adding {
                device.numbers(.addRows, rows: y.rows, columns: y.columns, numbers)
            } else {
                let same = device.upload((0..<Int32(y.rows)).map { $0 })
                device.numbers(.gatherRows, rows: y.rows, columns: y.columns, [same] + numbers)
            }
        }
        transfer.finish()
    }

    /// A table's numbers on the card as they are stored; nil where there is no room for them.
    private func address(of table: EmbeddingTable) -> UInt64? {
        if let known = table.cards[device] { return known.address }
        let bytes = table.source.count * table.source.type.size
        // Rows need the room more.
        guard bytes < device.freeMemory / 2 else { return nil }
        return table.cards.copy(on: device) { device.bring(table.source, bytes: bytes) }.address
    }

    func address(of vector: WeightVector) -> UInt64 {
        vector.cards.copy(on: device) {
            device.bring(Array(UnsafeBufferPointer(start: vector.base, count: vector.count)))
        }.address
    }

    package func rmsNorm(
        _ x: Tensor, _ weight: WeightVector, epsilon: Float, offset: Float, adding: Bool,
        into y: Tensor
    ) {
        precondition(x.rows == y.rows && x.columns == y.columns && weight.count == x.columns)
        let transfer = Transfer(device)
        let (from, to) = (transfer.place(x), transfer.place(y, isResult: true))
        device.rows(
            .rmsNorm, rows: x.rows, columns: x.columns,
            [
                from.address, from.stride, address(of: weight), epsilon, offset,
                Int32(adding ? 1 : 0), to.address, to.stride,
            ])
        transfer.finish()
    }

    package func layerNorm(
        _ x: Tensor, _ weight: WeightVector, bias: WeightVector?, epsilon: Float, into y: Tensor
    ) {
        precondition(x.rows == y.rows && x.columns == y.columns && weight.count == x.columns)
        precondition(bias.map { $0.count == x.columns } ?? true)
        let transfer = Transfer(device)
        let (from, to) = (transfer.place(x), transfer.place(y, isResult: true))
        device.rows(
            .layerNorm, rows: x.rows, columns: x.columns,
            [
                from.address, from.stride, address(of: weight), bias.map(address) ?? UInt64(0),
                epsilon, to.address, to.stride,
            ])
        transfer.finish()
    }

    package func rotary(_ x: Tensor, headSize: Int, positions: [Int32], table: RotaryTable) {
        precondition(x.rows == positions.count && x.columns % headSize == 0)
        precondition(
            table.headSize == headSize && positions.allSatisfy { $0 >= 0 && $0 < table.positions })
        let transfer = Transfer(device)
        let place = transfer.place(x, isResult: true)
        let angles = table.cards.copy(on: device) {
            let count = table.positions * headSize / 2
            return [table.cosines, table.sines].map {
                device.bring(Array(UnsafeBufferPointer(start: $0.base, count: count)))
            }
        }
        device.numbers(
            .rotateRows, rows: x.rows, columns: x.columns / 2,
            [
                place.address, place.stride, device.upload(positions),
                angles[0].address, angles[1].address, Int32(headSize),
            ])
        transfer.finish()
    }

    package func activate(_ activation: Activation, _ x: Tensor, into y: Tensor) {
        precondition(x.rows == y.rows && x.columns == y.columns)
        let transfer = Transfer(device)
        let (from, to) = (transfer.place(x), transfer.place(y, isResult: true))
        device.numbers(
            .activateRows, rows: y.rows, columns: y.columns,
            [activation.number, from.address, from.stride, to.address, to.stride])
        transfer.finish()
    }

    package func gate(_ activation: Activation, _ gate: Tensor, _ up: Tensor, into y: Tensor) {
        precondition(gate.rows == y.rows && up.rows == y.rows)
        precondition(gate.columns == y.columns && up.columns == y.columns)
        let transfer = Transfer(device)
        let (g, u) = (transfer.place(gate), transfer.place(up))
        let to = transfer.place(y, isResult: true)
        device.numbers(
            .gateRows, rows: y.rows, columns: y.columns,
            [activation.number, g.address, g.stride, u.address, u.stride, to.address, to.stride])
        transfer.finish()
    }

    package func add(_ x: Tensor, into y: Tensor) {
        precondition(x.rows == y.rows && x.columns == y.columns)
        let transfer = Transfer(device)
        let (from, to) = (transfer.place(x), transfer.place(y, isResult: true))
        device.numbers(
            .addRows, rows: y.rows, columns: y.columns,
            [from.address, from.stride, to.address, to.stride])
        transfer.finish()
    }

    /// y (M, C) = x, a tensor of the host's.
    package func bring(_ x: Tensor, into y: Tensor) {
        precondition(x.buffer.device == nil && x.rows == y.rows && x.columns == y.columns)
        guard x.rows > 0, x.columns > 0 else { return }
        guard x.stride == y.stride, y.buffer.device === device else {
            return gather(Array(0..<x.rows), of: x, into: y)
        }
        let count = (x.rows - 1) * x.stride + x.columns
        device.copyIn(x.base, count: count * MemoryLayout<Float>.size, to: y.base.address)
        // What is copied may go as soon as this returns.
        device.synchronize()
    }

    package func gather(_ rows: [Int], of x: Tensor, into y: Tensor) {
        precondition(y.rows == rows.count && y.columns == x.columns)
        move(.gatherRows, rows, below: x.rows, x, y)
    }

    package func scatter(_ x: Tensor, to rows: [Int], of y: Tensor) {
        precondition(x.rows == rows.count && y.columns == x.columns)
        move(.scatterRows, rows, below: y.rows, x, y)
    }

    private func move(
        _ kernel: CUDAKernel, _ rows: [Int], below limit: Int, _ x: Tensor, _ y: Tensor
    ) {
        precondition(rows.allSatisfy { $0 >= 0 && $0 < limit })
        let transfer = Transfer(device)
        let (from, to) = (transfer.place(x), transfer.place(y, isResult: true))
        device.numbers(
            kernel, rows: rows.count, columns: x.columns,
            [
                device.upload(rows.map { Int32($0) }), from.address, from.stride, to.address,
                to.stride,
            ])
        transfer.finish()
    }

    package func reduce(
        _ reduction: Reduction, _ x: Tensor, rows: [Range<Int>], into y: Tensor
    ) {
        precondition(y.rows == rows.count && y.columns == x.columns)
        precondition(
            rows.allSatisfy { !$0.isEmpty && $0.lowerBound >= 0 && $0.upperBound <= x.rows })
        let transfer = Transfer(device)
        let (from, to) = (transfer.place(x), transfer.place(y, isResult: true))
        let ranges = rows.flatMap { [Int32($0.lowerBound), Int32($0.upperBound)] }
        device.numbers(
            .reduceRows, rows: y.rows, columns: y.columns,
            [
                Int32(reduction == .max ? 1 : 0), device.upload(ranges), from.address, from.stride,
                to.address, to.stride,
            ])
        transfer.finish()
    }

    package func softcap(_ x: Tensor, cap: Float) {
        let transfer = Transfer(device)
        let place = transfer.place(x, isResult: true)
        device.numbers(
            .softcapRows, rows: x.rows, columns: x.columns, [place.address, place.stride, cap])
        transfer.finish()
    }

    package func softmax(_ x: Tensor) {
        guard x.columns > 0 else { return }
        let transfer = Transfer(device)
        let place = transfer.place(x, isResult: true)
        device.rows(
            .softmaxRows, rows: x.rows, columns: x.columns, [place.address, place.stride])
        transfer.finish()
    }

    package func logProbabilities(_ x: Tensor, of columns: [Int32]) -> [Float] {
        checkColumns(x, columns)
        guard x.rows > 0 else { return [] }
        let transfer = Transfer(device)
        let from = transfer.place(x)
        // Of each row two numbers of 64 bits.
        let sums = FloatBuffer(count: 4 * x.rows, on: device)
        device.launch(
            .logSums, grid: (x.rows, 1), threads: 256,
            [
                from.address, from.stride, device.upload(columns), sums.address, Int32(x.columns),
            ])
        let words = FloatBuffer(count: 4 * x.rows)
        device.copyOut(sums.address, count: 4 * x.rows, to: words.base)
        transfer.finish()
        // SAFETY: the buffer's words are the numbers that the kernel wrote, two to each row.
        return UnsafeRawPointer(words.base).withMemoryRebound(to: Double.self, capacity: 2 * x.rows)
        { numbers in
            (0..<x.rows).map { Float(numbers[2 * $0] - ExactMath.logarithm(numbers[2 * $0 + 1])) }
        }
    }

    // MARK: - Attention

    package func attention(
        _ q: Tensor, _ k: Tensor, _ v: Tensor, rows: [AttentionRow], shape: AttentionShape,
        relative: RelativeTerms?, arena: ActivationArena, into out: Tensor
    ) {
        checkAttention(q, k, v, rows: rows, shape: shape, relative: relative, out)
        let space = space(arena)
        let mark = space.mark
        let transfer = Transfer(device)
        let tiles = Self.tiles(rows)
        let to = transfer.place(out, isResult: true)
        let list = device.upload(tiles)
        let parameters = cuda_attention_shape(
            heads: Int32(shape.heads), groups: Int32(shape.groups), size: Int32(shape.headSize),
            scale: shape.scale, softcap: shape.softcap ?? 0, causal: shape.causal ? 1 : 0,
            window: Int32(min(shape.window ?? 0, 1 << 30)))
        let (from, keys, values) = (transfer.place(q), transfer.place(k), transfer.place(v))
        let form = AttentionForm.all.first {
            shape.headSize <= $0.size && $0.isExact == shape.isExact
                && $0.isRelative == (relative != nil)
        }
        if let form {
            func halves(_ x: Transfer.Place, _ rows: Int, heads: Int) -> UInt64 {
                let pieces = form.isExact ? 2 : 1
                let room = space.scratch((rows * heads * form.size * pieces + 1) / 2).address
                device.numbers(
                    .halveHeads, rows: rows, columns: heads * form.size,
                    [
                        x.address, x.stride, room, Int32(shape.headSize), Int32(form.size),
                        Int32(pieces),
                    ])
                return room
            }
            device.launch(
                form.kernel, grid: (tiles.count, shape.heads), threads: 128,
                [
                    halves(from, q.rows, heads: shape.heads),
                    halves(keys, k.rows, heads: shape.groups),
                    halves(values, v.rows, heads: shape.groups), to.address, to.stride, list,
                    parameters,
                    terms(relative, transfer) { term in
                        (halves(transfer.place(term), term.rows, heads: shape.heads), 0)
                    },
                ])
        } else {
            device.launch(
                .attentionPlain, grid: (tiles.count, shape.heads), threads: 256,
                [
                    from.address, from.stride, keys.address, keys.stride, values.address,
                    values.stride, to.address, to.stride, list, parameters,
                    terms(relative, transfer) { term in
                        let place = transfer.place(term)
                        return (place.address, place.stride)
                    },
                ])
        }
        transfer.finish()
        space.release(to: mark)
    }

    /// A kernel for heads of up to so many numbers.
    private struct AttentionForm {
        let kernel: CUDAKernel
        let size: Int
        /// Whether numbers are two halves each.
        var isExact = false
        var isRelative = false

        static let all = [
            AttentionForm(kernel: .attention64, size: 64),
            AttentionForm(kernel: .attention128, size: 128),
            AttentionForm(kernel: .attention256, size: 256),
            AttentionForm(kernel: .attention64Exact, size: 64, isExact: true),
            AttentionForm(kernel: .attention128Exact, size: 128, isExact: true),
            AttentionForm(kernel: .attention64Relative, size: 64, isRelative: true),
            AttentionForm(
                kernel: .attention64RelativeExact, size: 64, isExact: true, isRelative: true),
        ]
    }

    /// The blocks' queries: up to 64 of a text, from its first on.
    private static func tiles(_ rows: [AttentionRow]) -> [cuda_attention_tile] {
        rows.flatMap { row in
            stride(from: 0, to: row.queries, by: 64).map { first in
                cuda_attention_tile(
                    first_query: Int32(row.firstQuery + first),
                    queries: Int32(min(64, row.queries - first)),
                    position: Int32(row.firstPosition + first), first_key: Int32(row.firstKey),
                    keys: Int32(row.keys))
            }
        }
    }

    /// - Parameter numbers: an address and a stride of a term's numbers, as the kernel reads them.
    private func terms(
        _ relative: RelativeTerms?, _ transfer: Transfer,
        _ numbers: (Tensor) -> (address: UInt64, stride: Int64)
    ) -> cuda_relative {
        var terms = cuda_relative()
        guard let relative else { return terms }
        terms.center = Int32(relative.longest - 1)
        if let bias = relative.bias.map({ transfer.place($0) }) {
            (terms.bias, terms.bias_stride) = (bias.address, bias.stride)
        }
        guard relative.keys != nil || relative.queries != nil else { return terms }
        terms.buckets = device.upload(relative.buckets)
        if let keys = relative.keys { (terms.keys, terms.keys_stride) = numbers(keys) }
        if let queries = relative.queries {
            (terms.queries, terms.queries_stride) = numbers(queries)
        }
        return terms
    }
}

extension Activation {
    /// As the kernels number them.
    var number: Int32 {
        switch self {
        case .silu: return 0
        case .geluTanh: return 1
        case .gelu: return 2
        case .relu: return 3
        case .tanh: return 4
        }
    }
}

/// The tensors of one operation: those in the host's memory are copied to the card, and results back.
final class Transfer {
    /// A tensor on the card.
    struct Place {
        let address: UInt64
        /// Numbers from one row to the next.
        let stride: Int64
    }

    private let device: CUDADevice
    private var copies: [FloatBuffer] = []
    private var results: [(host: Tensor, copy: FloatBuffer)] = []

    init(_ device: CUDADevice) { self.device = device }

    func place(_ x: Tensor, isResult: Bool = false) -> Place {
        if let owner = x.buffer.device {
            precondition(owner === device, "a tensor of another device")
            return Place(address: x.base.address, stride: Int64(x.stride))
        }
        let numbers = x.values
        let copy = FloatBuffer(count: max(1, numbers.count), on: device)
        numbers.withUnsafeBytes {
            if let base = $0.baseAddress { device.copyIn(base, count: $0.count, to: copy.address) }
        }
        device.synchronize()
        copies.append(copy)
        if isResult { results.append((x, copy)) }
        return Place(address: copy.address, stride: Int64(x.columns))
    }

    /// Brings the results back to the host.
    func finish() {
        for (host, copy) in results where host.rows > 0 && host.columns > 0 {
            let count = host.rows * host.columns
            let numbers = FloatBuffer(count: count)
            device.copyOut(copy.address, count: count, to: numbers.base)
            for r in 0..<host.rows {
                (host.base + r * host.stride).update(
                    from: numbers.base + r * host.columns, count: host.columns)
            }
        }
        copies = []
    }
}
