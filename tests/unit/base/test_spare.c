/* SPDX-License-Identifier: MIT */
/* test_spare.c -- how many threads of long work go on beside searches, and that all end. */
#include "base/base_int.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/spare.h"
#include "base/thread.h"
#include "support/suite.h"
#include "syscalls.h"

#include <sched.h>
#include <stdatomic.h>

enum { WORKERS = 6 };

static struct thread threads[WORKERS];
static unsigned n_threads, n_searches;
static atomic_uint n_begun; /* threads that count as long work */
static atomic_uint n_past;  /* threads behind their pause */
static atomic_uint n_leave; /* so many of them may end */

static void setup(void)
{
    clock_fake_set(NS_PER_S);
    n_threads = n_searches = 0;
    atomic_store(&n_begun, 0);
    atomic_store(&n_past, 0);
    atomic_store(&n_leave, 0);
}

static void end_searches(void)
{
    for (; n_searches > 0; n_searches--)
        spare_search_end();
}

static void join_all(void)
{
    atomic_store(&n_leave, WORKERS);
    for (; n_threads > 0; n_threads--)
        thread_join(&threads[n_threads - 1]);
}

static void teardown(void)
{
    end_searches();
    clock_fake_advance(SPARE_CALM_MS * NS_PER_MS);
    join_all();
    clock_fake_off();
    spare__set_cores(0);
}

static void begin(unsigned cores, unsigned searches)
{
    spare__set_cores(cores);
    for (; n_searches < searches; n_searches++)
        spare_search_begin();
}

static void start(unsigned n, thread_fn *fn, void *arg)
{
    for (; n > 0; n--)
        thread_start(&threads[n_threads++], "long", fn, arg);
}

static bool counts_are(unsigned going, unsigned still)
{
    unsigned now_going, now_still;

    spare__count(&now_going, &now_still);
    return now_going == going && now_still == still;
}

/* Nothing but the right counts ends this: a wrong one is a test that hangs and is killed. */
static void wait_for(unsigned going, unsigned still)
{
    while (!counts_are(going, still))
        (void)sched_yield();
}

static void wait_for_count(atomic_uint *n, unsigned want)
{
    while (atomic_load(n) < want)
        (void)sched_yield();
}

/* One pause when all have begun; then busy, without another pause, until it may end. */
static void pause_once(void *arg)
{
    spare_begin();
    atomic_fetch_add(&n_begun, 1);
    wait_for_count(&n_begun, *(unsigned *)arg);
    spare_pause();
    wait_for_count(&n_leave, atomic_fetch_add(&n_past, 1) + 1);
    spare_end();
}

static void pause_often(void *arg)
{
    spare_begin();
    (void)arg;
    while (atomic_load(&n_leave) == 0)
        spare_pause();
    spare_end();
}

/* ---- how many go on -------------------------------------------------------------------- */

static void nothing_stands_still_without_searches(void)
{
    unsigned n = WORKERS;

    begin(2, 0);
    start(n, pause_once, &n);
    wait_for_count(&n_past, n);
    CU_ASSERT(counts_are(n, 0));
}

static void each_search_has_a_core_and_the_rest_goes_on(void)
{
    unsigned n = WORKERS, left;

    begin(6, 2);
    start(n, pause_once, &n);
    wait_for(4, 2);
    wait_for_count(&n_past, 4);
    for (left = 1; left <= n; left++) { /* who ends is replaced by one that stood still */
        atomic_store(&n_leave, left);
        wait_for(n - left < 4 ? n - left : 4, left < 2 ? 2 - left : 0);
    }
}

static void one_goes_on_however_many_searches_there_are(void)
{
    unsigned n = 3, left;

    begin(2, 9);
    start(n, pause_once, &n);
    for (left = 1; left <= n; left++) {
        wait_for(1, n - left);
        wait_for_count(&n_past, left);
        atomic_store(&n_leave, left);
    }
    wait_for(0, 0);
}

static void half_of_the_cores_are_kept_from_searches(void)
{
    begin(6, 9);
    start(WORKERS, pause_often, NULL);
    wait_for(3, WORKERS - 3);
}

static void a_search_that_ends_gives_its_core_back(void)
{
    begin(8, 3);
    start(WORKERS, pause_often, NULL);
    wait_for(5, WORKERS - 5);
    spare_search_end();
    n_searches--;
    wait_for(6, WORKERS - 6);
}

static void a_core_stays_free_until_it_has_been_calm_for_a_while(void)
{
    begin(2, 1);
    start(3, pause_often, NULL);
    wait_for(1, 2);
    end_searches();
    clock_fake_advance(SPARE_CALM_MS * NS_PER_MS - 1);
    start(1, pause_often, NULL); /* this one has looked at the clock when it stands still */
    wait_for(1, 3);
    clock_fake_advance(1);
    wait_for(4, 0);
}

/* ---- waiting elsewhere -------------------------------------------------------------------- */

static struct gate {
    struct mutex lock;
    struct cond changed;
    bool open, timed;
    struct thread *thread; /* joined instead of waiting for the gate */
} gate;

static void open_gate(void)
{
    mutex_lock(&gate.lock);
    gate.open = true;
    cond_broadcast(&gate.changed);
    mutex_unlock(&gate.lock);
}

