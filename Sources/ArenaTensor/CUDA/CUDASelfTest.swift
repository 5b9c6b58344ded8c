// Before a card is used: its numbers against the reference backend's, and the same row at several places
// against itself. A driver, compiler or card that computes something else is not found out by anything else.

import CArenaKernels

extension CUDADevice {
    /// Takes some milliseconds.
    /// - Throws: `CUDAProblem.wrongNumbers` naming the operation, or `.call` if the card failed.
    package func selfTest() throws(CUDAProblem) {
        let backend = CUDABackend(self)
        let reference = ReferenceBackend(blas: false)
        // Weights in fp32, in codes of 4 bits and of 8, and a low-rank pair beside them.
        for make: (StoredTensor) -> WeightSource in [
            { .plain($0) }, { .nf4($0) }, { .dynamic8($0, byRow: true) },
        ] {
            try test("products", rows: 150, within: 2e-3, backend, reference) { backend, rows in
                var own = Noise(state: 1)
                // More steps than a product has stages, and a row with an input that becomes no code of 8 bits.
                let all = own.tensor(150, 333)
                all[37, 5] = 300
                let x = all.rows(rows)
                let y = Tensor(
                    [Float](repeating: 0, count: rows.count * 200), rows: rows.count, columns: 200)
                guard
                    let weight = try? own.matrix(200, 333, for: backend, make),
                    let down = try? own.matrix(5, 333, for: backend),
                    let up = try? own.matrix(200, 5, for: backend)
                else { return [] }
                let pair = LowRankPair(down: down, up: up, scale: 0.5)
                backend.products(
                    x, [ProductPart(weight, lowRank: [pair], into: y)], arena: ActivationArena())
                return y.values
            }
        }
        // Rows that are made on the way to a product.
        for kind in 0..<3 {
            try test("rows of products", rows: 150, within: 2e-3, backend, reference) {
                backend, rows in
                var own = Noise(state: 4)
                let tensors = (0..<2).map { _ in
                    let all = own.tensor(150, 333)
                    let x = ActivationArena.own(rows.count, 333, on: backend.weightLayout.card)
                    backend.gather(Array(rows), of: all, into: x)
                    return x
                }
                guard let norm = try? own.vector(333),
                    let weight = try? own.matrix(70, 333, for: backend)
                else { return [] }
                let made: [ProductRows] = [
                    .normed(tensors[0], norm, epsilon: 1e-6, offset: 1),
                    .activated(.gelu, tensors[0]),
                    .gated(.geluTanh, gate: tensors[0], up: tensors[1]),
                ]
                let y = ActivationArena.own(rows.count, 70, on: backend.weightLayout.card)
                backend.products(
                    of: made[kind], [ProductPart(weight, into: y)], arena: backend.makeArena())
                return y.values
            }
        }
        // Heads of every size, of halves and of two halves a number: tiles that a query sees nothing of, before
        // and behind, must leave it alone.
        for (size, isExact) in [(64, false), (128, false), (256, false), (64, true), (128, true)] {
            var shape = AttentionShape(
                heads: 2, groups: 1, headSize: size, scale: 0.125, softcap: 5, window: 40)
            shape.isExact = isExact
            try testAttention(shape, isRelative: false, backend, reference)
        }
        for isExact in [false, true] {
            var shape = AttentionShape(
                heads: 2, groups: 2, headSize: 64, scale: 0.125, causal: false)
            shape.isExact = isExact
            try testAttention(shape, isRelative: true, backend, reference)
        }
        try test("norms", rows: 150, within: 1e-4, backend, reference) { backend, rows in
            var own = Noise(state: 3)
            let x = own.tensor(150, 77).rows(rows)
            let y = Tensor(x.values, rows: rows.count, columns: 77)
            guard let weight = try? own.vector(77) else { return [] }
            backend.rmsNorm(x, weight, epsilon: 1e-6, offset: 1, adding: false, into: y)
            backend.softmax(y)
            backend.activate(.geluTanh, y, into: y)
            return y.values
        }
    }

