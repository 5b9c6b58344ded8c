// libcuda.so.1 as far as the engine calls it, with cards whose kernels run on the host. Everything is done when
// a call returns, but copies to a card from memory that cuMemHostAlloc gave: those are done when something follows them
// in their stream or waits for them. The other way round where ARENA_SIMULATED_LATE is `kernels`: what a stream with
// kernels is asked for is done when something waits for it, copies of other streams at once. Memory of a card is memory of the host between guards, filled with what is no number.
//
// These variables of the environment are read at each call:
//     ARENA_SIMULATED_DEVICES     how many cards there are; 1 if not set
//     ARENA_SIMULATED_MEMORY      bytes of a card; 2 GiB
//     ARENA_SIMULATED_PINNED      bytes of the host that cards may read by themselves; any
//     ARENA_SIMULATED_DRIVER      the version, as cuDriverGetVersion gives it; 12040
//     ARENA_SIMULATED_CAPABILITY  such as 75; what the library was built for
//     ARENA_SIMULATED_LATE        what is done late: `copies` or `kernels`; copies
//     ARENA_SIMULATED_LOST_AFTER  while set, every call fails after so many launches

#include "simulator.h"

#include "../../../Sources/CCUDA/include/ccuda.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

using namespace simulated;

#define EXPORT extern "C" __attribute__((visibility("default"))) cuda_result

// MARK: - What there is

enum {
    INVALID_VALUE = 1,
    NOT_INITIALIZED = 3,
    INVALID_DEVICE = 101,
    INVALID_IMAGE = 200,
    INVALID_CONTEXT = 201,
    NO_BINARY = 209,
    INVALID_HANDLE = 400,
    NOT_FOUND = 500,
};

