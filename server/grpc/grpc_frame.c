/* SPDX-License-Identifier: MIT */
/*
 * grpc_frame.c -- see grpc_frame.h.
 *
 *   flag(1) length(4, big-endian) message(length)
 *
 * The buffer grows with what arrives, not with what the prefix declares: a
 * thousand streams that declare 4 MiB each cost five bytes each.
 */
#include "grpc/grpc_frame.h"

#include "base/assert.h"

void grpc_frame_init(struct grpc_frame_parser *p, size_t max)
{
    *p = (struct grpc_frame_parser){.max = max};
    buf_init(&p->body, max);
}

void grpc_frame_done(struct grpc_frame_parser *p)
{
    buf_done(&p->body);
}

bool grpc_frame_is_open(const struct grpc_frame_parser *p)
{
    return p->n_prefix > 0;
}

void grpc_frame_put_prefix(uint8_t dst[GRPC_PREFIX], bool compressed, uint32_t n)
{
    dst[0] = compressed;
    put_u32be(dst + 1, n);
}

static void advance(struct bytes *in, size_t n)
{
    in->p += n;
    in->n -= n;
}

static enum rc take_prefix(struct grpc_frame_parser *p, struct bytes *in, struct err *err)
{
    size_t n = GRPC_PREFIX - (size_t)p->n_prefix;

    if (n > in->n)
        n = in->n;
    memcpy(p->prefix + p->n_prefix, in->p, n);
    p->n_prefix = (uint8_t)(p->n_prefix + n);
    advance(in, n);
    if (p->n_prefix < GRPC_PREFIX)
        return RC_OK;
    if (p->prefix[0] > 1)
        return err_set(err, RC_CORRUPT, NULL, "A message begins with the byte %u, not 0 or 1.",
                       p->prefix[0]);
    p->length = get_u32be(p->prefix + 1);
    if (p->length > p->max)
        return err_set(err, RC_TOO_LARGE, NULL, "A message of %u bytes is over the limit of %zu.",
                       p->length, p->max);
    return RC_OK;
}

enum rc grpc_frame_next(struct grpc_frame_parser *p, struct bytes *in, struct grpc_frame *ret_frame,
                        bool *ret_whole, struct err *err)
{
    size_t missing, n;

    *ret_whole = false;
    if (p->n_prefix == 0) {
        if (!in->n)
            return RC_OK;
        buf_clear(&p->body); /* the last frame's */
    }
    if (p->n_prefix < GRPC_PREFIX) {
        enum rc rc = take_prefix(p, in, err);

        if (rc != RC_OK || p->n_prefix < GRPC_PREFIX)
            return rc;
    }
    missing = p->length - p->body.n;
    if (p->body.n == 0 && in->n >= missing && !p->always_copy) {
        ret_frame->body = bytes_of(in->p, missing);
        advance(in, missing);
    } else {
        n = in->n < missing ? in->n : missing;
        if (n)
            ASSERT(buf_append(&p->body, in->p, n)); /* length <= max was checked */
        advance(in, n);
        if (p->body.n < p->length)
            return RC_OK;
        ret_frame->body = buf_view(&p->body);
    }
    ret_frame->compressed = p->prefix[0] == 1;
    p->n_prefix = 0;
    *ret_whole = true;
    return RC_OK;
}
