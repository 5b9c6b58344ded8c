// Numbers into bytes: whole numbers by pairs of digits, floating point by the shortest decimal that
// reads back the same (Raffaello Giulietti, "The Schubfach way to render doubles", 2020), laid out as
// Python's repr does.

#include "CArenaFrame.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

static const char pairs[201] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748"
    "4950515253545556575859606162636465666768697071727374757677787980818283848586878889909192939495969798"
    "99";

// MARK: - Powers of ten

enum { lowest = -292, highest = 324 };

typedef struct {
    uint64_t high, low;
} Power;

static Power powers[highest - lowest + 1];
static pthread_once_t powers_once = PTHREAD_ONCE_INIT;

/// The leading 128 bits of a number of `n` words, the highest of which may be 0.
static Power leading(const uint64_t *words, int n, int *exact) {
    int top = n - 1;
    while (top > 0 && !words[top]) top--;
    int shift = __builtin_clzll(words[top]);
    uint64_t w[3] = {words[top], top > 0 ? words[top - 1] : 0, top > 1 ? words[top - 2] : 0};
    Power p;
    p.high = shift ? w[0] << shift | w[1] >> (64 - shift) : w[0];
    p.low = shift ? w[1] << shift | w[2] >> (64 - shift) : w[1];
    uint64_t rest = shift ? w[2] << shift : w[2];
    for (int i = top - 3; i >= 0; i--) rest |= words[i];
    *exact = rest == 0;
    return p;
}

/// Each power rounded up, as the algorithm wants it: made once, by exact arithmetic on long numbers.
static void make_powers(void) {
    enum { n = 40 };
    uint64_t words[n];
    int exact;
    memset(words, 0, sizeof words);
    words[0] = 1;
    for (int k = 0; k <= highest; k++) {
        Power p = leading(words, n, &exact);
        if (!exact && ++p.low == 0) p.high++;
        powers[k - lowest] = p;
        uint64_t carry = 0;  // the factor 2 only moves the exponent
        for (int i = 0; i < n; i++) {
            unsigned __int128 x = (unsigned __int128)words[i] * 5 + carry;
            words[i] = (uint64_t)x;
            carry = (uint64_t)(x >> 64);
        }
    }
    // 2^2559 / 5^k: quotients of 2559 - 678 bits at least, so that 128 are right.
    memset(words, 0, sizeof words);
    words[n - 1] = 1ull << 63;
    for (int k = -1; k >= lowest; k--) {
        uint64_t rest = 0;
        for (int i = n - 1; i >= 0; i--) {
            unsigned __int128 x = (unsigned __int128)rest << 64 | words[i];
            words[i] = (uint64_t)(x / 5);
            rest = (uint64_t)(x % 5);
        }
        Power p = leading(words, n, &exact);
        if (++p.low == 0) p.high++;
        powers[k - lowest] = p;
    }
}

// MARK: - The shortest decimal

typedef struct {
    uint64_t digits;
    int exponent;
} Decimal;

/// 128 bits of which the lower 64 only tell whether anything is left.
static inline uint64_t round_to_odd(unsigned __int128 y) {
    return (uint64_t)(y >> 64) | ((uint64_t)y > 1);
}

/// c x 2^q between its neighbours; `narrow` where the one below is nearer. One digit fewer is taken
/// where the interval holds it, and then stands with a zero behind it: which of the two it is cannot
/// be predicted, so nothing here branches on it.
static inline Decimal shortest(uint64_t c, int q, int narrow) {
    uint64_t open = c & 1;
    int k = (q * 1262611 - (narrow ? 524031 : 0)) >> 22;
    int h = q + ((-k * 1741647) >> 19) + 1;
    Power g = powers[-k - lowest];
    // The product of 192 bits in the middle; the ends lie g x 2^(h + 1) around it, the lower one half
    // as far where the interval is narrow.
    unsigned __int128 below64 = (unsigned __int128)g.low * (4 * c << h);
    unsigned __int128 y = (unsigned __int128)g.high * (4 * c << h) + (uint64_t)(below64 >> 64);
    uint64_t rest = (uint64_t)below64;
    unsigned __int128 half = ((unsigned __int128)g.high << 64 | g.low) >> (63 - h);
    uint64_t half_rest = g.low << (h + 1);
    unsigned __int128 y_upper = y + half + (rest + half_rest < rest);
    if (narrow) {
        half = ((unsigned __int128)g.high << 64 | g.low) >> (64 - h);
        half_rest = g.low << h;
    }
    unsigned __int128 y_lower = y - half - (rest < half_rest);
    uint64_t lower = round_to_odd(y_lower) + open;
    uint64_t value = round_to_odd(y);
    uint64_t upper = round_to_odd(y_upper) - open;
    uint64_t s = value / 4, tens = s / 10;
    uint64_t tens_below = lower <= 40 * tens, tens_above = 40 * tens + 40 <= upper;
    uint64_t below = lower <= 4 * s, above = 4 * s + 4 <= upper;
    uint64_t middle = 4 * s + 2;
    uint64_t nearest = (value > middle) | ((value == middle) & s & 1);
    uint64_t one = s + (below != above ? above : nearest);
    uint64_t ten = 10 * (tens + tens_above);
    return (Decimal){tens_below != tens_above && s >= 10 ? ten : one, k};
}

