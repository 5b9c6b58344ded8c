// Products on tensor cores: y (M, N) = x (M, K) . w (N, K)^T, for every card from 7.5 on, of halves with sums in fp32
// and of codes of 8 bits with sums in whole numbers. Two codes lie where a half does, and count as one here.
//
// A block makes BM x BN outputs, a warp WM x WN of them, 32 inputs at a time from shared memory. A row there is
// 64 bytes in four chunks, and chunk c of row r lies at c ^ (r / 2 & 3), so that eight rows of one chunk fall on
// different banks. Every output adds its inputs in one order, whatever the rows beside it.

constexpr int STEP = 32;

DEVICE void multiply_pieces(float *d, const u32 *a, const u32 *b) { multiply_halves(d, a, b); }
DEVICE void multiply_pieces(int *d, const u32 *a, const u32 *b) { multiply_codes(d, a, b); }

template <int BM, int BN, int WM, int WN, typename Sum> struct ProductBlock {
    static constexpr int THREADS = BM / WM * (BN / WN) * 32;
    static constexpr int STAGES = HAS_ASYNC_COPY ? 4 : 2;
    static constexpr int CHUNKS = (BM + BN) * (STEP / 8);
    static constexpr int OWN = (CHUNKS + THREADS - 1) / THREADS;

    const u16 *x, *w;
    i64 x_stride, w_stride, first_row, rows;
    int first_output, outputs, inputs, terms;
    u16 *memory;

    // This thread's chunks: where their first inputs lie, where they go in the first stage, and which are there:
    // none beyond the last row or output.
    const u16 *from[OWN];
    u16 *to[OWN];
    u32 there;

    DEVICE u16 *place(int stage, int r, int c) const {
        return memory + ((stage * (BM + BN) + r) * 4 + (c ^ (r >> 1 & 3))) * 8;
    }

    // Whether chunk i of every thread is of a row; the rows' chunks come first.
    static constexpr DEVICE bool is_row(int i) { return i * THREADS < BM * 4; }

    DEVICE void prepare() {
        static_assert(BM * 4 % THREADS == 0, "rows and weights share no chunk number");
        there = 0;
#pragma unroll
        for (int i = 0; i < OWN; i++) {
            int chunk = threadIdx.x + i * THREADS, r = chunk >> 2, c = chunk & 3;
            i64 at = is_row(i) ? first_row + r : (i64)first_output + r - BM;
            bool is_there = chunk < CHUNKS && (is_row(i) ? at < rows : at < outputs);
            there |= (u32)is_there << i;
            if (!is_there) at = 0;
            from[i] = (is_row(i) ? x + at * x_stride : w + at * w_stride) + c * 8;
            to[i] = place(0, chunk < CHUNKS ? r : 0, c);
        }
    }

    // Pieces are multiplied as first and first, first and rest, rest and first.
    DEVICE int row_input(int k) const { return k < inputs ? k : k - inputs; }
    DEVICE int weight_input(int k) const { return k < 2 * inputs ? k : k - 2 * inputs; }

    DEVICE void fetch(int step, int stage) const {
        int row_at = row_input(step * STEP), weight_at = weight_input(step * STEP);
#pragma unroll
        for (int i = 0; i < OWN; i++) {
            if (CHUNKS % THREADS != 0 && (int)threadIdx.x + i * THREADS >= CHUNKS) break;
            copy16(to[i] + stage * (BM + BN) * STEP, from[i] + (is_row(i) ? row_at : weight_at), there >> i & 1);
        }
    }

    DEVICE void multiply(int stage, Sum (*sums)[WN / 8][4], int m, int n, int lane) const {
#pragma unroll
        for (int k = 0; k < STEP / 8; k += 2) {
            u32 a[WM / 16][4];
#pragma unroll
            for (int i = 0; i < WM / 16; i++)
                load_matrices(a[i], place(stage, m + i * 16 + (lane & 15), k + (lane >> 4)));
#pragma unroll
            for (int j = 0; j < WN / 16; j++) {
                u32 b[4];
                load_matrices(
                    b, place(stage, BM + n + j * 16 + (lane & 7) + (lane >> 4 << 3), k + (lane >> 3 & 1)));
#pragma unroll
                for (int i = 0; i < WM / 16; i++) {
                    multiply_pieces(sums[i][2 * j], a[i], b);
                    multiply_pieces(sums[i][2 * j + 1], a[i], b + 2);
                }
            }
        }
    }

    // The sums of this thread: of rows m + 16 i + lane / 4 (+ 8) and outputs n + 8 j + 2 (lane % 4) (+ 1).
    DEVICE void run(Sum (*sums)[WN / 8][4], int m, int n, int lane) {
        prepare();
        int steps = inputs / STEP * terms;
#if HAS_ASYNC_COPY
        for (int s = 0; s < STAGES - 1; s++) {
            if (s < steps) fetch(s, s);
            commit_copies();
        }
        for (int s = 0; s < steps; s++) {
            wait_copies<STAGES - 2>();
            __syncthreads();
            if (s + STAGES - 1 < steps) fetch(s + STAGES - 1, (s + STAGES - 1) % STAGES);
            commit_copies();
            multiply(s % STAGES, sums, m, n, lane);
        }
#else
        // The next step's numbers are read into registers before this one's are multiplied.
        if (steps > 0) fetch(0, 0);
        for (int s = 0; s < steps; s++) {
            __syncthreads();
            uint4 next[OWN];
            bool is_last = s + 1 == steps;
            int row_at = row_input((s + 1) * STEP), weight_at = weight_input((s + 1) * STEP);
#pragma unroll
            for (int i = 0; i < OWN; i++)
                next[i] = !is_last && there >> i & 1
                    ? *(const uint4 *)(from[i] + (is_row(i) ? row_at : weight_at)) : make_uint4(0, 0, 0, 0);
            multiply(s % STAGES, sums, m, n, lane);
            if (is_last) break;
#pragma unroll
            for (int i = 0; i < OWN; i++) {
                int chunk = threadIdx.x + i * THREADS;
                if (chunk < CHUNKS) *(uint4 *)(to[i] + (s + 1) % STAGES * (BM + BN) * STEP) = next[i];
            }
        }
#endif
    }
};

