/* SPDX-License-Identifier: MIT */
/*
 * client_status.c -- how a call ended: codes, the tables that map HTTP/2 and
 * HTTP to them, and the details a Lode server sends along.
 *
 * Pure functions. google.rpc.Status and Any are read by hand (two levels, no
 * recursion), so that this library does not carry their generated code.
 */
#include "client_int.h"

#include "pb/pb.h"

#include <lode/v1/common.pb-c.h>
#include <stdarg.h>
#include <stdio.h>

const char *lode_status_name(enum lode_status status)
{
    switch (status) {
    case LODE_OK:
        return "OK";
    case LODE_CANCELLED:
        return "CANCELLED";
    case LODE_UNKNOWN:
        return "UNKNOWN";
    case LODE_INVALID_ARGUMENT:
        return "INVALID_ARGUMENT";
    case LODE_DEADLINE_EXCEEDED:
        return "DEADLINE_EXCEEDED";
    case LODE_NOT_FOUND:
        return "NOT_FOUND";
    case LODE_ALREADY_EXISTS:
        return "ALREADY_EXISTS";
    case LODE_PERMISSION_DENIED:
        return "PERMISSION_DENIED";
    case LODE_RESOURCE_EXHAUSTED:
        return "RESOURCE_EXHAUSTED";
    case LODE_FAILED_PRECONDITION:
        return "FAILED_PRECONDITION";
    case LODE_ABORTED:
        return "ABORTED";
    case LODE_OUT_OF_RANGE:
        return "OUT_OF_RANGE";
    case LODE_UNIMPLEMENTED:
        return "UNIMPLEMENTED";
    case LODE_INTERNAL:
        return "INTERNAL";
    case LODE_UNAVAILABLE:
        return "UNAVAILABLE";
    case LODE_DATA_LOSS:
        return "DATA_LOSS";
    case LODE_UNAUTHENTICATED:
        return "UNAUTHENTICATED";
    case LODE_END:
        return "END";
    }
    return "UNKNOWN";
}

const char *lode_version(void)
{
    return LODE_VERSION;
}

void client__error_clear(struct lode_error *error)
{
    if (error) {
        error->status = LODE_OK;
        error->code[0] = '\0';
        error->message[0] = '\0';
    }
}

enum lode_status client__error(struct lode_error *error, enum lode_status status, const char *fmt,
                               ...)
{
    char text[2 * sizeof(error->message)];
    va_list args;

    if (!error)
        return status;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    error->status = status;
    error->code[0] = '\0';
    client__text_copy(error->message, sizeof(error->message), bytes_str(text));
    return status;
}

enum lode_status client__status_of_http(int http_status)
{
    switch (http_status) {
    case 400:
    case 431:
        return LODE_INTERNAL;
    case 401:
        return LODE_UNAUTHENTICATED;
    case 403:
        return LODE_PERMISSION_DENIED;
    case 404:
        return LODE_UNIMPLEMENTED;
    case 429:
    case 502:
    case 503:
    case 504:
        return LODE_UNAVAILABLE;
    default:
        return LODE_UNKNOWN;
    }
}

enum lode_status client__status_of_reset(uint32_t http2_code)
{
    switch (http2_code) {
    case 7: /* REFUSED_STREAM */
        return LODE_UNAVAILABLE;
    case 8: /* CANCEL */
        return LODE_CANCELLED;
    case 11: /* ENHANCE_YOUR_CALM */
        return LODE_RESOURCE_EXHAUSTED;
    case 12: /* INADEQUATE_SECURITY */
        return LODE_PERMISSION_DENIED;
    default:
        return LODE_INTERNAL;
    }
}

enum lode_status client__status_parse(struct bytes text)
{
    unsigned v = 0;
    size_t i;

    if (text.n == 0 || text.n > 2)
        return LODE_UNKNOWN;
    for (i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return LODE_UNKNOWN;
        v = v * 10 + (unsigned)(text.p[i] - '0');
    }
    return v <= LODE_UNAUTHENTICATED ? (enum lode_status)v : LODE_UNKNOWN;
}

