// JSON (RFC 8259) found and checked without being built: where each value lies and of what kind it is.
// Nesting costs a bit a level, never a call.

#include "CArenaFrame.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { depth_limit = 512 };

static inline size_t skip_space(const uint8_t *bytes, size_t count, size_t at) {
    while (at < count) {
        uint8_t c = bytes[at];
        if (c != ' ' && c != '\n' && c != '\r' && c != '\t') break;
        at++;
    }
    return at;
}

/// The next byte from `at` on that ends the plain part of a string: a quote, a backslash, a control.
static inline size_t plain_end(const uint8_t *bytes, size_t count, size_t at) {
#ifdef __SSE2__
    const __m128i quotes = _mm_set1_epi8('"'), slashes = _mm_set1_epi8('\\');
    const __m128i controls = _mm_set1_epi8(0x1F);
    while (at + 16 <= count) {
        __m128i x = _mm_loadu_si128((const __m128i *)(bytes + at));
        __m128i hit = _mm_or_si128(
            _mm_or_si128(_mm_cmpeq_epi8(x, quotes), _mm_cmpeq_epi8(x, slashes)),
            _mm_cmpeq_epi8(_mm_min_epu8(x, controls), x));
        int mask = _mm_movemask_epi8(hit);
        if (mask) return at + (size_t)__builtin_ctz((unsigned)mask);
        at += 16;
    }
#endif
    while (at < count && bytes[at] != '"' && bytes[at] != '\\' && bytes[at] >= 0x20) at++;
    return at;
}

static inline int is_digit(uint8_t c) { return (uint8_t)(c - '0') < 10; }

static inline int is_hex(uint8_t c) { return is_digit(c) || (uint8_t)((c | 0x20) - 'a') < 6; }

/// Behind the string that opens at `*at`.
static int read_string(const uint8_t *bytes, size_t count, size_t *at, uint32_t *escaped) {
    size_t i = *at + 1;
    *escaped = 0;
    for (;;) {
        i = plain_end(bytes, count, i);
        *at = i;
        if (i >= count) return arena_json_no_quote;
        if (bytes[i] == '"') {
            *at = i + 1;
            return 0;
        }
        if (bytes[i] != '\\') return arena_json_control;
        *escaped = 1;
        if (i + 1 >= count) return arena_json_no_quote;
        switch (bytes[i + 1]) {
        case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't':
            i += 2;
            break;
        case 'u':
            for (size_t k = 2; k < 6; k++) {
                if (i + k >= count || !is_hex(bytes[i + k])) return arena_json_hex;
            }
            i += 6;
            break;
        default: return arena_json_escape;
        }
    }
}

/// Behind the number that begins at `*at`.
static int read_number(const uint8_t *bytes, size_t count, size_t *at, uint32_t *kind) {
    size_t i = *at;
    int negative = bytes[i] == '-';
    i += (size_t)negative;
    if (i >= count || !is_digit(bytes[i])) return arena_json_no_value;
    size_t first = i;
    uint64_t value = 0;
    if (bytes[i] == '0') {
        i++;
    } else {
        while (i < count && is_digit(bytes[i])) value = value * 10 + (bytes[i++] - '0');
    }
    size_t digits = i - first;
    *kind = arena_json_big;
    // Nineteen digits cannot overflow 64 bits without a sign.
    if (digits <= 19 && value <= (uint64_t)INT64_MAX + (uint64_t)negative) {
        int small = value <= (uint64_t)INT32_MAX + (uint64_t)negative;
        *kind = small ? arena_json_int : arena_json_long;
    }
    if (i < count && bytes[i] == '.') {
        *kind = arena_json_float;
        i++;
        if (i >= count || !is_digit(bytes[i])) {
            *at = i;
            return arena_json_no_fraction;
        }
        while (i < count && is_digit(bytes[i])) i++;
    }
    if (i < count && (bytes[i] | 0x20) == 'e') {
        *kind = arena_json_float;
        i++;
        if (i < count && (bytes[i] == '+' || bytes[i] == '-')) i++;
        if (i >= count || !is_digit(bytes[i])) {
            *at = i;
            return arena_json_no_exponent;
        }
        while (i < count && is_digit(bytes[i])) i++;
    }
    *at = i;
    return 0;
}

static int read_word(
    const uint8_t *bytes, size_t count, size_t *at, const char *word, size_t length) {
    if (count - *at < length || memcmp(bytes + *at, word, length) != 0) return arena_json_no_value;
    *at += length;
    return 0;
}

/// Behind the key that is to come and its colon.
static int read_key(const uint8_t *bytes, size_t count, size_t *at) {
    uint32_t escaped;
    if (*at >= count || bytes[*at] != '"') return arena_json_no_key;
    int problem = read_string(bytes, count, at, &escaped);
    if (problem) return problem;
    *at = skip_space(bytes, count, *at);
    if (*at >= count || bytes[*at] != ':') return arena_json_no_colon;
    *at = skip_space(bytes, count, *at + 1);
    return 0;
}

