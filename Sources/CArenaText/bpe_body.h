// The loops of bpe.c, once for each instruction set: SUFFIXED names them.

/// Windows share so many symbols; where they do not agree on one of the tokens there, so many more.
enum {
    SUFFIXED(WINDOW) = 256, SUFFIXED(OVERLAP) = 24, SUFFIXED(WIDE_OVERLAP) = 128, SUFFIXED(PARTS) = 256
};

/// The symbols of a window with their rows in the pair table, what each makes with its right neighbour,
/// and the least ranks of blocks of 16 where there is more than one.
typedef struct {
    uint32_t symbols[256], ranks[256], made[256];
    uint64_t rows[256];
    uint16_t next[256], previous[256];
    uint32_t minima[16];
    uint32_t count, blocks;
} SUFFIXED(Window);

/// Sets a pair by its slot; what is made is asked for ahead of its merge.
ARENA_INLINE void SUFFIXED(set_pair)(
    const arena_bpe_pairs *pairs, SUFFIXED(Window) *w, uint32_t at, uint64_t slot) {
    w->ranks[at] = arena_bpe_slot_rank(slot);
    w->made[at] = (uint32_t)slot & 0x1FFFFF;
    if (slot != UINT64_MAX) __builtin_prefetch(pairs->rows + w->made[at]);
}

/// Sets the rows and pairs of symbols.
ARENA_INLINE void SUFFIXED(set_pairs)(
    const arena_bpe_pairs *pairs, SUFFIXED(Window) *w, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) w->rows[i] = pairs->rows[w->symbols[i]];
    for (uint32_t i = 0; i + 1 < count; i++) {
        SUFFIXED(set_pair)(
            pairs, w, i, arena_bpe_find_in_row(pairs, w->rows[i], w->symbols[i + 1]));
    }
}

/// The next merge of a window.
typedef struct {
    uint32_t at, right, after, before;
} SUFFIXED(Merge);

/// Readies up to 256 symbols whose pairs are set for their merges.
ARENA_INLINE void SUFFIXED(begin_merging)(SUFFIXED(Window) *w, uint32_t count) {
    w->count = count;
    w->blocks = merge_rounded(count) / 16;
    for (uint32_t i = count ? count - 1 : 0; i < w->blocks * 16; i++) w->ranks[i] = NONE;
    for (uint32_t i = 0; i < count; i++) {
        w->next[i] = (uint16_t)(i + 1);
        w->previous[i] = (uint16_t)(i - 1);
    }
    if (w->blocks <= 1) return;
    for (uint32_t k = 0; k < 16; k++) {
        w->minima[k] = k < w->blocks ? merge_least(w->ranks + k * 16) : NONE;
    }
}

/// Chooses the next merge; false if there is none. With `asks`, what it will look up is asked for.
ARENA_INLINE bool SUFFIXED(choose)(
    const arena_bpe_pairs *pairs, const SUFFIXED(Window) *w, bool asks, SUFFIXED(Merge) *merge) {
    uint32_t best = merge_least(w->blocks > 1 ? w->minima : w->ranks);
    if (best == NONE) return false;
    uint32_t block = w->blocks > 1 ? merge_first_of(w->minima, best) : 0;
    uint32_t at = block * 16 + merge_first_of(w->ranks + block * 16, best);
    uint32_t right = w->next[at], after = w->next[right], before = w->previous[at];
    *merge = (SUFFIXED(Merge)){at, right, after, before};
    if (asks) {
        if (after < w->count) {
            __builtin_prefetch(
                arena_bpe_slot_in_row(pairs, pairs->rows[w->made[at]], w->symbols[after]));
        }
        if (before != 0xFFFF) {
            __builtin_prefetch(arena_bpe_slot_in_row(pairs, w->rows[before], w->made[at]));
        }
    }
    return true;
}

