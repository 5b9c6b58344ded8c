// How near products of each weight format come to what this processor can do: the rate of fused
// multiply-adds in fp32 that depend on nothing (for `dynamic8` and `whole8`, with a scale a row, of VNNI's multiply-adds of bytes, for `rounded`,
// which is `weights="bf16"`, of vdpbf16ps where the path has it; the ceiling), then whole products at the shapes of real layers, rows packed or quantized on the way as
// the engine does it, on one thread or on several at once (each its own product, as the scheduler
// runs them).
//
//     clang -O2 -ISources/CArenaKernels/include Tests/Benchmarks/kernels.c \
//         Sources/CArenaKernels/*.c -lm -lpthread -o /tmp/kernels && /tmp/kernels [threads] [path] [f32|bf16|f16|nf4|gptq|int8|dynamic8|whole8] [rounded]

#define _GNU_SOURCE
#include "arena_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

// Processor time of this thread: what a busy machine takes away does not count.
static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#define PEAK(NAME, TARGET, LANES)                                                             \
    __attribute__((target(TARGET))) static double NAME(long n) {                              \
        typedef float vec __attribute__((ext_vector_type(LANES)));                            \
        vec sum[12], a = (vec)1.0f, b = (vec)1e-9f;                                           \
        for (int i = 0; i < 12; i++) sum[i] = (vec)0.0f;                                      \
        double t = now();                                                                     \
        for (long k = 0; k < n; k++)                                                          \
            _Pragma("clang loop unroll(full)") for (int i = 0; i < 12; i++) {                 \
                sum[i] = __builtin_elementwise_fma(a, b, sum[i]);                             \
                __asm__ volatile("" : "+v"(sum[i]));                                          \
            }                                                                                 \
        t = now() - t;                                                                        \
        return 12.0 * 2 * LANES * (double)n / t / 1e9;                                        \
    }
#if defined(__x86_64__)
PEAK(peak_avx2, "avx2,fma", 8)
PEAK(peak_avx512, "avx512f,fma", 16)

__attribute__((target("avx512f,avx512vnni"))) static double peak_vnni(long n) {
    __m512i sum[12], a = _mm512_set1_epi8(1), b = _mm512_set1_epi8(2);
    for (int i = 0; i < 12; i++) sum[i] = _mm512_setzero_si512();
    double t = now();
    for (long k = 0; k < n; k++)
        _Pragma("clang loop unroll(full)") for (int i = 0; i < 12; i++) {
            sum[i] = _mm512_dpbusd_epi32(sum[i], a, b);
            __asm__ volatile("" : "+v"(sum[i]));
        }
    t = now() - t;
    return 12.0 * 2 * 64 * (double)n / t / 1e9;
}

__attribute__((target("avx512f,avx512bf16"))) static double peak_bf16(long n) {
    __m512 sum[12];
    __m512bh a = (__m512bh)_mm512_set1_epi32(0x3F803F80), b = (__m512bh)_mm512_set1_epi32(0x30003000);
    for (int i = 0; i < 12; i++) sum[i] = _mm512_setzero_ps();
    double t = now();
    for (long k = 0; k < n; k++)
        _Pragma("clang loop unroll(full)") for (int i = 0; i < 12; i++) {
            sum[i] = _mm512_dpbf16_ps(sum[i], a, b);
            __asm__ volatile("" : "+v"(sum[i]));
        }
    t = now() - t;
    return 12.0 * 2 * 32 * (double)n / t / 1e9;
}
#endif

static int rounded, whole;

static arena_weight_format format;
static float table[16], *scales, *zeros;

// A weight of the format out of the same random bytes, whatever they mean.
static arena_weight_t weight(const float *w, long k) {
    return (arena_weight_t){
        .format = format, .panels = w, .scales = scales, .zeros = zeros, .table = table,
        .block = 64, .group_count = (size_t)(k + 63) / 64, .rounded = ARENA_BF16,
    };
}

