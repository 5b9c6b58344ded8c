// Gzip and deflate data, and checksums, by zlib.

#ifndef CZLIB_H
#define CZLIB_H

#include <stddef.h>
#include <stdint.h>

/// Inflates gzip or raw deflate data into memory of its own, which the caller frees also after a
/// failure: 0, 1 if the data is broken, 2 if it would be more than `limit` bytes.
int arena_unpack(
    const uint8_t *data, size_t count, int gzip, size_t expected, size_t limit, uint8_t **out,
    size_t *made);

/// Packs bytes as one member of a gzip file, which may have several: 0 if they fit into the room.
int arena_gzip(const uint8_t *data, size_t count, uint8_t *out, size_t room, size_t *made);

/// The room that any so many bytes fit into once they are packed.
size_t arena_gzip_bound(size_t count);

/// The CRC-32 of the bytes.
uint32_t arena_crc32(const uint8_t *data, size_t count);

#endif
