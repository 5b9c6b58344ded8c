// Numbers on their way to products in halves (fp16): rows of activations and weights of every format.
//
// Halves have 11 bits where bf16 has 8, but reach only from 2^-24 to 65,504. Rows beyond that are divided by a
// power of two, weights multiplied by one, which changes no digit; products are multiplied back.
//
// fp32 numbers are sums of two halves, written one behind the other: all first halves of a row, then all rests.
// A product takes first with first, then first with the weight's rest, then the row's rest with first, as far as
// they are there; what is left out is below 2^-22.

DEVICE void put_halves(float value, u16 *to, int padded, int pieces) {
    u16 first = float_to_half(value);
    to[0] = first;
    if (pieces == 2) to[padded] = float_to_half(value - half_to_float(first));
}

// Halves of a row's numbers, value(c) of its columns, by a block: in `pieces` (1 or 2), `padded` to a piece, zeros
// behind the columns; `back` gets what to multiply the row's products with. `shared` has room for a number a warp.
template <typename Value>
DEVICE void halve_row(const Value &value, u16 *to, int padded, int pieces, float *back, int columns, float *shared) {
    float most = 0;
    for (int c = threadIdx.x; c < padded; c += blockDim.x) {
        float own = c < columns ? value(c) : 0.0f;
        most = fmaxf(most, fabsf(own));
        // Mostly a row is left as it is.
        if (pieces == 1) to[c] = float_to_half(own);
    }
    most = block_max(most, shared);
    bool stays = pieces == 1 && most >= 0.125f && most < 32768.0f;
    // What is infinite stays so.
    int e = stays ? 0 : exponent_to(most, 15);
    if (threadIdx.x == 0) *back = power_of_two(-e);
    if (stays) return;
    float factor = power_of_two(e);
    for (int c = threadIdx.x; c < padded; c += blockDim.x)
        put_halves(c < columns ? value(c) * factor : 0.0f, to + c, padded, pieces);
}

// A block for each row.
KERNEL halve_rows(const float *x, i64 x_stride, u16 *y, i64 y_stride, int padded, int pieces, float *back,
                  int columns) {
    SHARED(shared);
    i64 row = blockIdx.x;
    const float *from = x + row * x_stride;
    halve_row([&](int c) { return from[c]; }, y + row * y_stride, padded, pieces, back + row, columns,
              (float *)shared);
}

// The same of what operations on rows make of them, which is not kept: `rms_norm`, `activate_rows` and `gate_rows`.
KERNEL halve_normed(const float *x, i64 x_stride, const float *weight, float epsilon, float offset, u16 *y,
                    i64 y_stride, int padded, int pieces, float *back, int columns) {
    SHARED(shared);
    i64 row = blockIdx.x;
    const float *from = x + row * x_stride;
    float squares = 0;
    for (int c = threadIdx.x; c < columns; c += blockDim.x) squares = fmaf(from[c], from[c], squares);
    float r = 1.0f / sqrtf(block_sum(squares, (float *)shared) / columns + epsilon);
    halve_row([&](int c) { return from[c] * r * (offset + weight[c]); }, y + row * y_stride, padded, pieces,
              back + row, columns, (float *)shared + 8);
}

KERNEL halve_activated(const float *x, i64 x_stride, int kind, u16 *y, i64 y_stride, int padded, int pieces,
                       float *back, int columns) {
    SHARED(shared);
    i64 row = blockIdx.x;
    const float *from = x + row * x_stride;
    halve_row([&](int c) { return active(kind, from[c]); }, y + row * y_stride, padded, pieces, back + row, columns,
              (float *)shared);
}

KERNEL halve_gated(const float *gate, i64 gate_stride, const float *up, i64 up_stride, int kind, u16 *y,
                   i64 y_stride, int padded, int pieces, float *back, int columns) {
    SHARED(shared);
    i64 row = blockIdx.x;
    const float *g = gate + row * gate_stride, *u = up + row * up_stride;
    halve_row([&](int c) { return active(kind, g[c]) * u[c]; }, y + row * y_stride, padded, pieces, back + row,
              columns, (float *)shared);
}

