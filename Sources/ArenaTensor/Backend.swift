// The seam between models and machines: a closed set of coarse operations on tensors. A model calls
// nothing else, and every backend gives the same meaning to each; `ReferenceBackend` is the meaning in
// plain code.
//
// Every operation treats its rows one by one: what a row yields depends on that row and the weights.

/// The version of the engine's arithmetic: it grows whenever the bits of some result change, so that
/// results kept from before are computed again.
package let numericsVersion = 3

/// The queries of one text and the keys they see, as positions in the tensors of a pack.
package struct AttentionRow: Sendable, Equatable {
    /// The text's first query in the query tensor; its queries stand at consecutive positions.
    package var firstQuery: Int
    package var queries: Int
    /// Where the first query stands in its text.
    package var firstPosition: Int
    /// The text's first key in the key and value tensors; keys stand at positions 0, 1, ...
    package var firstKey: Int
    /// Keys of the text that may be seen.
    package var keys: Int

    /// - Parameter keys: nil for those up to the last query.
    package init(
        firstQuery: Int, queries: Int, firstPosition: Int, firstKey: Int, keys: Int? = nil
    ) {
        self.firstQuery = firstQuery
        self.queries = queries
        self.firstPosition = firstPosition
        self.firstKey = firstKey
        self.keys = keys ?? firstPosition + queries
    }
}

/// What attention does besides the products: heads, scale, mask and soft-cap.
package struct AttentionShape: Sendable, Equatable {
    package var heads: Int
    /// Key and value heads; each serves `heads / groups` query heads.
    package var groups: Int
    package var headSize: Int
    package var scale: Float
    /// Whether a query sees only keys up to its own position; else all of its text.
    package var causal: Bool
    /// Scores s become c tanh(s / c).
    package var softcap: Float?
    /// Keys a causal query sees, itself included; nil for all before it.
    package var window: Int?
    /// Whether numbers are to keep the digits of fp32 where a device would do with fewer.
    package var isExact = false
    /// Whether queries, keys, values, shares and relative terms are rounded to bf16 before they are
    /// multiplied.
    package var isRounded = false

    package init(
        heads: Int, groups: Int, headSize: Int, scale: Float, causal: Bool = true,
        softcap: Float? = nil, window: Int? = nil
    ) {
        precondition(groups > 0 && heads % groups == 0 && headSize > 0)
        precondition(causal || window == nil, "only causal attention has a window")
        self.heads = heads
        self.groups = groups
        self.headSize = headSize
        self.scale = scale
        self.causal = causal
        self.softcap = softcap
        self.window = window
    }
}

/// What scores get by relative position e = key - query, for texts of up to `longest` tokens.
package struct RelativeTerms {
    package var longest: Int
    /// Added to the scaled scores (H, 2 L - 1), e in column L - 1 + e.
    package var bias: Tensor?
    /// The row of `keys` and `queries` for each e (2 L - 1), at L - 1 + e; never falls or never rises.
    package var buckets: [Int32]
    /// Scores get query . keys[bucket] before the scale (S, H * D).
    package var keys: Tensor?
    /// Scores get key . queries[bucket] before the scale (S, H * D).
    package var queries: Tensor?

    package init(
        longest: Int, bias: Tensor? = nil, buckets: [Int32] = [], keys: Tensor? = nil,
        queries: Tensor? = nil
    ) {
        self.longest = longest
        self.bias = bias
        self.buckets = buckets
        self.keys = keys
        self.queries = queries
    }
}

/// An activation, of a gate or alone; the names are the configurations'.
package enum Activation: String, Sendable, CaseIterable {
    case silu
    case geluTanh = "gelu_pytorch_tanh"
    /// x / 2 * (1 + erf(x / sqrt 2))
    case gelu
    case relu
    case tanh
}

/// How the rows of a text become one.
package enum Reduction: String, Sendable, CaseIterable { case mean, max }

