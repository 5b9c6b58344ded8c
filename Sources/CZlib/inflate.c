// One call that inflates a whole member of an archive, in pieces that fit zlib's counters.

#include "CZlib.h"

#include <limits.h>
#include <stdlib.h>
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

int arena_unpack(
    const uint8_t *data, size_t count, int gzip, size_t expected, size_t limit, uint8_t **out,
    size_t *made) {
    z_stream stream = {0};
    *out = NULL;
    *made = 0;
    if (inflateInit2(&stream, gzip ? MAX_WBITS + 16 : -MAX_WBITS) != Z_OK) return 1;
    size_t read = 0, room = 0;
    int state = Z_OK;
    while (1) {
        if (*made == room) {
            size_t wanted = room ? room * 2 : expected ? expected + 1 : count * 4 + 1024;
            if (wanted > limit) wanted = limit;
            uint8_t *more = wanted > room ? realloc(*out, wanted) : NULL;
            if (!more) {
                inflateEnd(&stream);
                return 2;
            }
            *out = more;
            room = wanted;
        }
        size_t in = count - read < UINT_MAX ? count - read : UINT_MAX;
        size_t space = room - *made < UINT_MAX ? room - *made : UINT_MAX;
        stream.next_in = (Bytef *)data + read;
        stream.avail_in = (uInt)in;
        stream.next_out = *out + *made;
        stream.avail_out = (uInt)space;
        state = inflate(&stream, Z_NO_FLUSH);
        read += in - stream.avail_in;
        *made += space - stream.avail_out;
        // A gzip file may be several, one behind the other.
        if (state == Z_STREAM_END && gzip && read < count) state = inflateReset(&stream);
        else if (state == Z_STREAM_END) break;
        if (state != Z_OK && !(state == Z_BUF_ERROR && *made == room)) break;
    }
    inflateEnd(&stream);
    return state == Z_STREAM_END ? 0 : 1;
}
