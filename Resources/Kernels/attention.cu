// Attention of texts of any length in one launch, without the matrix of scores (the online softmax of
// FlashAttention, https://arxiv.org/abs/2205.14135): a block takes up to 64 queries of one text and head and
// walks through the keys that they see, a tile at a time, from a place that is a multiple of the tile. A tile
// that a query sees nothing of changes nothing of its numbers, so these do not depend on the other queries.

// One block's queries, as `AttentionTile` of the host's code.
struct Tile {
    int first_query;  // in the query tensor
    int queries;
    int position;  // of the first in its text
    int first_key;  // the text's, in the key and value tensors
    int keys;  // of the text
};

struct AttentionShape {
    int heads, groups, size;
    float scale;
    float softcap;  // 0 for none
    int causal;
    int window;  // 0 for none
};

DEVICE bool sees(const AttentionShape &shape, const Tile &tile, int position, int key) {
    return key < tile.keys && (!shape.causal || key <= position)
        && (shape.window == 0 || key + shape.window > position);
}

// The keys that some query of the tile may see, the first a multiple of `step`.
DEVICE void seen_keys(const AttentionShape &shape, const Tile &tile, int step, int *first, int *end) {
    int start = shape.window > 0 ? tile.position + 1 - shape.window : 0;
    *first = start > 0 ? start / step * step : 0;
    int last = tile.position + tile.queries;
    *end = shape.causal && last < tile.keys ? last : tile.keys;
}

// What scores get by the distance of key and query, as `RelativeTerms` of the host's code; each part may be
// missing. Keys and queries are fp32 or halves, as the kernel that reads them has it.
struct Relative {
    int center;  // the place of distance 0
    const float *bias;
    i64 bias_stride;
    const int *buckets;
    const void *keys;
    i64 keys_stride;
    const void *queries;
    i64 queries_stride;
};

// What one thread of a block has to do with scores: of its warp's 16 queries those of lane / 4 and eight further
// on, and of every eight keys two. Element e of `scores[j]` is query `row(e >> 1)`, key j * 8 + `column(e & 1)`.
struct Lane {
    int lane, warp;
    DEVICE int row(int h) const { return warp * 16 + h * 8 + (lane >> 2); }
    DEVICE int column(int e) const { return (lane & 3) * 2 + e; }
};

// Rows of D halves in shared memory. Chunk c of row r lies at c ^ (r & 7): eight rows of a chunk fall on
// different banks.
template <int D> DEVICE u16 *chunk(u16 *base, int r, int c) { return base + r * D + (c ^ (r & 7)) * 8; }

// Copies rows `first` and on of heads (rows, heads, PIECES, D) to shared memory (PIECES, ROWS, D), zeros behind
// `there` rows.
template <int D, int ROWS, int PIECES>
DEVICE void copy_rows(u16 *to, const void *from, i64 first, int there, int heads, int head) {
    for (int i = threadIdx.x; i < ROWS * PIECES * (D / 8); i += 128) {
        int c = i % (D / 8), piece = i / (D / 8) % PIECES, r = i / (D / 8) / PIECES;
        bool has = r < there;
        i64 row = first + (has ? r : 0);
        copy16(chunk<D>(to + piece * ROWS * D, r, c),
               (const u16 *)from + ((row * heads + head) * PIECES + piece) * D + c * 8, has);
    }
}

DEVICE void copies_done() {
    commit_copies();
    wait_copies<0>();
    __syncthreads();
}

