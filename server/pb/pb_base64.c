/* SPDX-License-Identifier: MIT */
/* pb_base64.c -- bytes fields as JSON strings: base64 (RFC 4648, padded). */
#include "pb_int.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void pb__base64_put(struct buf *out, struct bytes data)
{
    size_t i;

    for (i = 0; i < data.n; i += 3) {
        size_t n = data.n - i < 3 ? data.n - i : 3;
        uint32_t v = (uint32_t)data.p[i] << 16;
        char quad[4] = {0, 0, '=', '='};

        if (n > 1)
            v |= (uint32_t)data.p[i + 1] << 8;
        if (n > 2)
            v |= data.p[i + 2];
        quad[0] = alphabet[v >> 18];
        quad[1] = alphabet[v >> 12 & 63];
        if (n > 1)
            quad[2] = alphabet[v >> 6 & 63];
        if (n > 2)
            quad[3] = alphabet[v & 63];
        buf_append(out, quad, 4);
    }
}

/* The six bits of c, or 64. */
static uint32_t value_of(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return (uint32_t)c - 'A';
    if (c >= 'a' && c <= 'z')
        return (uint32_t)c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return (uint32_t)c - '0' + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : 64;
}

bool pb__base64_get(struct arena *arena, struct bytes text, struct bytes *ret_data)
{
    size_t pad = 0;
    uint8_t *out;
    size_t n = 0;
    size_t i;

    if (text.n % 4 != 0)
        return false;
    while (pad < 2 && pad < text.n && text.p[text.n - 1 - pad] == '=')
        pad++;
    out = arena_alloc(arena, text.n / 4 * 3 + 1);
    if (!out) {
        *ret_data = bytes_of(NULL, 0);
        return true;
    }
    for (i = 0; i < text.n; i += 4) {
        size_t here = i + 4 == text.n ? 4 - pad : 4; /* letters of this group */
        uint32_t v = 0;
        size_t j;

        for (j = 0; j < here; j++) {
            uint32_t six = value_of(text.p[i + j]);

            if (six > 63)
                return false;
            v |= six << (18 - 6 * j);
        }
        if ((here == 2 && v & 0xffff) || (here == 3 && v & 0xff))
            return false; /* bits that no byte holds: not the one form of these bytes */
        out[n++] = (uint8_t)(v >> 16);
        if (here > 2)
            out[n++] = (uint8_t)(v >> 8);
        if (here > 3)
            out[n++] = (uint8_t)v;
    }
    *ret_data = bytes_of(out, n);
    return true;
}
