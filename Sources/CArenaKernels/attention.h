// Attention, a strip of queries of one head at a time: scores of all keys it sees, their softmax, and the sum of
// values. A part of kernels_template.h, which includes it.

// Query rows whose scores are held at once; the same on every path.
#define STRIP 24
#define WHOLE_STRIP ((STRIP + ROWS - 1) / ROWS * ROWS)

// Keys from..<to of one head as panels (T/32, D, 32); keys past the end are zero.
static void pack_keys(const float *k, size_t stride, size_t from, size_t to, size_t size,
                      float *panels) {
    for (size_t t = from; t < to; t += ARENA_PANEL) {
        float *panel = panels + (t - from) * size;
        size_t count = least(ARENA_PANEL, to - t);
        for (size_t d = 0; d < size; d++) {
            float *column = panel + d * ARENA_PANEL;
            for (size_t i = 0; i < count; i++) column[i] = k[(t + i) * stride + d];
            for (size_t i = count; i < ARENA_PANEL; i++) column[i] = 0.0f;
        }
    }
}

// Values from..<to of one head as panels (D/32, T, 32); T padded to 32 with zeros, D too.
static void pack_values(const float *v, size_t stride, size_t from, size_t to, size_t size,
                        float *panels) {
    size_t padded = (to - from + ARENA_PANEL - 1) / ARENA_PANEL * ARENA_PANEL;
    for (size_t d = 0; d < size; d += ARENA_PANEL) {
        size_t count = least(ARENA_PANEL, size - d);
        float *panel = panels + d * padded;
        for (size_t t = 0; t < padded; t++) {
            float *row = panel + t * ARENA_PANEL;
            const float *x = v + (from + t) * stride + d;
            size_t have = from + t < to ? count : 0;
            for (size_t i = 0; i < have; i++) row[i] = x[i];
            for (size_t i = have; i < ARENA_PANEL; i++) row[i] = 0.0f;
        }
    }
}

// What a query's scores get by relative position: its products with position keys, and the keys'
// products with position queries, each at the bucket of key - query.
typedef struct {
    const float *by_query; // (strip, terms) or NULL
    const float *by_key;   // (keys from `lowest`, terms) or NULL
    size_t stride, first;  // of terms; the first bucket there
} relative_t;

#if defined(LOOKUP_AVX512) || defined(LOOKUP_AVX2)
// 0, 1, 2, ...
INLINE vi lanes(void) {
    vi v;
    UNROLL for (size_t i = 0; i < LANES; i++) v[i] = (int32_t)i;
    return v;
}

INLINE vf gather(const float *x, vi at) {
#if defined(LOOKUP_AVX512)
    return (vf)_mm512_i32gather_ps((__m512i)at, x, 4);
#else
    return (vf)_mm256_i32gather_ps(x, (__m256i)at, 4);
#endif
}
#endif

// Scores (strip, keys) to probabilities times their sum; the inverse sums to `inverse`.
// `from` is the position of the first column, a multiple of 32; `end` that behind the last key.
static void strip_softmax(const arena_attention_t *p, const relative_t *relative, size_t head,
                          float *scores, size_t stride, size_t rows, size_t position, size_t from,
                          size_t lowest, size_t end, size_t columns, float *inverse) {
    for (size_t i = 0; i < rows; i++) {
        float *s = scores + i * stride;
        // A causal query at position t sees keys max(0, t - window + 1)...t.
        size_t t = position + i, last = (p->causal ? t : end - 1) - from;
        size_t first = p->window && t + 1 > p->window ? t + 1 - p->window : 0;
        first = first > from ? first - from : 0;
        if (p->buckets) {
            const int32_t *bucket = p->buckets + p->center + from - t;
            const float *query = relative->by_query, *key = relative->by_key;
            if (query) query += i * relative->stride;
            if (key) key += (from - lowest) * relative->stride;
            size_t j = first;
#if defined(LOOKUP_AVX512) || defined(LOOKUP_AVX2)
            for (; j + LANES <= last + 1; j += LANES) {
                vi b = *(const vi_unaligned *)(bucket + j) - (int32_t)relative->first;
                vf term = query ? gather(query, b) : splat(0.0f);
                if (key)
                    term = term + gather(key + j * relative->stride,
                                         b + lanes() * (int32_t)relative->stride);
                store(s + j, load(s + j) + term);
            }
#endif
            for (; j <= last; j++) {
                size_t b = (size_t)bucket[j] - relative->first;
                float term = query ? query[b] : 0.0f;
                if (key) term = term + key[j * relative->stride + b];
                s[j] = s[j] + term;
            }
        }
        vf scale = splat(p->scale);
        if (p->softcap > 0) {
            vf cap = splat(p->softcap), down = splat(p->scale / p->softcap);
            for (size_t j = 0; j < columns; j += LANES)
                store(s + j, cap * tanh_v(load(s + j) * down));
        } else {
            for (size_t j = 0; j < columns; j += LANES) store(s + j, load(s + j) * scale);
        }
        if (p->bias) {
            const float *bias = p->bias + head * p->bias_stride + p->center + from - t;
            for (size_t j = first; j <= last; j++) s[j] = s[j] + bias[j];
        }
        for (size_t j = 0; j < first; j++) s[j] = -__builtin_inff();
        for (size_t j = last + 1; j < columns; j++) s[j] = -__builtin_inff();
        inverse[i] = 1.0f / exp_row(s, columns);
    }
}

