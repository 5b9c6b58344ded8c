// The contract below the models: a row's bits do not depend on what is beside it, on the split of the
// work, or on where in a pack it lies.

import Testing

@testable import ArenaTensor

@Suite struct InvarianceTests {
    @Test(arguments: [3, 16, 64, 100], [false, true])
    func productRowsDoNotSeeTheirNeighbours(outputs n: Int, isRounded: Bool) throws {
        var random = Seeded(UInt64(n))
        let (m, k) = (90, 530)
        let x = random.tensor(m, k)
        let w = random.floats(n * k)
        var expected: [UInt32]?
        for backend in paths {
            let weight = WeightMatrix(outputs: n, inputs: k, isRounded: isRounded)
            try weight.load(try stored(w, [n, k]), layout: backend.weightLayout)
            let whole = Tensor([Float](repeating: 0, count: m * n), rows: m, columns: n)
            backend.product(x, weight, bias: nil, arena: ActivationArena(), into: whole)
            expected = expected ?? bits(whole.values)
            #expect(bits(whole.values) == expected)
            for row in [0, 1, 41, 89] {
                let alone = Tensor([Float](repeating: 0, count: n), rows: 1, columns: n)
                backend.product(
                    x.rows(row..<row + 1), weight, bias: nil, arena: ActivationArena(), into: alone)
                #expect(bits(alone.values) == bits(whole.rows(row..<row + 1).values))
            }
            for threads in [2, 3, 4] {
                let several = try #require(CPUBackend(path: backend.name, threads: threads))
                let y = Tensor([Float](repeating: 0, count: m * n), rows: m, columns: n)
                several.product(x, weight, bias: nil, arena: ActivationArena(), into: y)
                #expect(bits(y.values) == expected)
            }
        }
    }

    @Test(arguments: [nil, 40, 300], [false, true])
    func attentionOfATextAloneInAPackAndByItsLastQuery(window: Int?, isRounded: Bool) throws {
        var shape = AttentionShape(
            heads: 4, groups: 2, headSize: 48, scale: 0.2, softcap: 30, window: window)
        shape.isRounded = isRounded
        var random = Seeded(77)
        let (before, length) = (13, 611)
        let q = random.tensor(before + length, 4 * 48, scale: 2)
        let k = random.tensor(before + length, 2 * 48, scale: 2)
        let v = random.tensor(before + length, 2 * 48)
        func run(_ backend: CPUBackend, _ rows: [AttentionRow], q: Tensor) -> Tensor {
            let out = Tensor(
                [Float](repeating: 0, count: q.rows * q.columns), rows: q.rows, columns: q.columns)
            backend.attention(
                q, k, v, rows: rows, shape: shape, relative: nil, arena: ActivationArena(),
                into: out)
            return out
        }
        let first = AttentionRow(firstQuery: 0, queries: before, firstPosition: 0, firstKey: 0)
        let second = AttentionRow(
            firstQuery: before, queries: length, firstPosition: 0, firstKey: before)
        var expected: [UInt32]?
        for backend in paths {
            let packed = run(backend, [second, first], q: q)
            expected = expected ?? bits(packed.values)
            #expect(bits(packed.values) == expected)
            var alone = second
            alone.firstQuery = 0
            let single = run(backend, [alone], q: q.rows(before..<before + length))
            #expect(bits(single.values) == bits(packed.rows(before..<before + length).values))
            // A prefix of a text gives what the shorter text gives.
            alone.queries = 300
            alone.keys = 300
            let prefix = run(backend, [alone], q: q.rows(before..<before + 300))
            #expect(bits(prefix.values) == bits(packed.rows(before..<before + 300).values))
            // One query at a time, as the last layer asks.
            for position in [0, 255, 256, 299, 610] {
                let one = run(
                    backend,
                    [
                        AttentionRow(
                            firstQuery: 0, queries: 1, firstPosition: position, firstKey: before)
                    ],
                    q: q.rows(before + position..<before + position + 1))
                let there = packed.rows(before + position..<before + position + 1)
                #expect(bits(one.values) == bits(there.values), "position \(position)")
            }
            let several = try #require(CPUBackend(path: backend.name, threads: 3))
            #expect(bits(run(several, [first, second], q: q).values) == expected)
        }
    }

    @Test func arenaHandsOutSeparateMemory() {
        let arena = ActivationArena()
        for _ in 0..<3 {
            let tensors = (1..<40).map { arena.tensor($0 * 7, $0 * 50) }
            for (i, x) in tensors.enumerated() {
                for r in 0..<x.rows { for c in 0..<x.columns { x[r, c] = Float(i) } }
            }
            for (i, x) in tensors.enumerated() { #expect(x.values.allSatisfy { $0 == Float(i) }) }
            let held = arena.capacity
            arena.reset()
            #expect(arena.capacity == held)
        }
    }
}
