// The kernels on AVX-512: 14 x 32 tiles fill 28 of 32 registers with sums.
// The same source as kernels_wide.c, which is what has been run where AVX-512 was not at hand.

#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma"))), apply_to = function)
#define LANES 16
#define ROWS 14
#define LOOKUP_AVX512
#define KERNELS arena_kernels_avx512
#define KERNELS_NAME "avx512"
#include "kernels_template.h"
#pragma clang attribute pop
#endif
