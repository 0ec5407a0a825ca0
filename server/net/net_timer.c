/* SPDX-License-Identifier: MIT */
/*
 * net_timer.c -- one-shot timers: a binary heap under one libevent timeout.
 *
 * (1) Parents are never later than their children; equal times run in the
 *     order they were started (seq).
 * (2) timer->at_heap is the timer's place, so cancelling needs no search.
 *
 * Timers are run against clock_mono_ns() at the end of every pass, which lets
 * tests move time by hand.
 */
#include "net/net_int.h"

#include "base/assert.h"
#include "base/mem.h"

struct net_timer {
    int64_t at;
    uint64_t seq;
    size_t at_heap;
    void (*fn)(void *);
    void *arg;
    struct net_timer *next_spare;
};

static bool earlier(const struct net_timer *a, const struct net_timer *b)
{
    return a->at != b->at ? a->at < b->at : a->seq < b->seq;
}

static void put(struct net_timers *t, size_t i, struct net_timer *timer)
{
    t->heap[i] = timer;
    timer->at_heap = i;
}

static void sift_up(struct net_timers *t, size_t i)
{
    struct net_timer *timer = t->heap[i];

    while (i > 0 && earlier(timer, t->heap[(i - 1) / 2])) {
        put(t, i, t->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    put(t, i, timer);
}

static void sift_down(struct net_timers *t, size_t i)
{
    struct net_timer *timer = t->heap[i];

    for (;;) {
        size_t child = 2 * i + 1;

        if (child >= t->n)
            break;
        if (child + 1 < t->n && earlier(t->heap[child + 1], t->heap[child]))
            child++;
        if (!earlier(t->heap[child], timer))
            break;
        put(t, i, t->heap[child]);
        i = child;
    }
    put(t, i, timer);
}

struct net_timer *net__timer_add(struct net_timers *t, int64_t at, void (*fn)(void *), void *arg)
{
    struct net_timer *timer = t->spare;

    if (timer)
        t->spare = timer->next_spare;
    else
        timer = xmalloc(sizeof(*timer));
    *timer = (struct net_timer){.at = at, .seq = t->last_seq++, .fn = fn, .arg = arg};
    if (t->n == t->cap) {
        t->cap = t->cap ? t->cap * 2 : 64;
        t->heap = xrealloc(t->heap, t->cap * sizeof(struct net_timer *));
    }
    t->heap[t->n] = timer;
    t->n++;
    sift_up(t, t->n - 1);
    return timer;
}

void net__timer_remove(struct net_timers *t, struct net_timer *timer)
{
    size_t i = timer->at_heap;

    ASSERT(i < t->n && t->heap[i] == timer);
    t->n--;
    if (i < t->n) {
        put(t, i, t->heap[t->n]);
        sift_down(t, i);
        sift_up(t, i);
    }
    timer->at_heap = SIZE_MAX; /* a second cancel fails the assert above */
    timer->next_spare = t->spare;
    t->spare = timer;
}

int64_t net__timers_next(const struct net_timers *t)
{
    return t->n ? t->heap[0]->at : INT64_MAX;
}

void net__timers_run(struct net_timers *t, int64_t now)
{
    uint64_t last = t->last_seq;

    /* Those started meanwhile wait for the next pass, else a timer that starts itself never ends.
     */
    while (t->n > 0 && t->heap[0]->at <= now && t->heap[0]->seq < last) {
        struct net_timer *timer = t->heap[0];
        void (*fn)(void *) = timer->fn;
        void *arg = timer->arg;

        net__timer_remove(t, timer);
        fn(arg);
    }
}

void net__timers_free(struct net_timers *t)
{
    while (t->n > 0)
        net__timer_remove(t, t->heap[0]);
    while (t->spare) {
        struct net_timer *timer = t->spare;

        t->spare = timer->next_spare;
        xfree(timer);
    }
    xfree(t->heap);
    *t = (struct net_timers){0};
}