/// Behind a value that is no container.
static inline int read_single(
    const uint8_t *bytes, size_t count, size_t *at, uint32_t *kind, uint32_t *escaped) {
    *escaped = 0;
    switch (bytes[*at]) {
    case '"': *kind = arena_json_string; return read_string(bytes, count, at, escaped);
    case 't': *kind = arena_json_bool; return read_word(bytes, count, at, "true", 4);
    case 'f': *kind = arena_json_bool; return read_word(bytes, count, at, "false", 5);
    case 'n': *kind = arena_json_null; return read_word(bytes, count, at, "null", 4);
    default: return read_number(bytes, count, at, kind);
    }
}

int arena_json_read(const uint8_t *bytes, size_t count, size_t *at, arena_json_value *out) {
    size_t i = *at;
    out->start = i;
    out->elements = 0;
    out->escaped = 0;
    if (i >= count) return arena_json_end;
    if (bytes[i] != '[' && bytes[i] != '{') {
        int problem = read_single(bytes, count, at, &out->kind, &out->escaped);
        out->end = *at;
        return problem;
    }
    out->kind = bytes[i] == '[' ? arena_json_array : arena_json_object;
    uint8_t closers[depth_limit];
    size_t depth = 0;
    int problem = 0;
    for (;;) {
        // A value begins at `i`.
        if (i >= count) { problem = arena_json_end; break; }
        uint8_t c = bytes[i];
        uint32_t kind, escaped;
        if (c == '[' || c == '{') {
            if (depth == 1) out->elements |= c == '[' ? arena_json_array : arena_json_object;
            if (depth == depth_limit) { problem = arena_json_deep; break; }
            closers[depth++] = c == '[' ? ']' : '}';
            i = skip_space(bytes, count, i + 1);
            if (i < count && bytes[i] == closers[depth - 1]) {
                i++;
                depth--;
            } else {
                if (c == '{' && (problem = read_key(bytes, count, &i))) break;
                continue;
            }
        } else {
            if ((problem = read_single(bytes, count, &i, &kind, &escaped))) break;
            if (depth == 1) out->elements |= kind;
        }
        // A value has ended.
        for (;;) {
            if (depth == 0) {
                *at = i;
                out->end = i;
                return 0;
            }
            i = skip_space(bytes, count, i);
            uint8_t close = closers[depth - 1];
            if (i < count && bytes[i] == close) {
                i++;
                depth--;
                continue;
            }
            if (i >= count || bytes[i] != ',') {
                problem = close == '}' ? arena_json_no_comma_brace : arena_json_no_comma_bracket;
                break;
            }
            i = skip_space(bytes, count, i + 1);
            if (close == '}') problem = read_key(bytes, count, &i);
            break;
        }
        if (problem) break;
    }
    *at = i;
    return problem;
}

long arena_json_list(
    const uint8_t *bytes, size_t count, size_t *at, arena_json_value *out, size_t room) {
    size_t i = *at;
    int object = bytes[i] == '{';
    uint8_t close = object ? '}' : ']';
    size_t made = 0;
    i = skip_space(bytes, count, i + 1);
    if (i < count && bytes[i] == close) {
        *at = i + 1;
        return 0;
    }
    int problem;
    for (;;) {
        if (room - made < 2) return arena_json_room;
        if (object) {
            out[made].start = i;
            out[made].kind = arena_json_string;
            out[made].elements = 0;
            *at = i;
            if (i >= count || bytes[i] != '"') return -arena_json_no_key;
            if ((problem = read_string(bytes, count, at, &out[made].escaped))) return -problem;
            out[made++].end = *at;
            *at = skip_space(bytes, count, *at);
            if (*at >= count || bytes[*at] != ':') return -arena_json_no_colon;
            i = skip_space(bytes, count, *at + 1);
        }
        *at = i;
        if ((problem = arena_json_read(bytes, count, at, &out[made++]))) return -problem;
        i = skip_space(bytes, count, *at);
        *at = i;
        if (i < count && bytes[i] == close) {
            *at = i + 1;
            return (long)made;
        }
        if (i >= count || bytes[i] != ',')
            return object ? -arena_json_no_comma_brace : -arena_json_no_comma_bracket;
        i = skip_space(bytes, count, i + 1);
    }
}

size_t arena_json_cut(
    const uint8_t *bytes, size_t count, size_t at, size_t step, size_t *cuts, size_t room) {
    size_t made = 0, depth = 0, wanted = at + step;
    for (size_t i = at; i < count && made < room; i++) {
        switch (bytes[i]) {
        case '"':
            i++;
            while ((i = plain_end(bytes, count, i)) < count && bytes[i] != '"')
                i += bytes[i] == '\\' ? 2 : 1;
            break;
        case '[': case '{': depth++; break;
        case ']': case '}':
            if (depth == 0) return made;
            depth--;
            break;
        case ',':
            if (depth == 0 && i >= wanted) {
                cuts[made++] = i;
                wanted = i + step;
            }
            break;
        }
    }
    return made;
}
