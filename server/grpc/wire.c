/* SPDX-License-Identifier: MIT */
/* wire.c -- see wire.h. */
#include "grpc/wire.h"

#include "rpc/header_value.h"

#include <stdio.h>

/* ---- timeouts ---------------------------------------------------------------------- */

static const struct {
    uint8_t unit;
    int64_t ns;
} units[] = {
    {'n', 1},
    {'u', 1000},
    {'m', 1000000},
    {'S', 1000000000},
    {'M', 60 * 1000000000LL},
    {'H', 3600 * 1000000000LL},
};

enum { N_UNITS = sizeof units / sizeof units[0], TIMEOUT_DIGITS = 8, TIMEOUT_VALUE_MAX = 99999999 };

bool grpc_timeout_parse(struct bytes text, int64_t *ret_ns)
{
    int64_t value = 0;
    size_t i, unit;

    if (text.n < 2 || text.n > TIMEOUT_DIGITS + 1)
        return false;
    for (i = 0; i + 1 < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
        value = value * 10 + (text.p[i] - '0');
    }
    for (unit = 0; unit < N_UNITS; unit++)
        if (text.p[text.n - 1] == units[unit].unit)
            break;
    if (unit == N_UNITS)
        return false;
    *ret_ns = value > INT64_MAX / units[unit].ns ? INT64_MAX : value * units[unit].ns;
    return true;
}

char *grpc_timeout_format(char dst[GRPC_TIMEOUT_TEXT], int64_t ns)
{
    int64_t value = ns > 0 ? ns : 1;
    size_t unit = 0;

    while (unit + 1 < N_UNITS && value > TIMEOUT_VALUE_MAX) {
        unit++;
        value = (ns - 1) / units[unit].ns + 1; /* up: a call may not end before its time */
    }
    (void)snprintf(dst, GRPC_TIMEOUT_TEXT, "%d%c", (int)value, units[unit].unit);
    return dst;
}

/* ---- status texts ------------------------------------------------------------------ */

/* Bytes of the UTF-8 character at the start of b, 0 if it is broken (RFC 3629). */
static size_t utf8_length(struct bytes b)
{
    uint8_t lead = b.p[0];
    uint8_t lo = 0x80, hi = 0xbf; /* bounds of the second byte */
    size_t n, i;

    if (lead < 0x80)
        return 1;
    if (lead >= 0xc2 && lead <= 0xdf)
        n = 2;
    else if ((lead & 0xf0) == 0xe0)
        n = 3;
    else if (lead >= 0xf0 && lead <= 0xf4)
        n = 4;
    else
        return 0;
    if (b.n < n)
        return 0;
    if (lead == 0xe0)
        lo = 0xa0;
    else if (lead == 0xed)
        hi = 0x9f; /* surrogates */
    else if (lead == 0xf0)
        lo = 0x90;
    else if (lead == 0xf4)
        hi = 0x8f;
    if (b.p[1] < lo || b.p[1] > hi)
        return 0;
    for (i = 2; i < n; i++)
        if (b.p[i] < 0x80 || b.p[i] > 0xbf)
            return 0;
    return n;
}

static size_t encode_character(struct bytes c, uint8_t dst[12])
{
    static const char digits[] = "0123456789ABCDEF";
    size_t n = 0;
    size_t i;

    for (i = 0; i < c.n; i++) {
        if (c.p[i] >= 0x20 && c.p[i] <= 0x7e && c.p[i] != '%') {
            dst[n++] = c.p[i];
            continue;
        }
        dst[n++] = '%';
        dst[n++] = (uint8_t)digits[c.p[i] >> 4];
        dst[n++] = (uint8_t)digits[c.p[i] & 15];
    }
    return n;
}

void grpc_percent_encode(struct buf *out, struct bytes text, size_t max)
{
    size_t used = 0;

    while (text.n) {
        size_t n = utf8_length(text);
        struct bytes c = n ? bytes_of(text.p, n) : B("\xef\xbf\xbd");
        uint8_t coded[12];
        size_t n_coded = encode_character(c, coded);

        if (used + n_coded > max)
            return;
        buf_append(out, coded, n_coded);
        used += n_coded;
        text.p += n ? n : 1;
        text.n -= n ? n : 1;
    }
}

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

