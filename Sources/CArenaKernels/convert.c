// Stored numbers to fp32, exactly, and weights to panels. No arithmetic, so one version serves all.

#include "arena_kernels.h"

#include <string.h>

static inline float from_bits(uint32_t bits) {
    float x;
    memcpy(&x, &bits, 4);
    return x;
}

static inline float from_f16(uint16_t h) {
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 31, fraction = h & 1023;
    if (exponent == 31) return from_bits(sign | 0x7F800000 | fraction << 13);
    if (exponent > 0) return from_bits(sign | (exponent + 112) << 23 | fraction << 13);
    // Subnormal: fraction * 2^-24, exact in fp32.
    float magnitude = (float)fraction * 5.9604644775390625e-8f;
    return sign ? -magnitude : magnitude;
}

void arena_widen(arena_dtype dtype, const void *x, float *y, size_t count) {
    // Stored tensors need not be aligned, hence memcpy.
    const unsigned char *bytes = x;
    switch (dtype) {
    case ARENA_F32: memcpy(y, bytes, count * 4); return;
    case ARENA_BF16:
        for (size_t i = 0; i < count; i++) {
            uint16_t h;
            memcpy(&h, bytes + 2 * i, 2);
            y[i] = from_bits((uint32_t)h << 16);
        }
        return;
    case ARENA_F16:
        for (size_t i = 0; i < count; i++) {
            uint16_t h;
            memcpy(&h, bytes + 2 * i, 2);
            y[i] = from_f16(h);
        }
        return;
    }
}

// Panels of numbers of one size. A panel's row of inputs is read along the 32 outputs' rows, STEP
// inputs at a time.
#define STEP 64

static inline int odd32(uint32_t bits) { return (bits & 0x7F800000) == 0x7F800000; }
static inline int odd_bf16(uint16_t bits) { return (bits & 0x7F80) == 0x7F80; }
static inline int odd_f16(uint16_t bits) { return (bits & 0x7C00) == 0x7C00; }
static inline int odd8(uint8_t bits) { return (void)bits, 0; }

#define PACK(NAME, TYPE, ODD)                                                                     \
    static ptrdiff_t NAME(const unsigned char *x, size_t outputs, size_t inputs, TYPE *panels,    \
                          const int32_t *order) {                                                 \
        ptrdiff_t bad = -1;                                                                       \
        TYPE part[ARENA_PANEL][STEP];                                                             \
        for (size_t first = 0; first < outputs; first += ARENA_PANEL) {                           \
            size_t count = outputs - first < ARENA_PANEL ? outputs - first : ARENA_PANEL;         \
            TYPE *panel = panels + first * inputs;                                                \
            for (size_t at = 0; at < inputs; at += STEP) {                                        \
                size_t step = inputs - at < STEP ? inputs - at : STEP;                            \
                int odd = 0;                                                                      \
                for (size_t i = 0; i < count; i++) {                                              \
                    size_t row = order ? (size_t)order[first + i] : first + i;                    \
                    memcpy(part[i], x + (row * inputs + at) * sizeof(TYPE), step * sizeof(TYPE)); \
                    for (size_t j = 0; j < step; j++) odd |= ODD(part[i][j]);                     \
                }                                                                                 \
                if (odd && bad < 0)                                                               \
                    for (size_t i = 0; i < count && bad < 0; i++)                                 \
                        for (size_t j = 0; j < step && bad < 0; j++)                              \
                            if (ODD(part[i][j])) {                                                \
                                size_t row = order ? (size_t)order[first + i] : first + i;        \
                                bad = (ptrdiff_t)(row * inputs + at + j);                         \
                            }                                                                     \
                for (size_t j = 0; j < step; j++) {                                               \
                    TYPE *to = panel + (at + j) * ARENA_PANEL;                                    \
                    for (size_t i = 0; i < count; i++) to[i] = part[i][j];                        \
                }                                                                                 \
            }                                                                                     \
        }                                                                                         \
        return bad;                                                                               \
    }