// The first key that the query at this position sees, down to a multiple of 32.
static size_t first_seen(const arena_attention_t *p, size_t position) {
    if (!p->causal || !p->window || position + 1 <= p->window) return 0;
    return (position + 1 - p->window) / ARENA_PANEL * ARENA_PANEL;
}

// y (m, count rounded up to 32) = x (m, D) . panels (count/32, D, 32).
static void head_products(size_t m, const float *x, size_t x_stride, const float *panels,
                          size_t count, size_t size, float *y, size_t y_stride) {
    for (size_t j = 0; j < count; j += ARENA_PANEL)
        for (size_t at = 0; at < size; at += ARENA_BLOCK)
            panel_block(m, least(ARENA_BLOCK, size - at), x + at, x_stride, 0,
                        panels + j * size + at * ARENA_PANEL, ARENA_PANEL, y + j, y_stride, at > 0,
                        1.0f, NULL, NULL, 0);
}

// Keys from..<to of one head as words (T/32, D/2, 32); keys past the end are zero.
static void pack_keys16(const float *k, size_t stride, size_t from, size_t to, size_t size, word16 *panels) {
    size_t pairs = (size + 1) / 2;
    for (size_t t = from; t < to; t += ARENA_PANEL, panels += pairs * WORDS * ARENA_PANEL) {
        float numbers[2 * ARENA_PANEL] __attribute__((aligned(64)));
        for (size_t d = 0; d < size; d += 2) {
            for (size_t i = 0; i < ARENA_PANEL; i++) {
                const float *key = k + (t + i) * stride + d;
                numbers[i] = t + i < to ? key[0] : 0.0f;
                numbers[ARENA_PANEL + i] = t + i < to && d + 1 < size ? key[1] : 0.0f;
            }
            put_pairs(numbers, panels + d / 2 * WORDS * ARENA_PANEL);
        }
    }
}

// Values from..<to of one head as words (D/32, T/2, 32); T padded to 32 with zeros, D too.
static void pack_values16(const float *v, size_t stride, size_t from, size_t to, size_t size, word16 *panels) {
    size_t padded = (to - from + ARENA_PANEL - 1) / ARENA_PANEL * ARENA_PANEL;
    for (size_t d = 0; d < size; d += ARENA_PANEL) {
        size_t count = least(ARENA_PANEL, size - d);
        for (size_t t = 0; t < padded; t += 2, panels += WORDS * ARENA_PANEL) {
            float numbers[2 * ARENA_PANEL] __attribute__((aligned(64))) = {0};
            for (size_t half = 0; half < 2 && from + t + half < to; half++)
                __builtin_memcpy(numbers + half * ARENA_PANEL, v + (from + t + half) * stride + d,
                                 count * sizeof(float));
            put_pairs(numbers, panels);
        }
    }
}

// y (m, 32) = words of rows, tile after tile, times the words of a panel; from a place with `flush_denormals`.
static void head_product16(size_t m, size_t pairs, const word16 *x, const word16 *panel, float *y,
                           size_t y_stride) {
    for (size_t c = 0; c < ARENA_PANEL; c += TILE)
        for (size_t i = 0; i < m; i += ROWS)
            tile16_of(least(ROWS, m - i), pairs, x + i * pairs * WORDS, panel + c, y + i * y_stride + c,
                      y_stride, 0, NULL, 0);
}

