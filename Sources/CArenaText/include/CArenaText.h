// The C part of the tokenizers: tables that cost nothing at start, and the inner loop of byte-pair
// merging, compiled for several instruction sets. Everything here is called from ArenaText alone.

#ifndef CARENATEXT_H
#define CARENATEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "normalization.h"

// Characters

/// What a scalar is to the patterns: the low three bits of its class.
enum {
    arena_text_other = 0,
    arena_text_letter = 1,   // \p{L}
    arena_text_number = 2,   // \p{N}
    arena_text_space = 3,    // \s without the two below
    arena_text_newline = 4,  // \r and \n
    arena_text_kind_mask = 7,
    arena_text_word = 8,     // \w
    arena_text_active = 16,  // changed by form C, or able to change with its neighbours
};

extern const uint8_t arena_text_class_index[0x1100];
extern const uint8_t arena_text_class_blocks[];
extern const uint8_t arena_text_combining_index[0x1100];
extern const uint8_t arena_text_combining_blocks[];

typedef struct {
    uint32_t scalar;
    uint16_t start;
    uint16_t count;
} arena_text_decomposition;

typedef struct {
    uint32_t first;
    uint32_t second;
    uint32_t composed;
} arena_text_composition;

extern const uint32_t arena_text_decomposition_count;
extern const arena_text_decomposition arena_text_decompositions[];
extern const uint32_t arena_text_decomposed[];
extern const uint32_t arena_text_lower_count;
extern const arena_text_decomposition arena_text_lower_entries[];
extern const uint32_t arena_text_lower_pool[];
extern const uint32_t arena_text_compatible_count;
extern const arena_text_decomposition arena_text_compatible_entries[];
extern const uint32_t arena_text_compatible_pool[];
extern const uint32_t arena_text_composition_count;
extern const arena_text_composition arena_text_compositions[];

/// The scalar at the start of well-formed UTF-8, and how many bytes it has.
static inline __attribute__((always_inline)) uint32_t arena_scalar_at(const uint8_t *p, uint64_t *length) {
    uint32_t a = p[0];
    if (a < 0x80) { *length = 1; return a; }
    if (a < 0xE0) { *length = 2; return (a & 0x1F) << 6 | (p[1] & 0x3Fu); }
    if (a < 0xF0) {
        *length = 3;
        return (a & 0x0F) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
    }
    *length = 4;
    return (a & 0x07) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 | (p[3] & 0x3Fu);
}

/// The class of a scalar; 0 for what is not one.
static inline uint8_t arena_text_class(uint32_t scalar) {
    if (scalar > 0x10FFFF) return 0;
    uint32_t block = arena_text_class_index[scalar >> 8];
    return arena_text_class_blocks[block << 8 | (scalar & 255)];
}

/// The canonical combining class of a scalar.
static inline uint8_t arena_text_combining_class(uint32_t scalar) {
    if (scalar > 0x10FFFF) return 0;
    uint32_t block = arena_text_combining_index[scalar >> 8];
    return arena_text_combining_blocks[block << 8 | (scalar & 255)];
}

/// What the kinds of BERT and SentencePiece ask about a scalar, one bit each.
enum {
    arena_text_control = 1 << 0,      // removed by BERT's cleaning
    arena_text_white = 1 << 1,        // white space
    arena_text_punctuation = 1 << 2,  // ASCII punctuation or P of BERT's and Punctuation's cut
    arena_text_nonspacing = 1 << 3,   // Mn
    arena_text_mark = 1 << 4,         // what StripAccents removes
    arena_text_numeric = 1 << 5,      // what Digits cuts at
    arena_text_whitespace_word = 1 << 6,  // \w of Whitespace
    arena_text_title = 1 << 7,        // \p{Lt}
    arena_text_lowers = 1 << 8,       // has another lower case
    arena_text_decomposes = 1 << 9,   // changed by form D, or a combining mark
    arena_text_compatible = 1 << 10,  // changed by form KC or KD, or able to with its neighbours
    arena_text_upper = 1 << 11,       // \p{Lu} or \p{Lt}
    arena_text_lower = 1 << 12,       // \p{Ll}
    arena_text_mark_category = 1 << 13,         // \p{M}
    arena_text_modifier = 1 << 14,              // \p{Lm}
    arena_text_punctuation_category = 1 << 15,  // \p{P}
};

/// What a scalar is to the rules for grapheme clusters.
enum {
    arena_text_cluster_other,
    arena_text_cluster_control,
    arena_text_cluster_extend,
    arena_text_cluster_spacing,
    arena_text_cluster_prepend,
    arena_text_cluster_picture,
    arena_text_cluster_consonant,
    arena_text_cluster_linker,
    arena_text_cluster_joiner,
};

extern const uint8_t arena_text_traits_index[0x1100];
extern const uint16_t arena_text_traits_blocks[];
extern const uint8_t arena_text_cluster_index[0x1100];
extern const uint8_t arena_text_cluster_blocks[];

