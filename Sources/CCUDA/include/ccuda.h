// The parts of NVIDIA's libraries that the engine calls: types and function pointers, no code. The libraries
// are opened at run time; nothing of them is needed to build, or to run without a card. Signatures follow the
// "CUDA Driver API", "NVRTC" and "cuBLAS" reference manuals, versions 12 and 13.

#ifndef CCUDA_H
#define CCUDA_H

#include <stddef.h>

typedef int cuda_result;  // 0 is success
typedef int cuda_device;
typedef unsigned long long cuda_address;
typedef struct cuda_context_s *cuda_context;
typedef struct cuda_module_s *cuda_module;
typedef struct cuda_function_s *cuda_function;
typedef struct cuda_stream_s *cuda_stream;
typedef struct cuda_event_s *cuda_event;

enum {
    CUDA_SUCCESS = 0,
    CUDA_OUT_OF_MEMORY = 2,
    CUDA_NO_DEVICE = 100,
};

// Attributes of a device.
enum {
    CUDA_SHARED_MEMORY_OF_BLOCK = 97,  // at most, where a function asks for it
    CUDA_PROCESSORS = 16,
    CUDA_CAPABILITY_MAJOR = 75,
    CUDA_CAPABILITY_MINOR = 76,
};

// Attributes of a function.
enum {
    CUDA_DYNAMIC_SHARED_MEMORY = 8,
};

enum { CUDA_STREAM_NON_BLOCKING = 1 };
enum { CUDA_EVENT_WITHOUT_TIME = 2 };
enum { CUDA_HOST_MEMORY_OF_ALL_CARDS = 1 };

// name, symbol, arguments
#define CUDA_DRIVER_FUNCTIONS(F)                                                                                  \
    F(init, "cuInit", (unsigned flags))                                                                           \
    F(version, "cuDriverGetVersion", (int *version))                                                              \
    F(error_name, "cuGetErrorName", (cuda_result error, const char **name))                                       \
    F(error_text, "cuGetErrorString", (cuda_result error, const char **text))                                     \
    F(device_count, "cuDeviceGetCount", (int *count))                                                             \
    F(device, "cuDeviceGet", (cuda_device *device, int ordinal))                                                  \
    F(device_name, "cuDeviceGetName", (char *name, int size, cuda_device device))                                 \
    F(device_memory, "cuDeviceTotalMem_v2", (size_t *bytes, cuda_device device))                                  \
    F(device_attribute, "cuDeviceGetAttribute", (int *value, int attribute, cuda_device device))                  \
    F(context_retain, "cuDevicePrimaryCtxRetain", (cuda_context *context, cuda_device device))                    \
    F(context_release, "cuDevicePrimaryCtxRelease_v2", (cuda_device device))                                      \
    F(context_set, "cuCtxSetCurrent", (cuda_context context))                                                     \
    F(memory_info, "cuMemGetInfo_v2", (size_t *free, size_t *total))                                              \
    F(allocate, "cuMemAlloc_v2", (cuda_address *address, size_t bytes))                                           \
    F(release, "cuMemFree_v2", (cuda_address address))                                                            \
    F(host_allocate, "cuMemHostAlloc", (void **memory, size_t bytes, unsigned flags))                             \
    F(host_release, "cuMemFreeHost", (void *memory))                                                              \
    F(copy_in, "cuMemcpyHtoDAsync_v2",                                                                            \
      (cuda_address to, const void *from, size_t bytes, cuda_stream stream))                                      \
    F(copy_out, "cuMemcpyDtoHAsync_v2",                                                                           \
      (void *to, cuda_address from, size_t bytes, cuda_stream stream))                                            \
    F(clear, "cuMemsetD8Async",                                                                                   \
      (cuda_address address, unsigned char value, size_t bytes, cuda_stream stream))                              \
    F(stream_create, "cuStreamCreate", (cuda_stream *stream, unsigned flags))                                     \
    F(stream_destroy, "cuStreamDestroy_v2", (cuda_stream stream))                                                 \
    F(stream_synchronize, "cuStreamSynchronize", (cuda_stream stream))                                            \
    F(stream_wait, "cuStreamWaitEvent", (cuda_stream stream, cuda_event event, unsigned flags))                   \
    F(event_create, "cuEventCreate", (cuda_event * event, unsigned flags))                                        \
    F(event_record, "cuEventRecord", (cuda_event event, cuda_stream stream))                                      \
    F(event_wait, "cuEventSynchronize", (cuda_event event))                                                       \
    F(event_destroy, "cuEventDestroy_v2", (cuda_event event))                                                     \
    F(module_load, "cuModuleLoadData", (cuda_module *module, const void *image))                                  \
    F(module_unload, "cuModuleUnload", (cuda_module module))                                                      \
    F(module_function, "cuModuleGetFunction",                                                                     \
      (cuda_function *function, cuda_module module, const char *name))                                            \
    F(function_set, "cuFuncSetAttribute", (cuda_function function, int attribute, int value))                     \
    F(launch, "cuLaunchKernel",                                                                                   \
      (cuda_function function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,               \
       unsigned block_y, unsigned block_z, unsigned shared_bytes, cuda_stream stream, void **parameters,          \
       void **extra))

