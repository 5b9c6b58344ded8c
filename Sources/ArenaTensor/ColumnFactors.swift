// Columns of a weight that are far larger or smaller than the others. Codes have one scale for a row, so a
// small column would vanish beside the others and a large one would make all others vanish. Such a column is
// divided by a power of two, and its input multiplied by it, which changes no number; in trained models large
// inputs meet small columns, so that both come out as the others are (the migration of SmoothQuant,
// https://arxiv.org/abs/2211.10438, from the weights alone).

import CArenaKernels

extension WeightMatrix {
    /// Columns whose size is within 2^-1.5 to 2^1.5 of the usual stay.
    private static var smallestExponent: Int { 2 }
    /// Rows that are looked at.
    private static var sample: Int { 256 }

    /// For each input the power of two that its column is about as large as, relative to the middle one of all
    /// columns (K); nil where all are alike.
    func columnFactors(of tensor: StoredTensor) -> FloatBuffer? {
        guard inputs > 0, outputs > 0 else { return nil }
        var squares = [Float](repeating: 0, count: inputs)
        var row = [Float](repeating: 0, count: inputs)
        for n in stride(from: 0, to: outputs, by: max(1, outputs / Self.sample)) {
            tensor.widen(n * inputs..<(n + 1) * inputs, to: &row)
            for k in 0..<inputs { squares[k] += row[k] * row[k] }
        }
        let middle = squares.sorted()[inputs / 2]
        guard middle > 0, middle.isFinite else { return nil }
        let factors = FloatBuffer(count: inputs)
        var isPlain = true
        for k in 0..<inputs {
            // Half the exponent of the squares, rounded: 2^(2 e - 1) to 2^(2 e + 1) is e.
            let ratio = squares[k] / middle * 2
            let exponent = ratio.isNormal ? Int((Double(ratio.exponent) / 2).rounded(.down)) : 0
            let isOdd = abs(exponent) >= Self.smallestExponent
            factors.base[k] = isOdd ? Float(sign: .plus, exponent: exponent, significand: 1) : 1
            isPlain = isPlain && !isOdd
        }
        return isPlain ? nil : factors
    }

    /// Divides the columns of fp32 rows (N, K).
    func divide(_ numbers: FloatBuffer, by factors: FloatBuffer) {
        for n in 0..<outputs {
            for k in 0..<inputs { numbers.base[n * inputs + k] /= factors.base[k] }
        }
    }

    /// A row (K) with its inputs multiplied; a row that is not finite stays so.
    func scaled(_ row: [Float]) -> [Float] {
        guard let factors = inputFactors else { return row }
        return row.enumerated().map { $1 * factors[$0] }
    }
}