// Blocks that run at the same time should need the same rows and weights: this many tiles of rows go through all
// outputs before the next.
constexpr int ROW_TILES = 16;

// y = alpha * back[row] * scales[output] * (x . w^T) + bias, or y += that without bias; no scales are ones. `inputs`
// is a multiple of 32, and `terms` (1, 2 or 3) says which pieces of x and w are multiplied.
template <int BM, int BN, int WM, int WN, typename Sum>
DEVICE void product(const u16 *x, i64 x_stride, const u16 *w, i64 w_stride, const float *bias, const float *back,
                    const float *scales, float alpha, int adding, float *y, i64 y_stride, i64 rows, int outputs,
                    int inputs, int terms) {
    SHARED(memory);
    int warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
    int m = warp / (BN / WN) * WM, n = warp % (BN / WN) * WN;
    int row_tiles = (int)((rows + BM - 1) / BM), output_tiles = (outputs + BN - 1) / BN;
    int first_tile = blockIdx.x / (ROW_TILES * output_tiles) * ROW_TILES;
    int together = row_tiles - first_tile < ROW_TILES ? row_tiles - first_tile : ROW_TILES;
    int tile = blockIdx.x % (ROW_TILES * output_tiles);
    ProductBlock<BM, BN, WM, WN, Sum> block;
    block.x = x;
    block.w = w;
    block.x_stride = x_stride;
    block.w_stride = w_stride;
    block.first_row = (i64)(first_tile + tile % together) * BM;
    block.rows = rows;
    block.first_output = tile / together * BN;
    block.outputs = outputs;
    block.inputs = inputs;
    block.terms = terms;
    block.memory = (u16 *)memory;
    Sum sums[WM / 16][WN / 8][4] = {};
    block.run(sums, m, n, lane);
#pragma unroll
    for (int i = 0; i < WM / 16; i++) {
#pragma unroll
        for (int h = 0; h < 2; h++) {
            i64 row = block.first_row + m + i * 16 + h * 8 + (lane >> 2);
            if (row >= rows) continue;
            float factor = alpha * back[row];
            float *to = y + row * y_stride;
#pragma unroll
            for (int j = 0; j < WN / 8; j++) {
                int output = block.first_output + n + j * 8 + (lane & 3) * 2;
                if (output >= outputs) continue;
                bool is_pair = output + 1 < outputs;
                float first = (float)sums[i][j][2 * h], second = (float)sums[i][j][2 * h + 1];
                if (scales) {
                    first *= scales[output];
                    if (is_pair) second *= scales[output + 1];
                }
                first *= factor;
                second *= factor;
                float2 both = make_float2(0.0f, 0.0f);
                if (adding) {
                    both.x = to[output];
                    if (is_pair) both.y = to[output + 1];
                } else if (bias) {
                    both.x = bias[output];
                    if (is_pair) both.y = bias[output + 1];
                }
                both.x += first;
                both.y += second;
                if (is_pair && ((u64)(to + output) & 7) == 0) {
                    *(float2 *)(to + output) = both;
                } else {
                    to[output] = both.x;
                    if (is_pair) to[output + 1] = both.y;
                }
            }
        }
    }
}

// A block for each tile of 128 rows and as many outputs, 256 threads; the shared memory of `ProductBlock::STAGES`
// stages.
KERNEL __launch_bounds__(256) product_wide(const u16 *x, i64 x_stride, const u16 *w, i64 w_stride,
                                           const float *bias, const float *back, float alpha, int adding,
                                           float *y, i64 y_stride, i64 rows, int outputs, int inputs, int terms) {
    product<128, 128, 64, 32, float>(x, x_stride, w, w_stride, bias, back, 0, alpha, adding, y, y_stride, rows,
                                     outputs, inputs, terms);
}

// The same for few outputs: low-rank factors and heads.
KERNEL __launch_bounds__(256) product_narrow(const u16 *x, i64 x_stride, const u16 *w, i64 w_stride,
                                             const float *bias, const float *back, float alpha, int adding,
                                             float *y, i64 y_stride, i64 rows, int outputs, int inputs,
                                             int terms) {
    product<128, 32, 16, 32, float>(x, x_stride, w, w_stride, bias, back, 0, alpha, adding, y, y_stride, rows,
                                    outputs, inputs, terms);
}

// `product_wide` of codes: strides and inputs in pairs of them, with the scales of rows and of weights.
KERNEL __launch_bounds__(256) product_codes(const u16 *x, i64 x_stride, const u16 *w, i64 w_stride,
                                            const float *bias, const float *row_scales, const float *scales,
                                            float alpha, int adding, float *y, i64 y_stride, i64 rows,
                                            int outputs, int inputs) {
    product<128, 128, 64, 32, int>(x, x_stride, w, w_stride, bias, row_scales, scales, alpha, adding, y, y_stride,
                                   rows, outputs, inputs, 1);
}
