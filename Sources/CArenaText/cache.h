// The inner loop of the cache of pieces, inlined where pieces are spelled.

#ifndef ARENA_CACHE_H
#define ARENA_CACHE_H

#include "CArenaText.h"

#include <string.h>

ARENA_INLINE uint64_t cache_hash(uint64_t low, uint64_t high) { return arena_text_mix(low, high); }

/// The first slot of a hash's group.
ARENA_INLINE uint64_t cache_group(uint64_t hash, uint64_t slot_count) {
    return hash & (slot_count - 4);
}

ARENA_INLINE uint64_t cache_load(const uint8_t *p) {
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

/// The bytes of a piece of 1 to 15, its length on top; 16 bytes from its start are read.
ARENA_INLINE void cache_key(const uint8_t *p, uint64_t n, uint64_t *low, uint64_t *high) {
    uint64_t below = n < 8 ? n : 8, above = n - below;
    *low = cache_load(p) & (~0ull >> (64 - 8 * below));
    *high = (cache_load(p + 8) & ((1ull << (8 * above)) - 1)) | n << 56;
}

ARENA_INLINE uint64_t cache_hash_text(const uint8_t *p, uint64_t n, uint64_t mark) {
    uint64_t hash = n ^ mark << 32, i = 0;
    for (; i + 8 <= n; i += 8) hash = arena_text_mix(hash ^ cache_load(p + i), 0xE7037ED1A0B428DBull);
    if (i < n) hash ^= cache_load(p + n - 8);
    return arena_text_mix(hash, 0x8EBC6AF09C88C6E3ull);
}

/// Copies tokens four at a time.
ARENA_INLINE void cache_copy_ids(int32_t *out, const int32_t *ids, uint32_t count) {
    for (uint32_t i = 0; i < count; i += 4) memcpy(out + i, ids + i, 4 * sizeof *ids);
}

enum { CACHE_BLOCK = 16, CACHE_INLINE = 5, CACHE_ID = (1 << 21) - 1, CACHE_SEEN = 1 << 15 };

/// The mark that a long piece leaves when it is seen.
ARENA_INLINE uint16_t cache_tag(uint64_t hash) { return (uint16_t)hash | 1; }

ARENA_INLINE uint16_t *cache_seen(const arena_piece_cache *cache, uint64_t hash) {
    return cache->seen + (hash >> 16) % CACHE_SEEN;
}

/// `arena_piece_look_up` for a cache that holds something. Keys are made and memory is asked for a block
/// ahead of the comparisons.
ARENA_INLINE uint64_t cache_look_up(
    const arena_piece_cache *cache, const uint8_t *text, uint32_t start, const uint32_t *ends,
    uint64_t from, uint64_t count, uint64_t mark, int32_t **tokens) {
    uint64_t lows[CACHE_BLOCK], highs[CACHE_BLOCK];
    const arena_piece_slot *groups[CACHE_BLOCK];
    const arena_piece_slot *slots = cache->slots;
    uint64_t slot_count = cache->slot_count;
    int32_t *out = *tokens;
    while (from < count) {
        uint64_t block = count - from < CACHE_BLOCK ? count - from : CACHE_BLOCK;
        for (uint64_t k = 0; k < block; k++) {
            uint32_t end = ends[from + k];
            uint64_t n = end - start;
            // A long piece gets a length that no slot has.
            cache_key(text + start, n < 16 ? n : 15, &lows[k], &highs[k]);
            highs[k] |= mark << 63;
            if (n > 15) highs[k] = ~0ull;
            groups[k] = slots + cache_group(cache_hash(lows[k], highs[k]), slot_count);
            __builtin_prefetch(groups[k]);
            start = end;
        }
        for (uint64_t k = 0; k < block; k++) {
            const arena_piece_slot *slot = groups[k], *end = slot + 3;
            while (slot->low != lows[k] || slot->high != highs[k]) {
                if (slot == end || !slot->high) {
                    *tokens = out;
                    return from + k;
                }
                slot++;
            }
            uint64_t first = slot->first, last = slot->last;
            uint32_t size = (uint32_t)(last >> 42);
            if (size <= CACHE_INLINE) {
                out[0] = (int32_t)(first & CACHE_ID);
                out[1] = (int32_t)(first >> 21 & CACHE_ID);
                out[2] = (int32_t)(first >> 42);
                out[3] = (int32_t)(last & CACHE_ID);
                out[4] = (int32_t)(last >> 21 & CACHE_ID);
            } else {
                cache_copy_ids(out, cache->spill + first, size);
            }
            out += size;
        }
        from += block;
    }
    *tokens = out;
    return from;
}

#endif
