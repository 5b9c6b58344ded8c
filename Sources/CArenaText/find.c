// Looking for the bytes that something may begin with, 32 at a time.

#include "CArenaText.h"

#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("avx2"))) static uint64_t find_avx2(
    const arena_byte_set *set, const uint8_t *p, uint64_t i, uint64_t end) {
    const __m256i low = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)set->low));
    const __m256i high = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)set->high));
    const __m256i half = _mm256_set1_epi8(15), none = _mm256_setzero_si256();
    for (; i < end; i += 32) {
        __m256i bytes = _mm256_loadu_si256((const __m256i *)(p + i));
        __m256i groups = _mm256_and_si256(
            _mm256_shuffle_epi8(low, _mm256_and_si256(bytes, half)),
            _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(bytes, 4), half)));
        uint32_t found = ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(groups, none));
        for (; found; found &= found - 1) {
            uint64_t at = i + (uint32_t)__builtin_ctz(found);
            if (at >= end) return end;
            if (set->has[p[at]]) return at;
        }
    }
    return end;
}
#endif

uint64_t arena_find_byte(const arena_byte_set *set, const uint8_t *p, uint64_t i, uint64_t end) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) return find_avx2(set, p, i, end);
#endif
    while (i < end && !set->has[p[i]]) i++;
    return i;
}
