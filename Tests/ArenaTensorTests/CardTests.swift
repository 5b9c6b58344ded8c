// Cards apart from what they compute: the contract, memory, failures, and the reasons for not using one.

import SimulatedCard
import Testing

@testable import ArenaTensor

@Suite struct CardTests {
    @Test func theSelfTestPasses() throws {
        try SimulatedCard.open()?.selfTest()
        // Cards of 7.5 multiply in other steps and copy in another way.
        try SimulatedCard.openOlder()?.selfTest()
    }

    /// Rows of every form of weight: the same bits alone, elsewhere in a pack, and among many.
    @Test(arguments: [WeightFormat.float32, .float16, .nf4, .dynamic8Rows])
    func productRowsDoNotSeeTheirNeighbours(_ format: WeightFormat) throws {
        for device in [try SimulatedCard.open(), try SimulatedCard.openOlder()].compactMap({ $0 }) {
            let backend = CUDABackend(device)
            for n in [3, 64, 65, 200] {
                var random = Seeded(UInt64(n))
                let (m, k, rank) = (300, 192, 5)
                let x = random.tensor(m, k, scale: 3)
                // Inputs that are no codes.
                for row in stride(from: 0, to: m, by: 7) {
                    x[row, row % 5] = 500
                    x[row, 190] = -200
                }
                let source = try format.make(outputs: n, inputs: k, &random)
                let weight = WeightMatrix(outputs: n, inputs: k)
                try weight.load(source, layout: backend.weightLayout)
                let pair = LowRankPair(
                    down: try matrix(random.floats(rank * k), rank, k, for: backend),
                    up: try matrix(random.floats(n * rank), n, rank, for: backend), scale: 0.5)
                func run(_ rows: Range<Int>) -> Tensor {
                    let y = Tensor(
                        [Float](repeating: 0, count: rows.count * n), rows: rows.count, columns: n)
                    backend.products(
                        x.rows(rows), [ProductPart(weight, lowRank: [pair], into: y)],
                        arena: ActivationArena())
                    return y
                }
                let whole = run(0..<m)
                for rows in [0..<1, 127..<128, 128..<129, 77..<300, 299..<300] {
                    #expect(bits(run(rows).values) == bits(whole.rows(rows).values))
                }
            }
        }
    }

