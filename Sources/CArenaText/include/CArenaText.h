// The C part of the tokenizers: tables that cost nothing at start, and the inner loop of byte-pair
// merging, compiled for several instruction sets. Everything here is called from ArenaText alone.

#ifndef CARENATEXT_H
#define CARENATEXT_H

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

/// The lower case of a scalar that has another one, or null; its length in `count`.
const uint32_t *arena_text_lowercase(uint32_t scalar, uint32_t *count);

/// The full compatibility decomposition of a scalar where it differs from the canonical one, or null.
const uint32_t *arena_text_decompose_compatible(uint32_t scalar, uint32_t *count);

/// The full canonical decomposition of a scalar (Hangul apart), or null; its length in `count`.
const uint32_t *arena_text_decompose(uint32_t scalar, uint32_t *count);

/// The scalar that two others compose to (Hangul apart), or 0.
uint32_t arena_text_compose(uint32_t first, uint32_t second);

// Merging

/// No merge: the rank of a pair that stays apart.
#define ARENA_BPE_NONE UINT32_MAX

/// Which pairs merge, in which order, to what.
typedef struct {
    /// Open addressing; left << 43 | right << 22 | rank, all ones where empty.
    const uint64_t *slots;
    uint64_t mask;
    uint32_t shift;
    /// The token that the merge of a rank makes.
    const uint32_t *merged;
} arena_bpe_pairs;

/// Room for the symbols of one piece; every array holds `capacity` entries rounded up to 16.
typedef struct {
    uint32_t *symbols;
    uint32_t *ranks;
    int32_t *next;
    int32_t *previous;
    /// Minima over minima of 16: an eighth of the capacity and 128 more.
    uint32_t *tree;
} arena_bpe_scratch;

static inline uint64_t arena_bpe_slot(uint64_t key, uint32_t shift) {
    return (key * 0x9E3779B97F4A7C15ull) >> shift;
}

/// The rank of a pair, or ARENA_BPE_NONE.
static inline uint32_t arena_bpe_rank(const arena_bpe_pairs *pairs, uint32_t left, uint32_t right) {
    uint64_t key = (uint64_t)left << 21 | right;
    uint64_t at = arena_bpe_slot(key, pairs->shift);
    for (;;) {
        uint64_t slot = pairs->slots[at];
        if (slot >> 22 == key) return (uint32_t)slot & 0x3FFFFF;
        if (slot == UINT64_MAX) return ARENA_BPE_NONE;
        at = (at + 1) & pairs->mask;
    }
}

/// Merges `count` symbols in place, lowest rank first and leftmost of equals, and returns how many
/// are left. Time is count x log16(count).
uint32_t arena_bpe_merge(
    const arena_bpe_pairs *pairs, const arena_bpe_scratch *scratch, uint32_t count);

/// The same for a piece of bytes, each a symbol; `byte_ranks` holds the rank of each pair of bytes.
uint32_t arena_bpe_merge_bytes(
    const arena_bpe_pairs *pairs, const arena_bpe_scratch *scratch, const uint32_t *byte_ids,
    const uint32_t *byte_ranks, const uint8_t *bytes, uint32_t count);

/// `arena_bpe_merge` without the machine's wider instructions, for tests.
uint32_t arena_bpe_merge_plain(
    const arena_bpe_pairs *pairs, const arena_bpe_scratch *scratch, uint32_t count);

#endif
