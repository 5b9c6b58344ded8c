// Products of rows and weights rounded to bf16 (`arena_product_t.bf16`): numbers of 8 bits, sums in fp32. A sum is
// one chain of fused multiply-adds over the inputs in pairs, the second of a pair first, denormal numbers taken
// and given as zero: what the instruction vdpbf16ps does. Where there is none the same steps are taken in fp32.

#ifdef BF16_PAIRS
typedef uint32_t word16; // two numbers, the first in the low half
#define WORDS 1          // to a pair
#else
typedef float word16; // one number; of a pair the second stands first
#define WORDS 2
#endif

#define STEP16 8 // pairs of a tile between requests for memory

// Denormal numbers are zero between the two, as they always are for vdpbf16ps.
INLINE unsigned flush_denormals(void) {
#if defined(__x86_64__) && !defined(BF16_PAIRS)
    unsigned before = _mm_getcsr();
    _mm_setcsr(before | 0x8040);
    return before;
#else
    return 0;
#endif
}
INLINE void keep_denormals(unsigned before) {
#if defined(__x86_64__) && !defined(BF16_PAIRS)
    _mm_setcsr(before);
#else
    (void)before;
#endif
}

// y (rows, TILE) = x (rows, 2 * pairs) . w (2 * pairs, TILE of a panel's 32), or y += that where the chain goes
// on. `lines` more cache lines from `next` on are brought near with every STEP16 pairs.
INLINE void tile16(const size_t rows, size_t pairs, const word16 *restrict x, const word16 *restrict w,
                   float *restrict y, size_t y_stride, int goes_on, const char *next, size_t lines) {
    vf sum[ROWS][NV];
    UNROLL for (size_t i = 0; i < rows; i++) UNROLL for (size_t j = 0; j < NV; j++)
        sum[i][j] = goes_on ? load(y + i * y_stride + j * LANES) : splat(0.0f);
    for (size_t from = 0; from < pairs; from += STEP16) {
        for (size_t line = 0; line < lines; line++, next += LINE) __builtin_prefetch(next, 0, 2);
        size_t to = least(from + STEP16, pairs);
        for (size_t at = from; at < to; at++) {
#ifdef BF16_PAIRS
            __m512bh column[NV];
            UNROLL for (size_t j = 0; j < NV; j++)
                column[j] = (__m512bh)_mm512_loadu_si512(w + j * LANES);
            UNROLL for (size_t i = 0; i < rows; i++) {
                __m512bh a = (__m512bh)_mm512_set1_epi32((int)x[at * ROWS + i]);
                UNROLL for (size_t j = 0; j < NV; j++)
                    sum[i][j] = (vf)_mm512_dpbf16_ps((__m512)sum[i][j], a, column[j]);
            }
            w += ARENA_PANEL;
#else
            UNROLL for (size_t half = 0; half < 2; half++, w += ARENA_PANEL) {
                vf column[NV];
                UNROLL for (size_t j = 0; j < NV; j++) column[j] = load(w + j * LANES);
                UNROLL for (size_t i = 0; i < rows; i++) {
                    vf a = splat(x[(2 * at + half) * ROWS + i]);
                    UNROLL for (size_t j = 0; j < NV; j++) sum[i][j] = fma_v(a, column[j], sum[i][j]);
                }
            }
#endif
        }
    }
    UNROLL for (size_t i = 0; i < rows; i++) UNROLL for (size_t j = 0; j < NV; j++)
        store(y + i * y_stride + j * LANES, sum[i][j]);
}

#define CASE16(n) \
    case n: tile16(n, pairs, x, w, y, y_stride, goes_on, next, lines); break;

// Not part of its caller, so that nothing moves past what is set around it.
static __attribute__((noinline)) void tile16_of(size_t rows, size_t pairs, const word16 *restrict x, const word16 *restrict w,
                      float *restrict y, size_t y_stride, int goes_on, const char *next, size_t lines) {
    switch (rows) {
        CASE16(1) CASE16(2) CASE16(3) CASE16(4)
#if ROWS >= 6
        CASE16(5) CASE16(6)
#endif
#if ROWS >= 14
        CASE16(7) CASE16(8) CASE16(9) CASE16(10) CASE16(11) CASE16(12) CASE16(13) CASE16(14)
#endif
    }
}

// The numbers of two inputs of a panel (2, 32) rounded, as its words.
INLINE void put_pairs(const float *x, word16 *y) {
    UNROLL for (size_t j = 0; j < ARENA_PANEL; j += LANES) {
        vf first = round_v(ARENA_BF16, load(x + j)), second = round_v(ARENA_BF16, load(x + ARENA_PANEL + j));
#ifdef BF16_PAIRS
        store((float *)y + j, (vf)((vu)first >> 16 | (vu)second));
#else
        store(y + j, second);
        store(y + ARENA_PANEL + j, first);
#endif
    }
}

// Inputs at...at + block of a panel as words, (pairs, 32) of them.
static void expand16(const arena_weight_t *w, size_t inputs, size_t panel, size_t at, size_t block, word16 *y) {
#ifdef BF16_PAIRS
    if (w->format == ARENA_W_BF16) {
        const uint16_t *x = (const uint16_t *)w->panels + (panel * inputs + at) * ARENA_PANEL;
        for (size_t k = 0; k < block; k += 2, x += 2 * ARENA_PANEL, y += ARENA_PANEL)
            UNROLL for (size_t j = 0; j < PARTS; j++) {
                vu first = __builtin_convertvector(*(const vh_unaligned *)(x + j * LANES), vu);
                vu second = k + 1 < block
                    ? __builtin_convertvector(*(const vh_unaligned *)(x + ARENA_PANEL + j * LANES), vu)
                    : (vu)splat(0.0f);
                store((float *)y + j * LANES, (vf)(first | second << 16));
            }
        return;
    }
#endif
    float numbers[(ARENA_BLOCK + 1) * ARENA_PANEL] __attribute__((aligned(64)));
    expand(w, inputs, panel, at, block, numbers);
    if (block % 2) __builtin_memset(numbers + block * ARENA_PANEL, 0, ARENA_PANEL * sizeof(float));
    for (size_t k = 0; k < block; k += 2, y += WORDS * ARENA_PANEL) put_pairs(numbers + k * ARENA_PANEL, y);
}