// sums (16 x 8 N) += rows `row` and on of a . rows `other` and on of b, both (PIECES, ..., D) in shared memory. Of
// two pieces sums[1] gets what is to be divided by 2^11: first pieces with rests.
template <int D, int PIECES, int A_ROWS, int B_ROWS, int N>
DEVICE void multiply_rows(float sums[PIECES][N][4], u16 *a, int row, u16 *b, int other, int lane) {
#pragma unroll
    for (int d = 0; d < D / 16; d++) {
        u32 x[PIECES][4];
#pragma unroll
        for (int p = 0; p < PIECES; p++)
            load_matrices(x[p], chunk<D>(a + p * A_ROWS * D, row + (lane & 15), d * 2 + (lane >> 4)));
#pragma unroll
        for (int j = 0; j < N / 2; j++) {
            int r = other + j * 16 + (lane & 7) + (lane >> 4 << 3);
#pragma unroll
            for (int p = 0; p < PIECES; p++) {
                u32 y[4];
                load_matrices(y, chunk<D>(b + p * B_ROWS * D, r, d * 2 + (lane >> 3 & 1)));
#pragma unroll
                for (int half = 0; half < 2; half++) {
                    multiply_halves(sums[p][2 * j + half], x[0], y + 2 * half);
                    if (PIECES == 2 && p == 0) multiply_halves(sums[PIECES - 1][2 * j + half], x[PIECES - 1], y + 2 * half);
                }
            }
        }
    }
}

// A number of its sums.
template <int PIECES, int N> DEVICE float joined(const float sums[PIECES][N][4], int j, int e) {
    return PIECES == 1 ? sums[0][j][e] : fmaf(sums[PIECES - 1][j][e], 0x1p-11f, sums[0][j][e]);
}

// Adds to the scores of 64 queries and 32 keys what they get by their buckets, 32 of these at a time: queries with
// the buckets' keys and keys with the buckets' queries are multiplied whole, and each score takes its own of them.
template <int D, int PIECES>
DEVICE void add_relative(float scores[4][4], u16 *queries, u16 *keys, u8 *memory, const Tile &tile, int at,
                         const Relative &relative, int heads, int head, Lane own) {
    constexpr int STRIP = 32;
    u16 *bucket_keys = (u16 *)memory, *bucket_queries = bucket_keys + PIECES * STRIP * D;
    float *with_keys = (float *)(bucket_queries + PIECES * STRIP * D), *with_queries = with_keys + 64 * STRIP;
    const int *buckets = relative.buckets + relative.center;
    int end = at + 32 < tile.keys ? at + 32 : tile.keys;
    int low = buckets[at - (tile.position + tile.queries - 1)], high = buckets[end - 1 - tile.position];
    if (low > high) {
        int other = low;
        low = high;
        high = other;
    }
    int bucket[4][4];
#pragma unroll
    for (int j = 0; j < 4; j++) {
#pragma unroll
        for (int e = 0; e < 4; e++) {
            int query = own.row(e >> 1), key = at + j * 8 + own.column(e & 1);
            bool there = query < tile.queries && key < tile.keys;
            bucket[j][e] = there ? buckets[key - tile.position - query] : -1;
        }
    }
    for (int strip = low; strip <= high; strip += STRIP) {
        // Nobody reads the last strip's numbers any more.
        __syncthreads();
        if (relative.keys)
            copy_rows<D, STRIP, PIECES>(bucket_keys, relative.keys, strip, high + 1 - strip, heads, head);
        if (relative.queries)
            copy_rows<D, STRIP, PIECES>(bucket_queries, relative.queries, strip, high + 1 - strip, heads, head);
        copies_done();
        if (relative.keys) {
            float sums[PIECES][4][4] = {};
            multiply_rows<D, PIECES, 64, STRIP, 4>(sums, queries, own.warp * 16, bucket_keys, 0, own.lane);
#pragma unroll
            for (int j = 0; j < 4; j++)
#pragma unroll
                for (int e = 0; e < 4; e++)
                    with_keys[own.row(e >> 1) * STRIP + j * 8 + own.column(e & 1)] = joined<PIECES, 4>(sums, j, e);
        }
        if (relative.queries) {
            // Two warps to 16 keys, each with half of the buckets.
            float sums[PIECES][2][4] = {};
            int key = (own.warp >> 1) * 16, first = (own.warp & 1) * 16;
            multiply_rows<D, PIECES, 32, STRIP, 2>(sums, keys, key, bucket_queries, first, own.lane);
#pragma unroll
            for (int j = 0; j < 2; j++)
#pragma unroll
                for (int e = 0; e < 4; e++)
                    with_queries[(key + (e >> 1) * 8 + (own.lane >> 2)) * STRIP + first + j * 8 + own.column(e & 1)] =
                        joined<PIECES, 2>(sums, j, e);
        }
        __syncthreads();
#pragma unroll
        for (int j = 0; j < 4; j++) {
#pragma unroll
            for (int e = 0; e < 4; e++) {
                int place = bucket[j][e] - strip;
                if (place < 0 || place >= STRIP) continue;
                if (relative.keys) scores[j][e] += with_keys[own.row(e >> 1) * STRIP + place];
                if (relative.queries) scores[j][e] += with_queries[(j * 8 + own.column(e & 1)) * STRIP + place];
            }
        }
    }
}

