// Runs the threads of a block as fibers of the host's thread that launches them. A fiber runs until it has to
// wait: for its warp, whose last lane to come does the operation for all, or for its block.
//
// Order shows mistakes: a warp goes as far as it can before the next begins, from the first to the last in one
// block and from the last to the first in the next. Memory that a copy is to fill holds no numbers from the
// copy's begin until it is waited for, and shared memory none before it is written.

#include "simulator.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace simulated {

// MARK: - Fibers

enum { STACK = 128 << 10, PAGE = 64 << 10 };

#if defined(__x86_64__)

// The registers that a function leaves as they were lie on the fiber's stack, its address to go on at on top.
struct Context {
    void **top;
};

static void prepare(Context *context, unsigned char *end, void (*start)()) {
    void **top = (void **)end;
    *--top = 0;  // where `start` would return to
    *--top = (void *)start;
    *--top = 0;
    *--top = 0;
    context->top = top;
}

// The registers that are not saved here are lost to the compiler. The jump instead of a return keeps the
// processor's guesses at returns right: fibers mostly wait at the same place.
static inline __attribute__((always_inline)) void change(Context *from, Context *to) {
    void ***save = &from->top;
    void **load = to->top;
    asm volatile(
        "leaq 1f(%%rip), %%rax\n\t"
        "pushq %%rax\n\t"
        "pushq %%rbp\n\t"
        "pushq %%rbx\n\t"
        "movq %%rsp, (%0)\n\t"
        "movq %1, %%rsp\n\t"
        "popq %%rbx\n\t"
        "popq %%rbp\n\t"
        "popq %%rax\n\t"
        "jmpq *%%rax\n"
        "1:"
        : "+D"(save), "+S"(load)
        :
        : "rax", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm0", "xmm1", "xmm2",
          "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14",
          "xmm15", "memory", "cc");
}

#else

struct Context {
    ucontext_t at;
};

static void prepare(Context *context, unsigned char *end, void (*start)()) {
    getcontext(&context->at);
    context->at.uc_stack.ss_sp = end - (STACK - 4096);
    context->at.uc_stack.ss_size = STACK - 4096;
    context->at.uc_link = 0;
    makecontext(&context->at, start, 0);
}

static void change(Context *from, Context *to) { swapcontext(&from->at, &to->at); }

#endif

// MARK: - The block that runs

enum State : unsigned char { READY, AT_OPERATION, AT_BARRIER, RETURNED };
enum Operation : unsigned char { LOAD, LOAD_TRANSPOSED, MULTIPLY, MULTIPLY_CODES, EXCHANGE };
static const char *const operation_names[] = {"load_matrices", "load_matrices_transposed", "multiply_halves",
                                              "multiply_codes", "an exchange of lanes"};

struct Copy {
    void *to;
    const void *from;  // null for zeros
    unsigned group;
};

struct Lane {
    Index place;
    State state;
    bool has_begun;
    // What the lane asks of its warp.
    Operation operation;
    int other;
    unsigned *registers;
    const void *row;
    void *sums;  // fp32, or whole numbers of codes
    const unsigned *a, *b;
    float given, got;
    // Copies under way, oldest first, and the number of groups that are ended.
    Copy *copies;
    unsigned first_copy, copies_end, copies_room, groups;
    unsigned char *stack;
    Context context;
};

const Index *thread;
Index block, block_size, grid_size;
unsigned char *shared;

static Lane lanes[THREADS];
static Lane *current;
static Context host;
static const Kernel *kernel;
static void **parameters;
static unsigned shared_bytes;
static int count;
// Lanes of a warp that can run, and those that wait for it to come together.
static int ready[THREADS / 32], waiting[THREADS / 32];
static int turn;  // from a lane to the next: 1 or -1
static int result;

// What a block may write to, between guards.
static unsigned char shared_memory[GUARD + SHARED_BYTES + GUARD] __attribute__((aligned(256)));

void say(const char *format, ...) {
    char text[512];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    fprintf(stderr, "simulated card: %s\n", text);
}

bool is_intact(const unsigned char *guard) {
    unsigned wrong = 0;
    for (int i = 0; i < GUARD; i++) wrong |= guard[i] ^ GUARDED;
    return wrong == 0;
}

// Ends the launch; its other fibers are left where they are.
[[noreturn]] static void fail(int error, const Lane *lane, const char *text, const char *more = "") {
    say("%s, block (%u, %u, %u), thread (%u, %u, %u): %s%s", kernel->name, block.x, block.y, block.z,
        lane->place.x, lane->place.y, lane->place.z, text, more);
    result = error;
    Context nowhere;
    change(&nowhere, &host);
    abort();
}

