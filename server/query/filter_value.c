/* SPDX-License-Identifier: MIT */
/*
 * filter_value.c -- names, values and keywords of filters.
 *
 * A value is a bare word (letters and digits of any script, "_", "-", "."), or
 * anything in quotes. Names and values look the same; what stands where decides.
 */
#include "query/filter_int.h"

#include "text/text.h"

#include <stdio.h>

static const char *const keywords[] = {
    "AND",  "OR",    "IN",       "NOT",    "TO",   "EXISTS",     "IS",
    "NULL", "EMPTY", "CONTAINS", "STARTS", "WITH", "_geoRadius", "_geoBoundingBox",
};

static const uint8_t *end_of(const struct filter_reading *p)
{
    return p->source.p + p->source.n;
}

struct bytes filter__rest(const struct filter_reading *p)
{
    return bytes_of(p->at, (size_t)(end_of(p) - p->at));
}

/* The character at the place, and how many bytes it has; 0 at the end. Bad bytes stand for
 * themselves, one by one: they are in no class. */
static size_t character_at(const struct filter_reading *p, const uint8_t *at, uint32_t *ret)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    size_t left = (size_t)(end_of(p) - at), n, i;
    uint32_t c;

    if (left == 0)
        return 0;
    *ret = at[0] < 0x80 ? at[0] : 0xfffd;
    n = at[0] < 0xc2 ? 1 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : at[0] < 0xf5 ? 4 : 1;
    if (n == 1 || n > left)
        return 1;
    c = at[0] & (0xffU >> (n + 1));
    for (i = 1; i < n; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 1;
        c = c << 6 | (at[i] & 0x3f);
    }
    if (c < least[n])
        return 1;
    *ret = c;
    return n;
}

static bool is_space(uint32_t c)
{
    return c == ' ' || (c >= 9 && c <= 13) || c == 0x85 || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
           c == 0x205f || c == 0x3000;
}

static bool in_word(uint32_t c)
{
    return c == '_' || c == '-' || c == '.' || text_is_alphanumeric(c);
}

/* Bytes from p->at on that are in bare words. */
static struct bytes word_here(const struct filter_reading *p)
{
    const uint8_t *at = p->at;
    uint32_t c;
    size_t n;

    while ((n = character_at(p, at, &c)) > 0 && in_word(c))
        at += n;
    return bytes_of(p->at, (size_t)(at - p->at));
}

/* For errors: all up to the next thing that has a meaning in a filter. */
static struct bytes unreadable_here(const struct filter_reading *p)
{
    const uint8_t *at = p->at;
    uint32_t c;
    size_t n;

    while ((n = character_at(p, at, &c)) > 0 && !is_space(c) &&
           !(c < 0x80 && c && strchr("()=<>!", (int)c)))
        at += n;
    return bytes_of(p->at, (size_t)(at - p->at));
}

void filter__skip_space(struct filter_reading *p)
{
    uint32_t c;
    size_t n;

    while ((n = character_at(p, p->at, &c)) > 0 && is_space(c))
        p->at += n;
}

bool filter__starts(const struct filter_reading *p, const char *text)
{
    return bytes_starts(filter__rest(p), bytes_str(text));
}

bool filter__accept(struct filter_reading *p, const char *symbol)
{
    const uint8_t *before = p->at;

    filter__skip_space(p);
    if (filter__starts(p, symbol)) {
        p->at += strlen(symbol);
        return true;
    }
    p->at = before;
    return false;
}

bool filter__accept_word(struct filter_reading *p, const char *keyword)
{
    const uint8_t *before = p->at;

    filter__skip_space(p);
    if (bytes_eq(word_here(p), bytes_str(keyword))) {
        p->at += strlen(keyword);
        return true;
    }
    p->at = before;
    return false;
}

/* ---- escapes ------------------------------------------------------------------------------ */

static size_t put_character(uint8_t *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (uint8_t)(0xc0 | c >> 6);
        out[1] = (uint8_t)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (uint8_t)(0xe0 | c >> 12);
        out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
        out[2] = (uint8_t)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (uint8_t)(0xf0 | c >> 18);
    out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
    out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
    out[3] = (uint8_t)(0x80 | (c & 0x3f));
    return 4;
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
        return (c | 0x20) - 'a' + 10;
    return -1;
}

