/* SPDX-License-Identifier: MIT */
/*
 * pool.c -- see pool.h.
 *
 * (1) A job is in the queue or counted in n_running, never both.
 * (2) While the pool stops, a worker leaves only when the queue is empty and
 *     nothing runs: a running job may still submit (a strand always does).
 * (3) A strand is in the pool's queue, or running, exactly when `scheduled` is
 *     set; so at most one worker ever runs it, and its jobs keep their order.
 */
#include "base/pool.h"

#include "base/assert.h"
#include "base/mem.h"
#include "base/thread.h"

#include <stdatomic.h>
#include <stdint.h>

struct job {
    struct job *next;
    pool_fn *fn;
    void *arg;
};

struct queue {
    struct job *head, *tail; /* owned */
};

static void queue_push(struct queue *q, pool_fn *fn, void *arg)
{
    struct job *j = xmalloc(sizeof *j);

    *j = (struct job){.fn = fn, .arg = arg};
    if (q->tail)
        q->tail->next = j;
    else
        q->head = j;
    q->tail = j;
}

static struct job queue_pop(struct queue *q)
{
    struct job *j = q->head, copy = *j;

    q->head = j->next;
    if (!q->head)
        q->tail = NULL;
    xfree(j);
    return copy;
}

struct pool {
    struct mutex lock;   /* guards what follows */
    struct cond changed; /* a job came, or the last one went while stopping */
    struct queue queue;
    size_t n_queued;
    unsigned n_running;
    bool stopping;
    bool stopped; /* no threads any more: jobs run where they are submitted */
    unsigned n_threads;
    struct thread threads[];
};

static void work(void *arg)
{
    struct pool *pool = arg;

    mutex_lock(&pool->lock);
    for (;;) {
        struct job j;

        while (pool->n_queued == 0 && !(pool->stopping && pool->n_running == 0))
            cond_wait(&pool->changed, &pool->lock);
        if (pool->n_queued == 0)
            break;
        j = queue_pop(&pool->queue);
        pool->n_queued--;
        pool->n_running++;
        mutex_unlock(&pool->lock);
        j.fn(j.arg);
        mutex_lock(&pool->lock);
        pool->n_running--;
        if (pool->stopping && pool->n_running == 0)
            cond_broadcast(&pool->changed);
    }
    mutex_unlock(&pool->lock);
}

struct pool *pool_new(const char *name, unsigned n_threads)
{
    struct pool *pool;
    unsigned i;

    ASSERT(n_threads > 0);
    pool = xcalloc(1, sizeof *pool + n_threads * sizeof pool->threads[0]);
    pool->n_threads = n_threads;
    mutex_init(&pool->lock);
    cond_init(&pool->changed);
    for (i = 0; i < n_threads; i++)
        thread_start(&pool->threads[i], name, work, pool);
    return pool;
}

void pool_stop(struct pool *pool)
{
    unsigned i;

    if (!pool || pool->stopping)
        return;
    mutex_lock(&pool->lock);
    pool->stopping = true;
    cond_broadcast(&pool->changed);
    mutex_unlock(&pool->lock);
    for (i = 0; i < pool->n_threads; i++)
        thread_join(&pool->threads[i]);
    mutex_lock(&pool->lock);
    ASSERT(pool->n_queued == 0);
    pool->stopped = true;
    mutex_unlock(&pool->lock);
}

void pool_free(struct pool *pool)
{
    if (!pool)
        return;
    pool_stop(pool);
    cond_done(&pool->changed);
    mutex_done(&pool->lock);
    xfree(pool);
}

void pool_submit(struct pool *pool, pool_fn *fn, void *arg)
{
    bool now;

    mutex_lock(&pool->lock);
    now = pool->stopped;
    if (!now) {
        queue_push(&pool->queue, fn, arg);
        pool->n_queued++;
        cond_signal(&pool->changed);
    }
    mutex_unlock(&pool->lock);
    if (now)
        fn(arg);
}

unsigned pool_threads(const struct pool *pool)
{
    return pool->n_threads;
}

size_t pool_queued(struct pool *pool)
{
    size_t n;

    mutex_lock(&pool->lock);
    n = pool->n_queued;
    mutex_unlock(&pool->lock);
    return n;
}

