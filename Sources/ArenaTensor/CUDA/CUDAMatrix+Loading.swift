// How weight matrices come onto a card: in the format they are stored in, or as halves or codes that the card makes
// of them.

import CArenaKernels
import CCUDA

/// Places of arrays that lie one behind another.
private struct BlockPlaces {
    private(set) var bytes = 0

    mutating func add(bytes count: Int) -> Int {
        defer { bytes += (count + 255) / 256 * 256 }
        return bytes
    }
}

extension CUDADevice {
    /// Makes a matrix ready for the card, unless it is. Where there is no room the device has failed.
    /// - Parameter slots: what it passes through, if it is to stay in the host's memory.
    /// - Throws: `NonFiniteWeight` if a number is infinite or none.
    func load(
        _ matrix: WeightMatrix, _ source: WeightSource, through slots: WeightSlots? = nil
    ) throws(NonFiniteWeight) {
        guard matrix.cards[self] == nil else { return }
        if let slots, let known = matrix.cards.first(where: { $0.pinned != nil }),
            let memory = known.pinned
        {
            // Cards of a kind read the same block.
            var shared = known
            shared.place = .host(memory, through: slots)
            slots.expect(bytes: memory.bytes)
            return matrix.cards.keep(shared, on: self)
        }
        let source = try source.resolved()
        var made =
            switch source {
            case .plain(let tensor):
                try halves(
                    of: tensor, matrix, pieces: tensor.type == .float32 && !matrix.isRounded ? 2 : 1
                )
            case .dynamic8(let tensor, let byRow) where matrix.sharesScale(byRow):
                try coded(tensor, matrix)
            // Asked for in fewer digits than it has.
            case .dynamic8(let tensor, _): try halves(of: tensor, matrix, pieces: 1)
            case .table4(let codes): try packed(codes, source, matrix)
            case .affine4(let codes): try packed(codes, source, matrix)
            case .rows8(let tensor, let scales): try packed(tensor, scales(), source, matrix)
            case .made: preconditionFailure("a matrix is made before it is brought")
            }
        source.stored?.releasePages()
        if let slots, case .card(let block) = made.place {
            guard let memory = PinnedMemory(on: self, copyOf: block) else { return }
            made.place = .host(memory, through: slots)
            slots.expect(bytes: memory.bytes)
        }
        matrix.cards.keep(made, on: self)
    }

    private func halves(
        of tensor: StoredTensor, _ matrix: WeightMatrix, pieces: Int
    ) throws(NonFiniteWeight) -> CUDAMatrix {
        let raw = raw(tensor, matrix)
        return try halves(raw, tensor.type, matrix, pieces: pieces) {
            firstBad(tensor, matrix.order)
        }
    }

    /// The stored numbers (N, K) in the matrix' own order.
    private func raw(_ tensor: StoredTensor, _ matrix: WeightMatrix) -> FloatBuffer {
        let raw = FloatBuffer(
            count: (matrix.outputs * matrix.inputs * tensor.type.size + 3) / 4, on: self)
        if let order = matrix.order {
            copyIn(tensor, rows: order, to: raw.address)
        } else {
            copyIn(tensor, bytes: tensor.count * tensor.type.size, to: raw.address)
        }
        return raw
    }

