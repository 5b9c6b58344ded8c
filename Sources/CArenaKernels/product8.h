// Products of whole numbers: rows and weights in 8 bits, sums in 32, exact and so the same on every
// instruction set. Part of kernels_template.h.

// Rows of a tile of 32 outputs.
#if defined(LOOKUP_AVX512)
#define ROWS8 14
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

static void quantize8(const float *x, size_t x_stride, size_t rows, size_t inputs, float reach,
                      const arena_codes8_t *c) {
    size_t padded = (inputs + 3) / 4 * 4;
    for (size_t m = 0; m < rows; m++) {
        const float *row = x + m * x_stride;
        int8_t *codes = c->codes + m * c->codes_stride;
        int32_t *far = c->far + m * inputs, count = 0, sum = 0;
        float limit = reach_of(row, inputs, reach);
        vf top = splat(0.0f);
        for (size_t k = 0; k < inputs; k += LANES) {
            vf size = (vf)((vu)take(row + k, inputs - k) & 0x7FFFFFFF);
            top = choose((size <= splat(limit)) & (size > top), size, top);
        }
        float most = 0.0f;
        for (size_t j = 0; j < LANES; j++) most = top[j] > most ? top[j] : most;
        float inverse = most > 0.0f ? 127.0f / most : 0.0f;
        vi total = (vi)0, outside = (vi)0;
        for (size_t k = 0; k < inputs; k += LANES) {
            vf v = take(row + k, inputs - k);
            vi near = (vf)((vu)v & 0x7FFFFFFF) <= splat(limit);
            // Adding 1.5 * 2^23 rounds to the nearest whole number, ties to even; what is far is 0.
            vf rounded = choose(near, v, splat(0.0f)) * splat(inverse) + splat(12582912.0f);
            vi code = __builtin_convertvector(rounded - splat(12582912.0f), vi);
            total += code;
            outside |= ~near;
            vc bytes = __builtin_convertvector(code, vc);
            if (inputs - k >= LANES) __builtin_memcpy(codes + k, &bytes, LANES);
            else for (size_t j = 0; k + j < inputs; j++) codes[k + j] = bytes[j];
        }
        int32_t any = 0;
        for (size_t j = 0; j < LANES; j++) {
            sum += total[j];
            any |= outside[j];
        }
        for (size_t k = 0; any && k < inputs; k++)
            if (!(__builtin_fabsf(row[k]) <= limit)) far[count++] = (int32_t)k;
        for (size_t k = inputs; k < padded; k++) codes[k] = 0;
        c->scales[m] = most / 127.0f;
        c->sums[m] = sum;
        c->far_counts[m] = count;
    }
}

// sums (rows, 32) += codes (rows, 4 * blocks) . panel (blocks, 32, 4)^T
#if defined(LOOKUP_AVX512)
#define VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma")))

INLINE VNNI void tile8_vnni(const size_t rows, size_t blocks, const int8_t *x, size_t x_stride,
                            const uint8_t *w, int32_t *sums) {
    __m512i sum[ROWS8][2];
    UNROLL for (size_t i = 0; i < rows; i++)
        sum[i][0] = sum[i][1] = _mm512_setzero_si512();
    for (size_t b = 0; b < blocks; b++, w += ARENA_PANEL * 4) {
        __m512i low = _mm512_loadu_si512(w), high = _mm512_loadu_si512(w + 64);
        UNROLL for (size_t i = 0; i < rows; i++) {
            int32_t four;
            __builtin_memcpy(&four, x + i * x_stride + b * 4, 4);
            __m512i a = _mm512_set1_epi32(four);
            sum[i][0] = _mm512_dpbusd_epi32(sum[i][0], low, a);
            sum[i][1] = _mm512_dpbusd_epi32(sum[i][1], high, a);
        }
    }
    UNROLL for (size_t i = 0; i < rows; i++) {
        int32_t *to = sums + i * ARENA_PANEL;
        _mm512_storeu_si512(to, _mm512_add_epi32(_mm512_loadu_si512(to), sum[i][0]));
        _mm512_storeu_si512(to + 16, _mm512_add_epi32(_mm512_loadu_si512(to + 16), sum[i][1]));
    }
}