typedef struct {
    const arena_kernels *kernels;
    long m, n, k;
    int sets, rounds;
    float *x, *packed, *w, *y;
    arena_codes8_t codes;
    uint8_t *panels, *fine;
    float *scales8;
    double best;
} job;

static void product8(const job *j, size_t stride) {
    arena_product8_t p = {
        .x = j->x, .x_stride = stride, .codes = j->codes, .panels = j->panels, .fine = j->fine,
        .scales = j->scales8, .y = j->y, .y_stride = (size_t)j->n + 16, .rows = (size_t)j->m,
        .inputs = (size_t)j->k, .outputs = (size_t)j->n, .first_panel = 0,
        .last_panel = (size_t)(j->n + 31) / 32, .scale = 1,
    };
    j->kernels->quantize8(j->x, stride, p.rows, p.inputs, 12, &j->codes);
    j->kernels->product8(&p);
}

static void *run(void *raw) {
    job *j = raw;
    size_t stride = (size_t)j->k + 16;
    j->best = 1e9;
    for (int r = 0; r < j->rounds; r++) {
        arena_product_t p = {
            .x = j->x, .x_stride = stride,
            .weight = weight(
                j->w + (size_t)(r % j->sets) * (size_t)((j->n + 31) / 32 * 32 * j->k), j->k),
            .y = j->y, .y_stride = (size_t)j->n + 16, .rows = (size_t)j->m,
            .inputs = (size_t)j->k, .outputs = (size_t)j->n, .first_panel = 0,
            .last_panel = (size_t)(j->n + 31) / 32, .scale = 1,
        };
        double t = now();
        if (format == ARENA_W_DYNAMIC8) {
            product8(j, stride);
            t = now() - t;
            if (t < j->best) j->best = t;
            continue;
        }
        if (rounded) {
            j->kernels->pack_rows16(j->x, stride, p.rows, p.inputs, j->packed);
            p.packed = j->packed;
            j->kernels->product16(&p);
            t = now() - t;
            if (t < j->best) j->best = t;
            continue;
        }
        // Where the engine packs rows, it counts.
        if ((size_t)j->m >= 2 * j->kernels->tile_rows && j->n >= 256) {
            j->kernels->pack_rows(j->x, stride, p.rows, p.inputs, j->packed);
            p.packed = j->packed;
        }
        arena_product(j->kernels, &p);
        t = now() - t;
        if (t < j->best) j->best = t;
    }
    return NULL;
}

// Numbers of 16 bits around one, whichever format reads them: denormals would be slow.
static float *halves(float *p, size_t n) {
    uint16_t *h = (uint16_t *)p;
    if (format == ARENA_W_BF16 || format == ARENA_W_F16)
        for (size_t i = 0; i < 2 * n; i++) h[i] = (uint16_t)(0x3C00 + rand() % 512);
    return p;
}

static float *floats(size_t n) {
    size_t bytes = (n * 4 + (2 << 20) - 1) / (2 << 20) * (2 << 20);
    float *p = aligned_alloc(2 << 20, bytes);
    if (!p) exit(1);
    madvise(p, bytes, MADV_HUGEPAGE); // as the engine does with its buffers
    for (size_t i = 0; i < n; i++) p[i] = (float)(rand() % 2001 - 1000) * 1e-3f;
    return p;
}

// Weights and room for rows in 8 bits.
static void make8(job *j) {
    size_t m = (size_t)(j->m + 31), n = (size_t)(j->n + 31) / 32 * 32, k = (size_t)(j->k + 31) / 32 * 32;
    j->codes = (arena_codes8_t){
        whole, (int8_t *)floats(m * k / 4), (int32_t *)floats(m * k / 32), floats(m * k / 32),
        (int32_t *)floats(m), (int32_t *)floats(m * k)};
    j->panels = (uint8_t *)floats(n * k / 4);
    j->fine = (uint8_t *)floats(n * k / 4);
    j->scales8 = floats(n * k / 32);
    j->kernels->pack8(ARENA_F32, j->w, (size_t)j->n, (size_t)j->k, whole, j->panels, j->fine, j->scales8, NULL);
}

