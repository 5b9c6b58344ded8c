// How the next token is chosen from its logits: the most probable one, or one drawn from those that are
// probable enough. What is drawn follows from the seed and the text, not from the text's place.
// Order and meaning of temperature, top-k and top-p: transformers, generation/logits_process.py.

import ArenaTensor

/// How tokens are chosen.
package struct Sampling: Sendable, Equatable {
    /// Logits are divided by it; 0 takes the most probable token.
    package var temperature: Double
    /// Only so many of the most probable tokens, and those as probable as the last of them.
    package var topK: Int?
    /// Only the most probable tokens that together are at least this probable.
    package var topP: Double?
    package var seed: Int

    package init(
        temperature: Double = 0, topK: Int? = nil, topP: Double? = nil, seed: Int = 0
    ) {
        self.temperature = temperature
        self.topK = topK
        self.topP = topP
        self.seed = seed
    }

    /// The chosen token; nil if the logits are not all finite.
    func choose(_ logits: UnsafeBufferPointer<Float>, _ draws: inout Draws) -> Int32? {
        guard let first = logits.first, first.isFinite else { return nil }
        var best = 0
        for (i, x) in logits.enumerated() {
            guard x.isFinite else { return nil }
            if x > logits[best] { best = i }
        }
        guard temperature > 0 else { return Int32(best) }
        let candidates = candidates(logits, most: logits[best])
        let total = candidates.reduce(0) { $0 + $1.weight }
        let mark = draws.next() * total
        var sum = 0.0
        for candidate in candidates {
            sum += candidate.weight
            if sum > mark { return candidate.id }
        }
        return candidates.last?.id
    }

    /// The tokens that may be drawn, with their probabilities up to a factor; the most probable first
    /// where some are left out.
    func candidates(
        _ logits: UnsafeBufferPointer<Float>, most: Float
    ) -> [(id: Int32, weight: Double)] {
        func weight(_ x: Float) -> Double {
            ExactMath.exponential((Double(x) - Double(most)) / temperature)
        }
        var floor = -Float.infinity
        if let topK, topK < logits.count { floor = Self.largest(topK, of: logits) }
        var kept: [(id: Int32, weight: Double)] = []
        for (i, x) in logits.enumerated() where x >= floor { kept.append((Int32(i), weight(x))) }
        guard let topP, topP < 1 else { return kept }
        // The largest weight is 1: all that weigh less than this lie behind the mass together.
        let total = kept.reduce(0) { $0 + $1.weight }
        let least = (1 - topP) / Double(kept.count)
        kept = kept.filter { $0.weight >= least || $0.weight == 1 }
        kept.sort { ($1.weight, $0.id) < ($0.weight, $1.id) }
        var (sum, count) = (0.0, 0)
        while count < kept.count, count == 0 || sum < topP * total {
            sum += kept[count].weight
            count += 1
        }
        return Array(kept.prefix(count))
    }

    /// The k-th largest number.
    private static func largest(_ k: Int, of x: UnsafeBufferPointer<Float>) -> Float {
        guard k <= 256 else { return x.sorted(by: >)[k - 1] }
        var best: [Float] = []  // falling
        for value in x {
            if best.count == k, let last = best.last, value <= last { continue }
            if best.count == k { best.removeLast() }
            let place = best.firstIndex { $0 < value } ?? best.count
            best.insert(value, at: place)
        }
        return best[best.count - 1]
    }
}
