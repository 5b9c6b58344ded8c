// Products of whole numbers: rows and weights in 8 bits with a scale for each group of inputs, or for all
// of them. Sums in 32 bits are exact; those of groups are scaled and added in fp32, group after group, those
// of whole rows are scaled once. Part of kernels_template.h.

// Rows of a tile of 32 outputs. On AVX-512 both sums of seven rows, those of the group in whole numbers and
// those of all groups in fp32, fill 28 of 32 registers.
#if defined(LOOKUP_AVX512)
#define ROWS8 7
#elif defined(LOOKUP_AVX2)
#define ROWS8 2
#else
#define ROWS8 1
#endif

// The sum of the squares of what is at most `limit` large, in the 32 partial sums.
INLINE float near_squares(const float *x, size_t n, float limit) {
    float part[ARENA_PANEL] __attribute__((aligned(64)));
    vf sum[PARTS];
    UNROLL for (size_t j = 0; j < PARTS; j++) sum[j] = splat(0.0f);
    for (size_t at = 0; at < n; at += ARENA_PANEL)
        for (size_t j = 0; j < PARTS && at + j * LANES < n; j++) {
            vf v = take(x + at + j * LANES, n - at - j * LANES);
            v = choose((vf)((vu)v & 0x7FFFFFFF) <= splat(limit), v, splat(0.0f));
            sum[j] = fma_v(v, v, sum[j]);
        }
    UNROLL for (size_t j = 0; j < PARTS; j++) store(part + j * LANES, sum[j]);
    return fold(part);
}

// What a row's codes reach: so many times the root mean square of its inputs. Where a few inputs are more
// than three fourths of all squares, they say nothing of the others, which are looked at by themselves.
#define REACH_ROUNDS 4

INLINE float reach_of(const float *row, size_t inputs, float reach) {
    float squares = sum_of(row, inputs, 0.0f, 1);
    float limit = reach * __builtin_sqrtf(squares / (float)inputs);
    for (int round = 1; round < REACH_ROUNDS; round++) {
        float near = near_squares(row, inputs, limit);
        if (!(near * 4.0f < squares)) break;
        squares = near;
        limit = reach * __builtin_sqrtf(squares / (float)inputs);
    }
    return limit;
}

// The largest magnitude of n numbers that are at most `limit` large. Magnitudes are in the order of
// their bits.
INLINE float largest_near(const float *x, size_t n, float limit) {
    vi top = (vi)0;
    for (size_t k = 0; k < n; k += LANES) {
        vi size = (vi)take(x + k, n - k) & 0x7FFFFFFF;
        top = __builtin_elementwise_max(top, ((vf)size <= splat(limit)) & size);
    }
    int32_t bits = __builtin_reduce_max(top);
    float most;
    __builtin_memcpy(&most, &bits, 4);
    return most;
}

// The largest magnitude of n numbers; NaN where one is.
INLINE float largest(const float *x, const size_t n) {
    vi top = (vi)0;
    for (size_t k = 0; k < n; k += LANES)
        top = __builtin_elementwise_max(top, (vi)take(x + k, n - k) & 0x7FFFFFFF);
    int32_t bits = __builtin_reduce_max(top);
    float most;
    __builtin_memcpy(&most, &bits, 4);
    return most;
}

// What numbers of at most this size are multiplied by to become codes; below 1e-36 they are nothing.
INLINE float to_codes(float most) { return most > 1e-36f ? 127.0f / most : 0.0f; }

// The size of a code. The two last bits of its fraction are zero, so that three times it is a number.
INLINE float code_size(float most) {
    float size = most / 127.0f;
    uint32_t bits;
    __builtin_memcpy(&bits, &size, 4);
    bits &= ~3u;
    __builtin_memcpy(&size, &bits, 4);
    return size;
}

// Adding 1.5 * 2^23 rounds to the nearest whole number, ties to even. The bits of 1.5 * 2^23 and a small
// whole number, added as whole numbers, are those of their sum in fp32.
#define WHOLE 12582912.0f
#define WHOLE_BITS 0x4B400000

INLINE vf whole(vf x) { return x + splat(WHOLE) - splat(WHOLE); }

