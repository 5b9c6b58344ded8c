// Which loops this processor can run: asked once, forceable for tests.

#include "dispatch.h"
#include "CArenaFrame.h"

#include <stdatomic.h>
#include <string.h>

static int has_avx2(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("pclmul")
        && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
#else
    return 0;
#endif
}

static _Atomic int choice = -1;

int arena_frame_avx2(void) {
    int known = atomic_load_explicit(&choice, memory_order_relaxed);
    if (known < 0) {
        known = has_avx2();
        atomic_store_explicit(&choice, known, memory_order_relaxed);
    }
    return known;
}

int arena_frame_force(const char *name) {
    if (strcmp(name, "auto") == 0) atomic_store(&choice, -1);
    else if (strcmp(name, "plain") == 0) atomic_store(&choice, 0);
    else if (strcmp(name, "avx2") == 0 && has_avx2()) atomic_store(&choice, 1);
    else return -1;
    return 0;
}
