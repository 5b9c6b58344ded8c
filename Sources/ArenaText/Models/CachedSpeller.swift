// Spelling pieces one by one with a cache of those seen: what all models but BPE do.

import CArenaText

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

        mutating func spell(
            _ model: Model, _ pieces: borrowing Pieces, _ ids: inout Scratch<Int32>
        ) {
            guard let p = pieces.text.baseAddress, let ends = pieces.pieceEnds.baseAddress else {
                return
            }
            let count = UInt64(pieces.pieceEnds.count)
            var out: UnsafeMutablePointer<Int32>? = ids.base + ids.count
            var done: UInt64 = 0
            while true {
                let start = done == 0 ? 0 : ends[Int(done) - 1]
                done = arena_piece_look_up(
                    &cache.cache, p, start, ends, done, count, 0, &out)
                guard done < count, let at = out else { break }
                let from = done == 0 ? 0 : Int(ends[Int(done) - 1])
                out = at + spellNew(model, p + from, Int(ends[Int(done)]) - from, at)
                done += 1
            }
            if let out { ids.count = out - ids.base }
        }

        private mutating func spellNew(
            _ model: Model, _ p: UnsafePointer<UInt8>, _ n: Int, _ out: UnsafeMutablePointer<Int32>
        ) -> Int {
            if n > 15 {
                let known = arena_piece_find_long(&cache.cache, p, UInt64(n), 0, out)
                if known >= 0 { return Int(known) }
            }
            let unknownBefore = unknown
            let count = model.spell(p, n, &memory, into: out, unknown: &unknown)
            if unknown == unknownBefore {
                arena_piece_insert(&cache.cache, p, UInt64(n), 0, out, UInt64(count))
            }
            return count
        }
    }

    init(_ model: Model) {
        self.model = model
        state = State(memory: model.makeMemory())
    }

    func spell(_ pieces: borrowing Pieces, into ids: inout Scratch<Int32>) {
        // SAFETY: at most one token a byte, and the cache writes up to five at a time.
        ids.reserve(pieces.text.count + 8)
        state.spell(model, pieces, &ids)
    }

    func takeUnknownCount() -> Int {
        defer { state.unknown = 0 }
        return state.unknown
    }

    func trim(above limit: Int) { model.trim(&state.memory, above: limit) }
}