#define CASE8(n) case n: tile8_vnni(n, blocks, x, x_stride, w, sums); break;

static VNNI void tiles8_vnni(size_t rows, size_t blocks, const int8_t *x, size_t x_stride,
                             const uint8_t *w, int32_t *sums) {
    switch (rows) {
        CASE8(1) CASE8(2) CASE8(3) CASE8(4) CASE8(5) CASE8(6) CASE8(7)
        CASE8(8) CASE8(9) CASE8(10) CASE8(11) CASE8(12) CASE8(13) CASE8(14)
    }
}
#endif

#if defined(LOOKUP_AVX512) || defined(LOOKUP_AVX2)
// Widened to 16 bits: products of bytes in pairs would run over.
INLINE void tile8(const size_t rows, size_t blocks, const int8_t *x, size_t x_stride,
                  const uint8_t *w, int32_t *sums) {
    // Four outputs at a time to each register, two halves of each sum side by side.
    for (size_t half = 0; half < ARENA_PANEL; half += 16) {
        __m256i sum[2][4];
        UNROLL for (size_t i = 0; i < rows; i++) UNROLL for (size_t j = 0; j < 4; j++)
            sum[i][j] = _mm256_setzero_si256();
        const uint8_t *at = w + half * 4;
        for (size_t b = 0; b < blocks; b++, at += ARENA_PANEL * 4) {
            __m256i weights[4];
            UNROLL for (size_t j = 0; j < 4; j++)
                weights[j] = _mm256_cvtepu8_epi16(
                    _mm_loadu_si128((const __m128i *)(at + j * 16)));
            UNROLL for (size_t i = 0; i < rows; i++) {
                int32_t four;
                __builtin_memcpy(&four, x + i * x_stride + b * 4, 4);
                __m256i a = _mm256_cvtepi8_epi16(_mm_set1_epi32(four));
                UNROLL for (size_t j = 0; j < 4; j++)
                    sum[i][j] = _mm256_add_epi32(sum[i][j], _mm256_madd_epi16(weights[j], a));
            }
        }
        UNROLL for (size_t i = 0; i < rows; i++) UNROLL for (size_t j = 0; j < 4; j++) {
            int32_t pairs[8];
            _mm256_storeu_si256((__m256i *)pairs, sum[i][j]);
            for (size_t o = 0; o < 4; o++)
                sums[i * ARENA_PANEL + half + j * 4 + o] += pairs[2 * o] + pairs[2 * o + 1];
        }
    }
}

static void tiles8(size_t rows, size_t blocks, const int8_t *x, size_t x_stride,
                   const uint8_t *w, int32_t *sums) {
#if defined(LOOKUP_AVX512)
    if (__builtin_cpu_supports("avx512vnni")) {
        tiles8_vnni(rows, blocks, x, x_stride, w, sums);
        return;
    }
#endif
    for (; rows >= 2; rows -= 2, x += 2 * x_stride, sums += 2 * ARENA_PANEL)
        tile8(2, blocks, x, x_stride, w, sums);
    if (rows) tile8(1, blocks, x, x_stride, w, sums);
}
#else
static void tiles8(size_t rows, size_t blocks, const int8_t *x, size_t x_stride,
                   const uint8_t *w, int32_t *sums) {
    for (size_t i = 0; i < rows; i++, x += x_stride, sums += ARENA_PANEL)
        for (size_t b = 0; b < blocks; b++)
            for (size_t o = 0; o < ARENA_PANEL; o++)
                for (size_t k = 0; k < 4; k++)
                    sums[o] += (int32_t)x[b * 4 + k] * (int32_t)w[(b * ARENA_PANEL + o) * 4 + k];
}
#endif

