// Spelling pieces with BPE: from the cache, as whole tokens, or by merging.

import CArenaText

/// One thread's working state for a BPE model.
final class BPESpeller: PieceSpeller {
    private let model: BPE
    private var state = BPEState()

    init(_ model: BPE) { self.model = model }

    func spell(_ pieces: borrowing Pieces, into ids: inout Scratch<Int32>) {
        // SAFETY: no piece has more tokens than this: one a byte, or two where bytes of the alphabet
        // are themselves spelled by `<0x..>` tokens; and the cache writes three at a time.
        ids.reserve(
            pieces.text.count * (model.spellsBytes && model.symbols.fallsBack ? 2 : 1) + 4)
        state.spell(model, pieces, &ids)
    }

    func takeUnknownCount() -> Int {
        defer { state.unknown = 0 }
        return state.unknown
    }

    func trim(above limit: Int) { state.symbols.trim(above: limit) }
}

/// Kept in a struct so that a call checks for exclusive access once, not at every piece.
private struct BPEState: ~Copyable {
    var cache = PieceCache()
    var symbols = SymbolScratch()
    var unknown = 0

    mutating func spell(
        _ model: BPE, _ pieces: borrowing Pieces, _ ids: inout Scratch<Int32>
    ) {
        guard let p = pieces.text.baseAddress else { return }
        var out = ids.base + ids.count
        var start = 0
        for end in pieces.pieceEnds {
            let end = Int(end)
            out += spell(model, p + start, end - start, out, isPart: false)
            start = end
        }
        ids.count = out - ids.base
    }

    /// Spells a piece, or a part of one between seams, which is never a token as a whole.
    @inline(__always)
    private mutating func spell(
        _ model: BPE, _ p: UnsafePointer<UInt8>, _ n: Int, _ out: UnsafeMutablePointer<Int32>,
        isPart: Bool
    ) -> Int {
        guard n < 16 else { return spellLong(model, p, n, out, isPart: isPart) }
        var (low, high) = PieceCache.key(p, n)
        if isPart, model.ignoreMerges { high |= 1 << 63 }
        let count = cache.find(low, high, into: out)
        return count >= 0 ? count : spellNew(model, p, n, low, high, out, isPart: isPart)
    }

    @inline(never)
    private mutating func spellNew(
        _ model: BPE, _ p: UnsafePointer<UInt8>, _ n: Int, _ low: UInt64, _ high: UInt64,
        _ out: UnsafeMutablePointer<Int32>, isPart: Bool
    ) -> Int {
        let unknownBefore = unknown
        let whole = isPart ? nil : wholeToken(model, p, n, out)
        let count = whole ?? merge(model, p, n, out)
        if unknown == unknownBefore { cache.insert(low, high, out, count) }
        return count
    }

    @inline(never)
    private mutating func spellLong(
        _ model: BPE, _ p: UnsafePointer<UInt8>, _ n: Int, _ out: UnsafeMutablePointer<Int32>,
        isPart: Bool
    ) -> Int {
        guard n <= PieceCache.longest else { return spellApart(model, p, n, out, isPart: isPart) }
        let key = hash(UnsafeRawBufferPointer(start: p, count: n)) ^ (isPart ? 1 : 0)
        let known = cache.findLong(p, n, key, into: out)
        if known >= 0 { return known }
        let unknownBefore = unknown
        let count = spellApart(model, p, n, out, isPart: isPart)
        if unknown == unknownBefore { cache.insertLong(p, n, key, out, count) }
        return count
    }

    /// As a whole token if it is one, else apart at its seams.
    private mutating func spellApart(
        _ model: BPE, _ p: UnsafePointer<UInt8>, _ n: Int, _ out: UnsafeMutablePointer<Int32>,
        isPart: Bool
    ) -> Int {
        if isPart { return merge(model, p, n, out) }
        if let whole = wholeToken(model, p, n, out) { return whole }
        guard let table = model.seams else { return merge(model, p, n, out) }
        return spellParts(model, table.seams, table.holdsUnknown, p, n, out)
    }

    private mutating func spellParts(
        _ model: BPE, _ seams: Seams, _ holdsUnknown: Bool, _ p: UnsafePointer<UInt8>, _ n: Int,
        _ ids: UnsafeMutablePointer<Int32>
    ) -> Int {
        var out = ids
        var part = 0
        var length = 0
        var before = scalar(p, 0, &length)
        var i = length
        while i < n {
            let code = scalar(p, i, &length)
            if seams.isSeam(before, code),
                !holdsUnknown
                    || model.symbols.id(of: before) != SymbolTable.none
                        && model.symbols.id(of: code) != SymbolTable.none
            {
                out += spell(model, p + part, i - part, out, isPart: true)
                part = i
            }
            before = code
            i += length
        }
        out += spell(model, p + part, n - part, out, isPart: true)
        return out - ids
    }