typedef struct nvrtc_program_s *nvrtc_program;

#define NVRTC_FUNCTIONS(F)                                                                                        \
    F(version, "nvrtcVersion", (int *major, int *minor))                                                          \
    F(architecture_count, "nvrtcGetNumSupportedArchs", (int *count))                                              \
    F(architectures, "nvrtcGetSupportedArchs", (int *list))                                                       \
    F(create, "nvrtcCreateProgram",                                                                               \
      (nvrtc_program * program, const char *text, const char *name, int headers, const char *const *texts,       \
       const char *const *names))                                                                                 \
    F(destroy, "nvrtcDestroyProgram", (nvrtc_program * program))                                                  \
    F(compile, "nvrtcCompileProgram", (nvrtc_program program, int count, const char *const *options))             \
    F(log_size, "nvrtcGetProgramLogSize", (nvrtc_program program, size_t * bytes))                                \
    F(log, "nvrtcGetProgramLog", (nvrtc_program program, char *text))                                             \
    F(cubin_size, "nvrtcGetCUBINSize", (nvrtc_program program, size_t * bytes))                                   \
    F(cubin, "nvrtcGetCUBIN", (nvrtc_program program, char *image))                                               \
    F(ptx_size, "nvrtcGetPTXSize", (nvrtc_program program, size_t * bytes))                                       \
    F(ptx, "nvrtcGetPTX", (nvrtc_program program, char *image))

typedef struct cublas_handle_s *cublas_handle;
typedef struct cublas_product_s *cublas_product;
typedef struct cublas_layout_s *cublas_layout;
typedef struct cublas_preference_s *cublas_preference;

// How a product is computed; its content is the library's own.
typedef struct {
    unsigned long long data[8];
} cublas_algorithm;

typedef struct {
    cublas_algorithm algorithm;
    size_t workspace;
    cuda_result status;
    float waves;
    int reserved[4];
} cublas_choice;

enum {  // statuses
    CUBLAS_ALLOCATION_FAILED = 3,
    CUBLAS_INVALID_VALUE = 7,
    CUBLAS_ARCHITECTURE_MISMATCH = 8,
    CUBLAS_NOT_SUPPORTED = 15,
};
enum { CUBLAS_FLOAT32 = 0, CUBLAS_FLOAT16 = 2 };
enum { CUBLAS_COMPUTE_FLOAT32 = 68 };
enum { CUBLAS_TRANSPOSED = 1 };
enum { CUBLAS_PRODUCT_TRANSPOSE_A = 3 };  // attribute of a product
enum {                                    // attributes of a preference
    CUBLAS_MOST_WORKSPACE = 1,
    CUBLAS_REDUCTION_SCHEMES = 3,
    CUBLAS_ALIGNMENT_A = 5,
    CUBLAS_ALIGNMENT_B = 6,
    CUBLAS_ALIGNMENT_C = 7,
    CUBLAS_ALIGNMENT_D = 8,
};

