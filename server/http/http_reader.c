/* SPDX-License-Identifier: MIT */
/*
 * http_reader.c -- the head of a request: lines, request line, headers, framing.
 *
 * (1) A line is parsed when its LF has come, out of one buffer that holds the
 *     head. Nothing depends on how the bytes were cut.
 * (2) A head that is let through frames its body in exactly one way: no body, one
 *     Content-Length of 1 to 19 digits, or "Transfer-Encoding: chunked" alone.
 * (3) HTTP_EV_BAD is for ever: after it nobody can know where a request begins.
 *
 * The body is read in http_reader_body.c.
 */
#include "http/http_reader.h"

#include "http/http_reader_int.h"
#include "rpc/header_value.h"

/* RFC 9110 token characters as their lower-case form; 0: not one. */
static const char token_lower[256] =
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
    "\0!\0#$%&'\0\0*+\0-.\0"
    "0123456789\0\0\0\0\0\0"
    "\0abcdefghijklmnopqrstuvwxyz\0\0\0^_"
    "`abcdefghijklmnopqrstuvwxyz\0|\0~\0";

/* In the order of enum http_known. */
static const struct bytes known_names[HTTP_KNOWN_COUNT] = {
#define NAME(text)                                                                                 \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }
    NAME("host"),
    NAME("content-length"),
    NAME("transfer-encoding"),
    NAME("expect"),
    NAME("authorization"),
    NAME("content-type"),
    NAME("content-encoding"),
    NAME("accept-encoding"),
    NAME("origin"),
    NAME("access-control-request-method"),
    NAME("access-control-request-headers"),
    NAME("traceparent"),
#undef NAME
};

bool http__is_token(uint8_t c)
{
    return token_lower[c] != 0;
}

/* Bytes of a field value; obs-text passes, it may be UTF-8. */
bool http__is_value(uint8_t c)
{
    return c == '\t' || (c >= 0x20 && c != 0x7f);
}

enum http_event http__reader_bad(struct http_reader *r, int status, const char *why)
{
    r->state = READ_BAD;
    r->status = status;
    r->why = why;
    return HTTP_EV_BAD;
}

void http_reader_init(struct http_reader *r)
{
    memset(r, 0, sizeof(*r));
    buf_init(&r->head, HTTP_MAX_HEAD + 1);
    memset(r->known, -1, sizeof(r->known));
}

void http_reader_done(struct http_reader *r)
{
    buf_done(&r->head);
}

void http_reader_restart(struct http_reader *r)
{
    struct buf head = r->head;

    buf_clear(&head);
    memset(r, 0, sizeof(*r));
    memset(r->known, -1, sizeof(r->known));
    r->head = head;
}

bool http_reader_inside(const struct http_reader *r)
{
    return r->state != READ_HEAD || r->head.n > 0 || r->skipped_line;
}

static struct bytes slice(const struct http_reader *r, struct http_slice s)
{
    return bytes_of(r->head.p + s.at, s.n);
}

struct bytes http_reader_method(const struct http_reader *r)
{
    return slice(r, r->method);
}

struct bytes http_reader_target(const struct http_reader *r)
{
    return slice(r, r->target);
}

struct bytes http_reader_name(const struct http_reader *r, size_t i)
{
    return slice(r, r->names[i]);
}

struct bytes http_reader_value(const struct http_reader *r, size_t i)
{
    return slice(r, r->values[i]);
}

struct bytes http_reader_known(const struct http_reader *r, enum http_known which)
{
    int i = r->known[which];

    return i < 0 ? (struct bytes){0} : slice(r, r->values[i]);
}

bool http_reader_has_body(const struct http_reader *r)
{
    return r->chunked || r->length > 0;
}

bool http_reader_keep_alive(const struct http_reader *r)
{
    return r->minor == 1 ? !r->wants_close : r->wants_keep && !r->wants_close;
}

bool http_reader_expects_continue(const struct http_reader *r)
{
    return r->minor == 1 && r->known[HTTP_EXPECT] >= 0;
}

/* ---- the request line -------------------------------------------------------- */

/* http://host/path: the host is dropped, as RFC 9112 3.2.2 has it; the path stays. */
static size_t authority_len(struct bytes target)
{
    size_t i = 7;

    if (target.n < 8 || !rpc_header_is(bytes_of(target.p, 7), "http://"))
        return 0;
    while (i < target.n && target.p[i] != '/' && target.p[i] != '?')
        i++;
    return i;
}

static enum http_event take_target(struct http_reader *r, size_t at, size_t n)
{
    uint8_t *p = r->head.p + at;
    size_t skip;
    size_t i;

