// Virtual tables over columns in memory. A scan reads the columns where they lie; `column = value` goes
// through a hash index, so that a join costs the rows it gives and not their product. Rows outside a
// range are passed over here, before SQLite sees them, and in the loop of a join found by an order.

#define _GNU_SOURCE
#include "CSQLite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/// Rows by their value in one column: chains of equal rows in ascending order.
typedef struct {
    uint32_t *slots;  // row + 1 of the first row with a value, 0 = free
    uint32_t *next;   // row + 1 of the next row with the same value, 0 = none
    uint64_t mask;
} row_index;

/// Rows in the order of their values in one column, those without a value left out.
typedef struct {
    uint32_t *rows;
    int64_t count;
    int asked;  // how often a range was asked for
} row_order;

typedef struct {
    sqlite3_vtab base;
    const arena_sql_table *table;
    row_index *indexes;  // one a column, made on demand
    row_order *orders;   // likewise
    uint64_t seed;
} frame_table;

/// A text that is held for comparing.
typedef struct {
    uint8_t *bytes;  // NULL: there is no bound
    size_t length;
} text_bound;

/// The values a column may have, both ends included: SQLite asks once more, so that a row too many does
/// no harm.
typedef struct {
    int at;  // the column; -1: any values
    int64_t low_int, high_int;
    double low, high;
    text_bound low_text, high_text;
} value_range;

