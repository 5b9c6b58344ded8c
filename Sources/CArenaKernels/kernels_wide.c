// The AVX-512 instance of the template (16 lanes, 14 x 32 tiles) compiled to AVX2 instructions:
// slow, for tests only. It shows on processors without AVX-512 that wide shapes give the same bits.

#if defined(__x86_64__)
#include <xmmintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define LANES 16
#define ROWS 14
#define KERNELS arena_kernels_wide
#define KERNELS_NAME "wide"
#include "kernels_template.h"
#pragma clang attribute pop
#endif