// MARK: - Layout

static inline int count_digits(uint64_t x) {
    static const uint64_t limits[20] = {
        0, 10ull, 100ull, 1000ull, 10000ull, 100000ull, 1000000ull, 10000000ull, 100000000ull,
        1000000000ull, 10000000000ull, 100000000000ull, 1000000000000ull, 10000000000000ull,
        100000000000000ull, 1000000000000000ull, 10000000000000000ull, 100000000000000000ull,
        1000000000000000000ull, 10000000000000000000ull,
    };
    int guess = (64 - __builtin_clzll(x | 1)) * 1233 >> 12;
    return guess + (x >= limits[guess]);
}

/// Writes exactly `n` digits.
static inline void put_digits(uint8_t *out, uint64_t x, int n) {
    while (n >= 2) {
        n -= 2;
        memcpy(out + n, pairs + 2 * (x % 100), 2);
        x /= 100;
    }
    if (n) out[0] = (uint8_t)('0' + x);
}

size_t arena_put_int64(int64_t value, uint8_t *out) {
    uint64_t x = (uint64_t)value;
    size_t sign = value < 0;
    if (sign) {
        *out++ = '-';
        x = 0 - x;
    }
    int n = x ? count_digits(x) : 1;
    put_digits(out, x, n);
    return sign + (size_t)n;
}

/// Writes the 16 digits of two numbers of eight.
/// - Returns: How many of them are left when zeros at the end are dropped.
static inline int put_sixteen(uint32_t high, uint32_t low, uint8_t *out) {
#if defined(__x86_64__)
    // Halves, quarters, pairs, digits: each by a multiplication for all at once.
    __m128i v = _mm_set_epi64x(low, high);
    __m128i q = _mm_srli_epi64(_mm_mul_epu32(v, _mm_set1_epi64x(0xD1B71759)), 45);
    __m128i r = _mm_sub_epi64(v, _mm_mul_epu32(q, _mm_set1_epi64x(10000)));
    v = _mm_or_si128(q, _mm_slli_epi64(r, 32));
    q = _mm_srli_epi16(_mm_mulhi_epu16(v, _mm_set1_epi16(5243)), 3);
    r = _mm_sub_epi16(v, _mm_mullo_epi16(q, _mm_set1_epi16(100)));
    v = _mm_or_si128(q, _mm_slli_epi32(r, 16));
    q = _mm_mulhi_epu16(v, _mm_set1_epi16(6554));
    r = _mm_sub_epi16(v, _mm_mullo_epi16(q, _mm_set1_epi16(10)));
    v = _mm_or_si128(q, _mm_slli_epi16(r, 8));
    _mm_storeu_si128((__m128i *)out, _mm_or_si128(v, _mm_set1_epi8('0')));
    uint32_t zeros = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_setzero_si128()));
    return 31 - __builtin_clz((~zeros & 0xFFFF) << 1 | 1);
#else
    put_digits(out, high, 8);
    put_digits(out + 8, low, 8);
    int left = 16;
    while (left && out[left - 1] == '0') left--;
    return left;
#endif
}

static size_t put_exponent(const uint8_t *digits, int n, int point, uint8_t *out) {
    uint8_t *to = out;
    *to++ = digits[0];
    if (n > 1) {
        *to++ = '.';
        memcpy(to, digits + 1, (size_t)n - 1);
        to += n - 1;
    }
    *to++ = 'e';
    int e = point - 1;
    *to++ = e < 0 ? '-' : '+';
    if (e < 0) e = -e;
    if (e >= 100) *to++ = (uint8_t)('0' + e / 100);
    memcpy(to, pairs + 2 * (e % 100), 2);
    return (size_t)(to + 2 - out);
}