/// The traits of a scalar.
static inline uint16_t arena_text_traits(uint32_t scalar) {
    uint32_t block = arena_text_traits_index[scalar >> 8];
    return arena_text_traits_blocks[block << 8 | (scalar & 255)];
}

/// The place of a scalar in grapheme clusters.
static inline uint8_t arena_text_cluster(uint32_t scalar) {
    uint32_t block = arena_text_cluster_index[scalar >> 8];
    return arena_text_cluster_blocks[block << 8 | (scalar & 255)];
}

extern const uint32_t arena_text_script_count;
extern const uint32_t arena_text_scripts[];

/// A number for the script of a scalar, as the pre-tokenizer `UnicodeScripts` has them; 0 for none.
uint32_t arena_text_script(uint32_t scalar);

/// The lower case of a scalar that has another one, or null; its length in `count`.
const uint32_t *arena_text_lowercase(uint32_t scalar, uint32_t *count);

/// The full compatibility decomposition of a scalar where it differs from the canonical one, or null.
const uint32_t *arena_text_decompose_compatible(uint32_t scalar, uint32_t *count);

/// The full canonical decomposition of a scalar (Hangul apart), or null; its length in `count`.
const uint32_t *arena_text_decompose(uint32_t scalar, uint32_t *count);

/// The scalar that two others compose to (Hangul apart), or 0.
uint32_t arena_text_compose(uint32_t first, uint32_t second);

static inline uint64_t arena_text_mix(uint64_t a, uint64_t b) {
    unsigned __int128 product =
        (unsigned __int128)(a ^ 0x9E3779B97F4A7C15ull) * (b ^ 0xA0761D6478BD642Full);
    return (uint64_t)(product >> 64) ^ (uint64_t)product;
}

/// A fast hash of a byte string; the same in every run, of no cryptographic worth.
static inline uint64_t arena_text_hash(const uint8_t *p, uint64_t n) {
    uint64_t hash = n, i = 0, word = 0;
    for (; i + 8 <= n; i += 8) {
        __builtin_memcpy(&word, p + i, 8);
        hash = arena_text_mix(hash ^ word, 0xE7037ED1A0B428DBull);
    }
    word = 0;
    for (uint32_t shift = 0; i < n; i++, shift += 8) word |= (uint64_t)p[i] << shift;
    return arena_text_mix(hash ^ word, 0x8EBC6AF09C88C6E3ull);
}

/// No token.
#define ARENA_BPE_NONE UINT32_MAX

/// A vocabulary: open addressing by the hash of a string.
typedef struct {
    /// The hash's upper half and id + 1, or 0.
    const uint64_t *slots;
    uint64_t mask;
    /// By id: where the string is << 32 | its length + 1, or 0.
    const uint64_t *spans;
    const uint8_t *text;
} arena_dictionary;

typedef struct {
    const uint8_t *text;
    uint64_t count;
} arena_string;

/// Whether an id's string is this one.
static inline bool arena_dictionary_is(
    const arena_dictionary *dictionary, uint32_t id, const uint8_t *p, uint64_t n) {
    uint64_t span = dictionary->spans[id];
    return (uint32_t)span == n + 1 && !__builtin_memcmp(dictionary->text + (span >> 32), p, n);
}

/// Whether an id's string is these two, one behind the other.
static inline bool arena_dictionary_joins(
    const arena_dictionary *dictionary, uint32_t id, arena_string left, arena_string right) {
    uint64_t span = dictionary->spans[id];
    const uint8_t *text = dictionary->text + (span >> 32);
    return (uint32_t)span == left.count + right.count + 1 &&
        !__builtin_memcmp(text, left.text, left.count) &&
        !__builtin_memcmp(text + left.count, right.text, right.count);
}

/// The id of a string with this hash, or ARENA_BPE_NONE.
static inline uint32_t arena_dictionary_id(
    const arena_dictionary *dictionary, const uint8_t *p, uint64_t n, uint64_t hash) {
    for (uint64_t at = hash & dictionary->mask;; at = (at + 1) & dictionary->mask) {
        uint64_t slot = dictionary->slots[at];
        if (!slot) return ARENA_BPE_NONE;
        if (slot >> 32 == hash >> 32 && arena_dictionary_is(dictionary, (uint32_t)slot - 1, p, n)) {
            return (uint32_t)slot - 1;
        }
    }
}

/// Asks for a slot ahead of its use.
static inline void arena_dictionary_prefetch(const uint64_t *slots, uint64_t mask, uint64_t hash) {
    __builtin_prefetch(slots + (hash & mask), 1);
}

/// The ids of many strings, ARENA_BPE_NONE for those that are not there.
void arena_dictionary_find(
    const arena_dictionary *dictionary, const arena_string *strings, uint64_t count,
    uint32_t *ids);

#include "spelling.h"

#endif
