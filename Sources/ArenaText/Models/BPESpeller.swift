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
        ids.reserve(pieces.text.count * (model.spellsBytes && model.symbols.fallsBack ? 2 : 1) + 4)
        if model.spellsBytes {
            state.spellBytes(model, pieces, &ids)
        } else {
            state.spellScalars(model, pieces, &ids)
        }
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

    mutating func spellBytes(_ model: BPE, _ pieces: borrowing Pieces, _ ids: inout Scratch<Int32>)
    {
        guard let p = pieces.text.baseAddress else { return }
        var out = ids.base + ids.count
        var start = 0
        for end in pieces.pieceEnds {
            let end = Int(end)
            out += spellPiece(model, p + start, end - start, out)
            start = end
        }
        ids.count = out - ids.base
    }

    /// Takes pieces apart at their seams first, except where whole pieces may be tokens.
    mutating func spellScalars(
        _ model: BPE, _ pieces: borrowing Pieces, _ ids: inout Scratch<Int32>
    ) {
        guard let p = pieces.text.baseAddress else { return }
        var out = ids.base + ids.count
        var start = 0
        for end in pieces.pieceEnds {
            let end = Int(end)
            if let seams = model.seams, seams.isUsable, !model.ignoreMerges {
                out += spellParts(model, seams, p, start, end, out)
            } else {
                out += spellPiece(model, p + start, end - start, out)
            }
            start = end
        }
        ids.count = out - ids.base
    }

    @inline(__always)
    private mutating func spellParts(
        _ model: BPE, _ seams: SeamTable, _ p: UnsafePointer<UInt8>, _ start: Int, _ end: Int,
        _ ids: UnsafeMutablePointer<Int32>
    ) -> Int {
        var out = ids
        var part = start
        var length = 0
        var before = scalar(p, start, &length)
        var i = start + length
        while i < end {
            let code = scalar(p, i, &length)
            if seams.isSeam(before, code),
                !seams.holdsUnknown
                    || model.symbols.id(of: before) != SymbolTable.none
                        && model.symbols.id(of: code) != SymbolTable.none
            {
                out += spellPiece(model, p + part, i - part, out)
                part = i
            }
            before = code
            i += length
        }
        out += spellPiece(model, p + part, end - part, out)
        return out - ids
    }

    @inline(__always)
    private mutating func spellPiece(
        _ model: BPE, _ p: UnsafePointer<UInt8>, _ n: Int, _ out: UnsafeMutablePointer<Int32>
    ) -> Int {
        guard n < 16 else { return spellLong(model, p, n, out) }
        let (low, high) = PieceCache.key(p, n)
        let count = cache.find(low, high, into: out)
        return count >= 0 ? count : spellNew(model, p, n, low, high, out)
    }

    @inline(never)
    private mutating func spellNew(
        _ model: BPE, _ p: UnsafePointer<UInt8>, _ n: Int, _ low: UInt64, _ high: UInt64,
        _ out: UnsafeMutablePointer<Int32>
    ) -> Int {
        let unknownBefore = unknown
        let count = merge(model, p, n, out)
        if unknown == unknownBefore { cache.insert(low, high, out, count) }
        return count
    }

    @inline(never)
    private mutating func spellLong(
        _ model: BPE, _ p: UnsafePointer<UInt8>, _ n: Int, _ out: UnsafeMutablePointer<Int32>
    ) -> Int {
        guard n <= PieceCache.longest else { return merge(model, p, n, out) }
        let key = hash(UnsafeRawBufferPointer(start: p, count: n))
        let known = cache.findLong(p, n, key, into: out)
        if known >= 0 { return known }
        let unknownBefore = unknown
        let count = merge(model, p, n, out)
        if unknown == unknownBefore { cache.insertLong(p, n, key, out, count) }
        return count
    }

    private mutating func merge(
        _ model: BPE, _ p: UnsafePointer<UInt8>, _ n: Int, _ out: UnsafeMutablePointer<Int32>
    ) -> Int {
        if let whole = model.wholePieces?.id(of: UnsafeRawBufferPointer(start: p, count: n)) {
            out[0] = Int32(truncatingIfNeeded: whole)
            return 1
        }
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
