// One call that inflates a whole member of an archive, in pieces that fit zlib's counters.

#include "CZlib.h"

#include <limits.h>
#include <zlib.h>

int arena_inflate(const uint8_t *data, size_t count, uint8_t *out, size_t room) {
    z_stream stream = {0};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return 1;
    // A byte more than there should be shows data that goes on.
    uint8_t extra;
    size_t read = 0, written = 0;
    int state = Z_OK;
    while (state == Z_OK) {
        size_t in = count - read < UINT_MAX ? count - read : UINT_MAX;
        size_t space = room - written < UINT_MAX ? room - written : UINT_MAX;
        stream.next_in = (Bytef *)data + read;
        stream.avail_in = (uInt)in;
        stream.next_out = space ? out + written : &extra;
        stream.avail_out = space ? (uInt)space : 1;
        size_t offered = stream.avail_out;
        state = inflate(&stream, Z_NO_FLUSH);
        read += in - stream.avail_in;
        size_t made = offered - stream.avail_out;
        if (!space && made) break;
        written += made;
    }
    inflateEnd(&stream);
    return state == Z_STREAM_END && written == room ? 0 : 1;
}

uint32_t arena_crc32(const uint8_t *data, size_t count) {
    return (uint32_t)crc32_z(crc32_z(0, NULL, 0), data, count);
}
