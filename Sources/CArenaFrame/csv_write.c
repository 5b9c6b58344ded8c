// Rows of columns as CSV: RFC 4180 with LF, quotes only where a cell needs them.

#define _GNU_SOURCE
#include "CArenaFrame.h"

#include <fcntl.h>
#include <string.h>

void arena_start_writing(int descriptor, int64_t offset, int64_t count) {
#if defined(__linux__)
    (void)sync_file_range(descriptor, offset, count, SYNC_FILE_RANGE_WRITE);
#endif
}

static int needs_quotes(const uint8_t *p, size_t n, uint8_t delimiter) {
    uint8_t marks = 0, solid = 0;
    for (size_t i = 0; i < n; i++) {
        uint8_t c = p[i];
        marks |= (uint8_t)((c == delimiter) | (c == '"') | (c == '\n') | (c == '\r'));
        solid |= (uint8_t)((c != ' ') & (c != '\t'));
    }
    // Nothing and blanks would be a missing cell, or a blank line.
    return marks || !solid;
}

static uint8_t *put_text(
    uint8_t *out, const uint8_t *p, size_t n, const arena_csv_style *style) {
    int formula = style->guard && n
        && (*p == '=' || *p == '+' || *p == '-' || *p == '@' || *p == '\t' || *p == '\r');
    if (!formula && !needs_quotes(p, n, style->delimiter)) {
        memcpy(out, p, n);
        return out + n;
    }
    *out++ = '"';
    if (formula) *out++ = '\'';
    const uint8_t *end = p + n;
    while (p < end) {
        const uint8_t *quote = memchr(p, '"', (size_t)(end - p));
        size_t run = (size_t)((quote ? quote + 1 : end) - p);
        memcpy(out, p, run);
        out += run;
        p += run;
        if (quote) *out++ = '"';
    }
    *out++ = '"';
    return out;
}

static inline int is_missing(const arena_csv_column *column, size_t row) {
    return column->validity && !(column->validity[row >> 6] >> (row & 63) & 1);
}

size_t arena_csv_room(
    const arena_csv_column *columns, size_t count, size_t first, size_t last) {
    size_t room = 0;
    for (size_t c = 0; c < count; c++) {
        room += (last - first) * (arena_number_room + 1);
        if (columns[c].kind != arena_csv_text) continue;
        const arena_csv_view *views = columns[c].values;
        for (size_t row = first; row < last; row++) room += 2 * (size_t)views[row].length;
    }
    return room;
}

enum { staged_columns = 8 };

/// Writes rows; `staged` leads from the columns to their numbers, NULL where these are not written yet.
static uint8_t *write_rows(
    const arena_csv_column *columns, size_t count, size_t first, size_t last,
    const arena_csv_style *style, const arena_staged *staged, const uint8_t *places, uint8_t *to) {
    for (size_t row = first; row < last; row++) {
        for (size_t c = 0; c < count; c++) {
            const arena_csv_column *column = columns + c;
            if (c) *to++ = style->delimiter;
            if (is_missing(column, row)) {
                // The only cell of a row must not leave a blank line, which is no row.
                if (count == 1) {
                    memcpy(to, "\"\"", 2);
                    to += 2;
                }
                continue;
            }
            switch (column->kind) {
            case arena_csv_bool:
                memcpy(to, ((const uint8_t *)column->values)[row] ? "True" : "False", 5);
                to += ((const uint8_t *)column->values)[row] ? 4 : 5;
                break;
            case arena_csv_int64:
                to += arena_put_int64(((const int64_t *)column->values)[row], to);
                break;
            case arena_csv_float64: {
                if (c < 256 && places[c]) {
                    const arena_staged *number =
                        staged + (size_t)(places[c] - 1) * arena_staged_rows + (row - first);
                    memcpy(to, number->text, 32);
                    to += number->length;
                    break;
                }
                double x = ((const double *)column->values)[row];
                to += style->digits >= 0 ? arena_put_fixed(x, style->digits, to)
                                         : arena_put_double(x, to);
                break;
            }
            case arena_csv_float32: {
                float x = ((const float *)column->values)[row];
                to += style->digits >= 0 ? arena_put_fixed(x, style->digits, to)
                                         : arena_put_float(x, to);
                break;
            }
            case arena_csv_text: {
                arena_csv_view view = ((const arena_csv_view *)column->values)[row];
                const uint8_t *p = view.length ? column->chunks[view.chunk] + view.offset : to;
                to = put_text(to, p, view.length, style);
                break;
            }
            }
        }
        *to++ = '\n';
    }
    return to;
}

size_t arena_csv_write(
    const arena_csv_column *columns, size_t count, size_t first, size_t last,
    const arena_csv_style *style, uint8_t *out) {
    // The first few columns of fractions are written in advance, some rows at a time.
    arena_staged staged[staged_columns * arena_staged_rows];
    uint8_t places[256] = {0};
    uint8_t found = 0;
    for (size_t c = 0; c < count && c < 256 && found < staged_columns && style->digits < 0; c++)
        if (columns[c].kind == arena_csv_float64) places[c] = ++found;
    uint8_t *to = out;
    while (first < last) {
        size_t end = last - first < arena_staged_rows ? last : first + arena_staged_rows;
        for (size_t c = 0; c < count && c < 256; c++)
            if (places[c])
                arena_stage_doubles(
                    (const double *)columns[c].values + first, end - first,
                    staged + (size_t)(places[c] - 1) * arena_staged_rows);
        to = write_rows(columns, count, first, end, style, staged, places, to);
        first = end;
    }
    return (size_t)(to - out);
}
