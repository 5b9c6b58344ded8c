// Vectors of 16 ranks, for the loops that look for the least.

#ifndef ARENA_MERGE_H
#define ARENA_MERGE_H

#include "CArenaText.h"

#include <string.h>

typedef uint32_t u32x16 __attribute__((ext_vector_type(16)));
typedef bool boolx16 __attribute__((ext_vector_type(16)));

ARENA_INLINE uint32_t merge_least(const uint32_t *block) {
    u32x16 v;
    memcpy(&v, block, sizeof v);
    return __builtin_reduce_min(v);
}

ARENA_INLINE uint32_t merge_first_of(const uint32_t *block, uint32_t value) {
    u32x16 v;
    memcpy(&v, block, sizeof v);
    boolx16 same = __builtin_convertvector(v == value, boolx16);
    uint16_t bits;
    memcpy(&bits, &same, sizeof bits);
    return (uint32_t)__builtin_ctz(bits | 0x10000u);
}

ARENA_INLINE uint32_t merge_rounded(uint32_t count) { return (count + 15) & ~15u; }

#endif