// What bounds the codes of n numbers of a row: the largest that is at most `limit`. `any` is whether one
// is beyond.
INLINE float code_bound(const float *x, const size_t n, float limit, int *any) {
    float most = largest(x, n);
    *any = !(most <= limit && most < __builtin_inff());
    return *any ? largest_near(x, n, limit) : most;
}

// Codes of n numbers of a row (at most ARENA_GROUP8), four after four, `apart` bytes from one four to the
// next; 0 for those beyond `limit` or not finite, if there are `any`. Answers the sum of the codes.
INLINE int32_t group_codes(const float *x, const size_t n, float limit, int any, float inverse,
                           int8_t *codes, const size_t apart) {
    int8_t bytes[ARENA_GROUP8] __attribute__((aligned(64)));
    vi total = (vi)0;
    for (size_t k = 0; k < n; k += LANES) {
        vf v = take(x + k, n - k);
        vf size = (vf)((vu)v & 0x7FFFFFFF);
        if (any) v = choose((size <= splat(limit)) & (size < splat(__builtin_inff())), v, splat(0.0f));
        // The code is the last byte of WHOLE's sum with it.
        vi code = (vi)(v * splat(inverse) + splat(WHOLE)) - WHOLE_BITS;
        total += code;
        *(vc *)(bytes + k) = __builtin_convertvector(code, vc);
    }
    for (size_t k = 0; k < n; k += 4) __builtin_memcpy(codes + k / 4 * apart, bytes + k, 4);
    return __builtin_reduce_add(total);
}

// The groups of inputs that have a scale of their own.
INLINE size_t groups8(size_t inputs, int whole) {
    return whole ? 1 : (inputs + ARENA_GROUP8 - 1) / ARENA_GROUP8;
}

static void quantize8(const float *x, size_t x_stride, size_t rows, size_t inputs, float reach,
                      const arena_codes8_t *c) {
    size_t blocks = (inputs + 3) / 4, groups = groups8(inputs, c->whole);
    for (size_t m = 0; m < rows; m++) {
        const float *row = x + m * x_stride;
        size_t tile = m / ROWS8 * ROWS8, i = m % ROWS8;
        int32_t *far = c->far + m * inputs, count = 0, total = 0;
        float limit = reach_of(row, inputs, reach);
        float most = 0.0f;
        int any = 0;
        if (c->whole) most = code_bound(row, inputs, limit, &any);
        for (size_t from = 0; from < inputs; from += ARENA_GROUP8) {
            size_t n = least(ARENA_GROUP8, inputs - from);
            int8_t *codes = c->codes + (tile * blocks + from / 4 * ROWS8 + i) * 4;
            // A constant length where it is that of all but the last.
            if (n == ARENA_GROUP8) {
                if (!c->whole) most = code_bound(row + from, ARENA_GROUP8, limit, &any);
                total += group_codes(row + from, ARENA_GROUP8, limit, any, to_codes(most), codes, ROWS8 * 4);
            } else {
                if (!c->whole) most = code_bound(row + from, n, limit, &any);
                total += group_codes(row + from, n, limit, any, to_codes(most), codes, ROWS8 * 4);
            }
            for (size_t k = from; any && k < from + n; k++)
                if (!(__builtin_fabsf(row[k]) <= limit)) far[count++] = (int32_t)k;
            if (c->whole) continue;
            size_t at = tile * groups + from / ARENA_GROUP8 * ROWS8 + i;
            c->scales[at] = most / 127.0f;
            c->starts[at] = WHOLE_BITS - 128 * total;
            total = 0;
        }
        if (c->whole) {
            c->scales[m] = most / 127.0f;
            c->starts[m] = -128 * total;
        }
        c->far_counts[m] = count;
    }
}

// Codes of some of an output's weights (at most ARENA_GROUP8), and what they leave, in their place of a panel.
INLINE void pack_group8(const float *w, size_t n, uint8_t *panel, uint8_t *fine, float inverse) {
    uint8_t coarse[ARENA_GROUP8] __attribute__((aligned(64)));
    uint8_t rest[ARENA_GROUP8] __attribute__((aligned(64)));
    for (size_t k = 0; k < n; k += LANES) {
        vf v = take(w + k, n - k), code = whole(v * splat(inverse));
        vf left = whole(fma_v(v, splat(inverse), -code) * splat(ARENA_FINE8));
        *(vc *)(coarse + k) = __builtin_convertvector(__builtin_convertvector(code, vi) + 128, vc);
        *(vc *)(rest + k) = __builtin_convertvector(__builtin_convertvector(left, vi) + 128, vc);
    }
    for (size_t k = 0; k < n; k += 4) {
        __builtin_memcpy(panel + k * ARENA_PANEL, coarse + k, 4);
        __builtin_memcpy(fine + k * ARENA_PANEL, rest + k, 4);
    }
}

