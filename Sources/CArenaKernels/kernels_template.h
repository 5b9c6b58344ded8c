// Every kernel, written once over vectors of LANES floats and product tiles of ROWS rows and two
// vectors. The including file sets LANES, ROWS and KERNELS (the table's name) and the target.
//
// Only operations that IEEE 754 defines to the last bit are used (add, multiply, fused
// multiply-add, divide, square root, compare), each in an order that LANES and ROWS do not change;
// that is what makes the bits the same on every instruction set.

#include "arena_kernels.h"

#pragma STDC FP_CONTRACT OFF
// Vectors wider than the target pass only between functions that are always inlined.
#pragma clang diagnostic ignored "-Wpsabi"

typedef float vf __attribute__((ext_vector_type(LANES)));
typedef int32_t vi __attribute__((ext_vector_type(LANES)));
typedef int32_t vi_unaligned __attribute__((ext_vector_type(LANES), aligned(4)));
typedef uint32_t vu __attribute__((ext_vector_type(LANES)));
typedef uint16_t vh_unaligned __attribute__((ext_vector_type(LANES), aligned(2)));
typedef uint8_t vb_unaligned __attribute__((ext_vector_type(LANES), aligned(1)));
typedef int8_t vc __attribute__((ext_vector_type(LANES)));
typedef int8_t vc_unaligned __attribute__((ext_vector_type(LANES), aligned(1)));
typedef float vf_unaligned __attribute__((ext_vector_type(LANES), aligned(4)));

#define INLINE static inline __attribute__((always_inline))
#define NV 2                      // vectors across a tile
#define TILE (NV * LANES)         // columns of a tile
#define PARTS (ARENA_PANEL / LANES) // vectors across a panel
// Whether tiles of packed rows ask for their own numbers to come: on AVX-512 a block of a panel is as
// large as the first-level cache, and a cache line lasts one input.
#if defined(LOOKUP_AVX512)
#define FETCHES_AHEAD 1
#else
#define FETCHES_AHEAD 0
#endif
#define UNROLL _Pragma("clang loop unroll(full)")

INLINE vf load(const float *p) { return *(const vf_unaligned *)p; }
INLINE void store(float *p, vf v) { *(vf_unaligned *)p = v; }
INLINE vf splat(float x) { return (vf)x; }
INLINE vf fma_v(vf a, vf b, vf c) { return __builtin_elementwise_fma(a, b, c); }
// Lane by lane: a where the mask is set, else b.
INLINE vf choose(vi mask, vf a, vf b) { return (vf)((mask & (vi)a) | (~mask & (vi)b)); }
INLINE size_t least(size_t a, size_t b) { return a < b ? a : b; }

// MARK: - exp, tanh, erf

// Largest relative error 1.2e-7. Zero below -87.33; capped above 88.37. NaN stays NaN.
// e^x = 2^n e^r with n the nearest integer to x / ln 2; e^r = 1 + r + r^2 p(r), p by minimax.
INLINE vf exp_v(vf x) {
    const vf low = splat(-87.33654f), high = splat(88.37626f);
    vf c = choose(x < low, low, x);
    c = choose(c > high, high, c);
    const vf magic = splat(12582912.0f); // 1.5 * 2^23: adding it rounds to an integer
    vf t = fma_v(c, splat(1.44269504f), magic);
    vf n = t - magic;
    vf r = fma_v(n, splat(-0.693359375f), c);
    r = fma_v(n, splat(2.12194440e-4f), r);
    vf p = splat(0.0013814539f);
    p = fma_v(p, r, splat(0.008368745f));
    p = fma_v(p, r, splat(0.04166839f));
    p = fma_v(p, r, splat(0.16666521f));
    p = fma_v(p, r, splat(0.49999994f));
    vf e = fma_v(r * r, p, r + splat(1.0f));
    // The low bits of t are n; nine of them shifted up are the exponent of 2^n.
    vi power = ((vi)t << 23) + (127 << 23);
    return choose(x < low, splat(0.0f), e * (vf)power);
}

