// Operations on the rows of fp32 matrices: a thread has a number, or a warp a row. A row's results depend on
// that row alone. Strides are in numbers.

#define ROWS_OF_WARPS                                                                                             \
    int lane = threadIdx.x & 31;                                                                                  \
    i64 row = (i64)blockIdx.x * (blockDim.x >> 5) + (threadIdx.x >> 5);                                           \
    if (row >= rows) return;

#define NUMBERS_OF_ROWS                                                                                           \
    i64 row = blockIdx.x;                                                                                         \
    int column = blockIdx.y * blockDim.x + threadIdx.x;                                                           \
    if (row >= rows || column >= columns) return;

// The rows of a table with these numbers, times scale.
KERNEL embed_rows(const int *ids, const void *table, int type, float scale, int adding, float *y, i64 y_stride,
                  i64 rows, int columns) {
    NUMBERS_OF_ROWS
    float value = stored(table, type, (i64)ids[row] * columns + column) * scale;
    float *place = y + row * y_stride + column;
    *place = adding ? *place + value : value;
}

KERNEL rms_norm(const float *x, i64 x_stride, const float *weight, float epsilon, float offset, int adding,
                float *y, i64 y_stride, i64 rows, int columns) {
    ROWS_OF_WARPS
    const float *from = x + row * x_stride;
    float *to = y + row * y_stride;
    float squares = 0;
    for (int c = lane; c < columns; c += 32) squares = fmaf(from[c], from[c], squares);
    float r = 1.0f / sqrtf(warp_sum(squares) / columns + epsilon);
    for (int c = lane; c < columns; c += 32) {
        float value = from[c] * r * (offset + weight[c]);
        to[c] = adding ? to[c] + value : value;
    }
}

KERNEL layer_norm(const float *x, i64 x_stride, const float *weight, const float *bias, float epsilon, float *y,
                  i64 y_stride, i64 rows, int columns) {
    ROWS_OF_WARPS
    const float *from = x + row * x_stride;
    float *to = y + row * y_stride;
    float sum = 0;
    for (int c = lane; c < columns; c += 32) sum += from[c];
    float mean = warp_sum(sum) / columns;
    float squares = 0;
    for (int c = lane; c < columns; c += 32) {
        float away = from[c] - mean;
        squares = fmaf(away, away, squares);
    }
    float r = 1.0f / sqrtf(warp_sum(squares) / columns + epsilon);
    for (int c = lane; c < columns; c += 32)
        to[c] = (from[c] - mean) * r * weight[c] + (bias ? bias[c] : 0.0f);
}

// Columns are the pairs of all heads.
KERNEL rotate_rows(float *x, i64 x_stride, const int *positions, const float *cosines, const float *sines,
                   int size, i64 rows, int columns) {
    NUMBERS_OF_ROWS
    int half = size / 2, head = column / half, i = column - head * half;
    float *pair = x + row * x_stride + head * size + i;
    i64 angle = (i64)positions[row] * half + i;
    float a = pair[0], b = pair[half];
    pair[0] = a * cosines[angle] - b * sines[angle];
    pair[half] = b * cosines[angle] + a * sines[angle];
}

// As the cases of `Activation`.
enum { SILU = 0, GELU_TANH = 1, GELU = 2, RELU = 3, TANH = 4 };

DEVICE float active(int kind, float x) {
    switch (kind) {
    case SILU: return x / (1.0f + expf(-x));
    case GELU_TANH: return 0.5f * x * (1.0f + tanhf(0.79788456f * (x + 0.044715f * x * x * x)));
    case GELU: return 0.5f * x * (1.0f + erff(x * 0.70710678f));
    // A number that is none stays so.
    case RELU: return x < 0.0f ? 0.0f : x;
    default: return tanhf(x);
    }
}

KERNEL activate_rows(int kind, const float *x, i64 x_stride, float *y, i64 y_stride, i64 rows, int columns) {
    NUMBERS_OF_ROWS
    y[row * y_stride + column] = active(kind, x[row * x_stride + column]);
}

KERNEL gate_rows(int kind, const float *gate, i64 gate_stride, const float *up, i64 up_stride, float *y,
                 i64 y_stride, i64 rows, int columns) {
    NUMBERS_OF_ROWS
    y[row * y_stride + column] = active(kind, gate[row * gate_stride + column]) * up[row * up_stride + column];
}

KERNEL add_rows(const float *x, i64 x_stride, float *y, i64 y_stride, i64 rows, int columns) {
    NUMBERS_OF_ROWS
    y[row * y_stride + column] += x[row * x_stride + column];
}