static ptrdiff_t pack8(arena_dtype dtype, const void *x, size_t outputs, size_t inputs, int whole,
                       uint8_t *panels, uint8_t *fine, float *scales, const int32_t *order) {
    size_t width = dtype == ARENA_F32 ? 4 : 2, blocks = (inputs + 3) / 4, groups = groups8(inputs, whole);
    float part[ARENA_GROUP8] __attribute__((aligned(64)));
    for (size_t n = 0; n < outputs; n++) {
        size_t row = order ? (size_t)order[n] : n, panel = n / ARENA_PANEL, o = n % ARENA_PANEL;
        float most = 0.0f;
        // Of whole rows the largest first.
        for (int codes = !whole; codes < 2; codes++)
            for (size_t from = 0; from < inputs; from += ARENA_GROUP8) {
                size_t count = least(ARENA_GROUP8, inputs - from);
                arena_widen(dtype, (const char *)x + (row * inputs + from) * width, part, count);
                if (!whole || !codes) {
                    float size = largest(part, count);
                    if (!(size < __builtin_inff())) {
                        size_t k = 0;
                        while (__builtin_isfinite(part[k])) k++;
                        return (ptrdiff_t)(row * inputs + from + k);
                    }
                    most = whole && most > size ? most : size;
                }
                if (!codes) continue;
                size_t at = (panel * blocks + from / 4) * ARENA_PANEL * 4 + o * 4;
                pack_group8(part, count, panels + at, fine + at, to_codes(most));
                if (!whole) scales[(panel * groups + from / ARENA_GROUP8) * ARENA_PANEL + o] = code_size(most);
            }
        if (whole) scales[panel * ARENA_PANEL + o] = code_size(most);
    }
    return -1;
}

// Part of a product: 32 outputs of a tile of rows over whole groups of inputs (the last may be shorter).
typedef struct {
    size_t blocks;         // fours of inputs
    const int8_t *x;       // (blocks, ROWS8, 4)
    // (groups, ROWS8): sums begin there, which makes them WHOLE + sum in fp32; NULL for whole rows, whose sums
    // of codes with weights + 128 are added to y as whole numbers.
    const int32_t *starts;
    const float *scales;   // (groups, ROWS8)
    const uint8_t *w;      // (blocks, 32, 4)
    const float *w_scales; // (groups, 32)
    float *y;              // (rows, 32): added to
} part8_t;

#define GROUP_BLOCKS (ARENA_GROUP8 / 4)

#if defined(LOOKUP_AVX512)
#define VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma")))

// sum += the products of `blocks` fours of inputs, which lie at x and w.
INLINE VNNI void group8_vnni(const size_t rows, const size_t blocks, const int8_t *x, const uint8_t *w,
                             __m512i sum[ROWS8][2]) {
    UNROLL for (size_t b = 0; b < blocks; b++) {
        __m512i low = _mm512_loadu_si512(w + b * ARENA_PANEL * 4);
        __m512i high = _mm512_loadu_si512(w + b * ARENA_PANEL * 4 + 64);
        UNROLL for (size_t i = 0; i < rows; i++) {
            int32_t four;
            __builtin_memcpy(&four, x + (b * ROWS8 + i) * 4, 4);
            __m512i a = _mm512_set1_epi32(four);
            sum[i][0] = _mm512_dpbusd_epi32(sum[i][0], low, a);
            sum[i][1] = _mm512_dpbusd_epi32(sum[i][1], high, a);
        }
    }
}

