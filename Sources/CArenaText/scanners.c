// The pre-tokenizers' regular expressions that tokenizer files cut with, written by hand. Each position
// takes one of the pattern's alternatives by the kind of the first scalar and of the second; a match
// never looks further back than its start, nor further ahead than the run that it is in.

#include "CArenaText.h"

#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { LETTER = arena_text_letter, NUMBER = arena_text_number, OTHER = arena_text_other,
       SPACE = arena_text_space, NEWLINE = arena_text_newline };

ARENA_INLINE uint32_t kind_at(const uint8_t *p, uint64_t *length) {
    return arena_text_class(arena_scalar_at(p, length)) & arena_text_kind_mask;
}

// Runs

/// The end of a run of ASCII letters; behind `end` if the run goes on there.
ARENA_INLINE uint64_t end_of_ascii_letters(const uint8_t *p, uint64_t i, uint64_t end) {
#if defined(__SSE2__)
    const __m128i fold = _mm_set1_epi8(0x20), shift = _mm_set1_epi8((char)('a' + 128));
    const __m128i limit = _mm_set1_epi8(-128 + 26);
    while (i < end) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(p + i));
        __m128i lower = _mm_sub_epi8(_mm_or_si128(bytes, fold), shift);
        uint32_t letters = (uint32_t)_mm_movemask_epi8(_mm_cmplt_epi8(lower, limit));
        if (letters != 0xFFFF) return i + (uint32_t)__builtin_ctz(~letters);
        i += 16;
    }
#else
    while (i < end && (uint8_t)((p[i] | 0x20) - 'a') < 26) i++;
#endif
    return i;
}

/// `\p{L}*`
ARENA_INLINE uint64_t end_of_letters(const uint8_t *p, uint64_t i, uint64_t end) {
    uint64_t length;
    for (;;) {
        i = end_of_ascii_letters(p, i, end);
        if (i >= end) return end;
        if (p[i] < 0x80) return i;
        while (i < end && p[i] >= 0x80) {
            if (kind_at(p + i, &length) != LETTER) return i;
            i += length;
        }
    }
}

ARENA_INLINE uint64_t end_of_run(const uint8_t *p, uint64_t i, uint64_t end, uint32_t kind) {
    uint64_t length;
    while (i < end && kind_at(p + i, &length) == kind) i += length;
    return i;
}

/// `[\r\n]*`, or `[\r\n/]*`
ARENA_INLINE uint64_t end_of_breaks(const uint8_t *p, uint64_t i, uint64_t end, bool slashes) {
    while (i < end && (p[i] == 10 || p[i] == 13 || (slashes && p[i] == '/'))) i++;
    return i;
}

/// `\p{N}{1,digits}` behind the first.
ARENA_INLINE uint64_t end_of_digits(const uint8_t *p, uint64_t i, uint64_t end, uint32_t digits) {
    uint64_t length;
    for (uint32_t taken = 1; taken < digits && i < end; taken++) {
        if (kind_at(p + i, &length) != NUMBER) break;
        i += length;
    }
    return i;
}

/// `\s*[\r\n]+|\s+(?!\S)|\s+`: up to the run's last line break; else all of a run at the end, else all
/// but its last, else the one. Without `breaks` only the last two alternatives.
static uint64_t end_of_spaces(const uint8_t *p, uint64_t start, uint64_t end, bool breaks) {
    uint64_t i = start, last = start, after_break = 0, length;
    while (i < end) {
        uint32_t kind = kind_at(p + i, &length);
        if (kind < SPACE) break;
        last = i;
        i += length;
        if (kind == NEWLINE) after_break = i;
    }
    if (breaks && after_break) return after_break;
    return i == end || last == start ? i : last;
}

/// The length of `'s`, `'t`, `'re`, `'ve`, `'m`, `'ll` or `'d` at an apostrophe, or 0.
ARENA_INLINE uint64_t contraction(const uint8_t *p, uint64_t i, uint64_t end, bool folds_case) {
    if (i + 1 >= end) return 0;
    uint8_t fold = folds_case ? 0x20 : 0;
    switch (p[i + 1] | fold) {
    case 's': case 't': case 'm': case 'd': return 2;
    case 'r': case 'v': return i + 2 < end && (p[i + 2] | fold) == 'e' ? 3 : 0;
    case 'l': return i + 2 < end && (p[i + 2] | fold) == 'l' ? 3 : 0;
    default:
        // U+017F, the long s, is an s to a pattern that ignores case.
        return folds_case && i + 2 < end && p[i + 1] == 0xC5 && p[i + 2] == 0xBF ? 3 : 0;
    }
}

// GPT-2

