// Cells of turns, read in one pass for the processor at hand. Anything out of the ordinary is left to
// the readers in Swift, which know every rule and name what is wrong.

#include "CArenaFrame.h"
#include "dispatch.h"

#include <string.h>

/// What stands for itself behind a backslash in JSON, by the letter there.
static const uint8_t simple_escape[256] = {
    ['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = 8, ['f'] = 12, ['n'] = 10, ['r'] = 13, ['t'] = 9,
};

static inline int32_t digit(uint8_t c) {
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static inline int32_t four_digits(const uint8_t *p) {
    int32_t a = digit(p[0]), b = digit(p[1]), c = digit(p[2]), d = digit(p[3]);
    return (a | b | c | d) < 0 ? -1 : a << 12 | b << 8 | c << 4 | d;
}

static inline uint8_t *put_character(uint8_t *to, uint32_t c) {
    if (c < 0x80) {
        *to++ = (uint8_t)c;
    } else if (c < 0x800) {
        *to++ = (uint8_t)(0xC0 | c >> 6);
        *to++ = (uint8_t)(0x80 | (c & 63));
    } else if (c < 0x10000) {
        *to++ = (uint8_t)(0xE0 | c >> 12);
        *to++ = (uint8_t)(0x80 | (c >> 6 & 63));
        *to++ = (uint8_t)(0x80 | (c & 63));
    } else {
        *to++ = (uint8_t)(0xF0 | c >> 18);
        *to++ = (uint8_t)(0x80 | (c >> 12 & 63));
        *to++ = (uint8_t)(0x80 | (c >> 6 & 63));
        *to++ = (uint8_t)(0x80 | (c & 63));
    }
    return to;
}

/// Eight bytes; a borrow can mark a byte above a stop too, never one below it.
static inline uint64_t copy_and_find(const uint8_t *p, uint8_t *to) {
    const uint64_t ones = 0x0101010101010101ull, high = 0x8080808080808080ull;
    uint64_t word;
    memcpy(&word, p, 8);
    memcpy(to, &word, 8);
    uint64_t quote = word ^ ones * '"', slash = word ^ ones * '\\';
    uint64_t stops = ((quote - ones) & ~quote) | ((slash - ones) & ~slash)
        | ((word - ones * 0x20) & ~word);
    stops &= high;
    // One bit a byte is what the caller counts.
    return stops ? 1ull << (__builtin_ctzll(stops) >> 3) : 0;
}

#define NAME read_plain
#define TARGET
#define WIDTH 8
#define COPY_AND_FIND(p, to, stops) stops = copy_and_find(p, to)
#include "turns_template.h"
#undef NAME
#undef TARGET
#undef WIDTH
#undef COPY_AND_FIND

#if defined(__x86_64__)
#include <immintrin.h>

#define NAME read_avx2
#define TARGET __attribute__((target("avx2,bmi")))
#define WIDTH 32
#define COPY_AND_FIND(p, to, stops)                                                                \
    do {                                                                                           \
        __m256i v = _mm256_loadu_si256((const __m256i *)(p));                                      \
        _mm256_storeu_si256((__m256i *)(to), v);                                                   \
        __m256i control = _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(31)), v);          \
        __m256i marks = _mm256_or_si256(                                                           \
            _mm256_cmpeq_epi8(v, _mm256_set1_epi8('"')),                                           \
            _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\\')));                                         \
        stops = (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(marks, control));                   \
    } while (0)
#include "turns_template.h"
#endif

long arena_turns_read(
    const uint8_t *cell, size_t count, uint8_t *out, arena_turn *turns, size_t room, int python,
    size_t *lone) {
#if defined(__x86_64__)
    if (arena_frame_avx2()) return read_avx2(cell, count, out, turns, room, python, lone);
#endif
    return read_plain(cell, count, out, turns, room, python, lone);
}