/* Length of the valid UTF-8 character at the start of t, 0 if there is none. */
static size_t utf8_char(struct bytes t)
{
    uint8_t c = t.p[0];
    size_t n = 0;
    size_t i;

    if (c < 0x80)
        n = 1;
    else if (c >= 0xc2 && c < 0xe0)
        n = 2;
    else if (c >= 0xe0 && c < 0xf0)
        n = 3;
    else if (c >= 0xf0 && c < 0xf5)
        n = 4;
    if (n == 0 || n > t.n)
        return 0;
    for (i = 1; i < n; i++)
        if ((t.p[i] & 0xc0) != 0x80)
            return 0;
    if ((c == 0xe0 && t.p[1] < 0xa0) || (c == 0xed && t.p[1] > 0x9f) ||
        (c == 0xf0 && t.p[1] < 0x90) || (c == 0xf4 && t.p[1] > 0x8f))
        return 0; /* overlong, surrogate, or beyond U+10FFFF */
    return n;
}

void client__text_copy(char *dst, size_t cap, struct bytes text)
{
    static const char replacement[] = "\xef\xbf\xbd";
    size_t at = 0;
    size_t n = 0;

    while (at < text.n && text.p[at] != '\0') {
        size_t len = utf8_char(bytes_of(text.p + at, text.n - at));
        const void *from = len ? (const void *)(text.p + at) : replacement;
        size_t add = len ? len : sizeof(replacement) - 1;

        if (n + add + 1 > cap)
            break;
        memcpy(dst + n, from, add);
        n += add;
        at += len ? len : 1;
    }
    dst[n] = '\0';
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

void client__percent_decode(struct bytes text, char *dst, size_t cap)
{
    struct buf raw;
    size_t i;

    buf_init(&raw, CLIENT_HEADERS_MAX);
    for (i = 0; i < text.n; i++) {
        int hi = text.p[i] == '%' && i + 2 < text.n ? hex_digit(text.p[i + 1]) : -1;
        int lo = hi >= 0 ? hex_digit(text.p[i + 2]) : -1;

        if (lo >= 0) {
            buf_byte(&raw, (uint8_t)(hi << 4 | lo));
            i += 2;
        } else {
            buf_byte(&raw, text.p[i]);
        }
    }
    client__text_copy(dst, cap, buf_view(&raw));
    buf_done(&raw);
}

/* One field off the front of *rest; false at the end or at anything malformed. */
static bool wire_next(struct bytes *rest, uint64_t *ret_tag, struct bytes *ret_value)
{
    uint64_t skip;
    uint64_t len = 0;
    size_t n = get_varint(*rest, ret_tag);

    if (n == 0)
        return false;
    *rest = bytes_of(rest->p + n, rest->n - n);
    *ret_value = bytes_of(NULL, 0);
    switch (*ret_tag & 7) {
    case 0:
        len = get_varint(*rest, &skip);
        if (len == 0)
            return false;
        break;
    case 1:
        len = 8;
        break;
    case 2:
        n = get_varint(*rest, &len);
        if (n == 0)
            return false;
        *rest = bytes_of(rest->p + n, rest->n - n);
        break;
    case 5:
        len = 4;
        break;
    default:
        return false;
    }
    if (len > rest->n)
        return false;
    *ret_value = bytes_of(rest->p, (size_t)len);
    *rest = bytes_of(rest->p + len, rest->n - (size_t)len);
    return true;
}

static void error_info_read(struct bytes wire, struct lode_error *error)
{
    struct arena *arena = arena_new(pb_arena_limit(wire.n));
    ProtobufCMessage *msg = NULL;
    enum rc rc;

    rc = pb_unpack(arena, &lode__v1__error_info__descriptor, wire, &msg, NULL);
    if (rc == RC_OK) {
        const Lode__V1__ErrorInfo *info = (const Lode__V1__ErrorInfo *)msg;

        client__text_copy(error->code, sizeof(error->code), bytes_str(info->code));
        if (error->message[0] == '\0')
            client__text_copy(error->message, sizeof(error->message), bytes_str(info->message));
    }
    arena_free(arena);
}

void client__details_read(struct bytes status, struct lode_error *error)
{
    static const char suffix[] = "/lode.v1.ErrorInfo";
    struct bytes field;
    uint64_t tag;

    while (wire_next(&status, &tag, &field)) {
        struct bytes any = field;
        struct bytes type = {0};
        struct bytes value = {0};

        if (tag != (3 << 3 | 2)) /* details */
            continue;
        while (wire_next(&any, &tag, &field)) {
            if (tag == (1 << 3 | 2))
                type = field;
            else if (tag == (2 << 3 | 2))
                value = field;
        }
        if (type.n >= sizeof(suffix) - 1 &&
            memcmp(type.p + type.n - (sizeof(suffix) - 1), suffix, sizeof(suffix) - 1) == 0) {
            error_info_read(value, error);
            return;
        }
    }
}
