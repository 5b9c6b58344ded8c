// Virtual tables over columns in memory. A scan reads the columns where they lie; `column = value` goes
// through a hash index, so that a join costs the rows it gives and not their product.

#include "CSQLite.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/// Rows by their value in one column: chains of equal rows in ascending order.
typedef struct {
    uint32_t *slots;  // row + 1 of the first row with a value, 0 = free
    uint32_t *next;   // row + 1 of the next row with the same value, 0 = none
    uint64_t mask;
} row_index;

typedef struct {
    sqlite3_vtab base;
    const arena_sql_table *table;
    row_index *indexes;  // one a column, made on demand
    uint64_t seed;
} frame_table;

typedef struct {
    sqlite3_vtab_cursor base;
    int64_t row;
    const row_index *chain;  // NULL in a scan
} frame_cursor;

// MARK: - Cells

static int is_missing(const arena_sql_column *column, int64_t row) {
    return column->validity && !(column->validity[row >> 6] >> (row & 63) & 1);
}

static const uint8_t *text_at(const arena_sql_column *column, int64_t row, size_t *length) {
    if (column->kind == arena_sql_categorical) row = column->codes[row];
    const arena_sql_view *view = (const arena_sql_view *)column->values + row;
    *length = view->length;
    return view->length ? column->chunks[view->chunk] + view->offset : (const uint8_t *)"";
}

static int64_t int_at(const arena_sql_column *column, int64_t row) {
    if (column->kind == arena_sql_bool) return ((const uint8_t *)column->values)[row];
    return ((const int64_t *)column->values)[row];
}

static int is_text(const arena_sql_column *column) {
    return column->kind == arena_sql_text || column->kind == arena_sql_categorical;
}

static int is_int(const arena_sql_column *column) {
    return column->kind == arena_sql_int64 || column->kind == arena_sql_bool;
}

// MARK: - Hash indexes

static uint64_t mix(uint64_t x) {
    x ^= x >> 32;
    x *= 0x9E3779B97F4A7C15u;
    x ^= x >> 29;
    x *= 0xBF58476D1CE4E5B9u;
    return x ^ x >> 32;
}

/// Seeded by the machine, so that no data can be made to collide on purpose.
static uint64_t hash_bytes(const uint8_t *bytes, size_t length, uint64_t seed) {
    uint64_t hash = mix(seed ^ length);
    while (length >= 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        hash = mix(hash ^ word) + seed;
        bytes += 8;
        length -= 8;
    }
    uint64_t rest = 0;
    memcpy(&rest, bytes, length);
    return mix(hash ^ rest);
}

static int equals_text(
    const arena_sql_column *column, int64_t row, const uint8_t *text, size_t length) {
    size_t own;
    const uint8_t *bytes = text_at(column, row, &own);
    return own == length && memcmp(bytes, text, length) == 0;
}

/// The slot of the first row with an integer, or of a text; free if there is none.
static uint64_t find_int(
    const frame_table *self, const row_index *index, const arena_sql_column *column, int64_t value) {
    uint64_t slot = mix((uint64_t)value ^ self->seed) & index->mask;
    while (index->slots[slot] && int_at(column, index->slots[slot] - 1) != value)
        slot = (slot + 1) & index->mask;
    return slot;
}

static uint64_t find_text(
    const frame_table *self, const row_index *index, const arena_sql_column *column,
    const uint8_t *text, size_t length) {
    uint64_t slot = hash_bytes(text, length, self->seed) & index->mask;
    while (index->slots[slot] && !equals_text(column, index->slots[slot] - 1, text, length))
        slot = (slot + 1) & index->mask;
    return slot;
}

