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

// Heads of D halves, zeros behind `shape.size`; KEYS to a tile. 128 threads, a warp for 16 queries.
template <int D, int KEYS>
DEVICE void attention(const u16 *q, const u16 *k, const u16 *v, float *out, i64 out_stride, const Tile *tiles,
                      AttentionShape shape) {
    SHARED(memory);
    constexpr int CHUNKS = D / 8;
    u16 *queries = (u16 *)memory, *keys = queries + 64 * D, *values = keys + KEYS * D;
    Tile tile = tiles[blockIdx.x];
    int head = blockIdx.y, group = head / (shape.heads / shape.groups);
    int warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
    // Chunk c of row r lies at c ^ (r & 7): eight rows of a chunk fall on different banks.
#define PLACE(base, r, c) ((base) + (r) * D + ((c) ^ ((r) & 7)) * 8)
    for (int i = threadIdx.x; i < 64 * CHUNKS; i += 128) {
        int r = i / CHUNKS, c = i % CHUNKS;
        bool there = r < tile.queries;
        i64 row = tile.first_query + (there ? r : 0);
        copy16(PLACE(queries, r, c), q + (row * shape.heads + head) * D + c * 8, there);
    }
    float sums[D / 8][4] = {};
    float most[2] = {minus_infinity(), minus_infinity()}, total[2] = {0.0f, 0.0f};
    int first, end;
    seen_keys(shape, tile, KEYS, &first, &end);
    for (int at = first; at < end; at += KEYS) {
        __syncthreads();
        for (int i = threadIdx.x; i < KEYS * CHUNKS; i += 128) {
            int r = i / CHUNKS, c = i % CHUNKS;
            bool there = at + r < tile.keys;
            i64 from = ((i64)(tile.first_key + (there ? at + r : 0)) * shape.groups + group) * D + c * 8;
            copy16(PLACE(keys, r, c), k + from, there);
            copy16(PLACE(values, r, c), v + from, there);
        }
        commit_copies();
        wait_copies<0>();
        __syncthreads();
        float scores[KEYS / 8][4] = {};
#pragma unroll
        for (int d = 0; d < D / 16; d++) {
            u32 a[4];
            load_matrices(a, PLACE(queries, warp * 16 + (lane & 15), d * 2 + (lane >> 4)));
#pragma unroll
            for (int j = 0; j < KEYS / 16; j++) {
                u32 b[4];
                int r = j * 16 + (lane & 7) + (lane >> 4 << 3);
                load_matrices(b, PLACE(keys, r, d * 2 + (lane >> 3 & 1)));
                multiply_halves(scores[2 * j], a, b);
                multiply_halves(scores[2 * j + 1], a, b + 2);
            }
        }
#pragma unroll
        for (int h = 0; h < 2; h++) {
            int position = tile.position + warp * 16 + h * 8 + (lane >> 2);
            float largest = minus_infinity();
#pragma unroll
            for (int j = 0; j < KEYS / 8; j++) {
#pragma unroll
                for (int e = 2 * h; e < 2 * h + 2; e++) {
                    float score = scores[j][e] * shape.scale;
                    if (shape.softcap > 0.0f) score = shape.softcap * tanhf(score / shape.softcap);
                    int key = at + j * 8 + (lane & 3) * 2 + (e & 1);
                    scores[j][e] = sees(shape, tile, position, key) ? score : minus_infinity();
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
                    // The halves that are multiplied are those that are summed.
                    float p = half_to_float(float_to_half(expf(scores[j][e] - base)));
                    scores[j][e] = p;
                    sum += p;
                }
            }
            sum += from_lane(sum, 1);
            sum += from_lane(sum, 2);
            total[h] = total[h] * keep + sum;
#pragma unroll
            for (int d = 0; d < D / 8; d++) {
                sums[d][2 * h] *= keep;
                sums[d][2 * h + 1] *= keep;
            }
        }
#pragma unroll
        for (int j = 0; j < KEYS / 16; j++) {
            u32 a[4] = {
                pack_halves(scores[2 * j][0], scores[2 * j][1]), pack_halves(scores[2 * j][2], scores[2 * j][3]),
                pack_halves(scores[2 * j + 1][0], scores[2 * j + 1][1]),
                pack_halves(scores[2 * j + 1][2], scores[2 * j + 1][3])};
#pragma unroll
            for (int d = 0; d < D / 16; d++) {
                u32 b[4];
                load_matrices_transposed(b, PLACE(values, j * 16 + (lane & 15), d * 2 + (lane >> 4)));
                multiply_halves(sums[2 * d], a, b);
                multiply_halves(sums[2 * d + 1], a, b + 2);
            }
        }
    }
#pragma unroll
    for (int h = 0; h < 2; h++) {
        int query = warp * 16 + h * 8 + (lane >> 2);
        if (query >= tile.queries) continue;
        float *to = out + (tile.first_query + query) * out_stride + head * shape.size;
        float share = 1.0f / total[h];
#pragma unroll
        for (int d = 0; d < D / 8; d++) {
#pragma unroll
            for (int e = 0; e < 2; e++) {
                int column = d * 8 + (lane & 3) * 2 + e;
                if (column < shape.size) to[column] = sums[d][2 * h + e] * share;
            }
        }
    }
#undef PLACE
}

KERNEL __launch_bounds__(128) attention_64(const u16 *q, const u16 *k, const u16 *v, float *out, i64 out_stride,
                                           const Tile *tiles, AttentionShape shape) {
    attention<64, 64>(q, k, v, out, out_stride, tiles, shape);
}

KERNEL __launch_bounds__(128) attention_128(const u16 *q, const u16 *k, const u16 *v, float *out, i64 out_stride,
                                            const Tile *tiles, AttentionShape shape) {
    attention<128, 64>(q, k, v, out, out_stride, tiles, shape);
}

// 64 KB of shared memory, all that a card of 7.5 has.
KERNEL __launch_bounds__(128) attention_256(const u16 *q, const u16 *k, const u16 *v, float *out, i64 out_stride,
                                            const Tile *tiles, AttentionShape shape) {
    attention<256, 32>(q, k, v, out, out_stride, tiles, shape);
}

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

// What scores get by the distance of key and query, as `RelativeTerms` of the host's code; each part may be
// missing.
struct Relative {
    int center;  // the place of distance 0
    const float *bias;
    i64 bias_stride;
    const int *buckets;
    const float *keys;
    i64 keys_stride;
    const float *queries;
    i64 queries_stride;
};

// The same in fp32 without tensor cores, a warp for each query and head, with relative terms and heads of any
// size: a lane has a key of every 32, then every 32nd number of the head, 256 of them at a time.
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
                if (relative.keys)
                    score += dot(query, relative.keys + relative.buckets[place] * relative.keys_stride + head * size,
                                 size);
                if (relative.queries)
                    score += dot(
                        key, relative.queries + relative.buckets[place] * relative.queries_stride + head * size,
                        size);
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