// Heads of D halves, zeros behind `shape.size`, in PIECES: of two the second is the rest times 2^11, so that it has
// as many digits as the first. KEYS to a tile, 32 with relative terms. 128 threads, a warp for 16 queries.
template <int D, int KEYS, int PIECES, bool IS_RELATIVE>
DEVICE void attention(const u16 *q, const u16 *k, const u16 *v, float *out, i64 out_stride, const Tile *tiles,
                      AttentionShape shape, Relative relative) {
    SHARED(memory);
    u16 *queries = (u16 *)memory, *keys = queries + PIECES * 64 * D, *values = keys + PIECES * KEYS * D;
    Tile tile = tiles[blockIdx.x];
    int head = blockIdx.y, group = head / (shape.heads / shape.groups);
    Lane own = {(int)(threadIdx.x & 31), (int)(threadIdx.x >> 5)};
    copy_rows<D, 64, PIECES>(queries, q, tile.first_query, tile.queries, shape.heads, head);
    float sums[PIECES][D / 8][4] = {};
    float most[2] = {minus_infinity(), minus_infinity()}, total[2] = {0.0f, 0.0f};
    int first, end;
    seen_keys(shape, tile, KEYS, &first, &end);
    for (int at = first; at < end; at += KEYS) {
        __syncthreads();
        copy_rows<D, KEYS, PIECES>(keys, k, tile.first_key + at, tile.keys - at, shape.groups, group);
        copy_rows<D, KEYS, PIECES>(values, v, tile.first_key + at, tile.keys - at, shape.groups, group);
        copies_done();
        float scores[KEYS / 8][4];
        {
            float parts[PIECES][KEYS / 8][4] = {};
            multiply_rows<D, PIECES, 64, KEYS, KEYS / 8>(parts, queries, own.warp * 16, keys, 0, own.lane);
#pragma unroll
            for (int j = 0; j < KEYS / 8; j++)
#pragma unroll
                for (int e = 0; e < 4; e++) scores[j][e] = joined<PIECES, KEYS / 8>(parts, j, e);
        }
        if constexpr (IS_RELATIVE) {
            if (relative.keys || relative.queries)
                add_relative<D, PIECES>(scores, queries, keys, (u8 *)(values + PIECES * KEYS * D), tile, at, relative,
                                        shape.heads, head, own);
        }
#pragma unroll
        for (int h = 0; h < 2; h++) {
            int position = tile.position + own.row(h);
            float largest = minus_infinity();
#pragma unroll
            for (int j = 0; j < KEYS / 8; j++) {
#pragma unroll
                for (int e = 2 * h; e < 2 * h + 2; e++) {
                    float score = scores[j][e] * shape.scale;
                    if (shape.softcap > 0.0f) score = shape.softcap * tanhf(score / shape.softcap);
                    int key = at + j * 8 + own.column(e & 1);
                    bool seen = sees(shape, tile, position, key);
                    if constexpr (IS_RELATIVE) {
                        if (relative.bias && seen && own.row(h) < tile.queries)
                            score += relative.bias[head * relative.bias_stride + relative.center + key - position];
                    }
                    scores[j][e] = seen ? score : minus_infinity();
                    largest = fmaxf(largest, scores[j][e]);
                }
            }
            largest = fmaxf(largest, from_lane(largest, 1));
            largest = fmaxf(largest, from_lane(largest, 2));
            float now = fmaxf(most[h], largest);
            // Nothing seen so far.
            float base = now == minus_infinity() ? 0.0f : now;
            float keep = expf(most[h] - base);
            most[h] = now;
            float sum = 0.0f;
#pragma unroll
            for (int j = 0; j < KEYS / 8; j++) {
#pragma unroll
                for (int e = 2 * h; e < 2 * h + 2; e++) {
                    float p = expf(scores[j][e] - base);
                    // Where halves are multiplied, these are summed.
                    if (PIECES == 1) p = half_to_float(float_to_half(p));
                    scores[j][e] = p;
                    sum += p;
                }
            }
            sum += from_lane(sum, 1);
            sum += from_lane(sum, 2);
            total[h] = total[h] * keep + sum;
#pragma unroll
            for (int p = 0; p < PIECES; p++) {
#pragma unroll
                for (int d = 0; d < D / 8; d++) {
                    sums[p][d][2 * h] *= keep;
                    sums[p][d][2 * h + 1] *= keep;
                }
            }
        }
#pragma unroll
        for (int j = 0; j < KEYS / 16; j++) {
            u32 a[PIECES][4];
#pragma unroll
            for (int i = 0; i < 4; i++) {
                const float *pair = scores[2 * j + (i >> 1)] + 2 * (i & 1);
                a[0][i] = pack_halves(pair[0], pair[1]);
                if (PIECES == 2) a[PIECES - 1][i] = pack_halves(rest_of_half(pair[0]), rest_of_half(pair[1]));
            }
#pragma unroll
            for (int d = 0; d < D / 16; d++) {
#pragma unroll
                for (int p = 0; p < PIECES; p++) {
                    u32 b[4];
                    load_matrices_transposed(
                        b, chunk<D>(values + p * KEYS * D, j * 16 + (own.lane & 15), d * 2 + (own.lane >> 4)));
#pragma unroll
                    for (int half = 0; half < 2; half++) {
                        multiply_halves(sums[p][2 * d + half], a[0], b + 2 * half);
                        if (PIECES == 2 && p == 0) multiply_halves(sums[PIECES - 1][2 * d + half], a[PIECES - 1], b + 2 * half);
                    }
                }
            }
        }
    }
#pragma unroll
    for (int h = 0; h < 2; h++) {
        int query = own.row(h);
        if (query >= tile.queries) continue;
        float *to = out + (tile.first_query + query) * out_stride + head * shape.size;
        float share = 1.0f / total[h];
#pragma unroll
        for (int d = 0; d < D / 8; d++) {
#pragma unroll
            for (int e = 0; e < 2; e++) {
                int column = d * 8 + own.column(e);
                if (column < shape.size) to[column] = joined<PIECES, D / 8>(sums, d, 2 * h + e) * share;
            }
        }
    }
}

