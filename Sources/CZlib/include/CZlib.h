// Inflating raw deflate data and its checksum, by zlib.

#ifndef CZLIB_H
#define CZLIB_H

#include <stddef.h>
#include <stdint.h>

/// Inflates `count` bytes into exactly `room` bytes: 0 if they fit and the data is whole, else 1.
int arena_inflate(const uint8_t *data, size_t count, uint8_t *out, size_t room);

/// The CRC-32 of the bytes.
uint32_t arena_crc32(const uint8_t *data, size_t count);

#endif
