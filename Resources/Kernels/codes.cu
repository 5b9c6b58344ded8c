// Numbers on their way to products in 8 bits: codes of rows and of weights with a scale for each, and what stands too
// far out of a row to be a code. As the host's product8.h has it where a whole row shares a scale.
//
// Inputs beyond the row's limit have code 0. They are multiplied in fp32 with weights of 16 bits: the code, and a
// second one in 254 parts of a code for what it leaves.

typedef signed char i8;

constexpr float FINE = 254.0f;

// What numbers of at most this size are multiplied by to become codes; below 1e-36 they are nothing.
DEVICE float to_codes(float most) { return most > 1e-36f ? 127.0f / most : 0.0f; }

DEVICE float coded_input(const float *x, const float *factors, int c) { return factors ? x[c] * factors[c] : x[c]; }

// The sum of the squares of a row's numbers that are at most `limit` large; of all if it is infinite.
DEVICE float near_squares(const float *x, const float *factors, int columns, int lane, float limit) {
    float squares = 0;
    for (int c = lane; c < columns; c += 32) {
        float value = coded_input(x, factors, c);
        if (fabsf(value) <= limit) squares = fmaf(value, value, squares);
    }
    return warp_sum(squares);
}

// Codes of rows, each input times its factor if there are any. A row's limit is `reach` times the root mean square of
// its inputs; where a few are more than three fourths of all squares, of the others, four times at most. `limits` has
// it for rows with inputs beyond, others infinity. Rows with what is not finite have a scale that is none.
KERNEL code_rows(const float *x, i64 x_stride, const float *factors, float reach, i8 *y, i64 y_stride, float *scales,
                 float *limits, i64 rows, int columns) {
    ROWS_OF_WARPS
    const float *from = x + row * x_stride;
    u32 *to = (u32 *)(y + row * y_stride);
    float squares = 0, all = 0;
    for (int c = lane; c < columns; c += 32) {
        float value = coded_input(from, factors, c);
        squares = fmaf(value, value, squares);
        all = fmaxf(all, fabsf(value));
    }
    squares = warp_sum(squares);
    all = warp_max(all);
    float limit = reach * sqrtf(squares / columns);
    for (int round = 1; round < 4; round++) {
        float near = near_squares(from, factors, columns, lane, limit);
        if (!(near * 4.0f < squares)) break;
        squares = near;
        limit = reach * sqrtf(squares / columns);
    }
    float most = 0;
    for (int c = lane; c < columns; c += 32) {
        float size = fabsf(coded_input(from, factors, c));
        if (size <= limit) most = fmaxf(most, size);
    }
    most = warp_max(most);
    // Squares of what is not finite are not; neither may those of very large numbers be.
    bool is_whole = (limit >= 0 || columns == 0) && all < -minus_infinity();
    if (lane == 0) {
        scales[row] = is_whole ? most / 127.0f : bits_to_float(0x7fc00000u);
        limits[row] = is_whole && all > limit ? limit : -minus_infinity();
    }
    float inverse = to_codes(most);
    for (int at = lane; at < y_stride / 4; at += 32) {
        u32 four = 0;
        for (int i = 0; i < 4; i++) {
            int c = at * 4 + i;
            float value = c < columns ? coded_input(from, factors, c) : 0.0f;
            if (!is_whole || !(fabsf(value) <= limit)) value = 0.0f;
            four |= ((u32)(int)rintf(value * inverse) & 255u) << 8 * i;
        }
        to[at] = four;
    }
}

// Codes of a weight (N, K), each input divided by its factor if there are any, what they leave, and a scale for each
// output; `padded` codes a row, zeros behind the inputs.
KERNEL code_weight(const void *from, int type, const float *factors, i8 *codes, i8 *fine, int padded, float *scales,
                   i64 rows, int columns) {
    ROWS_OF_WARPS
    float most = 0;
    for (int c = lane; c < columns; c += 32) {
        float value = stored(from, type, row * columns + c);
        most = fmaxf(most, fabsf(factors ? value / factors[c] : value));
    }
    most = warp_max(most);
    float inverse = to_codes(most);
    // Three times a code's size is a number too, as on the host.
    if (lane == 0) scales[row] = bits_to_float(__float_as_uint(most / 127.0f) & ~3u);
    for (int c = lane; c < padded; c += 32) {
        float value = c < columns ? stored(from, type, row * columns + c) : 0.0f;
        if (factors && c < columns) value /= factors[c];
        float code = rintf(value * inverse);
        codes[row * padded + c] = (i8)(int)code;
        fine[row * padded + c] = (i8)(int)rintf(fmaf(value, inverse, -code) * FINE);
    }
}

