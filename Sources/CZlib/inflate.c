// One call that inflates a whole file, or makes a gzip member, in pieces that fit zlib's counters.

#include "CZlib.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

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

size_t arena_gzip_bound(size_t count) {
    // What deflateBound gives for the default level, for counts of any size.
    return count + (count >> 12) + (count >> 14) + (count >> 25) + 64;
}

int arena_gzip(const uint8_t *data, size_t count, uint8_t *out, size_t room, size_t *made) {
    z_stream stream = {0};
    *made = 0;
    if (deflateInit2(
            &stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY)
        != Z_OK)
        return 1;
    size_t read = 0;
    int state = Z_OK;
    while (state == Z_OK) {
        size_t in = count - read < UINT_MAX ? count - read : UINT_MAX;
        size_t space = room - *made < UINT_MAX ? room - *made : UINT_MAX;
        stream.next_in = (Bytef *)data + read;
        stream.avail_in = (uInt)in;
        stream.next_out = out + *made;
        stream.avail_out = (uInt)space;
        state = deflate(&stream, read + in == count ? Z_FINISH : Z_NO_FLUSH);
        read += in - stream.avail_in;
        *made += space - stream.avail_out;
    }
    deflateEnd(&stream);
    return state == Z_STREAM_END ? 0 : 1;
}
