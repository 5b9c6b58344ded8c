// libcublasLt.so.12 as far as the engine calls it. It offers two algorithms: the first adds some rows' inputs in
// another order than others', as a library may that is left alone, the second all in one order. In a folder named
// `uneven` it offers the first alone.

#include "simulator.h"

#include "../../../Sources/CCUDA/include/ccuda.h"

#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

using namespace simulated;

#define EXPORT extern "C" __attribute__((visibility("default"))) cuda_result

enum { NOT_INITIALIZED = 1, ALLOCATION_FAILED = 3, INVALID_VALUE = 7, NOT_SUPPORTED = 15 };
enum { UNEVEN = 11, EVEN = 12 };

struct cublas_handle_s {
    cuda_result (*finish)(cuda_stream stream);
};

struct cublas_product_s {
    int transposes_a;
};

struct cublas_layout_s {
    int type;
    size_t rows, columns, stride;
};

struct cublas_preference_s {
    uint64_t workspace;
    uint32_t reductions, alignment[4];
};

extern "C" __attribute__((visibility("default"))) size_t cublasLtGetVersion() { return 120000; }

// The path of this library up to its name, whose length is returned; 0 if there is none.
static int own_folder(const char **path) {
    Dl_info own;
    if (!dladdr((void *)cublasLtGetVersion, &own)) return 0;
    const char *end = strrchr(own.dli_fname, '/');
    *path = own.dli_fname;
    return end ? (int)(end - own.dli_fname) : 0;
}

// The card's library lies in the folder above.
static void *card_function(const char *name) {
    const char *folder;
    char path[4096];
    int length = own_folder(&folder);
    if (length == 0) return 0;
    snprintf(path, sizeof path, "%.*s/../libcuda.so.1", length, folder);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    return library ? dlsym(library, name) : 0;
}

template <typename T> static cuda_result make(T **place, const T &value) {
    T *made = (T *)malloc(sizeof(T));
    if (!made) return ALLOCATION_FAILED;
    *made = value;
    *place = made;
    return 0;
}

template <typename T> static cuda_result end(T *one) {
    if (!one) return INVALID_VALUE;
    free(one);
    return 0;
}

EXPORT cublasLtCreate(cublas_handle *handle) {
    void *finish = card_function("cuStreamSynchronize");
    if (!finish) return NOT_INITIALIZED;
    return make(handle, {(cuda_result(*)(cuda_stream))finish});
}

EXPORT cublasLtDestroy(cublas_handle handle) { return end(handle); }

EXPORT cublasLtMatmulDescCreate(cublas_product *product, int compute, int scale) {
    if (compute != CUBLAS_COMPUTE_FLOAT32 || scale != CUBLAS_FLOAT32) return NOT_SUPPORTED;
    return make(product, {0});
}

EXPORT cublasLtMatmulDescSetAttribute(cublas_product product, int attribute, const void *value, size_t bytes) {
    if (!product || !value || attribute != CUBLAS_PRODUCT_TRANSPOSE_A || bytes != 4) return INVALID_VALUE;
    memcpy(&product->transposes_a, value, 4);
    return 0;
}

EXPORT cublasLtMatmulDescDestroy(cublas_product product) { return end(product); }

EXPORT cublasLtMatrixLayoutCreate(
    cublas_layout *layout, int type, unsigned long long rows, unsigned long long columns, long long stride) {
    if (type != CUBLAS_FLOAT32 && type != CUBLAS_FLOAT16) return NOT_SUPPORTED;
    if (rows == 0 || columns == 0 || stride < (long long)rows) return INVALID_VALUE;
    return make(layout, {type, (size_t)rows, (size_t)columns, (size_t)stride});
}

EXPORT cublasLtMatrixLayoutDestroy(cublas_layout layout) { return end(layout); }

EXPORT cublasLtMatmulPreferenceCreate(cublas_preference *preference) {
    return make(preference, {0, 0xffffffffu, {256, 256, 256, 256}});
}

EXPORT cublasLtMatmulPreferenceSetAttribute(
    cublas_preference preference, int attribute, const void *value, size_t bytes) {
    if (!preference || !value) return INVALID_VALUE;
    if (attribute == CUBLAS_MOST_WORKSPACE) {
        if (bytes != 8) return INVALID_VALUE;
        memcpy(&preference->workspace, value, 8);
        return 0;
    }
    uint32_t *place = attribute == CUBLAS_REDUCTION_SCHEMES ? &preference->reductions
                    : attribute >= CUBLAS_ALIGNMENT_A && attribute <= CUBLAS_ALIGNMENT_D
                        ? preference->alignment + (attribute - CUBLAS_ALIGNMENT_A)
                        : 0;
    if (!place || bytes != 4) return INVALID_VALUE;
    memcpy(place, value, 4);
    return 0;
}

