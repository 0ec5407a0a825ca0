/* SPDX-License-Identifier: MIT */
/* json_escape.c -- strings with escapes, to their bytes; failures as json_parse.c (3), (4) say. */
#include "json/json_int.h"

#include "json/json_scan.h"

static enum json_code fail(struct json_unescape *u, enum json_code code, const uint8_t *at)
{
    u->at = at;
    return code;
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four hex digits at u->p, which moves behind them. */
static enum json_code take_hex4(struct json_unescape *u, uint32_t *ret_v)
{
    uint32_t v = 0;
    int i;

    if (u->end - u->p < 4)
        return fail(u, JSON_EOF_STRING, u->end);
    for (i = 0; i < 4; i++) {
        int d = hex_digit(u->p[i]);

        if (d < 0)
            return fail(u, JSON_INVALID_ESCAPE, u->p + 4);
        v = v << 4 | (uint32_t)d;
    }
    u->p += 4;
    *ret_v = v;
    return JSON_OK;
}

static void put_utf8(struct json_unescape *u, uint32_t c)
{
    uint8_t *to = u->to;

    if (c < 0x80) {
        *to++ = (uint8_t)c;
    } else if (c < 0x800) {
        *to++ = (uint8_t)(0xC0 | c >> 6);
        *to++ = (uint8_t)(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        *to++ = (uint8_t)(0xE0 | c >> 12);
        *to++ = (uint8_t)(0x80 | (c >> 6 & 0x3F));
        *to++ = (uint8_t)(0x80 | (c & 0x3F));
    } else {
        *to++ = (uint8_t)(0xF0 | c >> 18);
        *to++ = (uint8_t)(0x80 | (c >> 12 & 0x3F));
        *to++ = (uint8_t)(0x80 | (c >> 6 & 0x3F));
        *to++ = (uint8_t)(0x80 | (c & 0x3F));
    }
    u->to = to;
}

/* Behind "\u": one escape, or two that make a pair. */
static enum json_code take_unicode(struct json_unescape *u)
{
    uint32_t high, low;
    enum json_code code;
    int i;

    code = take_hex4(u, &high);
    if (code != JSON_OK)
        return code;
    if (high >= 0xDC00 && high <= 0xDFFF)
        return fail(u, JSON_LONE_SURROGATE, u->p);
    if (high < 0xD800 || high > 0xDFFF) {
        put_utf8(u, high);
        return JSON_OK;
    }
    for (i = 0; i < 2; i++) {
        if (u->p == u->end)
            return fail(u, JSON_EOF_STRING, u->end);
        if (*u->p != (uint8_t) "\\u"[i])
            return fail(u, JSON_HEX_ESCAPE_END, u->p + 1);
        u->p++;
    }
    code = take_hex4(u, &low);
    if (code != JSON_OK)
        return code;
    if (low < 0xDC00 || low > 0xDFFF)
        return fail(u, JSON_LONE_SURROGATE, u->p);
    put_utf8(u, 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00));
    return JSON_OK;
}

/* Behind a backslash. */
static enum json_code take_escape(struct json_unescape *u)
{
    uint8_t c;

    if (u->p == u->end)
        return fail(u, JSON_EOF_STRING, u->end);
    c = *u->p++;
    switch (c) {
    case '"':
    case '\\':
    case '/':
        break;
    case 'b':
        c = '\b';
        break;
    case 'f':
        c = '\f';
        break;
    case 'n':
        c = '\n';
        break;
    case 'r':
        c = '\r';
        break;
    case 't':
        c = '\t';
        break;
    case 'u':
        return take_unicode(u);
    default:
        return fail(u, JSON_INVALID_ESCAPE, u->p);
    }
    *u->to++ = c;
    return JSON_OK;
}

enum json_code json__unescape(struct json_unescape *u)
{
    const uint8_t *plain = u->from;
    enum json_code code;

    for (;;) {
        if (u->p > plain) {
            memcpy(u->to, plain, (size_t)(u->p - plain));
            u->to += u->p - plain;
        }
        if (u->p == u->end)
            return fail(u, JSON_EOF_STRING, u->end);
        if (*u->p == '"')
            break;
        if (*u->p != '\\')
            return fail(u, JSON_CONTROL_CHARACTER, u->p + 1);
        u->p++;
        code = take_escape(u);
        if (code != JSON_OK)
            return code;
        plain = u->p;
        u->p = json__skip_text(plain, u->end, &u->bad);
    }
    u->from = u->p + 1;
    return u->bad ? fail(u, JSON_INVALID_UNICODE, u->from) : JSON_OK;
}
