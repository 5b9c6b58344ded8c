// Spelling pieces one by one with a cache of those seen: what all models but BPE do.

/// How a model spells one piece.
protocol PieceModel: AnyObject, Sendable {
    associatedtype Memory

    /// Working memory for one thread.
    func makeMemory() -> Memory

    /// Writes the tokens of a piece, at most one a byte, and returns how many; adds to `unknown` what
    /// has no token.
    func spell(
        _ p: UnsafePointer<UInt8>, _ n: Int, _ memory: inout Memory,
        into out: UnsafeMutablePointer<Int32>, unknown: inout Int
    ) -> Int

    /// Gives memory back that one huge text has left behind.
    func trim(_ memory: inout Memory, above limit: Int)
}

/// One thread's working state for such a model.
final class CachedSpeller<Model: PieceModel>: PieceSpeller {
    private let model: Model
    private var state: State

    private struct State: ~Copyable {
        var cache = PieceCache()
        var memory: Model.Memory
        var unknown = 0

        init(memory: Model.Memory) { self.memory = memory }

        @inline(__always)
        mutating func spell(
            _ model: Model, _ p: UnsafePointer<UInt8>, _ n: Int, _ out: UnsafeMutablePointer<Int32>
        ) -> Int {
            let unknownBefore = unknown
            if n < 16 {
                let (low, high) = PieceCache.key(p, n)
                let known = cache.find(low, high, into: out)
                if known >= 0 { return known }
                let count = model.spell(p, n, &memory, into: out, unknown: &unknown)
                if unknown == unknownBefore { cache.insert(low, high, out, count) }
                return count
            }
            guard n <= PieceCache.longest else {
                return model.spell(p, n, &memory, into: out, unknown: &unknown)
            }
            let key = hash(UnsafeRawBufferPointer(start: p, count: n))
            let known = cache.findLong(p, n, key, into: out)
            if known >= 0 { return known }
            let count = model.spell(p, n, &memory, into: out, unknown: &unknown)
            if unknown == unknownBefore { cache.insertLong(p, n, key, out, count) }
            return count
        }
    }

    init(_ model: Model) {
        self.model = model
        state = State(memory: model.makeMemory())
    }

    func spell(_ pieces: borrowing Pieces, into ids: inout Scratch<Int32>) {
        guard let p = pieces.text.baseAddress else { return }
        // SAFETY: at most one token a byte, and the cache writes three at a time.
        ids.reserve(pieces.text.count + 4)
        var out = ids.base + ids.count
        var start = 0
        for end in pieces.pieceEnds {
            let end = Int(end)
            out += state.spell(model, p + start, end - start, out)
            start = end
        }
        ids.count = out - ids.base
    }

    func takeUnknownCount() -> Int {
        defer { state.unknown = 0 }
        return state.unknown
    }

    func trim(above limit: Int) { model.trim(&state.memory, above: limit) }
}
