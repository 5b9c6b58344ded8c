// Byte-pair merging of one piece. The pair to merge next is the least rank, the leftmost of equals:
// a tree of minima over blocks of 16 finds it, so that a piece of millions of symbols costs n log n
// and a short one a few vector instructions a merge.

#include "merge.h"

typedef arena_bpe_pairs Pairs;
typedef arena_bpe_scratch Scratch;

#define NONE ARENA_BPE_NONE

/// Merges with `ranks[0 ..< count - 1]` filled in.
ARENA_INLINE uint32_t merge_ranked(const Pairs *pairs, const Scratch *s, uint32_t count) {
    uint32_t *symbols = s->symbols, *ranks = s->ranks;
    int32_t *next = s->next, *previous = s->previous;
    uint32_t *level[8];
    for (uint32_t i = count - 1; i < merge_rounded(count); i++) ranks[i] = NONE;
    for (uint32_t i = 0; i < count; i++) {
        next[i] = (int32_t)i + 1;
        previous[i] = (int32_t)i - 1;
    }
    int depth = 1;
    level[0] = ranks;
    uint32_t *room = s->tree;
    for (uint32_t width = merge_rounded(count) / 16; level[depth - 1] == ranks ? width > 1 : width > 0;) {
        uint32_t *above = room;
        for (uint32_t i = 0; i < width; i++) above[i] = merge_least(level[depth - 1] + (uint64_t)i * 16);
        for (uint32_t i = width; i < merge_rounded(width); i++) above[i] = NONE;
        room += merge_rounded(width);
        level[depth++] = above;
        if (width <= 16) break;
        width = merge_rounded(width) / 16;
    }
    for (;;) {
        uint32_t best = merge_least(level[depth - 1]);
        if (best == NONE) break;
        uint32_t at = merge_first_of(level[depth - 1], best);
        for (int d = depth - 2; d >= 0; d--) {
            at = at * 16 + merge_first_of(level[d] + (uint64_t)at * 16, best);
        }

        uint32_t right = (uint32_t)next[at], after = (uint32_t)next[right];
        int32_t before = previous[at];
        symbols[at] = pairs->merged[best];
        next[at] = (int32_t)after;
        ranks[right] = NONE;
        uint32_t symbol = symbols[at];
        uint32_t left_symbol = before >= 0 ? symbols[before] : 0;
        uint32_t right_symbol = after < count ? symbols[after] : 0;
        uint32_t rank = NONE;
        if (after < count) {
            previous[after] = (int32_t)at;
            rank = arena_bpe_rank(pairs, symbol, right_symbol);
        }
        ranks[at] = rank;
        if (before >= 0) {
            rank = arena_bpe_rank(pairs, left_symbol, symbol);
            ranks[before] = rank;
        }
        if (depth == 1) continue;

        uint32_t changed[3] = {at >> 4, right >> 4, before >= 0 ? (uint32_t)before >> 4 : at >> 4};
        for (int k = 0; k < 3; k++) {
            uint32_t block = changed[k];
            if (k > 0 && block == changed[0]) continue;
            for (int d = 1; d < depth; d++) {
                uint32_t value = merge_least(level[d - 1] + (uint64_t)block * 16);
                if (level[d][block] == value) break;
                level[d][block] = value;
                block >>= 4;
            }
        }
    }
    uint32_t left = 0;
    for (uint32_t i = 0; i < count; i = (uint32_t)next[i]) symbols[left++] = symbols[i];
    return left;
}

ARENA_INLINE uint32_t merge_symbols(const Pairs *pairs, const Scratch *s, uint32_t count) {
    if (count < 2) return count;
    for (uint32_t i = 0; i + 1 < count; i++) {
        s->ranks[i] = arena_bpe_rank(pairs, s->symbols[i], s->symbols[i + 1]);
    }
    return merge_ranked(pairs, s, count);
}

uint32_t arena_bpe_merge_plain(const Pairs *pairs, const Scratch *s, uint32_t count) {
    return merge_symbols(pairs, s, count);
}

#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2,bmi,bmi2")))

AVX2 static uint32_t merge_avx2(const Pairs *pairs, const Scratch *s, uint32_t count) {
    return merge_symbols(pairs, s, count);
}

static bool has_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
}
#endif

uint32_t arena_bpe_merge(const Pairs *pairs, const Scratch *s, uint32_t count) {
#if defined(__x86_64__)
    if (has_avx2()) return merge_avx2(pairs, s, count);
#endif
    return merge_symbols(pairs, s, count);
}
