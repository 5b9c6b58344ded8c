// The CPU kernels: fp32 products over packed weights of several formats, attention, norms and the
// like, once per instruction set from one template, chosen at run time.
//
// Contract: a result's bits depend on the row and the weights alone, not on the instruction set,
// the neighbours in a pack, or how the work is split. Every reduction has one fixed order:
//   products   one chain of fused multiply-adds per K block of 256, the blocks added in order;
//   of bf16    one chain over all inputs (product16.h);
//   of 8 bits  exact sums over groups of 32 inputs, scaled and added in order;
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

// How a packed weight matrix is stored. All but the first are expanded to fp32 a K block of a
// panel at a time, inside the product.
typedef enum {
    ARENA_W_F32 = 0,
    ARENA_W_BF16 = 1,
    ARENA_W_F16 = 2,
    // One of 16 values by a 4-bit code, times a scale for each `block` inputs of an output.
    ARENA_W_TABLE4 = 3,
    // (code - zero) * scale; scale and zero by output and by the group of the input.
    ARENA_W_AFFINE4 = 4,
    // code * scale; a scale for each output.
    ARENA_W_INT8 = 5,
    // The same in panels of four inputs, for products in whole numbers (`arena_product8_t`).
    ARENA_W_DYNAMIC8 = 6,
} arena_weight_format;

// A weight matrix (N, K) in panels of 32 outputs, N padded with zeros.
typedef struct {
    arena_weight_format format;
    // (N/32, K, 32) numbers of the format; of 4-bit codes (N/32, K, 16) bytes, output j of the
    // panel in the low half of byte j, output 16 + j in the high half.
    const void *panels;
    const float *scales;   // (N/32, G, 32), G groups of inputs; INT8: (N/32, 32)
    const float *zeros;    // AFFINE4: as the scales
    const float *table;    // TABLE4: (16)
    const int32_t *groups; // the group of each input (K), or NULL: input / block
    size_t block, group_count;
    arena_dtype rounded;   // what an expanded 4-bit weight is rounded to
} arena_weight_t;

// y (M, N) = x (M, K) . w (N, K)^T + bias, or y += scale * that when `add` is set.
typedef struct {
    const float *x;      // (M, K), rows x_stride apart
    size_t x_stride;
    const float *packed; // x as `pack_rows` writes it, or NULL
    arena_weight_t weight;
    const float *bias;   // (N) or NULL
    float *y;            // (M, N), rows y_stride apart
    size_t y_stride;
    size_t rows, inputs, outputs; // M, K, N
    size_t first_panel, last_panel; // the share of N that this call computes
    float scale;
    int add;
} arena_product_t;

// Products of whole numbers: inputs that share a scale, on both sides, unless all of them do; and the parts
// of a code that what it leaves is counted in: a weight is scale * (code + fine / ARENA_FINE8).
#define ARENA_GROUP8 32
#define ARENA_FINE8 254.0f

// Rows of activations as whole numbers: x = scale * code, but for a few inputs that stand far out,
// whose codes are 0 and whose numbers are kept. Tiles of R = `tile8_rows` rows, G groups of inputs;
// there is room for whole tiles.
typedef struct {
    int whole;           // whether all inputs share a scale (G = 1): at most 2^16 of them
    int8_t *codes;       // (M/R, K/4, R, 4), zeros behind the last input
    int32_t *starts;     // (M/R, G, R): where sums begin, 0x4B400000 - 128 * the sum of a group's codes; if
                         // whole, -128 * the sum
    float *scales;       // (M/R, G, R)
    int32_t *far_counts; // (M)
    int32_t *far;        // (M, K) inputs in rising order; rows K apart
} arena_codes8_t;

