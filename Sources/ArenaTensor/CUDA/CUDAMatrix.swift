// Weight matrices on a card: as halves, or as the 4-bit codes they are stored in, which become halves a
// product at a time.

import CArenaKernels
import CCUDA

/// A weight matrix (N, K) in a card's memory.
struct CUDAMatrix: Sendable {
    enum Form: Sendable {
        /// Halves (N, pieces, padded).
        case halves(FloatBuffer)
        case table4(Table4)
    }

    struct Table4: Sendable {
        let codes: FloatBuffer
        let scales: FloatBuffer
        let table: FloatBuffer
        let order: FloatBuffer?
        let block: Int
        let rounded: ElementType
        /// What each number is multiplied by.
        let factor: Float
    }

    let form: Form
    let outputs: Int
    let inputs: Int
    /// Halves to a number: two for those that are stored in fp32.
    let pieces: Int
    /// What products are multiplied with.
    let alpha: Float

    /// Inputs with the zeros behind them.
    var padded: Int { Self.padded(inputs) }
    static func padded(_ inputs: Int) -> Int { (inputs + 31) / 32 * 32 }

    /// Floats of room for all halves.
    var halfRoom: Int { (outputs * padded * pieces + 1) / 2 }
}

extension CUDADevice {
    /// Brings a matrix to the card, unless it is there. Where there is no room the device has failed.
    /// - Throws: `NonFiniteWeight` if a number is infinite or none.
    func load(_ matrix: WeightMatrix, _ source: WeightSource) throws(NonFiniteWeight) {
        guard matrix.cards[self] == nil else { return }
        let source = try source.resolved()
        let made =
            switch source {
            case .plain(let tensor):
                try halves(
                    of: tensor, matrix, pieces: tensor.type == .float32 && !matrix.isRounded ? 2 : 1
                )
            // Asked for in fewer digits than it has.
            case .dynamic8(let tensor): try halves(of: tensor, matrix, pieces: 1)
            case .table4(let codes): try packed(codes, source, matrix)
            case .affine4, .rows8, .made: try expanded(source, matrix)
            }
        source.stored?.releasePages()
        matrix.cards.keep(made, on: self)
    }

    private func halves(
        of tensor: StoredTensor, _ matrix: WeightMatrix, pieces: Int
    ) throws(NonFiniteWeight) -> CUDAMatrix {
        let raw =
            if let order = matrix.order {
                bring(tensor, rows: order)
            } else {
                bring(tensor, bytes: tensor.count * tensor.type.size)
            }
        return try halves(raw, tensor.type, matrix, pieces: pieces) {
            firstBad(tensor, matrix.order)
        }
    }

    /// Copies some rows of a stored matrix to the card, one behind the other.
    private func bring(_ tensor: StoredTensor, rows: [Int32]) -> FloatBuffer {
        let width = tensor.count / max(1, tensor.shape.first ?? 1) * tensor.type.size
        let buffer = FloatBuffer(count: (rows.count * width + 3) / 4)
        let to = UnsafeMutableRawPointer(buffer.base)
        _ = tensor.withBytes { from in
            for (n, row) in rows.enumerated() {
                // SAFETY: the order's rows are the stored tensor's; the buffer has room for each.
                (to + n * width).copyMemory(from: from + Int(row) * width, byteCount: width)
            }
        }
        let copy = FloatBuffer(count: buffer.count, on: self)
        copyIn(to, count: rows.count * width, to: copy.address)
        synchronize()
        return copy
    }

    /// What has no form of its own here.
    private func expanded(
        _ source: WeightSource, _ matrix: WeightMatrix
    ) throws(NonFiniteWeight) -> CUDAMatrix {
        let (n, k) = (matrix.outputs, matrix.inputs)
        let rows = FloatBuffer(count: n * k)
        source.expandRows(outputs: n, inputs: k, order: matrix.order, to: rows.base)
        let raw = FloatBuffer(count: n * k, on: self)
        copyIn(rows.base, count: n * k * 4, to: raw.address)
        synchronize()
        // Codes of few bits have no rest that would count.
        return try halves(raw, .float32, matrix, pieces: 1) {
            let bad = (0..<n * k).first { !rows.base[$0].isFinite } ?? 0
            let row = matrix.order.map { Int($0[bad / max(k, 1)]) } ?? bad / max(k, 1)
            return NonFiniteWeight(
                name: source.name, path: source.path, index: row * k + bad % max(k, 1))
        }
    }

    /// Halves of numbers (N, K), as large as they may be.
    private func halves(
        _ raw: FloatBuffer, _ type: ElementType, _ matrix: WeightMatrix, pieces: Int,
        bad: () -> NonFiniteWeight
    ) throws(NonFiniteWeight) -> CUDAMatrix {
        let (n, k) = (matrix.outputs, matrix.inputs)
        let most = largestMagnitude(raw, type, count: n * k)
        guard hasFailed || most.isFinite else { throw bad() }
        let factor = Self.factor(most)
        let made = CUDAMatrix(
            form: .halves(
                FloatBuffer(count: (n * CUDAMatrix.padded(k) * pieces + 1) / 2, on: self)),
            outputs: n, inputs: k, pieces: pieces, alpha: 1 / factor)
        if case .halves(let buffer) = made.form {
            numbers(
                .halveWeight, rows: n, columns: made.padded,
                [
                    raw.address, type.kernelNumber, factor, buffer.address,
                    Int32(k), Int32(pieces),
                ])
        }
        // The stored numbers are given back once they have been read.
        withExtendedLifetime(raw) {}
        return made
    }