// The kernels: of heads up to so many numbers, keys of a tile, pieces of a number, and whether there are relative terms.
// Those of 256 and of 128 in two pieces take 64 KB of shared memory, all that a card of 7.5 has.
#define ATTENTION_PARAMETERS                                                                                       \
    const u16 *q, const u16 *k, const u16 *v, float *out, i64 out_stride, const Tile *tiles, AttentionShape shape, \
        Relative relative
#define ATTENTION(...) attention<__VA_ARGS__>(q, k, v, out, out_stride, tiles, shape, relative)

KERNEL __launch_bounds__(128) attention_64(ATTENTION_PARAMETERS) { ATTENTION(64, 64, 1, false); }
KERNEL __launch_bounds__(128) attention_128(ATTENTION_PARAMETERS) { ATTENTION(128, 64, 1, false); }
KERNEL __launch_bounds__(128) attention_256(ATTENTION_PARAMETERS) { ATTENTION(256, 32, 1, false); }
KERNEL __launch_bounds__(128) attention_64_exact(ATTENTION_PARAMETERS) { ATTENTION(64, 64, 2, false); }
KERNEL __launch_bounds__(128) attention_128_exact(ATTENTION_PARAMETERS) { ATTENTION(128, 32, 2, false); }
KERNEL __launch_bounds__(128) attention_64_relative(ATTENTION_PARAMETERS) { ATTENTION(64, 32, 1, true); }
KERNEL __launch_bounds__(128) attention_64_relative_exact(ATTENTION_PARAMETERS) { ATTENTION(64, 32, 2, true); }
#undef ATTENTION
#undef ATTENTION_PARAMETERS