void grpc_percent_decode(struct buf *out, struct bytes text)
{
    size_t i;

    for (i = 0; i < text.n; i++) {
        int hi = -1, lo = -1;

        if (text.p[i] == '%' && text.n - i > 2) {
            hi = hex_value(text.p[i + 1]);
            lo = hex_value(text.p[i + 2]);
        }
        if (hi < 0 || lo < 0) {
            buf_byte(out, text.p[i]);
            continue;
        }
        buf_byte(out, (uint8_t)(hi << 4 | lo));
        i += 2;
    }
}

/* ---- binary metadata --------------------------------------------------------------- */

void grpc_base64_encode(struct buf *out, struct bytes b)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t i;

    for (i = 0; i < b.n; i += 3) {
        size_t n = b.n - i < 3 ? b.n - i : 3;
        uint32_t v = (uint32_t)b.p[i] << 16;
        uint8_t quad[4];

        if (n > 1)
            v |= (uint32_t)b.p[i + 1] << 8;
        if (n > 2)
            v |= b.p[i + 2];
        quad[0] = (uint8_t)digits[v >> 18];
        quad[1] = (uint8_t)digits[v >> 12 & 63];
        quad[2] = (uint8_t)digits[v >> 6 & 63];
        quad[3] = (uint8_t)digits[v & 63];
        buf_append(out, quad, n + 1);
    }
}

static int base64_value(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : -1;
}

bool grpc_base64_decode(struct bytes text, uint8_t *dst, size_t *ret_n)
{
    uint32_t bits = 0;
    unsigned n_bits = 0;
    size_t n = 0;
    size_t i;

    if (text.n && text.n % 4 == 0 && text.p[text.n - 1] == '=')
        text.n -= text.p[text.n - 2] == '=' ? 2 : 1;
    if (text.n % 4 == 1)
        return false;
    for (i = 0; i < text.n; i++) {
        int v = base64_value(text.p[i]);

        if (v < 0)
            return false;
        bits = bits << 6 | (uint32_t)v;
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            dst[n++] = (uint8_t)(bits >> n_bits);
        }
    }
    *ret_n = n;
    return true;
}

bool grpc_is_binary_name(struct bytes name)
{
    return name.n >= 4 && memcmp(name.p + name.n - 4, "-bin", 4) == 0;
}

/* ---- codings and content types ------------------------------------------------------ */

static const char *const coding_names[] = {"identity", "gzip", "deflate"};

enum grpc_coding grpc_coding_of(struct bytes name)
{
    unsigned i;

    for (i = 0; i < ARRAY_LEN(coding_names); i++)
        if (bytes_eq(name, bytes_str(coding_names[i])))
            return (enum grpc_coding)i;
    return GRPC_CODING_UNKNOWN;
}

const char *grpc_coding_name(enum grpc_coding coding)
{
    return coding < GRPC_CODING_UNKNOWN ? coding_names[coding] : "unknown";
}

unsigned grpc_accept_parse(struct bytes list)
{
    unsigned bits = 1U << GRPC_IDENTITY;
    struct bytes word;

    while (rpc_header_next(&list, &word)) {
        enum grpc_coding coding = grpc_coding_of(word);

        if (coding != GRPC_CODING_UNKNOWN)
            bits |= 1U << coding;
    }
    return bits;
}

bool grpc_content_type(struct bytes value, bool *ret_suffix)
{
    static const char base[] = "application/grpc";
    struct bytes rest;
    bool suffix = false;

    if (!bytes_starts(value, bytes_str(base)))
        return false;
    rest = bytes_of(value.p + sizeof base - 1, value.n - (sizeof base - 1));
    if (bytes_starts(rest, B("+proto"))) {
        suffix = true;
        rest.p += 6;
        rest.n -= 6;
    }
    rest = rpc_header_trim(rest);
    if (rest.n && rest.p[0] != ';')
        return false;
    *ret_suffix = suffix;
    return true;
}