static int make_index(frame_table *self, int at) {
    row_index *index = &self->indexes[at];
    if (index->slots) return SQLITE_OK;
    const arena_sql_column *column = &self->table->columns[at];
    int64_t rows = self->table->rows;
    uint64_t size = 16;
    while (size < (uint64_t)rows * 2) size *= 2;
    uint32_t *slots = calloc(size, sizeof *slots);
    uint32_t *next = calloc((size_t)rows + 1, sizeof *next);
    if (!slots || !next) {
        free(slots);
        free(next);
        return SQLITE_NOMEM;
    }
    index->slots = slots;
    index->next = next;
    index->mask = size - 1;
    // From the last row on, so that each chain begins with its first.
    for (int64_t row = rows - 1; row >= 0; row--) {
        if (is_missing(column, row)) continue;
        uint64_t slot;
        if (is_int(column)) {
            slot = find_int(self, index, column, int_at(column, row));
        } else {
            size_t length;
            const uint8_t *text = text_at(column, row, &length);
            slot = find_text(self, index, column, text, length);
        }
        next[row] = slots[slot];
        slots[slot] = (uint32_t)row + 1;
    }
    return SQLITE_OK;
}

// MARK: - The module

static int connect(
    sqlite3 *db, void *auxiliary, int argc, const char *const *argv, sqlite3_vtab **out,
    char **error) {
    (void)argc;
    (void)argv;
    (void)error;
    const arena_sql_table *table = auxiliary;
    int code = sqlite3_declare_vtab(db, table->declaration);
    if (code != SQLITE_OK) return code;
    frame_table *self = calloc(1, sizeof *self);
    if (!self) return SQLITE_NOMEM;
    self->table = table;
    self->indexes = calloc((size_t)table->count + 1, sizeof *self->indexes);
    if (!self->indexes) {
        free(self);
        return SQLITE_NOMEM;
    }
    if (getrandom(&self->seed, sizeof self->seed, GRND_NONBLOCK) < 0) {
        self->seed = (uint64_t)(uintptr_t)self;
    }
    sqlite3_vtab_config(db, SQLITE_VTAB_INNOCUOUS);
    *out = &self->base;
    return SQLITE_OK;
}

static int disconnect(sqlite3_vtab *base) {
    frame_table *self = (frame_table *)base;
    for (int at = 0; at < self->table->count; at++) {
        free(self->indexes[at].slots);
        free(self->indexes[at].next);
    }
    free(self->indexes);
    free(self);
    return SQLITE_OK;
}

static int best_index(sqlite3_vtab *base, sqlite3_index_info *info) {
    const frame_table *self = (frame_table *)base;
    double rows = (double)self->table->rows;
    info->estimatedCost = rows + 1;
    info->estimatedRows = self->table->rows;
    if (self->table->rows >= UINT32_MAX) return SQLITE_OK;
    for (int i = 0; i < info->nConstraint; i++) {
        int at = info->aConstraint[i].iColumn;
        if (!info->aConstraint[i].usable || at < 0) continue;
        if (info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ) continue;
        const arena_sql_column *column = &self->table->columns[at];
        if (!is_int(column) && !is_text(column)) continue;
        if (is_text(column) && strcmp(sqlite3_vtab_collation(info, i), "BINARY") != 0) continue;
        // SQLite checks the equality once more itself: a value of another type may be converted.
        info->aConstraintUsage[i].argvIndex = 1;
        info->idxNum = at + 1;
        info->estimatedCost = 12;
        info->estimatedRows = 2;
        return SQLITE_OK;
    }
    return SQLITE_OK;
}

static int open_cursor(sqlite3_vtab *base, sqlite3_vtab_cursor **out) {
    (void)base;
    frame_cursor *cursor = calloc(1, sizeof *cursor);
    if (!cursor) return SQLITE_NOMEM;
    *out = &cursor->base;
    return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *base) {
    free(base);
    return SQLITE_OK;
}

static int filter(
    sqlite3_vtab_cursor *base, int number, const char *text, int argc, sqlite3_value **argv) {
    (void)text;
    frame_cursor *cursor = (frame_cursor *)base;
    frame_table *self = (frame_table *)base->pVtab;
    cursor->row = 0;
    cursor->chain = NULL;
    if (number == 0 || argc < 1) return SQLITE_OK;
    int at = number - 1, type = sqlite3_value_type(argv[0]);
    const arena_sql_column *column = &self->table->columns[at];
    if (type == SQLITE_NULL) {
        cursor->row = self->table->rows;
        return SQLITE_OK;
    }
    // What would have to be converted before it can be compared is left to a scan.
    if (type != (is_int(column) ? SQLITE_INTEGER : SQLITE_TEXT)) return SQLITE_OK;
    int code = make_index(self, at);
    if (code != SQLITE_OK) return code;
    const row_index *index = &self->indexes[at];
    uint64_t slot;
    if (is_int(column)) {
        slot = find_int(self, index, column, sqlite3_value_int64(argv[0]));
    } else {
        const uint8_t *bytes = sqlite3_value_text(argv[0]);
        slot = find_text(self, index, column, bytes, (size_t)sqlite3_value_bytes(argv[0]));
    }
    cursor->chain = index;
    cursor->row = index->slots[slot] ? (int64_t)index->slots[slot] - 1 : self->table->rows;
    return SQLITE_OK;
}