// Halves of the heads of fp32 rows in `pieces` (1 or 2), `padded` to a piece, not scaled: a second piece is what the
// first leaves, times 2^11. Columns are rows' heads * padded.
KERNEL halve_heads(const float *x, i64 x_stride, u16 *y, int size, int padded, int pieces, i64 rows, int columns) {
    NUMBERS_OF_ROWS
    int head = column / padded, i = column - head * padded;
    float value = i < size ? x[row * x_stride + head * size + i] : 0.0f;
    u16 *to = y + (row * columns + head * padded) * pieces + i;
    to[0] = float_to_half(value);
    if (pieces == 2) to[padded] = float_to_half(rest_of_half(value));
}

// The bits of the largest magnitude of an array; those of what is not finite are the largest.
KERNEL largest_magnitude(const void *from, int type, i64 count, u32 *result) {
    u32 most = 0;
    i64 step = (i64)gridDim.x * blockDim.x;
    for (i64 i = (i64)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += step) {
        u32 bits = __float_as_uint(stored(from, type, i)) & 0x7fffffffu;
        most = bits > most ? bits : most;
    }
    if (most > 0) raise_to(result, most);
}

// Halves of a weight (N, K), each times factor. Columns are the padded inputs.
KERNEL halve_weight(const void *from, int type, float factor, u16 *y, int inputs, int pieces,
                    i64 rows, int columns) {
    NUMBERS_OF_ROWS
    float value = column < inputs ? stored(from, type, row * inputs + column) * factor : 0.0f;
    put_halves(value, y + row * columns * pieces + column, columns, pieces);
}

// The same of codes of 4 bits, row n the stored row order[n], two to a byte with the first in the high half:
// table[code] * scale of its block. A thread has eight numbers; columns are eighths of the padded inputs.
KERNEL expand_table4(const u8 *codes, const float *scales, const float *table, int block, int type,
                     const int *order, float factor, u16 *y, i64 y_stride, int inputs, int pieces, i64 rows,
                     int columns) {
    NUMBERS_OF_ROWS
    i64 at = (order ? order[row] : row) * inputs + column * 8;
    int left = inputs - column * 8, padded = columns * 8;
    __align__(16) u16 first[8];
    __align__(16) u16 rest[8];
    // Whole words of one block, as nearly always.
    bool is_plain = left >= 8 && at % 8 == 0 && block % 8 == 0;
    u32 word = is_plain ? *(const u32 *)(codes + at / 2) : 0;
    float scale = is_plain ? scales[at / block] : 0.0f;
#pragma unroll
    for (int i = 0; i < 8; i++) {
        float value = 0.0f;
        if (is_plain) {
            value = table[word >> (i / 2 * 8 + (i & 1 ? 0 : 4)) & 15] * scale;
        } else if (i < left) {
            u8 pair = codes[(at + i) >> 1];
            value = table[(at + i) & 1 ? pair & 15 : pair >> 4] * scales[(at + i) / block];
        }
        value = rounded(value, type) * factor;
        first[i] = float_to_half(value);
        rest[i] = float_to_half(value - half_to_float(first[i]));
    }
    u16 *to = y + row * y_stride + column * 8;
    *(uint4 *)to = *(const uint4 *)first;
    if (pieces == 2) *(uint4 *)(to + padded) = *(const uint4 *)rest;
}

// Which four bits of a word of AWQ an output has.
DEVICE int awq_place(i64 output) { return (int)(output & 7) / 2 + (output & 1 ? 4 : 0); }

// Codes of 4 bits in words (K / 8, N) of GPTQ, eight inputs from the lowest bits up, or in words (K, N / 8) of AWQ,
// outputs 0, 2, 4, 6, 1, 3, 5, 7: put in words (N, columns), eight inputs from the lowest bits up and zeros behind
// them. Row n is the stored row order[n] of `outputs`.
KERNEL order_codes4(const u32 *words, int is_awq, const int *order, i64 outputs, u32 *y, int inputs, i64 rows,
                    int columns) {
    NUMBERS_OF_ROWS
    i64 from = order ? order[row] : row;
    u32 word = 0;
    if (!is_awq) {
        if (column * 8 < inputs) word = words[column * outputs + from];
    } else {
        for (int i = 0; i < 8 && column * 8 + i < inputs; i++) {
            u32 stored = words[(column * 8 + i) * (outputs / 8) + from / 8];
            word |= (stored >> 4 * awq_place(from) & 15) << 4 * i;
        }
    }
    y[row * columns + column] = word;
}

