/* SPDX-License-Identifier: MIT */
/*
 * arena.c -- see arena.h.
 *
 * A list of chunks, newest first; pieces are cut off the newest. A piece over
 * a quarter of a chunk gets a chunk of its own *behind* the newest, so that
 * the rest of the newest is not wasted. With LODE_SANITIZED each piece is a
 * chunk, and the sanitizer sees its ends.
 *
 * What counts against the limit is the piece rounded up to 16, the same in
 * both builds, so that a limit means the same thing in tests and in service.
 */
#include "base/arena.h"

#include "base/assert.h"
#include "base/mem.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

enum { ALIGN = 16, CHUNK_MIN = 4096, CHUNK_MAX = 256 * 1024 };

struct chunk {
    struct chunk *next;
    size_t cap, used; /* bytes of data[] */
    _Alignas(ALIGN) uint8_t data[];
};

struct arena {
    struct chunk *chunks; /* owned, newest first */
    size_t limit, used;
    size_t next_cap; /* data bytes of the next ordinary chunk */
};

static atomic_size_t n_live;

struct arena *arena_new(size_t limit)
{
    struct arena *a = xcalloc(1, sizeof *a);

    a->limit = limit;
    a->next_cap = CHUNK_MIN;
    atomic_fetch_add(&n_live, 1);
    return a;
}

static void free_chunks(struct chunk *c)
{
    while (c) {
        struct chunk *next = c->next;

        xfree(c);
        c = next;
    }
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    free_chunks(a->chunks);
    xfree(a);
    atomic_fetch_sub(&n_live, 1);
}

void arena_reset(struct arena *a)
{
    struct chunk *c = a->chunks;

    a->used = 0;
#ifdef LODE_SANITIZED
    free_chunks(c);
    a->chunks = NULL;
#else
    while (c && c->next) {
        struct chunk *next = c->next;

        xfree(c);
        c = next;
    }
    if (c && c->cap > CHUNK_MAX) { /* one huge call must not keep its memory for ever */
        xfree(c);
        c = NULL;
    }
    if (c)
        c->used = 0;
    a->chunks = c;
    a->next_cap = CHUNK_MIN;
#endif
}

static struct chunk *new_chunk(size_t cap)
{
    struct chunk *c = xmalloc(sizeof *c + cap);

    c->next = NULL;
    c->cap = cap;
    c->used = 0;
    return c;
}

#ifdef LODE_SANITIZED
static void *take_piece(struct arena *a, size_t n, size_t rounded)
{
    struct chunk *c = new_chunk(n);

    (void)rounded;
    c->next = a->chunks;
    a->chunks = c;
    return c->data;
}
#else
static void *take_piece(struct arena *a, size_t n, size_t rounded)
{
    struct chunk *c = a->chunks;
    void *p;

    (void)n;
    if (!c || c->cap - c->used < rounded) {
        bool own = rounded > a->next_cap / 4 && c;

        c = new_chunk(rounded > a->next_cap / 4 ? rounded : a->next_cap);
        if (own) {
            c->next = a->chunks->next;
            a->chunks->next = c;
        } else {
            c->next = a->chunks;
            a->chunks = c;
            if (a->next_cap < CHUNK_MAX)
                a->next_cap *= 2;
        }
    }
    p = c->data + c->used;
    c->used += rounded;
    return p;
}
#endif

void *arena_alloc(struct arena *a, size_t n)
{
    size_t rounded;

    if (n > a->limit) /* also keeps the rounding from wrapping */
        return NULL;
    rounded = n ? (n + ALIGN - 1) & ~(size_t)(ALIGN - 1) : ALIGN;
    if (rounded < n || rounded > a->limit - a->used)
        return NULL;
    a->used += rounded;
    return take_piece(a, n, rounded);
}

void *arena_zalloc(struct arena *a, size_t n)
{
    void *p = arena_alloc(a, n);

    if (p && n)
        memset(p, 0, n);
    return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return arena_strndup(a, s, strlen(s));
}

char *arena_strndup(struct arena *a, const void *p, size_t n)
{
    char *s = n < SIZE_MAX ? arena_alloc(a, n + 1) : NULL;

    if (!s)
        return NULL;
    if (n)
        memcpy(s, p, n);
    s[n] = '\0';
    return s;
}

struct bytes arena_dup(struct arena *a, struct bytes b)
{
    void *p = arena_alloc(a, b.n);

    if (!p)
        return (struct bytes){0};
    if (b.n)
        memcpy(p, b.p, b.n);
    return bytes_of(p, b.n);
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    char *s;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    ASSERT(n >= 0);
    s = arena_alloc(a, (size_t)n + 1);
    if (!s)
        return NULL;
    va_start(ap, fmt);
    (void)vsnprintf(s, (size_t)n + 1, fmt, ap);
    va_end(ap);
    return s;
}

size_t arena_used(const struct arena *a)
{
    return a->used;
}

size_t arena_limit(const struct arena *a)
{
    return a->limit;
}

void arena_set_limit(struct arena *a, size_t limit)
{
    a->limit = limit > a->used ? limit : a->used;
}

size_t arena_live_count(void)
{
    return atomic_load(&n_live);
}