typedef struct {
    sqlite3_vtab_cursor base;
    int64_t row;
    const row_index *chain;  // NULL in a scan
    value_range range;
    uint32_t *found;  // the rows of a range, ascending; NULL in a scan
    int64_t found_count, found_next;
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

static int is_float(const arena_sql_column *column) {
    return column->kind == arena_sql_float64 || column->kind == arena_sql_float32;
}

static double float_at(const arena_sql_column *column, int64_t row) {
    if (column->kind == arena_sql_float32) return ((const float *)column->values)[row];
    return ((const double *)column->values)[row];
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

// MARK: - Ranges

/// How a plan is written into a number: the column + 1, and what is asked of it.
enum {
    plan_column = (1 << 20) - 1,
    plan_equal = 1 << 20,
    plan_low = 1 << 21,
    plan_high = 1 << 22,
};

/// A table is put in order when a range of it is asked for again and again, as in the loop of a join.
enum { asked_often = 4 };

static int compare_text(const uint8_t *a, size_t n, const uint8_t *b, size_t m) {
    int order = memcmp(a, b, n < m ? n : m);
    return order ? order : (n > m) - (n < m);
}

/// Whether a row's value lies in the range.
static int is_within(const value_range *range, const arena_sql_column *column, int64_t row) {
    if (is_missing(column, row)) return 0;
    if (is_int(column)) {
        int64_t x = int_at(column, row);
        return x >= range->low_int && x <= range->high_int;
    }
    if (is_float(column)) {
        double x = float_at(column, row);
        return x >= range->low && x <= range->high;
    }
    size_t length;
    const uint8_t *text = text_at(column, row, &length);
    const text_bound *low = &range->low_text, *high = &range->high_text;
    return (!low->bytes || compare_text(text, length, low->bytes, low->length) >= 0)
        && (!high->bytes || compare_text(text, length, high->bytes, high->length) <= 0);
}

static void clear_range(frame_cursor *cursor) {
    free(cursor->range.low_text.bytes);
    free(cursor->range.high_text.bytes);
    free(cursor->found);
    cursor->found = NULL;
    cursor->range = (value_range){
        .at = -1, .low_int = INT64_MIN, .high_int = INT64_MAX, .low = -INFINITY, .high = INFINITY};
}

/// Narrows the range by one end. 0 if the value would have to be converted before it is compared.
static int narrow(
    value_range *range, const arena_sql_column *column, sqlite3_value *value, int is_low, int *code) {
    int type = sqlite3_value_type(value);
    if (is_text(column)) {
        if (type != SQLITE_TEXT) return 0;
        const uint8_t *bytes = sqlite3_value_text(value);
        size_t length = (size_t)sqlite3_value_bytes(value);
        text_bound *end = is_low ? &range->low_text : &range->high_text;
        free(end->bytes);
        end->bytes = malloc(length + 1);
        if (!end->bytes || !bytes) {
            *code = SQLITE_NOMEM;
            return 0;
        }
        memcpy(end->bytes, bytes, length);
        end->length = length;
        return 1;
    }
    if (type != SQLITE_INTEGER && type != SQLITE_FLOAT) return 0;
    double x = sqlite3_value_double(value);
    if (is_low) range->low = x;
    else range->high = x;
    if (type == SQLITE_INTEGER) {
        int64_t n = sqlite3_value_int64(value);
        if (is_low) range->low_int = n;
        else range->high_int = n;
        return 1;
    }
    // The whole numbers around a fraction; what no whole number reaches is left to SQLite.
    if (!(fabs(x) < 9e18)) return 1;
    if (is_low) range->low_int = (int64_t)floor(x);
    else range->high_int = (int64_t)ceil(x);
    return 1;
}

static int compare_rows(const void *a, const void *b, void *of) {
    const arena_sql_column *column = of;
    int64_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    int order;
    if (is_int(column)) {
        int64_t u = int_at(column, x), v = int_at(column, y);
        order = (u > v) - (u < v);
    } else if (is_float(column)) {
        double u = float_at(column, x), v = float_at(column, y);
        order = (u > v) - (u < v);
    } else {
        size_t n, m;
        const uint8_t *u = text_at(column, x, &n), *v = text_at(column, y, &m);
        order = compare_text(u, n, v, m);
    }
    return order ? order : (x > y) - (x < y);
}

static int ascending(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static int make_order(frame_table *self, int at) {
    row_order *order = &self->orders[at];
    if (order->rows) return SQLITE_OK;
    const arena_sql_column *column = &self->table->columns[at];
    uint32_t *rows = malloc(((size_t)self->table->rows + 1) * sizeof *rows);
    if (!rows) return SQLITE_NOMEM;
    int64_t count = 0;
    for (int64_t row = 0; row < self->table->rows; row++) {
        if (is_missing(column, row)) continue;
        if (is_float(column) && isnan(float_at(column, row))) continue;
        rows[count++] = (uint32_t)row;
    }
    qsort_r(rows, (size_t)count, sizeof *rows, compare_rows, (void *)column);
    order->rows = rows;
    order->count = count;
    return SQLITE_OK;
}

/// Whether a row's value lies before the range's first value (or not behind its last).
static int precedes(
    const value_range *range, const arena_sql_column *column, int64_t row, int is_low) {
    if (is_int(column)) {
        int64_t x = int_at(column, row);
        return is_low ? x < range->low_int : x <= range->high_int;
    }
    if (is_float(column)) {
        double x = float_at(column, row);
        return is_low ? x < range->low : x <= range->high;
    }
    size_t length;
    const uint8_t *text = text_at(column, row, &length);
    const text_bound *end = is_low ? &range->low_text : &range->high_text;
    if (!end->bytes) return !is_low;
    int order = compare_text(text, length, end->bytes, end->length);
    return is_low ? order < 0 : order <= 0;
}

static int64_t place(
    const value_range *range, const arena_sql_column *column, const row_order *order, int is_low) {
    int64_t from = 0, to = order->count;
    while (from < to) {
        int64_t middle = from + (to - from) / 2;
        if (precedes(range, column, order->rows[middle], is_low)) from = middle + 1;
        else to = middle;
    }
    return from;
}

/// The rows of the range by the column's order, ascending as a scan gives them.
static int find_range(frame_table *self, frame_cursor *cursor) {
    const value_range *range = &cursor->range;
    int code = make_order(self, range->at);
    if (code != SQLITE_OK) return code;
    const arena_sql_column *column = &self->table->columns[range->at];
    const row_order *order = &self->orders[range->at];
    int64_t from = place(range, column, order, 1), to = place(range, column, order, 0);
    cursor->found_count = to > from ? to - from : 0;
    cursor->found_next = 0;
    cursor->found = malloc(((size_t)cursor->found_count + 1) * sizeof *cursor->found);
    if (!cursor->found) return SQLITE_NOMEM;
    memcpy(
        cursor->found, order->rows + from, (size_t)cursor->found_count * sizeof *cursor->found);
    qsort(cursor->found, (size_t)cursor->found_count, sizeof *cursor->found, ascending);
    return SQLITE_OK;
}

/// From the cursor's row on to the first that lies in its range.
static void seek(frame_cursor *cursor) {
    const frame_table *self = (const frame_table *)cursor->base.pVtab;
    if (cursor->found) {
        cursor->row = cursor->found_next < cursor->found_count
            ? (int64_t)cursor->found[cursor->found_next++] : self->table->rows;
        return;
    }
    if (cursor->range.at < 0) return;
    const arena_sql_column *column = &self->table->columns[cursor->range.at];
    while (cursor->row < self->table->rows && !is_within(&cursor->range, column, cursor->row)) {
        cursor->row++;
    }
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
    self->orders = calloc((size_t)table->count + 1, sizeof *self->orders);
    if (!self->indexes || !self->orders) {
        free(self->indexes);
        free(self->orders);
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
        free(self->orders[at].rows);
    }
    free(self->indexes);
    free(self->orders);
    free(self);
    return SQLITE_OK;
}

static int best_index(sqlite3_vtab *base, sqlite3_index_info *info) {
    const frame_table *self = (frame_table *)base;
    double rows = (double)self->table->rows;
    info->estimatedCost = rows + 1;
    info->estimatedRows = self->table->rows;
    if (self->table->rows >= UINT32_MAX) return SQLITE_OK;
    int low = -1, high = -1, ranged = -1;
    for (int i = 0; i < info->nConstraint; i++) {
        int at = info->aConstraint[i].iColumn, op = info->aConstraint[i].op;
        if (!info->aConstraint[i].usable || at < 0 || at >= plan_column) continue;
        const arena_sql_column *column = &self->table->columns[at];
        if (!is_int(column) && !is_text(column) && !is_float(column)) continue;
        if (is_text(column) && strcmp(sqlite3_vtab_collation(info, i), "BINARY") != 0) continue;
        if (op == SQLITE_INDEX_CONSTRAINT_EQ && !is_float(column)) {
            // SQLite checks the equality once more itself: a value of another type may be converted.
            info->aConstraintUsage[i].argvIndex = 1;
            info->idxNum = (at + 1) | plan_equal;
            info->estimatedCost = 12;
            info->estimatedRows = 2;
            return SQLITE_OK;
        }
        if (ranged >= 0 && at != ranged) continue;
        int is_low = op == SQLITE_INDEX_CONSTRAINT_GT || op == SQLITE_INDEX_CONSTRAINT_GE;
        int is_high = op == SQLITE_INDEX_CONSTRAINT_LT || op == SQLITE_INDEX_CONSTRAINT_LE;
        if (is_low && low < 0) low = i;
        else if (is_high && high < 0) high = i;
        else continue;
        ranged = at;
    }
    if (ranged < 0) return SQLITE_OK;
    int given = 0;
    info->idxNum = ranged + 1;
    if (low >= 0) {
        info->aConstraintUsage[low].argvIndex = ++given;
        info->idxNum |= plan_low;
    }
    if (high >= 0) {
        info->aConstraintUsage[high].argvIndex = ++given;
        info->idxNum |= plan_high;
    }
    info->estimatedCost = rows / (given == 2 ? 16 : 4) + 1;
    info->estimatedRows = self->table->rows / (given == 2 ? 16 : 4) + 1;
    return SQLITE_OK;
}

static int open_cursor(sqlite3_vtab *base, sqlite3_vtab_cursor **out) {
    (void)base;
    frame_cursor *cursor = calloc(1, sizeof *cursor);
    if (!cursor) return SQLITE_NOMEM;
    cursor->range.at = -1;
    *out = &cursor->base;
    return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *base) {
    clear_range((frame_cursor *)base);
    free(base);
    return SQLITE_OK;
}

static int begin_range(
    frame_table *self, frame_cursor *cursor, int at, int plan, int argc, sqlite3_value **argv) {
    const arena_sql_column *column = &self->table->columns[at];
    int next = 0, code = SQLITE_OK, narrowed = 0;
    if (plan & plan_low) narrowed += narrow(&cursor->range, column, argv[next++], 1, &code);
    if (plan & plan_high && next < argc)
        narrowed += narrow(&cursor->range, column, argv[next], 0, &code);
    if (code != SQLITE_OK || !narrowed) return code;
    cursor->range.at = at;
    if (++self->orders[at].asked > asked_often) {
        self->orders[at].asked = asked_often;
        code = find_range(self, cursor);
    }
    seek(cursor);
    return code;
}

static int filter(
    sqlite3_vtab_cursor *base, int number, const char *text, int argc, sqlite3_value **argv) {
    (void)text;
    frame_cursor *cursor = (frame_cursor *)base;
    frame_table *self = (frame_table *)base->pVtab;
    cursor->row = 0;
    cursor->chain = NULL;
    clear_range(cursor);
    if (number == 0 || argc < 1) return SQLITE_OK;
    int at = (number & plan_column) - 1, type = sqlite3_value_type(argv[0]);
    const arena_sql_column *column = &self->table->columns[at];
    for (int i = 0; i < argc; i++) {
        if (sqlite3_value_type(argv[i]) != SQLITE_NULL) continue;
        cursor->row = self->table->rows;
        return SQLITE_OK;
    }
    if (!(number & plan_equal)) return begin_range(self, cursor, at, number, argc, argv);
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
        seek(cursor);
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