    /// The token that a whole piece is, where the model looks for that before any merge.
    private func wholeToken(
        _ model: BPE, _ p: UnsafePointer<UInt8>, _ n: Int, _ out: UnsafeMutablePointer<Int32>
    ) -> Int? {
        let piece = UnsafeRawBufferPointer(start: p, count: n)
        guard let whole = model.wholePieces?.id(of: piece) else { return nil }
        out[0] = Int32(truncatingIfNeeded: whole)
        return 1
    }

    private mutating func merge(
        _ model: BPE, _ p: UnsafePointer<UInt8>, _ n: Int, _ out: UnsafeMutablePointer<Int32>
    ) -> Int {
        let left: UInt32
        if let ranks = model.byteRanks {
            symbols.reserve(n)
            left = withUnsafePointer(to: symbols.view) { view in
                withUnsafePointer(to: model.merges.pairs) { pairs in
                    arena_bpe_merge_bytes(
                        pairs, view, model.symbols.byteIDs.base, ranks.base, p, UInt32(n))
                }
            }
        } else {
            let count = firstSymbols(model, p, n)
            left = withUnsafePointer(to: symbols.view) { view in
                withUnsafePointer(to: model.merges.pairs) { pairs in
                    arena_bpe_merge(pairs, view, UInt32(count))
                }
            }
        }
        // SAFETY: at most one token a first symbol, for which `spell` made room.
        UnsafeMutableRawPointer(out).copyMemory(
            from: symbols.view.symbols, byteCount: Int(left) * 4)
        return Int(left)
    }

    /// Writes what a piece starts from. An unknown token is held back until the next known symbol, as
    /// the reference does, so bytes that are fallen back on come before it.
    private mutating func firstSymbols(_ model: BPE, _ p: UnsafePointer<UInt8>, _ n: Int) -> Int {
        symbols.reserve(model.spellsBytes ? n * 2 : n)
        guard let into = symbols.view.symbols else { return 0 }
        var count = 0
        var pending = false
        var length = 1
        var i = 0
        func add(_ id: UInt32) {
            into[count] = id
            count += 1
        }
        while i < n {
            let id =
                model.spellsBytes
                ? model.symbols.byteIDs.base[Int(p[i])]
                : model.symbols.id(of: scalar(p, i, &length))
            if id != SymbolTable.none {
                if pending, let unknownID = model.unknownID { add(unknownID) }
                pending = false
                add(id)
            } else if !fallBack(model, p + i, length, add) {
                unknown += 1
                if pending, !model.fuseUnknown, let unknownID = model.unknownID { add(unknownID) }
                pending = true
            }
            i += length
        }
        if pending, let unknownID = model.unknownID { add(unknownID) }
        return count
    }

    /// Spells one scalar by the tokens of its bytes, if all are there.
    private func fallBack(
        _ model: BPE, _ p: UnsafePointer<UInt8>, _ length: Int, _ add: (UInt32) -> Void
    ) -> Bool {
        guard model.symbols.fallsBack else { return false }
        if model.spellsBytes {
            let code = ByteAlphabet.shared.scalarOf[Int(p[0])]
            if code < 0x80 {
                let id = model.symbols.fallbackID(of: UInt8(truncatingIfNeeded: code))
                if id != SymbolTable.none { add(id) }
                return id != SymbolTable.none
            }
            let high = model.symbols.fallbackID(of: UInt8(truncatingIfNeeded: 0xC0 | code >> 6))
            let low = model.symbols.fallbackID(of: UInt8(truncatingIfNeeded: 0x80 | code & 0x3F))
            guard high != SymbolTable.none, low != SymbolTable.none else { return false }
            add(high)
            add(low)
            return true
        }
        for k in 0..<length where model.symbols.fallbackID(of: p[k]) == SymbolTable.none {
            return false
        }
        for k in 0..<length { add(model.symbols.fallbackID(of: p[k])) }
        return true
    }
}

/// The arrays that merging works on.
private struct SymbolScratch: ~Copyable {
    private(set) var view = arena_bpe_scratch()
    private var capacity = 0

    init() { allocate(256) }

    deinit { free() }

    @inline(__always)
    mutating func reserve(_ count: Int) {
        if count > capacity {
            free()
            allocate(max(count, capacity * 2))
        }
    }

    mutating func trim(above limit: Int) {
        guard capacity > limit else { return }
        free()
        allocate(256)
    }

    private mutating func allocate(_ count: Int) {
        capacity = (count + 15) / 16 * 16
        // SAFETY: the sizes that arena_bpe_scratch asks for; freed before the next and in deinit.
        view = arena_bpe_scratch(
            symbols: .allocate(capacity: capacity), ranks: .allocate(capacity: capacity),
            next: .allocate(capacity: capacity), previous: .allocate(capacity: capacity),
            tree: .allocate(capacity: capacity / 8 + 128))
    }

    private func free() {
        view.symbols?.deallocate()
        view.ranks?.deallocate()
        view.next?.deallocate()
        view.previous?.deallocate()
        view.tree?.deallocate()
    }
}
