// Walks through a trie of tokens: the longest token that a text goes on with, and Viterbi's search for the
// best spelling of a piece.

#include "CArenaText.h"

#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { ROOT = 0 };

/// The child of a node by a byte, or ARENA_BPE_NONE.
ARENA_INLINE uint32_t step(const arena_trie *trie, uint32_t node, uint8_t byte) {
    arena_trie_node here = trie->nodes[node];
    if (here.count == 0) return ARENA_BPE_NONE;
    const uint8_t *labels = trie->labels + here.first;
#if defined(__SSE2__)
    const __m128i wanted = _mm_set1_epi8((char)byte);
    for (uint32_t i = 0; i < here.count; i += 16) {
        __m128i some = _mm_loadu_si128((const __m128i *)(labels + i));
        uint32_t same = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(some, wanted));
        if (!same) continue;
        uint32_t at = i + (uint32_t)__builtin_ctz(same);
        return at < here.count ? here.first + at : ARENA_BPE_NONE;
    }
#else
    for (uint32_t i = 0; i < here.count; i++) if (labels[i] == byte) return here.first + i;
#endif
    return ARENA_BPE_NONE;
}

uint32_t arena_trie_step(const arena_trie *trie, uint32_t node, uint8_t byte) {
    return node == ROOT ? trie->first[byte] : step(trie, node, byte);
}

int32_t arena_trie_longest(
    const arena_trie *trie, uint32_t node, const uint8_t *p, uint64_t from, uint64_t n,
    uint64_t *end) {
    int32_t best = -1;
    for (uint64_t i = from; i < n;) {
        node = node == ROOT ? trie->first[p[i]] : step(trie, node, p[i]);
        if (node == ARENA_BPE_NONE) break;
        i++;
        if (trie->nodes[node].id < 0) continue;
        best = trie->nodes[node].id;
        *end = i;
    }
    return best;
}

void arena_unigram_search(
    const arena_trie *trie, const double *scores, double unknown_score, int32_t unknown_id,
    const uint8_t *p, uint64_t n, arena_unigram_node *nodes) {
    for (uint64_t i = 0; i <= n; i++) nodes[i] = (arena_unigram_node){0, -1, 0};
    for (uint64_t start = 0; start < n;) {
        double so_far = nodes[start].score;
        uint8_t lead = p[start];
        uint64_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
        bool has_single = false;
        uint32_t node = trie->first[lead];
        for (uint64_t i = start + 1; node != ARENA_BPE_NONE; i++) {
            arena_trie_node here = trie->nodes[node];
            if (here.id >= 0) {
                double score = scores[here.id] + so_far;
                if (nodes[i].start < 0 || score > nodes[i].score) {
                    nodes[i] = (arena_unigram_node){score, (int32_t)start, here.id};
                }
                if (i - start == length) has_single = true;
            }
            if (i >= n) break;
            node = step(trie, node, p[i]);
        }
        if (!has_single) {
            double score = unknown_score + so_far;
            uint64_t end = start + length;
            if (nodes[end].start < 0 || score > nodes[end].score) {
                nodes[end] = (arena_unigram_node){score, (int32_t)start, unknown_id};
            }
        }
        start += length;
    }
}
