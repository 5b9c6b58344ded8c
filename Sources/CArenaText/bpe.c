// Spelling pieces with byte-pair encoding: from the cache, as whole tokens, or by merging what lies
// between seams. Compiled for several instruction sets from bpe_body.h.

#include "cache.h"
#include "merge.h"

#define NONE ARENA_BPE_NONE

/// What a scalar starts as.
ARENA_INLINE uint32_t symbol_of(const arena_bpe_model *model, uint32_t code) {
    return model->pages[(uint32_t)model->page_of[code >> 8] << 8 | (code & 255)];
}

/// The token that a whole piece is, where those come before any merge.
static uint32_t whole_token(const arena_bpe_model *model, const uint8_t *p, uint64_t n) {
    if (n > model->longest_token) return NONE;
    uint64_t key = arena_text_hash(p, n);
    if (n > 15 && !arena_seam_is_set(model->long_tokens, (uint32_t)(key >> 48))) return NONE;
    return arena_dictionary_id(&model->dictionary, p, n, key);
}

// First symbols

ARENA_INLINE bool is_ascii(const uint8_t *p, uint64_t n) {
    uint8_t all = 0;
    for (uint64_t i = 0; i < n; i++) all |= p[i];
    return all < 0x80;
}

/// A byte that has no token, by the token of its stand-in in GPT-2's alphabet written as bytes.
static uint32_t fall_back_byte(const arena_bpe_model *model, uint8_t byte, uint32_t *symbols) {
    uint32_t code = model->alphabet[byte];
    uint32_t first = model->fallback_ids[code < 0x80 ? code : 0xC0 | code >> 6];
    if (first == NONE) return 0;
    symbols[0] = first;
    if (code < 0x80) return 1;
    symbols[1] = model->fallback_ids[0x80 | (code & 0x3F)];
    return symbols[1] == NONE ? 0 : 2;
}

/// A scalar by the tokens of its bytes, if all are there.
static uint32_t fall_back_scalar(
    const arena_bpe_model *model, const uint8_t *p, uint64_t n, uint32_t *symbols) {
    for (uint64_t i = 0; i < n; i++) {
        symbols[i] = model->fallback_ids[p[i]];
        if (symbols[i] == NONE) return 0;
    }
    return (uint32_t)n;
}

/// What a piece starts from where something may have no token. The unknown token is held back until the
/// next known symbol, as the reference does, so bytes that are fallen back on come before it.
static uint32_t symbols_with_unknown(
    const arena_bpe_model *model, arena_bpe_state *state, const uint8_t *p, uint64_t n) {
    uint32_t *symbols = state->scratch.symbols, count = 0, added;
    uint32_t unknown = model->unknown_id;
    bool pending = false;
    uint64_t length = 1;
    for (uint64_t i = 0; i < n; i += length) {
        uint32_t id = model->spells_bytes ? model->byte_ids[p[i]]
            : symbol_of(model, arena_scalar_at(p + i, &length));
        if (id != NONE) {
            if (pending && unknown != NONE) symbols[count++] = unknown;
            pending = false;
            symbols[count++] = id;
        } else if (model->falls_back &&
                   (added = model->spells_bytes ? fall_back_byte(model, p[i], symbols + count)
                                                : fall_back_scalar(model, p + i, length, symbols + count))) {
            count += added;
        } else {
            state->unknown++;
            if (pending && !model->fuses_unknown && unknown != NONE) symbols[count++] = unknown;
            pending = true;
        }
    }
    if (pending && unknown != NONE) symbols[count++] = unknown;
    return count;
}

/// What a piece of bytes starts from: whole scalars where no merge can take a part of one from outside,
/// else bytes.
static uint32_t symbols_of_bytes(
    const arena_bpe_model *model, uint32_t *symbols, const uint8_t *p, uint64_t n) {
    uint32_t count = 0;
    bool clean = true;
    uint64_t i = 0, length, next;
    while (i < n) {
        uint32_t code = arena_scalar_at(p + i, &length);
        if (length == 1) {
            symbols[count++] = model->byte_ids[code];
            clean = i + 1 >= n || p[i + 1] < 0x80 ||
                arena_seam_is_clean(&model->seams, code, arena_scalar_at(p + i + 1, &next));
            i++;
            continue;
        }
        bool clean_after = i + length >= n ||
            arena_seam_is_clean(&model->seams, code, arena_scalar_at(p + i + length, &next));
        uint32_t id = symbol_of(model, code);
        if (id != NONE && clean && clean_after) {
            symbols[count++] = id;
            i += length;
        } else {
            for (uint64_t end = i + length; i < end; i++) symbols[count++] = model->byte_ids[p[i]];
        }
        clean = clean_after;
    }
    return count;
}

#define SUFFIXED(name) name##_plain
#include "bpe_body.h"
#undef SUFFIXED

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt"))), apply_to = function)
#define SUFFIXED(name) name##_avx2
#include "bpe_body.h"
#undef SUFFIXED
#pragma clang attribute pop

static bool has_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
}
#endif

uint64_t arena_bpe_spell(
    const arena_bpe_model *model, arena_bpe_state *state, const uint8_t *text,
    const uint32_t *ends, uint64_t from, uint64_t count, int32_t **out) {
#if defined(__x86_64__)
    if (has_avx2()) return spell_avx2(model, state, text, ends, from, count, out);
#endif
    return spell_plain(model, state, text, ends, from, count, out);
}

uint32_t arena_bpe_merge_windows(
    const arena_bpe_pairs *pairs, const uint32_t *symbols, uint32_t count, int32_t *out) {
#if defined(__x86_64__)
    if (has_avx2()) return merge_windows_avx2(pairs, symbols, NULL, NULL, count, out);
#endif
    return merge_windows_plain(pairs, symbols, NULL, NULL, count, out);
}