/* Goes on alone, waits elsewhere, and pauses once more when that is over. */
static void wait_elsewhere(void *arg)
{
    (void)arg;
    spare_begin();
    atomic_store(&n_begun, 1);
    if (gate.thread)
        thread_join(gate.thread);
    mutex_lock(&gate.lock);
    while (!gate.thread && !gate.open)
        if (gate.timed)
            (void)cond_wait_until(&gate.changed, &gate.lock, INT64_MAX);
        else
            cond_wait(&gate.changed, &gate.lock);
    mutex_unlock(&gate.lock);
    spare_pause();
    spare_end();
}

static void gate_init(bool timed)
{
    gate.timed = timed;
    gate.open = false;
    gate.thread = NULL;
    mutex_init(&gate.lock);
    cond_init(&gate.changed);
}

static void gate_done(void)
{
    join_all();
    cond_done(&gate.changed);
    mutex_done(&gate.lock);
}

static void go_on_for_one_that_waits(bool timed)
{
    unsigned n = 1;

    gate_init(timed);
    begin(1, 1);
    start(1, wait_elsewhere, NULL);
    wait_for_count(&n_begun, 1);
    wait_for(0, 0); /* it waits */
    atomic_store(&n_begun, 0);
    start(1, pause_once, &n);
    wait_for_count(&n_past, 1);
    CU_ASSERT(counts_are(1, 0));
    open_gate();
    wait_for(1, 1); /* back, and standing still: the other goes on */
    gate_done();
}

static void one_that_waits_for_a_condition_lets_another_go_on(void)
{
    go_on_for_one_that_waits(false);
    setup();
    go_on_for_one_that_waits(true);
}

/* Else a dump that ends its threads would wait for one that stands still because of it. */
static void one_that_waits_for_a_thread_to_end_lets_it_go_on(void)
{
    static struct thread waited_for;
    unsigned n = 1;

    gate_init(false);
    gate.thread = &waited_for;
    begin(1, 1);
    atomic_store(&n_leave, WORKERS);
    spare_begin();
    thread_start(&waited_for, "long", pause_once, &n);
    wait_for(1, 1); /* this thread goes on, so that one does not */
    start(1, wait_elsewhere, NULL);
    spare_end();
    gate_done();
    CU_ASSERT(atomic_load(&n_past) == 1);
    CU_ASSERT(counts_are(0, 0));
}

static unsigned going_at_sync;

static void note_counts(void)
{
    unsigned still;

    spare__count(&going_at_sync, &still);
}

static void one_that_waits_for_a_sync_lets_another_go_on(void)
{
    going_at_sync = 9;
    spare_begin();
    syscalls_mood.at_sync = note_counts;
    CU_ASSERT(fs_sync(-1, NULL) == RC_IO);
    syscalls_mood.at_sync = NULL;
    CU_ASSERT(going_at_sync == 0);
    CU_ASSERT(counts_are(1, 0));
    spare_end();
}

/* ---- all together ------------------------------------------------------------------------ */

static atomic_uint n_inside, most_inside, n_units;

static void work_in_units(void *arg)
{
    unsigned i, inside;

    spare_begin();
    atomic_fetch_add(&n_begun, 1);
    wait_for_count(&n_begun, WORKERS);
    for (i = 0; i < *(unsigned *)arg; i++) {
        spare_pause();
        inside = atomic_fetch_add(&n_inside, 1) + 1;
        if (inside > atomic_load(&most_inside))
            atomic_store(&most_inside, inside);
        atomic_fetch_add(&n_units, 1);
        atomic_fetch_sub(&n_inside, 1);
    }
    spare_end();
}

static void search_for_ever(void *arg)
{
    (void)arg;
    while (atomic_load(&n_leave) == 0) {
        spare_search_begin();
        spare_search_begin();
        spare_search_end();
        spare_search_end();
    }
}

static void work_ends_under_searches_that_never_do(void)
{
    static unsigned units = 2000;
    struct thread searching;

    atomic_store(&n_units, 0);
    atomic_store(&most_inside, 0);
    begin(2, 1);
    thread_start(&searching, "search", search_for_ever, NULL);
    start(WORKERS, work_in_units, &units);
    wait_for_count(&n_units, WORKERS * units);
    CU_ASSERT(atomic_load(&most_inside) == 1);
    join_all();
    thread_join(&searching);
    CU_ASSERT(counts_are(0, 0));
}

static void a_thread_of_no_long_work_never_stands_still(void)
{
    begin(1, 9);
    spare_pause();
    CU_ASSERT(counts_are(0, 0));
}

SUITE(spare, setup, teardown, TEST(nothing_stands_still_without_searches),
      TEST(each_search_has_a_core_and_the_rest_goes_on),
      TEST(one_goes_on_however_many_searches_there_are),
      TEST(half_of_the_cores_are_kept_from_searches), TEST(a_search_that_ends_gives_its_core_back),
      TEST(a_core_stays_free_until_it_has_been_calm_for_a_while),
      TEST(one_that_waits_for_a_condition_lets_another_go_on),
      TEST(one_that_waits_for_a_thread_to_end_lets_it_go_on),
      TEST(one_that_waits_for_a_sync_lets_another_go_on),
      TEST(work_ends_under_searches_that_never_do),
      TEST(a_thread_of_no_long_work_never_stands_still));
