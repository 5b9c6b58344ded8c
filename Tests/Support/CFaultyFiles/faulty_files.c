#define _GNU_SOURCE
#include "faulty_files.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static char folder[PATH_MAX];
static atomic_int is_armed;
static atomic_int limit;
static atomic_int count;
static atomic_int kind;

void faulty_files_begin(const char *path, int operations, int how) {
    pthread_mutex_lock(&turn);
    snprintf(folder, sizeof folder, "%s", path);
    atomic_store(&limit, operations);
    atomic_store(&count, 0);
    atomic_store(&kind, how);
    atomic_store(&is_armed, 1);
}

int faulty_files_end(void) {
    atomic_store(&is_armed, 0);
    int made = atomic_load(&count);
    pthread_mutex_unlock(&turn);
    return made;
}

/// Whether the operation on this path that is asked for now fails.
static int fails(const char *path) {
    if (strncmp(path, folder, strlen(folder)) != 0) return 0;
    return atomic_fetch_add(&count, 1) >= atomic_load(&limit);
}

static int fails_on(int descriptor) {
    if (!atomic_load(&is_armed)) return 0;
    char name[64], path[PATH_MAX] = "";
    snprintf(name, sizeof name, "/proc/self/fd/%d", descriptor);
    return readlink(name, path, sizeof path - 1) > 0 && fails(path);
}

static int failure(void) {
    errno = atomic_load(&kind) == faulty_files_io ? EIO : ENOSPC;
    return -1;
}

#define REAL(type, name, ...) ((type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name))

ssize_t write(int descriptor, const void *bytes, size_t size) {
    static ssize_t (*real)(int, const void *, size_t);
    if (!real) real = REAL(ssize_t, "write", int, const void *, size_t);
    if (!fails_on(descriptor)) return real(descriptor, bytes, size);
    // The first of the failing ones takes what there is room for.
    if (atomic_load(&kind) == faulty_files_short && size > 1 &&
        atomic_load(&count) == atomic_load(&limit) + 1)
        return real(descriptor, bytes, size / 2);
    return failure();
}

ssize_t pwrite(int descriptor, const void *bytes, size_t size, off_t at) {
    static ssize_t (*real)(int, const void *, size_t, off_t);
    if (!real) real = REAL(ssize_t, "pwrite", int, const void *, size_t, off_t);
    if (!fails_on(descriptor)) return real(descriptor, bytes, size, at);
    if (atomic_load(&kind) == faulty_files_short && size > 1 &&
        atomic_load(&count) == atomic_load(&limit) + 1)
        return real(descriptor, bytes, size / 2, at);
    return failure();
}

int fsync(int descriptor) {
    static int (*real)(int);
    if (!real) real = REAL(int, "fsync", int);
    return fails_on(descriptor) ? failure() : real(descriptor);
}

int rename(const char *from, const char *to) {
    static int (*real)(const char *, const char *);
    if (!real) real = REAL(int, "rename", const char *, const char *);
    return atomic_load(&is_armed) && fails(to) ? failure() : real(from, to);
}
