/* SPDX-License-Identifier: MIT */
/*
 * buf.c -- see buf.h.
 *
 * (1) Once `full` is set every append is refused, also one that would fit: what
 *     is in the buffer is always a beginning of what was written.
 * (2) Only buf_clear() takes `full` back.
 */
#include "base/buf.h"

#include "base/assert.h"
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>

enum { FIRST_CAP = 64 };

void buf_init(struct buf *b, size_t limit)
{
    *b = (struct buf){.limit = limit};
}

void buf_done(struct buf *b)
{
    if (!b)
        return;
    xfree(b->p);
    *b = (struct buf){.limit = b->limit};
}

void buf_clear(struct buf *b)
{
    b->n = 0;
    b->full = false;
}

/* Makes cap at least need, at least doubling it so that appending stays linear. */
static void grow(struct buf *b, size_t need)
{
    size_t cap = b->cap ? b->cap : FIRST_CAP;

    while (cap < need)
        cap = cap > SIZE_MAX / 2 ? need : cap * 2;
    /* One byte past the limit is for the NUL of buf_cstr(). */
    if (b->limit < SIZE_MAX && cap > b->limit + 1)
        cap = need > b->limit + 1 ? need : b->limit + 1;
    b->p = xrealloc(b->p, cap);
    b->cap = cap;
}

bool buf_reserve(struct buf *b, size_t more)
{
    if (b->full || more > b->limit - b->n) {
        b->full = true;
        return false;
    }
    if (more > b->cap - b->n)
        grow(b, b->n + more);
    return true;
}

bool buf_append(struct buf *b, const void *p, size_t n)
{
    if (!buf_reserve(b, n))
        return false;
    if (n)
        memcpy(b->p + b->n, p, n);
    b->n += n;
    return true;
}

bool buf_bytes(struct buf *b, struct bytes v)
{
    return buf_append(b, v.p, v.n);
}

bool buf_str(struct buf *b, const char *s)
{
    return buf_append(b, s, strlen(s));
}

bool buf_byte(struct buf *b, uint8_t v)
{
    return buf_append(b, &v, 1);
}

bool buf_varint(struct buf *b, uint64_t v)
{
    uint8_t coded[VARINT_MAX];

    return buf_append(b, coded, put_varint(coded, v));
}

bool buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    ASSERT(n >= 0);
    if (!buf_reserve(b, (size_t)n))
        return false;
    if (b->cap - b->n < (size_t)n + 1) /* vsnprintf wants room for its NUL */
        grow(b, b->n + (size_t)n + 1);
    va_start(ap, fmt);
    (void)vsnprintf((char *)b->p + b->n, (size_t)n + 1, fmt, ap);
    va_end(ap);
    b->n += (size_t)n;
    return true;
}

void buf_cut(struct buf *b, size_t n)
{
    ASSERT(n <= b->n);
    b->n = n;
}

void buf_drop(struct buf *b, size_t n)
{
    ASSERT(n <= b->n);
    if (n == 0)
        return;
    b->n -= n;
    memmove(b->p, b->p + n, b->n);
}

const char *buf_cstr(struct buf *b)
{
    if (b->cap == b->n)
        grow(b, b->n + 1);
    b->p[b->n] = '\0';
    return (const char *)b->p;
}

uint8_t *buf_take(struct buf *b, size_t *ret_n)
{
    uint8_t *p = b->p ? b->p : xmalloc(0);

    if (ret_n)
        *ret_n = b->n;
    buf_init(b, b->limit);
    return p;
}
