// The cache of pieces: groups of four slots, two lines of memory each. What does not fit in its group
// takes the place of another, so a look-up never goes further and the table never fills up.

#include "cache.h"

#include <stdlib.h>
#include <sys/mman.h>

enum {
    FIRST_SLOTS = 1 << 12, MOST_SLOTS = 1 << 17, LONG_SLOTS = 1 << 14,
    MOST_SPILL = 1 << 20, MOST_TEXT = 1 << 21,
};

/// Zeroed memory, or null; large tables on large pages, since they are read at random.
static void *zeroed(size_t count, size_t size) {
    size_t bytes = count * size, page = bytes < (1u << 21) ? 4096 : 1u << 21;
    void *memory = aligned_alloc(page, (bytes + page - 1) / page * page);
    if (!memory) return NULL;
    if (page > 4096) madvise(memory, bytes, MADV_HUGEPAGE);
    return memset(memory, 0, bytes);
}

void arena_piece_cache_init(arena_piece_cache *cache) {
    memset(cache, 0, sizeof *cache);
    cache->slots = zeroed(FIRST_SLOTS, sizeof(arena_piece_slot));
    cache->slot_count = cache->slots ? FIRST_SLOTS : 0;
}

void arena_piece_cache_free(arena_piece_cache *cache) {
    free(cache->slots);
    free(cache->long_slots);
    free(cache->text);
    free(cache->spill);
    free(cache->seen);
    memset(cache, 0, sizeof *cache);
}

static void forget(arena_piece_cache *cache) {
    if (cache->slots) memset(cache->slots, 0, cache->slot_count * sizeof(arena_piece_slot));
    if (cache->long_slots) memset(cache->long_slots, 0, LONG_SLOTS * sizeof(arena_long_slot));
    cache->used = cache->long_used = cache->text_count = cache->spill_count = 0;
}

static void place(arena_piece_cache *cache, arena_piece_slot slot) {
    uint64_t hash = cache_hash(slot.low, slot.high);
    arena_piece_slot *group = cache->slots + cache_group(hash, cache->slot_count);
    for (int k = 0; k < 4; k++) {
        if (group[k].high) continue;
        group[k] = slot;
        cache->used++;
        return;
    }
    group[hash >> 62] = slot;
}

static void grow(arena_piece_cache *cache) {
    arena_piece_slot *old = cache->slots;
    uint64_t count = cache->slot_count;
    arena_piece_slot *larger = zeroed(count * 4, sizeof(arena_piece_slot));
    if (!larger) return;
    cache->slots = larger;
    cache->slot_count = count * 4;
    cache->used = 0;
    for (uint64_t i = 0; i < count; i++) if (old[i].high) place(cache, old[i]);
    free(old);
}

/// Room for `more` behind what is there, within a limit; false if there is none.
static bool make_room(void **memory, uint64_t count, uint64_t *room, uint64_t more, size_t size) {
    if (count + more <= *room) return true;
    uint64_t wanted = *room ? *room * 2 : 1 << 12;
    while (wanted < count + more) wanted *= 2;
    void *larger = realloc(*memory, wanted * size);
    if (!larger) return false;
    *memory = larger;
    *room = wanted;
    return true;
}

/// Puts tokens behind the others; false if there is no memory.
static bool keep_ids(arena_piece_cache *cache, const int32_t *ids, uint64_t count) {
    // Three more, since four are copied at a time.
    if (!make_room((void **)&cache->spill, cache->spill_count, &cache->spill_room, count + 3,
                   sizeof *ids)) {
        return false;
    }
    memcpy(cache->spill + cache->spill_count, ids, count * sizeof *ids);
    cache->spill_count += count;
    return true;
}