    private func packed(
        _ codes: TableCodes, _ source: WeightSource, _ matrix: WeightMatrix
    ) throws(NonFiniteWeight) -> CUDAMatrix {
        let scales = codes.scales()
        if let bad = scales.firstIndex(where: { !$0.isFinite }) {
            throw NonFiniteWeight(name: source.name + " (scales)", path: source.path, index: bad)
        }
        let most = scales.reduce(Float(0)) { max($0, abs($1)) }
        let factor = Self.factor(most * codes.table.reduce(Float(0)) { max($0, abs($1)) })
        let table4 = CUDAMatrix.Table4(
            codes: bring(codes.codes, bytes: codes.codes.count * codes.codes.type.size),
            scales: bring(scales), table: bring(codes.table), order: matrix.order.map { bring($0) },
            block: codes.block, rounded: codes.rounded, factor: factor)
        return CUDAMatrix(
            form: .table4(table4), outputs: matrix.outputs, inputs: matrix.inputs,
            pieces: codes.rounded == .float32 ? 2 : 1, alpha: 1 / factor)
    }

    /// The address of a matrix' halves, which are made in `space` of what is held as codes.
    func halves(of matrix: CUDAMatrix, _ space: ActivationArena) -> UInt64 {
        switch matrix.form {
        case .halves(let buffer): return buffer.address
        case .table4(let t):
            let room = space.scratch(matrix.halfRoom).address
            numbers(
                .expandTable4, rows: matrix.outputs, columns: matrix.padded / 8,
                [
                    t.codes.address, t.scales.address, t.table.address, Int32(t.block),
                    t.rounded.kernelNumber, t.order?.address ?? 0, t.factor, room,
                    Int32(matrix.inputs), Int32(matrix.pieces),
                ])
            return room
        }
    }

    // MARK: - Parts

    /// A power of two that brings numbers of at most this size close to the largest halves.
    private static func factor(_ most: Float) -> Float {
        guard most.isNormal else { return 1 }
        let exponent = 14 - Int(most.exponent)
        return Float(sign: .plus, exponent: min(max(exponent, -126), 126), significand: 1)
    }

    /// The largest magnitude of numbers on the card; infinite or none if one of them is.
    private func largestMagnitude(_ raw: FloatBuffer, _ type: ElementType, count: Int) -> Float {
        guard count > 0 else { return 0 }
        let result = FloatBuffer(count: 1, on: self)
        clear(result.address, bytes: 4)
        launch(
            .largestMagnitude, grid: (min(1024, (count + 255) / 256), 1), threads: 256,
            [raw.address, type.kernelNumber, Int64(count), result.address])
        var most: Float = 0
        copyOut(result.address, count: 1, to: &most)
        return most
    }

    private func firstBad(_ tensor: StoredTensor, _ order: [Int32]?) -> NonFiniteWeight {
        let rows = tensor.shape.first ?? 0
        let width = tensor.count / max(1, rows)
        var numbers = [Float](repeating: 0, count: width)
        for row in order.map({ $0.map(Int.init) }) ?? Array(0..<rows) {
            tensor.widen(row * width..<(row + 1) * width, to: &numbers)
            if let bad = numbers.firstIndex(where: { !$0.isFinite }) {
                return NonFiniteWeight(
                    name: tensor.name, path: tensor.path, index: row * width + bad)
            }
        }
        return NonFiniteWeight(name: tensor.name, path: tensor.path, index: 0)
    }

    /// Copies stored bytes to the card.
    func bring(_ tensor: StoredTensor, bytes: Int) -> FloatBuffer {
        let buffer = FloatBuffer(count: (bytes + 3) / 4, on: self)
        _ = tensor.withBytes { copyIn($0, count: bytes, to: buffer.address) }
        // The driver need not have read memory that is not its own when it returns.
        synchronize()
        return buffer
    }

    /// Copies numbers of 32 bits to the card.
    func bring<Number>(_ numbers: [Number]) -> FloatBuffer {
        precondition(MemoryLayout<Number>.stride == 4, "numbers of 32 bits")
        let buffer = FloatBuffer(count: numbers.count, on: self)
        numbers.withUnsafeBytes {
            if let base = $0.baseAddress { copyIn(base, count: $0.count, to: buffer.address) }
        }
        synchronize()
        return buffer
    }

    /// Starts a kernel with a thread for each number of rows.
    func numbers(
        _ kernel: CUDAKernel, rows: Int, columns: Int, _ arguments: [any KernelArgument]
    ) {
        let threads = min(256, (max(columns, 1) + 31) / 32 * 32)
        launch(
            kernel, grid: (rows, (columns + threads - 1) / threads), threads: threads,
            arguments + [Int64(rows), Int32(columns)])
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

extension FloatBuffer {
    /// Where it is on its device.
    var address: UInt64 { base.address }
}

extension UnsafeMutablePointer<Float> {
    var address: UInt64 { UInt64(UInt(bitPattern: self)) }
}

extension ElementType {
    /// As the kernels number the types.
    var kernelNumber: Int32 { Int32(bitPattern: (kernelType ?? ARENA_F32).rawValue) }
}
