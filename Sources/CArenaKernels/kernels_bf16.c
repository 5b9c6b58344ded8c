// The kernels on AVX-512 with the instructions for bf16, which only products of bf16 numbers use.

#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,avx2,fma"))), apply_to = function)
#define LANES 16
#define ROWS 14
#define LOOKUP_AVX512
#define BF16_PAIRS
#define KERNELS arena_kernels_bf16
#define KERNELS_NAME "avx512bf16"
#include "kernels_template.h"

// Whether vdpbf16ps takes the steps that `product16` takes elsewhere: on numbers of all sizes, denormal ones too.
int arena_bf16_is_exact(void) {
    uint32_t state = 1;
    for (int round = 0; round < 4000; round++) {
        uint32_t bits[3][16];
        for (int i = 0; i < 48; i++) {
            state = state * 1664525u + 1013904223u;
            uint32_t high = state;
            state = state * 1664525u + 1013904223u;
            uint32_t number = (high & 0xFFFF0000u) | state >> 16;
            // Exponents near one in most rounds, any in the others; none of infinities.
            int any = round % 4 == 0;
            for (int half = 0; half < 2; half++) {
                uint32_t shift = half ? 23 : 7, exponent = number >> shift & 255;
                if (i >= 32 && !half) continue;
                exponent = any ? exponent % 255 : 120 + exponent % 16;
                number = (number & ~(255u << shift)) | exponent << shift;
            }
            bits[i / 16][i % 16] = number;
        }
        __m512 sum = _mm512_loadu_ps(bits[2]);
        __m512i a = _mm512_loadu_si512(bits[0]), b = _mm512_loadu_si512(bits[1]);
        __m512 dot = _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b);
        unsigned before = _mm_getcsr();
        _mm_setcsr(before | 0x8040);
        __m512i high = _mm512_set1_epi32((int)0xFFFF0000u);
        __m512 steps = _mm512_fmadd_ps((__m512)_mm512_and_si512(a, high), (__m512)_mm512_and_si512(b, high), sum);
        steps = _mm512_fmadd_ps((__m512)_mm512_slli_epi32(a, 16), (__m512)_mm512_slli_epi32(b, 16), steps);
        _mm_setcsr(before);
        __mmask16 numbers = _mm512_cmp_ps_mask(steps, steps, _CMP_ORD_Q);
        if (_mm512_mask_cmpneq_epi32_mask(numbers, (__m512i)dot, (__m512i)steps)) return 0;
    }
    return 1;
}
#pragma clang attribute pop
#endif
