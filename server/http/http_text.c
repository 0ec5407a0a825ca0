/* SPDX-License-Identifier: MIT */
/* http_text.c -- see http_text.h. */
#include "http/http_text.h"

#include "base/clock.h"

#include <stdio.h>

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. */
static bool is_utf8(struct bytes b)
{
    size_t i = 0;

    while (i < b.n) {
        uint8_t c = b.p[i];
        uint8_t lo = 0x80, hi = 0xbf;
        size_t more;

        if (c < 0x80) {
            i++;
            continue;
        }
        if (c < 0xc2 || c > 0xf4)
            return false;
        more = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
        if (c == 0xe0)
            lo = 0xa0;
        else if (c == 0xed)
            hi = 0x9f;
        else if (c == 0xf0)
            lo = 0x90;
        else if (c == 0xf4)
            hi = 0x8f;
        if (b.n - i <= more || b.p[i + 1] < lo || b.p[i + 1] > hi)
            return false;
        for (i += 2, more--; more > 0; i++, more--)
            if ((b.p[i] & 0xc0) != 0x80)
                return false;
    }
    return true;
}

/* Decodes n bytes at from to dst (which may be from); false for a bad escape, NUL or not UTF-8. */
static bool decode(const uint8_t *from, size_t n, uint8_t *dst, bool plus, size_t *ret_n)
{
    size_t out = 0;
    size_t i;

    for (i = 0; i < n; i++) {
        uint8_t c = from[i];

        if (c == '%') {
            int hi = i + 2 < n ? hex_digit(from[i + 1]) : -1;
            int lo = i + 2 < n ? hex_digit(from[i + 2]) : -1;

            if (hi < 0 || lo < 0)
                return false;
            c = (uint8_t)(hi << 4 | lo);
            i += 2;
        } else if (plus && c == '+') {
            c = ' ';
        }
        if (c == 0)
            return false;
        dst[out] = c;
        out++;
    }
    *ret_n = out;
    return is_utf8(bytes_of(dst, out));
}

static enum rc bad_path(struct err *err)
{
    return err_set(err, RC_INVALID, "bad_request", "The path of the request is malformed.");
}

enum rc http_path_split(uint8_t *path, size_t n, struct bytes segments[HTTP_MAX_SEGMENTS],
                        size_t *ret_n, struct err *err)
{
    size_t count = 0;
    size_t i;

    while (n > 0 && path[n - 1] == '/')
        n--;
    for (i = 0; i < n; count++) {
        uint8_t *begin = path + i + 1; /* behind the slash that path[i] is */
        const uint8_t *end = memchr(begin, '/', n - i - 1);
        size_t len = end ? (size_t)(end - begin) : n - i - 1;
        size_t decoded;

        if (!decode(begin, len, begin, false, &decoded))
            return bad_path(err);
        if (decoded < len && memchr(begin, '/', decoded)) /* only an escape can have brought it */
            return bad_path(err);
        if (count < HTTP_MAX_SEGMENTS)
            segments[count] = bytes_of(begin, decoded);
        i += 1 + len;
    }
    *ret_n = count;
    return RC_OK;
}

static enum rc bad_query(struct err *err)
{
    return err_set(err, RC_INVALID, "bad_request", "The query string of the request is malformed.");
}

/* One "name=value" to its decoded halves, in at[0 .. n - 1]. */
static bool parse_param(struct bytes part, uint8_t *at, struct pb_param *ret)
{
    const uint8_t *eq = memchr(part.p, '=', part.n);
    size_t n_name = eq ? (size_t)(eq - part.p) : part.n;
    size_t name = 0, value = 0;

    if (!decode(part.p, n_name, at, true, &name))
        return false;
    if (eq && !decode(eq + 1, part.n - n_name - 1, at + name, true, &value))
        return false;
    ret->name = bytes_of(at, name);
    ret->value = bytes_of(at + name, value);
    return true;
}

