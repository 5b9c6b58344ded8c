// Bytes, 32 at a time: looking for those that something may begin with, and taking over text that has to be
// UTF-8.

#include "CArenaText.h"

#include <string.h>

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

// UTF-8

static bool copy_plain(uint8_t *to, const uint8_t *p, uint64_t n) {
    for (uint64_t i = 0; i < n;) {
        uint8_t a = p[i];
        uint64_t length = a < 0x80 ? 1 : a < 0xC2 ? 0 : a < 0xE0 ? 2 : a < 0xF0 ? 3 : a < 0xF5 ? 4 : 0;
        if (length == 0 || length > n - i) return false;
        for (uint64_t k = 1; k < length; k++) if ((p[i + k] & 0xC0) != 0x80) return false;
        if ((a == 0xE0 && p[i + 1] < 0xA0) || (a == 0xED && p[i + 1] > 0x9F) ||
            (a == 0xF0 && p[i + 1] < 0x90) || (a == 0xF4 && p[i + 1] > 0x8F)) {
            return false;
        }
        i += length;
    }
    memcpy(to, p, n);
    return true;
}

#if defined(__x86_64__)
/// What can be wrong with two bytes side by side; a pair is wrong if all three tables say so (Keiser and
/// Lemire, "Validating UTF-8 in less than one instruction per byte").
enum {
    SHORT = 1, LONG = 2, OVERLONG_3 = 4, LARGE = 8, SURROGATE = 16, OVERLONG_2 = 32, LARGE_1000 = 64,
    OVERLONG_4 = 64, CONTINUED = 128, CARRY = SHORT | LONG | CONTINUED,
};

static const uint8_t first_high[16] = {
    LONG, LONG, LONG, LONG, LONG, LONG, LONG, LONG, CONTINUED, CONTINUED, CONTINUED, CONTINUED,
    SHORT | OVERLONG_2, SHORT, SHORT | OVERLONG_3 | SURROGATE,
    SHORT | LARGE | LARGE_1000 | OVERLONG_4,
};
static const uint8_t first_low[16] = {
    CARRY | OVERLONG_3 | OVERLONG_2 | OVERLONG_4, CARRY | OVERLONG_2, CARRY, CARRY, CARRY | LARGE,
    CARRY | LARGE | LARGE_1000, CARRY | LARGE | LARGE_1000, CARRY | LARGE | LARGE_1000,
    CARRY | LARGE | LARGE_1000, CARRY | LARGE | LARGE_1000, CARRY | LARGE | LARGE_1000,
    CARRY | LARGE | LARGE_1000, CARRY | LARGE | LARGE_1000,
    CARRY | LARGE | LARGE_1000 | SURROGATE, CARRY | LARGE | LARGE_1000, CARRY | LARGE | LARGE_1000,
};
enum {
    SECOND_8 = LONG | OVERLONG_2 | CONTINUED | OVERLONG_3 | LARGE_1000 | OVERLONG_4,
    SECOND_9 = LONG | OVERLONG_2 | CONTINUED | OVERLONG_3 | LARGE,
    SECOND_A = LONG | OVERLONG_2 | CONTINUED | SURROGATE | LARGE,
};
static const uint8_t second_high[16] = {
    SHORT, SHORT, SHORT, SHORT, SHORT, SHORT, SHORT, SHORT, SECOND_8, SECOND_9, SECOND_A, SECOND_A,
    SHORT, SHORT, SHORT, SHORT,
};

#define AVX2 __attribute__((target("avx2")))

AVX2 static inline __m256i table(const uint8_t *t, __m256i index) {
    __m256i values = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)t));
    return _mm256_shuffle_epi8(values, index);
}

AVX2 static inline __m256i high_half(__m256i bytes) {
    return _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(15));
}

/// Not zero where a block that follows another is wrong.
AVX2 static inline __m256i faults(__m256i bytes, __m256i before) {
    __m256i joined = _mm256_permute2x128_si256(before, bytes, 0x21);
    __m256i one = _mm256_alignr_epi8(bytes, joined, 15), two = _mm256_alignr_epi8(bytes, joined, 14);
    __m256i three = _mm256_alignr_epi8(bytes, joined, 13);
    __m256i pairs = _mm256_and_si256(
        _mm256_and_si256(table(first_high, high_half(one)),
                         table(first_low, _mm256_and_si256(one, _mm256_set1_epi8(15)))),
        table(second_high, high_half(bytes)));
    __m256i third = _mm256_subs_epu8(two, _mm256_set1_epi8((char)(0xE0 - 0x80)));
    __m256i fourth = _mm256_subs_epu8(three, _mm256_set1_epi8((char)(0xF0 - 0x80)));
    __m256i wanted = _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8((char)0x80));
    return _mm256_xor_si256(wanted, pairs);
}

AVX2 static bool copy_avx2(uint8_t *to, const uint8_t *from, uint64_t n) {
    __m256i before = _mm256_setzero_si256(), wrong = before;
    bool open = false;  // whether the last block may end inside a scalar
    uint64_t i = 0;
    for (; i + 32 <= n; i += 32) {
        __m256i bytes = _mm256_loadu_si256((const __m256i *)(from + i));
        _mm256_storeu_si256((__m256i *)(to + i), bytes);
        bool ascii = !_mm256_movemask_epi8(bytes);
        if (!ascii || open) wrong = _mm256_or_si256(wrong, faults(bytes, before));
        open = !ascii;
        before = bytes;
    }
    uint8_t rest[32] = {0};
    memcpy(rest, from + i, n - i);
    memcpy(to + i, rest, n - i);
    __m256i bytes = _mm256_loadu_si256((const __m256i *)rest);
    wrong = _mm256_or_si256(wrong, faults(bytes, before));
    return _mm256_testz_si256(wrong, wrong);
}
#endif

bool arena_copy_utf8(uint8_t *to, const uint8_t *from, uint64_t n) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) return copy_avx2(to, from, n);
#endif
    return copy_plain(to, from, n);
}