// y += a group's sums, scaled.
INLINE VNNI void scale8_vnni(const size_t rows, const __m512i sum[ROWS8][2], const float *scales,
                             const float *w_scales, __m512 y[ROWS8][2]) {
    UNROLL for (size_t j = 0; j < 2; j++) {
        __m512 size = _mm512_loadu_ps(w_scales + j * 16), whole = size * -WHOLE;
        UNROLL for (size_t i = 0; i < rows; i++) {
            __m512 part = _mm512_fmadd_ps((__m512)sum[i][j], size, whole);
            y[i][j] = _mm512_fmadd_ps(part, _mm512_set1_ps(scales[i]), y[i][j]);
        }
    }
}

// The whole groups of a part.
INLINE VNNI void tile8_vnni(const size_t rows, const part8_t *p) {
    const int8_t *x = p->x;
    const int32_t *starts = p->starts;
    const float *scales = p->scales, *w_scales = p->w_scales;
    const uint8_t *w = p->w;
    float *y = p->y;
    __m512 to[ROWS8][2];
    UNROLL for (size_t i = 0; i < rows; i++) UNROLL for (size_t j = 0; j < 2; j++)
        to[i][j] = _mm512_loadu_ps(y + i * ARENA_PANEL + j * 16);
    for (size_t groups = p->blocks / GROUP_BLOCKS; groups > 0; groups--) {
        __m512i sum[ROWS8][2];
        UNROLL for (size_t i = 0; i < rows; i++) sum[i][0] = sum[i][1] = _mm512_set1_epi32(starts[i]);
        group8_vnni(rows, GROUP_BLOCKS, x, w, sum);
        scale8_vnni(rows, sum, scales, w_scales, to);
        starts += ROWS8, scales += ROWS8, w_scales += ARENA_PANEL;
        x += GROUP_BLOCKS * ROWS8 * 4, w += GROUP_BLOCKS * ARENA_PANEL * 4;
    }
    UNROLL for (size_t i = 0; i < rows; i++) UNROLL for (size_t j = 0; j < 2; j++)
        _mm512_storeu_ps(y + i * ARENA_PANEL + j * 16, to[i][j]);
}

// The last group of a part, which is shorter.
INLINE VNNI void rest8_vnni(size_t rows, const part8_t *p) {
    size_t groups = p->blocks / GROUP_BLOCKS, from = groups * GROUP_BLOCKS;
    for (size_t i = 0; i < rows; i++) {
        const int8_t *x = p->x + (from * ROWS8 + i) * 4;
        const uint8_t *w = p->w + from * ARENA_PANEL * 4;
        float *y = p->y + i * ARENA_PANEL;
        __m512i sum[ROWS8][2];
        __m512 to[ROWS8][2];
        sum[0][0] = sum[0][1] = _mm512_set1_epi32(p->starts[groups * ROWS8 + i]);
        for (size_t b = from; b < p->blocks; b++, x += ROWS8 * 4, w += ARENA_PANEL * 4) {
            int32_t four;
            __builtin_memcpy(&four, x, 4);
            UNROLL for (size_t j = 0; j < 2; j++)
                sum[0][j] = _mm512_dpbusd_epi32(sum[0][j], _mm512_loadu_si512(w + j * 64),
                                                _mm512_set1_epi32(four));
        }
        UNROLL for (size_t j = 0; j < 2; j++) to[0][j] = _mm512_loadu_ps(y + j * 16);
        scale8_vnni(1, sum, p->scales + groups * ROWS8 + i, p->w_scales + groups * ARENA_PANEL, to);
        UNROLL for (size_t j = 0; j < 2; j++) _mm512_storeu_ps(y + j * 16, to[0][j]);
    }
}

// Of whole rows a part, added to y as whole numbers.
INLINE VNNI void whole8_vnni(const size_t rows, const part8_t *p) {
    const int8_t *x = p->x;
    const uint8_t *w = p->w;
    __m512i sum[ROWS8][2];
    UNROLL for (size_t i = 0; i < rows; i++) UNROLL for (size_t j = 0; j < 2; j++)
        sum[i][j] = _mm512_loadu_si512(p->y + i * ARENA_PANEL + j * 16);
    for (size_t groups = p->blocks / GROUP_BLOCKS; groups > 0; groups--) {
        group8_vnni(rows, GROUP_BLOCKS, x, w, sum);
        x += GROUP_BLOCKS * ROWS8 * 4, w += GROUP_BLOCKS * ARENA_PANEL * 4;
    }
    for (size_t left = p->blocks % GROUP_BLOCKS; left > 0; left--) {
        group8_vnni(rows, 1, x, w, sum);
        x += ROWS8 * 4, w += ARENA_PANEL * 4;
    }
    UNROLL for (size_t i = 0; i < rows; i++) UNROLL for (size_t j = 0; j < 2; j++)
        _mm512_storeu_si512(p->y + i * ARENA_PANEL + j * 16, sum[i][j]);
}