static void free8(job *j) {
    free(j->codes.codes), free(j->codes.starts), free(j->codes.scales), free(j->codes.far_counts);
    free(j->codes.far), free(j->panels), free(j->fine), free(j->scales8);
}

int main(int count, char **arguments) {
    int threads = count > 1 ? atoi(arguments[1]) : 1;
    const arena_kernels *kernels =
        count > 2 ? arena_kernels_named(arguments[2]) : arena_kernels_best();
    if (!kernels || threads < 1 || threads > 64) return 1;
    static const char *const names[] = {"f32",  "bf16", "f16",     "nf4",
                                        "gptq", "int8", "dynamic8", "whole8"};
    for (size_t i = 0; count > 3 && i < sizeof names / sizeof *names; i++)
        if (strcmp(arguments[3], names[i]) == 0) format = (arena_weight_format)i;
    const char *name = names[format];
    whole = format > ARENA_W_DYNAMIC8;
    if (whole) format = ARENA_W_DYNAMIC8;
    rounded = count > 4 && strcmp(arguments[4], "rounded") == 0;
    scales = floats(18432 / 32 * 32 * 9216 / 64);
    zeros = floats(18432 / 32 * 32 * 9216 / 64);
    for (int i = 0; i < 16; i++) table[i] = 0.1f * (float)(i - 8);
    double peak = 0;
#if defined(__x86_64__)
    for (int i = 0; i < 5; i++) {
        int wide = strncmp(kernels->name, "avx512", 6) == 0;
        int has_bf16 = strcmp(kernels->name, "avx512bf16") == 0;
        double p = has_bf16 && rounded ? peak_bf16(30000000) : wide && format == ARENA_W_DYNAMIC8 ? peak_vnni(30000000)
            : wide ? peak_avx512(30000000) : peak_avx2(30000000);
        if (p > peak) peak = p;
    }
#endif
    printf("%s %s: ceiling %.1f Gop/s a core, %d thread(s)%s\n", kernels->name,
           name, peak, threads, rounded ? ", rounded to bf16" : "");
    static const long shapes[][3] = {
        {512, 2304, 2304}, {512, 18432, 2304}, {512, 2304, 9216}, {512, 2048, 2048},
        {128, 4096, 2304}, {512, 128, 128},    {512, 768, 128},   {512, 128, 384},
        {512, 16, 2304},   {64, 3, 2304},      {1, 2304, 2304},
    };
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        long m = shapes[s][0], n = shapes[s][1], k = shapes[s][2], padded = (n + 31) / 32 * 32;
        int sets = padded * k > 20000000 ? 1 : 3;
        job jobs[64];
        pthread_t handles[64];
        for (int t = 0; t < threads; t++)
            jobs[t] = (job){kernels, m, n, k, sets, m * n * k > 1000000000 ? 6 : 300,
                            floats((size_t)m * (size_t)(k + 16)), floats((size_t)(m + 32) * (size_t)k),
                            halves(floats((size_t)(padded * k * sets)), (size_t)(padded * k * sets)),
                            floats((size_t)m * (size_t)(n + 16))};
        for (int t = 0; t < threads && format == ARENA_W_DYNAMIC8; t++) make8(&jobs[t]);
        for (int t = 1; t < threads; t++) pthread_create(&handles[t], NULL, run, &jobs[t]);
        run(&jobs[0]);
        double rate = 0;
        for (int t = 0; t < threads; t++) {
            if (t) pthread_join(handles[t], NULL);
            rate += 2e-9 * (double)m * (double)n * (double)k / jobs[t].best / threads;
            free(jobs[t].x), free(jobs[t].packed), free(jobs[t].w), free(jobs[t].y);
            if (format == ARENA_W_DYNAMIC8) free8(&jobs[t]);
        }
        printf("M %4ld N %5ld K %5ld: %6.1f Gop/s a core, %5.1f %%\n", m, n, k, rate,
               peak > 0 ? 100 * rate / peak : 0);
        fflush(stdout);
    }
}