// Largest relative error 4e-7. x p(x^2) / q(x^2), by minimax up to 9.02, where tanh rounds to 1.
INLINE vf tanh_v(vf x) {
    const vf limit = splat(9.02f), one = splat(1.0f);
    vf c = choose(x > limit, limit, x);
    c = choose(c < -limit, -limit, c);
    vf z = c * c;
    vf p = splat(1.331901e-08f);
    p = fma_v(p, z, splat(2.058344e-05f));
    p = fma_v(p, z, splat(0.0034940324f));
    p = fma_v(p, z, splat(0.13379717f));
    p = fma_v(p, z, one);
    vf q = splat(7.761995e-07f);
    q = fma_v(q, z, splat(0.0003283089f));
    q = fma_v(q, z, splat(0.025871065f));
    q = fma_v(q, z, splat(0.4671303f));
    q = fma_v(q, z, one);
    vf t = c * p / q;
    t = choose(t > one, one, t);
    return choose(t < -one, -one, t);
}

// Largest relative error 4e-7. x p(x^2) / q(x^2), by minimax up to 3.92, where erf rounds to 1.
INLINE vf erf_v(vf x) {
    const vf limit = splat(3.9192059f), one = splat(1.0f);
    vf c = choose(x > limit, limit, x);
    c = choose(c < -limit, -limit, c);
    vf z = c * c;
    vf p = splat(1.9932990e-08f);
    p = fma_v(p, z, splat(-1.9580232e-06f));
    p = fma_v(p, z, splat(1.4179703e-04f));
    p = fma_v(p, z, splat(3.6987211e-03f));
    p = fma_v(p, z, splat(5.0563838e-02f));
    p = fma_v(p, z, splat(1.9985229e-01f));
    p = fma_v(p, z, splat(1.1283791f));
    vf q = splat(9.5539086e-04f);
    q = fma_v(q, z, splat(1.4347162e-02f));
    q = fma_v(q, z, splat(1.1496864e-01f));
    q = fma_v(q, z, splat(5.1044613e-01f));
    q = fma_v(q, z, one);
    vf t = c * p / q;
    t = choose(t > one, one, t);
    return choose(t < -one, -one, t);
}

INLINE vf silu_v(vf x) { return x / (splat(1.0f) + exp_v(-x)); }

INLINE vf gelu_tanh_v(vf x) {
    vf cube = x * x * x;
    vf inner = splat(0.7978845608f) * fma_v(splat(0.044715f), cube, x);
    return splat(0.5f) * x * (splat(1.0f) + tanh_v(inner));
}

INLINE vf gelu_v(vf x) {
    return splat(0.5f) * x * (splat(1.0f) + erf_v(x * splat(0.70710678f)));
}

INLINE vf activate_v(arena_activation kind, vf x) {
    switch (kind) {
    case ARENA_SILU: return silu_v(x);
    case ARENA_GELU_TANH: return gelu_tanh_v(x);
    case ARENA_GELU: return gelu_v(x);
    case ARENA_RELU: return choose(x < splat(0.0f), splat(0.0f), x);
    case ARENA_TANH: return tanh_v(x);
    }
    return x;
}

// The first n floats at p, zeros behind them.
INLINE vf load_part(const float *p, size_t n) {
    float part[LANES] __attribute__((aligned(64)));
    for (size_t i = 0; i < LANES; i++) part[i] = i < n ? p[i] : 0.0f;
    return load(part);
}

INLINE void store_part(float *p, vf v, size_t n) {
    float part[LANES] __attribute__((aligned(64)));
    store(part, v);
    for (size_t i = 0; i < n; i++) p[i] = part[i];
}

// A whole vector where `left` floats allow it, else what is left.
INLINE vf take(const float *p, size_t left) {
    return __builtin_expect(left >= LANES, 1) ? load(p) : load_part(p, left);
}

INLINE void put(float *p, vf v, size_t left) {
    if (__builtin_expect(left >= LANES, 1)) store(p, v);
    else store_part(p, v, left);
}

// MARK: - products

#define STEP 16 // inputs of a tile between requests for memory
#define LINE 64 // bytes of a cache line

