/* SPDX-License-Identifier: MIT */
/*
 * http_encoding.c -- gzip, deflate and zstd.
 *
 * A request is decoded as a stream through a caller's small buffer. What it may
 * grow to is the caller's limit; here only its greed is bounded: once a payload is
 * past 1 MiB, more than 100 bytes out of one is no document but a bomb.
 *
 * "deflate" is zlib's format (RFC 9110 8.4.1.2); raw deflate, which some clients
 * send under that name, is told apart by its first byte.
 */
#include "http/http_encoding.h"

#include "base/assert.h"
#include "base/mem.h"
#include "rpc/header_value.h"

#include <zlib.h>
#include <zstd.h>

enum {
    GZIP_BITS = 15 + 16,
    ZLIB_BITS = 15,
    RAW_BITS = -15,
    FAST_LEVEL = 1, /* for both: answers are encoded on the loop */
    MEM_LEVEL = 8,
};

struct http_decoder {
    enum http_coding coding;
    bool started; /* the first byte was seen */
    bool whole;   /* a member or frame has ended, and no other begun */
    uint64_t n_in;
    uint64_t n_out;
    z_stream z;
    ZSTD_DCtx *zstd; /* owned */
};

static const struct {
    const char *name;
    enum http_coding coding;
} codings[] = {
    {"gzip", HTTP_GZIP}, {"x-gzip", HTTP_GZIP},       {"deflate", HTTP_DEFLATE},
    {"zstd", HTTP_ZSTD}, {"identity", HTTP_IDENTITY},
};

enum rc http_coding_parse(struct bytes value, enum http_coding *ret_coding, struct err *err)
{
    size_t i;

    value = rpc_header_trim(value);
    for (i = 0; i < ARRAY_LEN(codings); i++) {
        if (rpc_header_is(value, codings[i].name)) {
            *ret_coding = codings[i].coding;
            return RC_OK;
        }
    }
    return err_set(err, RC_INVALID, "bad_request",
                   "The Content-Encoding `%.*s` is not supported. Accepted values for the "
                   "Content-Encoding header are: `gzip`, `deflate`, `zstd`, `identity`",
                   BYTES_ARG(value));
}

/* ---- decoding ---------------------------------------------------------------- */

struct http_decoder *http_decoder_new(enum http_coding coding)
{
    struct http_decoder *d = xcalloc(1, sizeof(*d));

    ASSERT(coding != HTTP_IDENTITY);
    d->coding = coding;
    if (coding == HTTP_ZSTD) {
        d->zstd = ZSTD_createDCtx();
        ASSERT(d->zstd);
        ASSERT(!ZSTD_isError(
            ZSTD_DCtx_setParameter(d->zstd, ZSTD_d_windowLogMax, HTTP_WINDOW_LOG_MAX)));
    } else {
        ASSERT(inflateInit2(&d->z, coding == HTTP_GZIP ? GZIP_BITS : ZLIB_BITS) == Z_OK);
    }
    return d;
}

void http_decoder_free(struct http_decoder *d)
{
    if (!d)
        return;
    if (d->coding == HTTP_ZSTD)
        ZSTD_freeDCtx(d->zstd);
    else
        inflateEnd(&d->z);
    xfree(d);
}

static enum rc damaged(const struct http_decoder *d, struct err *err)
{
    static const char *const names[] = {"identity", "gzip", "deflate", "zstd"};

    return err_set(err, RC_INVALID, "bad_request",
                   "The provided payload could not be decoded as `%s`", names[d->coding]);
}

/* An empty input may have no memory behind it at all. */
static void advance(struct bytes *in, size_t n)
{
    if (n > 0)
        *in = bytes_of(in->p + n, in->n - n);
}

