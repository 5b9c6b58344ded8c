// The C part of the frames: the inner loops over bytes, compiled for several instruction sets.
// Everything here is called from ArenaFrame alone.

#ifndef CARENAFRAME_H
#define CARENAFRAME_H

#include <stddef.h>
#include <stdint.h>

// MARK: - CSV

enum {
    /// Bytes that must be readable behind the input and writable behind the output.
    arena_csv_slack = 128,
    /// In an end: the cell was in quotes; the cell is the last of its row. Below: the offset.
    arena_csv_quoted = 1u << 31,
    arena_csv_last = 1u << 30,
    arena_csv_offset = (1u << 30) - 1,
};

/// Where a scan of a stretch of rows stands between two pieces of input. Zero at a row's start, but
/// for the buffers.
typedef struct {
    uint8_t *heap;          // contents of the cells back to back, quotes and delimiters dropped
    size_t used;
    uint32_t *ends;         // where each cell ends in the heap, with the two flags above
    size_t count;
    uint64_t inside;        // all ones inside quotes
    uint64_t separated;     // the last byte ended a cell, or there was none
    uint64_t closed;        // the last byte closed a quoted cell, or half a doubled quote
    uint64_t returned;      // the last byte was a carriage return outside quotes
    uint64_t closed_before; // that carriage return stood behind a closing quote
    uint8_t character[32];  // the last bytes, for characters that go on in the next block
    uint8_t incomplete[32];
    uint32_t left, low, high; // the same, byte by byte
} arena_csv_state;

void arena_csv_begin(arena_csv_state *state);

/// Scans `count` bytes, a multiple of 64 except at the end: finds the cells, drops the quotes around
/// them, makes two quotes inside one, checks that the text is UTF-8 without NUL.
/// - Returns: 0, or 1 where the text is not what this scan takes (quotes inside plain cells, lone
///   carriage returns, text that is none): a more careful reader has to look at it.
int arena_csv_scan(
    arena_csv_state *state, const uint8_t *bytes, size_t count, uint8_t delimiter, uint8_t quote);

/// Ends the last row if the text does so without a line end; 1 where it ends inside a cell.
int arena_csv_finish(arena_csv_state *state);

/// Goes through the ends of whole rows and drops blank lines.
/// - Parameter first: Where the first cell starts in the heap.
/// - Returns: The number of rows, -1 where a row has another number of cells. `*taken` ends have been
///   looked at; those of the rows come first.
long arena_csv_rows(
    uint32_t *ends, size_t count, size_t columns, size_t first, size_t *taken);

// MARK: - Cells of turns

/// A turn's place in the output; a null turn has the length UINT32_MAX.
typedef struct {
    uint32_t start;
    uint32_t length;
} arena_turn;

enum {
    /// Bytes that must be writable behind as many as the cell has.
    arena_turns_slack = 32,
};

/// Reads a cell that is an array of strings in double quotes and nulls. A space is left between turns,
/// so that joining them by one takes no copy.
/// - Parameter python: Escapes are read as in Python: `\/` stays as it is.
/// - Returns: The number of turns, -1 where the cell is not as plain as that, -2 where there are more
///   turns than room for them. `*lone` counts halves of surrogate pairs that stood alone.
long arena_turns_read(
    const uint8_t *cell, size_t count, uint8_t *out, arena_turn *turns, size_t room, int python,
    size_t *lone);

// MARK: - JSON

enum {
    // What a value is; of the elements of an array, all of them together.
    arena_json_null = 1,
    arena_json_bool = 2,
    arena_json_int = 4,    // fits 32 bits
    arena_json_long = 8,   // fits 64 bits
    arena_json_big = 16,   // a whole number that does not
    arena_json_float = 32,
    arena_json_string = 64,
    arena_json_array = 128,
    arena_json_object = 256,
};