// The attention of one key head with all that is multiplied rounded to bf16. `terms` buckets from `first` on are
// met by its queries and keys.
static void attention16(const arena_attention_t *p, size_t kv, size_t lowest, size_t end, size_t first,
                        size_t terms) {
    float *scratch = p->scratch;
    size_t size = p->head_size, group = p->heads / p->kv_heads, pairs = (size + 1) / 2;
    size_t padded = (end - lowest + ARENA_PANEL - 1) / ARENA_PANEL * ARENA_PANEL;
    size_t score_stride = padded + 16;
    word16 *keys = (word16 *)scratch;
    word16 *values = (word16 *)(scratch + padded * 2 * pairs);
    float *scores = (float *)values + padded * ((size + ARENA_PANEL - 1) / ARENA_PANEL * ARENA_PANEL);
    float *rows_of_queries = scores + STRIP * score_stride;
    float *rows_of_shares = rows_of_queries + WHOLE_STRIP * 2 * pairs;
    float sums[STRIP * ARENA_PANEL] __attribute__((aligned(64)));
    float inverse[STRIP];
    float *term_panels = rows_of_shares + WHOLE_STRIP * padded;
    size_t term_columns = (terms + ARENA_PANEL - 1) / ARENA_PANEL * ARENA_PANEL;
    float *rows_of_keys = term_panels + term_columns * 2 * pairs;
    relative_t relative = {NULL, NULL, term_columns + 16, first};
    float *by_query = rows_of_keys + (padded + WHOLE_STRIP) * 2 * pairs;
    float *by_key = by_query + STRIP * relative.stride;
    unsigned before;
    if (p->position_queries) {
        pack_keys16(p->position_queries + kv * size, p->position_queries_stride, first, first + terms, size,
                    (word16 *)term_panels);
        pack_rows16(p->k + lowest * p->k_stride + kv * size, p->k_stride, end - lowest, size, rows_of_keys);
        before = flush_denormals();
        for (size_t j = 0; j < terms; j += ARENA_PANEL)
            head_product16(end - lowest, pairs, (word16 *)rows_of_keys,
                           (word16 *)term_panels + j * pairs * WORDS, by_key + j, relative.stride);
        keep_denormals(before);
        relative.by_key = by_key;
    }
    if (p->position_keys) {
        pack_keys16(p->position_keys + kv * size, p->position_keys_stride, first, first + terms, size,
                    (word16 *)term_panels);
        relative.by_query = by_query;
    }
    pack_keys16(p->k + kv * size, p->k_stride, lowest, end, size, keys);
    pack_values16(p->v + kv * size, p->v_stride, lowest, end, size, values);
    for (size_t start = 0; start < p->queries; start += STRIP) {
        size_t rows = least(STRIP, p->queries - start), position = p->first_position + start;
        size_t low = first_seen(p, position), skip = low - lowest;
        size_t seen = (p->causal ? position + rows : end) - low;
        size_t columns = (seen + ARENA_PANEL - 1) / ARENA_PANEL * ARENA_PANEL;
        for (size_t h = kv * group; h < (kv + 1) * group; h++) {
            pack_rows16(p->q + start * p->q_stride + h * size, p->q_stride, rows, size, rows_of_queries);
            before = flush_denormals();
            for (size_t j = 0; j < columns; j += ARENA_PANEL)
                head_product16(rows, pairs, (word16 *)rows_of_queries, keys + (skip + j) * pairs * WORDS,
                               scores + j, score_stride);
            for (size_t j = 0; relative.by_query && j < terms; j += ARENA_PANEL)
                head_product16(rows, pairs, (word16 *)rows_of_queries,
                               (word16 *)term_panels + j * pairs * WORDS, by_query + j, relative.stride);
            keep_denormals(before);
            strip_softmax(p, &relative, h, scores, score_stride, rows, position, low, lowest, end, columns, inverse);
            pack_rows16(scores, score_stride, rows, columns, rows_of_shares);
            for (size_t d = 0; d < size; d += ARENA_PANEL) {
                // Shares of keys that a query does not see are zeros: added to a zero they change no bit.
                before = flush_denormals();
                head_product16(rows, columns / 2, (word16 *)rows_of_shares,
                               values + (d * padded + skip * ARENA_PANEL) / 2 * WORDS, sums, ARENA_PANEL);
                keep_denormals(before);
                size_t width = least(ARENA_PANEL, size - d);
                for (size_t i = 0; i < rows; i++) {
                    float *out = p->out + (start + i) * p->out_stride + h * size + d;
                    for (size_t c = 0; c < width; c++) out[c] = sums[i * ARENA_PANEL + c] * inverse[i];
                }
            }
        }
    }
}