// y (rows, TILE) = x (rows, k) . w (k, TILE of a panel's 32), or y += scale * that; then y += bias (TILE)
// unless that is NULL. Packed rows are those of one tile, the ROWS numbers of an input side by side. Each
// STEP inputs, `lines` more cache lines from `next` on are brought near: all at once they would hold up
// what the tile itself reads.
INLINE void tile(const size_t rows, const int packed, size_t k, const float *restrict x,
                 size_t x_stride, const float *restrict w, float *restrict y, size_t y_stride,
                 int add, float scale, const float *bias, const char *next, size_t lines) {
    vf sum[ROWS][NV];
    UNROLL for (size_t i = 0; i < rows; i++) UNROLL for (size_t j = 0; j < NV; j++)
        sum[i][j] = splat(0.0f);
    if (packed && FETCHES_AHEAD) // for the end of the tile
        UNROLL for (size_t i = 0; i < rows; i++) UNROLL for (size_t j = 0; j < NV; j++)
            __builtin_prefetch(y + i * y_stride + j * LANES, 1, 3);
    for (size_t from = 0; from < k; from += STEP) {
        // The rows of the tile below, a cache line each; past the end it is a hint that comes to
        // nothing.
        if (!packed) UNROLL for (size_t i = 0; i < rows; i++)
            __builtin_prefetch(x + (rows + i) * x_stride + from, 0, 3);
        for (size_t line = 0; line < lines; line++, next += LINE) __builtin_prefetch(next, 0, 2);
        size_t to = least(from + STEP, k);
        for (size_t at = from; at < to; at++) {
            if (packed && FETCHES_AHEAD) {
                UNROLL for (size_t j = 0; j < NV; j++)
                    __builtin_prefetch(w + 12 * ARENA_PANEL + j * LANES, 0, 3);
                __builtin_prefetch(x + (at + 32) * ROWS, 0, 3);
            }
            vf column[NV];
            UNROLL for (size_t j = 0; j < NV; j++) column[j] = load(w + j * LANES);
            UNROLL for (size_t i = 0; i < rows; i++) {
                vf a = splat(packed ? x[at * ROWS + i] : x[i * x_stride + at]);
                UNROLL for (size_t j = 0; j < NV; j++) sum[i][j] = fma_v(a, column[j], sum[i][j]);
            }
            w += ARENA_PANEL;
        }
    }
    vf factor = splat(scale);
    UNROLL for (size_t i = 0; i < rows; i++) UNROLL for (size_t j = 0; j < NV; j++) {
        float *to = y + i * y_stride + j * LANES;
        vf v = add ? load(to) + factor * sum[i][j] : sum[i][j];
        store(to, bias ? v + load(bias + j * LANES) : v);
    }
}

#define CASE(n)                                                                              \
    case n: tile(n, packed, k, x, x_stride, w, y, y_stride, add, scale, bias, next, lines); break;

// One tile of 1 to ROWS rows; the row count is a constant inside each case.
INLINE void tile_of(size_t rows, const int packed, size_t k, const float *restrict x,
                    size_t x_stride, const float *restrict w, float *restrict y, size_t y_stride,
                    int add, float scale, const float *bias, const char *next, size_t lines) {
    switch (rows) {
        CASE(1) CASE(2) CASE(3) CASE(4)
#if ROWS >= 6
        CASE(5) CASE(6)
#endif
#if ROWS >= 14
        CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12) CASE(13) CASE(14)
#endif
    }
}

static void strided_tile(size_t rows, size_t k, const float *x, size_t x_stride, const float *w,
                         float *y, size_t y_stride, int add, float scale, const float *bias,
                         const char *next, size_t lines) {
    tile_of(rows, 0, k, x, x_stride, w, y, y_stride, add, scale, bias, next, lines);
}

static void packed_tile(size_t rows, size_t k, const float *x, const float *w, float *y,
                        size_t y_stride, int add, float scale, const float *bias,
                        const char *next, size_t lines) {
    tile_of(rows, 1, k, x, 0, w, y, y_stride, add, scale, bias, next, lines);
}

// y (m, columns rounded up to a tile) = x (m, k) . panel (k, 32) within one K block, or
// y += scale * that; then y += bias unless that is NULL. Of packed rows, `tile_stride` numbers make a tile; 0
// where they are not packed.
// `next` are the `bytes` of weights that come after, brought near meanwhile; or NULL.
static void panel_block(size_t m, size_t k, const float *x, size_t x_stride, size_t tile_stride,
                        const float *panel, size_t columns, float *y, size_t y_stride, int add,
                        float scale, const float *bias, const char *next, size_t bytes) {
    size_t tiles = (m + ROWS - 1) / ROWS * ((columns + TILE - 1) / TILE);
    size_t steps = (k + STEP - 1) / STEP, left = next ? (bytes + LINE - 1) / LINE : 0;
    size_t share = (left + tiles * steps - 1) / (tiles * steps); // lines a step
    for (size_t c = 0; c < columns; c += TILE)
        for (size_t i = 0; i < m; i += ROWS) {
            size_t rows = least(ROWS, m - i), lines = left > 0 ? share : 0;
            float *to = y + i * y_stride + c;
            const float *more = bias ? bias + c : NULL;
            if (tile_stride)
                packed_tile(rows, k, x + i / ROWS * tile_stride, panel + c, to, y_stride, add, scale,
                            more, next, lines);
            else
                strided_tile(rows, k, x + i * x_stride, x_stride, panel + c, to, y_stride, add, scale,
                             more, next, lines);
            if (lines) next += lines * steps * LINE;
            left -= least(left, lines * steps);
        }
}

