// The CPU kernels: fp32 products over packed weights, attention, norms and the like, once per
// instruction set from one template, chosen at run time.
//
// Contract: a result's bits depend on the row and the weights alone, not on the instruction set,
// the neighbours in a pack, or how the work is split. Every reduction has one fixed order:
//   products   one chain of fused multiply-adds per K block of 256, the blocks added in order;
//   norms      32 partial sums (element j goes to sum j mod 32), then halves added to halves;
//   attention  keys at absolute positions of the row, reduced as above.
// Letters: M rows of activations, N outputs, K inputs, T tokens, H heads, D head size.
#ifndef ARENA_KERNELS_H
#define ARENA_KERNELS_H

#include <stddef.h>
#include <stdint.h>

// Columns of a packed panel, and the inputs one chain of a product runs over.
#define ARENA_PANEL 32
#define ARENA_BLOCK 256

typedef enum { ARENA_F32 = 0, ARENA_BF16 = 1, ARENA_F16 = 2 } arena_dtype;

// y (M, N) = x (M, K) . w (N, K)^T + bias, or y += scale * that when `add` is set.
typedef struct {
    const float *x;      // (M, K), rows x_stride apart
    size_t x_stride;
    const float *panels; // (N/32, K, 32), N padded with zeros
    const float *bias;   // (N) or NULL
    float *y;            // (M, N), rows y_stride apart
    size_t y_stride;
    size_t rows, inputs, outputs; // M, K, N
    size_t first_panel, last_panel; // the share of N that this call computes
    float scale;
    int add;
} arena_product_t;

// y (M, C) = x / sqrt(mean(x^2) + epsilon) * (offset + weight), row by row; y may be x.
typedef struct {
    const float *x;
    size_t x_stride;
    const float *weight; // (C)
    float *y;
    size_t y_stride;
    size_t rows, columns;
    float epsilon, offset;
    int add; // y += instead of y =
} arena_norm_t;

// Causal attention of one row (one text): Q queries at consecutive positions over T keys.
typedef struct {
    const float *q; // (Q, H * D), rows q_stride apart
    size_t q_stride;
    const float *k; // (T, KV * D)
    size_t k_stride;
    const float *v; // (T, KV * D)
    size_t v_stride;
    float *out; // (Q, H * D)
    size_t out_stride;
    size_t queries, first_position, keys;
    size_t heads, kv_heads, head_size;
    size_t window; // keys a query sees, itself included; 0 for all
    float scale;
    float softcap; // 0 for none
    size_t first_kv_head, last_kv_head; // the share of heads that this call computes
    float *scratch; // arena_attention_scratch floats
} arena_attention_t;

typedef enum { ARENA_GATE_SILU = 0, ARENA_GATE_GELU_TANH = 1 } arena_gate;

typedef struct arena_kernels {
    const char *name;
    void (*product)(const arena_product_t *);
    void (*norm)(const arena_norm_t *);
    void (*attention)(const arena_attention_t *);
    // y (M, C) = activation(gate) * up
    void (*gate)(arena_gate, const float *gate, size_t gate_stride, const float *up,
                 size_t up_stride, float *y, size_t y_stride, size_t rows, size_t columns);
    // x (M, H * D) rotated in place; cosines and sines (T, D / 2) are looked up by position (M).
    void (*rotary)(float *x, size_t x_stride, const int32_t *positions, const float *cosines,
                   const float *sines, size_t rows, size_t heads, size_t head_size);
    // y (M, C) += x
    void (*add)(const float *x, size_t x_stride, float *y, size_t y_stride, size_t rows,
                size_t columns);
    // each row of x (M, C) to probabilities, in place
    void (*softmax)(float *x, size_t x_stride, size_t rows, size_t columns);
    void (*exp)(const float *x, float *y, size_t count);
    void (*tanh)(const float *x, float *y, size_t count);
} arena_kernels;

// The kernels of an instruction set ("plain", "avx2", "avx512", and "wide": the AVX-512 template on
// AVX2 instructions, for tests); NULL if it is unknown or this processor lacks it.
const arena_kernels *arena_kernels_named(const char *name);

// The fastest kernels of this processor, or those that were forced.
const arena_kernels *arena_kernels_best(void);

// Makes `arena_kernels_best` answer the named kernels ("auto": the fastest again).
// Returns 0, or -1 if the name is unknown, -2 if this processor lacks them.
int arena_cpu_force(const char *name);

static inline void arena_product(const arena_kernels *k, const arena_product_t *a) {
    k->product(a);
}
static inline void arena_norm(const arena_kernels *k, const arena_norm_t *a) { k->norm(a); }
static inline void arena_attention(const arena_kernels *k, const arena_attention_t *a) {
    k->attention(a);
}

// Floats of scratch that attention needs for rows of up to `keys` tokens.
size_t arena_attention_scratch(size_t keys, size_t head_size);

// y (count) = x as fp32, exactly.
void arena_widen(arena_dtype dtype, const void *x, float *y, size_t count);

// Writes `rows` rows of a weight (rows, K) into panels as rows first_row... of the packed matrix.
// Returns the index of the first value that is not finite, or -1.
ptrdiff_t arena_pack(arena_dtype dtype, const void *x, size_t rows, size_t inputs, float *panels,
                     size_t first_row);

#endif
