// How pieces of text become tokens: the cache of what short pieces were spelled as, byte-pair merging,
// and seams, where a piece can be taken apart before it is merged.

#ifndef CARENATEXT_SPELLING_H
#define CARENATEXT_SPELLING_H

#include <stdbool.h>
#include <stdint.h>

#define ARENA_INLINE static inline __attribute__((always_inline))

// Merging

/// Which pairs merge, in which order, to what: for each left token a small table of its own, so that
/// look-ups of neighbours in a text stay near each other in memory.
typedef struct {
    /// By left token: where its slots start << 8 | the logarithm of how many they are, or 0 for none.
    const uint64_t *rows;
    /// Open addressing by the right token: right << 43 | rank << 21 | token that is made; all ones where
    /// empty.
    const uint64_t *slots;
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
    uint64_t capacity;
} arena_bpe_scratch;

ARENA_INLINE uint32_t arena_bpe_slot(uint32_t right, uint32_t bits) {
    return right * 0x9E3779B1u >> (32 - bits);
}

/// Where the search for a pair begins whose left token has this row.
ARENA_INLINE const uint64_t *arena_bpe_slot_in_row(
    const arena_bpe_pairs *pairs, uint64_t row, uint32_t right) {
    return pairs->slots + (row >> 8) + (row ? arena_bpe_slot(right, row & 0xFF) : 0);
}

/// The slot of a pair whose left token has this row, or all ones.
ARENA_INLINE uint64_t arena_bpe_find_in_row(
    const arena_bpe_pairs *pairs, uint64_t row, uint32_t right) {
    if (!row) return UINT64_MAX;
    const uint64_t *slots = pairs->slots + (row >> 8);
    uint32_t bits = row & 0xFF, mask = (1u << bits) - 1;
    for (uint32_t at = arena_bpe_slot(right, bits);; at = (at + 1) & mask) {
        uint64_t slot = slots[at];
        if (slot >> 43 == right || slot == UINT64_MAX) return slot;
    }
}

/// The slot of a pair, or all ones.
ARENA_INLINE uint64_t arena_bpe_find(const arena_bpe_pairs *pairs, uint32_t left, uint32_t right) {
    return arena_bpe_find_in_row(pairs, pairs->rows[left], right);
}

/// What `arena_bpe_find` found as a rank, or ARENA_BPE_NONE.
ARENA_INLINE uint32_t arena_bpe_slot_rank(uint64_t slot) {
    return slot == UINT64_MAX ? ARENA_BPE_NONE : (uint32_t)(slot >> 21) & 0x3FFFFF;
}

/// The rank of a pair, or ARENA_BPE_NONE.
ARENA_INLINE uint32_t arena_bpe_rank(const arena_bpe_pairs *pairs, uint32_t left, uint32_t right) {
    return arena_bpe_slot_rank(arena_bpe_find(pairs, left, right));
}

/// Merges `count` symbols in place, lowest rank first and leftmost of equals, and returns how many
/// are left. Time is count x log16(count).
uint32_t arena_bpe_merge(
    const arena_bpe_pairs *pairs, const arena_bpe_scratch *scratch, uint32_t count);

/// `arena_bpe_merge` without the machine's wider instructions, for tests.
uint32_t arena_bpe_merge_plain(
    const arena_bpe_pairs *pairs, const arena_bpe_scratch *scratch, uint32_t count);

/// The same tokens by windows of a few hundred symbols that are joined where neighbours agree: what
/// lies in a window stays in the nearest cache, and time is linear. Writes the tokens to `out`, which
/// has room for `count`; returns how many, or ARENA_BPE_NONE where two windows never agree.
///
/// A sequence of tokens is what merging gives if and only if each two neighbours are: until the first
/// merge that would cross the boundary of two tokens, all goes on as if only those two were there.
uint32_t arena_bpe_merge_windows(
    const arena_bpe_pairs *pairs, const uint32_t *symbols, uint32_t count, int32_t *out);

// Seams