#define CASE8(n) \
    case n:                                             \
        if (p->starts) tile8_vnni(n, p);                \
        else whole8_vnni(n, p);                         \
        break;

static VNNI void tiles8_vnni(size_t rows, const part8_t *p) {
    switch (rows) {
        CASE8(1) CASE8(2) CASE8(3) CASE8(4) CASE8(5) CASE8(6) CASE8(7)
    }
    if (p->starts && p->blocks % GROUP_BLOCKS) rest8_vnni(rows, p);
}
#endif

#if defined(LOOKUP_AVX512) || defined(LOOKUP_AVX2)
// Rows `first` and on. Widened to 16 bits: products of bytes in pairs would run over.
INLINE void tile8(const size_t rows, size_t first, const part8_t *p) {
    // Eight outputs at a time, each two halves of a sum side by side.
    for (size_t half = 0; half < ARENA_PANEL; half += 16) {
        const int8_t *x = p->x + first * 4;
        const uint8_t *w = p->w + half * 4;
        size_t g = 0;
        for (size_t left = p->blocks; left > 0; g++) {
            size_t blocks = least(left, GROUP_BLOCKS);
            __m256i sum[2][4];
            UNROLL for (size_t i = 0; i < rows; i++) UNROLL for (size_t j = 0; j < 4; j++)
                sum[i][j] = _mm256_setzero_si256();
            for (size_t b = 0; b < blocks; b++, w += ARENA_PANEL * 4, x += ROWS8 * 4) {
                __m256i weights[4];
                UNROLL for (size_t j = 0; j < 4; j++)
                    weights[j] = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(w + j * 16)));
                UNROLL for (size_t i = 0; i < rows; i++) {
                    int32_t four;
                    __builtin_memcpy(&four, x + i * 4, 4);
                    __m256i a = _mm256_cvtepi8_epi16(_mm_set1_epi32(four));
                    UNROLL for (size_t j = 0; j < 4; j++)
                        sum[i][j] = _mm256_add_epi32(sum[i][j], _mm256_madd_epi16(weights[j], a));
                }
            }
            UNROLL for (size_t i = 0; i < rows; i++) UNROLL for (size_t j = 0; j < 4; j += 2) {
                size_t row = first + i;
                float *y = p->y + row * ARENA_PANEL + half + j * 4;
                __m256i pairs = _mm256_hadd_epi32(sum[i][j], sum[i][j + 1]);
                __m256i all = _mm256_permute4x64_epi64(pairs, 0xD8);
                if (!p->starts) {
                    all = _mm256_add_epi32(all, _mm256_loadu_si256((const __m256i *)y));
                    _mm256_storeu_si256((__m256i *)y, all);
                    continue;
                }
                __m256i whole = _mm256_add_epi32(all, _mm256_set1_epi32(p->starts[g * ROWS8 + row]));
                __m256 size = _mm256_loadu_ps(p->w_scales + g * ARENA_PANEL + half + j * 4);
                __m256 part = _mm256_fmadd_ps((__m256)whole, size, size * -WHOLE);
                __m256 scale = _mm256_set1_ps(p->scales[g * ROWS8 + row]);
                _mm256_storeu_ps(y, _mm256_fmadd_ps(part, scale, _mm256_loadu_ps(y)));
            }
            left -= blocks;
        }
    }
}