uint32_t *arena_scan_gpt2(const uint8_t *p, uint64_t i, uint64_t end, uint32_t *ends) {
    uint64_t length, next, n;
    while (i < end) {
        uint32_t kind = kind_at(p + i, &length);
        if (p[i] == '\'' && (n = contraction(p, i, end, false))) {
            i += n;
        } else {
            // ` ?` belongs to the run behind it, if there is one of any kind but space.
            uint64_t at = i + length;
            if (p[i] == ' ' && at < end) {
                uint32_t second = kind_at(p + at, &next);
                if (second < SPACE) {
                    kind = second;
                    at += next;
                }
            }
            if (kind == LETTER) i = end_of_letters(p, at, end);
            else if (kind < SPACE) i = end_of_run(p, at, end, kind);
            else i = end_of_spaces(p, i, end, false);
        }
        *ends++ = (uint32_t)i;
    }
    return ends;
}

// cl100k: Llama 3, Qwen2

uint32_t *arena_scan_cl100k(
    const uint8_t *p, uint64_t i, uint64_t end, uint32_t digits, uint32_t *ends) {
    uint64_t length, next, n;
    while (i < end) {
        uint32_t kind = kind_at(p + i, &length);
        uint64_t after = i + length;
        if (kind == LETTER) {
            i = end_of_letters(p, after, end);
        } else if (kind == NUMBER) {
            i = end_of_digits(p, after, end, digits);
        } else if (p[i] == '\'' && (n = contraction(p, i, end, true))) {
            i += n;
        } else {
            uint32_t second = NEWLINE;
            if (kind != NEWLINE && after < end) second = kind_at(p + after, &next);
            if (second == LETTER) {
                i = end_of_letters(p, after + next, end);
            } else if (second == OTHER && (kind == OTHER || p[i] == ' ')) {
                i = end_of_breaks(p, end_of_run(p, after + next, end, OTHER), end, false);
            } else if (kind == OTHER) {
                i = end_of_breaks(p, after, end, false);
            } else {
                i = end_of_spaces(p, i, end, true);
            }
        }
        *ends++ = (uint32_t)i;
    }
    return ends;
}

// tekken and o200k: words end where the case changes

/// A scalar's sides: bit 0 in `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`, bit 1 in `[\p{Ll}\p{Lm}\p{Lo}\p{M}]`.
ARENA_INLINE uint32_t sides_at(const uint8_t *p, uint64_t *length) {
    if (p[0] < 0x80) {
        *length = 1;
        if ((uint8_t)(p[0] - 'a') < 26) return 2;
        return (uint8_t)(p[0] - 'A') < 26;
    }
    uint32_t code = arena_scalar_at(p, length);
    uint32_t traits = arena_text_traits(code);
    if (traits & arena_text_mark_category) return 3;
    if ((arena_text_class(code) & arena_text_kind_mask) != LETTER) return 0;
    return traits & arena_text_lower ? 2 : traits & arena_text_upper ? 1 : 3;
}

/// Where `[upper]*[lower]+` from `i` ends, else `[upper]+[lower]*`; `i` if neither matches.
/// `bare`: the place to take instead of the second, where the first would match without a prefix.
static uint64_t end_of_cased(const uint8_t *p, uint64_t i, uint64_t end, uint64_t bare) {
    uint64_t start = i, both = 0, length;
    uint32_t sides = 0;
    while (i < end && ((sides = sides_at(p + i, &length)) & 1)) {
        i += length;
        if (sides == 3) both = i;
    }
    if (i < end && sides == 2) {
        do i += length; while (i < end && (sides_at(p + i, &length) & 2));
        return i;
    }
    // No lower case behind: the last that is on both sides ends the first alternative.
    if (both) return both;
    return bare ? bare : i > start ? i : start;
}

uint32_t *arena_scan_cased(
    const uint8_t *p, uint64_t i, uint64_t end, uint32_t digits, bool contractions,
    uint32_t *ends) {
    uint64_t length, next, n;
    while (i < end) {
        uint32_t kind = kind_at(p + i, &length);
        uint64_t after = i + length, stop = i;
        if (kind == LETTER) {
            stop = end_of_cased(p, i, end, 0);
        } else if (kind == NUMBER) {
            *ends++ = (uint32_t)(i = end_of_digits(p, after, end, digits));
            continue;
        } else if (kind != NEWLINE) {
            // One scalar that is neither may stand before; a mark is a word by itself as well.
            bool mark = p[i] >= 0x80 && sides_at(p + i, &next);
            stop = end_of_cased(p, after, end, mark ? after : 0);
            if (stop == after && !mark) stop = i;
        }
        if (stop > i) {
            if (contractions && stop < end && p[stop] == '\'' && (n = contraction(p, stop, end, true)))
                stop += n;
            i = stop;
        } else if (kind == OTHER) {
            i = end_of_breaks(p, end_of_run(p, after, end, OTHER), end, true);
        } else if (p[i] == ' ' && after < end && kind_at(p + after, &next) == OTHER) {
            i = end_of_breaks(p, end_of_run(p, after + next, end, OTHER), end, true);
        } else {
            i = end_of_spaces(p, i, end, true);
        }
        *ends++ = (uint32_t)i;
    }
    return ends;
}
