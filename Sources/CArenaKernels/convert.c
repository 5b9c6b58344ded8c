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

#define STEP 64

ptrdiff_t arena_pack(arena_dtype dtype, const void *x, size_t rows, size_t inputs, float *panels,
                     size_t first_row) {
    const unsigned char *bytes = x;
    size_t width = dtype == ARENA_F32 ? 4 : 2;
    ptrdiff_t bad = -1;
    float part[ARENA_PANEL][STEP];
    for (size_t row = 0; row < rows;) {
        size_t lane = (first_row + row) % ARENA_PANEL;
        size_t count = rows - row < ARENA_PANEL - lane ? rows - row : ARENA_PANEL - lane;
        float *panel = panels + (first_row + row) / ARENA_PANEL * ARENA_PANEL * inputs;
        for (size_t at = 0; at < inputs; at += STEP) {
            size_t step = inputs - at < STEP ? inputs - at : STEP;
            uint32_t odd = 0;
            for (size_t i = 0; i < count; i++) {
                arena_widen(dtype, bytes + ((row + i) * inputs + at) * width, part[i], step);
                for (size_t j = 0; j < step; j++) {
                    uint32_t bits;
                    memcpy(&bits, &part[i][j], 4);
                    odd |= (bits & 0x7F800000) == 0x7F800000;
                }
            }
            if (odd && bad < 0)
                for (size_t i = 0; i < count && bad < 0; i++)
                    for (size_t j = 0; j < step && bad < 0; j++)
                        if (!__builtin_isfinite(part[i][j]))
                            bad = (ptrdiff_t)((row + i) * inputs + at + j);
            for (size_t j = 0; j < step; j++) {
                float *to = panel + (at + j) * ARENA_PANEL + lane;
                for (size_t i = 0; i < count; i++) to[i] = part[i][j];
            }
        }
        row += count;
    }
    return bad;
}