DEVICE float dot(const float *a, const float *b, int size) {
    float sum = 0.0f;
    if ((size & 3) == 0 && (((u64)a | (u64)b) & 15) == 0) {
        for (int d = 0; d < size; d += 4) {
            float4 x = *(const float4 *)(a + d), y = *(const float4 *)(b + d);
            sum = fmaf(x.x, y.x, sum);
            sum = fmaf(x.y, y.y, sum);
            sum = fmaf(x.z, y.z, sum);
            sum = fmaf(x.w, y.w, sum);
        }
        return sum;
    }
    for (int d = 0; d < size; d++) sum = fmaf(a[d], b[d], sum);
    return sum;
}

// The same in fp32 without tensor cores, for heads of any size, a warp for each query and head: a lane has a key of
// every 32, then every 32nd number of the head, 256 of them at a time.
KERNEL attention_plain(const float *q, i64 q_stride, const float *k, i64 k_stride, const float *v, i64 v_stride,
                       float *out, i64 out_stride, const Tile *tiles, AttentionShape shape, Relative relative) {
    Tile tile = tiles[blockIdx.x];
    int head = blockIdx.y, group = head / (shape.heads / shape.groups), size = shape.size;
    int lane = threadIdx.x & 31, warps = blockDim.x >> 5, parts = (size + 255) / 256;
    for (int work = threadIdx.x >> 5; work < tile.queries * parts; work += warps) {
        int i = work / parts, part = work % parts * 256, position = tile.position + i;
        Tile one = tile;
        one.position = position;
        one.queries = 1;
        const float *query = q + (tile.first_query + i) * q_stride + head * size;
        float sums[8] = {};
        float most = minus_infinity(), total = 0.0f;
        int first, end;
        seen_keys(shape, one, 32, &first, &end);
        for (int at = first; at < end; at += 32) {
            int own = at + lane;
            float score = minus_infinity();
            if (sees(shape, tile, position, own)) {
                const float *key = k + (i64)(tile.first_key + own) * k_stride + group * size;
                int place = relative.center + own - position;
                score = dot(query, key, size);
                const float *keys = (const float *)relative.keys, *queries = (const float *)relative.queries;
                if (keys) score += dot(query, keys + relative.buckets[place] * relative.keys_stride + head * size, size);
                if (queries)
                    score += dot(key, queries + relative.buckets[place] * relative.queries_stride + head * size, size);
                score *= shape.scale;
                if (shape.softcap > 0.0f) score = shape.softcap * tanhf(score / shape.softcap);
                if (relative.bias) score += relative.bias[head * relative.bias_stride + place];
            }
            float now = fmaxf(most, warp_max(score));
            float base = now == minus_infinity() ? 0.0f : now;
            float keep = expf(most - base), p = expf(score - base);
            most = now;
            total = total * keep + warp_sum(p);
            for (int j = 0; j < 8; j++) sums[j] *= keep;
            for (int r = 0; r < 32 && at + r < tile.keys; r++) {
                float share = value_of_lane(p, r);
                const float *value = v + (i64)(tile.first_key + at + r) * v_stride + group * size + part;
                for (int j = 0; j < 8; j++) {
                    int d = lane + 32 * j;
                    if (part + d < size) sums[j] = fmaf(share, value[d], sums[j]);
                }
            }
        }
        float *to = out + (tile.first_query + i) * out_stride + head * size + part;
        for (int j = 0; j < 8; j++) {
            int d = lane + 32 * j;
            if (part + d < size) to[d] = sums[j] / total;
        }
    }
}