static void tiles8(size_t rows, const part8_t *p) {
#if defined(LOOKUP_AVX512)
    if (__builtin_cpu_supports("avx512vnni")) {
        tiles8_vnni(rows, p);
        return;
    }
#endif
    size_t i = 0;
    for (; i + 2 <= rows; i += 2) tile8(2, i, p);
    if (i < rows) tile8(1, i, p);
}
#else
static void tiles8(size_t rows, const part8_t *p) {
    for (size_t i = 0; i < rows; i++)
        for (size_t b = 0; b < p->blocks; b += GROUP_BLOCKS) {
            size_t g = b / GROUP_BLOCKS, end = least(b + GROUP_BLOCKS, p->blocks);
            for (size_t o = 0; o < ARENA_PANEL; o++) {
                int32_t sum = p->starts ? p->starts[g * ROWS8 + i] - WHOLE_BITS : 0;
                for (size_t at = b; at < end; at++)
                    for (size_t k = 0; k < 4; k++)
                        sum += (int32_t)p->x[(at * ROWS8 + i) * 4 + k]
                            * (int32_t)p->w[(at * ARENA_PANEL + o) * 4 + k];
                float *y = p->y + i * ARENA_PANEL + o;
                if (!p->starts) {
                    uint32_t all;
                    __builtin_memcpy(&all, y, 4);
                    all += (uint32_t)sum;
                    __builtin_memcpy(y, &all, 4);
                    continue;
                }
                *y = __builtin_fmaf((float)sum * p->w_scales[g * ARENA_PANEL + o],
                                    p->scales[g * ROWS8 + i], *y);
            }
        }
}
#endif

// Inputs of a block of whole numbers, and rows that go through it together: the panel's part stays in
// the first-level cache for all rows, the rows' part in the second-level cache for all panels.
#define BLOCK8 512 // inputs; whole groups
#define CHUNK8 280  // rows; a multiple of every ROWS8
#define SPAN8 4     // panels

// y (32) += the products of row m's far inputs with the weights of a panel.
INLINE void far_inputs(const arena_product8_t *p, size_t m, const uint8_t *panel, const uint8_t *fine,
                       const float *scales, float *y) {
    const float *x = p->x + m * p->x_stride;
    const int32_t *far = p->codes.far + m * p->inputs;
    const int whole = p->codes.whole;
    for (int32_t f = 0; f < p->codes.far_counts[m]; f++) {
        size_t k = (size_t)far[f], at = k / 4 * ARENA_PANEL * 4;
        const float *scale = scales + (whole ? 0 : k / ARENA_GROUP8 * ARENA_PANEL);
        int shift = (int)(k % 4 * 8);
        for (size_t c = 0; c < ARENA_PANEL; c += LANES) {
            vu coarse = (vu)(*(const vi_unaligned *)(panel + at + c * 4)) >> shift & 255;
            vu rest = (vu)(*(const vi_unaligned *)(fine + at + c * 4)) >> shift & 255;
            vf weight = fma_v(__builtin_convertvector((vi)rest - 128, vf), splat(1.0f / ARENA_FINE8),
                              __builtin_convertvector((vi)coarse - 128, vf));
            store(y + c, fma_v(weight * load(scale + c), splat(x[k]), load(y + c)));
        }
    }
}

// The sums of `rows` rows from row m on with a panel of weights, to where they belong.
INLINE void finish8(const arena_product8_t *p, size_t m, size_t rows, size_t panel, float *sums) {
    size_t blocks = (p->inputs + 3) / 4, groups = groups8(p->inputs, p->codes.whole);
    size_t start = panel * blocks * ARENA_PANEL * 4, column = panel * ARENA_PANEL;
    if (p->codes.whole) {
        vf scales[PARTS];
        UNROLL for (size_t j = 0; j < PARTS; j++) scales[j] = load(p->scales + column + j * LANES);
        for (size_t i = 0; i < rows; i++) {
            float *y = sums + i * ARENA_PANEL;
            vf scale = splat(p->codes.scales[m + i]);
            vi start = (vi)0 + p->codes.starts[m + i];
            UNROLL for (size_t j = 0; j < PARTS; j++) {
                vi sum = (vi)load(y + j * LANES) + start;
                store(y + j * LANES, __builtin_convertvector(sum, vf) * scales[j] * scale);
            }
        }
    }
    for (size_t i = 0; i < rows; i++)
        if (p->codes.far_counts[m + i])
            far_inputs(p, m + i, p->panels + start, p->fine + start,
                       p->scales + panel * groups * ARENA_PANEL, sums + i * ARENA_PANEL);
    const size_t stride = p->y_stride;
    float *y = p->y + m * stride + column;
    size_t columns = least(ARENA_PANEL, p->outputs - column);
    if (!p->bias && columns == ARENA_PANEL) {
        vf scale = splat(p->scale);
        const int add = p->add;
        for (size_t i = 0; i < rows; i++, y += stride, sums += ARENA_PANEL)
            UNROLL for (size_t c = 0; c < ARENA_PANEL; c += LANES)
                store(y + c, add ? load(y + c) + scale * load(sums + c) : load(sums + c));
        return;
    }
    for (size_t i = 0; i < rows; i++, y += stride, sums += ARENA_PANEL)
        for (size_t c = 0; c < columns; c += LANES) {
            size_t left = columns - c;
            vf v = load(sums + c);
            if (p->bias) v = v + take(p->bias + column + c, left);
            put(y + c, p->add ? take(y + c, left) + splat(p->scale) * v : v, left);
        }
}

