// The kernels on AVX2 and FMA: 6 x 16 tiles fill 12 of 16 registers with sums.

#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define LANES 8
#define ROWS 6
#define LOOKUP_AVX2
#define KERNELS arena_kernels_avx2
#define KERNELS_NAME "avx2"
#include "kernels_template.h"
#pragma clang attribute pop
#endif