PACK(pack_f32, uint32_t, odd32)
PACK(pack_bf16, uint16_t, odd_bf16)
PACK(pack_f16, uint16_t, odd_f16)
PACK(pack_8, uint8_t, odd8)

ptrdiff_t arena_pack(arena_dtype dtype, const void *x, size_t outputs, size_t inputs, void *panels,
                     const int32_t *order) {
    switch (dtype) {
    case ARENA_F32: return pack_f32(x, outputs, inputs, panels, order);
    case ARENA_BF16: return pack_bf16(x, outputs, inputs, panels, order);
    case ARENA_F16: return pack_f16(x, outputs, inputs, panels, order);
    }
    return -1;
}

void arena_pack8(const void *x, size_t outputs, size_t inputs, void *panels, const int32_t *order) {
    pack_8(x, outputs, inputs, panels, order);
}

void arena_pack4(const uint8_t *x, size_t outputs, size_t inputs, uint8_t *panels,
                 const int32_t *order) {
    for (size_t first = 0; first < outputs; first += ARENA_PANEL) {
        uint8_t *panel = panels + first * inputs / 2;
        for (size_t i = 0; i < ARENA_PANEL && first + i < outputs; i++) {
            size_t row = order ? (size_t)order[first + i] : first + i, shift = i < 16 ? 0 : 4;
            uint8_t *to = panel + i % 16;
            for (size_t k = 0; k < inputs; k++) {
                size_t at = row * inputs + k;
                uint8_t code = at % 2 ? x[at / 2] & 15 : x[at / 2] >> 4;
                to[k * 16] |= (uint8_t)(code << shift);
            }
        }
    }
}

float arena_round(arena_dtype dtype, float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    switch (dtype) {
    case ARENA_F32: return x;
    case ARENA_BF16:
        if (odd32(bits)) return x;
        return from_bits((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000);
    case ARENA_F16: {
        if (odd32(bits)) return x;
        float magnitude = __builtin_fabsf(x);
        // Below 2^-14 numbers lie 2^-24 apart: adding 0.5 leaves that many bits.
        if (magnitude < 6.103515625e-5f) return __builtin_copysignf(magnitude + 0.5f - 0.5f, x);
        if (magnitude >= 65520.0f) return __builtin_copysignf(__builtin_inff(), x);
        return from_bits((bits + 0xFFF + (bits >> 13 & 1)) & 0xFFFFE000);
    }
    }
    return x;
}

ptrdiff_t arena_quantize4(const float *x, size_t count, size_t block, const float *bounds,
                          const uint8_t *order, uint8_t *codes, float *scales) {
    for (size_t first = 0; first < count; first += block) {
        size_t size = count - first < block ? count - first : block;
        float most = 0;
        for (size_t i = 0; i < size; i++) {
            uint32_t bits;
            memcpy(&bits, x + first + i, 4);
            if (odd32(bits)) return (ptrdiff_t)(first + i);
            float magnitude = __builtin_fabsf(x[first + i]);
            most = magnitude > most ? magnitude : most;
        }
        // A last block that is not full is divided where the others are multiplied.
        float least = most < 1e-38f ? 1e-38f : most, inverse = 1.0f / least;
        scales[first / block] = size == block ? most : least;
        for (size_t i = 0; i < size; i++) {
            float value = size == block ? x[first + i] * inverse : x[first + i] / least;
            size_t place = 0;
            for (size_t j = 0; j < 15; j++) place += value > bounds[j];
            size_t at = first + i;
            if (at % 2 == 0) codes[at / 2] = (uint8_t)(order[place] << 4);
            else codes[at / 2] |= order[place];
        }
    }
    // Half a byte over is what zero becomes.
    if (count % 2) {
        size_t place = 0;
        for (size_t j = 0; j < 15; j++) place += 0.0f > bounds[j];
        codes[count / 2] |= order[place];
    }
    return -1;
}
