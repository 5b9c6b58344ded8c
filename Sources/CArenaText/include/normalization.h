// The data of Unicode's normalization forms as Python's unicodedata has it; all sorted by scalar.

#ifndef ARENA_NORMALIZATION_H
#define ARENA_NORMALIZATION_H

#include <stdint.h>

/// Scalars with one canonical combining class.
typedef struct {
    uint32_t first, last, rank;
} arena_norm_range;

/// Full decompositions of a scalar as stretches of the pool; a length of 0 means itself.
typedef struct {
    uint32_t scalar, canonical, canonical_count, compatible, compatible_count;
} arena_norm_entry;

typedef struct {
    uint32_t first, second, composed;
} arena_norm_pair;

extern const arena_norm_range arena_norm_classes[];
extern const uint32_t arena_norm_class_count;
extern const arena_norm_entry arena_norm_entries[];
extern const uint32_t arena_norm_entry_count;
extern const uint32_t arena_norm_pool[];
extern const arena_norm_pair arena_norm_pairs[];
extern const uint32_t arena_norm_pair_count;

/// The combining class of a scalar.
static inline uint32_t arena_norm_class(uint32_t scalar) {
    uint32_t low = 0, high = arena_norm_class_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (arena_norm_classes[middle].last < scalar) low = middle + 1; else high = middle;
    }
    return low < arena_norm_class_count && arena_norm_classes[low].first <= scalar
        ? arena_norm_classes[low].rank : 0;
}

/// The decomposition of a scalar (Hangul apart), or null; its length in `count`.
static inline const uint32_t *arena_norm_decompose(
    uint32_t scalar, int compatible, uint32_t *count) {
    uint32_t low = 0, high = arena_norm_entry_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (arena_norm_entries[middle].scalar < scalar) low = middle + 1; else high = middle;
    }
    if (low == arena_norm_entry_count || arena_norm_entries[low].scalar != scalar) return 0;
    const arena_norm_entry *e = &arena_norm_entries[low];
    *count = compatible ? e->compatible_count : e->canonical_count;
    return *count ? arena_norm_pool + (compatible ? e->compatible : e->canonical) : 0;
}

/// The scalar that two others compose to (Hangul apart), or 0.
static inline uint32_t arena_norm_compose(uint32_t first, uint32_t second) {
    uint32_t low = 0, high = arena_norm_pair_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        const arena_norm_pair *p = &arena_norm_pairs[middle];
        if (p->first < first || (p->first == first && p->second < second)) low = middle + 1;
        else high = middle;
    }
    return low < arena_norm_pair_count && arena_norm_pairs[low].first == first
            && arena_norm_pairs[low].second == second
        ? arena_norm_pairs[low].composed : 0;
}

#endif
