// NumPy's `RandomState(seed)`: the Mersenne Twister of Matsumoto and Nishimura (1998) seeded by one
// number, and the draws that samples, shuffles and folds are made of, so that they choose the rows
// that NumPy, pandas and scikit-learn choose.

/// A generator that depends on its seed alone.
package struct RandomState: Sendable {
    private var state = [UInt32](repeating: 0, count: 624)
    private var index = 624

    /// - Parameter seed: from 0 to 2^32 - 1, as NumPy takes it.
    package init(seed: UInt32) {
        state[0] = seed
        for i in 1..<624 {
            state[i] = 1_812_433_253 &* (state[i - 1] ^ (state[i - 1] >> 30)) &+ UInt32(i)
        }
    }

    mutating func next() -> UInt32 {
        if index >= 624 { refill() }
        var y = state[index]
        index += 1
        y ^= y >> 11
        y ^= (y << 7) & 0x9D2C_5680
        y ^= (y << 15) & 0xEFC6_0000
        return y ^ (y >> 18)
    }

    private mutating func refill() {
        for k in 0..<624 {
            let y = (state[k] & 0x8000_0000) | (state[(k + 1) % 624] & 0x7FFF_FFFF)
            state[k] = state[(k + 397) % 624] ^ (y >> 1) ^ (y & 1 == 0 ? 0 : 0x9908_B0DF)
        }
        index = 0
    }

    /// A number in [0, 1) with 53 random bits.
    mutating func double() -> Double {
        let a = next() >> 5
        let b = next() >> 6
        return (Double(a) * 67_108_864 + Double(b)) / 9_007_199_254_740_992
    }

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
                var low = 0
                var high = count
                while low < high {
                    let middle = (low + high) / 2
                    if cumulated[middle] <= draw { low = middle + 1 } else { high = middle }
                }
                if seen.insert(low).inserted { found.append(low) }
            }
        }
        return found
    }
}
