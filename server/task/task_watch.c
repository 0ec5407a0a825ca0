/* SPDX-License-Identifier: MIT */
/*
 * task_watch.c -- telling those who wait for a task.
 *
 * Calls are made with the watches' lock held: that is what makes the promise of
 * task_watch_free() true, and why a callback must neither block nor free a watch.
 */
#include "base/assert.h"
#include "base/mem.h"
#include "task/task_int.h"

struct task_watch {
    struct task__watches *watches; /* borrowed */
    struct task_watch *next;
    struct task_watch **at; /* what points to this one */
    uint64_t uid;
    task_watch_fn *fn;
    void *arg;
};

void task__watches_init(struct task__watches *w)
{
    size_t i;

    mutex_init(&w->lock);
    for (i = 0; i < ARRAY_LEN(w->buckets); i++)
        w->buckets[i] = NULL;
    atomic_init(&w->n, 0);
}

void task__watches_done(struct task__watches *w)
{
    ASSERT(atomic_load(&w->n) == 0);
    mutex_done(&w->lock);
}

struct task_watch *task_watch_new(struct task_queue *q, uint64_t uid, task_watch_fn *fn, void *arg)
{
    struct task_watch *w = xcalloc(1, sizeof *w);

    w->watches = &q->watches;
    w->uid = uid;
    w->fn = fn;
    w->arg = arg;
    mutex_lock(&q->watches.lock);
    w->at = &q->watches.buckets[uid % ARRAY_LEN(q->watches.buckets)];
    w->next = *w->at;
    if (w->next)
        w->next->at = &w->next;
    *w->at = w;
    atomic_fetch_add(&q->watches.n, 1);
    mutex_unlock(&q->watches.lock);
    return w;
}

void task_watch_free(struct task_watch *w)
{
    struct task__watches *watches;

    if (!w)
        return;
    watches = w->watches;
    mutex_lock(&watches->lock);
    *w->at = w->next;
    if (w->next)
        w->next->at = w->at;
    atomic_fetch_sub(&watches->n, 1);
    mutex_unlock(&watches->lock);
    xfree(w);
}

void task__watches_tell(struct task__watches *watches, uint64_t uid)
{
    struct task_watch *w;

    if (atomic_load_explicit(&watches->n, memory_order_relaxed) == 0)
        return;
    mutex_lock(&watches->lock);
    for (w = watches->buckets[uid % ARRAY_LEN(watches->buckets)]; w; w = w->next)
        if (w->uid == uid)
            w->fn(w->arg, uid);
    mutex_unlock(&watches->lock);
}
