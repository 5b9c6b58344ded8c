#include "faulty_sqlite.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <string.h>

typedef struct {
    sqlite3_file base;
    sqlite3_file *real;
} faulty_file;

static sqlite3_vfs *real_vfs;
static atomic_int limit = -1;
static atomic_int count;
static atomic_int failure_kind;

void faulty_arm(int operations, int kind) {
    atomic_store(&failure_kind, kind);
    atomic_store(&count, 0);
    atomic_store(&limit, operations);
}

int faulty_count(void) { return atomic_load(&count); }

/// Whether the operation that is asked for now fails.
static int fails(void) {
    int now = atomic_fetch_add(&count, 1);
    int most = atomic_load(&limit);
    return most >= 0 && now >= most;
}

#define REAL(file) (((faulty_file *)(file))->real)
#define PASS(name, parameters, arguments)                               \
    static int name parameters { return REAL(f)->pMethods->name arguments; }

static int xClose(sqlite3_file *f) {
    sqlite3_file *real = REAL(f);
    return real->pMethods ? real->pMethods->xClose(real) : SQLITE_OK;
}
PASS(xRead, (sqlite3_file *f, void *p, int n, sqlite3_int64 at), (REAL(f), p, n, at))
PASS(xFileSize, (sqlite3_file *f, sqlite3_int64 *size), (REAL(f), size))
PASS(xLock, (sqlite3_file *f, int kind), (REAL(f), kind))
PASS(xUnlock, (sqlite3_file *f, int kind), (REAL(f), kind))
PASS(xCheckReservedLock, (sqlite3_file *f, int *out), (REAL(f), out))
PASS(xFileControl, (sqlite3_file *f, int op, void *p), (REAL(f), op, p))
PASS(xSectorSize, (sqlite3_file *f), (REAL(f)))
PASS(xDeviceCharacteristics, (sqlite3_file *f), (REAL(f)))
PASS(xShmMap, (sqlite3_file *f, int i, int n, int x, void volatile **p), (REAL(f), i, n, x, p))
PASS(xShmLock, (sqlite3_file *f, int i, int n, int flags), (REAL(f), i, n, flags))
PASS(xShmUnmap, (sqlite3_file *f, int delete), (REAL(f), delete))

static void xShmBarrier(sqlite3_file *f) { REAL(f)->pMethods->xShmBarrier(REAL(f)); }

static int xWrite(sqlite3_file *f, const void *p, int n, sqlite3_int64 at) {
    if (!fails()) return REAL(f)->pMethods->xWrite(REAL(f), p, n, at);
    switch (atomic_load(&failure_kind)) {
    case faulty_io: return SQLITE_IOERR_WRITE;
    case faulty_short: REAL(f)->pMethods->xWrite(REAL(f), p, n / 2, at); return SQLITE_FULL;
    default: return SQLITE_FULL;
    }
}

static int xTruncate(sqlite3_file *f, sqlite3_int64 size) {
    if (fails()) return SQLITE_IOERR_TRUNCATE;
    return REAL(f)->pMethods->xTruncate(REAL(f), size);
}

static int xSync(sqlite3_file *f, int flags) {
    if (fails()) return SQLITE_IOERR_FSYNC;
    return REAL(f)->pMethods->xSync(REAL(f), flags);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = xClose,
    .xRead = xRead,
    .xWrite = xWrite,
    .xTruncate = xTruncate,
    .xSync = xSync,
    .xFileSize = xFileSize,
    .xLock = xLock,
    .xUnlock = xUnlock,
    .xCheckReservedLock = xCheckReservedLock,
    .xFileControl = xFileControl,
    .xSectorSize = xSectorSize,
    .xDeviceCharacteristics = xDeviceCharacteristics,
    .xShmMap = xShmMap,
    .xShmLock = xShmLock,
    .xShmBarrier = xShmBarrier,
    .xShmUnmap = xShmUnmap,
};

static int xOpen(
    sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags, int *out) {
    faulty_file *own = (faulty_file *)file;
    own->base.pMethods = NULL;
    own->real = (sqlite3_file *)(own + 1);
    own->real->pMethods = NULL;
    int code = real_vfs->xOpen(real_vfs, name, own->real, flags, out);
    if (code == SQLITE_OK) own->base.pMethods = &methods;
    return code;
}

static int xDelete(sqlite3_vfs *vfs, const char *name, int sync) {
    if (fails()) return SQLITE_IOERR_DELETE;
    return real_vfs->xDelete(real_vfs, name, sync);
}

int faulty_register(void) {
    static sqlite3_vfs vfs;
    if (real_vfs) return 0;
    sqlite3_vfs *found = sqlite3_vfs_find(NULL);
    if (!found) return -1;
    vfs = *found;
    vfs.pNext = NULL;
    vfs.zName = "faulty";
    vfs.szOsFile = (int)sizeof(faulty_file) + found->szOsFile;
    vfs.xOpen = xOpen;
    vfs.xDelete = xDelete;
    real_vfs = found;
    return sqlite3_vfs_register(&vfs, 0);
}