static inline int warp_of(const Lane *lane) { return (int)(lane - lanes) >> 5; }

static inline int lanes_of(int warp) { return count - warp * 32 < 32 ? count - warp * 32 : 32; }

// The lane of a warp that can run, in turn after this place; null if all wait or have returned.
static inline Lane *ready_lane(int warp, int after) {
    if (ready[warp] == 0) return 0;
    Lane *first = lanes + warp * 32;
    int size = lanes_of(warp);
    for (int i = 1, at = after; i <= size; i++) {
        at += turn;
        at = at >= size ? 0 : at < 0 ? size - 1 : at;
        if (first[at].state == READY) return first + at;
    }
    return 0;
}

static Lane *ready_lane_of_another(int warp) {
    int warps = (count + 31) / 32;
    for (int i = 1, at = warp; i <= warps; i++) {
        at += turn;
        at = at >= warps ? 0 : at < 0 ? warps - 1 : at;
        if (Lane *lane = ready_lane(at, turn > 0 ? lanes_of(at) - 1 : 0)) return lane;
    }
    return 0;
}

[[noreturn]] static void fail_apart(int warp) {
    const Lane *first = lanes + warp * 32, *one = 0;
    for (int i = 0; i < lanes_of(warp); i++)
        if (first[i].state == AT_OPERATION) one = one ? one : first + i;
    const char *others = "";
    for (int i = 0; i < lanes_of(warp); i++) {
        if (first[i].state == AT_BARRIER) others = "; others wait for the block";
        if (first[i].state == RETURNED) others = "; others have returned";
    }
    if (lanes_of(warp) < 32) others = "; the warp has not 32 lanes";
    char text[128];
    snprintf(text, sizeof text, "its warp does not come together for %s", operation_names[one->operation]);
    fail(LAUNCH_FAILED, one, text, others);
}

static inline void stop(Lane *lane, State state) {
    lane->state = state;
    ready[warp_of(lane)]--;
}

static inline void go_on(Lane *lane) {
    lane->state = READY;
    ready[warp_of(lane)]++;
}

// The lane to run now that this one waits or has returned; null if all have returned.
static Lane *next_lane(const Lane *self) {
    int warp = warp_of(self);
    if (Lane *next = ready_lane(warp, (int)(self - lanes) & 31)) return next;
    if (waiting[warp] > 0) fail_apart(warp);
    if (Lane *next = ready_lane_of_another(warp)) return next;
    for (int i = 0; i < count; i++)
        if (lanes[i].state == AT_BARRIER) go_on(lanes + i);
    return ready_lane_of_another(warp);
}

static void run_lanes();

static inline __attribute__((always_inline)) void change_lane(Lane *self, Lane *next) {
    if (next == self) return;
    if (!next->has_begun) prepare(&next->context, next->stack, run_lanes);
    next->has_begun = true;
    current = next;
    thread = &next->place;
    change(&self->context, &next->context);
}

// Returns when this lane can go on; there is another until then.
static void give_way() { change_lane(current, next_lane(current)); }

// A lane that has returned leaves its stack to the next if that has not begun.
static void run_lanes() {
    for (;;) {
        kernel->run(parameters);
        Lane *self = current;
        stop(self, RETURNED);
        Lane *next = next_lane(self);
        if (!next) change(&self->context, &host);
        if (next->has_begun) change_lane(self, next);
        unsigned char *stack = self->stack;
        self->stack = next->stack;
        next->stack = stack;
        next->has_begun = true;
        current = next;
        thread = &next->place;
    }
}

void synchronize_block() {
    stop(current, AT_BARRIER);
    give_way();
}

// MARK: - Copies to shared memory

static void check_shared(const Lane *lane, const void *place) {
    uintptr_t at = (uintptr_t)place, first = (uintptr_t)shared;
    if (at < first || at + 16 > first + shared_bytes)
        fail(ILLEGAL_ADDRESS, lane, "beyond the block's shared memory");
    if (at % 16 != 0) fail(MISALIGNED_ADDRESS, lane, "a place in shared memory is no multiple of 16");
}

void copy16(void *to, const void *from, bool later) {
    Lane *lane = current;
    check_shared(lane, to);
    if ((uintptr_t)from % 16 != 0) fail(MISALIGNED_ADDRESS, lane, "the source of a copy is no multiple of 16");
    if (!later) {
        if (from) memcpy(to, from, 16);
        else memset(to, 0, 16);
        return;
    }
    memset(to, UNWRITTEN, 16);
    if (lane->copies_end == lane->copies_room) {
        lane->copies_room = lane->copies_room ? lane->copies_room * 2 : 64;
        lane->copies = (Copy *)realloc(lane->copies, lane->copies_room * sizeof(Copy));
        if (!lane->copies) abort();
    }
    lane->copies[lane->copies_end++] = {to, from, lane->groups};
}

