/* SPDX-License-Identifier: MIT */
/*
 * barrier.c -- see barrier.h.
 *
 * (1) `raised` is set before the wait for the running commit begins, so that a
 *     steady stream of commits cannot keep a dump waiting.
 * (2) While raised and n_inside is 0, no thread is between enter and leave:
 *     raising returned, and entering waits.
 * (3) A raise that times out takes its flag back: the writers go on as if
 *     nobody had asked.
 *
 * The model tests/model/barrier.pml has these functions as they stand here;
 * change both together.
 */
#include "task/barrier.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"

struct barrier {
    struct mutex lock;
    struct cond changed;
    bool raised;       /* up, or being raised */
    unsigned n_inside; /* threads between enter and leave */
};

struct barrier *barrier_new(void)
{
    struct barrier *b = xcalloc(1, sizeof *b);

    mutex_init(&b->lock);
    cond_init(&b->changed);
    return b;
}

void barrier_free(struct barrier *b)
{
    if (!b)
        return;
    ASSERT(!b->raised && b->n_inside == 0);
    cond_done(&b->changed);
    mutex_done(&b->lock);
    xfree(b);
}

void barrier_enter(struct barrier *b)
{
    mutex_lock(&b->lock);
    while (b->raised)
        cond_wait(&b->changed, &b->lock);
    b->n_inside++;
    mutex_unlock(&b->lock);
}

void barrier_leave(struct barrier *b)
{
    mutex_lock(&b->lock);
    ASSERT(b->n_inside > 0);
    b->n_inside--;
    cond_broadcast(&b->changed);
    mutex_unlock(&b->lock);
}

enum rc barrier_raise(struct barrier *b, int64_t timeout_ns, struct err *err)
{
    int64_t until = clock_mono_ns() + timeout_ns;
    enum rc rc = RC_OK;

    mutex_lock(&b->lock);
    if (b->raised) {
        mutex_unlock(&b->lock);
        return err_set(err, RC_BUSY, NULL, "the write barrier is up already");
    }
    b->raised = true;
    while (b->n_inside > 0) {
        if (cond_wait_until(&b->changed, &b->lock, until) || b->n_inside == 0)
            continue;
        b->raised = false;
        cond_broadcast(&b->changed);
        rc = err_set(err, RC_DEADLINE, NULL,
                     "the running commit did not end within %lld ms, the limit for raising the "
                     "write barrier",
                     (long long)(timeout_ns / NS_PER_MS));
        break;
    }
    mutex_unlock(&b->lock);
    return rc;
}

void barrier_lower(struct barrier *b)
{
    mutex_lock(&b->lock);
    ASSERT(b->raised && b->n_inside == 0);
    b->raised = false;
    cond_broadcast(&b->changed);
    mutex_unlock(&b->lock);
}

bool barrier_is_up(struct barrier *b)
{
    bool up;

    mutex_lock(&b->lock);
    up = b->raised && b->n_inside == 0;
    mutex_unlock(&b->lock);
    return up;
}