static int next_row(sqlite3_vtab_cursor *base) {
    frame_cursor *cursor = (frame_cursor *)base;
    const frame_table *self = (frame_table *)base->pVtab;
    if (!cursor->chain) {
        cursor->row++;
    } else {
        uint32_t next = cursor->chain->next[cursor->row];
        cursor->row = next ? (int64_t)next - 1 : self->table->rows;
    }
    return SQLITE_OK;
}

static int is_at_end(sqlite3_vtab_cursor *base) {
    return ((frame_cursor *)base)->row >= ((frame_table *)base->pVtab)->table->rows;
}

static int give_cell(sqlite3_vtab_cursor *base, sqlite3_context *context, int at) {
    const arena_sql_table *table = ((frame_table *)base->pVtab)->table;
    const arena_sql_column *column = &table->columns[at];
    int64_t row = ((frame_cursor *)base)->row;
    if (is_missing(column, row)) {
        sqlite3_result_null(context);
        return SQLITE_OK;
    }
    size_t length;
    const uint8_t *text;
    switch (column->kind) {
    case arena_sql_bool:
    case arena_sql_int64: sqlite3_result_int64(context, int_at(column, row)); break;
    case arena_sql_float64:
        sqlite3_result_double(context, ((const double *)column->values)[row]);
        break;
    case arena_sql_float32:
        sqlite3_result_double(context, ((const float *)column->values)[row]);
        break;
    case arena_sql_text:
    case arena_sql_categorical:
        text = text_at(column, row, &length);
        sqlite3_result_text64(
            context, (const char *)text, length, SQLITE_STATIC, SQLITE_UTF8);
        break;
    default: table->cell(table->owner, at, row, context); break;
    }
    return SQLITE_OK;
}

static int give_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out) {
    *out = ((frame_cursor *)base)->row + 1;
    return SQLITE_OK;
}

/// `xCreate` is left out: the table is there by its module's name alone.
static const sqlite3_module module = {
    .iVersion = 1,
    .xConnect = connect,
    .xBestIndex = best_index,
    .xDisconnect = disconnect,
    .xOpen = open_cursor,
    .xClose = close_cursor,
    .xFilter = filter,
    .xNext = next_row,
    .xEof = is_at_end,
    .xColumn = give_cell,
    .xRowid = give_rowid,
};

int arena_sql_add(sqlite3 *db, const char *name, const arena_sql_table *table) {
    return sqlite3_create_module_v2(db, name, &module, (void *)table, NULL);
}

// MARK: - Connections

void arena_sqlite_harden(sqlite3 *db) {
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
}

static int allow_reading(
    void *nothing, int action, const char *a, const char *b, const char *c, const char *d) {
    (void)nothing;
    (void)c;
    (void)d;
    switch (action) {
    case SQLITE_SELECT: case SQLITE_READ: case SQLITE_RECURSIVE: return SQLITE_OK;
    case SQLITE_FUNCTION:
        return b && sqlite3_stricmp(b, "load_extension") == 0 ? SQLITE_DENY : SQLITE_OK;
    case SQLITE_UPDATE:
        // A virtual table that is met for the first time asks for this; that the schema itself is
        // written is refused by the defensive mode.
        return a && strcmp(a, "sqlite_master") == 0 ? SQLITE_OK : SQLITE_DENY;
    default: return SQLITE_DENY;
    }
}

int arena_sqlite_only_read(sqlite3 *db) {
    return sqlite3_set_authorizer(db, allow_reading, NULL);
}