void commit_copies() { current->groups++; }

void wait_copies(unsigned groups) {
    Lane *lane = current;
    while (lane->first_copy < lane->copies_end) {
        const Copy &copy = lane->copies[lane->first_copy];
        // Of a group that is not ended, or that may still be under way.
        if (copy.group + groups >= lane->groups) return;
        if (copy.from) memcpy(copy.to, copy.from, 16);
        else memset(copy.to, 0, 16);
        lane->first_copy++;
    }
    lane->first_copy = lane->copies_end = 0;
}

// MARK: - What a warp does together; `w` is its first lane

static void load(Lane *w, bool transposed) {
    for (int i = 0; i < 32; i++) check_shared(w + i, w[i].row);
    for (int i = 0; i < 4; i++) {
        unsigned short matrix[8][8];
        for (int r = 0; r < 8; r++) memcpy(matrix[r], w[8 * i + r].row, 16);
        for (int l = 0; l < 32; l++) {
            int r = l / 4, c = l % 4 * 2;
            unsigned first = transposed ? matrix[c][r] : matrix[r][c];
            unsigned second = transposed ? matrix[c + 1][r] : matrix[r][c + 1];
            w[l].registers[i] = first | second << 16;
        }
    }
}

typedef float Row __attribute__((vector_size(32)));

static void multiply(Lane *w) {
    unsigned short a_halves[16][16], b_halves[16][8];
    float a[16][16], b[16][8], sums[16][8];
    for (int l = 0; l < 32; l++) {
        int r = l / 4, c = l % 4 * 2;
        memcpy(&a_halves[r][c], &w[l].a[0], 4);
        memcpy(&a_halves[r + 8][c], &w[l].a[1], 4);
        memcpy(&a_halves[r][c + 8], &w[l].a[2], 4);
        memcpy(&a_halves[r + 8][c + 8], &w[l].a[3], 4);
        b_halves[c][r] = (unsigned short)w[l].b[0];
        b_halves[c + 1][r] = (unsigned short)(w[l].b[0] >> 16);
        b_halves[c + 8][r] = (unsigned short)w[l].b[1];
        b_halves[c + 9][r] = (unsigned short)(w[l].b[1] >> 16);
        memcpy(&sums[r][c], w[l].sums, 8);
        memcpy(&sums[r + 8][c], (float *)w[l].sums + 2, 8);
    }
    for (int i = 0; i < 256; i++) a[0][i] = half_to_float(a_halves[0][i]);
    for (int i = 0; i < 128; i++) b[0][i] = half_to_float(b_halves[0][i]);
    for (int r = 0; r < 16; r += 8) {
        Row total[8];
        memcpy(total, sums[r], sizeof total);
        for (int k = 0; k < 16; k++) {
            Row row;
            memcpy(&row, b[k], sizeof row);
#pragma unroll
            for (int i = 0; i < 8; i++) total[i] += a[r + i][k] * row;
        }
        memcpy(sums[r], total, sizeof total);
    }
    for (int l = 0; l < 32; l++) {
        int r = l / 4, c = l % 4 * 2;
        memcpy(w[l].sums, &sums[r][c], 8);
        memcpy((float *)w[l].sums + 2, &sums[r + 8][c], 8);
    }
}

// The same of codes of 8 bits, four to a register.
static void multiply_whole(Lane *w) {
    signed char a[16][32], b[8][32];
    for (int l = 0; l < 32; l++) {
        int r = l / 4, c = l % 4 * 4;
        for (int i = 0; i < 4; i++) memcpy(&a[r + i % 2 * 8][c + i / 2 * 16], &w[l].a[i], 4);
        for (int i = 0; i < 2; i++) memcpy(&b[r][c + i * 16], &w[l].b[i], 4);
    }
    for (int l = 0; l < 32; l++) {
        int *sums = (int *)w[l].sums;
        for (int i = 0; i < 4; i++) {
            const signed char *x = a[l / 4 + i / 2 * 8], *y = b[l % 4 * 2 + i % 2];
            for (int k = 0; k < 32; k++) sums[i] += (int)x[k] * (int)y[k];
        }
    }
}

