// Heads that begin anew: what transformers does with a head that a checkpoint lacks, but only where it was
// asked for, and from a seed.

import ArenaCore
import ArenaTensor

/// How a head begins that neither base nor adapter has.
package struct NewHead: Sendable {
    package var seed: Int
    /// The deviation of its weights: config.json's `initializer_range`.
    var deviation = 0.02

    package init(seed: Int) { self.seed = seed }

    /// A weight drawn from a normal distribution around 0, by the seed and its name.
    func weight(_ name: String, _ shape: [Int], path: String) -> StoredTensor {
        let count = shape.reduce(1, *)
        let buffer = FloatBuffer(count: count)
        var draws = Draws(seed: seed, text: ArraySlice(name.utf8.map { Int32($0) }))
        for i in stride(from: 0, to: count, by: 2) {
            // Box and Muller: two numbers on a circle. 1 - x is above 0.
            let radius = (-2 * ExactMath.logarithm(1 - draws.next())).squareRoot() * deviation
            let (sine, cosine) = ExactMath.sineCosine(2 * Double.pi * draws.next())
            buffer.base[i] = Float(radius * cosine)
            if i + 1 < count { buffer.base[i + 1] = Float(radius * sine) }
        }
        return StoredTensor(
            name: name, type: .float32, shape: shape, path: path, memory: buffer)
    }
}