// Inputs of a block of whole numbers, and rows that go through it together: the panel's part stays in
// the first-level cache for all rows, the rows' part in the second-level cache for all panels.
#define BLOCK8 1024 // inputs
#define CHUNK8 252  // rows; a multiple of every ROWS8
#define GROUP8 4    // panels

// part (32) = the products of row m's far inputs with the weights of a panel, in units of their codes.
INLINE void far_inputs(const arena_product8_t *p, size_t m, size_t start, float *part) {
    const float *x = p->x + m * p->x_stride;
    const int32_t *far = p->codes.far + m * p->inputs;
    for (size_t c = 0; c < ARENA_PANEL; c++) part[c] = 0.0f;
    for (int32_t f = 0; f < p->codes.far_counts[m]; f++) {
        size_t k = (size_t)far[f], at = start + k / 4 * ARENA_PANEL * 4 + k % 4;
        const uint8_t *coarse = p->panels + at, *fine = p->fine + at;
        float weights[ARENA_PANEL] __attribute__((aligned(64)));
        float rest[ARENA_PANEL] __attribute__((aligned(64)));
        for (size_t c = 0; c < ARENA_PANEL; c++) {
            weights[c] = (float)((int32_t)coarse[c * 4] - 128);
            rest[c] = (float)((int32_t)fine[c * 4] - 128);
        }
        vf v = splat(x[k]), unit = splat(1.0f / ARENA_FINE8);
        for (size_t c = 0; c < ARENA_PANEL; c += LANES)
            store(part + c,
                  fma_v(v, fma_v(load(rest + c), unit, load(weights + c)), load(part + c)));
    }
}

static void product8(const arena_product8_t *p) {
    int32_t sums[CHUNK8 * GROUP8 * ARENA_PANEL] __attribute__((aligned(64)));
    size_t blocks = (p->inputs + 3) / 4;
    for (size_t row = 0; row < p->rows; row += CHUNK8) {
        size_t rows = least(CHUNK8, p->rows - row);
        const int8_t *codes = p->codes.codes + row * p->codes.codes_stride;
        for (size_t first = p->first_panel; first < p->last_panel; first += GROUP8) {
            size_t group = least(GROUP8, p->last_panel - first);
            __builtin_memset(sums, 0, CHUNK8 * group * ARENA_PANEL * sizeof(int32_t));
            for (size_t at = 0; at < blocks; at += BLOCK8 / 4)
                for (size_t g = 0; g < group; g++) {
                    const uint8_t *w = p->panels + ((first + g) * blocks + at) * ARENA_PANEL * 4;
                    for (size_t i = 0; i < rows; i += ROWS8)
                        tiles8(least(ROWS8, rows - i), least(BLOCK8 / 4, blocks - at),
                               codes + i * p->codes.codes_stride + at * 4, p->codes.codes_stride, w,
                               sums + (g * CHUNK8 + i) * ARENA_PANEL);
                }
            for (size_t g = 0; g < group; g++) {
                size_t panel = first + g, column = panel * ARENA_PANEL;
                size_t columns = least(ARENA_PANEL, p->outputs - column);
                size_t start = panel * blocks * ARENA_PANEL * 4;
                for (size_t i = 0; i < rows; i++) {
                    size_t m = row + i;
                    const int32_t *sum = sums + (g * CHUNK8 + i) * ARENA_PANEL;
                    float part[ARENA_PANEL] __attribute__((aligned(64)));
                    far_inputs(p, m, start, part);
                    float *y = p->y + m * p->y_stride + column;
                    float scale = p->codes.scales[m];
                    int32_t offset = 128 * p->codes.sums[m];
                    for (size_t c = 0; c < columns; c++) {
                        float v = __builtin_fmaf(scale, (float)(sum[c] - offset), part[c])
                            * p->scales[column + c];
                        if (p->bias) v = v + p->bias[column + c];
                        y[c] = p->add ? y[c] + p->scale * v : v;
                    }
                }
            }
        }
    }
}