// Tiles of ROWS rows one behind the other, in each the pairs one behind the other.
static void pack_rows16(const float *x, size_t x_stride, size_t rows, size_t inputs, float *packed) {
    size_t pairs = (inputs + 1) / 2;
    word16 *out = (word16 *)packed;
    for (size_t i = 0; i < rows; i += ROWS, x += ROWS * x_stride, out += ROWS * pairs * WORDS) {
        size_t count = least(ROWS, rows - i), p = 0;
#ifdef BF16_PAIRS
        for (; 2 * (p + LANES) <= inputs; p += LANES) {
            vf v[LANES];
            UNROLL for (size_t r = 0; r < LANES; r++) {
                if (r >= count) {
                    v[r] = splat(0.0f);
                    continue;
                }
                const float *from = x + r * x_stride + 2 * p;
                v[r] = (vf)_mm512_cvtne2ps_pbh((__m512)load(from + LANES), (__m512)load(from));
            }
            transpose(v);
            // As `pack_rows`.
            float *to = (float *)out + p * ROWS;
            UNROLL for (size_t j = 0; j < LANES - 1; j++) store(to + j * ROWS, v[j]);
            if (p + LANES < pairs) store(to + (LANES - 1) * ROWS, v[LANES - 1]);
            else store_part(to + (LANES - 1) * ROWS, v[LANES - 1], ROWS);
        }
#endif
        for (; p < pairs; p++)
            for (size_t r = 0; r < count; r++) {
                const float *from = x + r * x_stride + 2 * p;
                float first = arena_round(ARENA_BF16, from[0]);
                float second = 2 * p + 1 < inputs ? arena_round(ARENA_BF16, from[1]) : 0.0f;
#ifdef BF16_PAIRS
                uint32_t low, high;
                __builtin_memcpy(&low, &first, 4);
                __builtin_memcpy(&high, &second, 4);
                out[p * ROWS + r] = low >> 16 | high;
#else
                out[2 * p * ROWS + r] = second;
                out[(2 * p + 1) * ROWS + r] = first;
#endif
            }
    }
}

// `p->packed` are rows as `pack_rows16` writes them.
static void product16(const arena_product_t *p) {
    float sums[WIDE_CHUNK * GROUP * ARENA_PANEL] __attribute__((aligned(64)));
    word16 words[(ARENA_BLOCK / 2 + 1) * WORDS * ARENA_PANEL] __attribute__((aligned(64)));
    size_t k = p->inputs, pairs = (k + 1) / 2, last = p->last_panel, bytes = input_bytes(p->weight.format);
    size_t chunk = chunk_rows(p->rows, WIDE_CHUNK, ROWS);
    for (size_t row = 0; row < p->rows; row += chunk) {
        size_t rows = least(chunk, p->rows - row);
        const word16 *x = (const word16 *)p->packed + row * pairs * WORDS;
        for (size_t first = p->first_panel; first < last; first += GROUP) {
            size_t group = least(GROUP, last - first), column = first * ARENA_PANEL;
            size_t columns = least(group * ARENA_PANEL, p->outputs - column);
            int direct = columns == group * ARENA_PANEL && k > 0 && !p->add && !p->bias;
            float *y = direct ? p->y + row * p->y_stride + column : sums;
            size_t y_stride = direct ? p->y_stride : GROUP * ARENA_PANEL;
            if (k == 0) __builtin_memset(sums, 0, rows * GROUP * ARENA_PANEL * sizeof(float));
            for (size_t at = 0; at < k; at += ARENA_BLOCK) {
                size_t block = least(ARENA_BLOCK, k - at), steps = (block + 2 * STEP16 - 1) / (2 * STEP16);
                for (size_t n = 0; n < group; n++) {
                    expand16(&p->weight, k, first + n, at, block, words);
                    // What is read next: the next panel's part of this block, or the first's of the next.
                    size_t after = n + 1 < group ? (first + n + 1) * k + at
                        : at + block < k ? first * k + at + block : (first + group) * k;
                    const char *next = after < last * k ? (const char *)p->weight.panels + after * bytes : NULL;
                    size_t wanted = least(columns - least(columns, n * ARENA_PANEL), ARENA_PANEL);
                    size_t tiles = (rows + ROWS - 1) / ROWS * ((wanted + TILE - 1) / TILE);
                    size_t left = next ? (block * bytes + LINE - 1) / LINE : 0;
                    size_t share = tiles ? (left + tiles * steps - 1) / (tiles * steps) : 0;
                    unsigned before = flush_denormals();
                    for (size_t c = 0; c < wanted; c += TILE)
                        for (size_t i = 0; i < rows; i += ROWS) {
                            size_t lines = left > 0 ? share : 0;
                            tile16_of(least(ROWS, rows - i), (block + 1) / 2,
                                      x + (i * pairs + at / 2 * ROWS) * WORDS, words + c,
                                      y + i * y_stride + n * ARENA_PANEL + c, y_stride, at > 0, next, lines);
                            if (lines) next += lines * steps * LINE;
                            left -= least(left, lines * steps);
                        }
                    keep_denormals(before);
                }
            }
            if (!direct) finish(p, row, column, rows, columns, sums);
        }
    }
}