    private func coded(
        _ tensor: StoredTensor, _ matrix: WeightMatrix
    ) throws(NonFiniteWeight) -> CUDAMatrix {
        let (n, k) = (matrix.outputs, matrix.inputs)
        let raw = raw(tensor, matrix)
        let most = largestMagnitude(raw, tensor.type, count: n * k)
        guard hasFailed || most.isFinite else { throw firstBad(tensor, matrix.order) }
        let factors = matrix.columnFactors(of: tensor).map {
            Array(UnsafeBufferPointer(start: $0.base, count: k))
        }
        let padded = CUDAMatrix.Coded8.padded(k)
        var places = BlockPlaces()
        _ = places.add(bytes: n * padded)
        let form = CUDAMatrix.Coded8(
            fine: places.add(bytes: n * padded), scales: places.add(bytes: n * 4),
            factors: factors.map { places.add(bytes: $0.count * 4) })
        let block = FloatBuffer(count: places.bytes / 4, on: self)
        func place(_ offset: Int) -> UInt64 { block.address + UInt64(offset) }
        if let factors, let offset = form.factors { copyIn(factors, to: place(offset)) }
        rows(
            .codeWeight, rows: n, columns: k,
            [
                raw.address, tensor.type.kernelNumber, form.factors.map(place) ?? 0, block.address,
                place(form.fine), Int32(padded), place(form.scales),
            ])
        withExtendedLifetime(raw) {}
        return CUDAMatrix(
            form: .coded8(form), place: .card(block), outputs: n, inputs: k, pieces: 1, factor: 1)
    }

    /// Copies some rows of a stored matrix to the card, one behind the other.
    private func copyIn(_ tensor: StoredTensor, rows: [Int32], to address: UInt64) {
        let width = tensor.count / max(1, tensor.shape.first ?? 1) * tensor.type.size
        let buffer = FloatBuffer(count: (rows.count * width + 3) / 4)
        let to = UnsafeMutableRawPointer(buffer.base)
        _ = tensor.withBytes { from in
            for (n, row) in rows.enumerated() {
                // SAFETY: the order's rows are the stored tensor's; the buffer has room for each.
                (to + n * width).copyMemory(from: from + Int(row) * width, byteCount: width)
            }
        }
        stages.copy(to, count: rows.count * width, to: address, on: self)
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
        let padded = CUDAMatrix.padded(k)
        let block = FloatBuffer(count: (n * padded * pieces + 1) / 2, on: self)
        numbers(
            .halveWeight, rows: n, columns: padded,
            [raw.address, type.kernelNumber, factor, block.address, Int32(k), Int32(pieces)])
        // The stored numbers are given back once they have been read.
        withExtendedLifetime(raw) {}
        return CUDAMatrix(
            form: .halves, place: .card(block), outputs: n, inputs: k, pieces: pieces,
            factor: factor)
    }

    private func packed(
        _ codes: TableCodes, _ source: WeightSource, _ matrix: WeightMatrix
    ) throws(NonFiniteWeight) -> CUDAMatrix {
        let scales = codes.scales()
        try source.check(scales: scales)
        var places = BlockPlaces()
        let bytes = codes.codes.count * codes.codes.type.size
        _ = places.add(bytes: bytes)
        let form = CUDAMatrix.Table4(
            scales: places.add(bytes: scales.count * 4),
            table: places.add(bytes: codes.table.count * 4),
            order: matrix.order.map { places.add(bytes: $0.count * 4) }, block: codes.block,
            rounded: codes.rounded)
        let block = FloatBuffer(count: places.bytes / 4, on: self)
        copyIn(codes.codes, bytes: bytes, to: block.address)
        copyIn(scales, to: block.address + UInt64(form.scales))
        copyIn(codes.table, to: block.address + UInt64(form.table))
        if let order = matrix.order, let place = form.order {
            copyIn(order, to: block.address + UInt64(place))
        }
        return CUDAMatrix(
            form: .table4(form), place: .card(block), outputs: matrix.outputs,
            inputs: matrix.inputs, pieces: codes.rounded == .float32 ? 2 : 1,
            factor: Self.factor(Self.most(scales) * Self.most(codes.table)))
    }