// y (M, N) = x (M, K) . w (N, K)^T + bias with both sides in 8 bits. The sum of a group's codes is
// exact; y is one chain of fused multiply-adds of sum * weight's scale with the row's scale over the
// groups, then of the weights with the far inputs in rising order. If whole, the chain begins with the sum,
// rounded to fp32, * weight's scale * row's scale.
typedef struct {
    const float *x; // (M, K): the numbers of far inputs
    size_t x_stride;
    arena_codes8_t codes;
    const uint8_t *panels; // (N/32, K/4, 32, 4): codes + 128, 128 behind the last input
    const uint8_t *fine;   // the same of what the codes leave, in parts of a code; for far inputs
    const float *scales;   // (N/32, G, 32)
    const float *bias;     // (N) or NULL
    float *y;              // (M, N)
    size_t y_stride;
    size_t rows, inputs, outputs;
    size_t first_panel, last_panel;
    float scale;
    int add; // y += scale * that
} arena_product8_t;

// Root mean square norm: y (M, C) = x / sqrt(mean(x^2) + epsilon) * (offset + weight); or, with
// `center`, layer norm: (x - mean) / sqrt(variance + epsilon) * weight + bias. y may be x.
typedef struct {
    const float *x;
    size_t x_stride;
    const float *weight; // (C) or NULL for ones
    const float *bias;   // (C) or NULL; with `center` only
    float *y;
    size_t y_stride;
    size_t rows, columns;
    float epsilon, offset;
    int add; // y += instead of y =
    int center;
} arena_norm_t;

// Attention of one row (one text): Q queries at consecutive positions over T keys.
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
    int causal;    // a query sees keys up to its own position; else all of the row
    size_t window; // causal: keys a query sees, itself included; 0 for all
    float scale;
    float softcap; // 0 for none
    // Terms by relative position d = query - key, looked up at center + d; NULL for none.
    const float *bias;      // (H, bias_stride): added to the scaled score
    size_t bias_stride;
    const int32_t *buckets; // the row of the next two for each d
    size_t center;
    const float *position_keys;    // (S, H * D): + q . position_key, before the scale
    size_t position_keys_stride;
    const float *position_queries; // (S, H * D): + k . position_query, before the scale
    size_t position_queries_stride;
    size_t first_kv_head, last_kv_head; // the share of heads that this call computes
    // Whatever is multiplied is rounded to bf16, as `product16` does.
    int rounded;
    float *scratch; // arena_attention_scratch floats
} arena_attention_t;

// Activations, of a gate or alone.
typedef enum {
    ARENA_SILU = 0,
    ARENA_GELU_TANH = 1,
    ARENA_GELU = 2, // x / 2 * (1 + erf(x / sqrt 2))
    ARENA_RELU = 3,
    ARENA_TANH = 4,
} arena_activation;