    if (n > HTTP_MAX_TARGET)
        return http__reader_bad(r, 414, "The request target is longer than 8192 bytes.");
    for (i = 0; i < n; i++)
        if (p[i] <= 0x20 || p[i] == 0x7f || p[i] == '#')
            return http__reader_bad(r, 400,
                                    "The request target has a character that must be escaped.");
    skip = authority_len(bytes_of(p, n));
    r->absolute = skip > 0;
    if (r->absolute && (skip == 7 || skip == n || p[skip] != '/'))
        return http__reader_bad(r, 400, "The request target must be a path.");
    if (!r->absolute && p[0] != '/' && !(n == 1 && p[0] == '*'))
        return http__reader_bad(r, 400, "The request target must be a path.");
    r->target = (struct http_slice){(uint16_t)(at + skip), (uint16_t)(n - skip)};
    p[n] = '\0'; /* it was the blank before the version */
    return HTTP_EV_MORE;
}

static enum http_event take_version(struct http_reader *r, struct bytes v)
{
    if (v.n != 8 || memcmp(v.p, "HTTP/", 5) != 0 || v.p[6] != '.' || v.p[5] < '0' || v.p[5] > '9' ||
        v.p[7] < '0' || v.p[7] > '9')
        return http__reader_bad(r, 400, "The request line is malformed.");
    if (v.p[5] != '1' || v.p[7] > '1')
        return http__reader_bad(r, 505, "Only HTTP/1.0 and HTTP/1.1 are spoken here.");
    r->minor = (uint8_t)(v.p[7] - '0');
    return HTTP_EV_MORE;
}

static enum http_event take_request_line(struct http_reader *r, size_t at, size_t n)
{
    struct bytes line = bytes_of(r->head.p + at, n);
    const uint8_t *blank;
    size_t n_method = 0;
    size_t n_target;

    while (n_method < n && http__is_token(line.p[n_method]))
        n_method++;
    if (n_method == 0 || n_method > HTTP_MAX_METHOD || n_method == n || line.p[n_method] != ' ')
        return http__reader_bad(r, 400, "The request line is malformed.");
    r->method = (struct http_slice){(uint16_t)at, (uint16_t)n_method};
    line = bytes_of(line.p + n_method + 1, n - n_method - 1);
    blank = line.n ? memchr(line.p, ' ', line.n) : NULL;
    if (!blank || blank == line.p)
        return http__reader_bad(r, 400, "The request line is malformed.");
    n_target = (size_t)(blank - line.p);
    if (take_target(r, at + n_method + 1, n_target) == HTTP_EV_BAD)
        return HTTP_EV_BAD;
    return take_version(r, bytes_of(blank + 1, line.n - n_target - 1));
}

/* ---- headers ----------------------------------------------------------------- */

static enum http_event take_length(struct http_reader *r, struct bytes v)
{
    size_t i;

    if (v.n == 0 || v.n > 19)
        return http__reader_bad(r, 400, "The Content-Length must be 1 to 19 digits.");
    for (i = 0; i < v.n; i++) {
        if (v.p[i] < '0' || v.p[i] > '9')
            return http__reader_bad(r, 400, "The Content-Length must be 1 to 19 digits.");
        r->length = r->length * 10 + (uint64_t)(v.p[i] - '0');
    }
    r->has_length = true;
    return HTTP_EV_MORE;
}

static bool is_host(struct bytes v)
{
    static const char extra[] = "-._~!$&'()*+,;=:[]%";
    size_t i;

    for (i = 0; i < v.n; i++) {
        uint8_t c = v.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

        if (!plain && !memchr(extra, c, sizeof(extra) - 1))
            return false;
    }
    return true;
}

static void take_connection(struct http_reader *r, struct bytes v)
{
    struct bytes word;

    while (rpc_header_next(&v, &word)) {
        r->wants_close |= rpc_header_is(word, "close");
        r->wants_keep |= rpc_header_is(word, "keep-alive");
    }
}

/* A header that means something to the framing, or that two of would be ambiguous. */
static enum http_event take_known(struct http_reader *r, enum http_known which, struct bytes value)
{
    if (r->known[which] >= 0)
        return http__reader_bad(r, 400, "A header that may be sent once was sent twice.");
    r->known[which] = (int8_t)(r->n_headers - 1);
    if (which == HTTP_CONTENT_LENGTH)
        return take_length(r, value);
    if (which == HTTP_TRANSFER_ENCODING) {
        if (!rpc_header_is(value, "chunked"))
            return http__reader_bad(r, 400, "The only Transfer-Encoding taken is `chunked`.");
        r->chunked = true;
    }
    if (which == HTTP_HOST && !is_host(value))
        return http__reader_bad(r, 400, "The Host header is malformed.");
    if (which == HTTP_EXPECT && r->minor == 1 && !rpc_header_is(value, "100-continue"))
        return http__reader_bad(r, 417, "The only expectation met is `100-continue`.");
    return HTTP_EV_MORE;
}