ARENA_INLINE void SUFFIXED(apply)(
    const arena_bpe_pairs *pairs, SUFFIXED(Window) *w, const SUFFIXED(Merge) *merge) {
    uint32_t at = merge->at, right = merge->right, after = merge->after, before = merge->before;
    uint32_t symbol = w->made[at];
    uint64_t row = pairs->rows[symbol];
    w->symbols[at] = symbol;
    w->rows[at] = row;
    w->next[at] = (uint16_t)after;
    w->ranks[right] = NONE;
    if (after < w->count) {
        w->previous[after] = (uint16_t)at;
        SUFFIXED(set_pair)(pairs, w, at, arena_bpe_find_in_row(pairs, row, w->symbols[after]));
    } else {
        w->ranks[at] = NONE;
    }
    if (before != 0xFFFF) {
        SUFFIXED(set_pair)(
            pairs, w, before, arena_bpe_find_in_row(pairs, w->rows[before], symbol));
    }
    if (w->blocks <= 1) return;
    w->minima[at >> 4] = merge_least(w->ranks + (at & ~15u));
    if (right >> 4 != at >> 4) w->minima[right >> 4] = merge_least(w->ranks + (right & ~15u));
    if (before != 0xFFFF && before >> 4 != at >> 4) {
        w->minima[before >> 4] = merge_least(w->ranks + (before & ~15u));
    }
}

/// Goes through the merges that are left.
static inline void SUFFIXED(merge_all)(const arena_bpe_pairs *pairs, SUFFIXED(Window) *w) {
    SUFFIXED(Merge) merge;
    while (SUFFIXED(choose)(pairs, w, false, &merge)) SUFFIXED(apply)(pairs, w, &merge);
}

/// Goes through the merges of two windows in turn: while one waits for memory, the other goes on.
static inline void SUFFIXED(merge_both)(
    const arena_bpe_pairs *pairs, SUFFIXED(Window) *a, SUFFIXED(Window) *b) {
    SUFFIXED(Merge) of_a, of_b;
    while (SUFFIXED(choose)(pairs, a, true, &of_a)) {
        bool goes_on = SUFFIXED(choose)(pairs, b, true, &of_b);
        SUFFIXED(apply)(pairs, a, &of_a);
        if (!goes_on) {
            SUFFIXED(merge_all)(pairs, a);
            return;
        }
        SUFFIXED(apply)(pairs, b, &of_b);
    }
    SUFFIXED(merge_all)(pairs, b);
}

/// Writes the tokens of a window that is merged and, if asked for, the symbol that each starts at;
/// returns how many they are.
ARENA_INLINE uint32_t SUFFIXED(tokens_of)(
    const SUFFIXED(Window) *w, int32_t *ids, uint16_t *starts) {
    uint32_t left = 0;
    for (uint32_t i = 0; i < w->count; i = w->next[i]) {
        ids[left] = (int32_t)w->symbols[i];
        if (starts) starts[left] = (uint16_t)i;
        left++;
    }
    if (starts) starts[left] = (uint16_t)w->count;
    return left;
}

/// Sets the rows and pairs of symbols that are the bytes of a text.
ARENA_INLINE void SUFFIXED(set_byte_pairs)(
    const arena_bpe_pairs *pairs, const uint64_t *byte_pairs, const uint8_t *p,
    SUFFIXED(Window) *w, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) w->rows[i] = pairs->rows[w->symbols[i]];
    for (uint32_t i = 0; i + 1 < count; i++) {
        SUFFIXED(set_pair)(pairs, w, i, byte_pairs[(uint32_t)p[i] << 8 | p[i + 1]]);
    }
}

/// The same for symbols in memory that stays as it is; `bytes` as in merge_windows.
static inline uint32_t SUFFIXED(merge_copy)(
    const arena_bpe_pairs *pairs, const uint32_t *from, const uint8_t *bytes,
    const uint64_t *byte_pairs, uint32_t count, int32_t *ids, uint16_t *starts) {
    SUFFIXED(Window) w;
    memcpy(w.symbols, from, count * sizeof *from);
    if (bytes) {
        SUFFIXED(set_byte_pairs)(pairs, byte_pairs, bytes, &w, count);
    } else {
        SUFFIXED(set_pairs)(pairs, &w, count);
    }
    SUFFIXED(begin_merging)(&w, count);
    SUFFIXED(merge_all)(pairs, &w);
    return SUFFIXED(tokens_of)(&w, ids, starts);
}