// How many lines of the next part of a panel a tile asks for at most: few calls of memory at once.
#define AHEAD8 16

// What comes after part `at` of the panel, in a span's order.
INLINE const uint8_t *next_part8(const arena_product8_t *p, size_t first, size_t span, size_t at,
                                 size_t panel) {
    size_t blocks = (p->inputs + 3) / 4;
    if (panel + 1 < first + span) panel++;
    else if (at + BLOCK8 / 4 < blocks) panel = first, at += BLOCK8 / 4;
    else panel++, at = 0;
    return p->panels + (panel * blocks + at) * ARENA_PANEL * 4;
}

static void product8(const arena_product8_t *p) {
    float sums[CHUNK8 * SPAN8 * ARENA_PANEL] __attribute__((aligned(64)));
    const int whole = p->codes.whole;
    size_t blocks = (p->inputs + 3) / 4, groups = groups8(p->inputs, whole);
    size_t chunk = chunk_rows(p->rows, CHUNK8, ROWS8);
    for (size_t row = 0; row < p->rows; row += chunk) {
        size_t rows = least(chunk, p->rows - row), tiles = (rows + ROWS8 - 1) / ROWS8;
        size_t lines = least(AHEAD8, (BLOCK8 * ARENA_PANEL / LINE + tiles - 1) / tiles);
        for (size_t first = p->first_panel; first < p->last_panel; first += SPAN8) {
            size_t span = least(SPAN8, p->last_panel - first);
            __builtin_memset(sums, 0, rows * span * ARENA_PANEL * sizeof(float));
            // Of no inputs too the sums, zero, are written.
            for (size_t at = 0; at == 0 || at < blocks; at += BLOCK8 / 4)
                for (size_t panel = first; panel < first + span; panel++) {
                    size_t group = whole ? 0 : at / GROUP_BLOCKS;
                    int last = at + BLOCK8 / 4 >= blocks;
                    float *y = sums + (panel - first) * rows * ARENA_PANEL;
                    const uint8_t *next = next_part8(p, first, span, at, panel);
                    for (size_t i = 0; i < rows; i += ROWS8, y += ROWS8 * ARENA_PANEL) {
                        size_t tile = row + i, count = least(ROWS8, rows - i);
                        part8_t part = {
                            .blocks = least(BLOCK8 / 4, blocks - at),
                            .x = p->codes.codes + (tile * blocks + at * ROWS8) * 4,
                            .starts = whole ? NULL : p->codes.starts + tile * groups + group * ROWS8,
                            .scales = p->codes.scales + tile * groups + group * ROWS8,
                            .w = p->panels + (panel * blocks + at) * ARENA_PANEL * 4,
                            .w_scales = p->scales + (panel * groups + group) * ARENA_PANEL,
                            .y = y,
                        };
                        for (size_t l = 0; l < lines; l++, next += LINE) __builtin_prefetch(next, 0, 2);
                        // Where the sums are soon to be written.
                        for (size_t r = 0; last && r < count; r++)
                            for (size_t c = 0; c < ARENA_PANEL; c += LINE / sizeof(float))
                                __builtin_prefetch(
                                    p->y + (tile + r) * p->y_stride + panel * ARENA_PANEL + c, 1, 3);
                        tiles8(count, &part);
                        if (last) finish8(p, tile, count, panel, y);
                    }
                }
        }
    }
}
