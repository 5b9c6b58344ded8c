// One body an operation, run on the reference, on every instruction set and on a card: near the reference,
// and the same bits on all of the processor's paths.

import SimulatedCard
import Testing

@testable import ArenaTensor

@Suite struct BackendParityTests {
    /// A card, simulated where there is none; each case has its own, since a card is one thread's at a time.
    let device: CUDADevice?
    init() throws { device = try SimulatedCard.open() }

    /// Runs `body` on the reference (with and without OpenBLAS), on every path and on a card.
    /// - Parameter card: what the card may be away; nil to leave it out.
    func compare(
        within tolerance: Float, card: Float? = 1e-5, _ what: String = "",
        _ body: (any Backend) throws -> [Float]
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
        guard let card, let device else { return }
        let off = distance(try body(CUDABackend(device)), expected)
        #expect(off <= card, "\(what): the card is \(off) away")
        #expect(device.takeFailure() == nil)
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
                // The simulated card takes its time.
                let isFew = [0, 1, 14, 100].contains(m) && [1, 64, 257].contains(k)
                try compare(within: 3e-6, card: isFew ? 1e-5 : nil, "M \(m) N \(n) K \(k)") {
                    backend in
                    let weight = try matrix(w, n, k, for: backend)
                    let y = Tensor(start.values, rows: m, columns: n)
                    backend.product(
                        x, weight, bias: try vector(b), arena: ActivationArena(), into: y)
                    let plain = Tensor(start.values, rows: m, columns: n)
                    backend.product(x, weight, bias: nil, arena: ActivationArena(), into: plain)
                    let sum = Tensor(start.values, rows: m, columns: n)
                    backend.addProduct(x, weight, scale: 0.37, arena: ActivationArena(), into: sum)
                    return y.values + plain.values + sum.values
                }
            }
        }
    }

    /// Rows and weights rounded to bf16: the same bits on every path, with its instructions and without.
    @Test(arguments: [WeightFormat.float32, .bfloat16, .float16, .nf4, .gptq])
    func roundedProducts(_ format: WeightFormat) throws {
        for (n, k) in [(1, 64), (3, 128), (33, 65), (40, 320), (100, 1024), (8, 72), (64, 1)] {
            guard format.fits(outputs: n, inputs: k) else { continue }
            for m in [0, 1, 7, 14, 30, 100] {
                var random = Seeded(UInt64(n * 10_000 + k + m))
                let source = try format.make(outputs: n, inputs: k, &random)
                let x = random.tensor(m, k, scale: 3)
                let bias = random.floats(n)
                try compare(within: 4e-6, card: nil, "\(format) M \(m) N \(n) K \(k)") { backend in
                    let weight = WeightMatrix(outputs: n, inputs: k, isRounded: true)
                    try weight.load(source, layout: backend.weightLayout)
                    let y = Tensor([Float](repeating: 0, count: m * n), rows: m, columns: n)
                    backend.product(
                        x, weight, bias: try vector(bias), arena: ActivationArena(), into: y)
                    let sum = Tensor([Float](repeating: 1, count: m * n), rows: m, columns: n)
                    backend.addProduct(x, weight, scale: 0.37, arena: ActivationArena(), into: sum)
                    let plain = Tensor([Float](repeating: 0, count: m * n), rows: m, columns: n)
                    backend.product(x, weight, bias: nil, arena: ActivationArena(), into: plain)
                    return y.values + sum.values + plain.values
                }
            }
        }
    }

    @Test func lowRank() throws {
        var random = Seeded(5)
        let (m, k, n, r) = (29, 77, 50, 8)
        let x = random.tensor(m, k)
        let (down, up, start) = (random.floats(r * k), random.floats(n * r), random.floats(n * k))
        try compare(within: 3e-6) { backend in
            let y = Tensor([Float](repeating: 0, count: m * n), rows: m, columns: n)
            let pair = LowRankPair(
                down: try matrix(down, r, k, for: backend),
                up: try matrix(up, n, r, for: backend), scale: 2)
            backend.products(
                x, [ProductPart(try matrix(start, n, k, for: backend), lowRank: [pair], into: y)],
                arena: ActivationArena())
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

    @Test(arguments: Activation.allCases)
    func gates(_ activation: Activation) throws {
        for c in [1, 8, 15, 100] {
            var random = Seeded(UInt64(c))
            let g = random.tensor(4, c, scale: 12)
            let u = random.tensor(4, c)
            try compare(within: 1e-6) { backend in
                let y = Tensor([Float](repeating: 0, count: 4 * c), rows: 4, columns: c)
                backend.gate(activation, g, u, into: y)
                let alone = Tensor([Float](repeating: 0, count: 4 * c), rows: 4, columns: c)
                backend.activate(activation, g, into: alone)
                return y.values + alone.values
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
        var rounded = shape
        rounded.isRounded = true
        try compare(within: 1e-3, card: nil, "rounded \(shape)") { backend in
            let out = Tensor(
                [Float](repeating: .nan, count: total * q.columns), rows: total, columns: q.columns)
            backend.attention(
                q, k, v, rows: rows, shape: rounded, relative: nil, arena: ActivationArena(),
                into: out)
            return out.values
        }
        // Tensor cores multiply halves, or two of them for a number.
        let isWide = shape.headSize > 256
        for isExact in [false, true] {
            var shape = shape
            shape.isExact = isExact
            try compare(within: 3e-6, card: isWide || isExact ? 1e-5 : 2e-3, "\(shape)") {
                backend in
                let out = Tensor(
                    [Float](repeating: .nan, count: total * q.columns), rows: total,
                    columns: q.columns)
                backend.attention(
                    q, k, v, rows: rows, shape: shape, relative: nil, arena: ActivationArena(),
                    into: out)
                return out.values
            }
        }
    }

    /// Every stored format against its meaning in plain code, at sizes that fill no panel and no block.
    @Test(arguments: WeightFormat.allCases)
    func weightFormats(_ format: WeightFormat) throws {
        for (n, k) in [(1, 64), (3, 128), (33, 64), (40, 320), (100, 1024), (64, 192), (8, 72)] {
            guard format.fits(outputs: n, inputs: k) else { continue }
            var random = Seeded(UInt64(n * 10_000 + k))
            let source = try format.make(outputs: n, inputs: k, &random)
            let order = (0..<Int32(n)).shuffled(using: &random)
            for m in [1, 7, 30] {
                let x = random.tensor(m, k)
                let card: Float? =
                    format == .dynamic8 || m == 7 ? nil : format == .dynamic8Rows ? 1e-5 : 1e-3
                try compare(within: 4e-6, card: card, "\(format) M \(m) N \(n) K \(k)") {
                    backend in
                    var all: [Float] = []
                    for order in [nil, order] {
                        let weight = WeightMatrix(outputs: n, inputs: k, order: order)
                        try weight.load(source, layout: backend.weightLayout)
                        let y = Tensor([Float](repeating: 0, count: m * n), rows: m, columns: n)
                        backend.product(x, weight, bias: nil, arena: ActivationArena(), into: y)
                        all += y.values
                    }
                    return all
                }
            }
        }
    }

    /// Numbers stored in groups' codes: the nearest of the sixteen that a group has.
    @Test(arguments: [WeightFormat.gptq, .awq])
    func nearestCodes(_ format: WeightFormat) throws {
        var random = Seeded(82)
        let (n, k) = (16, 128)
        guard case .affine4(let codes) = try format.make(outputs: n, inputs: k, &random) else {
            return
        }
        let (scales, zeros) = codes.scales()
        var numbers = random.floats(n * k, scale: 4)
        let fresh = try codes.storing(numbers)
        var got = [Float](repeating: 0, count: n * k)
        WeightSource.affine4(fresh).expandRows(outputs: n, inputs: k, order: nil, to: &got)
        for row in 0..<n {
            for c in 0..<k {
                let group = Int(codes.groups[c]) * n + row
                let grid = (0..<16).map { (Float($0) - zeros[group]) * scales[group] }
                let nearest = grid.map { abs($0 - numbers[row * k + c]) }.min() ?? 0
                let off = abs(got[row * k + c] - numbers[row * k + c])
                #expect(off <= nearest + 1e-5 && grid.contains(got[row * k + c]))
            }
        }
        // What stands on the grid stays.
        let again = try fresh.storing(got)
        var same = got
        WeightSource.affine4(again).expandRows(outputs: n, inputs: k, order: nil, to: &same)
        #expect(bits(same) == bits(got))
        numbers[k + 3] = .nan
        do throws(NonFiniteWeight) {
            _ = try codes.storing(numbers)
            Issue.record("no error")
        } catch { #expect(error.index == k + 3) }
    }

    /// More rows than one chunk takes, of a format that is expanded on the way.
    @Test func manyRowsOfExpandedWeights() throws {
        var random = Seeded(12)
        let (m, n, k) = (1100, 70, 320)
        let x = random.tensor(m, k)
        let b = random.floats(n)
        for format in [WeightFormat.bfloat16, .nf4, .dynamic8, .dynamic8Rows] {
            let source = try format.make(outputs: n, inputs: k, &random)
            let card: Float? =
                format == .dynamic8 ? nil : format == .dynamic8Rows ? 1e-5 : 1e-3
            try compare(within: 4e-6, card: card, "\(format)") { backend in
                let weight = WeightMatrix(outputs: n, inputs: k)
                try weight.load(source, layout: backend.weightLayout)
                let y = Tensor([Float](repeating: 0, count: m * n), rows: m, columns: n)
                backend.product(x, weight, bias: try vector(b), arena: ActivationArena(), into: y)
                return y.values
            }
        }
    }

    /// Inputs that stand far out are kept beside the codes, row by row.
    @Test(arguments: [WeightFormat.dynamic8, .dynamic8Rows])
    func wholeNumbersWithInputsFarOut(_ format: WeightFormat) throws {
        var random = Seeded(77)
        let (m, n, k) = (31, 70, 333)
        let x = random.tensor(m, k)
        for row in 0..<m where row % 3 > 0 {
            x[row, 5] = 200 * Float(row)
            x[row, 332] = -30
        }
        for c in 0..<k { x[9, c] = 0 }
        let source = try format.make(outputs: n, inputs: k, &random)
        let start = random.floats(m * n)
        try compare(within: 2e-6, card: format == .dynamic8 ? nil : 1e-5) { backend in
            let weight = WeightMatrix(outputs: n, inputs: k)
            try weight.load(source, layout: backend.weightLayout)
            let y = Tensor(start, rows: m, columns: n)
            backend.addProduct(x, weight, scale: 0.5, arena: ActivationArena(), into: y)
            return y.values
        }
    }

    /// Rows with what is not finite give no numbers, on every path; no inputs give the bias.
    @Test(arguments: [WeightFormat.dynamic8, .dynamic8Rows])
    func wholeNumbersOfOddRows(_ format: WeightFormat) throws {
        var random = Seeded(81)
        for (k, bad) in [(3, 3), (200, 2), (200, 1), (0, 0)] {
            let (m, n) = (9, 40)
            let x = random.tensor(m, k)
            for i in 0..<bad {
                x[1, i * k / bad] = .infinity
                x[8, i * k / bad] = i % 2 == 0 ? -.infinity : .nan
            }
            let source = try format.make(outputs: n, inputs: k, &random)
            let bias = random.floats(n)
            let card: Float? = format == .dynamic8 ? nil : 1e-5
            try compare(within: 2e-6, card: card, "K \(k)") { backend in
                let weight = WeightMatrix(outputs: n, inputs: k)
                try weight.load(source, layout: backend.weightLayout)
                let y = Tensor([Float](repeating: 0, count: m * n), rows: m, columns: n)
                backend.product(
                    x, weight, bias: try vector(bias), arena: ActivationArena(), into: y)
                for row in bad == 0 ? [] : [1, 8] {
                    #expect(y.rows(row..<row + 1).values.allSatisfy { !$0.isFinite })
                    for c in 0..<n { y[row, c] = 0 }
                }
                return y.values
            }
        }
    }

    /// Sums as large as 32 bits hold, and rows that are too long for one scale.
    @Test(arguments: [1 << 16, 1 << 16 + 4])
    func wholeNumbersOfTheLongestRows(inputs k: Int) throws {
        var random = Seeded(80)
        let (m, n) = (3, 33)
        let x = Tensor([Float](repeating: 1, count: m * k), rows: m, columns: k)
        var w = [Float](repeating: 1, count: n * k)
        for row in stride(from: 1, to: n, by: 2) {
            for c in 0..<k {
                w[row * k + c] = row == 1 ? -1 : Float.random(in: -1..<1, using: &random)
            }
        }
        let source = WeightSource.dynamic8(try stored(w, [n, k]), byRow: true)
        let exact = try product(x, .plain(try stored(w, [n, k])), n, nil)
        try compare(x, source, n, nil, with: exact, within: 1e-4)
    }

    /// Groups of inputs with sizes of their own: a loud group, one of zeros, one too small for a scale, a last
    /// one of a single input.
    @Test func wholeNumbersWithGroupsOfAllSizes() throws {
        var random = Seeded(79)
        let (m, n, k) = (17, 40, 4 * 32 + 1)
        let x = random.tensor(m, k)
        var w = random.floats(n * k)
        for c in 0..<k {
            let size: Float = [50, 0, 0x1p-130, 1, 1e-3][c / 32]
            for row in 0..<m { x[row, c] *= size }
            for row in 0..<n { w[row * k + c] *= c / 32 == 3 ? 0x1p-130 : 1 }
        }
        let source = WeightSource.dynamic8(try stored(w, [n, k]), byRow: false)
        let exact = try product(x, .plain(try stored(w, [n, k])), n, nil)
        try compare(x, source, n, nil, with: exact, within: 0.01)
    }

    /// Columns far smaller or larger than the others keep their precision: their inputs are scaled.
    @Test(arguments: [nil, 70] as [Int?], [false, true])
    func wholeNumbersWithOddColumns(rowsTaken: Int?, byRow: Bool) throws {
        var random = Seeded(78)
        let (m, n, k) = (9, 70, 333)
        let x = random.tensor(m, k)
        var w = random.floats(n * k)
        let odd: [Int: Float] = [0: 1.0 / 200, 17: 1.0 / 30, 18: 90, 332: 1.0 / 4096, 40: 0]
        for (column, factor) in odd {
            for row in 0..<n { w[row * k + column] *= factor }
            for row in 0..<m { x[row, column] /= factor == 0 ? 1 : factor }
        }
        let source = WeightSource.dynamic8(try stored(w, [n, k]), byRow: byRow)
        let order = rowsTaken.map { count in (0..<count).map { Int32(count - 1 - $0) } }
        let exact = try product(x, .plain(try stored(w, [n, k])), n, order)
        try compare(x, source, n, order, with: exact, within: 0.03)
    }

    /// The backends' products in 8 bits agree, and are within a share of the largest exact number from the exact.
    private func compare(
        _ x: Tensor, _ source: WeightSource, _ n: Int, _ order: [Int32]?, with exact: [Float],
        within share: Float
    ) throws {
        let largest = exact.reduce(0) { max($0, abs($1)) }
        var card: Float?
        if case .dynamic8(_, byRow: true) = source { card = x.columns > 1 << 16 ? 1e-3 : 1e-5 }
        try compare(within: 2e-6, card: card) { backend in
            let weight = WeightMatrix(outputs: n, inputs: x.columns, order: order)
            try weight.load(source, layout: backend.weightLayout)
            let y = Tensor([Float](repeating: 0, count: x.rows * n), rows: x.rows, columns: n)
            backend.product(x, weight, bias: nil, arena: ActivationArena(), into: y)
            let off = zip(y.values, exact).reduce(0) { max($0, abs($1.0 - $1.1)) }
            #expect(off < share * largest, "\(backend.name): \(off) of \(largest)")
            return y.values
        }
    }

    private func product(
        _ x: Tensor, _ source: WeightSource, _ n: Int, _ order: [Int32]?
    ) throws -> [Float] {
        let weight = WeightMatrix(outputs: n, inputs: x.columns, order: order)
        try weight.load(source, layout: .rows)
        let y = Tensor([Float](repeating: 0, count: x.rows * n), rows: x.rows, columns: n)
        ReferenceBackend(blas: false).product(
            x, weight, bias: nil, arena: ActivationArena(), into: y)
        return y.values
    }

    @Test(arguments: [1, 3, 31, 32, 33, 100, 768])
    func layerNorms(columns c: Int) throws {
        var random = Seeded(UInt64(c))
        let x = random.tensor(5, c, scale: 3)
        let (w, b) = (random.floats(c), random.floats(c))
        try compare(within: 3e-6, "\(c) columns") { backend in
            let y = Tensor([Float](repeating: .nan, count: 5 * c), rows: 5, columns: c)
            backend.layerNorm(x, try vector(w), bias: try vector(b), epsilon: 1e-5, into: y)
            let z = Tensor(x.values, rows: 5, columns: c)
            backend.layerNorm(z, try vector(w), bias: nil, epsilon: 1e-12, into: z)
            return c == 1 ? y.values : y.values + z.values
        }
    }

    /// Attention of encoders: all keys of a text, with and without terms by relative position.
    @Test(arguments: [0, 1, 2, 3, 4])
    func attentionBothWays(terms: Int) throws {
        let lengths = [1, 2, 24, 33, 90, 300]
        var random = Seeded(UInt64(40 + terms))
        let (heads, size, longest, span) = (3, 20, 310, 45)
        let total = lengths.reduce(0, +)
        let q = random.tensor(total, heads * size, scale: 2)
        let k = random.tensor(total, heads * size, scale: 2)
        let v = random.tensor(total, heads * size)
        let bias = random.tensor(heads, 2 * longest - 1)
        let keys = random.tensor(2 * span, heads * size)
        let queries = random.tensor(2 * span, heads * size)
        let buckets = (0..<2 * longest - 1).map {
            // Each distance its own, or two of them one.
            Int32(min(max((longest - 1 - $0) / (terms == 4 ? 1 : 2) + span, 0), 2 * span - 1))
        }
        let relative =
            terms == 0
            ? nil
            : RelativeTerms(
                longest: longest, bias: terms == 1 ? bias : nil, buckets: terms > 1 ? buckets : [],
                keys: terms == 2 || terms == 4 ? keys : nil, queries: terms > 2 ? queries : nil)
        var shape = AttentionShape(
            heads: heads, groups: heads, headSize: size, scale: 0.2, causal: false)
        var rows: [AttentionRow] = []
        var at = 0
        for length in lengths {
            rows.append(
                AttentionRow(firstQuery: at, queries: length, firstPosition: 0, firstKey: at))
            at += length
        }
        func run(_ backend: any Backend, _ rows: [AttentionRow], _ q: Tensor) -> Tensor {
            let out = Tensor(
                [Float](repeating: .nan, count: q.rows * q.columns), rows: q.rows,
                columns: q.columns)
            backend.attention(
                q, k, v, rows: rows, shape: shape, relative: relative, arena: ActivationArena(),
                into: out)
            return out
        }
        try compare(within: 3e-6, card: 2e-3, "terms \(terms)") { run($0, rows, q).values }
        // One query of the longest text alone: the same bits.
        let row = try #require(rows.last)
        func runAlone(_ backend: any Backend) {
            let whole = run(backend, rows, q)
            for position in [0, 23, 24, 299] {
                let one = AttentionRow(
                    firstQuery: 0, queries: 1, firstPosition: position, firstKey: row.firstKey,
                    keys: row.keys)
                let place = row.firstQuery + position
                let alone = run(backend, [one], q.rows(place..<place + 1))
                #expect(bits(alone.values) == bits(whole.rows(place..<place + 1).values))
            }
        }
        let card = device.map { CUDABackend($0) }
        if let card { runAlone(card) }
        shape.isExact = true
        if let card { runAlone(card) }
        try compare(within: 3e-6, "exact, terms \(terms)") { run($0, rows, q).values }
        shape.isExact = false
        var rounded = shape
        rounded.isRounded = true
        try compare(within: 2e-3, card: nil, "rounded, terms \(terms)") { backend in
            let out = Tensor(
                [Float](repeating: .nan, count: q.rows * q.columns), rows: q.rows,
                columns: q.columns)
            backend.attention(
                q, k, v, rows: rows, shape: rounded, relative: relative, arena: ActivationArena(),
                into: out)
            return out.values
        }
        // On several threads too.
        for backend in paths {
            runAlone(backend)
            let whole = run(backend, rows, q)
            let several = try #require(CPUBackend(path: backend.name, threads: 3))
            #expect(bits(run(several, rows, q).values) == bits(whole.values))
        }
    }

    @Test func reductionsAndCaps() throws {
        for c in [1, 3, 33, 100] {
            var random = Seeded(UInt64(c))
            let x = random.tensor(9, c, scale: 20)
            let table = try stored(random.floats(4 * c), [4, c])
            try compare(within: 1e-6) { backend in
                let y = Tensor([Float](repeating: 0, count: 3 * c), rows: 3, columns: c)
                backend.reduce(.mean, x, rows: [0..<1, 1..<6, 6..<9], into: y)
                let z = Tensor([Float](repeating: 0, count: 2 * c), rows: 2, columns: c)
                backend.reduce(.max, x, rows: [0..<9, 3..<5], into: z)
                let capped = Tensor(x.values, rows: 9, columns: c)
                backend.softcap(capped, cap: 7)
                let added = Tensor(x.rows(0..<2).values, rows: 2, columns: c)
                backend.embed(
                    [3, 1], EmbeddingTable(table, vocabulary: 4, channels: c), scale: 0.5,
                    adding: true, into: added)
                return y.values + z.values + capped.values + added.values
            }
        }
    }

    @Test func logProbabilities() throws {
        for c in [1, 3, 255, 1000] {
            var random = Seeded(UInt64(c))
            let x = random.tensor(9, c, scale: 20)
            let columns = (0..<9).map { Int32($0 * 31 % c) }
            try compare(within: 1e-6) { $0.logProbabilities(x, of: columns) }
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
                    scale: 1.5, adding: false, into: e)
                let picked = Tensor([Float](repeating: 0, count: 3 * c), rows: 3, columns: c)
                backend.gather([5, 5, 0], of: x, into: picked)
                backend.add(e, into: picked)
                let placed = Tensor([Float](repeating: 7, count: 4 * c), rows: 4, columns: c)
                backend.scatter(e, to: [3, 0, 2], of: placed)
                return y.values + e.values + picked.values + placed.values
            }
        }
    }
}
