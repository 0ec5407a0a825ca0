/* SPDX-License-Identifier: MIT */
/* test_barrier.c -- what the write barrier promises; the model proves the rest. */
#include "task/barrier.h"

#include "base/clock.h"
#include "base/thread.h"
#include "support/suite.h"

#include <stdatomic.h>

static struct barrier *b; /* wiped by teardown */
static struct err err;

static void setup(void)
{
    b = barrier_new();
}

static void teardown(void)
{
    barrier_free(b);
}

static void it_is_down_at_first_and_writers_pass(void)
{
    CU_ASSERT_FALSE(barrier_is_up(b));
    barrier_enter(b);
    barrier_enter(b); /* it holds writers back from a dump, not from each other */
    barrier_leave(b);
    barrier_leave(b);
}

static void only_one_may_raise_it(void)
{
    CU_ASSERT_EQUAL_FATAL(barrier_raise(b, NS_PER_S, &err), RC_OK);
    CU_ASSERT(barrier_is_up(b));
    CU_ASSERT_EQUAL(barrier_raise(b, NS_PER_S, &err), RC_BUSY);
    CU_ASSERT(barrier_is_up(b));
    barrier_lower(b);
    CU_ASSERT_FALSE(barrier_is_up(b));
    CU_ASSERT_EQUAL(barrier_raise(b, NS_PER_S, &err), RC_OK);
    barrier_lower(b);
}

static void a_commit_that_takes_too_long_gives_a_deadline(void)
{
    barrier_enter(b);
    CU_ASSERT_EQUAL(barrier_raise(b, 5 * NS_PER_MS, &err), RC_DEADLINE);
    CU_ASSERT_FALSE(barrier_is_up(b));
    barrier_leave(b);
    barrier_enter(b); /* the flag was taken back */
    barrier_leave(b);
}

struct worker {
    struct thread thread;
    atomic_uint *inside;
    atomic_uint passes;
    atomic_bool stop;
};

static atomic_uint n_inside;

static void pass_often(void *arg)
{
    struct worker *w = arg;

    while (!atomic_load(&w->stop)) {
        barrier_enter(b);
        atomic_fetch_add(&n_inside, 1);
        atomic_fetch_add(&w->passes, 1);
        atomic_fetch_sub(&n_inside, 1);
        barrier_leave(b);
    }
}

/* Many raises against four writers: nobody is inside while it is up, and all get on. */
static void nobody_is_inside_while_it_is_up(void)
{
    struct worker workers[4] = {0};
    unsigned i, round, bad = 0, before[4];

    for (i = 0; i < 4; i++)
        thread_start(&workers[i].thread, "writer", pass_often, &workers[i]);
    for (round = 0; round < 500; round++) {
        if (barrier_raise(b, 10 * NS_PER_S, &err) != RC_OK) {
            bad++;
            break;
        }
        for (i = 0; i < 4; i++)
            before[i] = atomic_load(&workers[i].passes);
        for (i = 0; i < 100; i++)
            bad += atomic_load(&n_inside) != 0;
        for (i = 0; i < 4; i++)
            bad += atomic_load(&workers[i].passes) != before[i];
        barrier_lower(b);
    }
    for (i = 0; i < 4; i++)
        atomic_store(&workers[i].stop, true);
    for (i = 0; i < 4; i++)
        thread_join(&workers[i].thread);
    CU_ASSERT_EQUAL(bad, 0);
}

static void leave_later(void *arg)
{
    atomic_bool *go = arg;

    while (!atomic_load(go))
        ;
    barrier_leave(b);
}

static void raising_waits_for_the_running_commit(void)
{
    atomic_bool go = false;
    struct thread t;

    barrier_enter(b);
    CU_ASSERT_EQUAL(barrier_raise(b, NS_PER_MS, &err), RC_DEADLINE);
    thread_start(&t, "commit", leave_later, &go);
    atomic_store(&go, true);
    CU_ASSERT_EQUAL(barrier_raise(b, 10 * NS_PER_S, &err), RC_OK);
    CU_ASSERT(barrier_is_up(b));
    barrier_lower(b);
    thread_join(&t);
}

SUITE(barrier, setup, teardown, TEST(it_is_down_at_first_and_writers_pass),
      TEST(only_one_may_raise_it), TEST(a_commit_that_takes_too_long_gives_a_deadline),
      TEST(nobody_is_inside_while_it_is_up), TEST(raising_waits_for_the_running_commit));
