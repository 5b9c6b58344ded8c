// Text in text.

#define _GNU_SOURCE
#include "CArenaFrame.h"

#include <string.h>

long arena_find(
    const uint8_t *text, size_t count, size_t from, const uint8_t *piece, size_t length) {
    if (from > count || count - from < length) return -1;
    const uint8_t *found = length == 1 ? memchr(text + from, piece[0], count - from)
                                       : memmem(text + from, count - from, piece, length);
    return found ? (long)(found - text) : -1;
}
