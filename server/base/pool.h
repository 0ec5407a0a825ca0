/* SPDX-License-Identifier: MIT */
/*
 * pool.h -- worker threads with a queue, and strands over them.
 *
 * A strand runs its jobs one after another, in the order they came, on any
 * worker: the pieces of one upload keep their order without a thread of their
 * own.
 *
 * Ownership  pool_new()/pool_free() (stops it first, if nobody has).
 *            A strand is freed when its last job has run and strand_close()
 *            was called.
 * Threads    Any thread may submit. Jobs must not wait for other jobs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct pool;
struct strand;

typedef void pool_fn(void *arg);

struct pool *pool_new(const char *name, unsigned n_threads);
/*
 * Waits for running jobs, runs queued ones and ends the threads. Jobs that come
 * later run at once where they are submitted: what a stopped loop still has to
 * do may end uploads, and those need their strands.
 */
void pool_stop(struct pool *pool);
void pool_free(struct pool *pool);
/* Never refuses: the number of jobs is bounded by those who submit (one per open call). */
void pool_submit(struct pool *pool, pool_fn *fn, void *arg);
unsigned pool_threads(const struct pool *pool);
size_t pool_queued(struct pool *pool);

struct strand *strand_new(struct pool *pool);
void strand_submit(struct strand *s, pool_fn *fn, void *arg);
void strand_close(struct strand *s);

/*
 * Runs fn(arg, i) for i in 0..n-1 on the pool and on the calling thread, and
 * returns when all are done. Must not be called from a job of the same pool.
 */
typedef void pool_each_fn(void *arg, size_t i);
void pool_each(struct pool *pool, size_t n, pool_each_fn *fn, void *arg);
