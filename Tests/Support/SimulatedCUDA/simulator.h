// A simulated CUDA card: the kernels of Resources/Kernels compiled for the host, run by the two libraries that
// scripts/dev/simulated-cuda builds. This header has what the card's parts know of each other: kernels.cpp
// compiles the kernels, once for each instruction set; block.cpp runs their threads; driver.cpp and nvrtc.cpp
// are the libraries' functions.
//
// It shows what a kernel computes and most of what it does wrong, not how fast it is.

#ifndef SIMULATOR_H
#define SIMULATOR_H

#include <stddef.h>

namespace simulated {

struct Index {
    unsigned x, y, z;
};

struct Kernel {
    const char *name;
    unsigned threads;  // of a block at most; 0 for any number
    void (*run)(void **parameters);
    // Writes each parameter's value if that is an address, else null; returns their number.
    int (*addresses)(void **parameters, const void **list);
    // A copy of the parameters, to be freed; null without memory.
    void **(*keep)(void **parameters);
};

enum { PARAMETERS = 32, THREADS = 1024, SHARED_BYTES = 101376, GUARD = 256 };

// What a guard is filled with, and what has not been written yet: not a number as fp32 and as halves.
enum { GUARDED = 0xa5, UNWRITTEN = 0xff };

// Of results of the driver, those that kernels cause.
enum { ILLEGAL_ADDRESS = 700, MISALIGNED_ADDRESS = 716, LAUNCH_FAILED = 719 };

// Ended by one without a name.
extern const Kernel kernels_75[], kernels_80[];

// Runs the blocks one after another; one launch at a time. Returns 0 or one of the results above.
int run_blocks(const Kernel *kernel, Index grid, Index block, unsigned shared_bytes, void **parameters);

// Writes a line that begins with the card's name to the standard error.
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

bool is_intact(const unsigned char *guard);

// The rest is called by kernels, from the thread that runs.

extern const Index *thread;
extern Index block, block_size, grid_size;
extern unsigned char *shared;

void synchronize_block();
void load_matrices(unsigned *registers, const void *row, bool transposed);
void multiply_halves(float *sums, const unsigned *a, const unsigned *b);
void multiply_codes(int *sums, const unsigned *a, const unsigned *b);
float exchange(float x, int lane_mask, bool by_mask);
void copy16(void *to, const void *from, bool later);
void commit_copies();
void wait_copies(unsigned groups);

// Exact; without branches, so that loops of it become vector code.
inline float half_to_float(unsigned short half) {
    unsigned rest = half & 0x7fffu, bits = rest << 13;
    float number;
    __builtin_memcpy(&number, &bits, sizeof number);
    number *= 0x1p112f;
    __builtin_memcpy(&bits, &number, sizeof bits);
    bits |= rest >= 0x7c00u ? 0x7f800000u : 0u;
    bits |= (unsigned)(half & 0x8000u) << 16;
    __builtin_memcpy(&number, &bits, sizeof number);
    return number;
}

// The nearest, ties to even.
inline unsigned short float_to_half(float number) {
    unsigned bits;
    __builtin_memcpy(&bits, &number, sizeof bits);
    unsigned sign = bits >> 16 & 0x8000u, size = bits & 0x7fffffffu;
    if (size > 0x7f800000u) return 0x7fff;
    if (size >= 0x477ff000u) return (unsigned short)(sign | 0x7c00u);
    if (size >= 0x38800000u)
        return (unsigned short)(sign | (size - 0x38000000u + 0xfffu + (size >> 13 & 1u)) >> 13);
    // Numbers beside 0.5 lie as far apart as subnormal halves.
    float magnitude;
    __builtin_memcpy(&magnitude, &size, sizeof magnitude);
    magnitude += 0.5f;
    __builtin_memcpy(&size, &magnitude, sizeof size);
    return (unsigned short)(sign | (size - 0x3f000000u));
}

}  // namespace simulated

#endif
