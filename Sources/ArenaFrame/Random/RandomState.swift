// NumPy's `RandomState(seed)`: the draws that samples, shuffles and folds are made of, so that they choose
// the rows that NumPy, pandas and scikit-learn choose.

import ArenaCore

/// A generator that depends on its seed alone.
package struct RandomState: Sendable {
    private var twister: MersenneTwister

    /// - Parameter seed: from 0 to 2^32 - 1, as NumPy takes it.
    package init(seed: UInt32) { twister = MersenneTwister(seed: seed) }

    mutating func next() -> UInt32 { twister.next() }

    /// A number in [0, 1) with 53 random bits.
    mutating func double() -> Double { twister.double() }

    /// A whole number from 0 to `largest`, by masking and drawing again.
    mutating func interval(_ largest: Int) -> Int {
        guard largest > 0 else { return 0 }
        let mask = UInt64.max >> UInt64(UInt64(largest).leadingZeroBitCount)
        while true {
            let value: UInt64
            if largest <= UInt32.max {
                value = UInt64(next()) & mask
            } else {
                let high = UInt64(next())
                value = (high << 32 | UInt64(next())) & mask
            }
            if value <= UInt64(largest) { return Int(value) }
        }
    }

    /// Brings the items into another order.
    mutating func shuffle<T>(_ items: inout [T]) {
        var at = items.count - 1
        while at > 0 {
            items.swapAt(at, interval(at))
            at -= 1
        }
    }

    /// The numbers below `count` in another order.
    package mutating func permutation(_ count: Int) -> [Int] {
        var items = Array(0..<count)
        shuffle(&items)
        return items
    }

    /// `size` numbers below `count`, the same one perhaps several times; with weights, in proportion to
    /// them.
    package mutating func choiceWithReplacement(
        _ count: Int, size: Int, weights: [Double]?
    ) -> [Int] {
        guard count > 0 else { return [] }
        guard let weights else { return (0..<size).map { _ in interval(count - 1) } }
        let total = pairwiseSum(weights)
        var cumulated: [Double] = []
        cumulated.reserveCapacity(count)
        var sum = 0.0
        for weight in weights {
            sum += weight / total
            cumulated.append(sum)
        }
        for at in cumulated.indices { cumulated[at] /= sum }
        return (0..<size).map { _ in place(of: double(), in: cumulated) }
    }

    /// The first place whose cumulated share lies above a draw.
    private func place(of draw: Double, in cumulated: [Double]) -> Int {
        var low = 0
        var high = cumulated.count
        while low < high {
            let middle = (low + high) / 2
            if cumulated[middle] <= draw { low = middle + 1 } else { high = middle }
        }
        return min(low, cumulated.count - 1)
    }

    /// `size` different numbers below `count`; with weights, in proportion to them.
    /// - Precondition: `size` is at most the number of positive weights.
    package mutating func choice(_ count: Int, size: Int, weights: [Double]?) -> [Int] {
        guard let weights else { return Array(permutation(count).prefix(size)) }
        let total = pairwiseSum(weights)
        var p = weights.map { $0 / total }
        var found: [Int] = []
        while found.count < size {
            let draws = (found.count..<size).map { _ in double() }
            for row in found { p[row] = 0 }
            var cumulated: [Double] = []
            cumulated.reserveCapacity(count)
            var sum = 0.0
            for share in p {
                sum += share
                cumulated.append(sum)
            }
            for at in cumulated.indices { cumulated[at] /= sum }
            var seen = Set<Int>()
            for draw in draws {
                let low = place(of: draw, in: cumulated)
                if seen.insert(low).inserted { found.append(low) }
            }
        }
        return found
    }
}
