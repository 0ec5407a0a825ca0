/* SPDX-License-Identifier: MIT */
/*
 * client_timer.c -- deadlines in a binary heap, earliest first.
 *
 * (1) heap[i]->slot == i + 1 for every timer in the heap, 0 for all others,
 *     so a timer is stopped without a search.
 */
#include "client_int.h"

#include "base/assert.h"
#include "base/mem.h"

static void put(struct client_timers *ts, size_t i, struct client_timer *t)
{
    ts->heap[i] = t;
    t->slot = i + 1;
}

static void sift_up(struct client_timers *ts, size_t i, struct client_timer *t)
{
    while (i > 0 && ts->heap[(i - 1) / 2]->at > t->at) {
        put(ts, i, ts->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    put(ts, i, t);
}

static void sift_down(struct client_timers *ts, size_t i, struct client_timer *t)
{
    for (;;) {
        size_t child = 2 * i + 1;

        if (child + 1 < ts->n && ts->heap[child + 1]->at < ts->heap[child]->at)
            child++;
        if (child >= ts->n || ts->heap[child]->at >= t->at)
            break;
        put(ts, i, ts->heap[child]);
        i = child;
    }
    put(ts, i, t);
}

void client__timer_start(struct client_timers *ts, struct client_timer *t, int64_t at)
{
    client__timer_stop(ts, t);
    if (at == INT64_MAX)
        return;
    if (ts->n == ts->cap) {
        ts->cap = ts->cap ? ts->cap * 2 : 16;
        ts->heap = xrealloc(ts->heap, ts->cap * sizeof(struct client_timer *));
    }
    t->at = at;
    sift_up(ts, ts->n++, t);
}

void client__timer_stop(struct client_timers *ts, struct client_timer *t)
{
    struct client_timer *last;
    size_t i;

    if (t->slot == 0)
        return;
    i = t->slot - 1;
    ASSERT(i < ts->n && ts->heap[i] == t);
    t->slot = 0;
    last = ts->heap[--ts->n];
    if (last == t)
        return;
    if (i > 0 && ts->heap[(i - 1) / 2]->at > last->at)
        sift_up(ts, i, last);
    else
        sift_down(ts, i, last);
}

int64_t client__timers_next(const struct client_timers *ts)
{
    return ts->n ? ts->heap[0]->at : INT64_MAX;
}

void client__timers_fire(struct client_timers *ts, int64_t now)
{
    while (ts->n && ts->heap[0]->at <= now) {
        struct client_timer *t = ts->heap[0];

        client__timer_stop(ts, t);
        t->fire(t->arg);
    }
}

void client__timers_done(struct client_timers *ts)
{
    xfree(ts->heap);
    *ts = (struct client_timers){0};
}
