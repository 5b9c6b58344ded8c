// Inflating raw deflate data and its checksum, by zlib.

#ifndef CZLIB_H
#define CZLIB_H

#include <stddef.h>
#include <stdint.h>

/// Inflates `count` bytes into exactly `room` bytes: 0 if they fit and the data is whole, else 1.
int arena_inflate(const uint8_t *data, size_t count, uint8_t *out, size_t room);

/// Inflates gzip or raw deflate data into memory of its own, which the caller frees also after a
/// failure: 0, 1 if the data is broken, 2 if it would be more than `limit` bytes.
int arena_unpack(
    const uint8_t *data, size_t count, int gzip, size_t expected, size_t limit, uint8_t **out,
    size_t *made);

/// The CRC-32 of the bytes.
uint32_t arena_crc32(const uint8_t *data, size_t count);

#endif