static const struct {
    int error;
    const char *name, *text;
} errors[] = {
    {CUDA_SUCCESS, "CUDA_SUCCESS", "no error"},
    {INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {CUDA_OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {NOT_INITIALIZED, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
    {CUDA_NO_DEVICE, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
    {INVALID_DEVICE, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
    {INVALID_IMAGE, "CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"},
    {INVALID_CONTEXT, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
    {NO_BINARY, "CUDA_ERROR_NO_BINARY_FOR_GPU", "no kernel image is available for execution on the device"},
    {INVALID_HANDLE, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"},
    {NOT_FOUND, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
    {ILLEGAL_ADDRESS, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
    {MISALIGNED_ADDRESS, "CUDA_ERROR_MISALIGNED_ADDRESS", "misaligned address"},
    {LAUNCH_FAILED, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
};

enum { DEVICES = 16, KERNELS = 128, SHARED_OF_ALL = 48 << 10 };

struct cuda_context_s {
    int retained;
    size_t used;
    int error;  // of a kernel; for good
    long long launches;  // since ARENA_SIMULATED_LOST_AFTER was set
    const Kernel *launched;  // last
};

struct cuda_function_s {
    const Kernel *kernel;
    cuda_module module;
    unsigned most_shared;
};

struct cuda_module_s {
    cuda_context context;
    cuda_function_s functions[KERNELS];
    cuda_module next;
};

// What is done late: a kernel, or a copy, or bytes set to a value.
struct Work {
    const Kernel *kernel;
    void **parameters;
    Index grid, block;
    unsigned shared_bytes;
    void *to;
    const void *from;
    size_t bytes;
    unsigned char value;
};

static cuda_result do_works(cuda_stream stream, size_t count);

struct cuda_stream_s {
    cuda_context context;
    cuda_stream next;
    bool has_kernels;
    Work *waiting;
    size_t waiting_count, done;  // since it was made
};

struct cuda_event_s {
    cuda_context context;
    cuda_event next;
    cuda_stream stream;  // null before it was recorded, and once its stream is gone
    size_t works;  // those of the stream that it notes
};

struct Allocation {
    unsigned char *start;
    size_t bytes;
    cuda_context context;
};

// Memory of the host's that cards read by themselves.
struct Pinned {
    unsigned char *start;
    size_t bytes;
    Pinned *next;
};

static Pinned *pinned;
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static bool is_initialized;
static cuda_context_s contexts[DEVICES];
static cuda_module modules;
static cuda_stream streams;
static cuda_event events;
// By address.
static Allocation *allocations;
static size_t allocation_count, allocation_room;
static __thread cuda_context current;

// Holds the turn until its scope ends.
struct Turn {
    Turn() { pthread_mutex_lock(&turn); }
    ~Turn() { pthread_mutex_unlock(&turn); }
};

static long long setting(const char *name, long long otherwise) {
    const char *text = getenv(name);
    return text && *text ? strtoll(text, 0, 10) : otherwise;
}

static int device_count() {
    long long count = setting("ARENA_SIMULATED_DEVICES", 1);
    return (int)(count < 0 ? 0 : count > DEVICES ? DEVICES : count);
}

static size_t memory_of_device() { return (size_t)setting("ARENA_SIMULATED_MEMORY", 2ll << 30); }

static int capability() { return (int)setting("ARENA_SIMULATED_CAPABILITY", ARCHITECTURE); }

static unsigned shared_memory_of_block() { return capability() <= 75 ? 65536 : SHARED_BYTES; }

static cuda_result device_result(cuda_device device) {
    if (!is_initialized) return NOT_INITIALIZED;
    return device < 0 || device >= device_count() ? INVALID_DEVICE : CUDA_SUCCESS;
}

static cuda_result context_result(cuda_context context) {
    if (!is_initialized) return NOT_INITIALIZED;
    if (!context || context->retained == 0) return INVALID_CONTEXT;
    if (context->error != 0) return context->error;
    long long most = setting("ARENA_SIMULATED_LOST_AFTER", -1);
    if (most < 0) context->launches = 0;
    return most >= 0 && context->launches >= most ? LAUNCH_FAILED : CUDA_SUCCESS;
}

#define CHECK(call)                                                                                               \
    do {                                                                                                          \
        cuda_result result = (call);                                                                              \
        if (result != CUDA_SUCCESS) return result;                                                                \
    } while (0)

// MARK: - Devices and contexts

EXPORT cuInit(unsigned flags) {
    Turn own;
    if (flags != 0) return INVALID_VALUE;
    if (device_count() == 0) return CUDA_NO_DEVICE;
    is_initialized = true;
    return CUDA_SUCCESS;
}

EXPORT cuDriverGetVersion(int *version) {
    *version = (int)setting("ARENA_SIMULATED_DRIVER", 12040);
    return CUDA_SUCCESS;
}

EXPORT cuGetErrorName(cuda_result error, const char **name) {
    *name = 0;
    for (const auto &known : errors)
        if (known.error == error) *name = known.name;
    return *name ? CUDA_SUCCESS : INVALID_VALUE;
}

EXPORT cuGetErrorString(cuda_result error, const char **text) {
    *text = 0;
    for (const auto &known : errors)
        if (known.error == error) *text = known.text;
    return *text ? CUDA_SUCCESS : INVALID_VALUE;
}

EXPORT cuDeviceGetCount(int *count) {
    Turn own;
    if (!is_initialized) return NOT_INITIALIZED;
    *count = device_count();
    return CUDA_SUCCESS;
}

EXPORT cuDeviceGet(cuda_device *device, int ordinal) {
    Turn own;
    CHECK(device_result(ordinal));
    *device = ordinal;
    return CUDA_SUCCESS;
}

EXPORT cuDeviceGetName(char *name, int size, cuda_device device) {
    Turn own;
    CHECK(device_result(device));
    if (size <= 0) return INVALID_VALUE;
    snprintf(name, (size_t)size, "Simulated card");
    return CUDA_SUCCESS;
}

EXPORT cuDeviceTotalMem_v2(size_t *bytes, cuda_device device) {
    Turn own;
    CHECK(device_result(device));
    *bytes = memory_of_device();
    return CUDA_SUCCESS;
}

EXPORT cuDeviceGetAttribute(int *value, int attribute, cuda_device device) {
    Turn own;
    CHECK(device_result(device));
    switch (attribute) {
    case CUDA_SHARED_MEMORY_OF_BLOCK: *value = (int)shared_memory_of_block(); break;
    case CUDA_PROCESSORS: *value = 2; break;
    case CUDA_CAPABILITY_MAJOR: *value = capability() / 10; break;
    case CUDA_CAPABILITY_MINOR: *value = capability() % 10; break;
    default: *value = 0;
    }
    return CUDA_SUCCESS;
}

EXPORT cuDevicePrimaryCtxRetain(cuda_context *context, cuda_device device) {
    Turn own;
    CHECK(device_result(device));
    cuda_context found = contexts + device;
    found->retained++;
    cuda_result result = context_result(found);
    if (result != CUDA_SUCCESS) found->retained--;
    *context = found;
    return result;
}

EXPORT cuCtxSetCurrent(cuda_context context) {
    Turn own;
    if (context) CHECK(context_result(context));
    current = context;
    return CUDA_SUCCESS;
}

// MARK: - Memory

// The place in the list of the first allocation that ends at this address or beyond.
static size_t allocation_at(const void *address) {
    size_t low = 0, high = allocation_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const unsigned char *end = allocations[middle].start + allocations[middle].bytes;
        if (end < (const unsigned char *)address) low = middle + 1;
        else high = middle;
    }
    return low;
}

// Whether an allocation has these bytes.
static bool holds(cuda_address address, size_t bytes) {
    size_t i = allocation_at((const void *)address);
    if (i == allocation_count) return false;
    cuda_address start = (cuda_address)allocations[i].start;
    return address >= start && bytes <= start + allocations[i].bytes - address;
}

static cuda_result allocation_result(const Allocation &one) {
    if (is_intact(one.start - GUARD) && is_intact(one.start + one.bytes)) return CUDA_SUCCESS;
    const Kernel *kernel = one.context->launched;
    say("%s, or a kernel before it, wrote beyond an array of %zu bytes at %p", kernel ? kernel->name : "nothing",
        one.bytes, (void *)one.start);
    return one.context->error = ILLEGAL_ADDRESS;
}

static cuda_result allocations_result(cuda_context context) {
    for (size_t i = 0; i < allocation_count; i++)
        if (allocations[i].context == context) CHECK(allocation_result(allocations[i]));
    return CUDA_SUCCESS;
}

// A freed array has no numbers either.
static void release_allocation(size_t i) {
    Allocation one = allocations[i];
    one.context->used -= one.bytes;
    memset(one.start, UNWRITTEN, one.bytes);
    asm volatile("" : : "r"(one.start) : "memory");
    free(one.start - GUARD);
    allocation_count--;
    memmove(allocations + i, allocations + i + 1, (allocation_count - i) * sizeof(Allocation));
}

EXPORT cuMemGetInfo_v2(size_t *free, size_t *total) {
    Turn own;
    CHECK(context_result(current));
    *total = memory_of_device();
    *free = *total > current->used ? *total - current->used : 0;
    return CUDA_SUCCESS;
}

EXPORT cuMemAlloc_v2(cuda_address *address, size_t bytes) {
    Turn own;
    CHECK(context_result(current));
    if (bytes == 0) return INVALID_VALUE;
    size_t total = memory_of_device();
    if (current->used > total || bytes > total - current->used) return CUDA_OUT_OF_MEMORY;
    if (allocation_count == allocation_room) {
        size_t room = allocation_room ? allocation_room * 2 : 256;
        void *list = realloc(allocations, room * sizeof(Allocation));
        if (!list) return CUDA_OUT_OF_MEMORY;
        allocations = (Allocation *)list;
        allocation_room = room;
    }
    void *memory;
    if (posix_memalign(&memory, 256, bytes + 2 * GUARD) != 0) return CUDA_OUT_OF_MEMORY;
    unsigned char *start = (unsigned char *)memory + GUARD;
    memset(memory, GUARDED, GUARD);
    memset(start, UNWRITTEN, bytes);
    memset(start + bytes, GUARDED, GUARD);
    size_t i = allocation_at(start);
    memmove(allocations + i + 1, allocations + i, (allocation_count - i) * sizeof(Allocation));
    allocations[i] = {start, bytes, current};
    allocation_count++;
    current->used += bytes;
    *address = (cuda_address)start;
    return CUDA_SUCCESS;
}

EXPORT cuMemFree_v2(cuda_address address) {
    Turn own;
    CHECK(context_result(current));
    if (address == 0) return CUDA_SUCCESS;
    for (cuda_stream one = streams; one; one = one->next)
        if (one->context == current) CHECK(do_works(one, one->done + one->waiting_count));
    size_t i = allocation_at((const void *)address);
    if (i == allocation_count || (cuda_address)allocations[i].start != address) return INVALID_VALUE;
    cuda_result result = allocation_result(allocations[i]);
    release_allocation(i);
    return result;
}

EXPORT cuMemHostAlloc(void **memory, size_t bytes, unsigned flags) {
    Turn own;
    CHECK(context_result(current));
    if (bytes == 0 || flags > 15) return INVALID_VALUE;
    long long room = setting("ARENA_SIMULATED_PINNED", -1);
    size_t used = bytes;
    for (Pinned *one = pinned; one; one = one->next) used += one->bytes;
    if (room >= 0 && used > (size_t)room) return CUDA_OUT_OF_MEMORY;
    if (posix_memalign(memory, 4096, bytes) != 0) return CUDA_OUT_OF_MEMORY;
    memset(*memory, UNWRITTEN, bytes);
    Pinned *made = (Pinned *)malloc(sizeof(Pinned));
    if (!made) return CUDA_OUT_OF_MEMORY;
    *made = {(unsigned char *)*memory, bytes, pinned};
    pinned = made;
    return CUDA_SUCCESS;
}

static bool is_pinned(const void *memory, size_t bytes) {
    const unsigned char *from = (const unsigned char *)memory;
    for (Pinned *one = pinned; one; one = one->next)
        if (from >= one->start && from + bytes <= one->start + one->bytes) return true;
    return false;
}

EXPORT cuMemFreeHost(void *memory) {
    Turn own;
    CHECK(context_result(current));
    for (Pinned **at = &pinned; *at; at = &(*at)->next) {
        Pinned *one = *at;
        if (one->start != memory) continue;
        *at = one->next;
        memset(memory, UNWRITTEN, one->bytes);
        asm volatile("" : : "r"(memory) : "memory");
        free(one);
        free(memory);
        return CUDA_SUCCESS;
    }
    return INVALID_VALUE;
}

static cuda_result stream_result(cuda_stream stream) {
    CHECK(context_result(current));
    if (!stream) return CUDA_SUCCESS;
    for (cuda_stream one = streams; one; one = one->next)
        if (one == stream) return one->context == current ? CUDA_SUCCESS : INVALID_HANDLE;
    return INVALID_HANDLE;
}

static cuda_result allocations_result(cuda_context context);

static bool kernels_are_late() {
    const char *text = getenv("ARENA_SIMULATED_LATE");
    return text && strcmp(text, "kernels") == 0;
}

// Whether a copy to this stream's card waits for what follows it.
static bool copies_are_late(cuda_stream stream) { return stream->has_kernels || !kernels_are_late(); }

static cuda_result add_work(cuda_stream stream, const Work &work) {
    Work *list = (Work *)realloc(stream->waiting, (stream->waiting_count + 1) * sizeof(Work));
    if (!list) return CUDA_OUT_OF_MEMORY;
    stream->waiting = list;
    list[stream->waiting_count++] = work;
    return CUDA_SUCCESS;
}

static cuda_result do_work(const Work &work) {
    if (work.kernel) {
        cuda_result result = run_blocks(work.kernel, work.grid, work.block, work.shared_bytes, work.parameters);
        free(work.parameters);
        current->launched = work.kernel;
        if (result != CUDA_SUCCESS) return current->error = result;
        return allocations_result(current);
    }
    if (!holds((cuda_address)work.to, work.bytes)) return current->error = ILLEGAL_ADDRESS;
    if (work.from) memcpy(work.to, work.from, work.bytes);
    else memset(work.to, work.value, work.bytes);
    return CUDA_SUCCESS;
}

// Does a stream's work up to this one.
static cuda_result do_works(cuda_stream stream, size_t count) {
    while (stream->done < count && stream->waiting_count > 0) {
        Work work = stream->waiting[0];
        stream->waiting_count--;
        stream->done++;
        memmove(stream->waiting, stream->waiting + 1, stream->waiting_count * sizeof(Work));
        CHECK(do_work(work));
    }
    return CUDA_SUCCESS;
}

// Does everything that a stream was asked for.
static cuda_result stream_done(cuda_stream stream) {
    CHECK(stream_result(stream));
    return stream ? do_works(stream, stream->done + stream->waiting_count) : CUDA_SUCCESS;
}

EXPORT cuMemcpyHtoDAsync_v2(cuda_address to, const void *from, size_t bytes, cuda_stream stream) {
    Turn own;
    CHECK(stream_result(stream));
    if (bytes == 0) return CUDA_SUCCESS;
    if (!from || !holds(to, bytes)) return INVALID_VALUE;
    if (!stream || !is_pinned(from, bytes) || !copies_are_late(stream)) {
        CHECK(stream_done(stream));
        memcpy((void *)to, from, bytes);
        return CUDA_SUCCESS;
    }
    Work work = {};
    work.to = (void *)to;
    work.from = from;
    work.bytes = bytes;
    CHECK(add_work(stream, work));
    // What is there until then is no number.
    if (!kernels_are_late()) memset((void *)to, UNWRITTEN, bytes);
    return CUDA_SUCCESS;
}

EXPORT cuMemcpyDtoHAsync_v2(void *to, cuda_address from, size_t bytes, cuda_stream stream) {
    Turn own;
    CHECK(stream_done(stream));
    if (bytes == 0) return CUDA_SUCCESS;
    if (!to || !holds(from, bytes)) return INVALID_VALUE;
    memcpy(to, (const void *)from, bytes);
    return CUDA_SUCCESS;
}

EXPORT cuMemsetD8Async(cuda_address address, unsigned char value, size_t bytes, cuda_stream stream) {
    Turn own;
    CHECK(stream_result(stream));
    if (bytes == 0) return CUDA_SUCCESS;
    if (!holds(address, bytes)) return INVALID_VALUE;
    if (stream && stream->has_kernels && kernels_are_late()) {
        Work work = {};
        work.to = (void *)address;
        work.bytes = bytes;
        work.value = value;
        return add_work(stream, work);
    }
    CHECK(stream_done(stream));
    memset((void *)address, value, bytes);
    return CUDA_SUCCESS;
}

// MARK: - Streams

EXPORT cuStreamCreate(cuda_stream *stream, unsigned flags) {
    Turn own;
    CHECK(context_result(current));
    if (flags > CUDA_STREAM_NON_BLOCKING) return INVALID_VALUE;
    cuda_stream made = (cuda_stream)malloc(sizeof(cuda_stream_s));
    if (!made) return CUDA_OUT_OF_MEMORY;
    *made = {current, streams, false, 0, 0, 0};
    *stream = streams = made;
    return CUDA_SUCCESS;
}

static void free_stream(cuda_stream stream) {
    for (cuda_event one = events; one; one = one->next)
        if (one->stream == stream) one->stream = 0;
    free(stream->waiting);
    free(stream);
}

EXPORT cuStreamDestroy_v2(cuda_stream stream) {
    Turn own;
    CHECK(stream_result(stream));
    for (cuda_stream *at = &streams; *at; at = &(*at)->next) {
        if (*at != stream) continue;
        *at = stream->next;
        free_stream(stream);
        return CUDA_SUCCESS;
    }
    return INVALID_HANDLE;
}

EXPORT cuStreamSynchronize(cuda_stream stream) {
    Turn own;
    CHECK(stream_done(stream));
    return allocations_result(current);
}

static cuda_result event_result(cuda_event event) {
    CHECK(context_result(current));
    for (cuda_event one = events; one; one = one->next)
        if (one == event) return one->context == current ? CUDA_SUCCESS : INVALID_HANDLE;
    return INVALID_HANDLE;
}

EXPORT cuEventCreate(cuda_event *event, unsigned flags) {
    Turn own;
    CHECK(context_result(current));
    if (flags > 7) return INVALID_VALUE;
    cuda_event made = (cuda_event)malloc(sizeof(cuda_event_s));
    if (!made) return CUDA_OUT_OF_MEMORY;
    *made = {current, events, 0, 0};
    *event = events = made;
    return CUDA_SUCCESS;
}

EXPORT cuEventRecord(cuda_event event, cuda_stream stream) {
    Turn own;
    CHECK(event_result(event));
    CHECK(stream_result(stream));
    event->stream = stream;
    event->works = stream ? stream->done + stream->waiting_count : 0;
    return CUDA_SUCCESS;
}

// Kernels are done when their launch returns, so that only copies are waited for. What a stream waits for is done
// at once, which nobody can see.
EXPORT cuStreamWaitEvent(cuda_stream stream, cuda_event event, unsigned flags) {
    Turn own;
    CHECK(stream_result(stream));
    CHECK(event_result(event));
    if (flags != 0) return INVALID_VALUE;
    return event->stream ? do_works(event->stream, event->works) : CUDA_SUCCESS;
}

EXPORT cuEventSynchronize(cuda_event event) {
    Turn own;
    CHECK(event_result(event));
    return event->stream ? do_works(event->stream, event->works) : CUDA_SUCCESS;
}

EXPORT cuEventDestroy_v2(cuda_event event) {
    Turn own;
    CHECK(event_result(event));
    for (cuda_event *at = &events; *at; at = &(*at)->next) {
        if (*at != event) continue;
        *at = event->next;
        free(event);
        return CUDA_SUCCESS;
    }
    return INVALID_HANDLE;
}

// MARK: - Modules and launches

static bool is_loaded(cuda_module module) {
    for (cuda_module one = modules; one; one = one->next)
        if (one == module) return true;
    return false;
}

// Images are those of nvrtc.cpp: a word, and what they are compiled for.
EXPORT cuModuleLoadData(cuda_module *module, const void *image) {
    Turn own;
    CHECK(context_result(current));
    int built, own_capability = capability();
    if (image && sscanf((const char *)image, "SIMCUBIN%d", &built) == 1) {
        if (built / 10 != own_capability / 10 || built > own_capability) return NO_BINARY;
    } else if (image && sscanf((const char *)image, "SIMPTX%d", &built) == 1) {
        if (built > own_capability) return NO_BINARY;
    } else {
        return INVALID_IMAGE;
    }
    cuda_module made = (cuda_module)calloc(1, sizeof(cuda_module_s));
    if (!made) return CUDA_OUT_OF_MEMORY;
    const Kernel *list = built >= 80 ? kernels_80 : kernels_75;
    for (int i = 0; i < KERNELS && list[i].name; i++) made->functions[i] = {list + i, made, SHARED_OF_ALL};
    made->context = current;
    made->next = modules;
    *module = modules = made;
    return CUDA_SUCCESS;
}

static bool unload(cuda_module module) {
    for (cuda_module *at = &modules; *at; at = &(*at)->next) {
        if (*at != module) continue;
        *at = module->next;
        free(module);
        return true;
    }
    return false;
}

EXPORT cuModuleUnload(cuda_module module) {
    Turn own;
    CHECK(context_result(current));
    return unload(module) ? CUDA_SUCCESS : INVALID_HANDLE;
}

EXPORT cuModuleGetFunction(cuda_function *function, cuda_module module, const char *name) {
    Turn own;
    CHECK(context_result(current));
    if (!is_loaded(module)) return INVALID_HANDLE;
    for (auto &one : module->functions) {
        if (!one.kernel || strcmp(one.kernel->name, name) != 0) continue;
        *function = &one;
        return CUDA_SUCCESS;
    }
    return NOT_FOUND;
}

static cuda_result function_result(cuda_function function) {
    CHECK(context_result(current));
    for (cuda_module one = modules; one; one = one->next)
        if (function >= one->functions && function < one->functions + KERNELS)
            return one->context == current && function->kernel ? CUDA_SUCCESS : INVALID_HANDLE;
    return INVALID_HANDLE;
}

EXPORT cuFuncSetAttribute(cuda_function function, int attribute, int value) {
    Turn own;
    CHECK(function_result(function));
    if (attribute != CUDA_DYNAMIC_SHARED_MEMORY) return INVALID_VALUE;
    if (value < 0 || (unsigned)value > shared_memory_of_block()) return INVALID_VALUE;
    function->most_shared = (unsigned)value;
    return CUDA_SUCCESS;
}

// What kernels are told to read or write lies on their card. Addresses within structures are not looked at.
static cuda_result addresses_result(const Kernel *kernel, void **parameters) {
    const void *list[PARAMETERS];
    int count = kernel->addresses(parameters, list);
    for (int i = 0; i < count; i++) {
        if (!list[i]) continue;
        size_t at = allocation_at(list[i]);
        // The end of one array may be named where the next begins.
        for (; at < allocation_count && allocations[at].start <= list[i]; at++)
            if (allocations[at].context == current) break;
        if (at < allocation_count && allocations[at].start <= list[i]) continue;
        say("%s: parameter %d, %p, is no address of this card", kernel->name, i + 1, list[i]);
        return current->error = ILLEGAL_ADDRESS;
    }
    return CUDA_SUCCESS;
}

EXPORT cuLaunchKernel(
    cuda_function function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x, unsigned block_y,
    unsigned block_z, unsigned shared_bytes, cuda_stream stream, void **parameters, void **extra) {
    Turn own;
    CHECK(function_result(function));
    CHECK(stream_result(stream));
    const Kernel *kernel = function->kernel;
    if (grid_x == 0 || grid_y == 0 || grid_z == 0 || block_x == 0 || block_y == 0 || block_z == 0)
        return INVALID_VALUE;
    if (grid_x > 0x7fffffffu || grid_y > 65535 || grid_z > 65535) return INVALID_VALUE;
    if (block_x > THREADS || block_y > THREADS || block_z > 64) return INVALID_VALUE;
    unsigned threads = block_x * block_y * block_z;
    if (threads > THREADS || (kernel->threads != 0 && threads > kernel->threads)) return INVALID_VALUE;
    unsigned most = function->most_shared > SHARED_OF_ALL ? function->most_shared : SHARED_OF_ALL;
    if (shared_bytes > most || shared_bytes > shared_memory_of_block()) return INVALID_VALUE;
    if (!parameters || extra) return INVALID_VALUE;
    current->launches++;
    current->launched = kernel;
    CHECK(addresses_result(kernel, parameters));
    Work work = {};
    work.kernel = kernel;
    work.parameters = kernel->keep(parameters);
    work.grid = {grid_x, grid_y, grid_z};
    work.block = {block_x, block_y, block_z};
    work.shared_bytes = shared_bytes;
    if (!work.parameters) return CUDA_OUT_OF_MEMORY;
    if (stream) {
        stream->has_kernels = true;
        if (kernels_are_late()) return add_work(stream, work);
    }
    CHECK(stream_done(stream));
    return do_work(work);
}

// The last release takes all with it that the context has.
EXPORT cuDevicePrimaryCtxRelease_v2(cuda_device device) {
    Turn own;
    CHECK(device_result(device));
    cuda_context context = contexts + device;
    if (context->retained == 0) return INVALID_CONTEXT;
    cuda_result result = context_result(context);
    if (--context->retained > 0) return result;
    for (size_t i = allocation_count; i-- > 0;)
        if (allocations[i].context == context) release_allocation(i);
    for (cuda_module one = modules, next; one; one = next) {
        next = one->next;
        if (one->context == context) unload(one);
    }
    for (cuda_stream *at = &streams; *at;) {
        cuda_stream one = *at;
        if (one->context != context) {
            at = &one->next;
            continue;
        }
        *at = one->next;
        free_stream(one);
    }
    for (cuda_event *at = &events; *at;) {
        cuda_event one = *at;
        if (one->context != context) {
            at = &one->next;
            continue;
        }
        *at = one->next;
        free(one);
    }
    return result;
}

// The functions are those that the engine's header names, with its types.
__attribute__((unused)) static const cuda_driver functions = {
    cuInit, cuDriverGetVersion, cuGetErrorName, cuGetErrorString, cuDeviceGetCount, cuDeviceGet, cuDeviceGetName,
    cuDeviceTotalMem_v2, cuDeviceGetAttribute, cuDevicePrimaryCtxRetain, cuDevicePrimaryCtxRelease_v2,
    cuCtxSetCurrent, cuMemGetInfo_v2, cuMemAlloc_v2, cuMemFree_v2, cuMemHostAlloc, cuMemFreeHost, cuMemcpyHtoDAsync_v2, cuMemcpyDtoHAsync_v2,
    cuMemsetD8Async, cuStreamCreate, cuStreamDestroy_v2, cuStreamSynchronize,
    cuStreamWaitEvent, cuEventCreate, cuEventRecord, cuEventSynchronize, cuEventDestroy_v2, cuModuleLoadData, cuModuleUnload,
    cuModuleGetFunction, cuFuncSetAttribute, cuLaunchKernel};
