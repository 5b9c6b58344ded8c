// Look-ups in the tables of Unicode normalization; both tables are sorted.

#include "CArenaText.h"

#include <stdbool.h>

const uint32_t *arena_text_decompose(uint32_t scalar, uint32_t *count) {
    uint32_t low = 0, high = arena_text_decomposition_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (arena_text_decompositions[middle].scalar < scalar) low = middle + 1; else high = middle;
    }
    if (low == arena_text_decomposition_count) return 0;
    const arena_text_decomposition *found = &arena_text_decompositions[low];
    if (found->scalar != scalar) return 0;
    *count = found->count;
    return arena_text_decomposed + found->start;
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
