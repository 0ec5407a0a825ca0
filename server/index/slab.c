/* SPDX-License-Identifier: MIT */
/*
 * slab.c -- bytes given back newest first: a task's documents, if it fails.
 *
 * An arena cannot go back to an earlier moment; a failed task must leave
 * nothing of its megabytes behind in the batch.
 */
#include "index/index_int.h"

#include "base/assert.h"
#include "base/mem.h"

enum { SLAB_FIRST = 4096, SLAB_CHUNK = 1 << 20 };

struct slab_chunk {
    struct slab_chunk *next;
    size_t cap, used;
    _Alignas(16) uint8_t data[];
};

static uint8_t *take(struct slab *s, size_t n)
{
    struct slab_chunk *c = s->top;
    uint8_t *p;

    if (!c || c->cap - c->used < n) {
        size_t cap = !c ? SLAB_FIRST : c->cap >= SLAB_CHUNK / 4 ? SLAB_CHUNK : c->cap * 4;

        if (cap < n)
            cap = n;
        c = xmalloc(sizeof *c + cap);
        c->cap = cap;
        c->used = 0;
        c->next = s->top;
        s->top = c;
    }
    p = c->data + c->used;
    c->used += n;
    s->bytes += n;
    return p;
}

struct bytes slab__dup(struct slab *s, struct bytes b)
{
    uint8_t *p = take(s, b.n);

    if (b.n)
        memcpy(p, b.p, b.n);
    return bytes_of(p, b.n);
}

struct slab_mark slab__mark(const struct slab *s)
{
    return (struct slab_mark){s->top, s->top ? s->top->used : 0, s->bytes};
}

void slab__rewind(struct slab *s, struct slab_mark mark)
{
    while (s->top != mark.top) {
        struct slab_chunk *next;

        ASSERT(s->top);
        next = s->top->next;
        xfree(s->top);
        s->top = next;
    }
    if (s->top)
        s->top->used = mark.used;
    s->bytes = mark.bytes;
}

void slab__done(struct slab *s)
{
    slab__rewind(s, (struct slab_mark){0});
}

void *index__grow(void *p, size_t item, size_t n, size_t *cap)
{
    size_t want = *cap ? *cap : 16;

    if (n <= *cap)
        return p;
    while (want < n)
        want *= 2;
    *cap = want;
    return xrealloc(p, want * item);
}
