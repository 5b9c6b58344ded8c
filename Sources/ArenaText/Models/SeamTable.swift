// Seams: places between two scalars that no merge can cross, because no left token ends in the one (or
// in its last bytes) while its right token begins with the other (or with its first bytes). Taken apart
// there, a text is spelled exactly as before. SentencePiece-style files leave whole texts in one piece,
// byte-level ones whole sentences of Chinese; cut at seams they become parts that a cache can hold.

/// Which neighbours some merge may join; errs only towards "may join".
final class SeamTable: Sendable {
    private let narrow = Table<UInt8>(count: 256 * 256, repeating: 0)
    private let bits = Table<UInt64>(count: (1 << 22) / 64, repeating: 0)
    private let partialEnds = Table<UInt64>(count: (1 << 16) / 64, repeating: 0)
    private let partialStarts = Table<UInt64>(count: (1 << 16) / 64, repeating: 0)
    /// Whether scalars without a token must keep their neighbours: what comes out for them may fuse.
    let holdsUnknown: Bool
    /// The tables as loops want them; valid as long as this object.
    nonisolated(unsafe) let seams: Seams

    /// For tokens whose bytes `bytesOf` gives; nil for tokens that cannot occur in a text.
    init(merges: MergeTable, holdsUnknown: Bool, bytesOf: (Int) -> Bytes?) {
        self.holdsUnknown = holdsUnknown
        let seams = Seams(
            narrow: narrow.base, bits: bits.base, partialEnds: partialEnds.base,
            partialStarts: partialStarts.base)
        self.seams = seams
        for rank in 0..<merges.count where merges.operands.base[rank] != .max {
            let pair = merges.operands.base[rank]
            guard let left = bytesOf(Int(pair >> 32)), let right = bytesOf(Int(pair & 0xFFFF_FFFF)),
                let end = Self.end(of: left), let start = Self.start(of: right)
            else { continue }
            seams.add(end, start)
        }
        seams.finish()
    }

    // MARK: - Ends and beginnings of tokens

    /// The key of a token's end; nil if it cannot end between two scalars.
    private static func end(of token: Bytes) -> UInt32? {
        guard let p = token.baseAddress else { return nil }
        var length = 0
        while length < token.count, length < 4, p[token.count - 1 - length] & 0xC0 == 0x80 {
            length += 1
        }
        guard length < token.count else {
            // Nothing but the last bytes of a scalar.
            guard length > 0, length < 4 else { return nil }
            let bits = (0..<length).reduce(0) { $0 << 6 | UInt32(p[$1]) & 0x3F }
            return Seams.partial + UInt32(length) << 18 + bits
        }
        let lead = p[token.count - 1 - length]
        guard bytesAfter(lead) == length else { return nil }
        return scalarBefore(p, token.count)
    }

    /// The key of a token's beginning; nil if it cannot begin between two scalars.
    private static func start(of token: Bytes) -> UInt32? {
        guard let p = token.baseAddress, token.count > 0, let after = bytesAfter(p[0]) else {
            return nil
        }
        var length = 0
        if token.count > after {
            return scalar(p, 0, &length)
        }
        // The first bytes of a scalar and nothing else: bits of the lead, then six of each other.
        let width = UInt32(after) + 1
        let lead = UInt32(p[0]) & (0x7F >> width)
        let code = (1..<token.count).reduce(lead) { $0 << 6 | UInt32(p[$1]) & 0x3F }
        return Seams.partial + (width << 2 | UInt32(token.count)) << 18 + code
    }

    /// How many bytes follow a lead byte; nil for bytes that lead nothing.
    private static func bytesAfter(_ lead: UInt8) -> Int? {
        switch lead {
        case 0..<0x80: 0
        case 0xC2...0xDF: 1
        case 0xE0...0xEF: 2
        case 0xF0...0xF4: 3
        default: nil
        }
    }
}

/// The tables of a `SeamTable`, which owns them.
struct Seams {
    /// Pairs of the commonest scalars (`common`), one byte each.
    fileprivate let narrow: UnsafeMutablePointer<UInt8>
    /// Pairs of ends and beginnings, hashed to single bits; a collision only hides a seam.
    fileprivate let bits: UnsafeMutablePointer<UInt64>
    /// Which incomplete ends and beginnings occur at all, hashed to single bits.
    fileprivate let partialEnds: UnsafeMutablePointer<UInt64>
    fileprivate let partialStarts: UnsafeMutablePointer<UInt64>