/// A device's operations. Output tensors have the shape of the result and do not overlap the inputs
/// unless an operation says so.
package protocol Backend: Sendable {
    var name: String { get }

    /// How this backend wants weight matrices.
    var weightLayout: WeightLayout { get }

    /// y (M, C) = table[ids] * scale, or added to y.
    func embed(_ ids: [Int32], _ table: EmbeddingTable, scale: Float, adding: Bool, into y: Tensor)

    /// y (M, C) = x / sqrt(mean(x^2) + epsilon) * (offset + weight), or added to y; y may be x.
    func rmsNorm(
        _ x: Tensor, _ weight: WeightVector, epsilon: Float, offset: Float, adding: Bool,
        into y: Tensor)

    /// y (M, C) = (x - mean(x)) / sqrt(variance(x) + epsilon) * weight + bias; y may be x.
    func layerNorm(
        _ x: Tensor, _ weight: WeightVector, bias: WeightVector?, epsilon: Float, into y: Tensor)

    /// Memory for the tensors that one worker has on this device.
    func makeArena() -> ActivationArena

    /// What went wrong on the device since the last asking; all results since then are void.
    func takeFailure() -> DeviceFailure?

    /// Of the same x (M, K), for each of the parts: y (M, N) = x . w (N, K)^T + bias, and the same with
    /// each of its low-rank pairs added: y += scale * ((x . down^T) . up^T)
    func products(_ x: Tensor, _ parts: [ProductPart], arena: ActivationArena)

    /// The same of rows that are made on the way.
    func products(of rows: ProductRows, _ parts: [ProductPart], arena: ActivationArena)

    /// y (M, N) += scale * (x (M, K) . w (N, K)^T)
    func addProduct(
        _ x: Tensor, _ weight: WeightMatrix, scale: Float, arena: ActivationArena, into y: Tensor)

    /// x (M, H * D) rotated in place by each row's position.
    func rotary(_ x: Tensor, headSize: Int, positions: [Int32], table: RotaryTable)

    /// out (M, H * D): attention of each text's queries over its own keys. Relative terms need one
    /// key head for each query head.
    func attention(
        _ q: Tensor, _ k: Tensor, _ v: Tensor, rows: [AttentionRow], shape: AttentionShape,
        relative: RelativeTerms?, arena: ActivationArena, into out: Tensor)

    /// y (M, C) = activation(x); y may be x.
    func activate(_ activation: Activation, _ x: Tensor, into y: Tensor)

    /// y (M, C) = activation(gate) * up; y may be either.
    func gate(_ activation: Activation, _ gate: Tensor, _ up: Tensor, into y: Tensor)

    /// y (M, C) += x
    func add(_ x: Tensor, into y: Tensor)

    /// y (M, C) = the rows of x with these numbers.
    func gather(_ rows: [Int], of x: Tensor, into y: Tensor)

    /// The rows of y with these numbers, none twice, = the rows of x (M, C).
    func scatter(_ x: Tensor, to rows: [Int], of y: Tensor)

    /// y (R, C) = one row for each range of rows of x; no range is empty.
    func reduce(_ reduction: Reduction, _ x: Tensor, rows: [Range<Int>], into y: Tensor)

    /// x (M, C) = cap * tanh(x / cap), in place.
    func softcap(_ x: Tensor, cap: Float)

    /// Each row of x to probabilities, in place.
    func softmax(_ x: Tensor)

    /// For each row of x (M, C) the natural logarithm of the probability of its column.
    func logProbabilities(_ x: Tensor, of columns: [Int32]) -> [Float]
}

/// A LoRA pair of rank R, applied without merging.
package struct LowRankPair: Sendable {
    package let down: WeightMatrix  // (R, K)
    package let up: WeightMatrix  // (N, R)
    package let scale: Float

    package init(down: WeightMatrix, up: WeightMatrix, scale: Float) {
        self.down = down
        self.up = up
        self.scale = scale
    }
}

