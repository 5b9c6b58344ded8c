// What short pieces were spelled as the last time: words repeat, and a look-up is far cheaper than
// spelling. One cache a thread. What it holds never changes a result, only the time; cache.c has the rest.

import CArenaText

/// The cache of one thread, freed with it.
struct PieceCache: ~Copyable {
    var cache = arena_piece_cache()

    init() { arena_piece_cache_init(&cache) }

    deinit {
        var cache = cache
        arena_piece_cache_free(&cache)
    }
}