    /// Whether no merge can cross the boundary between two scalars.
    @inline(__always)
    func isSeam(_ before: UInt32, _ after: UInt32) -> Bool {
        let (a, b) = (Self.common(before), Self.common(after))
        if a | b < 256 { return narrow[a << 8 | b] != 0 }
        return isWideSeam(before, after)
    }

    /// U+2581, the space of SentencePiece-style texts.
    private static let metaspace: UInt32 = 0x2581

    /// A number below 256 for ASCII and the metaspace, above for others.
    @inline(__always)
    private static func common(_ code: UInt32) -> Int {
        code < 128 ? Int(code) : code == metaspace ? 128 : 256
    }

    /// All ways in which the text on both sides may be the end and the beginning of tokens.
    private func isWideSeam(_ before: UInt32, _ after: UInt32) -> Bool {
        guard startsClear(of: before, after) else { return false }
        var mask: UInt32 = 0x3F
        var length: UInt32 = 1
        // The last bytes of the scalar before, as long as they are not all of it.
        while length < Self.width(before) {
            let end = Self.partial + length << 18 + before & mask
            if Self.isSet(partialEnds, Self.smallBit(end)), !startsClear(of: end, after) {
                return false
            }
            mask = mask << 6 | 0x3F
            length += 1
        }
        return true
    }

    /// Whether no token that begins as the text after does follows this end in a merge.
    @inline(__always)
    private func startsClear(of end: UInt32, _ after: UInt32) -> Bool {
        if Self.isSet(bits, Self.bit(end, after)) { return false }
        let width = Self.width(after)
        var length: UInt32 = 1
        while length < width {
            let start = Self.startKey(after, width, length)
            if Self.isSet(partialStarts, Self.smallBit(start)),
                Self.isSet(bits, Self.bit(end, start))
            {
                return false
            }
            length += 1
        }
        return true
    }

    // MARK: - Keys

    /// Keys from here on are ends or beginnings that are not whole scalars.
    fileprivate static let partial: UInt32 = 0x110000

    /// How many bytes a scalar has.
    @inline(__always)
    private static func width(_ code: UInt32) -> UInt32 {
        code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
    }

    /// The first `length` bytes of a scalar of `width`, which is more.
    @inline(__always)
    private static func startKey(_ code: UInt32, _ width: UInt32, _ length: UInt32) -> UInt32 {
        partial + (width << 2 | length) << 18 + code >> (6 * (width - length))
    }

    // MARK: - Building

    fileprivate func add(_ end: UInt32, _ start: UInt32) {
        Self.set(bits, Self.bit(end, start))
        if end >= Self.partial { Self.set(partialEnds, Self.smallBit(end)) }
        if start >= Self.partial { Self.set(partialStarts, Self.smallBit(start)) }
    }

    fileprivate func finish() {
        let scalars = Array(0..<128) + [Self.metaspace]
        for before in scalars {
            for after in scalars where isWideSeam(before, after) {
                narrow[Self.common(before) << 8 | Self.common(after)] = 1
            }
        }
    }

    // MARK: - Bits

    @inline(__always)
    private static func bit(_ end: UInt32, _ start: UInt32) -> Int {
        let key = UInt64(end) << 32 | UInt64(start)
        return Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 42)
    }

    @inline(__always)
    private static func smallBit(_ key: UInt32) -> Int {
        Int(truncatingIfNeeded: (UInt64(key) &* 0x9E37_79B9_7F4A_7C15) >> 48)
    }

    @inline(__always)
    private static func isSet(_ table: UnsafeMutablePointer<UInt64>, _ bit: Int) -> Bool {
        table[bit >> 6] >> UInt64(bit & 63) & 1 != 0
    }

    private static func set(_ table: UnsafeMutablePointer<UInt64>, _ bit: Int) {
        table[bit >> 6] |= 1 << UInt64(bit & 63)
    }
}
