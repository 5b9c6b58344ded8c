// The seam between models and machines: a closed set of coarse operations on tensors. A model calls
// nothing else, and every backend gives the same meaning to each; `ReferenceBackend` is the meaning in
// plain code.
//
// Every operation treats its rows one by one: what a row yields depends on that row and the weights.

/// The queries of one text and the keys they see, as positions in the tensors of a pack.
package struct AttentionRow: Sendable, Equatable {
    /// The text's first query in the query tensor.
    package var firstQuery: Int
    package var queries: Int
    /// Where that query stands in its text.
    package var firstPosition: Int
    /// The text's first key in the key and value tensors; keys stand at positions 0, 1, ...
    package var firstKey: Int

    package init(firstQuery: Int, queries: Int, firstPosition: Int, firstKey: Int) {
        self.firstQuery = firstQuery
        self.queries = queries
        self.firstPosition = firstPosition
        self.firstKey = firstKey
    }

    /// Keys that some query sees.
    package var keys: Int { firstPosition + queries }
}

/// What attention does besides the products: heads, scale, soft-cap and window.
package struct AttentionShape: Sendable, Equatable {
    package var heads: Int
    /// Key and value heads; each serves `heads / groups` query heads.
    package var groups: Int
    package var headSize: Int
    package var scale: Float
    /// Scores s become c tanh(s / c).
    package var softcap: Float?
    /// Keys a query sees, itself included; nil for all before it.
    package var window: Int?

    package init(
        heads: Int, groups: Int, headSize: Int, scale: Float, softcap: Float? = nil,
        window: Int? = nil
    ) {
        precondition(groups > 0 && heads % groups == 0 && headSize > 0)
        self.heads = heads
        self.groups = groups
        self.headSize = headSize
        self.scale = scale
        self.softcap = softcap
        self.window = window
    }
}

/// The activation of a gated MLP.
package enum GateActivation: String, Sendable, CaseIterable {
    case silu
    case geluTanh = "gelu_pytorch_tanh"
}

/// A device's operations. Output tensors have the shape of the result and do not overlap the inputs
/// unless an operation says so.
package protocol Backend: Sendable {
    var name: String { get }

    /// How this backend wants weight matrices.
    var weightLayout: WeightLayout { get }

    /// y (M, C) = table[ids] * scale
    func embed(_ ids: [Int32], _ table: EmbeddingTable, scale: Float, into y: Tensor)

    /// y (M, C) = x / sqrt(mean(x^2) + epsilon) * (offset + weight), or added to y; y may be x.
    func rmsNorm(
        _ x: Tensor, _ weight: WeightVector, epsilon: Float, offset: Float, adding: Bool,
        into y: Tensor)

    /// y (M, N) = x (M, K) . w (N, K)^T + bias
    func product(_ x: Tensor, _ weight: WeightMatrix, bias: WeightVector?, into y: Tensor)

    /// y (M, N) += scale * (x (M, K) . w (N, K)^T)
    func addProduct(_ x: Tensor, _ weight: WeightMatrix, scale: Float, into y: Tensor)

    /// x (M, H * D) rotated in place by each row's position.
    func rotary(_ x: Tensor, headSize: Int, positions: [Int32], table: RotaryTable)

    /// out (M, H * D): causal attention of each text's queries over its own keys.
    func attention(
        _ q: Tensor, _ k: Tensor, _ v: Tensor, rows: [AttentionRow], shape: AttentionShape,
        arena: ActivationArena, into out: Tensor)

    /// y (M, C) = activation(gate) * up; y may be either.
    func gate(_ activation: GateActivation, _ gate: Tensor, _ up: Tensor, into y: Tensor)

    /// y (M, C) += x
    func add(_ x: Tensor, into y: Tensor)

    /// y (M, C) = the rows of x with these numbers.
    func gather(_ rows: [Int], of x: Tensor, into y: Tensor)

    /// Each row of x to probabilities, in place.
    func softmax(_ x: Tensor)
}

extension Backend {
    /// y (M, N) += scale * ((x . down^T) . up^T): a LoRA pair of rank R applied without merging.
    package func addLowRank(
        _ x: Tensor, down: WeightMatrix, up: WeightMatrix, scale: Float, arena: ActivationArena,
        into y: Tensor
    ) {
        let mark = arena.mark
        let low = arena.tensor(x.rows, down.outputs)  // (M, R)
        product(x, down, bias: nil, into: low)
        addProduct(low, up, scale: scale, into: y)
        arena.release(to: mark)
    }
}
