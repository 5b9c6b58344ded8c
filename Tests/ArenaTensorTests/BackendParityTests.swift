// One body an operation, run on the reference and on every instruction set: near the reference, and
// the same bits on all of our own paths.

import Testing

@testable import ArenaTensor

@Suite struct BackendParityTests {
    /// Runs `body` on the reference (with and without OpenBLAS) and on every path.
    func compare(
        within tolerance: Float, _ what: String = "", _ body: (any Backend) throws -> [Float]
    ) throws {
        let expected = try body(ReferenceBackend(blas: false))
        #expect(distance(try body(ReferenceBackend()), expected) <= tolerance, "\(what): OpenBLAS")
        var first: [UInt32]?
        for backend in paths {
            let got = try body(backend)
            let off = distance(got, expected)
            #expect(off <= tolerance, "\(what): \(backend.name) is \(off) away")
            if let first { #expect(first == bits(got), "\(what): other bits on \(backend.name)") }
            first = first ?? bits(got)
        }
    }

    @Test(arguments: [1, 2, 3, 16, 33, 64, 100])
    func products(outputs n: Int) throws {
        for k in [1, 7, 64, 255, 256, 257, 700] {
            for m in [0, 1, 2, 5, 6, 7, 13, 14, 15, 85, 100] {
                var random = Seeded(UInt64(n * 1_000_000 + k * 1000 + m))
                let x = random.tensor(m, k)
                let w = random.floats(n * k)
                let b = random.floats(n)
                let start = random.tensor(m, n)
                try compare(within: 3e-6, "M \(m) N \(n) K \(k)") { backend in
                    let weight = try matrix(w, n, k, for: backend)
                    let y = Tensor(start.values, rows: m, columns: n)
                    backend.product(x, weight, bias: try vector(b), into: y)
                    let plain = Tensor(start.values, rows: m, columns: n)
                    backend.product(x, weight, bias: nil, into: plain)
                    let sum = Tensor(start.values, rows: m, columns: n)
                    backend.addProduct(x, weight, scale: 0.37, into: sum)
                    return y.values + plain.values + sum.values
                }
            }
        }
    }

    @Test func lowRank() throws {
        var random = Seeded(5)
        let (m, k, n, r) = (29, 77, 50, 8)
        let x = random.tensor(m, k)
        let (down, up, start) = (random.floats(r * k), random.floats(n * r), random.floats(m * n))
        try compare(within: 3e-6) { backend in
            let y = Tensor(start, rows: m, columns: n)
            backend.addLowRank(
                x, down: try matrix(down, r, k, for: backend),
                up: try matrix(up, n, r, for: backend),
                scale: 2, arena: ActivationArena(), into: y)
            return y.values
        }
    }

    @Test(arguments: [1, 3, 31, 32, 33, 100, 256, 1000])
    func norms(columns c: Int) throws {
        var random = Seeded(UInt64(c))
        let x = random.tensor(5, c, scale: 3)
        let w = random.floats(c)
        let start = random.floats(5 * c)
        for (offset, adding) in [(Float(0), false), (1, false), (1, true)] {
            try compare(within: 2e-6, "\(c) columns") { backend in
                let y = Tensor(start, rows: 5, columns: c)
                backend.rmsNorm(
                    x, try vector(w), epsilon: 1e-6, offset: offset, adding: adding, into: y)
                return y.values
            }
        }
    }

    @Test(arguments: GateActivation.allCases)
    func gates(_ activation: GateActivation) throws {
        for c in [1, 8, 15, 100] {
            var random = Seeded(UInt64(c))
            let g = random.tensor(4, c, scale: 12)
            let u = random.tensor(4, c)
            try compare(within: 1e-6) { backend in
                let y = Tensor([Float](repeating: 0, count: 4 * c), rows: 4, columns: c)
                backend.gate(activation, g, u, into: y)
                return y.values
            }
        }
    }

    @Test(arguments: [2, 6, 16, 64, 66, 256])
    func rotary(headSize: Int) throws {
        var random = Seeded(UInt64(headSize))
        let heads = 3
        let x = random.tensor(9, heads * headSize)
        let table = RotaryTable(RotarySettings(base: 10_000, headSize: headSize), positions: 5000)
        try compare(within: 1e-6) { backend in
            let y = Tensor(x.values, rows: 9, columns: heads * headSize)
            backend.rotary(
                y, headSize: headSize, positions: [0, 1, 2, 0, 1, 4999, 7, 8, 100], table: table)
            return y.values
        }
    }

    @Test(arguments: [
        AttentionShape(heads: 4, groups: 2, headSize: 16, scale: 0.25),
        AttentionShape(heads: 4, groups: 2, headSize: 32, scale: 0.2, softcap: 5),
        AttentionShape(heads: 3, groups: 1, headSize: 10, scale: 0.3, softcap: 2, window: 7),
        AttentionShape(heads: 2, groups: 2, headSize: 64, scale: 0.125, window: 300),
        AttentionShape(heads: 2, groups: 1, headSize: 300, scale: 0.06, softcap: 50, window: 1),
    ])
    func attention(_ shape: AttentionShape) throws {
        let lengths = [1, 2, 24, 25, 33, 64, 700]
        var random = Seeded(9)
        let total = lengths.reduce(0, +)
        let q = random.tensor(total, shape.heads * shape.headSize, scale: 2)
        let k = random.tensor(total, shape.groups * shape.headSize, scale: 2)
        let v = random.tensor(total, shape.groups * shape.headSize)
        var rows: [AttentionRow] = []
        var at = 0
        for length in lengths {
            rows.append(
                AttentionRow(firstQuery: at, queries: length, firstPosition: 0, firstKey: at))
            at += length
        }
        try compare(within: 3e-6, "\(shape)") { backend in
            let out = Tensor(
                [Float](repeating: .nan, count: total * q.columns), rows: total, columns: q.columns)
            backend.attention(
                q, k, v, rows: rows, shape: shape, arena: ActivationArena(), into: out)
            return out.values
        }
    }

    @Test func softmaxAddGatherEmbed() throws {
        for c in [1, 3, 33, 100] {
            var random = Seeded(UInt64(c))
            let x = random.tensor(6, c, scale: 20)
            let table = random.floats(11 * c)
            try compare(within: 1e-6) { backend in
                let y = Tensor(x.values, rows: 6, columns: c)
                backend.softmax(y)
                let e = Tensor([Float](repeating: 0, count: 3 * c), rows: 3, columns: c)
                backend.embed(
                    [10, 0, 5],
                    EmbeddingTable(try stored(table, [11, c]), vocabulary: 11, channels: c),
                    scale: 1.5,
                    into: e)
                let picked = Tensor([Float](repeating: 0, count: 3 * c), rows: 3, columns: c)
                backend.gather([5, 5, 0], of: x, into: picked)
                backend.add(e, into: picked)
                return y.values + e.values + picked.values
            }
        }
    }
}