KERNEL gather_rows(const int *numbers, const float *x, i64 x_stride, float *y, i64 y_stride, i64 rows,
                   int columns) {
    NUMBERS_OF_ROWS
    y[row * y_stride + column] = x[(i64)numbers[row] * x_stride + column];
}

KERNEL scatter_rows(const int *numbers, const float *x, i64 x_stride, float *y, i64 y_stride, i64 rows,
                    int columns) {
    NUMBERS_OF_ROWS
    y[(i64)numbers[row] * y_stride + column] = x[row * x_stride + column];
}

// The mean or the largest of each range of rows, two numbers each, rows taken in order.
KERNEL reduce_rows(int largest, const int *ranges, const float *x, i64 x_stride, float *y, i64 y_stride, i64 rows,
                   int columns) {
    NUMBERS_OF_ROWS
    int first = ranges[2 * row], end = ranges[2 * row + 1];
    float value = x[first * x_stride + column];
    for (i64 r = first + 1; r < end; r++) {
        float next = x[r * x_stride + column];
        value = largest ? (next > value ? next : value) : value + next;
    }
    y[row * y_stride + column] = largest ? value : value / (end - first);
}

KERNEL softcap_rows(float *x, i64 x_stride, float cap, i64 rows, int columns) {
    NUMBERS_OF_ROWS
    float *place = x + row * x_stride + column;
    *place = cap * tanhf(*place / cap);
}

KERNEL softmax_rows(float *x, i64 x_stride, i64 rows, int columns) {
    ROWS_OF_WARPS
    float *own = x + row * x_stride;
    float most = minus_infinity();
    for (int c = lane; c < columns; c += 32) most = fmaxf(most, own[c]);
    most = warp_max(most);
    float sum = 0;
    for (int c = lane; c < columns; c += 32) sum += expf(own[c] - most);
    sum = warp_sum(sum);
    for (int c = lane; c < columns; c += 32) own[c] = expf(own[c] - most) / sum;
}

// Of each row, a block of 256 threads to each: the number at its column less the largest, and the sum of the
// exponentials of all less the largest, one behind the other.
KERNEL log_sums(const float *x, i64 x_stride, const int *at, double *result, int columns) {
    SHARED(block);
    float *mosts = (float *)block;
    double *sums = (double *)(block + 8 * sizeof(float));
    i64 row = blockIdx.x;
    const float *own = x + row * x_stride;
    float most = minus_infinity();
    for (int c = threadIdx.x; c < columns; c += 256) most = fmaxf(most, own[c]);
    most = warp_max(most);
    if ((threadIdx.x & 31) == 0) mosts[threadIdx.x >> 5] = most;
    __syncthreads();
    for (int warp = 0; warp < 8; warp++) most = fmaxf(most, mosts[warp]);
    double sum = 0;
    for (int c = threadIdx.x; c < columns; c += 256) sum += expf(own[c] - most);
    sums[threadIdx.x] = sum;
    __syncthreads();
    if (threadIdx.x > 0) return;
    for (int i = 1; i < 256; i++) sum += sums[i];
    result[2 * row] = own[at[row]] - most;
    result[2 * row + 1] = sum;
}

// What a product by cuBLASLt lacks: each row times its factor, and a bias. Mostly there is nothing to do.
KERNEL finish_rows(float *y, i64 y_stride, const float *factors, const float *bias, i64 rows, int columns) {
    ROWS_OF_WARPS
    float factor = factors[row];
    if (factor == 1.0f && !bias) return;
    float *own = y + row * y_stride;
    for (int c = lane; c < columns; c += 32) own[c] = own[c] * factor + (bias ? bias[c] : 0.0f);
}

// The bits of the largest magnitude of a and of the largest difference of a and b, and whether any bits differ:
// raises three numbers.
KERNEL compare_numbers(const float *a, const float *b, i64 count, u32 *result) {
    u32 most = 0, away = 0, differs = 0;
    i64 step = (i64)gridDim.x * blockDim.x;
    for (i64 i = (i64)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += step) {
        u32 size = __float_as_uint(a[i]) & 0x7fffffffu, difference = __float_as_uint(a[i] - b[i]) & 0x7fffffffu;
        most = size > most ? size : most;
        away = difference > away ? difference : away;
        if (__float_as_uint(a[i]) != __float_as_uint(b[i])) differs = 1;
    }
    if (most > 0) raise_to(result, most);
    if (away > 0) raise_to(result + 1, away);
    if (differs > 0) raise_to(result + 2, differs);
}
