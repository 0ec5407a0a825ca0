/* SPDX-License-Identifier: MIT */
/*
 * leaves.c -- what a document has, flat: paths and the values under them.
 *
 * {"a":{"b":[1,{"c":2}]},"a.b":3} has the members a, a.b and a.b.c; the values
 * of a.b are 1 and 3. A path that several members make (a dotted name beside an
 * object, the objects of an array) is told once as a member and with all its
 * values.
 *
 * (1) Only paths with a dot can come twice: documents are stored without
 *     repeated members, and a nested path has a dot. So only those are noted.
 *
 * Depth is bounded by index__json_limits, so recursion is. Pure functions.
 */
#include "index/search_int.h"

#include "base/hash.h"
#include "base/mem.h"

enum { SEEN_FIRST = 64 }; /* cells on the stack: enough for all but strange documents */

struct seen_cell {
    uint64_t hash;
    uint32_t at, n; /* in text; n == 0: empty, for a noted path has a dot at least */
};

/* Dotted paths so far. */
struct seen {
    struct seen_cell first[SEEN_FIRST];
    struct seen_cell *cells; /* first, or owned; open addressing */
    size_t cap, n;
    struct buf text;
};

struct walking {
    struct buf *path;
    const struct leaf_visitor *visitor;
    struct seen *seen; /* NULL: nobody asks for members */
};

static struct seen_cell *cell_of(struct seen *s, struct bytes path, uint64_t hash)
{
    size_t mask = s->cap - 1, i = (size_t)hash & mask;

    for (; s->cells[i].n; i = (i + 1) & mask)
        if (s->cells[i].hash == hash &&
            bytes_eq(bytes_of(s->text.p + s->cells[i].at, s->cells[i].n), path))
            break;
    return &s->cells[i];
}

static void grow(struct seen *s)
{
    struct seen_cell *old = s->cells;
    size_t i, j, n = s->cap;

    s->cap *= 4;
    s->cells = xcalloc(s->cap, sizeof *s->cells);
    for (i = 0; i < n; i++) {
        if (!old[i].n)
            continue;
        j = (size_t)old[i].hash & (s->cap - 1);
        while (s->cells[j].n)
            j = (j + 1) & (s->cap - 1);
        s->cells[j] = old[i];
    }
    if (old != s->first)
        xfree(old);
}

/* Notes the path; false: it was there. */
static bool is_new(struct seen *s, struct bytes path)
{
    uint64_t hash = hash64(path, 0);
    struct seen_cell *c;

    if (!s->cells) {
        memset(s->first, 0, sizeof s->first);
        s->cells = s->first;
        s->cap = SEEN_FIRST;
    }
    c = cell_of(s, path, hash);
    if (c->n)
        return false;
    *c = (struct seen_cell){hash, (uint32_t)s->text.n, (uint32_t)path.n};
    (void)buf_bytes(&s->text, path);
    if (++s->n * 2 > s->cap)
        grow(s);
    return true;
}

static void walk_members(struct walking *x, struct json_value object,
                         const struct json_value *array, bool top);

/* array: the innermost one that the value came out of, or NULL. */
static void walk_value(struct walking *x, struct json_value v, const struct json_value *array)
{
    struct json_iter it;

    switch (json_type(v)) {
    case JSON_OBJECT:
        walk_members(x, v, array, false);
        return;
    case JSON_ARRAY:
        for (json_iter_init(&it, v); json_iter_next(&it);)
            walk_value(x, it.value, &v);
        return;
    case JSON_NULL:
    case JSON_BOOL:
    case JSON_NUMBER:
    case JSON_STRING:
        if (x->visitor->value)
            x->visitor->value(x->visitor->arg, buf_view(x->path), v);
        return;
    }
}

static bool is_vectors(struct bytes name)
{
    return bytes_starts(name, B("_vectors")) && (name.n == 8 || name.p[8] == '.');
}

static void walk_members(struct walking *x, struct json_value object,
                         const struct json_value *array, bool top)
{
    size_t n = x->path->n;
    struct json_iter it;

    for (json_iter_init(&it, object); json_iter_next(&it);) {
        /* A name that is too long for a key hides what is inside it, as it does elsewhere. */
        if ((top && is_vectors(it.key)) || n + !top + it.key.n > KEY_NAME_MAX)
            continue;
        if (!top)
            (void)buf_byte(x->path, '.');
        (void)buf_bytes(x->path, it.key);
        if (x->seen) {
            bool plain = top && (it.key.n == 0 || !memchr(it.key.p, '.', it.key.n)); /* (1) */

            if (plain || is_new(x->seen, buf_view(x->path)))
                x->visitor->member(x->visitor->arg, buf_view(x->path), array ? *array : it.value);
        }
        walk_value(x, it.value, array);
        buf_cut(x->path, n);
    }
}

void leaves__walk(struct json_value document, struct buf *path, const struct leaf_visitor *visitor)
{
    struct walking x = {path, visitor, NULL};
    struct seen seen;

    if (json_type(document) != JSON_OBJECT)
        return;
    if (visitor->member) {
        seen.cells = NULL;
        seen.n = 0;
        buf_init(&seen.text, BUF_NO_LIMIT);
        x.seen = &seen;
    }
    buf_clear(path);
    walk_members(&x, document, NULL, true);
    buf_clear(path);
    if (!x.seen)
        return;
    if (seen.cells && seen.cells != seen.first)
        xfree(seen.cells);
    buf_done(&seen.text);
}