    /// Rows that a product makes on the way: the bits of making them before, near the reference, and the same alone.
    @Test(arguments: [WeightFormat.float32, .float16, .nf4, .dynamic8Rows], [1, 130, 700])
    func rowsThatAreMadeOnTheWay(_ format: WeightFormat, inputs k: Int) throws {
        for device in [try SimulatedCard.open(), try SimulatedCard.openOlder()].compactMap({ $0 }) {
            let (m, n, rank) = (20, 72, 5)
            guard format.fits(outputs: n, inputs: k) else { continue }
            var random = Seeded(UInt64(k))
            let (x, up) = (random.tensor(m, k, scale: 3), random.tensor(m, k))
            // Rows that are too small and too large for halves.
            for c in 0..<k {
                (x[2, c], up[3, c], up[5, c]) = (x[2, c] * 1e-4, up[3, c] * 1e-6, up[5, c] * 1e6)
            }
            let (weights, low) = (
                random.floats(k), (random.floats(rank * k), random.floats(n * rank))
            )
            let source = try format.make(outputs: n, inputs: k, &random)
            func run(
                _ backend: any Backend, _ kind: Int, _ rows: Range<Int>, isBefore: Bool = false
            ) throws -> Tensor {
                let card = backend.weightLayout.card
                func bring(_ x: Tensor) -> Tensor {
                    let y = ActivationArena.own(rows.count, k, on: card)
                    backend.gather(Array(rows), of: x, into: y)
                    return y
                }
                let weight = WeightMatrix(outputs: n, inputs: k)
                try weight.load(source, layout: backend.weightLayout)
                let pair = LowRankPair(
                    down: try matrix(low.0, rank, k, for: backend),
                    up: try matrix(low.1, n, rank, for: backend), scale: 0.5)
                let norm = try vector(weights)
                let all: [ProductRows] = [
                    .tensor(bring(x)), .normed(bring(x), norm, epsilon: 1e-6, offset: 1),
                    .activated(.gelu, bring(x)), .gated(.geluTanh, gate: bring(x), up: bring(up)),
                ]
                let y = ActivationArena.own(rows.count, n, on: card)
                let parts = [ProductPart(weight, lowRank: [pair], into: y)]
                let arena = backend.makeArena()
                if isBefore {
                    backend.products(all[kind].tensor(on: backend, arena), parts, arena: arena)
                } else {
                    backend.products(of: all[kind], parts, arena: arena)
                }
                return y.onHost
            }
            let backend = CUDABackend(device)
            for kind in 0..<4 {
                let whole = try run(backend, kind, 0..<m)
                let before = try run(backend, kind, 0..<m, isBefore: true)
                let expected = try run(ReferenceBackend(blas: false), kind, 0..<m)
                for row in 0..<m {
                    let most = (0..<n).reduce(Float(1e-20)) { max($0, abs(expected[row, $1])) }
                    for c in 0..<n {
                        #expect(
                            abs(whole[row, c] - expected[row, c]) <= 2e-3 * most, "\(kind) \(row)")
                        // A norm adds squares in another order.
                        let away = abs(whole[row, c] - before[row, c])
                        #expect(away <= (kind == 1 ? 2e-3 * most : 0), "\(kind) \(row)")
                    }
                }
                for rows in [2..<4, 5..<20] {
                    let some = try run(backend, kind, rows)
                    #expect(bits(some.values) == bits(whole.rows(rows).values), "\(kind) \(rows)")
                }
            }
            #expect(device.takeFailure() == nil)
        }
    }

    /// Pairs of any size and scale, as further inputs of products.
    @Test(arguments: [WeightFormat.nf4, .bfloat16, .awq, .dynamic8Rows])
    func lowRankPairs(beside format: WeightFormat) throws {
        for device in [try SimulatedCard.open(), try SimulatedCard.openOlder()].compactMap({ $0 }) {
            let backend = CUDABackend(device)
            let (m, n, k) = (40, 200, 128)
            for (size, scale) in [(Float(1), Float(0.5)), (100, -3), (1e-4, 2000), (0, 1), (1, 0)] {
                var random = Seeded(14)
                let x = random.tensor(m, k, scale: 3)
                for c in 0..<k { x[3, c] *= 1e6 }
                let source = try format.make(outputs: n, inputs: k, &random)
                let pairs = [4, 21].map { rank in
                    (
                        rank, random.floats(rank * k),
                        random.floats(n * rank).map { $0 * size }
                    )
                }
                func run(_ backend: any Backend) throws -> Tensor {
                    let weight = WeightMatrix(outputs: n, inputs: k)
                    try weight.load(source, layout: backend.weightLayout)
                    let low = try pairs.map { rank, down, up in
                        LowRankPair(
                            down: try matrix(down, rank, k, for: backend),
                            up: try matrix(up, n, rank, for: backend), scale: scale)
                    }
                    let y = Tensor([Float](repeating: 0, count: m * n), rows: m, columns: n)
                    backend.products(
                        x, [ProductPart(weight, lowRank: low, into: y)], arena: ActivationArena())
                    return y
                }
                let (y, expected) = (try run(backend), try run(ReferenceBackend(blas: false)))
                for row in 0..<m {
                    let most = (0..<n).reduce(Float(0)) { max($0, abs(expected[row, $1])) }
                    for c in 0..<n {
                        #expect(abs(y[row, c] - expected[row, c]) <= 1e-3 * most, "row \(row)")
                    }
                }
            }
        }
    }

    /// Queries, keys and values meet the same rows: their pairs' first factors are one product, and each part
    /// has the bits that it has alone.
    @Test(arguments: [WeightFormat.nf4, .float32, .dynamic8Rows], [4, 40])
    func pairsOfSeveralWeights(beside format: WeightFormat, rank: Int) throws {
        for device in [try SimulatedCard.open(), try SimulatedCard.openOlder()].compactMap({ $0 }) {
            let (m, k) = (70, 128)
            var random = Seeded(15)
            let x = random.tensor(m, k, scale: 3)
            for c in 0..<k { x[3, c] *= 1e6 }
            let bases = try [200, 72, 40].map { n in
                (
                    n, try format.make(outputs: n, inputs: k, &random),
                    [rank, 7].map { rank in
                        // Factors of very different sizes.
                        (
                            rank, random.floats(rank * k).map { $0 * Float(n) },
                            random.floats(n * rank)
                        )
                    }
                )
            }
            func run(_ backend: any Backend, _ chosen: Range<Int>) throws -> [Tensor] {
                let parts = try bases[chosen].map { n, source, pairs in
                    let weight = WeightMatrix(outputs: n, inputs: k)
                    try weight.load(source, layout: backend.weightLayout)
                    let low = try pairs.map { rank, down, up in
                        LowRankPair(
                            down: try matrix(down, rank, k, for: backend),
                            up: try matrix(up, n, rank, for: backend), scale: 0.25)
                    }
                    return ProductPart(
                        weight, lowRank: low,
                        into: Tensor([Float](repeating: 0, count: m * n), rows: m, columns: n))
                }
                backend.products(x, parts, arena: ActivationArena())
                return parts.map(\.y)
            }
            let backend = CUDABackend(device)
            let together = try run(backend, 0..<3)
            let expected = try run(ReferenceBackend(blas: false), 0..<3)
            for part in 0..<3 {
                let alone = try run(backend, part..<part + 1)[0]
                #expect(bits(alone.values) == bits(together[part].values), "part \(part)")
                for row in 0..<m {
                    let n = bases[part].0
                    let most = (0..<n).reduce(Float(0)) { max($0, abs(expected[part][row, $1])) }
                    for c in 0..<n {
                        #expect(
                            abs(together[part][row, c] - expected[part][row, c]) <= 1e-3 * most)
                    }
                }
            }
        }
    }

    /// cuBLASLt is used where it keeps the contract, and left aside where it does not.
    @Test(arguments: [false, true])
    func theLibraryIsTriedBeforeItIsUsed(isUneven: Bool) throws {
        guard let device = try SimulatedCard.open(isUneven: isUneven) else { return }
        if !SimulatedCard.isReal { #expect(device.products?.version == 120_000) }
        device.measure()
        let backend = CUDABackend(device)
        var random = Seeded(5)
        for (n, k) in [(200, 96), (68, 32), (132, 100)] {
            let x = random.tensor(150, k, scale: 3)
            // Rows that do not fit into halves, so that they are scaled.
            for c in 0..<k { x[7, c] *= 1e6 }
            let (full, nothing) = (
                try WeightFormat.bfloat16.make(outputs: n, inputs: k, &random),
                WeightSource.plain(
                    try stored([UInt8](repeating: 0, count: 2 * n * k), .bfloat16, [n, k]))
            )
            let bias = random.floats(n)
            let pair = (random.floats(4 * k), random.floats(n * 4))
            func run(
                _ backend: any Backend, _ rows: Range<Int>, ofZeros: Bool = false
            ) throws -> Tensor {
                let source = ofZeros ? nothing : full
                let up = pair.1.map { ofZeros ? 0 : $0 }
                let weight = WeightMatrix(outputs: n, inputs: k)
                try weight.load(source, layout: backend.weightLayout)
                let low = LowRankPair(
                    down: try matrix(pair.0, 4, k, for: backend),
                    up: try matrix(up, n, 4, for: backend), scale: 0.5)
                let y = Tensor(
                    [Float](repeating: 0, count: rows.count * n), rows: rows.count, columns: n)
                backend.products(
                    x.rows(rows),
                    [ProductPart(weight, bias: try vector(bias), lowRank: [low], into: y)],
                    arena: ActivationArena())
                return y
            }
            // Weights that tell nothing of the library.
            _ = try run(backend, 0..<150, ofZeros: true)
            let whole = try run(backend, 0..<150)
            for rows in [0..<1, 7..<8, 100..<150] {
                let own = try run(backend, rows).values
                #expect(bits(own) == bits(whole.rows(rows).values))
            }
            let expected = try run(ReferenceBackend(blas: false), 0..<150)
            for row in 0..<150 {
                let most = (0..<n).reduce(Float(0)) { max($0, abs(expected[row, $1])) }
                for c in 0..<n {
                    #expect(abs(whole[row, c] - expected[row, c]) <= 2e-3 * most, "row \(row)")
                }
            }
        }
        // Tried for each of the shapes, eight products each, and with zeros; then four of each shape if they may
        // be used.
        guard !SimulatedCard.isReal else { return }
        let starts = device.times.first { $0.kernel == "cublasLtMatmul" }?.starts
        #expect(starts == 3 * 8 + (isUneven ? 3 * 8 : 3 * (2 * 8 + 4)))
        #expect(device.takeFailure() == nil)
    }

    /// A text's attention: the same bits from any of its queries on, and wherever its keys lie.
    @Test(arguments: [nil, 40, 300])
    func attentionDoesNotSeeItsNeighbours(window: Int?) throws {
        for device in [try SimulatedCard.open(), try SimulatedCard.openOlder()].compactMap({ $0 }) {
            let backend = CUDABackend(device)
            for (size, isExact) in [
                (48, false), (128, false), (200, false), (48, true), (128, true), (200, true),
            ] {
                var shape = AttentionShape(
                    heads: 4, groups: 2, headSize: size, scale: 0.1, softcap: 30, window: window)
                shape.isExact = isExact
                var random = Seeded(78)
                let (before, length) = (13, 350)
                let q = random.tensor(before + length, 4 * size, scale: 2)
                let k = random.tensor(before + length, 2 * size, scale: 2)
                let v = random.tensor(before + length, 2 * size)
                func run(_ rows: [AttentionRow], _ q: Tensor) -> Tensor {
                    let out = Tensor(
                        [Float](repeating: 0, count: q.rows * q.columns), rows: q.rows,
                        columns: q.columns)
                    backend.attention(
                        q, k, v, rows: rows, shape: shape, relative: nil,
                        arena: ActivationArena(), into: out)
                    return out
                }
                let first = AttentionRow(
                    firstQuery: 0, queries: before, firstPosition: 0, firstKey: 0)
                let second = AttentionRow(
                    firstQuery: before, queries: length, firstPosition: 0, firstKey: before)
                let whole = run([first, second], q)
                for position in [0, 63, 64, 349] {
                    let one = AttentionRow(
                        firstQuery: 0, queries: 1, firstPosition: position, firstKey: before,
                        keys: length)
                    let place = before + position
                    let alone = run([one], q.rows(place..<place + 1))
                    #expect(bits(alone.values) == bits(whole.rows(place..<place + 1).values))
                }
            }
        }
    }

    @Test func weightsThatAreNoNumbersAreNamed() throws {
        guard let device = try SimulatedCard.open() else { return }
        var numbers = [Float](repeating: 1, count: 6 * 40)
        numbers[5 * 40 + 7] = .infinity
        let weight = WeightMatrix(outputs: 6, inputs: 40)
        var found: NonFiniteWeight?
        do {
            try weight.load(try stored(numbers, [6, 40], name: "bad"), layout: .card(device))
        } catch let error as NonFiniteWeight { found = error }
        #expect(found?.name == "bad" && found?.index == 5 * 40 + 7)
        #expect(!weight.isLoaded(as: .card(device)) && device.takeFailure() == nil)
    }

    /// Rows far outside of what halves can hold keep their digits: a row's scale is its own.
    @Test func rowsOfEverySize() throws {
        guard let device = try SimulatedCard.open() else { return }
        let backend = CUDABackend(device)
        var random = Seeded(31)
        let (n, k) = (40, 96)
        let x = random.tensor(8, k)
        let sizes: [Float] = [1, 1e5, 1e-6, 1e20, 0, 3e-30, 70_000, 1]
        for (row, size) in sizes.enumerated() { for c in 0..<k { x[row, c] *= size } }
        // One massive input beside ordinary ones.
        x[7, 3] = 1e5
        for format in [WeightFormat.float16, .bfloat16, .dynamic8Rows] {
            let source = try format.make(outputs: n, inputs: k, &random)
            let (weight, plain) = (
                WeightMatrix(outputs: n, inputs: k), WeightMatrix(outputs: n, inputs: k)
            )
            try weight.load(source, layout: backend.weightLayout)
            try plain.load(source, layout: .rows)
            let y = Tensor([Float](repeating: 0, count: 8 * n), rows: 8, columns: n)
            let expected = Tensor(y.values, rows: 8, columns: n)
            backend.product(x, weight, bias: nil, arena: ActivationArena(), into: y)
            ReferenceBackend(blas: false).product(
                x, plain, bias: nil, arena: ActivationArena(), into: expected)
            for row in 0..<8 {
                let most = (0..<n).reduce(Float(0)) { max($0, abs(expected[row, $1])) }
                for c in 0..<n {
                    // Squares that are nothing in fp32 make all inputs of a row far ones, which are not coded.
                    let share: Float = format == .dynamic8Rows ? 1e-2 : 1e-3
                    #expect(abs(y[row, c] - expected[row, c]) <= share * most, "row \(row)")
                }
            }
        }
    }

    /// Rows with what is not finite give nothing that is a number, in codes too, and leave the others alone.
    @Test func codedRowsThatAreNotFinite() throws {
        for device in [try SimulatedCard.open(), try SimulatedCard.openOlder()].compactMap({ $0 }) {
            let backend = CUDABackend(device)
            var random = Seeded(32)
            let (m, n, k) = (70, 40, 200)
            let x = random.tensor(m, k)
            let source = try WeightFormat.dynamic8Rows.make(outputs: n, inputs: k, &random)
            let weight = WeightMatrix(outputs: n, inputs: k)
            try weight.load(source, layout: backend.weightLayout)
            func run() -> Tensor {
                let y = Tensor([Float](repeating: 0, count: m * n), rows: m, columns: n)
                backend.product(x, weight, bias: nil, arena: ActivationArena(), into: y)
                return y
            }
            let plain = run()
            let bad: [Int: Float] = [3: .nan, 35: .infinity, 69: -.infinity]
            for (row, value) in bad { x[row, row] = value }
            x[40, 40] = 1e30
            let y = run()
            for row in 0..<m where row != 40 {
                let values = y.rows(row..<row + 1).values
                if bad[row] == nil {
                    #expect(bits(values) == bits(plain.rows(row..<row + 1).values))
                } else {
                    #expect(values.allSatisfy { !$0.isFinite })
                }
            }
            #expect(y.rows(40..<41).values.allSatisfy { $0.isFinite })
        }
    }

    @Test func memoryThatIsNotThereIsAFailureThatPasses() throws {
        guard let device = try SimulatedCard.open(), !SimulatedCard.isReal else { return }
        // Other tests' devices have memory of the same card.
        #expect(device.freeMemory > 1 << 20)
        let count = device.totalMemory
        let x = FloatBuffer(count: count, on: device)
        #expect(device.hasFailed)
        var numbers = [Float](repeating: 0, count: 4)
        device.copyOut(x.address, count: 4, to: &numbers)
        #expect(numbers.filter(\.isNaN).count == 4)
        guard case .outOfMemory(let bytes)? = device.takeFailure() else {
            Issue.record("no failure")
            return
        }
        #expect(bytes == count * 4 && device.takeFailure() == nil)
        try device.selfTest()
    }

    @Test func reasonsAreSaid() throws {
        func problem(_ values: [String: String]) -> CUDAProblem? {
            do throws(CUDAProblem) {
                _ = try CUDALibraries { values[$0] }
                return nil
            } catch { return error }
        }
        #expect(problem(["ARENA_CUDA_PATH": "none"]) == .switchedOff)
        #expect(
            CUDALibrary.driver.places { ["ARENA_CUDA_PATH": "/a:/b"][$0] }.first
                == "/a/libcuda.so.1")
        let places = CUDALibrary.compiler.places { ["VIRTUAL_ENV": "/v", "CUDA_HOME": "/c"][$0] }
        #expect(places.contains("/c/lib64/libnvrtc.so.12") && places.contains("libnvrtc.so.13"))
        #expect(CUDAProblem.noCompiler.help?.contains("nvidia-cuda-nvrtc-cu12") == true)
    }
}