// Vectors a and b one lane after the other: the lower halves, the upper halves.
#if LANES == 16
#define LOWER(a, b) __builtin_shufflevector( \
    a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define UPPER(a, b) __builtin_shufflevector( \
    a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#elif LANES == 8
#define LOWER(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define UPPER(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#else
#define LOWER(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define UPPER(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#endif

// The transposed of LANES vectors: each pass deals them out anew, and after as many passes as a
// lane's number has bits each lane's numbers stand together.
INLINE void transpose(vf v[LANES]) {
    UNROLL for (size_t pass = 1; pass < LANES; pass *= 2) {
        vf dealt[LANES];
        UNROLL for (size_t i = 0; i < LANES / 2; i++) {
            dealt[2 * i] = LOWER(v[i], v[i + LANES / 2]);
            dealt[2 * i + 1] = UPPER(v[i], v[i + LANES / 2]);
        }
        UNROLL for (size_t i = 0; i < LANES; i++) v[i] = dealt[i];
    }
}

// Tiles of ROWS rows one behind the other, in each the inputs one behind the other. What a tile has
// no rows for is left as it is, or is set to zero.
static void pack_rows(const float *x, size_t x_stride, size_t rows, size_t inputs, float *out) {
    for (size_t i = 0; i < rows; i += ROWS, x += ROWS * x_stride, out += ROWS * inputs) {
        size_t count = least(ROWS, rows - i), k = 0;
        for (; k + LANES <= inputs; k += LANES) {
            vf v[LANES];
            UNROLL for (size_t r = 0; r < LANES; r++)
                v[r] = r < count ? load(x + r * x_stride + k) : splat(0.0f);
            transpose(v);
            float *to = out + k * ROWS;
            // Each vector's end lies where the next one's numbers come; the tile's last has to stop.
            UNROLL for (size_t j = 0; j < LANES - 1; j++) store(to + j * ROWS, v[j]);
            if (k + LANES < inputs) store(to + (LANES - 1) * ROWS, v[LANES - 1]);
            else store_part(to + (LANES - 1) * ROWS, v[LANES - 1], ROWS);
        }
        for (; k < inputs; k++)
            for (size_t r = 0; r < count; r++) out[k * ROWS + r] = x[r * x_stride + k];
    }
}

// MARK: - weights to fp32

// To the nearest number of a type, ties to even, as arena_round.
INLINE vf round_v(arena_dtype dtype, vf x) {
    vu bits = (vu)x;
    if (dtype == ARENA_BF16) return (vf)((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000);
    if (dtype == ARENA_F16) {
        vf magnitude = (vf)(bits & 0x7FFFFFFF);
        vf low = magnitude + splat(0.5f) - splat(0.5f);
        vf high = (vf)(((vu)magnitude + 0xFFF + (bits >> 13 & 1)) & 0xFFFFE000);
        high = choose(magnitude >= splat(65520.0f), splat(__builtin_inff()), high);
        vf r = choose(magnitude < splat(6.103515625e-5f), low, high);
        return (vf)((vu)r | (bits & 0x80000000));
    }
    return x;
}

// The table's values for 16 codes and fewer.
INLINE vf lookup(const float *table, vi code) {
#if defined(LOOKUP_AVX512)
    return (vf)_mm512_permutexvar_ps((__m512i)code, _mm512_loadu_ps(table));
#elif defined(LOOKUP_AVX2)
    __m256 low = _mm256_permutevar8x32_ps(_mm256_loadu_ps(table), (__m256i)code);
    __m256 high = _mm256_permutevar8x32_ps(_mm256_loadu_ps(table + 8), (__m256i)code);
    return (vf)_mm256_blendv_ps(low, high, (__m256)(code << 28));
#else
    vf y;
    UNROLL for (size_t i = 0; i < LANES; i++) y[i] = table[code[i]];
    return y;
#endif
}

// A 4-bit code as a number.
INLINE vf value4(const float *table, vi code, vf scale, vf zero, int affine, arena_dtype rounded) {
    vf y = affine ? (__builtin_convertvector(code, vf) - zero) * scale
                  : lookup(table, code) * scale;
    return round_v(rounded, y);
}

INLINE void expand4(const arena_weight_t *w, size_t inputs, size_t panel, size_t at, size_t block,
                    float *y, int affine, arena_dtype rounded) {
    const uint8_t *codes = (const uint8_t *)w->panels + (panel * inputs + at) * (ARENA_PANEL / 2);
    size_t base = panel * w->group_count;
    for (size_t k = at, end = at + block; k < end;) {
        // Inputs of one group follow each other unless there is a list of groups.
        size_t g = w->groups ? (size_t)w->groups[k] : k / w->block;
        size_t to = w->groups ? k + 1 : least(end, (g + 1) * w->block);
        vf scale[PARTS], zero[PARTS];
        UNROLL for (size_t j = 0; j < PARTS; j++) {
            scale[j] = load(w->scales + (base + g) * ARENA_PANEL + j * LANES);
            zero[j] = affine ? load(w->zeros + (base + g) * ARENA_PANEL + j * LANES) : splat(0.0f);
        }
        for (; k < to; k++, codes += ARENA_PANEL / 2, y += ARENA_PANEL)
            UNROLL for (size_t j = 0; j < PARTS / 2; j++) {
                vi byte = __builtin_convertvector(
                    *(const vb_unaligned *)(codes + j * LANES), vi);
                store(y + j * LANES,
                      value4(w->table, byte & 15, scale[j], zero[j], affine, rounded));
                store(y + ARENA_PANEL / 2 + j * LANES,
                      value4(w->table, byte >> 4, scale[PARTS / 2 + j], zero[PARTS / 2 + j], affine,
                             rounded));
            }
    }
}

static void expand(const arena_weight_t *w, size_t inputs, size_t panel, size_t at, size_t block,
                   float *y) {
    size_t first = (panel * inputs + at) * ARENA_PANEL, count = block * ARENA_PANEL;
    switch (w->format) {
    case ARENA_W_F32:
        __builtin_memcpy(y, (const float *)w->panels + first, count * sizeof(float));
        return;
    case ARENA_W_BF16: {
        const uint16_t *x = (const uint16_t *)w->panels + first;
        for (size_t i = 0; i < count; i += LANES)
            store(y + i, (vf)(__builtin_convertvector(*(const vh_unaligned *)(x + i), vu) << 16));
        return;
    }
    case ARENA_W_F16: {
        // The exponent is 112 short once the bits stand where fp32 has them; this also makes
        // subnormals right. Infinities do not come here.
        const uint16_t *x = (const uint16_t *)w->panels + first;
        for (size_t i = 0; i < count; i += LANES) {
            vu h = __builtin_convertvector(*(const vh_unaligned *)(x + i), vu);
            vf v = (vf)((h & 0x7FFF) << 13) * splat(5.192296858534828e33f);
            store(y + i, (vf)((vu)v | (h & 0x8000) << 16));
        }
        return;
    }
    case ARENA_W_INT8: {
        const int8_t *x = (const int8_t *)w->panels + first;
        vf scale[PARTS];
        UNROLL for (size_t j = 0; j < PARTS; j++)
            scale[j] = load(w->scales + panel * ARENA_PANEL + j * LANES);
        for (size_t i = 0; i < count; i += ARENA_PANEL)
            UNROLL for (size_t j = 0; j < PARTS; j++) {
                vi code = __builtin_convertvector(
                    *(const vc_unaligned *)(x + i + j * LANES), vi);
                store(y + i + j * LANES, __builtin_convertvector(code, vf) * scale[j]);
            }
        return;
    }
    case ARENA_W_TABLE4:
        switch (w->rounded) {
        case ARENA_F32: expand4(w, inputs, panel, at, block, y, 0, ARENA_F32); return;
        case ARENA_BF16: expand4(w, inputs, panel, at, block, y, 0, ARENA_BF16); return;
        case ARENA_F16: expand4(w, inputs, panel, at, block, y, 0, ARENA_F16); return;
        }
        return;
    case ARENA_W_AFFINE4: expand4(w, inputs, panel, at, block, y, 1, ARENA_F32); return;
    case ARENA_W_DYNAMIC8: return; // has a product of its own
    }
}

// MARK: - whole products

// Rows of x, and panels of w, that are taken through a K block together: x's part stays in the
// second-level cache for all of them, a panel's part in the first-level cache for all rows.
// Weights that are expanded on the way are worth more rows.
#define CHUNK 252 // a multiple of every ROWS
#define WIDE_CHUNK 588
#define GROUP 4

// Rows of chunks of about the same size in whole tiles, so that no small rest pays for all weights.
INLINE size_t chunk_rows(size_t rows, size_t most, size_t tile) {
    size_t chunks = (rows + most - 1) / most;
    return chunks ? ((rows + chunks - 1) / chunks + tile - 1) / tile * tile : 0;
}

// y (rows, columns) = sums + bias, or y += scale * that.
static void finish(const arena_product_t *p, size_t row, size_t column, size_t rows, size_t columns,
                   const float *sums) {
    const float *bias = p->bias ? p->bias + column : NULL;
    vf scale = splat(p->scale);
    for (size_t i = 0; i < rows; i++) {
        const float *sum = sums + i * GROUP * ARENA_PANEL;
        float *y = p->y + (row + i) * p->y_stride + column;
        for (size_t j = 0; j < columns; j += LANES) {
            size_t left = columns - j;
            vf v = load(sum + j);
            if (bias) v = v + take(bias + j, left);
            put(y + j, p->add ? take(y + j, left) + scale * v : v, left);
        }
    }
}

// Bytes of an input's weights in a panel.
INLINE size_t input_bytes(arena_weight_format format) {
    switch (format) {
    case ARENA_W_F32: return ARENA_PANEL * 4;
    case ARENA_W_BF16:
    case ARENA_W_F16: return ARENA_PANEL * 2;
    case ARENA_W_TABLE4:
    case ARENA_W_AFFINE4: return ARENA_PANEL / 2;
    case ARENA_W_INT8:
    case ARENA_W_DYNAMIC8: return ARENA_PANEL;
    }
    return 0;
}

static void product(const arena_product_t *p) {
    float sums[WIDE_CHUNK * GROUP * ARENA_PANEL] __attribute__((aligned(64)));
    float expanded[ARENA_BLOCK * ARENA_PANEL] __attribute__((aligned(64)));
    size_t k = p->inputs, last = p->last_panel, bytes = input_bytes(p->weight.format);
    int packed = p->weight.format != ARENA_W_F32;
    size_t chunk = chunk_rows(p->rows, packed ? WIDE_CHUNK : CHUNK, ROWS);
    for (size_t row = 0; row < p->rows; row += chunk) {
        size_t rows = least(chunk, p->rows - row);
        // `row` begins a tile.
        const float *x = p->packed ? p->packed + row * k : p->x + row * p->x_stride;
        size_t tile_stride = p->packed ? ROWS * k : 0, along = p->packed ? ROWS : 1;
        for (size_t first = p->first_panel; first < last; first += GROUP) {
            size_t group = least(GROUP, last - first), column = first * ARENA_PANEL;
            size_t columns = least(group * ARENA_PANEL, p->outputs - column);
            // Where the last block can do what is left to do with the sums they are formed in place.
            int direct = columns == group * ARENA_PANEL && k > 0
                && (!p->add || (k <= ARENA_BLOCK && !p->bias));
            float *y = direct ? p->y + row * p->y_stride + column : sums;
            size_t y_stride = direct ? p->y_stride : GROUP * ARENA_PANEL;
            for (size_t at = 0; at < k; at += ARENA_BLOCK) {
                size_t block = least(ARENA_BLOCK, k - at);
                for (size_t n = 0; n < group; n++) {
                    const char *weights = (const char *)p->weight.panels;
                    const float *panel = (const float *)(weights + ((first + n) * k + at) * bytes);
                    if (packed) {
                        expand(&p->weight, k, first + n, at, block, expanded);
                        panel = expanded;
                    }
                    // The next panel's part of this block, or the first's of the next block, or of
                    // the next group.
                    size_t after = n + 1 < group ? (first + n + 1) * k + at
                        : at + block < k ? first * k + at + block : (first + group) * k;
                    const char *next = after < last * k ? weights + after * bytes : NULL;
                    const float *bias = direct && p->bias && at + block == k
                        ? p->bias + column + n * ARENA_PANEL : NULL;
                    panel_block(rows, block, x + at * along, p->x_stride, tile_stride, panel,
                                least(ARENA_PANEL, columns - n * ARENA_PANEL),
                                y + n * ARENA_PANEL, y_stride, at > 0 || (direct && p->add),
                                direct ? p->scale : 1.0f, bias, next, block * bytes);
                }
            }
            if (k == 0) __builtin_memset(sums, 0, rows * GROUP * ARENA_PANEL * sizeof(float));
            if (!direct) finish(p, row, column, rows, columns, sums);
        }
    }
}

#include "product16.h"

// MARK: - reductions within a row

// The 32 partial sums of a row, halves added to halves until one is left.
INLINE float fold(float *part) {
    for (size_t width = ARENA_PANEL / 2; width > 0; width /= 2)
        for (size_t i = 0; i < width; i++) part[i] = part[i] + part[i + width];
    return part[0];
}

// The sum of x - mean, or of its squares, in the 32 partial sums.
INLINE float sum_of(const float *x, size_t n, float mean, int squares) {
    float part[ARENA_PANEL] __attribute__((aligned(64)));
    vf sum[PARTS], center = splat(mean);
    UNROLL for (size_t j = 0; j < PARTS; j++) sum[j] = splat(0.0f);
    size_t at = 0;
    for (; at + ARENA_PANEL <= n; at += ARENA_PANEL)
        UNROLL for (size_t j = 0; j < PARTS; j++) {
            vf v = load(x + at + j * LANES) - center;
            sum[j] = squares ? fma_v(v, v, sum[j]) : sum[j] + v;
        }
    UNROLL for (size_t j = 0; j < PARTS; j++) store(part + j * LANES, sum[j]);
    for (size_t i = 0; at + i < n; i++) {
        float v = x[at + i] - mean;
        part[i] = squares ? __builtin_fmaf(v, v, part[i]) : part[i] + v;
    }
    return fold(part);
}

static void norm(const arena_norm_t *p) {
    float count = (float)p->columns;
    for (size_t m = 0; m < p->rows; m++) {
        const float *x = p->x + m * p->x_stride;
        float *y = p->y + m * p->y_stride;
        float mean = p->center ? sum_of(x, p->columns, 0.0f, 0) / count : 0.0f;
        float square = sum_of(x, p->columns, mean, 1) / count;
        vf r = splat(1.0f / __builtin_sqrtf(square + p->epsilon));
        vf offset = splat(p->offset), center = splat(mean);
        for (size_t j = 0; j < p->columns; j += LANES) {
            size_t left = p->columns - j;
            vf v = take(x + j, left);
            if (p->center) v = v - center;
            v = v * r;
            if (p->weight) v = v * (offset + take(p->weight + j, left));
            if (p->bias) v = v + take(p->bias + j, left);
            put(y + j, p->add ? take(y + j, left) + v : v, left);
        }
    }
}

// e^(x - max) in place over whole panels of 32 columns; returns the sum.
INLINE float exp_row(float *x, size_t columns) {
    float part[ARENA_PANEL] __attribute__((aligned(64)));
    vf top[PARTS], sum[PARTS];
    UNROLL for (size_t j = 0; j < PARTS; j++) {
        top[j] = load(x + j * LANES);
        sum[j] = splat(0.0f);
    }
    for (size_t at = ARENA_PANEL; at < columns; at += ARENA_PANEL)
        UNROLL for (size_t j = 0; j < PARTS; j++) {
            vf v = load(x + at + j * LANES);
            top[j] = choose(v > top[j], v, top[j]);
        }
    UNROLL for (size_t j = 0; j < PARTS; j++) store(part + j * LANES, top[j]);
    float most = part[0];
    for (size_t j = 1; j < ARENA_PANEL; j++) most = part[j] > most ? part[j] : most;
    for (size_t at = 0; at < columns; at += ARENA_PANEL)
        UNROLL for (size_t j = 0; j < PARTS; j++) {
            vf e = exp_v(load(x + at + j * LANES) - splat(most));
            store(x + at + j * LANES, e);
            sum[j] = sum[j] + e;
        }
    UNROLL for (size_t j = 0; j < PARTS; j++) store(part + j * LANES, sum[j]);
    return fold(part);
}

#include "attention.h"

// MARK: - element by element

static void activate(arena_activation kind, const float *x, size_t x_stride, float *y,
                     size_t y_stride, size_t rows, size_t columns) {
    for (size_t m = 0; m < rows; m++, x += x_stride, y += y_stride)
        for (size_t j = 0; j < columns; j += LANES) {
            size_t left = columns - j;
            put(y + j, activate_v(kind, take(x + j, left)), left);
        }
}

static void gate(arena_activation kind, const float *g, size_t g_stride, const float *u, size_t u_stride,
                 float *y, size_t y_stride, size_t rows, size_t columns) {
    for (size_t m = 0; m < rows; m++, g += g_stride, u += u_stride, y += y_stride) {
        for (size_t j = 0; j < columns; j += LANES) {
            size_t left = columns - j;
            put(y + j, activate_v(kind, take(g + j, left)) * take(u + j, left), left);
        }
    }
}

static void rotary(float *x, size_t x_stride, const int32_t *positions, const float *cosines,
                   const float *sines, size_t rows, size_t heads, size_t head_size) {
    size_t half = head_size / 2;
    for (size_t m = 0; m < rows; m++)
        for (size_t h = 0; h < heads; h++) {
            float *a = x + m * x_stride + h * head_size, *b = a + half;
            const float *cosine = cosines + (size_t)positions[m] * half;
            const float *sine = sines + (size_t)positions[m] * half;
            for (size_t j = 0; j < half; j += LANES) {
                size_t left = half - j;
                vf c = take(cosine + j, left), s = take(sine + j, left);
                vf u = take(a + j, left), v = take(b + j, left);
                put(a + j, fma_v(u, c, -(v * s)), left);
                put(b + j, fma_v(v, c, u * s), left);
            }
        }
}

static void add_rows(const float *x, size_t x_stride, float *y, size_t y_stride, size_t rows,
                     size_t columns) {
    for (size_t m = 0; m < rows; m++, x += x_stride, y += y_stride)
        for (size_t j = 0; j < columns; j++) y[j] = y[j] + x[j];
}

static void softcap(float *x, size_t x_stride, size_t rows, size_t columns, float cap) {
    for (size_t m = 0; m < rows; m++, x += x_stride)
        for (size_t j = 0; j < columns; j += LANES) {
            size_t left = columns - j;
            put(x + j, splat(cap) * tanh_v(take(x + j, left) / splat(cap)), left);
        }
}

static void softmax(float *x, size_t x_stride, size_t rows, size_t columns) {
    float part[ARENA_PANEL] __attribute__((aligned(64)));
    for (size_t m = 0; m < rows; m++, x += x_stride) {
        float most = x[0];
        for (size_t j = 1; j < columns; j++) most = x[j] > most ? x[j] : most;
        for (size_t j = 0; j < ARENA_PANEL; j++) part[j] = 0.0f;
        for (size_t j = 0; j < columns; j += LANES)
            put(x + j, exp_v(take(x + j, columns - j) - splat(most)), columns - j);
        for (size_t j = 0; j < columns; j++) part[j % ARENA_PANEL] += x[j];
        float sum = fold(part);
        for (size_t j = 0; j < columns; j++) x[j] = x[j] / sum;
    }
}

static void exp_all(const float *x, float *y, size_t n) {
    for (size_t i = 0; i < n; i += LANES) put(y + i, exp_v(take(x + i, n - i)), n - i);
}

static void tanh_all(const float *x, float *y, size_t n) {
    for (size_t i = 0; i < n; i += LANES) put(y + i, tanh_v(take(x + i, n - i)), n - i);
}

static void erf_all(const float *x, float *y, size_t n) {
    for (size_t i = 0; i < n; i += LANES) put(y + i, erf_v(take(x + i, n - i)), n - i);
}

#include "product8.h"

const arena_kernels KERNELS = {
    .name = KERNELS_NAME,
    .product = product,
    .pack_rows = pack_rows,
    .tile_rows = ROWS,
    .product16 = product16,
    .pack_rows16 = pack_rows16,
    .quantize8 = quantize8,
    .tile8_rows = ROWS8,
    .pack8 = pack8,
    .product8 = product8,
    .norm = norm,
    .attention = attention,
    .activate = activate,
    .gate = gate,
    .rotary = rotary,
    .add = add_rows,
    .softcap = softcap,
    .softmax = softmax,
    .exp = exp_all,
    .tanh = tanh_all,
    .erf = erf_all,
    .expand = expand,
};
