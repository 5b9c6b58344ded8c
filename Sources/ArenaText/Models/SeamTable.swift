// Seams: places where a text can be taken apart without changing its spelling. Between two scalars that
// no merge ever joins (no left token ends in the one while its right token begins with the other) no
// merge can cross, so the parts are spelled by themselves. For SentencePiece-style files, which leave
// whole texts in one piece, this gives short pieces that a cache can hold, and exactly the same ids.

/// Which neighbours some merge may join; errs only towards "may join".
final class SeamTable: Sendable {
    /// Pairs of ASCII scalars, one byte each.
    private let ascii: Table<UInt8>
    /// Other pairs, hashed to single bits; a collision only hides a seam.
    private let bits: Table<UInt64>
    /// Whether there are seams at all.
    let isUsable: Bool
    /// Whether scalars without a token must keep their neighbours: what comes out for them may fuse.
    let holdsUnknown: Bool

    private static let bitCount = 1 << 22

    init(merges: MergeTable, vocabulary: ByteDictionary, symbols: SymbolTable, unknownID: UInt32?) {
        ascii = Table(count: 128 * 128, repeating: 0)
        bits = Table(count: Self.bitCount / 64, repeating: 0)
        holdsUnknown = !symbols.isComplete
        var fallback = Set<UInt32>()
        for byte in 0..<256 where symbols.fallbackID(of: UInt8(byte)) != SymbolTable.none {
            fallback.insert(symbols.fallbackID(of: UInt8(byte)))
        }
        if let unknownID { fallback.insert(unknownID) }
        var usable = true
        var length = 0
        for rank in 0..<merges.count where merges.operands.base[rank] != .max {
            let pair = merges.operands.base[rank]
            let (left, right) = (UInt32(pair >> 32), UInt32(pair & 0xFFFF_FFFF))
            // Such tokens stand for scalars other than those of their names.
            if fallback.contains(left) || fallback.contains(right) { usable = false }
            guard let a = vocabulary.bytes(of: Int(left)), let b = vocabulary.bytes(of: Int(right)),
                let p = a.baseAddress, let q = b.baseAddress, a.count > 0, b.count > 0
            else { continue }
            let (last, first) = (scalarBefore(p, a.count), scalar(q, 0, &length))
            if last < 128, first < 128 {
                ascii.base[Int(last << 7 | first)] = 1
            } else {
                let bit = Self.bit(last, first)
                bits.base[bit >> 6] |= 1 << UInt64(bit & 63)
            }
        }
        isUsable = usable
    }

    /// Whether no merge can cross the boundary between two scalars.
    @inline(__always)
    func isSeam(_ before: UInt32, _ after: UInt32) -> Bool {
        if before < 128, after < 128 { return ascii.base[Int(before << 7 | after)] == 0 }
        let bit = Self.bit(before, after)
        return bits.base[bit >> 6] >> UInt64(bit & 63) & 1 == 0
    }

    @inline(__always)
    private static func bit(_ before: UInt32, _ after: UInt32) -> Int {
        let key = UInt64(before) << 21 | UInt64(after)
        return Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 42)
    }
}
