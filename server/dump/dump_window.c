/* SPDX-License-Identifier: MIT */
/*
 * dump_window.c -- a dump file read once, front to back, frame by frame.
 *
 * DUMP__PIECE at a time comes in behind what is there, and is hashed at once;
 * frames are cut off the front by measuring. So the window holds one frame and
 * one piece at most, whatever the file's size.
 *
 * (1) Every byte before the trailer passes here once, and the SHA-256.
 */
#include "base/assert.h"
#include "base/mem.h"
#include "dump/dump_int.h"

void dump__window_init(struct dump__window *w, int fd, uint64_t limit)
{
    *w = (struct dump__window){.fd = fd, .limit = limit, .cap = 1};
    w->p = xmalloc(w->cap); /* never NULL, so that frames can be cut off nothing */
    w->sha = sha256_new();
}

void dump__window_done(struct dump__window *w)
{
    sha256_free(w->sha);
    xfree(w->p);
}

/* Reads n more bytes of the file behind those that are there. */
static enum rc load(struct dump__window *w, size_t n, struct err *err)
{
    size_t have = w->to - w->from, got = 0;
    enum rc rc;

    memmove(w->p, w->p + w->from, have);
    w->from = 0;
    w->to = have;
    if (have + n > w->cap) {
        w->cap = have + n;
        w->p = xrealloc(w->p, w->cap);
    }
    rc = fs_pread(w->fd, w->p + have, n, w->at + have, &got, err);
    if (rc != RC_OK)
        return rc;
    if (got != n)
        return err_set(err, RC_CORRUPT, NULL, "the file became shorter while it was read");
    sha256_update(w->sha, bytes_of(w->p + have, got));
    w->to += got;
    return RC_OK;
}

static size_t piece_before(uint64_t at, uint64_t end)
{
    return end - at < DUMP__PIECE ? (size_t)(end - at) : DUMP__PIECE;
}

enum rc dump__window_frame(struct dump__window *w, uint64_t end, struct bytes *ret_frame,
                           uint64_t *ret_content, struct err *err)
{
    ASSERT(end <= w->limit);
    for (;;) {
        size_t have = w->to - w->from, n = 0;
        uint64_t left = end - w->at;
        struct bytes seen = bytes_of(w->p + w->from, left < have ? (size_t)left : have);
        enum rc rc;

        rc = frame_measure(seen, &n, ret_content, err);
        if (rc == RC_OK) {
            *ret_frame = bytes_of(seen.p, n);
            w->from += n;
            w->at += n;
            return RC_OK;
        }
        if (rc != RC_NOT_FOUND)
            return rc == RC_INVALID ? RC_CORRUPT : rc;
        if (seen.n == left)
            return err_set(err, RC_CORRUPT, NULL, "a frame passes the end of its section");
        if (seen.n >= DUMP__FRAME_BYTES_MAX)
            return err_set(err, RC_TOO_LARGE, NULL, "a frame is longer than any may be");
        rc = load(w, piece_before(w->at + have, w->limit), err);
        if (rc != RC_OK)
            return rc;
    }
}

enum rc dump__window_finish(struct dump__window *w, uint64_t end, uint8_t digest[SHA256_SIZE],
                            struct err *err)
{
    ASSERT(w->from == w->to); /* all that was read was taken */
    while (w->at < end) {
        size_t n = piece_before(w->at, end);
        enum rc rc = load(w, n, err);

        if (rc != RC_OK)
            return rc;
        w->from = w->to;
        w->at += n;
    }
    sha256_peek(w->sha, digest);
    return RC_OK;
}
