// The scan of CSV for the processor at hand, and what follows it: rows out of ends.

#include "CArenaFrame.h"
#include "dispatch.h"

#include <string.h>

// MARK: - Plain C

static inline uint64_t prefix_xor(uint64_t x) {
    for (int shift = 1; shift < 64; shift <<= 1) x ^= x << shift;
    return x;
}

/// Eight bytes a step: the high bit of each byte that equals `byte`, gathered into eight bits.
static inline uint64_t equal_plain(const uint8_t *p, uint8_t byte) {
    const uint64_t ones = 0x0101010101010101ull, low = 0x7f7f7f7f7f7f7f7full;
    uint64_t mask = 0;
    for (int i = 0; i < 8; i++) {
        uint64_t word;
        memcpy(&word, p + 8 * i, 8);
        word ^= ones * byte;
        uint64_t zero = ~(((word & low) + low) | word | low);
        mask |= (zero >> 7) * 0x0102040810204080ull >> 56 << (8 * i);
    }
    return mask;
}

/// UTF-8 byte by byte: how many bytes of a character are left, and the range of the next.
static inline uint64_t check_plain(
    const uint8_t *p, uint32_t *left, uint32_t *low, uint32_t *high) {
    uint64_t any = *left;
    for (int i = 0; i < 8; i++) {
        uint64_t word;
        memcpy(&word, p + 8 * i, 8);
        any |= word & 0x8080808080808080ull;
    }
    if (!any) return 0;
    for (int i = 0; i < 64; i++) {
        uint8_t c = p[i];
        if (*left) {
            if (c < *low || c > *high) return 1;
            *left -= 1;
            *low = 0x80;
            *high = 0xBF;
        } else if (c >= 0x80) {
            if (c < 0xC2 || c > 0xF4) return 1;
            *left = c < 0xE0 ? 1 : c < 0xF0 ? 2 : 3;
            *low = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;
            *high = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;
        }
    }
    return 0;
}

#define NAME scan_plain
#define TARGET
#define LOAD_BLOCK(p) const uint8_t *block = (p)
#define EQUAL(byte) equal_plain(block, byte)
#define PREFIX_XOR(x) prefix_xor(x)
#define UTF8_BEGIN uint32_t left = s->left, low = s->low, high = s->high
#define CHECK_UTF8(p) wrong |= check_plain(p, &left, &low, &high)
#define UTF8_END s->left = left, s->low = low, s->high = high
#include "csv_scan_template.h"
#undef NAME
#undef TARGET
#undef LOAD_BLOCK
#undef EQUAL
#undef PREFIX_XOR
#undef UTF8_BEGIN
#undef CHECK_UTF8
#undef UTF8_END

// MARK: - AVX2 and carry-less multiplication

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,pclmul,bmi,bmi2,popcnt")))
#define AVX2_INLINE AVX2 static inline __attribute__((always_inline))

AVX2_INLINE uint64_t prefix_xor_avx2(uint64_t x) {
    return (uint64_t)_mm_cvtsi128_si64(
        _mm_clmulepi64_si128(_mm_set_epi64x(0, (long long)x), _mm_set1_epi8((char)0xFF), 0));
}

AVX2_INLINE uint64_t equal_avx2(__m256i a, __m256i b, uint8_t byte) {
    __m256i c = _mm256_set1_epi8((char)byte);
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(a, c))
        | (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(b, c)) << 32;
}

/// Keiser and Lemire, "Validating UTF-8 in less than one instruction per byte" (2020): what is wrong
/// about two bytes in a row, looked up by three of their halves.
AVX2_INLINE __m256i utf8_errors(__m256i input, __m256i before) {
    enum {
        short_ = 1, long_ = 2, over3 = 4, large = 8, surrogate = 16, over2 = 32, large8 = 64,
        over4 = 64, conts = 128, carry = short_ | long_ | conts,
    };
#define TWICE(...) _mm256_setr_epi8(__VA_ARGS__, __VA_ARGS__)
    const __m256i first_high = TWICE(
        long_, long_, long_, long_, long_, long_, long_, long_, (char)conts, (char)conts,
        (char)conts, (char)conts, short_ | over2, short_, short_ | over3 | surrogate,
        short_ | large | large8 | over4);
    const __m256i first_low = TWICE(
        (char)(carry | over3 | over2 | over4), (char)(carry | over2), (char)carry, (char)carry,
        (char)(carry | large), (char)(carry | large | large8), (char)(carry | large | large8),
        (char)(carry | large | large8), (char)(carry | large | large8),
        (char)(carry | large | large8), (char)(carry | large | large8),
        (char)(carry | large | large8), (char)(carry | large | large8),
        (char)(carry | large | large8 | surrogate), (char)(carry | large | large8),
        (char)(carry | large | large8));
    const __m256i second_high = TWICE(
        short_, short_, short_, short_, short_, short_, short_, short_,
        (char)(long_ | over2 | conts | over3 | large8 | over4),
        (char)(long_ | over2 | conts | over3 | large),
        (char)(long_ | over2 | conts | surrogate | large),
        (char)(long_ | over2 | conts | surrogate | large), short_, short_, short_, short_);
#undef TWICE
    __m256i joint = _mm256_permute2x128_si256(before, input, 0x21);
    __m256i one = _mm256_alignr_epi8(input, joint, 15);
    __m256i two = _mm256_alignr_epi8(input, joint, 14);
    __m256i three = _mm256_alignr_epi8(input, joint, 13);
    __m256i half = _mm256_set1_epi8(0x0F);
    __m256i special = _mm256_and_si256(
        _mm256_and_si256(
            _mm256_shuffle_epi8(first_high, _mm256_and_si256(_mm256_srli_epi16(one, 4), half)),
            _mm256_shuffle_epi8(first_low, _mm256_and_si256(one, half))),
        _mm256_shuffle_epi8(second_high, _mm256_and_si256(_mm256_srli_epi16(input, 4), half)));
    __m256i third = _mm256_subs_epu8(two, _mm256_set1_epi8((char)(0xE0 - 0x80)));
    __m256i fourth = _mm256_subs_epu8(three, _mm256_set1_epi8((char)(0xF0 - 0x80)));
    __m256i wanted =
        _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8((char)0x80));
    return _mm256_xor_si256(wanted, special);
}

