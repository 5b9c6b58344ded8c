// The Mersenne Twister (Matsumoto and Nishimura 1998), seeded as CPython's `random.Random` and as NumPy's
// `RandomState` seed it, so that a script draws the numbers that its Python original drew.

/// A generator of 32-bit numbers with a period of 2^19937 - 1.
package struct MersenneTwister: Sendable {
    private var state = [UInt32](repeating: 0, count: 624)
    private var index = 624

    /// The generator of a number: `init_genrand`, as NumPy's `RandomState(seed)`.
    package init(seed: UInt32) {
        state[0] = seed
        for i in 1..<624 {
            state[i] = 1_812_433_253 &* (state[i - 1] ^ (state[i - 1] >> 30)) &+ UInt32(i)
        }
    }

    /// The generator of a list of numbers: `init_by_array`, as CPython's `Random(seed)`.
    /// - Parameter key: the seed in 32-bit pieces, lowest first; at least one.
    package init(key: [UInt32]) {
        self.init(seed: 19_650_218)
        var i = 1
        var j = 0
        for _ in 0..<max(624, key.count) {
            let mixed = state[i - 1] ^ (state[i - 1] >> 30)
            state[i] = (state[i] ^ (mixed &* 1_664_525)) &+ key[j] &+ UInt32(j)
            i += 1
            j += 1
            if i >= 624 {
                state[0] = state[623]
                i = 1
            }
            if j >= key.count { j = 0 }
        }
        for _ in 0..<623 {
            let mixed = state[i - 1] ^ (state[i - 1] >> 30)
            state[i] = (state[i] ^ (mixed &* 1_566_083_941)) &- UInt32(i)
            i += 1
            if i >= 624 {
                state[0] = state[623]
                i = 1
            }
        }
        state[0] = 0x8000_0000
    }

    package mutating func next() -> UInt32 {
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

    /// A float in [0, 1) with 53 random bits.
    package mutating func double() -> Double {
        let a = next() >> 5
        let b = next() >> 6
        return (Double(a) * 67_108_864 + Double(b)) * (1 / 9_007_199_254_740_992)
    }

    /// A number of `count` random bits; 0 to 64.
    package mutating func bits(_ count: Int) -> UInt64 {
        if count == 0 { return 0 }
        if count <= 32 { return UInt64(next() >> UInt32(32 - count)) }
        let low = UInt64(next())
        return low | UInt64(next() >> UInt32(64 - count)) << 32
    }

    /// A number below `n`, each as likely; `n` is not 0.
    package mutating func below(_ n: UInt64) -> UInt64 {
        let count = 64 - n.leadingZeroBitCount
        var r = bits(count)
        while r >= n { r = bits(count) }
        return r
    }
}