enum {
    // What was expected and not found.
    arena_json_no_value = 1,
    arena_json_end,
    arena_json_no_key,
    arena_json_no_colon,
    arena_json_no_comma_brace,
    arena_json_no_comma_bracket,
    arena_json_no_quote,
    arena_json_control,
    arena_json_escape,
    arena_json_hex,
    arena_json_no_fraction,
    arena_json_no_exponent,
    arena_json_deep,
    arena_json_room = -100,  // not of the text: there was no room for all of it
};

/// A value in the text, a string with its quotes.
typedef struct {
    size_t start, end;
    uint32_t kind;
    uint32_t elements;  // the kinds that occur directly in an array
    uint32_t escaped;   // a string with escapes in it
} arena_json_value;

/// Reads the value that begins at `*at` and moves there behind it.
/// - Returns: 0, or what is wrong at `*at`.
int arena_json_read(const uint8_t *bytes, size_t count, size_t *at, arena_json_value *out);

/// Reads the elements of the array, or the keys and values of the object, that begins at `*at`.
/// - Returns: How many values (keys count), or minus what is wrong at `*at`.
long arena_json_list(
    const uint8_t *bytes, size_t count, size_t *at, arena_json_value *out, size_t room);

/// Finds commas between the elements of an array whose content begins at `at`, about `step` bytes apart.
/// In text that is not JSON they may lie anywhere.
/// - Returns: How many.
size_t arena_json_cut(
    const uint8_t *bytes, size_t count, size_t at, size_t step, size_t *cuts, size_t room);

// MARK: - Numbers into bytes

enum {
    /// Bytes that any number below takes at most.
    arena_number_room = 48,
};

size_t arena_put_int64(int64_t value, uint8_t *out);
/// The shortest decimal that reads back the same, as Python's repr: bit for bit.
size_t arena_put_double(double value, uint8_t *out);

enum {
    /// Numbers that are written at a time.
    arena_staged_rows = 128,
};

/// A number written, with room behind it.
typedef struct {
    uint8_t length;
    uint8_t text[47];
} arena_staged;

/// Writes at most `arena_staged_rows` numbers as `arena_put_double` does.
void arena_stage_doubles(const double *values, size_t count, arena_staged *out);
/// The shortest decimal that reads back the same 32 bits.
size_t arena_put_float(float value, uint8_t *out);
/// So many digits behind the point, at most 20; from 1e15 on the shortest decimal.
size_t arena_put_fixed(double value, int digits, uint8_t *out);

// MARK: - Rows into CSV

enum {
    arena_csv_bool,
    arena_csv_int64,
    arena_csv_float64,
    arena_csv_float32,
    arena_csv_text,
};

/// Where a text lies: laid out as TextView.
typedef struct {
    uint32_t chunk;
    uint32_t length;
    int64_t offset;
} arena_csv_view;

typedef struct {
    int kind;
    const void *values;
    const uint64_t *validity;       // one bit a row; NULL if no row is missing
    const uint8_t *const *chunks;   // of text
} arena_csv_column;

typedef struct {
    uint8_t delimiter;
    int digits;  // behind the point; -1 for the shortest decimal
    int guard;   // cells that a spreadsheet would take for a formula get an apostrophe
} arena_csv_style;

/// The bytes that rows take at most.
size_t arena_csv_room(const arena_csv_column *columns, size_t count, size_t first, size_t last);

/// Writes rows and returns their length.
size_t arena_csv_write(
    const arena_csv_column *columns, size_t count, size_t first, size_t last,
    const arena_csv_style *style, uint8_t *out);

/// Tells the system to begin writing a part of a file to its disk.
void arena_start_writing(int descriptor, int64_t offset, int64_t count);

// MARK: - Text

/// Where a piece of text first is at or behind `from`; -1 if nowhere.
long arena_find(
    const uint8_t *text, size_t count, size_t from, const uint8_t *piece, size_t length);

/// Forces a kernel by name ("plain", "avx2"), or "auto"; 0 if it is there. For tests.
int arena_frame_force(const char *name);

#endif