/// See arena_bpe_merge_windows. `bytes`, if given, are what the symbols stand for one by one, and
/// `byte_pairs` the slots of their pairs.
static uint32_t SUFFIXED(merge_windows)(
    const arena_bpe_pairs *pairs, const uint32_t *symbols, const uint8_t *bytes,
    const uint64_t *byte_pairs, uint32_t count, int32_t *out) {
    int32_t ids[2][256];
    uint16_t starts[2][257];
    if (count == 0) return 0;
    uint32_t written = 0, first = 0, base = 0, here = 0;
    uint32_t length = count < SUFFIXED(WINDOW) ? count : SUFFIXED(WINDOW);
    uint32_t tokens = SUFFIXED(merge_copy)(
        pairs, symbols, bytes, byte_pairs, length, ids[0], starts[0]);
    while (base + length < count) {
        uint32_t overlap = SUFFIXED(OVERLAP), other = here ^ 1;
        uint32_t next, next_length, next_tokens, i, j;
        for (;;) {
            // The next window begins at a token well before this one's end.
            uint32_t tail = tokens - 1;
            while (tail > first && starts[here][tail] + overlap > length) tail--;
            if (starts[here][tail] == 0) return NONE;
            next = base + starts[here][tail];
            next_length = count - next < SUFFIXED(WINDOW) ? count - next : SUFFIXED(WINDOW);
            if (next_length == length &&
                !memcmp(symbols + next, symbols + base, length * sizeof *symbols)) {
                // Runs of one character and the like: what was merged already.
                next_tokens = tokens;
                memcpy(ids[other], ids[here], sizeof ids[here]);
                memcpy(starts[other], starts[here], sizeof starts[here]);
            } else {
                next_tokens = SUFFIXED(merge_copy)(
                    pairs, symbols + next, bytes ? bytes + next : NULL, byte_pairs, next_length,
                    ids[other], starts[other]);
            }
            i = tail;
            j = 0;
            uint32_t shift = starts[here][tail];
            while (i < tokens && j < next_tokens) {
                uint32_t a = starts[here][i] - shift, b = starts[other][j];
                if (a == b && ids[here][i] == ids[other][j] &&
                    starts[here][i + 1] - shift == starts[other][j + 1]) {
                    break;
                }
                if (a <= b) i++;
                if (b <= a) j++;
            }
            if (i < tokens && j < next_tokens) break;
            if (overlap == SUFFIXED(WIDE_OVERLAP)) return NONE;
            overlap = SUFFIXED(WIDE_OVERLAP);
        }
        for (uint32_t k = first; k < i; k++) out[written++] = ids[here][k];
        first = j;
        base = next;
        length = next_length;
        tokens = next_tokens;
        here = other;
    }
    for (uint32_t k = first; k < tokens; k++) out[written++] = ids[here][k];
    return written;
}

/// Whether a piece fits a window that starts from its bytes.
ARENA_INLINE bool SUFFIXED(fits_window)(const arena_bpe_model *model, uint64_t n) {
    return model->byte_pairs && n <= SUFFIXED(WINDOW);
}

/// Readies the window of a piece that fits one.
ARENA_INLINE void SUFFIXED(begin_piece)(
    const arena_bpe_model *model, const uint8_t *p, uint64_t n, SUFFIXED(Window) *w) {
    uint32_t count = (uint32_t)n;
    if (is_ascii(p, n) || !model->seams.bits) {
        for (uint32_t i = 0; i < count; i++) w->symbols[i] = model->byte_ids[p[i]];
        SUFFIXED(set_byte_pairs)(&model->pairs, model->byte_pairs, p, w, count);
    } else {
        count = symbols_of_bytes(model, w->symbols, p, n);
        SUFFIXED(set_pairs)(&model->pairs, w, count);
    }
    SUFFIXED(begin_merging)(w, count);
}

