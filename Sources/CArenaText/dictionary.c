// Looking up many strings of a vocabulary at once: the memory of all is asked for before any is compared.

#include "CArenaText.h"

#include <string.h>

enum { BATCH = 32 };

void arena_dictionary_find(
    const arena_dictionary *dictionary, const arena_string *strings, uint64_t count,
    uint32_t *ids) {
    uint64_t keys[BATCH];
    while (count) {
        uint64_t batch = count < BATCH ? count : BATCH;
        for (uint64_t k = 0; k < batch; k++) {
            keys[k] = arena_text_hash(strings[k].text, strings[k].count);
            __builtin_prefetch(dictionary->slots + (keys[k] & dictionary->mask));
        }
        // The first slot is nearly always the right one: its string is asked for as well.
        for (uint64_t k = 0; k < batch; k++) {
            uint64_t slot = dictionary->slots[keys[k] & dictionary->mask];
            if (slot) __builtin_prefetch(dictionary->spans + ((uint32_t)slot - 1));
        }
        for (uint64_t k = 0; k < batch; k++) {
            uint64_t slot = dictionary->slots[keys[k] & dictionary->mask];
            if (slot) {
                uint64_t span = dictionary->spans[(uint32_t)slot - 1];
                __builtin_prefetch(dictionary->text + (span >> 32));
            }
        }
        for (uint64_t k = 0; k < batch; k++) {
            ids[k] = arena_dictionary_id(dictionary, strings[k].text, strings[k].count, keys[k]);
        }
        strings += batch;
        ids += batch;
        count -= batch;
    }
}