static enum rc run_zstd(struct http_decoder *d, struct bytes *in, uint8_t *out, size_t cap,
                        size_t *ret_n, struct err *err)
{
    ZSTD_inBuffer from = {in->p, in->n, 0};
    ZSTD_outBuffer to = {out, cap, 0};

    while (to.pos < cap) {
        size_t before_in = from.pos, before_out = to.pos;
        size_t left = ZSTD_decompressStream(d->zstd, &to, &from);

        if (ZSTD_isError(left))
            return damaged(d, err);
        if (from.pos == before_in && to.pos == before_out)
            break; /* nothing moved, so nothing was learnt either */
        d->whole = left == 0;
    }
    advance(in, from.pos);
    *ret_n = to.pos;
    return RC_OK;
}

/* Both halves of a zlib header's check: method 8, and the two bytes a multiple of 31 later on. */
static bool looks_like_zlib(uint8_t first)
{
    return (first & 0x0f) == 8 && (first >> 4) <= 7;
}

/* Behind a member's end: true when another may begin. */
static bool next_member(struct http_decoder *d)
{
    if (d->coding != HTTP_GZIP) /* only gzip goes on with another member */
        return false;
    ASSERT(inflateReset(&d->z) == Z_OK);
    d->whole = false;
    return true;
}

static enum rc run_zlib(struct http_decoder *d, struct bytes *in, uint8_t *out, size_t cap,
                        size_t *ret_n, struct err *err)
{
    uInt asked = in->n < UINT32_MAX ? (uInt)in->n : UINT32_MAX;
    int code = Z_OK;

    if (!d->started && d->coding == HTTP_DEFLATE && in->n > 0 && !looks_like_zlib(in->p[0]))
        ASSERT(inflateReset2(&d->z, RAW_BITS) == Z_OK);
    /* zlib's interface predates const; it does not write to the input. */
    d->z.next_in = (Bytef *)(uintptr_t)in->p;
    d->z.avail_in = asked;
    d->z.next_out = out;
    d->z.avail_out = (uInt)cap;
    while (d->z.avail_out > 0 && code != Z_BUF_ERROR) { /* no progress: it waits for input */
        if (d->whole && d->z.avail_in == 0)
            break;
        if (d->whole && !next_member(d))
            return damaged(d, err);
        code = inflate(&d->z, Z_NO_FLUSH);
        if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
            return damaged(d, err);
        d->whole = code == Z_STREAM_END;
    }
    *ret_n = cap - d->z.avail_out;
    advance(in, asked - d->z.avail_in);
    return RC_OK;
}

enum rc http_decoder_run(struct http_decoder *d, struct bytes *in, uint8_t *out, size_t cap,
                         size_t *ret_n, struct err *err)
{
    size_t before = in->n;
    enum rc rc;

    if (d->coding == HTTP_ZSTD)
        rc = run_zstd(d, in, out, cap, ret_n, err);
    else
        rc = run_zlib(d, in, out, cap, ret_n, err);
    if (rc != RC_OK)
        return rc;
    d->started |= before > in->n;
    d->n_in += before - in->n;
    d->n_out += *ret_n;
    if (d->n_out > HTTP_RATIO_FREE && d->n_out / HTTP_RATIO_MAX > d->n_in)
        return err_set(err, RC_TOO_LARGE, "payload_too_large",
                       "The provided payload grows more than %d times when it is decoded.",
                       HTTP_RATIO_MAX);
    return RC_OK;
}

enum rc http_decoder_end(struct http_decoder *d, struct err *err)
{
    return d->whole || !d->started ? RC_OK : damaged(d, err);
}

/* ---- choosing ---------------------------------------------------------------- */