static enum http_event take_header(struct http_reader *r, size_t at, size_t n)
{
    uint8_t *p = r->head.p + at;
    struct bytes name, value;
    size_t n_name = 0;
    size_t i;

    if (r->n_headers == HTTP_MAX_HEADERS)
        return http__reader_bad(r, 431, "The request has more than 100 headers.");
    while (n_name < n && http__is_token(p[n_name])) {
        p[n_name] = (uint8_t)token_lower[p[n_name]];
        n_name++;
    }
    /* Also a folded line, which begins with a blank, and a blank before the colon. */
    if (n_name == 0 || n_name == n || p[n_name] != ':')
        return http__reader_bad(r, 400, "A header line is malformed.");
    for (i = n_name + 1; i < n; i++)
        if (!http__is_value(p[i]))
            return http__reader_bad(r, 400, "A header value has a control character.");
    name = bytes_of(p, n_name);
    value = rpc_header_trim(bytes_of(p + n_name + 1, n - n_name - 1));
    r->names[r->n_headers] = (struct http_slice){(uint16_t)at, (uint16_t)n_name};
    r->values[r->n_headers] =
        (struct http_slice){(uint16_t)(value.p - r->head.p), (uint16_t)value.n};
    r->n_headers++;
    if (bytes_eq(name, B("connection"))) {
        take_connection(r, value);
        return HTTP_EV_MORE;
    }
    for (i = 0; i < HTTP_KNOWN_COUNT; i++)
        if (bytes_eq(name, known_names[i]))
            return take_known(r, (enum http_known)i, value);
    return HTTP_EV_MORE;
}

static enum http_event finish_head(struct http_reader *r)
{
    if (r->minor == 1 && r->known[HTTP_HOST] < 0)
        return http__reader_bad(r, 400, "The Host header is missing.");
    if (r->chunked && r->has_length)
        return http__reader_bad(r, 400, "Content-Length and Transfer-Encoding exclude each other.");
    if (r->chunked && r->minor == 0)
        return http__reader_bad(r, 400, "HTTP/1.0 has no Transfer-Encoding.");
    r->left = r->length;
    r->state = r->chunked ? READ_CHUNK_SIZE : READ_LENGTH;
    return HTTP_EV_HEAD;
}

/* ---- lines ------------------------------------------------------------------- */

/* A line without its CR LF. */
static enum http_event take_line(struct http_reader *r, size_t at, size_t n)
{
    bool is_first = at == 0;

    if (is_first && n == 0) { /* one empty line before a request is forgiven (RFC 9112 2.2) */
        if (r->skipped_line)
            return http__reader_bad(r, 400, "The request line is malformed.");
        r->skipped_line = true;
        buf_clear(&r->head);
        return HTTP_EV_MORE;
    }
    if (is_first)
        return take_request_line(r, at, n);
    if (n == 0)
        return finish_head(r);
    return take_header(r, at, n);
}

static enum http_event too_long(struct http_reader *r)
{
    if (r->line_at == 0)
        return http__reader_bad(r, 414, "The request line is too long.");
    return http__reader_bad(r, 431, "The request's headers are larger than 16384 bytes.");
}

enum http_event http__read_head(struct http_reader *r, struct bytes *in)
{
    while (in->n > 0) {
        const uint8_t *lf = memchr(in->p, '\n', in->n);
        size_t n = lf ? (size_t)(lf - in->p) + 1 : in->n;
        size_t at = r->line_at;
        enum http_event ev;

        if (r->head.n + n > HTTP_MAX_HEAD ||
            (at == 0 &&
             r->head.n + n > HTTP_MAX_TARGET + HTTP_MAX_METHOD + sizeof(" HTTP/1.1\r\n")))
            return too_long(r);
        buf_append(&r->head, in->p, n);
        *in = bytes_of(in->p + n, in->n - n);
        if (!lf)
            return HTTP_EV_MORE;
        n = r->head.n - at;
        if (n < 2 || r->head.p[r->head.n - 2] != '\r')
            return http__reader_bad(r, 400, "A line ends without a carriage return.");
        r->line_at = r->head.n;
        ev = take_line(r, at, n - 2);
        if (r->head.n == 0)
            r->line_at = 0;
        if (ev != HTTP_EV_MORE)
            return ev;
    }
    return HTTP_EV_MORE;
}