/* What stands behind \x or \u: two digits, four, or any number in braces. Bytes; 0: nonsense. */
static size_t hex_escape(struct bytes in, size_t digits, uint32_t *ret)
{
    bool braces = digits == 4 && in.n && in.p[0] == '{';
    size_t i = braces, n = 0;
    uint32_t c = 0;

    for (; i < in.n && hex_digit(in.p[i]) >= 0 && n < (braces ? 6 : digits); i++, n++)
        c = c << 4 | (uint32_t)hex_digit(in.p[i]);
    if (n == 0 || (!braces && n < digits) || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return 0;
    if (braces && (i == in.n || in.p[i] != '}'))
        return 0;
    *ret = c;
    return i + braces;
}

/* The bytes that a quoted text means. False: an escape that is none. */
static bool unescape(struct arena *arena, struct bytes raw, struct bytes *ret)
{
    static const char names[] = "abfnrtv0\\'\"", means[] = "\a\b\f\n\r\t\v\0\\'\"";
    uint8_t *out = arena_alloc(arena, raw.n + 4);
    size_t n = 0, i;

    if (!out)
        return false;
    for (i = 0; i < raw.n; i++) {
        const char *name;

        if (raw.p[i] != '\\') {
            out[n++] = raw.p[i];
            continue;
        }
        if (++i == raw.n)
            return false;
        name = raw.p[i] ? strchr(names, raw.p[i]) : NULL;
        if (name) {
            out[n++] = (uint8_t)means[name - names];
        } else if (raw.p[i] == 'x' || raw.p[i] == 'u') {
            uint32_t c;
            size_t used =
                hex_escape(bytes_of(raw.p + i + 1, raw.n - i - 1), raw.p[i] == 'x' ? 2 : 4, &c);

            if (!used)
                return false;
            n += put_character(out + n, c); /* never longer than its escape */
            i += used;
        } else {
            return false;
        }
    }
    *ret = bytes_of(out, n);
    return true;
}

/* ---- values ------------------------------------------------------------------------------- */

/* Names of geo rules are no values; which one misuses which decides the words. */
static bool is_geo(struct filter_reading *p)
{
    static const char *const operations[] = {"_geoRadius", "_geoBoundingBox", "_geoPolygon"};
    static const char *const reserved[] = {"_geoPoint", "_geoDistance", "_geo"};
    size_t i;

    for (i = 0; i < 3; i++) {
        if (filter__starts(p, operations[i])) {
            (void)filter__fail(p, filter__rest(p),
                               "The `%s` filter is an operation and can't be used as a value.",
                               operations[i]);
            return true;
        }
    }
    for (i = 0; i < 3; i++) {
        if (i < 2 ? filter__starts(p, reserved[i]) : bytes_eq(word_here(p), B("_geo"))) {
            (void)filter__fail(
                p, filter__rest(p),
                "`%s` is a reserved keyword and thus can't be used as a filter expression. Use the "
                "`_geoRadius(latitude, longitude, distance)` or `_geoBoundingBox([latitude, "
                "longitude], [latitude, longitude])` built-in rules to filter on `_geo` "
                "coordinates.",
                reserved[i]);
            return true;
        }
    }
    return false;
}

static enum filter_scan scan_quoted(struct filter_reading *p, struct filter_token *ret_token)
{
    const uint8_t *at = p->at + 1, *end = end_of(p);
    struct bytes raw, text;

    while (at < end && *at != *p->at)
        at += *at == '\\' && at + 1 < end ? 2 : 1;
    if (at >= end) {
        (void)filter__fail(p, filter__rest(p),
                           "Expression `%s` is missing the following closing delimiter: `%c`.",
                           filter__quote(p->arena, filter__rest(p)), *p->at);
        return SCAN_FAILED;
    }
    raw = text = bytes_of(p->at + 1, (size_t)(at - p->at) - 1);
    if (raw.n && memchr(raw.p, '\\', raw.n) && !unescape(p->arena, raw, &text)) {
        (void)filter__fail(p, raw, "Malformed value: `%s`.", filter__quote(p->arena, raw));
        return SCAN_FAILED;
    }
    *ret_token = (struct filter_token){.raw = raw, .text = text, .source = p->source};
    p->at = at + 1;
    return SCAN_OK;
}

enum filter_scan filter__scan_value(struct filter_reading *p, struct filter_token *ret_token)
{
    const uint8_t *before = p->at;
    struct bytes word;
    size_t i;

    filter__skip_space(p);
    if (is_geo(p))
        return SCAN_FAILED;
    if (p->at < end_of(p) && (*p->at == '\'' || *p->at == '"'))
        return scan_quoted(p, ret_token);
    word = word_here(p);
    if (word.n == 0) {
        p->at = before;
        return SCAN_NONE;
    }
    for (i = 0; i < sizeof keywords / sizeof *keywords; i++) {
        if (bytes_eq(word, bytes_str(keywords[i]))) {
            p->at = before;
            return SCAN_KEYWORD;
        }
    }
    *ret_token = (struct filter_token){.raw = word, .text = word, .source = p->source};
    p->at += word.n;
    return SCAN_OK;
}

enum rc filter__fail_keyword(struct filter_reading *p)
{
    struct bytes bad;
    const char *text;

    filter__skip_space(p);
    bad = unreadable_here(p);
    text = filter__quote(p->arena, bad);
    return filter__fail(p, bad,
                        "Was expecting a value but instead got `%s`, which is a reserved keyword. "
                        "To use `%s` as a field name or a value, surround it by quotes.",
                        text, text);
}

enum rc filter__take_value(struct filter_reading *p, struct filter_token *ret_token)
{
    enum filter_scan scan = filter__scan_value(p, ret_token);
    struct bytes bad;

    if (scan == SCAN_OK)
        return RC_OK;
    if (scan == SCAN_FAILED)
        return RC_INVALID;
    if (scan == SCAN_KEYWORD)
        return filter__fail_keyword(p);
    filter__skip_space(p);
    bad = unreadable_here(p);
    if (bad.n == 0)
        return filter__fail(p, bad, "Was expecting a value but instead got nothing.");
    return filter__fail(p, bad, "Was expecting a value but instead got `%s`.",
                        filter__quote(p->arena, bad));
}