/// Writes up to 24 bytes behind the number's end too.
static inline size_t put_decimal(Decimal d, uint8_t *out) {
    static const uint64_t scale[18] = {
        1ull, 10ull, 100ull, 1000ull, 10000ull, 100000ull, 1000000ull, 10000000ull, 100000000ull,
        1000000000ull, 10000000000ull, 100000000000ull, 1000000000000ull, 10000000000000ull,
        100000000000000ull, 1000000000000000ull, 10000000000000000ull, 100000000000000000ull,
    };
    int n = count_digits(d.digits);
    int point = n + d.exponent;
    // Always 17 digits, zeros at the end: 1 + 8 + 8. (10^17 itself is the one number of 18.)
    uint64_t x = n > 17 ? d.digits / 10 : d.digits * scale[17 - n];
    uint64_t upper = x / 100000000;
    uint64_t first = upper / 100000000;
    uint32_t high = (uint32_t)(upper - first * 100000000);
    uint32_t low = (uint32_t)(x - upper * 100000000);
    if (point <= 0 && point > -4) {
        memcpy(out, "0.0000", 6);
        uint8_t *to = out + 2 - point;
        *to = (uint8_t)('0' + first);
        return (size_t)(3 - point + put_sixteen(high, low, to + 1));
    }
    uint8_t digits[40];
    digits[0] = (uint8_t)('0' + first);
    int kept = 1 + put_sixteen(high, low, digits + 1);
    if (point > 16 || point <= -4) return put_exponent(digits, kept, point, out);
    memcpy(out, digits, 16);
    out[point] = '.';
    memcpy(out + point + 1, digits + point, 17);
    return (size_t)(point >= kept ? point + 2 : kept + 1);
}

static _Atomic int powers_ready;

static void need_powers(void) {
    if (atomic_load_explicit(&powers_ready, memory_order_acquire)) return;
    pthread_once(&powers_once, make_powers);
    atomic_store_explicit(&powers_ready, 1, memory_order_release);
}

static inline size_t put_float(
    uint64_t c, int e, int bits, int least, int negative, uint8_t *out) {
    need_powers();
    *out = '-';
    out += negative;
    if (!c && !e) {
        memcpy(out, "0.0", 3);
        return 3 + (size_t)negative;
    }
    Decimal d = e ? shortest(c | 1ull << bits, least + e - 1, c == 0 && e > 1)
                  : shortest(c, least, 0);
    return put_decimal(d, out) + (size_t)negative;
}

static size_t put_special(uint64_t c, int negative, uint8_t *out) {
    const char *word = c ? "nan" : negative ? "-inf" : "inf";
    memcpy(out, word, strlen(word));
    return strlen(word);
}

size_t arena_put_double(double value, uint8_t *out) {
    uint64_t bits;
    memcpy(&bits, &value, 8);
    uint64_t c = bits & ((1ull << 52) - 1);
    int e = (int)(bits >> 52 & 0x7FF), negative = (int)(bits >> 63);
    if (e == 0x7FF) return put_special(c, negative, out);
    return put_float(c, e, 52, -1074, negative, out);
}

void arena_stage_doubles(const double *values, size_t count, arena_staged *out) {
    need_powers();
    Decimal decimals[arena_staged_rows];
    // Two loops, since a processor looks ahead over few enough steps to work on several numbers at once.
    for (size_t i = 0; i < count; i++) {
        uint64_t bits;
        memcpy(&bits, values + i, 8);
        uint64_t c = bits & ((1ull << 52) - 1);
        int e = (int)(bits >> 52 & 0x7FF);
        decimals[i] = shortest(e ? c | 1ull << 52 : c, e ? e - 1075 : -1074, c == 0 && e > 1);
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t bits;
        memcpy(&bits, values + i, 8);
        if (bits << 1 == 0 || (bits >> 52 & 0x7FF) == 0x7FF) {
            out[i].length = (uint8_t)arena_put_double(values[i], out[i].text);
            continue;
        }
        size_t sign = bits >> 63;
        out[i].text[0] = '-';
        out[i].length = (uint8_t)(sign + put_decimal(decimals[i], out[i].text + sign));
    }
}

size_t arena_put_float(float value, uint8_t *out) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    uint64_t c = bits & ((1u << 23) - 1);
    int e = (int)(bits >> 23 & 0xFF), negative = (int)(bits >> 31);
    if (e == 0xFF) return put_special(c, negative, out);
    return put_float(c, e, 23, -149, negative, out);
}

size_t arena_put_fixed(double value, int digits, uint8_t *out) {
    if (!isfinite(value)) return arena_put_double(value, out);
    if (fabs(value) < 1e15) {
        int n = snprintf((char *)out, arena_number_room, "%.*f", digits, value);
        return n < 0 ? 0 : (size_t)n;
    }
    // So large a number has no digits there that mean anything.
    return arena_put_double(value, out);
}