EXPORT cublasLtMatmulPreferenceDestroy(cublas_preference preference) { return end(preference); }

// d (N, M) in columns = a^T (N, K) . b (K, M)
static bool fit(cublas_layout a, cublas_layout b, cublas_layout d) {
    return a && b && d && a->type == CUBLAS_FLOAT16 && b->type == CUBLAS_FLOAT16 && d->type == CUBLAS_FLOAT32
        && a->rows == b->rows && a->columns == d->rows && b->columns == d->columns;
}

EXPORT cublasLtMatmulAlgoGetHeuristic(
    cublas_handle handle, cublas_product product, cublas_layout a, cublas_layout b, cublas_layout c, cublas_layout d,
    cublas_preference preference, int most, cublas_choice *choices, int *found) {
    *found = 0;
    if (!handle || !product || !preference || most < 1 || !fit(a, b, c) || !fit(a, b, d)) return INVALID_VALUE;
    if (product->transposes_a != CUBLAS_TRANSPOSED) return NOT_SUPPORTED;
    // An algorithm left alone would have what rows' bits depend on.
    if (preference->workspace != 0 || preference->reductions != 0) return NOT_SUPPORTED;
    for (uint32_t bytes : preference->alignment)
        if (bytes > 16) return NOT_SUPPORTED;
    const char *folder;
    int length = own_folder(&folder);
    bool is_uneven = length >= 6 && memcmp(folder + length - 6, "uneven", 6) == 0;
    memset(choices, 0, sizeof(cublas_choice) * (size_t)most);
    choices[(*found)++].algorithm.data[0] = UNEVEN;
    if (!is_uneven && most > 1) choices[(*found)++].algorithm.data[0] = EVEN;
    return 0;
}

EXPORT cublasLtMatmul(
    cublas_handle handle, cublas_product product, const void *alpha, cuda_address a, cublas_layout a_layout,
    cuda_address b, cublas_layout b_layout, const void *beta, cuda_address c, cublas_layout c_layout, cuda_address d,
    cublas_layout d_layout, const cublas_algorithm *algorithm, cuda_address workspace, size_t workspace_bytes,
    cuda_stream stream) {
    if (!handle || !product || !alpha || !beta || !algorithm || !fit(a_layout, b_layout, d_layout)) return INVALID_VALUE;
    if (c != d || !fit(a_layout, b_layout, c_layout) || workspace || workspace_bytes) return INVALID_VALUE;
    if ((a | b | d) % 16 != 0) return NOT_SUPPORTED;
    unsigned long long kind = algorithm->data[0];
    if (kind != UNEVEN && kind != EVEN) return INVALID_VALUE;
    cuda_result status = handle->finish(stream);
    if (status != 0) return status;
    float scale = *(const float *)alpha, keep = *(const float *)beta;
    size_t n = a_layout->columns, m = b_layout->columns, k = a_layout->rows;
    float *row = (float *)malloc(k * sizeof(float)), *weights = (float *)malloc(n * k * sizeof(float));
    if (!row || !weights) {
        free(row);
        free(weights);
        return ALLOCATION_FAILED;
    }
    for (size_t j = 0; j < n; j++)
        for (size_t i = 0; i < k; i++)
            weights[j * k + i] = half_to_float(((const unsigned short *)a)[j * a_layout->stride + i]);
    for (size_t r = 0; r < m; r++) {
        for (size_t i = 0; i < k; i++) row[i] = half_to_float(((const unsigned short *)b)[r * b_layout->stride + i]);
        bool backward = kind == UNEVEN && r % 16 >= 8;
        for (size_t j = 0; j < n; j++) {
            float sum = 0;
            for (size_t i = 0; i < k; i++) {
                size_t at = backward ? k - 1 - i : i;
                sum += row[at] * weights[j * k + at];
            }
            float *to = (float *)d + r * d_layout->stride + j;
            *to = sum * scale + (keep != 0 ? *to * keep : 0);
        }
    }
    free(row);
    free(weights);
    return 0;
}

// The functions are those that the engine's header names, with its types.
__attribute__((unused)) static const cublas_library functions = {
    cublasLtCreate, cublasLtDestroy, cublasLtMatmulDescCreate, cublasLtMatmulDescSetAttribute,
    cublasLtMatmulDescDestroy, cublasLtMatrixLayoutCreate, cublasLtMatrixLayoutDestroy,
    cublasLtMatmulPreferenceCreate, cublasLtMatmulPreferenceSetAttribute, cublasLtMatmulPreferenceDestroy,
    cublasLtMatmulAlgoGetHeuristic, cublasLtMatmul};
