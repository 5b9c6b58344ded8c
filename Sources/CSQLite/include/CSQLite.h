// SQLite, for Swift: its C API, inline functions for what is variadic or a macro there, and tables whose
// rows are the columns of a frame where they lie.

#ifndef CSQLITE_H
#define CSQLITE_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

/// Hardens a connection: a file's schema may not call functions with side effects, nor be rewritten.
void arena_sqlite_harden(sqlite3 *db);

/// Lets a statement read and nothing else: no other files, no settings. 0 if the rule is in force.
int arena_sqlite_only_read(sqlite3 *db);

/// Text that stays where it is until the statement is done.
static inline int arena_sqlite_bind_text(
    sqlite3_stmt *statement, int at, const char *text, size_t length) {
    return sqlite3_bind_text64(
        statement, at, text ? text : "", length, SQLITE_STATIC, SQLITE_UTF8);
}

/// Text that is copied.
static inline int arena_sqlite_copy_text(
    sqlite3_stmt *statement, int at, const char *text, size_t length) {
    return sqlite3_bind_text64(
        statement, at, text ? text : "", length, SQLITE_TRANSIENT, SQLITE_UTF8);
}

/// Bytes that are copied; of length 0 they are an empty blob, not NULL.
static inline int arena_sqlite_copy_blob(
    sqlite3_stmt *statement, int at, const void *bytes, size_t length) {
    return sqlite3_bind_blob64(statement, at, length ? bytes : "", length, SQLITE_TRANSIENT);
}

static inline void arena_sqlite_result_text(
    sqlite3_context *context, const char *text, size_t length) {
    sqlite3_result_text64(context, text ? text : "", length, SQLITE_TRANSIENT, SQLITE_UTF8);
}

// MARK: - Frames as tables

enum {
    arena_sql_bool,
    arena_sql_int64,
    arena_sql_float64,
    arena_sql_float32,
    arena_sql_text,
    arena_sql_categorical,  // values are the categories, codes the rows
    arena_sql_other,        // cells are asked for one by one
};

/// Where a text lies: chunk, length and offset.
typedef struct {
    uint32_t chunk;
    uint32_t length;
    int64_t offset;
} arena_sql_view;

typedef struct {
    int kind;
    const void *values;
    const uint64_t *validity;      // one bit a row; NULL if no row is missing
    const uint8_t *const *chunks;  // of text
    const int32_t *codes;
} arena_sql_column;

/// A table and what it needs while the connection is open; nothing in it may change or move.
typedef struct {
    const char *declaration;  // CREATE TABLE x(...)
    const arena_sql_column *columns;
    int count;
    int64_t rows;
    void *owner;
    /// Gives a cell that is there of a column of `arena_sql_other`.
    void (*cell)(void *owner, int column, int64_t row, sqlite3_context *context);
} arena_sql_table;

/// Makes the table known under a name: the result code of SQLite. Look-ups by equality go through hash
/// indexes that are made when they are first asked for.
int arena_sql_add(sqlite3 *db, const char *name, const arena_sql_table *table);

#endif
