// Numbers by chance that follow from a seed and from what they are for alone.

import ArenaCore

/// Numbers drawn by a seed and a text, or a name as the numbers of its letters: SplitMix64 from their SHA-256.
struct Draws: Sendable {
    private var state: UInt64

    init(seed: Int, text: ArraySlice<Int32>) {
        var hash = SHA256()
        hash.add(seed)
        hash.add(text.count)
        text.withUnsafeBytes { hash.add($0) }
        state = hash.finish().bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// From 0 up to 1, 1 left out.
    mutating func next() -> Double {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        z ^= z >> 31
        return Double(z >> 11) * 0x1p-53
    }
}