// Rows that are looked at together for inputs that stand far out.
constexpr int FAR_ROWS = 32;

// The columns, in rising order, that stand far out in one of so many rows, and how many there are. A block for each
// so many rows, 256 threads.
KERNEL far_columns(const float *x, i64 x_stride, const float *factors, const float *limits, int *lists, int *counts,
                   i64 rows, int columns) {
    SHARED(far_memory);
    int *flags = (int *)far_memory;
    u32 *any = (u32 *)(flags + 256);
    i64 first = (i64)blockIdx.x * FAR_ROWS;
    int together = rows - first < FAR_ROWS ? (int)(rows - first) : FAR_ROWS, count = 0;
    bool is_plain = true;
    for (int r = 0; r < together; r++) is_plain = is_plain && limits[first + r] == -minus_infinity();
    int *list = lists + blockIdx.x * (i64)columns;
    for (int at = 0; at < columns && !is_plain; at += 256) {
        if (threadIdx.x == 0) *any = 0;
        int c = at + threadIdx.x, own = 0;
        for (int r = 0; c < columns && r < together; r++)
            own |= fabsf(coded_input(x + (first + r) * x_stride, factors, c)) > limits[first + r];
        flags[threadIdx.x] = own;
        __syncthreads();
        if (own) raise_to(any, 1);
        __syncthreads();
        if (*any) {
            int before = count;
            for (int i = 0; i < 256; i++) {
                if (i == (int)threadIdx.x && own) list[before] = c;
                before += flags[i];
            }
            count = before;
        }
        __syncthreads();
    }
    if (threadIdx.x == 0) counts[blockIdx.x] = count;
}

// y += alpha * the products of rows' far inputs with weights; rows without any stay untouched. A block for so many rows
// and 128 outputs, 128 threads.
KERNEL far_products(const float *x, i64 x_stride, const float *factors, const float *limits, const int *lists,
                    const int *counts, const i8 *codes, const i8 *fine, int padded, const float *scales, float alpha,
                    float *y, i64 y_stride, i64 rows, int columns, int outputs) {
    SHARED(far_memory);
    float *values = (float *)far_memory;
    int count = counts[blockIdx.x];
    if (count == 0) return;
    const int *list = lists + blockIdx.x * (i64)columns;
    i64 first = (i64)blockIdx.x * FAR_ROWS;
    i64 own = first + (threadIdx.x & 31);
    i64 output = (i64)blockIdx.y * 128 + threadIdx.x;
    float limit = own < rows ? limits[own] : -minus_infinity();
    float scale = output < outputs ? scales[output] : 0.0f;
    float sums[FAR_ROWS] = {};
    for (int at = 0; at < count; at += 4) {
        // Each of the four warps has a column of the rows.
        int mine = at + (int)(threadIdx.x >> 5);
        float value = mine < count && own < rows ? coded_input(x + own * x_stride, factors, list[mine]) : 0.0f;
        __syncthreads();
        values[threadIdx.x] = fabsf(value) > limit ? value : 0.0f;
        __syncthreads();
        for (int i = 0; i < 4 && at + i < count; i++) {
            i64 place = output * padded + list[at + i];
            float weight = output < outputs ? ((float)codes[place] + (float)fine[place] / FINE) * scale : 0.0f;
#pragma unroll
            for (int r = 0; r < FAR_ROWS; r++) sums[r] = fmaf(weight, values[i * 32 + r], sums[r]);
        }
    }
    if (output >= outputs) return;
#pragma unroll
    for (int r = 0; r < FAR_ROWS; r++)
        if (first + r < rows && limits[first + r] < -minus_infinity())
            y[(first + r) * y_stride + output] += alpha * sums[r];
}