/// Which neighbours some merge may join; errs only towards "may join".
typedef struct {
    /// Pairs of the commonest scalars, one byte each: 256 x 256.
    uint8_t *narrow;
    /// Pairs of ends and beginnings, hashed to single bits, 512 for each hash of an end: 1 << 22; a
    /// collision only hides a seam.
    uint64_t *bits;
    /// Ends that some incomplete beginning follows, hashed to single bits: 1 << 16.
    uint64_t *partial_meets;
    /// Which incomplete ends and beginnings occur at all, hashed to single bits: 1 << 16 each.
    uint64_t *partial_ends;
    uint64_t *partial_starts;
} arena_seams;

/// Keys from here on are ends or beginnings that are not whole scalars.
#define ARENA_SEAM_PARTIAL 0x110000u
/// U+2581, the space of SentencePiece-style texts.
#define ARENA_METASPACE 0x2581u

/// How many bytes a scalar has.
ARENA_INLINE uint32_t arena_scalar_width(uint32_t code) {
    return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

/// A number below 256 for ASCII and the metaspace, above for others.
ARENA_INLINE uint32_t arena_seam_common(uint32_t code) {
    return code < 128 ? code : code == ARENA_METASPACE ? 128 : 256;
}

ARENA_INLINE uint32_t arena_seam_bit(uint32_t end, uint32_t start) {
    return (end * 0x9E3779B1u >> 19) << 9 | start * 0x85EBCA77u >> 23;
}

ARENA_INLINE uint32_t arena_seam_small_bit(uint32_t key) {
    return (uint32_t)(((uint64_t)key * 0x9E3779B97F4A7C15ull) >> 48);
}

ARENA_INLINE bool arena_seam_is_set(const uint64_t *table, uint32_t bit) {
    return table[bit >> 6] >> (bit & 63) & 1;
}

/// The key of the first `length` bytes of a scalar of `width`, which is more.
ARENA_INLINE uint32_t arena_seam_start_key(uint32_t code, uint32_t width, uint32_t length) {
    return ARENA_SEAM_PARTIAL + ((width << 2 | length) << 18) + (code >> (6 * (width - length)));
}

/// Whether no token that begins with a part of the scalar behind follows this end in a merge.
ARENA_INLINE bool arena_seam_partial_starts_clear(
    const arena_seams *seams, uint32_t end, uint32_t after) {
    if (!arena_seam_is_set(seams->partial_meets, arena_seam_small_bit(end))) return true;
    uint32_t width = arena_scalar_width(after);
    for (uint32_t length = 1; length < width; length++) {
        uint32_t start = arena_seam_start_key(after, width, length);
        if (arena_seam_is_set(seams->partial_starts, arena_seam_small_bit(start)) &&
            arena_seam_is_set(seams->bits, arena_seam_bit(end, start))) {
            return false;
        }
    }
    return true;
}

/// Whether merges cross the boundary of two scalars only between tokens that hold both whole.
ARENA_INLINE bool arena_seam_is_clean(const arena_seams *seams, uint32_t before, uint32_t after) {
    if (!arena_seam_partial_starts_clear(seams, before, after)) return false;
    uint32_t mask = 0x3F, width = arena_scalar_width(before);
    // The last bytes of the scalar before, as long as they are not all of it.
    for (uint32_t length = 1; length < width; length++) {
        uint32_t end = ARENA_SEAM_PARTIAL + (length << 18) + (before & mask);
        if (arena_seam_is_set(seams->partial_ends, arena_seam_small_bit(end)) &&
            (arena_seam_is_set(seams->bits, arena_seam_bit(end, after)) ||
             !arena_seam_partial_starts_clear(seams, end, after))) {
            return false;
        }
        mask = mask << 6 | 0x3F;
    }
    return true;
}

/// Whether no merge can cross the boundary between two scalars, by the hashed tables.
ARENA_INLINE bool arena_seam_is_wide(const arena_seams *seams, uint32_t before, uint32_t after) {
    return !arena_seam_is_set(seams->bits, arena_seam_bit(before, after)) &&
        arena_seam_is_clean(seams, before, after);
}

/// Whether no merge can cross the boundary between two scalars.
ARENA_INLINE bool arena_seam(const arena_seams *seams, uint32_t before, uint32_t after) {
    uint32_t a = arena_seam_common(before), b = arena_seam_common(after);
    if ((a | b) < 256) return seams->narrow[a << 8 | b];
    return arena_seam_is_wide(seams, before, after);
}

// The cache of pieces

/// A piece of 1 to 15 bytes and its tokens.
typedef struct {
    /// The bytes, the length on top of `high`; `high` is 0 where nothing is.
    uint64_t low, high;
    /// Up to five tokens in 21 bits each, three and two, and their count from bit 42 of `last` on; of more,
    /// `first` is where they lie in `spill`.
    uint64_t first, last;
} arena_piece_slot;

/// A piece of 16 and more bytes.
typedef struct {
    uint64_t hash;
    /// In bytes; 0 where nothing is.
    uint32_t length;
    uint32_t text;
    uint32_t count;
    uint32_t ids;
} arena_long_slot;

/// What pieces were spelled as the last time; one a thread. It never changes a result, only the time.
/// Where memory is short it holds less, at worst nothing.
typedef struct {
    /// In groups of four.
    arena_piece_slot *slots;
    uint64_t slot_count;
    uint64_t used;
    arena_long_slot *long_slots;
    uint64_t long_used;
    uint8_t *text;
    uint64_t text_count, text_room;
    int32_t *spill;
    uint64_t spill_count, spill_room;
    /// Hashes of the long pieces seen last: what comes again is kept, what is not here is not looked for.
    uint16_t *seen;
} arena_piece_cache;

void arena_piece_cache_init(arena_piece_cache *cache);
void arena_piece_cache_free(arena_piece_cache *cache);

/// Longer pieces are not kept.
#define ARENA_LONGEST_PIECE 128

/// Writes the tokens of pieces from `from` on as long as the cache has them, up to four more than needed;
/// returns the first piece that it has not, or `count`. Piece k ends at `ends[k]`; the first begins at
/// `start`. `mark` tells apart pieces of the same bytes that are spelled by other rules.
uint64_t arena_piece_look_up(
    const arena_piece_cache *cache, const uint8_t *text, uint32_t start, const uint32_t *ends,
    uint64_t from, uint64_t count, uint64_t mark, int32_t **out);

/// Copies the tokens of a piece of 16 to ARENA_LONGEST_PIECE bytes; returns how many, or -1.
int64_t arena_piece_find_long(
    const arena_piece_cache *cache, const uint8_t *p, uint64_t n, uint64_t mark, int32_t *out);

/// Keeps the tokens of a piece that was not found; of a long one from the second time on.
void arena_piece_insert(
    arena_piece_cache *cache, const uint8_t *p, uint64_t n, uint64_t mark, const int32_t *ids,
    uint64_t count);

// Byte-pair encoding

/// A BPE model as tables; Swift builds and owns them.
typedef struct {
    arena_bpe_pairs pairs;
    /// The token of each byte where pieces are spelled from bytes, else of none.
    const uint32_t *byte_ids;
    /// The slot of each pair of bytes, if every byte has a token; else null.
    const uint64_t *byte_pairs;
    /// The `<0x..>` token of each byte, or ARENA_BPE_NONE.
    const uint32_t *fallback_ids;
    /// GPT-2's alphabet: the scalar that stands for a byte.
    const uint32_t *alphabet;
    /// Pages of 256 symbols: what a scalar starts as. Where pieces are spelled from bytes: the token
    /// that its bytes surely become before they meet others, or ARENA_BPE_NONE.
    const uint16_t *page_of;
    const uint32_t *pages;
    /// Where whole pieces are looked up first; without slots they are not.
    arena_dictionary dictionary;
    /// The hashes of tokens over 15 bytes as single bits: 1 << 16.
    const uint64_t *long_tokens;
    uint64_t longest_token;
    /// Where pieces can be taken apart; without `narrow` they cannot.
    arena_seams seams;
    uint32_t unknown_id;
    bool spells_bytes;
    bool falls_back;
    bool fuses_unknown;
    /// Whether scalars without a token must keep their neighbours: what comes out for them may fuse.
    bool holds_unknown;
} arena_bpe_model;

/// One thread's state for a model.
typedef struct {
    arena_piece_cache cache;
    /// Filled in by Swift: `symbols` for the longest piece; all of it for one that needs the tree.
    arena_bpe_scratch scratch;
    /// How many characters had no token.
    uint64_t unknown;
    /// How many entries `scratch` needs before the call can go on; 0 where it was enough.
    uint64_t need;
} arena_bpe_state;

/// Spells pieces from `from` on and returns how many are done: all, or as many as `scratch` allowed.
/// `out` is moved past their tokens; four more may be written.
uint64_t arena_bpe_spell(
    const arena_bpe_model *model, arena_bpe_state *state, const uint8_t *text,
    const uint32_t *ends, uint64_t from, uint64_t count, int32_t **out);

// Tries

/// A node: its children lie side by side, their bytes in `labels`.
typedef struct {
    uint32_t first;
    uint32_t count;
    /// The token that ends here, or -1.
    int32_t id;
} arena_trie_node;

/// The tokens of a vocabulary by their bytes; node 0 is the root. 16 bytes behind the labels may be read.
typedef struct {
    const arena_trie_node *nodes;
    const uint8_t *labels;
    /// The root's children by byte, or ARENA_BPE_NONE.
    const uint32_t *first;
} arena_trie;

/// The node behind a node and a byte, or ARENA_BPE_NONE.
uint32_t arena_trie_step(const arena_trie *trie, uint32_t node, uint8_t byte);

/// The longest token of `p[from ..< n]` that goes on from a node, and where it ends; -1 if there is none.
int32_t arena_trie_longest(
    const arena_trie *trie, uint32_t node, const uint8_t *p, uint64_t from, uint64_t n,
    uint64_t *end);

/// The best way to a place in a piece: its score, where its last token starts and which it is.
typedef struct {
    double score;
    int32_t start;
    int32_t id;
} arena_unigram_node;

/// Viterbi's search over a piece of n bytes, in the reference's order of sums and with its ties; `nodes` has
/// room for n + 1.
void arena_unigram_search(
    const arena_trie *trie, const double *scores, double unknown_score, int32_t unknown_id,
    const uint8_t *p, uint64_t n, arena_unigram_node *nodes);

// Bytes

/// Copies text that is well-formed UTF-8; false, with any of it copied, if it is not.
bool arena_copy_utf8(uint8_t *to, const uint8_t *from, uint64_t n);

/// A set of bytes for `arena_find_byte`: for each half of a byte which of eight groups it may be in.
typedef struct {
    uint8_t low[16], high[16];
    bool has[256];
} arena_byte_set;

/// The first place from `i` on where a byte of the set stands, or `end`. 32 bytes behind may be read.
uint64_t arena_find_byte(const arena_byte_set *set, const uint8_t *p, uint64_t i, uint64_t end);

// Pre-tokenizers

/// Cut a piece by the patterns of known families: write the end of each match and return where they
/// stopped writing. 64 bytes behind the text may be read.
uint32_t *arena_scan_gpt2(const uint8_t *p, uint64_t start, uint64_t end, uint32_t *ends);
/// `digits`: how many make a piece at most.
uint32_t *arena_scan_cl100k(
    const uint8_t *p, uint64_t start, uint64_t end, uint32_t digits, uint32_t *ends);
/// `contractions`: whether a word takes what follows its apostrophe.
uint32_t *arena_scan_cased(
    const uint8_t *p, uint64_t start, uint64_t end, uint32_t digits, bool contractions,
    uint32_t *ends);

#endif
