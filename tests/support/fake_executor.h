/* SPDX-License-Identifier: MIT */
/*
 * fake_executor.h -- an executor whose work, posts and timers run when a test says so.
 *
 * Ownership  fake_executor_init() .. fake_executor_done(), when nothing is queued.
 * Threads    The test's; posts may come from any.
 */
#pragma once

#include "base/thread.h"
#include "rpc/server.h"

struct fake_job {
    void (*fn)(void *);
    void *job;
    int64_t at; /* timers */
    struct fake_job *next;
};

struct fake_executor {
    struct mutex lock;
    struct fake_job *work, *posts, *timers;
};

void fake_executor_init(struct fake_executor *ex);
void fake_executor_done(struct fake_executor *ex); /* aborts if something is left */
struct rpc_executor fake_executor_ops(struct fake_executor *ex);

bool fake_executor_work(struct fake_executor *ex); /* runs one piece of work, as the worker would */
size_t fake_executor_posts(struct fake_executor *ex); /* runs posts until there are none */
size_t
fake_executor_timers(struct fake_executor *ex); /* runs those that are due on clock_mono_ns() */
size_t fake_executor_n_timers(const struct fake_executor *ex);
