// Cells of turns that are plain JSON arrays of strings and nulls, which is nearly all of them;
// included once for each instruction set. The includer defines NAME, TARGET, WIDTH and
// COPY_AND_FIND: copies WIDTH bytes and gives a mask of the quotes, backslashes and control
// characters among them.

TARGET static long NAME(
    const uint8_t *p, size_t count, uint8_t *out, arena_turn *turns, size_t room, int python,
    size_t *lone) {
    const uint8_t *end = p + count;
    uint8_t *to = out;
    long found = 0;
    if (p == end || *p != '[') return -1;
    p++;
    while (1) {
        while (p < end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r')) p++;
        if (p == end) return -1;
        if (*p == ']' && !found) return p + 1 == end ? 0 : -1;
        if ((size_t)found == room) return -2;
        if (found) *to++ = ' ';
        uint8_t *start = to;
        if (*p != '"') {
            if (end - p < 5 || memcmp(p, "null", 4) != 0) return -1;
            p += 4;
            turns[found++] = (arena_turn){(uint32_t)(start - out), UINT32_MAX};
        } else {
            p++;
            while (1) {
                if ((size_t)(end - p) >= WIDTH) {
                    uint64_t stops;
                    COPY_AND_FIND(p, to, stops);
                    if (!stops) {
                        p += WIDTH;
                        to += WIDTH;
                        continue;
                    }
                    int plain = __builtin_ctzll(stops);
                    p += plain;
                    to += plain;
                } else {
                    while (p < end && *p != '"' && *p != '\\' && *p >= 0x20) *to++ = *p++;
                    if (p == end) return -1;
                }
                if (*p == '"') break;
                if (*p < 0x20) {
                    // Python takes them but for those that end a line.
                    if (!python || *p == '\n' || *p == '\r' || *p == 0) return -1;
                    *to++ = *p++;
                    continue;
                }
                if (end - p < 2) return -1;
                uint8_t escape = p[1];
                if (escape != 'u') {
                    uint8_t is = simple_escape[escape];
                    if (!is) return -1;
                    if (python && escape == '/') *to++ = '\\';
                    *to++ = is;
                    p += 2;
                    continue;
                }
                int32_t unit = end - p < 6 ? -1 : four_digits(p + 2);
                if (unit < 0) return -1;
                p += 6;
                if ((unit & 0xFC00) == 0xD800 && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
                    int32_t second = four_digits(p + 2);
                    if (second >= 0 && (second & 0xFC00) == 0xDC00) {
                        unit = 0x10000 + ((unit & 0x3FF) << 10) + (second & 0x3FF);
                        p += 6;
                    }
                }
                if ((unit & 0xFFFFF800) == 0xD800) {
                    unit = 0xFFFD;
                    ++*lone;
                }
                to = put_character(to, (uint32_t)unit);
            }
            p++;
            turns[found++] = (arena_turn){(uint32_t)(start - out), (uint32_t)(to - start)};
        }
        while (p < end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r')) p++;
        if (p == end) return -1;
        if (*p == ']') return p + 1 == end ? found : -1;
        if (*p != ',') return -1;
        p++;
    }
}