/* "gzip;q=0.8" -> 800; no q is 1000, an unreadable one 0. */
static int weight_of(struct bytes params)
{
    const uint8_t *q;
    int weight;
    int unit = 100;
    size_t i;

    params = rpc_header_trim(params);
    if (params.n == 0)
        return 1000;
    q = params.p;
    if (params.n < 4 || q[0] != ';')
        return 0;
    params = rpc_header_trim(bytes_of(q + 1, params.n - 1));
    if (params.n < 3 || (params.p[0] | 0x20) != 'q' || params.p[1] != '=')
        return 0;
    weight = params.p[2] == '1' ? 1000 : 0;
    for (i = 4; i < params.n && unit > 0 && params.p[3] == '.'; i++, unit /= 10)
        if (params.p[i] >= '0' && params.p[i] <= '9')
            weight += (params.p[i] - '0') * unit;
    return weight > 1000 ? 1000 : weight;
}

enum http_coding http_accept_coding(struct bytes accept)
{
    int gzip = -1, zstd = -1, star = -1;
    struct bytes word;

    while (rpc_header_next(&accept, &word)) {
        const uint8_t *semi = memchr(word.p, ';', word.n);
        size_t n_name = semi ? (size_t)(semi - word.p) : word.n;
        struct bytes name = rpc_header_trim(bytes_of(word.p, n_name));
        int weight = weight_of(bytes_of(word.p + n_name, word.n - n_name));

        if (rpc_header_is(name, "zstd"))
            zstd = weight;
        else if (rpc_header_is(name, "gzip"))
            gzip = weight;
        else if (rpc_header_is(name, "*"))
            star = weight;
    }
    if (gzip < 0)
        gzip = star;
    if (zstd < 0)
        zstd = star;
    if (zstd <= 0 && gzip <= 0)
        return HTTP_IDENTITY;
    return zstd >= gzip ? HTTP_ZSTD : HTTP_GZIP;
}

/* ---- encoding ---------------------------------------------------------------- */

struct http_encoder {
    ZSTD_CCtx *zstd; /* owned; made when first needed */
    z_stream gzip;
    bool has_gzip;
};

struct http_encoder *http_encoder_new(void)
{
    return xcalloc(1, sizeof(struct http_encoder));
}

void http_encoder_free(struct http_encoder *e)
{
    if (!e)
        return;
    ZSTD_freeCCtx(e->zstd);
    if (e->has_gzip)
        deflateEnd(&e->gzip);
    xfree(e);
}

/* Bytes written, 0 when they would be more than cap. */
static size_t encode_zstd(struct http_encoder *e, struct bytes body, uint8_t *out, size_t cap)
{
    size_t n;

    if (!e->zstd) {
        e->zstd = ZSTD_createCCtx();
        ASSERT(e->zstd);
    }
    n = ZSTD_compressCCtx(e->zstd, out, cap, body.p, body.n, FAST_LEVEL);
    return ZSTD_isError(n) ? 0 : n;
}

static size_t encode_gzip(struct http_encoder *e, struct bytes body, uint8_t *out, size_t cap)
{
    if (!e->has_gzip)
        ASSERT(deflateInit2(&e->gzip, FAST_LEVEL, Z_DEFLATED, GZIP_BITS, MEM_LEVEL,
                            Z_DEFAULT_STRATEGY) == Z_OK);
    else
        ASSERT(deflateReset(&e->gzip) == Z_OK);
    e->has_gzip = true;
    e->gzip.next_in = (Bytef *)(uintptr_t)body.p;
    e->gzip.avail_in = (uInt)body.n;
    e->gzip.next_out = out;
    e->gzip.avail_out = (uInt)cap;
    return deflate(&e->gzip, Z_FINISH) == Z_STREAM_END ? cap - e->gzip.avail_out : 0;
}

bool http_encode(struct http_encoder *e, enum http_coding coding, struct bytes body,
                 struct buf *out)
{
    size_t cap = body.n;
    size_t n;

    ASSERT(coding == HTTP_ZSTD || coding == HTTP_GZIP);
    if (body.n == 0 || body.n > INT32_MAX || !buf_reserve(out, cap))
        return false;
    n = coding == HTTP_ZSTD ? encode_zstd(e, body, out->p + out->n, cap)
                            : encode_gzip(e, body, out->p + out->n, cap);
    out->n += n;
    return n > 0;
}
