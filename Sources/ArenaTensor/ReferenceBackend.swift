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

    package func embed(_ ids: [Int32], _ table: EmbeddingTable, scale: Float, into y: Tensor) {
        table.gather(ids, into: y)
        for m in 0..<y.rows { for c in 0..<y.columns { y[m, c] *= scale } }
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

    package func product(_ x: Tensor, _ weight: WeightMatrix, bias: WeightVector?, into y: Tensor) {
        multiply(x, weight, scale: 1, keep: 0, into: y)
        guard let bias else { return }
        for m in 0..<y.rows { for n in 0..<y.columns { y[m, n] += bias.base[n] } }
    }

    package func addProduct(_ x: Tensor, _ weight: WeightMatrix, scale: Float, into y: Tensor) {
        multiply(x, weight, scale: scale, keep: 1, into: y)
    }

    /// y = scale * x . w^T + keep * y
    private func multiply(
        _ x: Tensor, _ weight: WeightMatrix, scale: Float, keep: Float, into y: Tensor
    ) {
        precondition(x.rows == y.rows && x.columns == weight.inputs && y.columns == weight.outputs)
        let (k, w) = (weight.inputs, weight.base)
        guard x.rows > 0, y.columns > 0 else { return }
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
        arena: ActivationArena, into out: Tensor
    ) {
        checkAttention(q, k, v, rows: rows, shape: shape, out)
        for row in rows {
            for i in 0..<row.queries {
                let position = row.firstPosition + i
                let first = shape.window.map { max(0, position + 1 - $0) } ?? 0
                for h in 0..<shape.heads {
                    attend(
                        q, k, v, query: row.firstQuery + i, head: h, shape: shape,
                        keys: row.firstKey + first..<row.firstKey + position + 1, into: out)
                }
            }
        }
    }

    /// One query of one head over its keys.
    private func attend(
        _ q: Tensor, _ k: Tensor, _ v: Tensor, query: Int, head: Int, shape: AttentionShape,
        keys: Range<Int>, into out: Tensor
    ) {
        let size = shape.headSize
        let (from, group) = (head * size, head / (shape.heads / shape.groups) * size)
        var scores = keys.map { key in
            var dot = 0.0
            for d in 0..<size { dot += Double(q[query, from + d]) * Double(k[key, group + d]) }
            let score = dot * Double(shape.scale)
            guard let cap = shape.softcap else { return score }
            return tanh(score / Double(cap)) * Double(cap)
        }
        let most = scores.max() ?? 0
        for i in scores.indices { scores[i] = exp(scores[i] - most) }
        let sum = scores.reduce(0, +)
        for d in 0..<size {
            var value = 0.0
            for (i, key) in keys.enumerated() {
                value += scores[i] / sum * Double(v[key, group + d])
            }
            out[query, from + d] = Float(value)
        }
    }

    package func gate(_ activation: GateActivation, _ gate: Tensor, _ up: Tensor, into y: Tensor) {
        for m in 0..<y.rows {
            for c in 0..<y.columns {
                let g = Double(gate[m, c])
                let active: Double
                switch activation {
                case .silu: active = g / (1 + exp(-g))
                case .geluTanh:
                    active = 0.5 * g * (1 + tanh(0.7978845608028654 * (g + 0.044715 * g * g * g)))
                }
                y[m, c] = Float(active) * up[m, c]
            }
        }
    }

    package func add(_ x: Tensor, into y: Tensor) {
        for m in 0..<y.rows { for c in 0..<y.columns { y[m, c] += x[m, c] } }
    }

    package func gather(_ rows: [Int], of x: Tensor, into y: Tensor) {
        gatherRows(rows, of: x, into: y)
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
