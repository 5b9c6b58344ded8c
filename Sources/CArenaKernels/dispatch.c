// Which kernels this processor runs: asked once, forceable for tests and by the user.

#include "arena_kernels.h"

#include <stdatomic.h>
#include <string.h>

extern const arena_kernels arena_kernels_plain;
#if defined(__x86_64__)
extern const arena_kernels arena_kernels_avx2, arena_kernels_wide, arena_kernels_avx512, arena_kernels_bf16;
int arena_bf16_is_exact(void);

// Asked once: another processor may round otherwise.
static int has_bf16(void) {
    static _Atomic int known; // 0 if not asked yet, else 1 more than the answer
    int answer = atomic_load(&known);
    if (!answer) {
        answer = 1 + (__builtin_cpu_supports("avx512bf16") && arena_bf16_is_exact());
        atomic_store(&known, answer);
    }
    return answer - 1;
}
#endif

// Fastest first; `wide` is never chosen by itself.
static const arena_kernels *find(const char *name, int *known) {
    *known = 1;
    if (strcmp(name, "plain") == 0) return &arena_kernels_plain;
#if defined(__x86_64__)
    __builtin_cpu_init();
    int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    int avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
    if (strcmp(name, "avx2") == 0) return avx2 ? &arena_kernels_avx2 : NULL;
    if (strcmp(name, "wide") == 0) return avx2 ? &arena_kernels_wide : NULL;
    if (strcmp(name, "avx512") == 0) return avx512 && avx2 ? &arena_kernels_avx512 : NULL;
    if (strcmp(name, "avx512bf16") == 0)
        return avx512 && avx2 && has_bf16() ? &arena_kernels_bf16 : NULL;
#else
    if (strcmp(name, "avx2") == 0 || strcmp(name, "avx512") == 0 || strcmp(name, "wide") == 0
        || strcmp(name, "avx512bf16") == 0)
        return NULL;
#endif
    *known = 0;
    return NULL;
}

const arena_kernels *arena_kernels_named(const char *name) {
    int known;
    return find(name, &known);
}

static _Atomic(const arena_kernels *) forced;

const arena_kernels *arena_kernels_best(void) {
    const arena_kernels *chosen = atomic_load(&forced);
    if (chosen) return chosen;
    static const char *const order[] = {"avx512bf16", "avx512", "avx2"};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        const arena_kernels *kernels = arena_kernels_named(order[i]);
        if (kernels) return kernels;
    }
    return &arena_kernels_plain;
}

int arena_cpu_force(const char *name) {
    if (strcmp(name, "auto") == 0) {
        atomic_store(&forced, NULL);
        return 0;
    }
    int known;
    const arena_kernels *kernels = find(name, &known);
    if (!kernels) return known ? -2 : -1;
    atomic_store(&forced, kernels);
    return 0;
}

size_t arena_attention_scratch(size_t keys, size_t head_size, size_t relative) {
    // Keys and values padded to panels, a strip of scores; for relative terms their own panels, a
    // strip of products with position keys, and all keys' products with position queries.
    size_t padded = (keys + 31) / 32 * 32, size = (head_size + 31) / 32 * 32;
    // Rounded to bf16, a strip of queries and of shares in whole tiles too.
    size_t even = head_size + head_size % 2, rounded = 28 * (even + padded);
    size_t plain = padded * even + padded * size + 24 * (padded + 16) + rounded + 64;
    size_t terms = (relative + 31) / 32 * 32;
    return plain + (terms ? (terms + padded + 28) * even + (24 + padded) * (terms + 16) + 64 : 0);
}