/// Rows (M, K) that products read: as they are, or what an operation makes of others, where nothing else reads that.
package enum ProductRows {
    case tensor(Tensor)
    /// As `rmsNorm` makes them.
    case normed(Tensor, WeightVector, epsilon: Float, offset: Float)
    /// As `activate` makes them; the tensor's content is undefined afterwards.
    case activated(Activation, Tensor)
    /// As `gate` makes them; the content of `gate` is undefined afterwards.
    case gated(Activation, gate: Tensor, up: Tensor)

    /// The tensor that rows are made of; of several, the first.
    package var source: Tensor {
        switch self {
        case .tensor(let x), .normed(let x, _, _, _), .activated(_, let x), .gated(_, let x, _): x
        }
    }

    /// The rows as a tensor, with memory of the arena where they need some.
    func tensor(on device: any Backend, _ arena: ActivationArena) -> Tensor {
        switch self {
        case .tensor(let x): return x
        case .normed(let x, let weight, let epsilon, let offset):
            let y = arena.tensor(x.rows, x.columns)
            device.rmsNorm(x, weight, epsilon: epsilon, offset: offset, adding: false, into: y)
            return y
        case .activated(let activation, let x):
            device.activate(activation, x, into: x)
            return x
        case .gated(let activation, let gate, let up):
            device.gate(activation, gate, up, into: gate)
            return gate
        }
    }
}

/// One of several products of the same rows.
package struct ProductPart {
    package let weight: WeightMatrix  // (N, K)
    package let bias: WeightVector?  // (N)
    package let lowRank: [LowRankPair]
    package let y: Tensor  // (M, N)

    package init(
        _ weight: WeightMatrix, bias: WeightVector? = nil, lowRank: [LowRankPair] = [],
        into y: Tensor
    ) {
        self.weight = weight
        self.bias = bias
        self.lowRank = lowRank
        self.y = y
    }
}

extension Backend {
    package func makeArena() -> ActivationArena { ActivationArena() }

    package func takeFailure() -> DeviceFailure? { nil }

    package func products(of rows: ProductRows, _ parts: [ProductPart], arena: ActivationArena) {
        let mark = arena.mark
        products(rows.tensor(on: self, arena), parts, arena: arena)
        arena.release(to: mark)
    }

    package func logProbabilities(_ x: Tensor, of columns: [Int32]) -> [Float] {
        checkColumns(x, columns)
        let x = x.onHost
        return columns.enumerated().map { m, column in
            let row = x.base + m * x.stride
            var most = -Float.infinity
            for c in 0..<x.columns { most = max(most, row[c]) }
            var sum = 0.0
            for c in 0..<x.columns { sum += ExactMath.exponential(Double(row[c] - most)) }
            return Float(Double(row[Int(column)] - most) - ExactMath.logarithm(sum))
        }
    }

    func checkColumns(_ x: Tensor, _ columns: [Int32]) {
        precondition(
            columns.count == x.rows && columns.allSatisfy { $0 >= 0 && Int($0) < x.columns },
            "a column for each row")
    }

    /// y (M, N) = x (M, K) . w (N, K)^T + bias
    package func product(
        _ x: Tensor, _ weight: WeightMatrix, bias: WeightVector?, arena: ActivationArena,
        into y: Tensor
    ) {
        products(x, [ProductPart(weight, bias: bias, into: y)], arena: arena)
    }

    /// Adds the low-rank pairs of parts to their products, one by one.
    func addPairs(_ x: Tensor, _ parts: [ProductPart], arena: ActivationArena) {
        for part in parts {
            for pair in part.lowRank {
                let mark = arena.mark
                let low = arena.tensor(x.rows, pair.down.outputs)  // (M, R)
                product(x, pair.down, bias: nil, arena: arena, into: low)
                addProduct(low, pair.up, scale: pair.scale, arena: arena, into: part.y)
                arena.release(to: mark)
            }
        }
    }
}
