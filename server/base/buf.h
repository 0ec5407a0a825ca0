/* SPDX-License-Identifier: MIT */
/*
 * buf.h -- growing bytes with a limit given at birth.
 *
 * Ownership  buf_init() .. buf_done(); buf_take() moves the memory out
 *            (give it to xfree()).
 * Threads    One at a time.
 * Errors     Appending past the limit sets a sticky flag, drops the bytes and
 *            returns false: write many, ask once with buf_ok().
 */
#pragma once

#include "base/attr.h"
#include "base/bytes.h"

struct buf {
    uint8_t *p;   /* owned */
    size_t n;     /* bytes in use */
    size_t cap;   /* bytes allocated */
    size_t limit; /* n never passes this */
    bool full;    /* an append was refused */
};

#define BUF_NO_LIMIT SIZE_MAX /* only for sizes Lode itself bounds */

void buf_init(struct buf *b, size_t limit);
void buf_done(struct buf *b);
void buf_clear(struct buf *b); /* n = 0, keeps the memory and the limit */
bool buf_reserve(struct buf *b, size_t more);
bool buf_append(struct buf *b, const void *p, size_t n);
bool buf_bytes(struct buf *b, struct bytes v);
bool buf_str(struct buf *b, const char *s);
bool buf_byte(struct buf *b, uint8_t v);
bool buf_varint(struct buf *b, uint64_t v);
bool buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_cut(struct buf *b, size_t n);  /* drops all behind the first n bytes */
void buf_drop(struct buf *b, size_t n); /* drops the first n bytes (moves the rest) */
const char *buf_cstr(struct buf *b);    /* NUL behind the bytes, not counted; borrowed */
uint8_t *buf_take(struct buf *b, size_t *ret_n);

static inline bool buf_ok(const struct buf *b)
{
    return !b->full;
}

static inline struct bytes buf_view(const struct buf *b)
{
    return (struct bytes){b->p, b->n};
}
