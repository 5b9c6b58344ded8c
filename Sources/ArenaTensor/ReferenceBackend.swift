// What every operation means, in plain code, slow and kept forever: other backends are tested against
// it. Products go through OpenBLAS where it is installed; nothing here promises equal bits.

import Glibc

/// The operations as plain loops.
package struct ReferenceBackend: Backend {
    /// Whether products may use OpenBLAS; plain loops in double precision otherwise.
    private let blas: OpenBLAS?

    package init(blas: Bool = true) { self.blas = blas ? OpenBLAS.shared : nil }

    package var name: String { blas == nil ? "reference" : "reference+openblas" }

    package var weightLayout: WeightLayout { .rows }

    package func embed(
        _ ids: [Int32], _ table: EmbeddingTable, scale: Float, adding: Bool, into y: Tensor
    ) {
        embedRows(ids, table, scale: scale, adding: adding, into: y)
    }

    package func rmsNorm(
        _ x: Tensor, _ weight: WeightVector, epsilon: Float, offset: Float, adding: Bool,
        into y: Tensor
    ) {
        for m in 0..<x.rows {
            var squares = 0.0
            for c in 0..<x.columns { squares += Double(x[m, c]) * Double(x[m, c]) }
            let r = 1 / (squares / Double(x.columns) + Double(epsilon)).squareRoot()
            for c in 0..<x.columns {
                let value = x[m, c] * Float(r) * (offset + weight.base[c])
                y[m, c] = adding ? y[m, c] + value : value
            }
        }
    }

    package func layerNorm(
        _ x: Tensor, _ weight: WeightVector, bias: WeightVector?, epsilon: Float, into y: Tensor
    ) {
        for m in 0..<x.rows {
            let row = (0..<x.columns).map { Double(x[m, $0]) }
            let mean = row.reduce(0, +) / Double(x.columns)
            let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.columns)
            let r = 1 / (variance + Double(epsilon)).squareRoot()
            for c in 0..<x.columns {
                y[m, c] = Float((row[c] - mean) * r) * weight.base[c] + (bias?.base[c] ?? 0)
            }
        }
    }

    package func products(_ x: Tensor, _ parts: [ProductPart], arena: ActivationArena) {
        for part in parts {
            let y = part.y
            multiply(x, part.weight, scale: 1, keep: 0, into: y)
            guard let bias = part.bias else { continue }
            for m in 0..<y.rows { for n in 0..<y.columns { y[m, n] += bias.base[n] } }
        }
        addPairs(x, parts, arena: arena)
    }

    package func addProduct(
        _ x: Tensor, _ weight: WeightMatrix, scale: Float, arena: ActivationArena, into y: Tensor
    ) {
        multiply(x, weight, scale: scale, keep: 1, into: y)
    }

    /// y = scale * x . w^T + keep * y
    private func multiply(
        _ x: Tensor, _ weight: WeightMatrix, scale: Float, keep: Float, into y: Tensor
    ) {
        precondition(x.rows == y.rows && x.columns == weight.inputs && y.columns == weight.outputs)
        let (k, w) = (weight.inputs, weight.rows)
        guard x.rows > 0, y.columns > 0 else { return }
        if weight.isDynamic { return multiply8(x, weight, scale: scale, keep: keep, into: y) }
        var x = x
        if weight.isRounded {
            x = Tensor(
                x.values.map(ElementType.bfloat16.rounded), rows: x.rows, columns: x.columns)
        }
        if let blas, k > 0 {
            return blas.multiplyTransposed(
                rows: x.rows, columns: y.columns, inner: k, scale: scale, x.base, x.stride, w, k,
                keep: keep, y.base, y.stride)
        }
        for m in 0..<x.rows {
            for n in 0..<y.columns {
                var sum = 0.0
                for i in 0..<k { sum += Double(x[m, i]) * Double(w[n * k + i]) }
                y[m, n] = scale * Float(sum) + (keep == 0 ? 0 : keep * y[m, n])
            }
        }
    }

    /// Rows in 8 bits with a scale for each group of inputs or for all of them, but for inputs far out, which stay as they are.
    private func multiply8(
        _ x: Tensor, _ weight: WeightMatrix, scale: Float, keep: Float, into y: Tensor
    ) {
        let (k, w) = (weight.inputs, weight.rows)
        let (groups, size) = (weight.codeGroups, weight.codeGroup)
        guard let scales = weight.codeScales, let fine = weight.codeRests else { return }
        for m in 0..<x.rows {
            let row = weight.scaled((0..<k).map { x[m, $0] })
            let limit = Self.reach(of: row)
            var all = [Double](repeating: 0, count: y.columns)
            for g in 0..<groups {
                let group = g * size..<min((g + 1) * size, k)
                let most = group.reduce(Float(0)) {
                    abs(row[$1]) <= limit ? max($0, abs(row[$1])) : $0
                }
                let factor = WeightMatrix.codeFactor(most)
                for n in 0..<y.columns {
                    var sum = 0.0
                    for i in group {
                        let code = Double(w[n * k + i])
                        if abs(row[i]) <= limit {
                            sum +=
                                code * Double((row[i] * factor).rounded(.toNearestOrEven))
                                * Double(most / 127)
                        } else {
                            sum +=
                                Double(row[i])
                                * (code + Double(fine[n * k + i] / WeightMatrix.codeParts))
                        }
                    }
                    all[n] += sum * Double(scales[n * groups + g])
                }
            }
            for n in 0..<y.columns {
                y[m, n] = scale * Float(all[n]) + (keep == 0 ? 0 : keep * y[m, n])
            }
        }
    }

    /// The largest magnitude of a row that becomes a code. Inputs that are more than three fourths of all
    /// squares say nothing of the others, which are looked at by themselves.
    private static func reach(of row: [Float]) -> Float {
        func limit(_ squares: Double) -> Float {
            WeightMatrix.reach * Float((squares / Double(row.count)).squareRoot())
        }
        func squares(within limit: Float) -> Double {
            row.reduce(0.0) { abs($1) <= limit ? $0 + Double($1) * Double($1) : $0 }
        }
        var all = row.reduce(0.0) { $0 + Double($1) * Double($1) }
        for _ in 1..<4 {
            let near = squares(within: limit(all))
            guard near * 4 < all else { break }
            all = near
        }
        return limit(all)
    }

    package func rotary(_ x: Tensor, headSize: Int, positions: [Int32], table: RotaryTable) {
        let half = headSize / 2
        for m in 0..<x.rows {
            for h in 0..<x.columns / headSize {
                for i in 0..<half {
                    let cosine = table.cosines.base[Int(positions[m]) * half + i]
                    let sine = table.sines.base[Int(positions[m]) * half + i]
                    let a = x[m, h * headSize + i]
                    let b = x[m, h * headSize + half + i]
                    x[m, h * headSize + i] = a * cosine - b * sine
                    x[m, h * headSize + half + i] = b * cosine + a * sine
                }
            }
        }
    }

    package func attention(
        _ q: Tensor, _ k: Tensor, _ v: Tensor, rows: [AttentionRow], shape: AttentionShape,
        relative: RelativeTerms?, arena: ActivationArena, into out: Tensor
    ) {
        checkAttention(q, k, v, rows: rows, shape: shape, relative: relative, out)
        for row in rows {
            for i in 0..<row.queries {
                let position = row.firstPosition + i
                let first = shape.window.map { max(0, position + 1 - $0) } ?? 0
                let end = shape.causal ? position + 1 : row.keys
                for h in 0..<shape.heads {
                    attend(
                        q, k, v, query: row.firstQuery + i, position: position, head: h,
                        shape: shape, relative: relative, firstKey: row.firstKey,
                        keys: first..<end, into: out)
                }
            }
        }
    }

    /// One query of one head over its keys, which are positions in the text.
    private func attend(
        _ q: Tensor, _ k: Tensor, _ v: Tensor, query: Int, position: Int, head: Int,
        shape: AttentionShape, relative: RelativeTerms?, firstKey: Int, keys: Range<Int>,
        into out: Tensor
    ) {
        let size = shape.headSize
        let (from, group) = (head * size, head / (shape.heads / shape.groups) * size)
        let isRounded = shape.isRounded
        func number(_ x: Float) -> Double {
            Double(isRounded ? ElementType.bfloat16.rounded(x) : x)
        }
        func dot(_ a: Tensor, _ i: Int, _ b: Tensor, _ j: Int, _ atB: Int, _ atA: Int) -> Double {
            (0..<size).reduce(0) { $0 + number(a[i, atA + $1]) * number(b[j, atB + $1]) }
        }
        var scores = keys.map { key in
            var score = dot(q, query, k, firstKey + key, group, from)
            let place = (relative?.longest ?? 1) - 1 + key - position
            if let keys = relative?.keys, let bucket = relative?.buckets[place] {
                score += dot(q, query, keys, Int(bucket), from, from)
            }
            if let queries = relative?.queries, let bucket = relative?.buckets[place] {
                score += dot(k, firstKey + key, queries, Int(bucket), from, group)
            }
            score *= Double(shape.scale)
            if let cap = shape.softcap { score = Glibc.tanh(score / Double(cap)) * Double(cap) }
            if let bias = relative?.bias { score += Double(bias[head, place]) }
            return score
        }
        let most = scores.max() ?? 0
        for i in scores.indices { scores[i] = exp(scores[i] - most) }
        let sum = scores.reduce(0, +)
        for d in 0..<size {
            var value = 0.0
            for (i, key) in keys.enumerated() {
                let share = isRounded ? number(Float(scores[i])) : scores[i]
                value += share / sum * number(v[firstKey + key, group + d])
            }
            out[query, from + d] = Float(value)
        }
    }

    /// The activation in double precision.
    private func active(_ activation: Activation, _ x: Double) -> Double {
        switch activation {
        case .silu: return x / (1 + exp(-x))
        case .geluTanh:
            return 0.5 * x * (1 + Glibc.tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)))
        case .gelu: return 0.5 * x * (1 + erf(x / 2.0.squareRoot()))
        case .relu: return max(x, 0)
        case .tanh: return Glibc.tanh(x)
        }
    }

    package func activate(_ activation: Activation, _ x: Tensor, into y: Tensor) {
        for m in 0..<y.rows {
            for c in 0..<y.columns { y[m, c] = Float(active(activation, Double(x[m, c]))) }
        }
    }

    package func gate(_ activation: Activation, _ gate: Tensor, _ up: Tensor, into y: Tensor) {
        for m in 0..<y.rows {
            for c in 0..<y.columns {
                y[m, c] = Float(active(activation, Double(gate[m, c]))) * up[m, c]
            }
        }
    }

    package func add(_ x: Tensor, into y: Tensor) {
        for m in 0..<y.rows { for c in 0..<y.columns { y[m, c] += x[m, c] } }
    }

    package func gather(_ rows: [Int], of x: Tensor, into y: Tensor) {
        gatherRows(rows, of: x, into: y)
    }

    package func scatter(_ x: Tensor, to rows: [Int], of y: Tensor) {
        scatterRows(x, to: rows, of: y)
    }

    package func reduce(
        _ reduction: Reduction, _ x: Tensor, rows: [Range<Int>], into y: Tensor
    ) {
        reduceRows(reduction, x, rows: rows, into: y)
    }

    package func softcap(_ x: Tensor, cap: Float) {
        for m in 0..<x.rows {
            for c in 0..<x.columns {
                x[m, c] = Float(Double(cap) * Glibc.tanh(Double(x[m, c]) / Double(cap)))
            }
        }
    }

    package func softmax(_ x: Tensor) {
        guard x.columns > 0 else { return }
        for m in 0..<x.rows {
            let most = (0..<x.columns).reduce(-Float.infinity) { max($0, x[m, $1]) }
            let powers = (0..<x.columns).map { exp(Double(x[m, $0] - most)) }
            let sum = powers.reduce(0, +)
            for c in 0..<x.columns { x[m, c] = Float(powers[c] / sum) }
        }
    }
}
