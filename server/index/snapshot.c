/* SPDX-License-Identifier: MIT */
/*
 * snapshot.c -- all indexes at one moment.
 *
 * Two counts of references, because both lives are shared: a view keeps its
 * snapshot while newer ones come, and a snapshot shares the states of all
 * indexes that its commit did not touch with the one before.
 */
#include "index/index_int.h"

#include "base/mem.h"

#include <stdlib.h>

static int by_uid(const void *a, const void *b)
{
    struct index_state *const *x = a, *const *y = b;

    return strcmp((*x)->uid, (*y)->uid);
}

static int by_id(const void *a, const void *b)
{
    struct index_state *const *x = a, *const *y = b;

    return ((*x)->id > (*y)->id) - ((*x)->id < (*y)->id);
}

struct snapshot *snapshot__new(struct index_state **states, size_t n)
{
    struct snapshot *s = xcalloc(1, sizeof *s);
    size_t bytes = (n ? n : 1) * sizeof *states;

    atomic_init(&s->refs, 1);
    s->n = n;
    s->by_uid = xmalloc(bytes);
    s->by_id = xmalloc(bytes);
    if (n) {
        memcpy(s->by_uid, states, n * sizeof *states);
        memcpy(s->by_id, states, n * sizeof *states);
    }
    qsort(s->by_uid, n, sizeof *states, by_uid);
    qsort(s->by_id, n, sizeof *states, by_id);
    return s;
}

struct snapshot *snapshot__ref(struct snapshot *s)
{
    atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    return s;
}

void snapshot__unref(struct snapshot *s)
{
    size_t i;

    if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (i = 0; i < s->n; i++)
        index_state__unref(s->by_id[i]);
    xfree(s->by_uid);
    xfree(s->by_id);
    xfree(s->trash);
    xfree(s);
}

struct index_state *snapshot__find(const struct snapshot *s, struct bytes uid)
{
    size_t lo = 0, hi = s->n;

    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        int c = bytes_cmp(bytes_str(s->by_uid[mid]->uid), uid);

        if (c == 0)
            return s->by_uid[mid];
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

struct index_state *snapshot__get(const struct snapshot *s, uint32_t index_id)
{
    size_t lo = 0, hi = s->n;

    while (lo < hi) {
        size_t mid = (lo + hi) / 2;

        if (s->by_id[mid]->id < index_id)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < s->n && s->by_id[lo]->id == index_id ? s->by_id[lo] : NULL;
}