    private func testAttention(
        _ shape: AttentionShape, isRelative: Bool, _ backend: CUDABackend,
        _ reference: ReferenceBackend
    ) throws(CUDAProblem) {
        let tolerance: Float = shape.isExact ? 1e-4 : 2e-3
        let (wide, narrow) = (shape.heads * shape.headSize, shape.groups * shape.headSize)
        try test("attention", rows: 150, within: tolerance, backend, reference) { backend, rows in
            var own = Noise(state: 2)
            let (q, k) = (own.tensor(150, wide), own.tensor(150, narrow))
            let v = own.tensor(150, narrow)
            let relative = RelativeTerms(
                longest: 150, bias: own.tensor(shape.heads, 299),
                buckets: (0..<299).map { Int32(max(50, min(249, $0)) - 50) },
                keys: own.tensor(200, wide), queries: own.tensor(200, wide))
            let out = Tensor(
                [Float](repeating: 0, count: rows.count * wide), rows: rows.count, columns: wide)
            backend.attention(
                q.rows(rows), k, v,
                rows: [
                    AttentionRow(
                        firstQuery: 0, queries: rows.count, firstPosition: rows.lowerBound,
                        firstKey: 0, keys: 150)
                ], shape: shape, relative: isRelative ? relative : nil, arena: ActivationArena(),
                into: out)
            return out.values
        }
    }

    /// Results of all rows against the reference, and of some rows alone against those of all.
    private func test(
        _ what: String, rows: Int, within tolerance: Float, _ backend: CUDABackend,
        _ reference: ReferenceBackend, _ compute: (any Backend, Range<Int>) -> [Float]
    ) throws(CUDAProblem) {
        func own(_ rows: Range<Int>) throws(CUDAProblem) -> [Float] {
            let values = compute(backend, rows)
            switch takeFailure() {
            case .lost(let call, let code, let text)?: throw .call(call, code: code, text: text)
            case .outOfMemory(let bytes)?, .hostMemory(let bytes)?:
                throw .noRoom(card: name, bytes: bytes)
            case nil: return values
            }
        }
        let all = try own(0..<rows)
        let expected = compute(reference, 0..<rows)
        let most = expected.reduce(Float(1)) { max($0, abs($1)) }
        let isNear =
            !all.isEmpty && all.count == expected.count
            && zip(all, expected).allSatisfy { abs($0 - $1) <= tolerance * most }
        guard isNear else { throw .wrongNumbers(card: name, what: what) }
        let width = all.count / rows
        for part in [0..<1, 37..<38, 100..<rows] {
            let some = try own(part)
            let same = all[part.lowerBound * width..<part.upperBound * width]
            guard some.elementsEqual(same, by: { $0.bitPattern == $1.bitPattern }) else {
                throw .wrongNumbers(card: name, what: what + " of a row at another place")
            }
        }
    }
}

/// Numbers between -1 and 1, the same everywhere.
private struct Noise {
    var state: UInt32

    mutating func floats(_ count: Int) -> [Float] {
        (0..<count).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return Float(Int32(bitPattern: state) >> 8) / Float(1 << 23)
        }
    }

    mutating func tensor(_ rows: Int, _ columns: Int) -> Tensor {
        Tensor(floats(rows * columns), rows: rows, columns: columns)
    }

    mutating func matrix(
        _ outputs: Int, _ inputs: Int, for backend: any Backend,
        _ make: (StoredTensor) -> WeightSource = { .plain($0) }
    ) throws(NonFiniteWeight) -> WeightMatrix {
        let matrix = WeightMatrix(outputs: outputs, inputs: inputs)
        let buffer = FloatBuffer(count: outputs * inputs)
        for (i, x) in floats(outputs * inputs).enumerated() { buffer.base[i] = x / 8 }
        let stored = StoredTensor(
            name: "test", type: .float32, shape: [outputs, inputs], path: "", memory: buffer)
        try matrix.load(make(stored), layout: backend.weightLayout)
        return matrix
    }

    mutating func vector(_ count: Int) throws(NonFiniteWeight) -> WeightVector {
        let vector = WeightVector(count: count)
        let buffer = FloatBuffer(count: count)
        for (i, x) in floats(count).enumerated() { buffer.base[i] = x }
        try vector.load(
            StoredTensor(name: "test", type: .float32, shape: [count], path: "", memory: buffer))
        return vector
    }
}
