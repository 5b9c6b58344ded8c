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
        /// Phi-3's: each frequency divided by a factor of its own, others for rows of more than
        /// `original` tokens; cosines and sines times `attention`.
        case long(short: [Double], long: [Double], original: Int, attention: Double)
    }

    package var base: Double
    package var headSize: Int
    package var scaling: Scaling

    package init(base: Double, headSize: Int, scaling: Scaling = .none) {
        self.base = base
        self.headSize = headSize
        self.scaling = scaling
    }

    /// Whether a row's length decides on the frequencies.
    package var dependsOnLength: Bool { if case .long = scaling { true } else { false } }

    /// The longest row that takes the first set of frequencies, where there are two.
    package var switchesAfter: Int? {
        if case .long(_, _, let original, _) = scaling { original } else { nil }
    }

    /// Whether a row of this many tokens takes the second set of frequencies.
    func isLong(_ tokens: Int) -> Bool {
        if case .long(_, _, let original, _) = scaling { tokens > original } else { false }
    }

    /// What cosines and sines are multiplied with.
    var attention: Float {
        if case .long(_, _, _, let attention) = scaling { Float(attention) } else { 1 }
    }

    /// One inverse frequency for each pair of channels (D / 2), in fp32 steps as the reference takes.
    package func inverseFrequencies(long isLong: Bool = false) -> [Float] {
        (0..<headSize / 2).map { i in
            let exponent = Float(2 * i) / Float(headSize)
            let power = Float(ExactMath.power(Double(Float(base)), Double(exponent)))
            let plain = 1 / power
            switch scaling {
            case .none: return plain
            case .linear(let factor): return plain / Float(factor)
            case .long(let short, let long, _, _):
                return 1 / (Float((isLong ? long : short)[i]) * power)
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
    /// Cosines and sines.
    let cards = CardCopies<[FloatBuffer]>()

    package init(_ settings: RotarySettings, positions: Int, long: Bool = false) {
        let frequencies = settings.inverseFrequencies(long: long)
        let attention = settings.attention
        let half = frequencies.count
        headSize = settings.headSize
        self.positions = positions
        cosines = FloatBuffer(count: positions * half)
        sines = FloatBuffer(count: positions * half)
        for t in 0..<positions {
            for (i, frequency) in frequencies.enumerated() {
                let angle = Float(t) * frequency
                let (sine, cosine) = ExactMath.sineCosine(Double(angle))
                cosines.base[t * half + i] = Float(cosine) * attention
                sines.base[t * half + i] = Float(sine) * attention
            }
        }
    }
}

/// A model's rotary embedding: its tables, made longer when a longer row comes.
package final class Rotary: Sendable {
    package let settings: RotarySettings
    /// For rows of ordinary length, and for long ones.
    private let tables: Mutex<(RotaryTable, RotaryTable)>

    package init(_ settings: RotarySettings) {
        self.settings = settings
        let empty = RotaryTable(settings, positions: 0)
        tables = Mutex((empty, empty))
    }

    /// Gives the tables' memory back, cards' too.
    package func unload() {
        let empty = RotaryTable(settings, positions: 0)
        tables.withLock { $0 = (empty, empty) }
    }

    /// The table for positions below `positions` at least, of a row of so many tokens.
    package func table(for positions: Int, rowLength: Int) -> RotaryTable {
        let isLong = settings.isLong(rowLength)
        return tables.withLock { tables in
            let table = isLong ? tables.1 : tables.0
            guard table.positions < positions else { return table }
            let fresh = RotaryTable(
                settings, positions: max(positions, table.positions * 2), long: isLong)
            if isLong { tables.1 = fresh } else { tables.0 = fresh }
            return fresh
        }
    }
}