static void insert_long(
    arena_piece_cache *cache, const uint8_t *p, uint64_t n, uint64_t hash, const int32_t *ids,
    uint64_t count) {
    if (!cache->seen) cache->seen = zeroed(CACHE_SEEN, sizeof *cache->seen);
    if (!cache->long_slots) cache->long_slots = zeroed(LONG_SLOTS, sizeof(arena_long_slot));
    if (!cache->seen || !cache->long_slots) return;
    uint16_t *seen = cache_seen(cache, hash);
    if (*seen != cache_tag(hash)) {
        *seen = cache_tag(hash);
        return;
    }
    if (cache->long_used * 4 >= LONG_SLOTS * 3 || cache->text_count + n > MOST_TEXT) forget(cache);
    uint64_t at = hash % LONG_SLOTS;
    for (; cache->long_slots[at].length; at = (at + 1) % LONG_SLOTS) {
        if (cache->long_slots[at].hash == hash) return;
    }
    if (!make_room((void **)&cache->text, cache->text_count, &cache->text_room, n, 1)) return;
    uint64_t ids_at = cache->spill_count;
    if (!keep_ids(cache, ids, count)) return;
    cache->long_slots[at] = (arena_long_slot){
        hash, (uint32_t)n, (uint32_t)cache->text_count, (uint32_t)count, (uint32_t)ids_at};
    memcpy(cache->text + cache->text_count, p, n);
    cache->text_count += n;
    cache->long_used++;
}

void arena_piece_insert(
    arena_piece_cache *cache, const uint8_t *p, uint64_t n, uint64_t mark, const int32_t *ids,
    uint64_t count) {
    if (!cache->slots || n == 0 || n > ARENA_LONGEST_PIECE) return;
    if (cache->spill_count + count > MOST_SPILL) forget(cache);
    if (n > 15) return insert_long(cache, p, n, cache_hash_text(p, n, mark), ids, count);
    arena_piece_slot slot = {.last = count << 42};
    cache_key(p, n, &slot.low, &slot.high);
    slot.high |= mark << 63;
    if (count <= CACHE_INLINE) {
        for (uint64_t i = 0; i < count; i++) {
            if (i < 3) slot.first |= (uint64_t)ids[i] << (21 * i);
            else slot.last |= (uint64_t)ids[i] << (21 * (i - 3));
        }
    } else {
        slot.first = cache->spill_count;
        if (!keep_ids(cache, ids, count)) return;
    }
    if (cache->used * 2 > cache->slot_count && cache->slot_count < MOST_SLOTS) grow(cache);
    place(cache, slot);
}

int64_t arena_piece_find_long(
    const arena_piece_cache *cache, const uint8_t *p, uint64_t n, uint64_t mark, int32_t *out) {
    if (!cache->long_slots || n > ARENA_LONGEST_PIECE) return -1;
    uint64_t hash = cache_hash_text(p, n, mark);
    if (*cache_seen(cache, hash) != cache_tag(hash)) return -1;
    for (uint64_t at = hash % LONG_SLOTS; cache->long_slots[at].length; at = (at + 1) % LONG_SLOTS) {
        const arena_long_slot *slot = cache->long_slots + at;
        if (slot->hash != hash || slot->length != n || memcmp(cache->text + slot->text, p, n)) {
            continue;
        }
        cache_copy_ids(out, cache->spill + slot->ids, slot->count);
        return slot->count;
    }
    return -1;
}

ARENA_INLINE uint64_t look_up(
    const arena_piece_cache *cache, const uint8_t *text, uint32_t start, const uint32_t *ends,
    uint64_t from, uint64_t count, uint64_t mark, int32_t **out) {
    if (!cache->slots) return from;
    return cache_look_up(cache, text, start, ends, from, count, mark, out);
}

#if defined(__x86_64__)
__attribute__((target("bmi,bmi2"))) static uint64_t look_up_bmi2(
    const arena_piece_cache *cache, const uint8_t *text, uint32_t start, const uint32_t *ends,
    uint64_t from, uint64_t count, uint64_t mark, int32_t **out) {
    return look_up(cache, text, start, ends, from, count, mark, out);
}
#endif

uint64_t arena_piece_look_up(
    const arena_piece_cache *cache, const uint8_t *text, uint32_t start, const uint32_t *ends,
    uint64_t from, uint64_t count, uint64_t mark, int32_t **out) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("bmi2")) {
        return look_up_bmi2(cache, text, start, ends, from, count, mark, out);
    }
#endif
    return look_up(cache, text, start, ends, from, count, mark, out);
}
