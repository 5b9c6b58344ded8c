// Rotary position embeddings: inverse frequencies from a model's settings, and tables of cosines and
// sines for as many positions as the longest row needs. Angles are products of fp32 numbers, as in the
// reference implementation.

import Synchronization

/// How a model turns positions into angles.
package struct RotarySettings: Sendable, Equatable {
    /// Stretching of the frequencies for contexts longer than the model was first trained on.
    package enum Scaling: Sendable, Equatable {
        case none
        case linear(factor: Double)
        case llama3(factor: Double, low: Double, high: Double, original: Double)
    }

    package var base: Double
    package var headSize: Int
    package var scaling: Scaling

    package init(base: Double, headSize: Int, scaling: Scaling = .none) {
        self.base = base
        self.headSize = headSize
        self.scaling = scaling
    }

    /// One inverse frequency for each pair of channels (D / 2), in fp32 steps as the reference takes.
    package var inverseFrequencies: [Float] {
        (0..<headSize / 2).map { i in
            let exponent = Float(2 * i) / Float(headSize)
            let plain = 1 / Float(ExactMath.power(Double(Float(base)), Double(exponent)))
            switch scaling {
            case .none: return plain
            case .linear(let factor): return plain / Float(factor)
            case .llama3(let factor, let low, let high, let original):
                let wavelength = Float(2 * Double.pi) / plain
                if wavelength < Float(original / high) { return plain }
                if wavelength > Float(original / low) { return plain / Float(factor) }
                let smooth = (Float(original) / wavelength - Float(low)) / Float(high - low)
                return (1 - smooth) * plain / Float(factor) + smooth * plain
            }
        }
    }
}

/// Cosines and sines (positions, D / 2) of one setting.
package struct RotaryTable: Sendable {
    package let headSize: Int
    package let positions: Int
    package let cosines: FloatBuffer
    package let sines: FloatBuffer

    package init(_ settings: RotarySettings, positions: Int) {
        let frequencies = settings.inverseFrequencies
        let half = frequencies.count
        headSize = settings.headSize
        self.positions = positions
        cosines = FloatBuffer(count: positions * half)
        sines = FloatBuffer(count: positions * half)
        for t in 0..<positions {
            for (i, frequency) in frequencies.enumerated() {
                let angle = Float(t) * frequency
                let (sine, cosine) = ExactMath.sineCosine(Double(angle))
                cosines.base[t * half + i] = Float(cosine)
                sines.base[t * half + i] = Float(sine)
            }
        }
    }
}

/// A model's rotary embedding: its table, made longer when a longer row comes.
package final class Rotary: Sendable {
    package let settings: RotarySettings
    private let table: Mutex<RotaryTable>

    package init(_ settings: RotarySettings) {
        self.settings = settings
        table = Mutex(RotaryTable(settings, positions: 0))
    }

    /// The table for positions below `positions` at least.
    package func table(for positions: Int) -> RotaryTable {
        table.withLock { table in
            if table.positions < positions {
                table = RotaryTable(settings, positions: max(positions, table.positions * 2))
            }
            return table
        }
    }
}
