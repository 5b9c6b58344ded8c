// What a BPE piece starts from: the token of every byte, or of every scalar with bytes to fall back on.

import ArenaCore

/// The first symbols of a text, before any merge.
final class SymbolTable: Sendable {
    static let none = UInt32.max

    let spellsBytes: Bool
    /// Spelling bytes: the token of each byte. Spelling scalars: the `<0x..>` tokens, if all are there.
    let byteIDs: Table<UInt32>
    /// Whether every text can be spelled without an unknown token.
    let isComplete: Bool
    /// Whether a byte that has no token may be spelled by tokens such as `<0xC4>`.
    let fallsBack: Bool
    /// The `<0x..>` token of each byte, or `none`.
    let fallbackIDs: Table<UInt32>
    /// Pages of 256 symbols: what a scalar starts as; page 0 is empty. Spelling bytes: see `joinScalars`.
    let pageOf: Table<UInt16>
    nonisolated(unsafe) private(set) var pages: Table<UInt32>

    init(vocabulary: ByteDictionary, idEnd: Int, spellsBytes: Bool, fallsBack: Bool) {
        self.spellsBytes = spellsBytes
        self.fallsBack = fallsBack
        fallbackIDs = Table(count: 256, repeating: Self.none)
        if fallsBack {
            for byte in 0..<256 {
                let digits = Array("0123456789ABCDEF".utf8)
                let name =
                    Array("<0x".utf8) + [digits[byte >> 4], digits[byte & 15], UInt8(ascii: ">")]
                if let id = name.withUnsafeBytes({ vocabulary.id(of: $0) }) {
                    fallbackIDs.base[byte] = UInt32(id)
                }
            }
        }
        byteIDs = Table(count: 256, repeating: Self.none)
        pageOf = Table(count: 0x1100, repeating: 0)
        if spellsBytes {
            var name = Scratch<UInt8>()
            for byte in 0..<256 {
                name.count = 0
                appendScalar(ByteAlphabet.shared.scalarOf[byte], to: &name)
                if let id = vocabulary.id(of: UnsafeRawBufferPointer(name.contents)) {
                    byteIDs.base[byte] = UInt32(id)
                }
            }
            pages = Table(count: 256, repeating: Self.none)
            isComplete = !UnsafeBufferPointer(start: byteIDs.base, count: 256).contains(Self.none)
            return
        }
        pages = Table(count: 256, repeating: Self.none)
        isComplete = !UnsafeBufferPointer(start: fallbackIDs.base, count: 256).contains(Self.none)
        fillPages(vocabulary, idEnd) { _, _ in true }
    }

    /// Spelling bytes: gives each scalar of several bytes the token that they become by themselves, where
    /// whatever that token merges into has a later rank than what makes it. Merging may start from such a
    /// token if nothing reaches into it from outside: it is whole before its first merge either way.
    func joinScalars(
        _ vocabulary: ByteDictionary, _ merges: MergeList, _ table: MergeTable, count idEnd: Int
    ) {
        var ranks: [UInt32: UInt32] = [:]
        fillPages(vocabulary, idEnd) { token, id in
            guard token.count > 1, let rank = lastRank(token, id, table) else { return false }
            ranks[id] = rank
            return true
        }
        let early = UnsafeBufferPointer(start: merges.operands.base, count: merges.count)
        var spoilt: Set<UInt32> = []
        var isScalar = [Bool](repeating: false, count: idEnd)
        for id in ranks.keys { isScalar[Int(id)] = true }
        for (rank, pair) in early.enumerated() {
            for id in [UInt32(pair >> 32), UInt32(pair & 0xFFFF_FFFF)] where isScalar[Int(id)] {
                if let last = ranks[id], rank <= last { spoilt.insert(id) }
            }
        }
        guard !spoilt.isEmpty else { return }
        for at in 0..<pages.count where spoilt.contains(pages.base[at]) {
            pages.base[at] = Self.none
        }
    }

    /// The rank of the last merge that makes a token of its bytes; nil if they become something else.
    private func lastRank(_ token: Bytes, _ id: UInt32, _ merges: MergeTable) -> UInt32? {
        var symbols = token.map { byteIDs.base[Int($0)] }
        var last: UInt32 = 0
        while symbols.count > 1 {
            var best = Self.none
            var place = 0
            for i in 1..<symbols.count {
                let rank = merges.rank(of: symbols[i - 1], symbols[i])
                if rank < best { (best, place) = (rank, i - 1) }
            }
            guard best != Self.none else { return nil }
            last = max(last, best)
            symbols[place] = merges.merged.base[Int(best)]
            symbols.remove(at: place + 1)
        }
        return symbols[0] == id ? last : nil
    }

    /// Enters the tokens that are one scalar and pass a test.
    private func fillPages(
        _ vocabulary: ByteDictionary, _ idEnd: Int, _ accepts: (Bytes, UInt32) -> Bool
    ) {
        var entries: [(code: UInt32, id: UInt32)] = []
        var pageCount: UInt16 = 1
        var length = 0
        for id in 0..<idEnd {
            guard let token = vocabulary.bytes(of: id), let p = token.baseAddress, token.count > 0,
                token.count < 5, firstInvalidUTF8(UnsafeRawBufferPointer(token)) == nil
            else { continue }
            let code = scalar(p, 0, &length)
            guard length == token.count, accepts(token, UInt32(id)) else { continue }
            entries.append((code, UInt32(id)))
            if pageOf.base[Int(code >> 8)] == 0 {
                pageOf.base[Int(code >> 8)] = pageCount
                pageCount += 1
            }
        }
        pages = Table(count: Int(pageCount) * 256, repeating: Self.none)
        for (code, id) in entries {
            pages.base[Int(pageOf.base[Int(code >> 8)]) << 8 | Int(code & 255)] = id
        }
    }

    /// The token of a scalar, or `none`.
    @inline(__always)
    func id(of code: UInt32) -> UInt32 {
        pages.base[Int(pageOf.base[Int(code >> 8)]) << 8 | Int(code & 255)]
    }

    /// The token `<0x..>` of a byte, or `none`.
    @inline(__always)
    func fallbackID(of byte: UInt8) -> UInt32 { fallbackIDs.base[Int(byte)] }

    /// The tokens that stand for bytes.
    var fallbackTokens: Set<UInt32> {
        Set(UnsafeBufferPointer(start: fallbackIDs.base, count: 256)).subtracting([Self.none])
    }
}
