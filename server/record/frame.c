/* SPDX-License-Identifier: MIT */
/*
 * frame.c -- frames of records, through libzstd. Alone includes zstd.h.
 *
 * One context each way, reused: making one costs as much as a small frame.
 * Every frame carries its content size and a checksum of its content (without
 * it three of four flipped bits decode to something else in silence), and no
 * window over 8 MiB (level 19 asks for that much, the levels above for more).
 */
#include "base/assert.h"
#include "base/mem.h"
#include "record/record.h"

#include <zstd.h>

enum {
    LEVEL_MAX = 19,
    KEEP_BYTES = 1 << 20, /* a decoder gives back more than this after one big frame */
};

struct frame_encoder {
    ZSTD_CCtx *zstd; /* owned */
};

struct frame_decoder {
    ZSTD_DCtx *zstd; /* owned */
    struct buf content;
};

static void set(ZSTD_CCtx *zstd, ZSTD_cParameter name, int value)
{
    size_t r = ZSTD_CCtx_setParameter(zstd, name, value);

    ASSERT(!ZSTD_isError(r));
}

struct frame_encoder *frame_encoder_new(int level)
{
    struct frame_encoder *e = xcalloc(1, sizeof *e);

    ASSERT(level >= 1 && level <= LEVEL_MAX);
    e->zstd = ZSTD_createCCtx();
    ASSERT(e->zstd);
    set(e->zstd, ZSTD_c_compressionLevel, level);
    set(e->zstd, ZSTD_c_checksumFlag, 1);
    set(e->zstd, ZSTD_c_contentSizeFlag, 1);
    return e;
}

void frame_encoder_free(struct frame_encoder *e)
{
    if (!e)
        return;
    (void)ZSTD_freeCCtx(e->zstd);
    xfree(e);
}

enum rc frame_encode(struct frame_encoder *e, struct bytes content, struct buf *out,
                     struct err *err)
{
    size_t most = ZSTD_compressBound(content.n), n;

    if (content.n > RECORD_FRAME_MAX)
        return err_set(err, RC_TOO_LARGE, NULL, "a frame of %zu bytes is over the limit of %d",
                       content.n, RECORD_FRAME_MAX);
    if (!buf_reserve(out, most))
        return err_set(err, RC_TOO_LARGE, NULL, "a frame of %zu bytes does not fit into %zu",
                       content.n, out->limit);
    n = ZSTD_compress2(e->zstd, out->p + out->n, most, content.p, content.n);
    if (ZSTD_isError(n)) /* with room for the worst case only memory can be missing */
        return err_set(err, RC_INTERNAL, NULL, "compression failed: %s", ZSTD_getErrorName(n));
    out->n += n;
    return RC_OK;
}

struct frame_decoder *frame_decoder_new(void)
{
    struct frame_decoder *d = xcalloc(1, sizeof *d);

    d->zstd = ZSTD_createDCtx();
    ASSERT(d->zstd);
    buf_init(&d->content, KEEP_BYTES);
    return d;
}

void frame_decoder_free(struct frame_decoder *d)
{
    if (!d)
        return;
    (void)ZSTD_freeDCtx(d->zstd);
    buf_done(&d->content);
    xfree(d);
}

/* Checks the head of a frame that fills `frame`, and tells how much it decodes to. */
static enum rc measure(struct bytes frame, size_t max_content, size_t *ret_content, struct err *err)
{
    uint64_t content = 0;
    size_t n = 0;
    enum rc rc;

    rc = frame_measure(frame, &n, &content, err);
    if (rc == RC_NOT_FOUND)
        return err_set(err, RC_CORRUPT, NULL, "a frame is cut after %zu bytes", frame.n);
    if (rc != RC_OK)
        return rc == RC_INVALID ? err_set(err, RC_CORRUPT, NULL, "a frame is skippable") : rc;
    if (n != frame.n)
        return err_set(err, RC_CORRUPT, NULL, "%zu bytes stand behind a frame of %zu", frame.n - n,
                       n);
    if (content > max_content)
        return err_set(err, RC_TOO_LARGE, NULL, "a frame decodes to %llu bytes, the limit is %zu",
                       (unsigned long long)content, max_content);
    *ret_content = (size_t)content;
    return RC_OK;
}

static enum rc decode(struct frame_decoder *d, struct bytes frame, size_t content, struct buf *out,
                      struct err *err)
{
    size_t got;

    if (!buf_reserve(out, content))
        return err_set(err, RC_TOO_LARGE, NULL, "a frame decodes to %zu bytes, %zu fit", content,
                       out->limit - out->n);
    got = ZSTD_decompressDCtx(d->zstd, out->p + out->n, content, frame.p, frame.n);
    if (ZSTD_isError(got))
        return err_set(err, RC_CORRUPT, NULL, "a frame cannot be decoded: %s",
                       ZSTD_getErrorName(got));
    if (got != content)
        return err_set(err, RC_CORRUPT, NULL, "a frame decodes to %zu bytes instead of %zu", got,
                       content);
    out->n += got;
    return RC_OK;
}

enum rc frame_decode_to(struct frame_decoder *d, struct bytes frame, size_t max_content,
                        struct buf *out, struct err *err)
{
    size_t content = 0;
    enum rc rc = measure(frame, max_content, &content, err);

    return rc == RC_OK ? decode(d, frame, content, out, err) : rc;
}

enum rc frame_decode(struct frame_decoder *d, struct bytes frame, size_t max_content,
                     struct bytes *ret_content, struct err *err)
{
    size_t content = 0;
    enum rc rc = measure(frame, max_content, &content, err);

    if (rc != RC_OK)
        return rc;
    if (d->content.cap > KEEP_BYTES && content <= d->content.cap / 8)
        buf_done(&d->content);
    buf_clear(&d->content);
    d->content.limit = content > KEEP_BYTES ? content : KEEP_BYTES; /* no doubling of large ones */
    rc = decode(d, frame, content, &d->content, err);
    if (rc == RC_OK)
        *ret_content = buf_view(&d->content);
    return rc;
}
