// The kernels as functions of the host, for the cards of one instruction set: 75 without asynchronous copies, 80
// with them. Gives them what the prelude leaves out, and lists them.

#include "simulator.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_SIMULATED 1
#define HAS_ASYNC_COPY (ARCHITECTURE >= 80)

#define KERNEL static void
#define DEVICE inline __attribute__((always_inline))
#define SHARED(name) unsigned char *name = simulated::shared
#define __launch_bounds__(threads)
#define __align__(bytes) alignas(bytes)

#define threadIdx (*simulated::thread)
#define blockIdx simulated::block
#define blockDim simulated::block_size
#define gridDim simulated::grid_size
#define __syncthreads simulated::synchronize_block

struct alignas(16) uint4 {
    unsigned x, y, z, w;
};

struct alignas(16) float4 {
    float x, y, z, w;
};

struct alignas(8) float2 {
    float x, y;
};

// Nothing of this has a name outside: the file is compiled for each instruction set.
namespace {

using simulated::commit_copies;
using simulated::float_to_half;
using simulated::half_to_float;
using simulated::multiply_codes;
using simulated::multiply_halves;

DEVICE uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }

DEVICE float2 make_float2(float x, float y) { return {x, y}; }

DEVICE unsigned __float_as_uint(float x) {
    unsigned bits;
    __builtin_memcpy(&bits, &x, sizeof bits);
    return bits;
}

DEVICE float __uint_as_float(unsigned bits) {
    float x;
    __builtin_memcpy(&x, &bits, sizeof x);
    return x;
}

DEVICE void load_matrices(unsigned *r, const void *row) { simulated::load_matrices(r, row, false); }

DEVICE void load_matrices_transposed(unsigned *r, const void *row) { simulated::load_matrices(r, row, true); }

DEVICE void copy16(void *to, const void *from, bool there) {
    simulated::copy16(to, there ? from : 0, HAS_ASYNC_COPY);
}

template <int GROUPS> DEVICE void wait_copies() { simulated::wait_copies(GROUPS); }

DEVICE float from_lane(float x, int mask) { return simulated::exchange(x, mask, true); }

DEVICE float value_of_lane(float x, int lane) { return simulated::exchange(x, lane, false); }

DEVICE void raise_to(unsigned *place, unsigned x) { *place = x > *place ? x : *place; }

#include "kernel_files.inc"

template <typename T, T...> struct Numbers {};

template <typename T> const void *address(T) { return 0; }
template <typename T> const void *address(T *pointer) { return (const void *)pointer; }

// A kernel whose parameters come as `cuLaunchKernel` takes them.
template <auto kernel> struct Entry;
template <typename... A, void (*kernel)(A...)> struct Entry<kernel> {
    static_assert(sizeof...(A) <= simulated::PARAMETERS, "make room for the addresses");

    template <int... I> static void call(void **parameters, Numbers<int, I...>) {
        kernel(*(A *)parameters[I]...);
    }
    static void run(void **parameters) { call(parameters, __make_integer_seq<Numbers, int, sizeof...(A)>()); }

    static void **keep(void **parameters) {
        const size_t sizes[] = {sizeof(A)...};
        size_t count = sizeof...(A), bytes = (count * sizeof(void *) + 15) / 16 * 16;
        for (size_t size : sizes) bytes += (size + 15) / 16 * 16;
        void **kept = (void **)malloc(bytes);
        if (!kept) return 0;
        unsigned char *to = (unsigned char *)kept + (count * sizeof(void *) + 15) / 16 * 16;
        for (size_t i = 0; i < count; i++) {
            memcpy(kept[i] = to, parameters[i], sizes[i]);
            to += (sizes[i] + 15) / 16 * 16;
        }
        return kept;
    }

    static int addresses(void **parameters, const void **list) {
        int i = 0;
        ((list[i] = address(*(A *)parameters[i]), i++), ...);
        return i;
    }
};

}  // namespace

#define JOINED(a, b) a##b
#define LIST(architecture) JOINED(kernels_, architecture)
#define KERNEL_NAMED(name, threads) {#name, threads + 0, Entry<name>::run, Entry<name>::addresses, Entry<name>::keep},

const simulated::Kernel simulated::LIST(ARCHITECTURE)[] = {
#include "kernel_names.inc"
    {0, 0, 0, 0, 0},
};
