// Seams: places between two scalars that no merge can cross, because no left token ends in the one (or
// in its last bytes) while its right token begins with the other (or with its first bytes). Taken apart
// there, a text is spelled exactly as before. SentencePiece-style files leave whole texts in one piece,
// byte-level ones whole sentences of Chinese; cut at seams they become parts that a cache can hold.
// The keys and the look-ups are spelling.h's.

import CArenaText

/// Which neighbours some merge may join; errs only towards "may join".
final class SeamTable: Sendable {
    private let narrow = Table<UInt8>(count: 256 * 256, repeating: 0)
    private let bits = Table<UInt64>(count: (1 << 22) / 64, repeating: 0)
    private let partialMeets = Table<UInt64>(count: (1 << 16) / 64, repeating: 0)
    private let partialEnds = Table<UInt64>(count: (1 << 16) / 64, repeating: 0)
    private let partialStarts = Table<UInt64>(count: (1 << 16) / 64, repeating: 0)
    /// Whether scalars without a token must keep their neighbours: what comes out for them may fuse.
    let holdsUnknown: Bool
    /// The tables as loops want them; valid as long as this object.
    nonisolated(unsafe) let seams: arena_seams

    /// For tokens whose bytes `bytesOf` gives; nil for tokens that cannot occur in a text.
    init(merges: MergeList, idEnd: Int, holdsUnknown: Bool, bytesOf: (Int) -> Bytes?) {
        self.holdsUnknown = holdsUnknown
        seams = arena_seams(
            narrow: narrow.base, bits: bits.base, partial_meets: partialMeets.base,
            partial_ends: partialEnds.base, partial_starts: partialStarts.base)
        // The keys of all tokens, or `none`: one token takes part in many merges.
        let ends = Table<UInt32>(count: max(1, idEnd), repeating: SymbolTable.none)
        let starts = Table<UInt32>(count: max(1, idEnd), repeating: SymbolTable.none)
        for id in 0..<idEnd {
            guard let token = bytesOf(id) else { continue }
            ends.base[id] = Self.end(of: token) ?? SymbolTable.none
            starts.base[id] = Self.start(of: token) ?? SymbolTable.none
        }
        for rank in 0..<merges.count {
            let pair = merges.operands.base[rank]
            let end = ends.base[Int(pair >> 32)]
            let start = starts.base[Int(pair & 0xFFFF_FFFF)]
            guard end != SymbolTable.none, start != SymbolTable.none else { continue }
            Self.set(bits, arena_seam_bit(end, start))
            if end >= Self.partial { Self.set(partialEnds, arena_seam_small_bit(end)) }
            if start >= Self.partial {
                Self.set(partialStarts, arena_seam_small_bit(start))
                Self.set(partialMeets, arena_seam_small_bit(end))
            }
        }
        let scalars = Array(0..<128) + [UInt32(ARENA_METASPACE)]
        withUnsafePointer(to: seams) { seams in
            for before in scalars {
                for after in scalars where arena_seam_is_wide(seams, before, after) {
                    let place = arena_seam_common(before) << 8 | arena_seam_common(after)
                    narrow.base[Int(place)] = 1
                }
            }
        }
    }

    /// Keys from here on are ends or beginnings that are not whole scalars.
    private static let partial = UInt32(ARENA_SEAM_PARTIAL)

    private static func set(_ table: Table<UInt64>, _ bit: UInt32) {
        table.base[Int(bit >> 6)] |= 1 << UInt64(bit & 63)
    }

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
            return partial + UInt32(length) << 18 + bits
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
        return partial + (width << 2 | UInt32(token.count)) << 18 + code
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

extension arena_seams {
    /// Whether no merge can cross the boundary between two scalars.
    func isSeam(_ before: UInt32, _ after: UInt32) -> Bool {
        withUnsafePointer(to: self) { arena_seam($0, before, after) }
    }
}
