/* SPDX-License-Identifier: MIT */
/* pieces.h -- a text in pieces, each in memory of its own size, for the sanitizer. */
#pragma once

#include "base/assert.h"
#include "base/bytes.h"
#include "base/rng.h"

#include <stdlib.h>

struct pieces {
    struct bytes rest;
    struct rng *rng;
    size_t step_max; /* bytes of a piece; 0: all at once */
    uint8_t *piece;  /* owned */
};

/* The next piece, good until the next call; false: the text is used up. */
static inline bool pieces_next(struct pieces *p, struct bytes *ret_piece)
{
    size_t n;

    if (p->rest.n == 0)
        return false;
    n = p->step_max ? 1 + (size_t)rng_below(p->rng, p->step_max) : p->rest.n;
    n = n < p->rest.n ? n : p->rest.n;
    free(p->piece);
    p->piece = malloc(n);
    ASSERT(p->piece);
    memcpy(p->piece, p->rest.p, n);
    p->rest = bytes_of(p->rest.p + n, p->rest.n - n);
    *ret_piece = bytes_of(p->piece, n);
    return true;
}

static inline void pieces_done(struct pieces *p)
{
    free(p->piece);
}
