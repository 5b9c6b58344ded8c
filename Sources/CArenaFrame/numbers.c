// Numbers into bytes: whole numbers by pairs of digits, floating point by the shortest decimal that
// reads back the same (Raffaello Giulietti, "The Schubfach way to render doubles", 2020), laid out as
// Python's repr does.

#include "CArenaFrame.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

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

/// The upper 64 bits of a product of 192, with the lowest bit set if anything was lost.
static inline uint64_t round_to_odd(Power g, uint64_t c) {
    uint64_t x = (uint64_t)((unsigned __int128)g.low * c >> 64);
    unsigned __int128 y = (unsigned __int128)g.high * c + x;
    return (uint64_t)(y >> 64) | ((uint64_t)y > 1);
}

/// c x 2^q between its neighbours; `narrow` where the one below is nearer.
static inline Decimal shortest(uint64_t c, int q, int narrow) {
    int accept = (c & 1) == 0;
    int k = (q * 1262611 - (narrow ? 524031 : 0)) >> 22;
    int h = q + ((-k * 1741647) >> 19) + 1;
    Power g = powers[-k - lowest];
    uint64_t lower = round_to_odd(g, (4 * c - 2 + (uint64_t)narrow) << h) + !accept;
    uint64_t value = round_to_odd(g, (4 * c) << h);
    uint64_t upper = round_to_odd(g, (4 * c + 2) << h) - !accept;
    uint64_t s = value / 4;
    if (s >= 10) {
        uint64_t tens = s / 10;
        int below = lower <= 40 * tens, above = 40 * tens + 40 <= upper;
        if (below != above) return (Decimal){tens + (uint64_t)above, k + 1};
    }
    int below = lower <= 4 * s, above = 4 * s + 4 <= upper;
    if (below != above) return (Decimal){s + (uint64_t)above, k};
    uint64_t middle = 4 * s + 2;
    return (Decimal){s + (value > middle || (value == middle && (s & 1))), k};
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

static size_t put_decimal(Decimal d, uint8_t *out) {
    while (d.digits % 10 == 0) {
        d.digits /= 10;
        d.exponent++;
    }
    int n = count_digits(d.digits);
    int point = n + d.exponent;
    if (point > 16 || point <= -4) {
        uint8_t digits[20];
        put_digits(digits, d.digits, n);
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
    if (point <= 0) {
        memcpy(out, "0.0000", 6);
        put_digits(out + 2 - point, d.digits, n);
        return (size_t)(2 - point + n);
    }
    if (point >= n) {
        put_digits(out, d.digits, n);
        memset(out + n, '0', (size_t)(point - n));
        memcpy(out + point, ".0", 2);
        return (size_t)point + 2;
    }
    // One digit more to the right, and then those before the point back to their place.
    put_digits(out + 1, d.digits, n);
    memmove(out, out + 1, (size_t)point);
    out[point] = '.';
    return (size_t)n + 1;
}

static size_t put_float(uint64_t c, int e, int bits, int least, int negative, uint8_t *out) {
    pthread_once(&powers_once, make_powers);
    if (negative) *out++ = '-';
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
