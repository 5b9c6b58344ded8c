// The scan of CSV, included once for each instruction set. The includer defines NAME, TARGET, a type
// Block with LOAD_BLOCK, EQUAL and CHECK_UTF8, and PREFIX_XOR.
//
// A block is 64 bytes; a mask has one bit a byte. Quotes are paired by a prefix-xor, which is right as
// long as every quote stands where RFC 4180 lets it stand; that is checked on the way.

TARGET static int NAME(
    arena_csv_state *s, const uint8_t *bytes, size_t count, uint8_t delimiter, uint8_t quote) {
    uint8_t *heap = s->heap + s->used;
    uint32_t *ends = s->ends + s->count;
    uint64_t inside = s->inside, separated = s->separated, closed = s->closed;
    uint64_t returned = s->returned, closed_before = s->closed_before, wrong = 0;
    UTF8_BEGIN;
    for (size_t at = 0; at < count; at += 64) {
        const uint8_t *source = bytes + at;
        uint8_t last[128];
        uint64_t valid = ~0ull;
        if (count - at < 64) {
            memset(last, 0, sizeof last);
            memcpy(last, source, count - at);
            source = last;
            valid = (1ull << (count - at)) - 1;
        }
        __builtin_prefetch(bytes + at + 1024);
        LOAD_BLOCK(source);
        uint64_t q = EQUAL(quote) & valid;
        wrong |= EQUAL(0) & valid;
        CHECK_UTF8(source);
        // Most of long texts: inside a quoted cell nothing but a quote matters.
        if (!q && inside & valid & ~closed & 1 && valid == ~0ull) {
            memcpy(heap, source, 64);
            heap += 64;
            separated = 0;
            continue;
        }
        uint64_t d = EQUAL(delimiter), n = EQUAL('\n'), r = EQUAL('\r');

        uint64_t in = PREFIX_XOR(q) ^ inside;
        uint64_t line = n & ~in & valid, back = r & ~in & valid;
        uint64_t ends_cell = (d & ~in & valid) | line;
        uint64_t opening = q & in, closing = q & ~in;
        uint64_t after_closing = closing << 1 | closed;
        uint64_t after_back = back << 1 | returned;
        // A quote opens a cell at its start, or is the second of two; behind a closing one the cell
        // ends; a carriage return comes before a line feed.
        wrong |= opening & ~(ends_cell << 1 | separated | after_closing);
        wrong |= after_closing & ~(ends_cell | back | q) & valid;
        wrong |= after_back & ~n & valid;
        // The end of a cell stands behind its closing quote, perhaps with a carriage return between.
        uint64_t after_both = (after_closing & back) << 1 | closed_before;
        uint64_t quoted = after_closing | (after_both & after_back);
        uint64_t keep = (~q | (opening & after_closing)) & ~ends_cell & ~back & valid;

        uint64_t ends_left = ends_cell;
        while (ends_left) {
            unsigned b = (unsigned)__builtin_ctzll(ends_left);
            uint32_t end = (uint32_t)(heap - s->heap)
                + (uint32_t)__builtin_popcountll(keep & ((1ull << b) - 1));
            *ends++ = end | (uint32_t)(quoted >> b & 1) << 31 | (uint32_t)(line >> b & 1) << 30;
            ends_left &= ends_left - 1;
        }
        if (keep == ~0ull) {
            memcpy(heap, source, 64);
            heap += 64;
        } else {
            // Runs between dropped bytes, each copied in whole vectors.
            uint64_t drop = ~keep;
            unsigned from = 0;
            while (from < 64) {
                unsigned to = drop ? (unsigned)__builtin_ctzll(drop) : 64;
                if (to > from) {
                    memcpy(heap, source + from, 32);
                    if (to - from > 32) memcpy(heap + 32, source + from + 32, 32);
                    heap += to - from;
                }
                drop &= drop - 1;
                from = to + 1;
            }
        }
        unsigned top = valid == ~0ull ? 63 : (unsigned)(count - at - 1);
        inside = 0 - (in >> top & 1);
        closed = closing >> top & 1;
        separated = ends_cell >> top & 1;
        closed_before = (after_closing & back) >> top & 1;
        returned = back >> top & 1;
    }
    UTF8_END;
    s->used = (size_t)(heap - s->heap);
    s->count = (size_t)(ends - s->ends);
    s->inside = inside;
    s->separated = separated;
    s->closed = closed;
    s->returned = returned;
    s->closed_before = closed_before;
    return wrong != 0;
}
