// Compiling and matching with PCRE2: compiled to machine code where the system lets it, interpreted
// where not; bounded either way.

#include "CPCRE2.h"

arena_regex_code *arena_regex_compile(
    const uint8_t *pattern, size_t length, uint32_t options, int *error, size_t *place) {
    pcre2_compile_context_8 *context = pcre2_compile_context_create_8(NULL);
    if (!context) return NULL;
    pcre2_set_newline_8(context, PCRE2_NEWLINE_LF);
    pcre2_set_parens_nest_limit_8(context, 1000);
    arena_regex_code *code = pcre2_compile_8(
        pattern, length,
        options | PCRE2_ALT_CIRCUMFLEX | PCRE2_USE_OFFSET_LIMIT | PCRE2_NEVER_BACKSLASH_C, error,
        place, context);
    pcre2_compile_context_free_8(context);
    // Without permission to make executable memory this fails, and the interpreter matches.
    if (code) pcre2_jit_compile_8(code, PCRE2_JIT_COMPLETE);
    return code;
}

void arena_regex_free(arena_regex_code *code) { pcre2_code_free_8(code); }

void arena_regex_message(int error, char *buffer, size_t size) {
    if (size) buffer[0] = 0;
    pcre2_get_error_message_8(error, (PCRE2_UCHAR8 *)buffer, size);
}

arena_regex_matcher arena_regex_matcher_make(
    const arena_regex_code *code, uint32_t match_limit, uint32_t heap_limit_kib) {
    arena_regex_matcher matcher = {
        pcre2_match_data_create_from_pattern_8(code, NULL), pcre2_match_context_create_8(NULL),
        NULL, 0};
    size_t size = 0;
    matcher.compiled = pcre2_pattern_info_8(code, PCRE2_INFO_JITSIZE, &size) == 0 && size > 0;
    if (matcher.context) {
        pcre2_set_match_limit_8(matcher.context, match_limit);
        pcre2_set_heap_limit_8(matcher.context, heap_limit_kib);
    }
    return matcher;
}

void arena_regex_matcher_free(arena_regex_matcher matcher) {
    pcre2_match_data_free_8(matcher.data);
    pcre2_match_context_free_8(matcher.context);
    pcre2_jit_stack_free_8(matcher.stack);
}

int arena_regex_find(
    const arena_regex_code *code, arena_regex_matcher *matcher, const uint8_t *text, size_t length,
    size_t from, size_t last, uint32_t options) {
    static const uint8_t nothing = 0;
    if (!matcher->data || !matcher->context) return PCRE2_ERROR_NOMEMORY;
    if (!text) text = &nothing;
    pcre2_set_offset_limit_8(matcher->context, last);
    int found = matcher->compiled
        ? pcre2_jit_match_8(
              code, text, length, from, options, matcher->data, matcher->context)
        : pcre2_match_8(
              code, text, length, from, options | PCRE2_NO_UTF_CHECK, matcher->data,
              matcher->context);
    if (found != PCRE2_ERROR_JIT_STACKLIMIT || matcher->stack) return found;
    // The usual 32 KiB were not enough: once more with a stack that may grow.
    matcher->stack = pcre2_jit_stack_create_8(1 << 18, 1 << 29, NULL);
    if (!matcher->stack) return found;
    pcre2_jit_stack_assign_8(matcher->context, NULL, matcher->stack);
    return pcre2_match_8(
        code, text, length, from, options | PCRE2_NO_UTF_CHECK, matcher->data, matcher->context);
}