enum rc http_query_parse(struct arena *arena, struct bytes query, struct pb_param **ret_params,
                         size_t *ret_n, struct err *err)
{
    struct pb_param *params;
    uint8_t *text;
    size_t max = 1;
    size_t n = 0;
    size_t i;

    for (i = 0; i < query.n; i++)
        max += query.p[i] == '&';
    params = arena_alloc(arena, max * sizeof(*params));
    text = arena_alloc(arena, query.n + 1);
    if (!params || !text)
        return err_set(err, RC_TOO_LARGE, "bad_request", "The query string is too long.");
    while (query.n > 0) {
        const uint8_t *amp = memchr(query.p, '&', query.n);
        size_t len = amp ? (size_t)(amp - query.p) : query.n;

        if (len > 0) {
            if (!parse_param(bytes_of(query.p, len), text, &params[n]))
                return bad_query(err);
            text += params[n].name.n + params[n].value.n;
            n++;
        }
        len += amp ? 1 : 0;
        query = bytes_of(query.p + len, query.n - len);
    }
    *ret_params = params;
    *ret_n = n;
    return RC_OK;
}

static bool is_media_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr("!#$&^_.+-", c));
}

bool http_media_type(struct bytes value, char dst[HTTP_MEDIA_MAX])
{
    const char *slash;
    size_t n = 0;
    size_t i;

    while (n < value.n && value.p[n] != ';')
        n++;
    while (n > 0 && (value.p[n - 1] == ' ' || value.p[n - 1] == '\t'))
        n--;
    if (n == 0 || n >= HTTP_MEDIA_MAX)
        return false;
    for (i = 0; i < n; i++) {
        uint8_t c = value.p[i];

        dst[i] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
        if (dst[i] != '/' && !is_media_char(dst[i]))
            return false;
    }
    dst[n] = '\0';
    slash = strchr(dst, '/');
    return slash && slash > dst && slash[1] && !strchr(slash + 1, '/');
}

bool http_media_is_json(const char *media)
{
    const char *sub = strchr(media, '/');
    size_t n = sub ? strlen(sub) : 0;

    if (!sub || strncmp(media, "json/", 5) == 0)
        return false;
    return strcmp(sub, "/json") == 0 || (n > 6 && strcmp(sub + n - 5, "+json") == 0);
}

char *http_size_text(char dst[HTTP_SIZE_TEXT_MAX], uint64_t bytes)
{
    static const char *const decimal[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    static const char *const binary[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    bool in_binary = bytes > 0 && bytes % 1024 == 0;
    uint64_t step = in_binary ? 1024 : 1000;
    uint64_t unit = 1;
    uint64_t rest, cents;
    size_t i = 0;

    while (bytes / unit >= step) {
        unit *= step;
        i++;
    }
    rest = bytes % unit;
    cents = unit > 1ULL << 50 ? rest / (unit / 100) : rest * 100 / unit;
    if (cents == 0)
        (void)snprintf(dst, HTTP_SIZE_TEXT_MAX, "%llu %s", (unsigned long long)(bytes / unit),
                       in_binary ? binary[i] : decimal[i]);
    else
        (void)snprintf(dst, HTTP_SIZE_TEXT_MAX, "%llu.%02llu %s",
                       (unsigned long long)(bytes / unit), (unsigned long long)cents,
                       in_binary ? binary[i] : decimal[i]);
    return dst;
}

char *http_date_text(char dst[HTTP_DATE_MAX], int64_t wall_ns)
{
    static const char days[] = "ThuFriSatSunMonTueWed"; /* 1970-01-01 was a Thursday */
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char iso[CLOCK_RFC3339_MAX]; /* "2024-08-08T17:05:55..." */
    int64_t day = wall_ns / (86400 * NS_PER_S);
    size_t month;

    clock_format_rfc3339(iso, wall_ns);
    month = (size_t)(iso[5] - '0') * 10 + (size_t)(iso[6] - '0') - 1;
    (void)snprintf(dst, HTTP_DATE_MAX, "%.3s, %.2s %.3s %.4s %.8s GMT", days + 3 * (day % 7),
                   iso + 8, months + 3 * month, iso, iso + 11);
    return dst;
}