static void do_together(Lane *w) {
    for (int i = 1; i < 32; i++) {
        if (w[i].operation == w[0].operation) continue;
        char text[128];
        snprintf(text, sizeof text, "waits for %s; another lane for ", operation_names[w[0].operation]);
        fail(LAUNCH_FAILED, w, text, operation_names[w[i].operation]);
    }
    switch (w->operation) {
    case LOAD: load(w, false); break;
    case LOAD_TRANSPOSED: load(w, true); break;
    case MULTIPLY: multiply(w); break;
    case MULTIPLY_CODES: multiply_whole(w); break;
    case EXCHANGE:
        for (int i = 0; i < 32; i++) w[i].got = w[w[i].other].given;
        break;
    }
    for (int i = 0; i < 32; i++) go_on(w + i);
}

static inline void take_part(Lane *lane, Operation operation) {
    int warp = warp_of(lane);
    lane->operation = operation;
    stop(lane, AT_OPERATION);
    if (++waiting[warp] < 32) {
        give_way();
        return;
    }
    waiting[warp] = 0;
    do_together(lanes + warp * 32);
}

void load_matrices(unsigned *registers, const void *row, bool transposed) {
    Lane *lane = current;
    lane->registers = registers;
    lane->row = row;
    take_part(lane, transposed ? LOAD_TRANSPOSED : LOAD);
}

static void take_part(Lane *lane, Operation operation, void *sums, const unsigned *a, const unsigned *b) {
    lane->sums = sums;
    lane->a = a;
    lane->b = b;
    take_part(lane, operation);
}

void multiply_halves(float *sums, const unsigned *a, const unsigned *b) { take_part(current, MULTIPLY, sums, a, b); }

void multiply_codes(int *sums, const unsigned *a, const unsigned *b) {
    take_part(current, MULTIPLY_CODES, sums, a, b);
}

float exchange(float x, int lane_or_mask, bool by_mask) {
    Lane *lane = current;
    lane->given = x;
    lane->other = (by_mask ? (int)(lane - lanes) ^ lane_or_mask : lane_or_mask) & 31;
    take_part(lane, EXCHANGE);
    return lane->got;
}

// MARK: - Launches

// Stacks with a page below each that nothing may touch. They begin at different places of the processor's
// caches, or the lanes of a warp would push each other out.
static bool make_stacks(int needed) {
    enum { WHOLE = STACK + 2 * PAGE };
    for (int i = 0; i < needed; i++) {
        if (lanes[i].stack) continue;
        void *memory = mmap(0, WHOLE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED) return false;
        mprotect(memory, PAGE, PROT_NONE);
        lanes[i].stack = (unsigned char *)memory + PAGE + STACK + i % 32 * 1088;
    }
    return true;
}

static void run_block() {
    memset(shared, UNWRITTEN, shared_bytes);
    memset(waiting, 0, sizeof waiting);
    memset(ready, 0, sizeof ready);
    Index place = {0, 0, 0};
    for (int i = 0; i < count; i++) {
        Lane &lane = lanes[i];
        lane.place = place;
        go_on(&lane);
        lane.has_begun = false;
        lane.first_copy = lane.copies_end = lane.groups = 0;
        if (++place.x < block_size.x) continue;
        place.x = 0;
        if (++place.y < block_size.y) continue;
        place.y = 0;
        place.z++;
    }
    current = lanes + (turn > 0 ? 0 : count - 1);
    current->has_begun = true;
    thread = &current->place;
    prepare(&current->context, current->stack, run_lanes);
    change(&host, &current->context);
}

int run_blocks(const Kernel *launched, Index grid, Index size, unsigned bytes, void **values) {
    static unsigned launches;
    kernel = launched;
    parameters = values;
    grid_size = grid;
    block_size = size;
    shared_bytes = bytes;
    count = (int)(size.x * size.y * size.z);
    result = 0;
    if (!make_stacks(count)) {
        say("no memory for the stacks of %d threads", count);
        return LAUNCH_FAILED;
    }
    shared = shared_memory + GUARD;
    unsigned char *end = shared + bytes;
    memset(shared_memory, GUARDED, GUARD);
    memset(end, GUARDED, GUARD);
    unsigned number = launches++;
    for (block.z = 0; block.z < grid.z; block.z++) {
        for (block.y = 0; block.y < grid.y; block.y++) {
            for (block.x = 0; block.x < grid.x; block.x++) {
                turn = number++ % 2 == 0 ? 1 : -1;
                run_block();
                if (result != 0) return result;
                if (is_intact(shared_memory) && is_intact(end)) continue;
                say("%s, block (%u, %u, %u): wrote beyond its shared memory", kernel->name, block.x, block.y,
                    block.z);
                return ILLEGAL_ADDRESS;
            }
        }
    }
    return 0;
}

}  // namespace simulated