struct strand {
    struct pool *pool; /* borrowed */
    struct mutex lock; /* guards what follows */
    struct queue queue;
    bool scheduled;
    bool closed;
};

static void strand_free(struct strand *s)
{
    mutex_done(&s->lock);
    xfree(s);
}

/* Runs a few jobs, then queues up again behind others: no strand may starve the rest. */
static void run_strand(void *arg)
{
    enum { JOBS_A_TURN = 16 };
    struct strand *s = arg;
    bool more, over;
    int i;

    for (i = 0; i < JOBS_A_TURN; i++) {
        struct job j;

        mutex_lock(&s->lock);
        if (!s->queue.head) {
            mutex_unlock(&s->lock);
            break;
        }
        j = queue_pop(&s->queue);
        mutex_unlock(&s->lock);
        j.fn(j.arg);
    }
    mutex_lock(&s->lock);
    more = s->queue.head != NULL;
    s->scheduled = more;
    over = !more && s->closed;
    mutex_unlock(&s->lock);
    if (over)
        strand_free(s);
    else if (more)
        pool_submit(s->pool, run_strand, s);
}

struct strand *strand_new(struct pool *pool)
{
    struct strand *s = xcalloc(1, sizeof *s);

    s->pool = pool;
    mutex_init(&s->lock);
    return s;
}

void strand_submit(struct strand *s, pool_fn *fn, void *arg)
{
    bool wake;

    mutex_lock(&s->lock);
    ASSERT(!s->closed);
    queue_push(&s->queue, fn, arg);
    wake = !s->scheduled;
    s->scheduled = true;
    mutex_unlock(&s->lock);
    if (wake)
        pool_submit(s->pool, run_strand, s);
}

void strand_close(struct strand *s)
{
    bool over;

    if (!s)
        return;
    mutex_lock(&s->lock);
    s->closed = true;
    over = !s->scheduled;
    mutex_unlock(&s->lock);
    if (over)
        strand_free(s);
}

/*
 * Shared by the caller and its helpers, freed by the last of them: a helper
 * that the pool starts late must find it alive, and finds nothing left to do.
 */
struct each {
    struct mutex lock;
    struct cond done;
    size_t n_done;   /* guarded by lock */
    unsigned n_refs; /* guarded by lock */
    atomic_size_t next;
    size_t n;
    pool_each_fn *fn;
    void *arg;
};

static void each_unref(struct each *e)
{
    bool last;

    mutex_lock(&e->lock);
    last = --e->n_refs == 0;
    mutex_unlock(&e->lock);
    if (!last)
        return;
    cond_done(&e->done);
    mutex_done(&e->lock);
    xfree(e);
}

static void each_run(struct each *e)
{
    size_t mine = 0, i;

    for (i = atomic_fetch_add(&e->next, 1); i < e->n; i = atomic_fetch_add(&e->next, 1)) {
        e->fn(e->arg, i);
        mine++;
    }
    if (!mine)
        return;
    mutex_lock(&e->lock);
    e->n_done += mine;
    if (e->n_done == e->n)
        cond_signal(&e->done);
    mutex_unlock(&e->lock);
}

static void help_each(void *arg)
{
    struct each *e = arg;

    each_run(e);
    each_unref(e);
}

void pool_each(struct pool *pool, size_t n, pool_each_fn *fn, void *arg)
{
    struct each *e;
    size_t helpers = n > 1 ? n - 1 : 0, i;

    if (n == 0)
        return;
    if (helpers > pool->n_threads)
        helpers = pool->n_threads;
    e = xcalloc(1, sizeof *e);
    mutex_init(&e->lock);
    cond_init(&e->done);
    e->n = n;
    e->fn = fn;
    e->arg = arg;
    e->n_refs = (unsigned)helpers + 1;
    /* The number of helpers is bounded here, so they need not fit into the queue's limit. */
    for (i = 0; i < helpers; i++)
        pool_submit(pool, help_each, e);
    each_run(e);
    mutex_lock(&e->lock);
    while (e->n_done < n)
        cond_wait(&e->done, &e->lock);
    mutex_unlock(&e->lock);
    each_unref(e);
}