// Matrices lie in columns: d = alpha * a^T . b + beta * c.
#define CUBLAS_FUNCTIONS(F)                                                                                       \
    F(create, "cublasLtCreate", (cublas_handle * handle))                                                         \
    F(destroy, "cublasLtDestroy", (cublas_handle handle))                                                         \
    F(product_create, "cublasLtMatmulDescCreate", (cublas_product * product, int compute, int scale))             \
    F(product_set, "cublasLtMatmulDescSetAttribute",                                                              \
      (cublas_product product, int attribute, const void *value, size_t bytes))                                   \
    F(product_destroy, "cublasLtMatmulDescDestroy", (cublas_product product))                                     \
    F(layout_create, "cublasLtMatrixLayoutCreate",                                                                \
      (cublas_layout * layout, int type, unsigned long long rows, unsigned long long columns, long long stride))  \
    F(layout_destroy, "cublasLtMatrixLayoutDestroy", (cublas_layout layout))                                      \
    F(preference_create, "cublasLtMatmulPreferenceCreate", (cublas_preference * preference))                      \
    F(preference_set, "cublasLtMatmulPreferenceSetAttribute",                                                     \
      (cublas_preference preference, int attribute, const void *value, size_t bytes))                             \
    F(preference_destroy, "cublasLtMatmulPreferenceDestroy", (cublas_preference preference))                      \
    F(choose, "cublasLtMatmulAlgoGetHeuristic",                                                                   \
      (cublas_handle handle, cublas_product product, cublas_layout a, cublas_layout b, cublas_layout c,           \
       cublas_layout d, cublas_preference preference, int most, cublas_choice *choices, int *found))              \
    F(multiply, "cublasLtMatmul",                                                                                 \
      (cublas_handle handle, cublas_product product, const void *alpha, cuda_address a, cublas_layout a_layout,   \
       cuda_address b, cublas_layout b_layout, const void *beta, cuda_address c, cublas_layout c_layout,          \
       cuda_address d, cublas_layout d_layout, const cublas_algorithm *algorithm, cuda_address workspace,         \
       size_t workspace_bytes, cuda_stream stream))

// Tables of functions, all of them found, in the order of the lists above.
#define CCUDA_FIELD(name, symbol, arguments) cuda_result(*name) arguments;
typedef struct {
    CUDA_DRIVER_FUNCTIONS(CCUDA_FIELD)
} cuda_driver;
typedef struct {
    NVRTC_FUNCTIONS(CCUDA_FIELD)
} nvrtc_library;
typedef struct {
    CUBLAS_FUNCTIONS(CCUDA_FIELD)
} cublas_library;
#undef CCUDA_FIELD

// The symbols of a table's functions, in its order, ended by a null.
#define CCUDA_SYMBOL(name, symbol, arguments) symbol,
static inline const char *cuda_driver_symbol(int index) {
    static const char *const symbols[] = {CUDA_DRIVER_FUNCTIONS(CCUDA_SYMBOL) 0};
    return symbols[index];
}
static inline const char *nvrtc_symbol(int index) {
    static const char *const symbols[] = {NVRTC_FUNCTIONS(CCUDA_SYMBOL) 0};
    return symbols[index];
}
static inline const char *cublas_symbol(int index) {
    static const char *const symbols[] = {CUBLAS_FUNCTIONS(CCUDA_SYMBOL) 0};
    return symbols[index];
}
#undef CCUDA_SYMBOL

// What kernels take by value, as Resources/Kernels/attention.cu has it.
typedef struct {
    int first_query, queries, position, first_key, keys;
} cuda_attention_tile;

typedef struct {
    int heads, groups, size;
    float scale, softcap;
    int causal, window;
} cuda_attention_shape;

typedef struct {
    int center;
    cuda_address bias;
    long long bias_stride;
    cuda_address buckets, keys;
    long long keys_stride;
    cuda_address queries;
    long long queries_stride;
} cuda_relative;

#endif