/// What a block leaves unfinished at its end.
AVX2_INLINE __m256i utf8_unfinished(__m256i input) {
    const __m256i most = _mm256_setr_epi8(
        -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
        -1, -1, -1, -1, -1, -1, (char)(0xF0 - 1), (char)(0xE0 - 1), (char)(0xC0 - 1));
    return _mm256_subs_epu8(input, most);
}

#define NAME scan_avx2
#define TARGET AVX2
#define LOAD_BLOCK(p)                                                                              \
    __m256i block_a = _mm256_loadu_si256((const __m256i *)(p)),                                    \
            block_b = _mm256_loadu_si256((const __m256i *)((p) + 32))
#define EQUAL(byte) equal_avx2(block_a, block_b, byte)
#define PREFIX_XOR(x) prefix_xor_avx2(x)
#define UTF8_BEGIN                                                                                 \
    __m256i before = _mm256_loadu_si256((const __m256i *)s->character),                            \
            unfinished = _mm256_loadu_si256((const __m256i *)s->incomplete),                       \
            errors = _mm256_setzero_si256()
#define CHECK_UTF8(p)                                                                              \
    if (_mm256_movemask_epi8(_mm256_or_si256(block_a, block_b))) {                                 \
        errors = _mm256_or_si256(errors, utf8_errors(block_a, before));                            \
        errors = _mm256_or_si256(errors, utf8_errors(block_b, block_a));                           \
        unfinished = utf8_unfinished(block_b);                                                     \
        before = block_b;                                                                          \
    } else {                                                                                       \
        errors = _mm256_or_si256(errors, unfinished);                                              \
        unfinished = before = _mm256_setzero_si256();                                              \
    }
#define UTF8_END                                                                                   \
    _mm256_storeu_si256((__m256i *)s->character, before);                                          \
    _mm256_storeu_si256((__m256i *)s->incomplete, unfinished);                                     \
    wrong |= !_mm256_testz_si256(errors, errors)
#include "csv_scan_template.h"
#endif

// MARK: - What is called

void arena_csv_begin(arena_csv_state *state) {
    uint8_t *heap = state->heap;
    uint32_t *ends = state->ends;
    memset(state, 0, sizeof *state);
    state->heap = heap;
    state->ends = ends;
    state->separated = 1;
}

int arena_csv_scan(
    arena_csv_state *state, const uint8_t *bytes, size_t count, uint8_t delimiter, uint8_t quote) {
#if defined(__x86_64__)
    if (arena_frame_avx2()) return scan_avx2(state, bytes, count, delimiter, quote);
#endif
    return scan_plain(state, bytes, count, delimiter, quote);
}

int arena_csv_finish(arena_csv_state *state) {
    if (state->inside || state->left || state->returned) return 1;
    for (int i = 0; i < 32; i++)
        if (state->incomplete[i]) return 1;
    // The text ends with a line end: nothing is open.
    size_t start = state->count ? state->ends[state->count - 1] & arena_csv_offset : 0;
    int fresh = state->separated && (!state->count || state->ends[state->count - 1] & arena_csv_last);
    if (fresh && state->used == start) return 0;
    state->ends[state->count++] =
        (uint32_t)state->used | (state->closed ? arena_csv_quoted : 0) | arena_csv_last;
    return 0;
}

long arena_csv_rows(
    uint32_t *ends, size_t count, size_t columns, size_t first, size_t *taken) {
    size_t at = 0, to = 0;
    uint32_t start = (uint32_t)first;
    long rows = 0;
    *taken = 0;
    while (at < count) {
        // A line of nothing is no row.
        if (ends[at] == (start | arena_csv_last)) {
            *taken = ++at;
            continue;
        }
        if (count - at < columns) {
            for (size_t i = at; i < count; i++)
                if (ends[i] & arena_csv_last) return -1;
            break;
        }
        uint32_t early = 0;
        for (size_t i = 0; i + 1 < columns; i++) early |= ends[at + i];
        if (early & arena_csv_last || !(ends[at + columns - 1] & arena_csv_last)) return -1;
        // A row of one blank cell would be one too, which is rare enough for the careful reader.
        if (to != at) memmove(ends + to, ends + at, columns * sizeof *ends);
        at += columns;
        to += columns;
        *taken = at;
        start = ends[to - 1] & arena_csv_offset;
        rows++;
    }
    return rows;
}
