// PCRE2 over UTF-8, for Swift: its functions are macros over the width of a code unit, which Swift
// does not see, so each one that is used has an inline function here.

#ifndef CPCRE2_H
#define CPCRE2_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdint.h>

typedef pcre2_code_8 arena_regex_code;
typedef pcre2_match_data_8 arena_regex_data;
typedef pcre2_match_context_8 arena_regex_context;
typedef pcre2_jit_stack_8 arena_regex_stack;

/// Options by the names that Swift can read.
enum {
    arena_regex_utf = PCRE2_UTF | PCRE2_NO_UTF_CHECK,
    arena_regex_ucp = PCRE2_UCP,
    arena_regex_caseless = PCRE2_CASELESS,
    arena_regex_multiline = PCRE2_MULTILINE,
    arena_regex_dotall = PCRE2_DOTALL,
    arena_regex_anchored = PCRE2_ANCHORED,
    arena_regex_not_empty_at_start = PCRE2_NOTEMPTY_ATSTART,
};
enum {
    arena_regex_no_match = PCRE2_ERROR_NOMATCH,
    arena_regex_match_limit = PCRE2_ERROR_MATCHLIMIT,
    arena_regex_depth_limit = PCRE2_ERROR_DEPTHLIMIT,
    arena_regex_heap_limit = PCRE2_ERROR_HEAPLIMIT,
    arena_regex_stack_limit = PCRE2_ERROR_JIT_STACKLIMIT,
};

/// A compiled pattern, or null with an error number and its place in the pattern.
arena_regex_code *arena_regex_compile(
    const uint8_t *pattern, size_t length, uint32_t options, int *error, size_t *place);
void arena_regex_free(arena_regex_code *code);
/// The library's words for an error number; the buffer is always terminated.
void arena_regex_message(int error, char *buffer, size_t size);

/// What one operation needs to match: the places of the groups, limits, a stack that grows.
typedef struct {
    arena_regex_data *data;
    arena_regex_context *context;
    arena_regex_stack *stack;
    /// Whether the pattern is machine code.
    int compiled;
} arena_regex_matcher;

arena_regex_matcher arena_regex_matcher_make(
    const arena_regex_code *code, uint32_t match_limit, uint32_t heap_limit_kib);
void arena_regex_matcher_free(arena_regex_matcher matcher);

/// Looks for a match that begins at `from` or after it, but not after `last`; the number of groups
/// that are set, or an error number. The places of the groups are in `arena_regex_places`.
int arena_regex_find(
    const arena_regex_code *code, arena_regex_matcher *matcher, const uint8_t *text, size_t length,
    size_t from, size_t last, uint32_t options);

static inline const size_t *arena_regex_places(const arena_regex_matcher *matcher) {
    return pcre2_get_ovector_pointer_8(matcher->data);
}

#endif
