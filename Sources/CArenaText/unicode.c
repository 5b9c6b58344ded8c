// Look-ups in the tables of Unicode normalization; both tables are sorted.

#include "CArenaText.h"

#include <stdbool.h>

static const arena_text_decomposition *find(
    const arena_text_decomposition *entries, uint32_t count, uint32_t scalar) {
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (entries[middle].scalar < scalar) low = middle + 1; else high = middle;
    }
    return low < count && entries[low].scalar == scalar ? &entries[low] : 0;
}

const uint32_t *arena_text_decompose(uint32_t scalar, uint32_t *count) {
    const arena_text_decomposition *found =
        find(arena_text_decompositions, arena_text_decomposition_count, scalar);
    if (!found) return 0;
    *count = found->count;
    return arena_text_decomposed + found->start;
}

const uint32_t *arena_text_decompose_compatible(uint32_t scalar, uint32_t *count) {
    const arena_text_decomposition *found =
        find(arena_text_compatible_entries, arena_text_compatible_count, scalar);
    if (!found) return 0;
    *count = found->count;
    return arena_text_compatible_pool + found->start;
}

const uint32_t *arena_text_lowercase(uint32_t scalar, uint32_t *count) {
    const arena_text_decomposition *found =
        find(arena_text_lower_entries, arena_text_lower_count, scalar);
    if (!found) return 0;
    *count = found->count;
    return arena_text_lower_pool + found->start;
}

uint32_t arena_text_compose(uint32_t first, uint32_t second) {
    uint32_t low = 0, high = arena_text_composition_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        const arena_text_composition *c = &arena_text_compositions[middle];
        bool before = c->first < first || (c->first == first && c->second < second);
        if (before) low = middle + 1; else high = middle;
    }
    if (low == arena_text_composition_count) return 0;
    const arena_text_composition *c = &arena_text_compositions[low];
    return c->first == first && c->second == second ? c->composed : 0;
}

uint32_t arena_text_script(uint32_t scalar) {
    // The last run that begins at or before the scalar; the first begins at 0.
    uint32_t low = 0, high = arena_text_script_count;
    while (high - low > 1) {
        uint32_t middle = (low + high) / 2;
        if (arena_text_scripts[middle] >> 8 <= scalar) low = middle; else high = middle;
    }
    return arena_text_scripts[low] & 0xFF;
}