/// Merges one piece, or a part of one between seams; returns how many tokens, or NONE where `scratch`
/// is too small.
static __attribute__((noinline)) uint32_t SUFFIXED(merge_piece)(
    const arena_bpe_model *model, arena_bpe_state *state, const uint8_t *p, uint64_t n,
    int32_t *out) {
    const arena_bpe_pairs *pairs = &model->pairs;
    if (SUFFIXED(fits_window)(model, n)) {
        SUFFIXED(Window) w;
        SUFFIXED(begin_piece)(model, p, n, &w);
        SUFFIXED(merge_all)(pairs, &w);
        return SUFFIXED(tokens_of)(&w, out, NULL);
    }
    uint64_t room = model->spells_bytes && !model->byte_pairs ? n * 2 : n;
    if (room > state->scratch.capacity) {
        state->need = room;
        return NONE;
    }
    uint32_t *symbols = state->scratch.symbols;
    uint64_t unknown = state->unknown;
    bool are_bytes = model->byte_pairs && (!model->seams.bits || is_ascii(p, n));
    uint32_t count = 0;
    if (are_bytes) {
        for (; count < n; count++) symbols[count] = model->byte_ids[p[count]];
    } else {
        count = model->byte_pairs ? symbols_of_bytes(model, symbols, p, n)
                                  : symbols_with_unknown(model, state, p, n);
    }
    uint32_t written = SUFFIXED(merge_windows)(
        pairs, symbols, are_bytes ? p : NULL, model->byte_pairs, count, out);
    if (written != NONE) return written;
    if (!state->scratch.ranks) {
        state->unknown = unknown;
        state->need = room;
        return NONE;
    }
    written = arena_bpe_merge(pairs, &state->scratch, count);
    memcpy(out, symbols, written * sizeof *symbols);
    return written;
}

/// Writes the tokens of a part of a piece that is known, and up to four more; returns how many, or -1.
ARENA_INLINE int64_t SUFFIXED(known_part)(
    arena_bpe_state *state, const uint8_t *p, uint64_t n, uint64_t mark, int32_t *out) {
    if (n > 15) return arena_piece_find_long(&state->cache, p, n, mark, out);
    if (!state->cache.slots) return -1;
    uint32_t end = (uint32_t)n;
    int32_t *after = out;
    return cache_look_up(&state->cache, p, 0, &end, 0, 1, mark, &after) ? after - out : -1;
}

/// Spells a part of a piece; returns how many tokens, or NONE.
static inline uint32_t SUFFIXED(spell_part)(
    const arena_bpe_model *model, arena_bpe_state *state, const uint8_t *p, uint64_t n,
    uint64_t mark, int32_t *out) {
    int64_t known = SUFFIXED(known_part)(state, p, n, mark, out);
    if (known >= 0) return (uint32_t)known;
    uint64_t unknown = state->unknown;
    uint32_t written = SUFFIXED(merge_piece)(model, state, p, n, out);
    if (written != NONE && state->unknown == unknown) {
        arena_piece_insert(&state->cache, p, n, mark, out, written);
    }
    return written;
}

/// Spells two parts, one behind the other, that fit windows; returns how many tokens.
static __attribute__((noinline)) uint32_t SUFFIXED(spell_two_parts)(
    const arena_bpe_model *model, arena_bpe_state *state, const uint8_t *p, uint64_t n, uint64_t m,
    uint64_t mark, int32_t *out) {
    int64_t known = SUFFIXED(known_part)(state, p, n, mark, out);
    int32_t ids[SUFFIXED(WINDOW) + 4];
    int64_t next_known = SUFFIXED(known_part)(state, p + n, m, mark, ids);
    SUFFIXED(Window) windows[2];
    if (known < 0) SUFFIXED(begin_piece)(model, p, n, &windows[0]);
    if (next_known < 0) SUFFIXED(begin_piece)(model, p + n, m, &windows[1]);
    if (known < 0 && next_known < 0) {
        SUFFIXED(merge_both)(&model->pairs, &windows[0], &windows[1]);
    } else if (known < 0) {
        SUFFIXED(merge_all)(&model->pairs, &windows[0]);
    } else if (next_known < 0) {
        SUFFIXED(merge_all)(&model->pairs, &windows[1]);
    }
    uint32_t written = (uint32_t)known;
    if (known < 0) {
        written = SUFFIXED(tokens_of)(&windows[0], out, NULL);
        arena_piece_insert(&state->cache, p, n, mark, out, written);
    }
    int32_t *rest = out + written;
    if (next_known < 0) {
        uint32_t count = SUFFIXED(tokens_of)(&windows[1], rest, NULL);
        arena_piece_insert(&state->cache, p + n, m, mark, rest, count);
        return written + count;
    }
    memcpy(rest, ids, (uint64_t)next_known * sizeof *ids);
    return written + (uint32_t)next_known;
}