    private func packed(
        _ codes: AffineCodes, _ source: WeightSource, _ matrix: WeightMatrix
    ) throws(NonFiniteWeight) -> CUDAMatrix {
        let (n, k, groups) = (matrix.outputs, matrix.inputs, codes.groupCount)
        let (stored, storedZeros) = codes.scales()
        try source.check(scales: stored)
        // By outputs, in the matrix' own order.
        var scales = [Float](repeating: 0, count: n * groups)
        var zeros = [UInt8](repeating: 0, count: n * groups)
        for output in 0..<n {
            let from = matrix.order.map { Int($0[output]) } ?? output
            for g in 0..<groups {
                scales[output * groups + g] = stored[g * codes.outputs + from]
                // Four bits, of older GPTQ files and one.
                zeros[output * groups + g] = UInt8(
                    max(0, min(255, storedZeros[g * codes.outputs + from])))
            }
        }
        var places = BlockPlaces()
        let width = CUDAMatrix.padded(k) / 8
        _ = places.add(bytes: n * width * 4)
        let form = CUDAMatrix.Affine4(
            scales: places.add(bytes: scales.count * 4), zeros: places.add(bytes: zeros.count),
            groups: places.add(bytes: k * 4), groupCount: groups)
        let block = FloatBuffer(count: places.bytes / 4, on: self)
        let raw = bring(codes.codes, bytes: codes.codes.count * codes.codes.type.size)
        let order = matrix.order.map { bring($0) }
        numbers(
            .orderCodes4, rows: n, columns: width,
            [
                raw.address, Int32(codes.order == .awq ? 1 : 0), order?.address ?? 0,
                Int64(codes.outputs), block.address, Int32(k),
            ])
        copyIn(scales, to: block.address + UInt64(form.scales))
        copyIn(zeros, to: block.address + UInt64(form.zeros))
        copyIn(codes.groups, to: block.address + UInt64(form.groups))
        withExtendedLifetime((raw, order)) {}
        return CUDAMatrix(
            form: .affine4(form), place: .card(block), outputs: n, inputs: k, pieces: 1,
            factor: Self.factor(Self.most(scales) * 16))
    }

    private func packed(
        _ codes: StoredTensor, _ stored: [Float], _ source: WeightSource, _ matrix: WeightMatrix
    ) throws(NonFiniteWeight) -> CUDAMatrix {
        try source.check(scales: stored)
        let scales = matrix.order.map { $0.map { stored[Int($0)] } } ?? stored
        var places = BlockPlaces()
        let bytes = matrix.outputs * matrix.inputs
        _ = places.add(bytes: bytes)
        let form = CUDAMatrix.Rows8(scales: places.add(bytes: scales.count * 4))
        let block = FloatBuffer(count: places.bytes / 4, on: self)
        if let order = matrix.order {
            copyIn(codes, rows: order, to: block.address)
        } else {
            copyIn(codes, bytes: bytes, to: block.address)
        }
        copyIn(scales, to: block.address + UInt64(form.scales))
        return CUDAMatrix(
            form: .rows8(form), place: .card(block), outputs: matrix.outputs,
            inputs: matrix.inputs, pieces: 1, factor: Self.factor(Self.most(scales) * 128))
    }

    // MARK: - Parts

    private static func most(_ numbers: [Float]) -> Float {
        numbers.reduce(0) { max($0, abs($1)) }
    }

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
        copyIn(tensor, bytes: bytes, to: buffer.address)
        return buffer
    }

    private func copyIn(_ tensor: StoredTensor, bytes: Int, to address: UInt64) {
        _ = tensor.withBytes { stages.copy($0, count: bytes, to: address, on: self) }
    }

    /// Copies numbers of 32 bits to the card.
    func bring<Number: BitwiseCopyable>(_ numbers: [Number]) -> FloatBuffer {
        precondition(MemoryLayout<Number>.stride == 4, "numbers of 32 bits")
        let buffer = FloatBuffer(count: numbers.count, on: self)
        copyIn(numbers, to: buffer.address)
        return buffer
    }

    private func copyIn<Number: BitwiseCopyable>(_ numbers: [Number], to address: UInt64) {
        numbers.withUnsafeBytes {
            if let base = $0.baseAddress { copyIn(base, count: $0.count, to: address) }
        }
        synchronize()
    }
}
