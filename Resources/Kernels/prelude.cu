// What all kernels build on: number types, conversions, and the few things that a warp does together. Users
// have no CUDA headers, so instructions that need one stand here as inline PTX.
//
// A warp is 32 lanes. Matrices of tensor cores are named by their shapes: m16n8k16 multiplies 16 x 16 with
// 16 x 8 numbers of 16 bits and adds to 16 x 8 of 32 bits. The layouts of their registers are those of the PTX
// manual, section "Matrix multiply-accumulate operation using mma instruction".

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long i64;

// How numbers of a file are stored; as `DeviceElement` of the host's code.
enum { FLOAT32 = 0, BFLOAT16 = 1, FLOAT16 = 2 };

#ifndef ARENA_SIMULATED

#define KERNEL extern "C" __global__ void
#define DEVICE __device__ __forceinline__
// The block's shared memory, as many bytes as its launch asks for.
#define SHARED(name) extern __shared__ __align__(128) u8 name[]

#if __CUDA_ARCH__ >= 800
#define HAS_ASYNC_COPY 1
#else
#define HAS_ASYNC_COPY 0
#endif

DEVICE float half_to_float(u16 h) {
    float f;
    asm("cvt.f32.f16 %0, %1;" : "=f"(f) : "h"(h));
    return f;
}

// The nearest half, ties to even; infinite beyond 65,504.
DEVICE u16 float_to_half(float f) {
    u16 h;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(h) : "f"(f));
    return h;
}

// Four matrices of 8 x 8 halves: lanes 8 i to 8 i + 7 name the rows of matrix i.
DEVICE void load_matrices(u32 *r, const void *row) {
    u32 at = (u32)__cvta_generic_to_shared(row);
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(at)
                 : "memory");
}

// The same with each matrix transposed.
DEVICE void load_matrices_transposed(u32 *r, const void *row) {
    u32 at = (u32)__cvta_generic_to_shared(row);
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(at)
                 : "memory");
}

// d (16 x 8, fp32) += a (16 x 16, halves) . b (16 x 8, halves); on cards of 7.5 in two steps of 8.
DEVICE void multiply_halves(float *d, const u32 *a, const u32 *b) {
#if __CUDA_ARCH__ >= 800
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
                 "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
    for (int half = 0; half < 2; half++)
        asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 "
                     "{%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
                     : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                     : "r"(a[2 * half]), "r"(a[2 * half + 1]), "r"(b[half]));
#endif
}

// d (16 x 8, whole numbers) += a (16 x 32, codes of 8 bits) . b (32 x 8, the same); on cards of 7.5 in four steps of
// 8 x 8 x 16. Registers have the bytes where `multiply_halves` has those of half as many halves.
DEVICE void multiply_codes(int *d, const u32 *a, const u32 *b) {
#if __CUDA_ARCH__ >= 800
    asm volatile("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 "
                 "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+r"(d[0]), "+r"(d[1]), "+r"(d[2]), "+r"(d[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
    for (int i = 0; i < 4; i++)
        asm volatile("mma.sync.aligned.m8n8k16.row.col.s32.s8.s8.s32 {%0, %1}, {%2}, {%3}, {%0, %1};"
                     : "+r"(d[i % 2 * 2]), "+r"(d[i % 2 * 2 + 1])
                     : "r"(a[i]), "r"(b[i / 2]));
#endif
}

// 16 bytes to shared memory, zeros where there is no source; done after `wait_copies`.
DEVICE void copy16(void *shared, const void *source, bool there) {
#if HAS_ASYNC_COPY
    u32 at = (u32)__cvta_generic_to_shared(shared);
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;"
                 :
                 : "r"(at), "l"(source), "r"(there ? 16 : 0)
                 : "memory");
#else
    *(uint4 *)shared = there ? *(const uint4 *)source : make_uint4(0, 0, 0, 0);
#endif
}

// Ends a group of copies.
DEVICE void commit_copies() {
#if HAS_ASYNC_COPY
    asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

// Waits until at most so many groups of this thread's copies are under way.
template <int GROUPS> DEVICE void wait_copies() {
#if HAS_ASYNC_COPY
    asm volatile("cp.async.wait_group %0;" ::"n"(GROUPS) : "memory");
#endif
}

DEVICE float from_lane(float x, int mask) { return __shfl_xor_sync(0xffffffffu, x, mask); }

DEVICE float value_of_lane(float x, int lane) { return __shfl_sync(0xffffffffu, x, lane); }

DEVICE void raise_to(u32 *place, u32 x) { atomicMax(place, x); }

#endif

DEVICE float bits_to_float(u32 bits) { return __uint_as_float(bits); }

DEVICE float minus_infinity() { return bits_to_float(0xff800000u); }

DEVICE u32 pack_halves(float first, float second) {
    return (u32)float_to_half(first) | (u32)float_to_half(second) << 16;
}

// What a half leaves of a number, times 2^11: of a number that halves can hold it has as many digits as the half.
DEVICE float rest_of_half(float x) { return (x - half_to_float(float_to_half(x))) * 2048.0f; }

// Number `at` of an array of this type.
DEVICE float stored(const void *from, int type, i64 at) {
    if (type == FLOAT32) return ((const float *)from)[at];
    u16 bits = ((const u16 *)from)[at];
    return type == FLOAT16 ? half_to_float(bits) : bits_to_float((u32)bits << 16);
}

// The nearest number of this type, ties to even.
DEVICE float rounded(float x, int type) {
    if (type == FLOAT32) return x;
    if (type == FLOAT16) return half_to_float(float_to_half(x));
    u32 bits = __float_as_uint(x);
    return bits_to_float((bits + 0x7fffu + (bits >> 16 & 1u)) & 0xffff0000u);
}

// Sums and maxima over a warp, in one fixed order; every lane gets the result.
DEVICE float warp_sum(float x) {
    for (int mask = 16; mask > 0; mask >>= 1) x += from_lane(x, mask);
    return x;
}

DEVICE float warp_max(float x) {
    for (int mask = 16; mask > 0; mask >>= 1) x = fmaxf(x, from_lane(x, mask));
    return x;
}

// The same over a block; `shared` has room for a number a warp, which nobody else may use before the next barrier.
DEVICE float block_sum(float x, float *shared) {
    x = warp_sum(x);
    if ((threadIdx.x & 31) == 0) shared[threadIdx.x >> 5] = x;
    __syncthreads();
    float sum = 0;
    for (int warp = 0; warp < (int)blockDim.x >> 5; warp++) sum += shared[warp];
    return sum;
}

DEVICE float block_max(float x, float *shared) {
    x = warp_max(x);
    if ((threadIdx.x & 31) == 0) shared[threadIdx.x >> 5] = x;
    __syncthreads();
    float most = shared[0];
    for (int warp = 1; warp < (int)blockDim.x >> 5; warp++) most = fmaxf(most, shared[warp]);
    return most;
}

// 2^e of a whole number -126 to 127.
DEVICE float power_of_two(int e) { return bits_to_float((u32)(e + 127) << 23); }

// e so that x * 2^e lies in [2^(top - 1), 2^top); 0 of nothing and of what is not finite.
DEVICE int exponent_to(float x, int top) {
    int own = (int)(__float_as_uint(x) >> 23 & 255u);
    if (own == 0 || own == 255) return 0;
    int e = top - 1 - (own - 127);
    return e > 126 ? 126 : e < -126 ? -126 : e;
}