static void attention(const arena_attention_t *p) {
    if (p->queries == 0 || p->keys == 0) return;
    size_t size = p->head_size, group = p->heads / p->kv_heads;
    // Only keys that some query sees are touched, from a multiple of 32 on.
    size_t end = p->causal ? p->first_position + p->queries : p->keys, lowest = first_seen(p, p->first_position);
    size_t padded = (end - lowest + ARENA_PANEL - 1) / ARENA_PANEL * ARENA_PANEL;
    size_t score_stride = padded + 16;
    float *keys = p->scratch;
    float *values = keys + padded * size;
    float *scores = values + padded * ((size + ARENA_PANEL - 1) / ARENA_PANEL * ARENA_PANEL);
    float sums[STRIP * ARENA_PANEL] __attribute__((aligned(64)));
    float inverse[STRIP];
    // The buckets that these queries and keys meet.
    relative_t relative = {NULL, NULL, 0, 0};
    size_t terms = 0;
    float *term_panels = scores + STRIP * score_stride, *by_query = NULL, *by_key = NULL;
    if (p->buckets) {
        size_t low = SIZE_MAX, high = 0;
        const int32_t *bucket = p->buckets + p->center;
        ptrdiff_t nearest = (ptrdiff_t)lowest - (ptrdiff_t)(p->first_position + p->queries - 1);
        ptrdiff_t farthest = (ptrdiff_t)end - 1 - (ptrdiff_t)p->first_position;
        for (ptrdiff_t d = nearest; d <= farthest; d++) {
            size_t b = (size_t)bucket[d];
            low = b < low ? b : low;
            high = b > high ? b : high;
        }
        relative.first = low;
        terms = high + 1 - low;
        size_t panels = (terms + ARENA_PANEL - 1) / ARENA_PANEL * ARENA_PANEL;
        relative.stride = panels + 16;
        by_query = term_panels + panels * size;
        by_key = by_query + STRIP * relative.stride;
    }
    for (size_t kv = p->first_kv_head; kv < p->last_kv_head; kv++) {
        if (p->rounded) {
            attention16(p, kv, lowest, end, relative.first, terms);
            continue;
        }
        pack_keys(p->k + kv * size, p->k_stride, lowest, end, size, keys);
        pack_values(p->v + kv * size, p->v_stride, lowest, end, size, values);
        if (p->position_queries) {
            pack_keys(p->position_queries + kv * size, p->position_queries_stride, relative.first,
                      relative.first + terms, size, term_panels);
            head_products(end - lowest, p->k + lowest * p->k_stride + kv * size, p->k_stride,
                          term_panels, terms, size, by_key, relative.stride);
            relative.by_key = by_key;
        }
        if (p->position_keys)
            pack_keys(p->position_keys + kv * size, p->position_keys_stride, relative.first,
                      relative.first + terms, size, term_panels);
        for (size_t start = 0; start < p->queries; start += STRIP) {
            size_t rows = least(STRIP, p->queries - start), position = p->first_position + start;
            size_t low = first_seen(p, position);
            size_t skip = low - lowest; // columns of the panels this strip never sees
            size_t seen = (p->causal ? position + rows : end) - low;
            size_t columns = (seen + ARENA_PANEL - 1) / ARENA_PANEL * ARENA_PANEL;
            for (size_t h = kv * group; h < (kv + 1) * group; h++) {
                const float *q = p->q + start * p->q_stride + h * size;
                head_products(rows, q, p->q_stride, keys + skip * size, columns, size, scores,
                              score_stride);
                if (p->position_keys) {
                    head_products(rows, q, p->q_stride, term_panels, terms, size, by_query,
                                  relative.stride);
                    relative.by_query = by_query;
                }
                strip_softmax(p, &relative, h, scores, score_stride, rows, position, low, lowest,
                              end, columns, inverse);
                for (size_t d = 0; d < size; d += ARENA_PANEL) {
                    size_t width = least(ARENA_PANEL, size - d);
                    const float *panel = values + d * padded + skip * ARENA_PANEL;
                    // Blocks of keys stand at multiples of 256 of the row. What a window cuts off
                    // in front, and the padding behind, is zeros: added to a zero they change no
                    // bit.
                    __builtin_memset(sums, 0, rows * ARENA_PANEL * sizeof(float));
                    for (size_t at = 0; at < columns;) {
                        size_t block = least(ARENA_BLOCK - (low + at) % ARENA_BLOCK, columns - at);
                        panel_block(rows, block, scores + at, score_stride, 0,
                                    panel + at * ARENA_PANEL, width, sums, ARENA_PANEL, 1, 1.0f,
                                    NULL, NULL, 0);
                        at += block;
                    }
                    for (size_t i = 0; i < rows; i++) {
                        float *out = p->out + (start + i) * p->out_stride + h * size + d;
                        for (size_t c = 0; c < width; c++)
                            out[c] = sums[i * ARENA_PANEL + c] * inverse[i];
                    }
                }
            }
        }
    }
}