/// Takes a piece apart at its seams and spells the parts; false where `scratch` is too small.
static bool SUFFIXED(spell_apart)(
    const arena_bpe_model *model, arena_bpe_state *state, const uint8_t *p, uint64_t n,
    int32_t **out) {
    const arena_seams seams = model->seams;
    // A part is never a token as a whole: where those come first, it is spelled by other rules.
    uint64_t mark = model->dictionary.slots != NULL;
    uint32_t ends[SUFFIXED(PARTS)];
    uint64_t at = 0, start = 0, length;
    uint32_t before = arena_scalar_at(p, &length);
    at = length;
    while (start < n) {
        uint64_t count = 0;
        while (at < n && count < SUFFIXED(PARTS)) {
            uint32_t code = arena_scalar_at(p + at, &length);
            bool is_seam = arena_seam(&seams, before, code);
            if (model->holds_unknown) {
                is_seam = is_seam && symbol_of(model, before) != NONE &&
                    symbol_of(model, code) != NONE;
            }
            ends[count] = (uint32_t)at;
            count += is_seam;
            before = code;
            at += length;
        }
        if (start == 0 && at >= n && count == 0) {
            uint32_t written = SUFFIXED(merge_piece)(model, state, p, n, *out);
            if (written == NONE) return false;
            *out += written;
            return true;
        }
        if (at >= n && count < SUFFIXED(PARTS)) ends[count++] = (uint32_t)n;
        for (uint64_t done = 0; done < count;) {
            if (state->cache.slots) {
                uint64_t known =
                    cache_look_up(&state->cache, p, (uint32_t)start, ends, done, count, mark, out);
                if (known != done) start = ends[known - 1];
                done = known;
                if (done == count) break;
            }
            uint64_t size = ends[done] - start;
            uint32_t written;
            if (done + 1 < count && SUFFIXED(fits_window)(model, size) &&
                SUFFIXED(fits_window)(model, ends[done + 1] - ends[done])) {
                written = SUFFIXED(spell_two_parts)(
                    model, state, p + start, size, ends[done + 1] - ends[done], mark, *out);
                done++;
            } else {
                written = SUFFIXED(spell_part)(model, state, p + start, size, mark, *out);
            }
            if (written == NONE) return false;
            *out += written;
            start = ends[done++];
        }
    }
    return true;
}

/// Spells a piece that the short cache has not; false where `scratch` is too small.
static __attribute__((noinline)) bool SUFFIXED(spell_new)(
    const arena_bpe_model *model, arena_bpe_state *state, const uint8_t *p, uint64_t n,
    int32_t **out) {
    int32_t *start = *out;
    if (n > 15) {
        int64_t known = arena_piece_find_long(&state->cache, p, n, 0, start);
        if (known >= 0) {
            *out += known;
            return true;
        }
    }
    uint64_t unknown = state->unknown;
    uint32_t whole = model->dictionary.slots ? whole_token(model, p, n) : NONE;
    if (whole != NONE) {
        *(*out)++ = (int32_t)whole;
    } else if (n > 15 && model->seams.narrow) {
        if (!SUFFIXED(spell_apart)(model, state, p, n, out)) return false;
    } else {
        uint32_t written = SUFFIXED(merge_piece)(model, state, p, n, start);
        if (written == NONE) return false;
        *out += written;
    }
    if (state->unknown == unknown) {
        arena_piece_insert(&state->cache, p, n, 0, start, (uint64_t)(*out - start));
    }
    return true;
}

static uint64_t SUFFIXED(spell)(
    const arena_bpe_model *model, arena_bpe_state *state, const uint8_t *text,
    const uint32_t *ends, uint64_t from, uint64_t count, int32_t **out) {
    state->need = 0;
    uint32_t start = from ? ends[from - 1] : 0;
    while (from < count) {
        if (state->cache.slots) {
            uint64_t done = cache_look_up(&state->cache, text, start, ends, from, count, 0, out);
            if (done != from) start = ends[done - 1];
            from = done;
            if (from == count) break;
        }
        int32_t *before = *out;
        uint64_t unknown = state->unknown;
        if (!SUFFIXED(spell_new)(model, state, text + start, ends[from] - start, out)) {
            *out = before;
            state->unknown = unknown;
            return from;
        }
        start = ends[from++];
    }
    return from;
}
