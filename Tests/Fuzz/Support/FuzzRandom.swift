// The fuzzers' chance: the same numbers for the same seed and index, so that an input is found again
// from two integers.

/// SplitMix64.
package struct FuzzRandom: RandomNumberGenerator {
    private var state: UInt64

    package init(seed: UInt64, index: Int) {
        state =
            seed &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(bitPattern: Int64(index))
            &* 0xD134_2543_DE82_EF95
        _ = next()
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// 0..<n; 0 where n is not positive.
    package mutating func below(_ n: Int) -> Int {
        n <= 1 ? 0 : Int(truncatingIfNeeded: (next() >> 33) % UInt64(n))
    }

    /// True `percent` times in a hundred.
    package mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

    /// One of the choices, of which there is at least one.
    package mutating func pick<C: RandomAccessCollection>(_ choices: C) -> C.Element {
        choices[choices.index(choices.startIndex, offsetBy: below(choices.count))]
    }
}
