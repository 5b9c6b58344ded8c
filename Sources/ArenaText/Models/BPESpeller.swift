// Spelling pieces with BPE: bpe.c does it; this file owns what it works on.

import CArenaText

/// One thread's working state for a BPE model.
final class BPESpeller: PieceSpeller {
    private let model: BPE
    private var state = State()

    /// Kept in a struct so that a call checks for exclusive access once.
    private struct State: ~Copyable {
        var c = arena_bpe_state()

        init() { arena_piece_cache_init(&c.cache) }

        deinit {
            var cache = c.cache
            arena_piece_cache_free(&cache)
            Self.free(c.scratch)
        }

        mutating func spell(
            _ model: BPE, _ pieces: borrowing Pieces, _ ids: inout Scratch<Int32>
        ) {
            guard let p = pieces.text.baseAddress, let ends = pieces.pieceEnds.baseAddress else {
                return
            }
            let count = UInt64(pieces.pieceEnds.count)
            var out: UnsafeMutablePointer<Int32>? = ids.base + ids.count
            var done: UInt64 = 0
            while true {
                done = withUnsafePointer(to: model.tables) {
                    arena_bpe_spell($0, &c, p, ends, done, count, &out)
                }
                guard done < count else { break }
                reserve()
            }
            if let out { ids.count = out - ids.base }
        }

        /// Makes the room that a long piece asked for: first its symbols, then the tree's arrays.
        private mutating func reserve() {
            let wantsTree = c.need <= c.scratch.capacity
            let capacity = (max(Int(c.need), Int(c.scratch.capacity)) + 15) / 16 * 16
            Self.free(c.scratch)
            // SAFETY: the sizes that arena_bpe_scratch asks for; freed before the next and in deinit.
            c.scratch = arena_bpe_scratch()
            c.scratch.symbols = .allocate(capacity: capacity + 16)
            c.scratch.capacity = UInt64(capacity)
            guard wantsTree else { return }
            c.scratch.ranks = .allocate(capacity: capacity)
            c.scratch.next = .allocate(capacity: capacity)
            c.scratch.previous = .allocate(capacity: capacity)
            c.scratch.tree = .allocate(capacity: capacity / 8 + 128)
        }

        mutating func trim(above limit: Int) {
            guard c.scratch.capacity > limit else { return }
            Self.free(c.scratch)
            c.scratch = arena_bpe_scratch()
        }

        private static func free(_ scratch: arena_bpe_scratch) {
            scratch.symbols?.deallocate()
            scratch.ranks?.deallocate()
            scratch.next?.deallocate()
            scratch.previous?.deallocate()
            scratch.tree?.deallocate()
        }
    }

    init(_ model: BPE) { self.model = model }

    func spell(_ pieces: borrowing Pieces, into ids: inout Scratch<Int32>) {
        // SAFETY: no piece has more tokens than this: one a byte, or two where bytes of the alphabet
        // are themselves spelled by `<0x..>` tokens; and the cache writes up to five at a time.
        ids.reserve(
            pieces.text.count * (model.spellsBytes && model.symbols.fallsBack ? 2 : 1) + 8)
        state.spell(model, pieces, &ids)
    }

    func takeUnknownCount() -> Int {
        defer { state.c.unknown = 0 }
        return Int(state.c.unknown)
    }

    func trim(above limit: Int) { state.trim(above: limit) }
}
