// The kernels without any instruction set assumed: what the compiler makes of the template for this
// architecture. Where it has no fused multiply-add, the C library's fmaf gives the same bits.

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif
#define LANES 4
#define ROWS 4
#define KERNELS arena_kernels_plain
#define KERNELS_NAME "plain"
#include "kernels_template.h"