typedef struct arena_kernels {
    const char *name;
    void (*product)(const arena_product_t *);
    // x (rows, inputs) in the order in which a product reads it: `out` has room for the rows rounded
    // up to whole tiles of `tile_rows`. It pays where there are many rows and outputs.
    void (*pack_rows)(const float *x, size_t x_stride, size_t rows, size_t inputs, float *out);
    size_t tile_rows;
    // The same of rows and weights rounded to bf16, one chain of fused multiply-adds over pairs of inputs, the
    // second of a pair first, denormal numbers zero; `packed` rows by `pack_rows16`, which takes as much room as
    // `pack_rows` for an even number of inputs.
    void (*product16)(const arena_product_t *);
    void (*pack_rows16)(const float *x, size_t x_stride, size_t rows, size_t inputs, float *out);
    // Codes of rows of x (M, K); far is what exceeds `reach` times the root mean square of its row.
    void (*quantize8)(const float *x, size_t x_stride, size_t rows, size_t inputs, float reach,
                      const arena_codes8_t *codes);
    size_t tile8_rows; // R of `arena_codes8_t`
    // Codes and scales (the largest magnitude of a group, or of a whole row, over 127) of a weight x (rows of
    // `inputs`), row `order[n]` (or n) as output n, with what the codes leave, as `product8` takes them.
    // Returns the index of the first value that is not finite, or -1.
    ptrdiff_t (*pack8)(arena_dtype dtype, const void *x, size_t outputs, size_t inputs, int whole,
                       uint8_t *panels, uint8_t *fine, float *scales, const int32_t *order);
    void (*product8)(const arena_product8_t *);
    void (*norm)(const arena_norm_t *);
    void (*attention)(const arena_attention_t *);
    // y (M, C) = activation(x)
    void (*activate)(arena_activation, const float *x, size_t x_stride, float *y, size_t y_stride,
                     size_t rows, size_t columns);
    // y (M, C) = activation(gate) * up
    void (*gate)(arena_activation, const float *gate, size_t gate_stride, const float *up,
                 size_t up_stride, float *y, size_t y_stride, size_t rows, size_t columns);
    // x (M, H * D) rotated in place; cosines and sines (T, D / 2) are looked up by position (M).
    void (*rotary)(float *x, size_t x_stride, const int32_t *positions, const float *cosines,
                   const float *sines, size_t rows, size_t heads, size_t head_size);
    // y (M, C) += x
    void (*add)(const float *x, size_t x_stride, float *y, size_t y_stride, size_t rows,
                size_t columns);
    // x (M, C) = cap * tanh(x / cap)
    void (*softcap)(float *x, size_t x_stride, size_t rows, size_t columns, float cap);
    // each row of x (M, C) to probabilities, in place
    void (*softmax)(float *x, size_t x_stride, size_t rows, size_t columns);
    void (*exp)(const float *x, float *y, size_t count);
    void (*tanh)(const float *x, float *y, size_t count);
    void (*erf)(const float *x, float *y, size_t count);
    // y (block, 32) = inputs at...at + block of a panel as fp32, as the product expands them.
    void (*expand)(const arena_weight_t *w, size_t inputs, size_t panel, size_t at, size_t block,
                   float *y);
} arena_kernels;

// The kernels of an instruction set ("plain", "avx2", "avx512", "avx512bf16", and "wide": the AVX-512 template on
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

// Floats of scratch that attention needs for rows of up to `keys` tokens; `relative` is the number
// of rows of the position keys and queries, 0 without them.
size_t arena_attention_scratch(size_t keys, size_t head_size, size_t relative);

// y (count) = x as fp32, exactly.
void arena_widen(arena_dtype dtype, const void *x, float *y, size_t count);

// Writes a weight x (rows of `inputs`) into panels (N/32, K, 32) of the same numbers, row `order[n]`
// (or n, without an order) as output n. `outputs` rows are written; the rest stays as it is.
// Returns the index in x of the first value found that is not finite, or -1.
ptrdiff_t arena_pack(arena_dtype dtype, const void *x, size_t outputs, size_t inputs, void *panels,
                     const int32_t *order);

// The same for bytes (int8 codes).
void arena_pack8(const void *x, size_t outputs, size_t inputs, void *panels, const int32_t *order);

// The same for 4-bit codes: two to a byte of x, the first in the high half; panels (N/32, K, 16),
// zero before.
void arena_pack4(const uint8_t *x, size_t outputs, size_t inputs, uint8_t *panels,
                 const int32_t *order);

// Codes of 4 bits, two to a byte and the first in the high half, and the largest magnitude of each
// block: a number over its block's largest becomes order[how many of the 15 rising bounds are below
// it]. The arithmetic is bitsandbytes' quantize_4bit. Returns the index of the first number that is
// not finite, or -1.
ptrdiff_t arena_quantize4(const float *x, size_t count, size_t block, const float *bounds,
                          const uint8_t *order, uint8_t *codes, float *scales);

// Rounds fp32 to the nearest number of a type, ties to even; what is too large becomes infinite.
float arena_round(arena_dtype dtype, float x);

// A file of CUDA text.
typedef struct {
    const char *name;
    const char *text;
} arena_text_t;

// The kernels' text in the order in which it is compiled, ended by one without a name.
const arena_text_t *arena_cuda_texts(void);

#endif