// Halves of such words, each number (code - zero) * scale of its output's group, times factor. Groups are those of
// the inputs, columns eighths of the padded inputs.
KERNEL expand_affine4(const u32 *codes, const float *scales, const u8 *zeros, const int *groups, int group_count,
                      float factor, u16 *y, i64 y_stride, int inputs, i64 rows, int columns) {
    NUMBERS_OF_ROWS
    u32 word = codes[row * columns + column];
    __align__(16) u16 halves[8];
#pragma unroll
    for (int i = 0; i < 8; i++) {
        float value = 0.0f;
        if (column * 8 + i < inputs) {
            i64 group = row * group_count + groups[column * 8 + i];
            value = ((float)(word >> 4 * i & 15) - (float)zeros[group]) * scales[group];
        }
        halves[i] = float_to_half(value * factor);
    }
    *(uint4 *)(y + row * y_stride + column * 8) = *(const uint4 *)halves;
}

// Halves of codes of 8 bits (N, K), each number code * scale of its output, times factor. Columns are eighths of
// the padded inputs.
KERNEL expand_rows8(const signed char *codes, const float *scales, float factor, u16 *y, i64 y_stride, int inputs,
                    i64 rows, int columns) {
    NUMBERS_OF_ROWS
    float scale = scales[row];
    __align__(16) u16 halves[8];
#pragma unroll
    for (int i = 0; i < 8; i++) {
        int k = column * 8 + i;
        float value = k < inputs ? (float)codes[row * inputs + k] * scale : 0.0f;
        halves[i] = float_to_half(value * factor);
    }
    *(uint4 *)(y + row * y_stride + column * 8) = *(const uint4 *)halves;
}

// Rows of halves, eight to a column, with room behind them.
KERNEL copy_halves(const uint4 *from, u16 *y, i64 y_stride, i64 rows, int columns) {
    NUMBERS_OF_ROWS
    *(uint4 *)(y + row * y_stride + column * 8) = from[row * columns + column];
}

// A low-rank pair as further inputs of a product, three for each rank: first halves of rows with both halves of
// weights, then the rows' rests with first halves. Zeros behind them up to the columns.

// What rows have of it: x . down^T (M, R), as halves that are multiplied back by the row's factor, behind the row's
// first `place` halves. Where they are too large for that, the whole row is made smaller by a power of two.
KERNEL tail_rows(const float *low, i64 low_stride, float *back, float factor, u16 *x, i64 x_stride, int place,
                 int rank, i64 rows, int columns) {
    ROWS_OF_WARPS
    const float *from = low + row * low_stride;
    u16 *own = x + row * x_stride;
    float scale = factor / back[row], most = 0;
    for (int r = lane; r < rank; r += 32) most = fmaxf(most, fabsf(from[r] * scale));
    most = warp_max(most);
    if (most >= 32768.0f) {
        int e = exponent_to(most, 15);
        for (int c = lane; c < place; c += 32) own[c] = float_to_half(half_to_float(own[c]) * power_of_two(e));
        scale *= power_of_two(e);
        if (lane == 0) back[row] *= power_of_two(-e);
    }
    for (int c = lane; c < columns; c += 32) {
        int part = c / rank;
        float value = part < 3 ? from[c - part * rank] * scale : 0.0f;
        u16 first = float_to_half(value);
        own[place + c] = part == 2 ? float_to_half(value - half_to_float(first)) : first;
    }
}

// What weights have of it: `up` (N, R), halves in `pieces` of `padded`, times factor.
KERNEL tail_weight(const u16 *up, int padded, int pieces, float factor, u16 *y, i64 y_stride, int rank, i64 rows,
                   int columns) {
    NUMBERS_OF_ROWS
    int part = column / rank;
    float value = 0.0f;
    if (part < 3) {
        const u16 *from = up + row * padded * pieces + column - part * rank;
        value = half_to_float(from[0]);
        if (pieces == 2) value += half_to_float(from[padded]);
        value *= factor;
    }
    u16 first = float_to_half(value);
    y[row * y_stride + column] = part == 1 ? float_to_half(value - half_to_float(first)) : first;
}
