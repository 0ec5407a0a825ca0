/* SPDX-License-Identifier: MIT */
/* test_pool.c -- workers, strands and pool_each under load. */
#include "base/clock.h"
#include "base/pool.h"
#include "base/thread.h"
#include "support/suite.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static struct pool *pool;

/* A gate holds jobs until the test opens it: no sleeping. */
static struct gate {
    struct mutex lock;
    struct cond changed;
    bool open;
    int n_inside;
} gate;

static void setup(void)
{
    mutex_init(&gate.lock);
    cond_init(&gate.changed);
    gate.open = false;
    gate.n_inside = 0;
}

static void open_gate(void)
{
    mutex_lock(&gate.lock);
    gate.open = true;
    cond_broadcast(&gate.changed);
    mutex_unlock(&gate.lock);
}

static void teardown(void)
{
    open_gate();
    pool_free(pool);
    pool = NULL;
    cond_done(&gate.changed);
    mutex_done(&gate.lock);
}

static void wait_at_gate(void *arg)
{
    (void)arg;
    mutex_lock(&gate.lock);
    gate.n_inside++;
    cond_broadcast(&gate.changed);
    while (!gate.open)
        cond_wait(&gate.changed, &gate.lock);
    mutex_unlock(&gate.lock);
}

static void wait_for_inside(int n)
{
    mutex_lock(&gate.lock);
    while (gate.n_inside < n)
        cond_wait(&gate.changed, &gate.lock);
    mutex_unlock(&gate.lock);
}

static void count(void *arg)
{
    atomic_fetch_add((atomic_int *)arg, 1);
}

static void what_is_queued_runs_before_the_pool_ends(void)
{
    atomic_int n = 0;
    int i;

    pool = pool_new("test", 1);
    pool_submit(pool, wait_at_gate, NULL);
    wait_for_inside(1);
    for (i = 0; i < 3; i++)
        pool_submit(pool, count, &n);
    CU_ASSERT_EQUAL(pool_queued(pool), 3);
    CU_ASSERT_EQUAL(pool_threads(pool), 1);
    open_gate();
    pool_free(pool);
    pool = NULL;
    CU_ASSERT_EQUAL(atomic_load(&n), 3);
}

struct ordered {
    struct strand *strand;
    int next;  /* only jobs of the strand touch it */
    int wrong; /* jobs that ran out of order */
    atomic_int inside;
};

struct numbered {
    struct ordered *to;
    int i;
};

static void run_numbered(void *arg)
{
    struct numbered *n = arg;

    if (atomic_fetch_add(&n->to->inside, 1) != 0)
        n->to->wrong++;
    if (n->to->next++ != n->i)
        n->to->wrong++;
    atomic_fetch_sub(&n->to->inside, 1);
}

enum { STRANDS = 20, JOBS = 500 };
static struct ordered strands[STRANDS];
static struct numbered jobs[STRANDS][JOBS];

static void feed_strands(void *arg)
{
    int from = *(int *)arg, s, j;

    for (j = 0; j < JOBS; j++) {
        for (s = from; s < STRANDS; s += 2) {
            jobs[s][j] = (struct numbered){&strands[s], j};
            strand_submit(strands[s].strand, run_numbered, &jobs[s][j]);
        }
    }
    for (s = from; s < STRANDS; s += 2)
        strand_close(strands[s].strand);
}

static void strands_keep_their_order_under_load(void)
{
    struct thread feeders[2];
    int which[2] = {0, 1}, i;

    pool = pool_new("test", 4);
    memset(strands, 0, sizeof strands);
    for (i = 0; i < STRANDS; i++)
        strands[i].strand = strand_new(pool);
    for (i = 0; i < 2; i++)
        thread_start(&feeders[i], "feeder", feed_strands, &which[i]);
    for (i = 0; i < 2; i++)
        thread_join(&feeders[i]);
    pool_free(pool);
    pool = NULL;
    for (i = 0; i < STRANDS; i++) {
        CU_ASSERT_EQUAL(strands[i].next, JOBS);
        CU_ASSERT_EQUAL(strands[i].wrong, 0);
    }
}

static void a_long_strand_lets_others_run(void)
{
    struct strand *s;
    atomic_int long_ones = 0, other = 0;
    int i;

    pool = pool_new("test", 1);
    pool_submit(pool, wait_at_gate, NULL);
    wait_for_inside(1);
    s = strand_new(pool);
    for (i = 0; i < 100; i++)
        strand_submit(s, count, &long_ones);
    CU_ASSERT_EQUAL(pool_queued(pool), 1); /* a strand takes one place, however much it has */
    pool_submit(pool, count, &other);
    strand_close(s);
    open_gate();
    pool_free(pool);
    pool = NULL;
    CU_ASSERT_EQUAL(atomic_load(&long_ones), 100);
    CU_ASSERT_EQUAL(atomic_load(&other), 1);
}

static void an_idle_strand_is_freed_by_its_close(void)
{
    pool = pool_new("test", 1);
    strand_close(strand_new(pool)); /* the leak check of the sanitizer is the witness */
    strand_close(NULL);
    CU_PASS("closed");
}

enum { EACH = 10000 };
static atomic_int seen[EACH];

static void mark(void *arg, size_t i)
{
    (void)arg;
    atomic_fetch_add(&seen[i], 1);
}

static int count_not_once(size_t n)
{
    int wrong = 0;
    size_t i;

    for (i = 0; i < n; i++)
        wrong += atomic_exchange(&seen[i], 0) != 1;
    return wrong;
}

static void each_runs_every_index_once(void)
{
    static const size_t sizes[] = {0, 1, 2, 3, 100, EACH};
    size_t i;

    pool = pool_new("test", 3);
    for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        pool_each(pool, sizes[i], mark, NULL);
        CU_ASSERT_EQUAL(count_not_once(sizes[i]), 0);
    }
}

/* The caller alone finishes the work while every worker is held up elsewhere. */
static void each_does_not_wait_for_a_busy_pool(void)
{
    pool = pool_new("test", 2);
    pool_submit(pool, wait_at_gate, NULL);
    pool_submit(pool, wait_at_gate, NULL);
    wait_for_inside(2);
    pool_each(pool, 50, mark, NULL);
    CU_ASSERT_EQUAL(count_not_once(50), 0);
}

struct ending {
    struct strand *strand;
    atomic_int n;
    int n_when_back; /* jobs that had run when strand_submit() came back */
};

static void end_strand(void *arg)
{
    struct ending *e = arg;

    atomic_fetch_add(&e->n, 1);
    strand_submit(e->strand, count, &e->n); /* from within: after this one, by the same turn */
    e->n_when_back = atomic_load(&e->n);
}

/* What a loop has left to do when its workers are gone may still end strands. */
static void a_stopped_pool_runs_jobs_where_they_come(void)
{
    struct ending e = {0};
    int i;

    pool = pool_new("test", 2);
    e.strand = strand_new(pool);
    for (i = 0; i < 40; i++)
        strand_submit(e.strand, count, &e.n);
    pool_stop(pool);
    pool_stop(pool); /* once is enough */
    CU_ASSERT_EQUAL(atomic_load(&e.n), 40);
    pool_submit(pool, count, &e.n);
    CU_ASSERT_EQUAL(atomic_load(&e.n), 41);
    strand_submit(e.strand, end_strand, &e);
    CU_ASSERT_EQUAL(e.n_when_back, 42);
    CU_ASSERT_EQUAL(atomic_load(&e.n), 43);
    pool_each(pool, 50, mark, NULL);
    CU_ASSERT_EQUAL(count_not_once(50), 0);
    strand_submit(e.strand, count, &e.n);
    strand_close(e.strand);
    CU_ASSERT_EQUAL(atomic_load(&e.n), 44);
    CU_ASSERT_EQUAL(pool_queued(pool), 0);
}

static void look_at_signals(void *arg)
{
    sigset_t set;

    (void)pthread_sigmask(SIG_SETMASK, NULL, &set);
    *(bool *)arg = sigismember(&set, SIGTERM) == 1 && sigismember(&set, SIGCHLD) == 1;
}

static void threads_block_every_signal(void)
{
    struct thread t;
    bool blocked = false;

    thread_start(&t, "a name that is too long", look_at_signals, &blocked);
    thread_join(&t);
    CU_ASSERT(blocked);
    CU_ASSERT(thread_cpu_count() >= 1);
}

static int niceness(void)
{
    return getpriority(PRIO_PROCESS, (id_t)gettid());
}

static void note_niceness(void *arg)
{
    *(int *)arg = niceness();
}

/* How nice it is at first and then, and how nice a thread is that it starts. */
static void stand_back(void *arg)
{
    int *nice = arg;
    struct thread t;

    nice[0] = niceness();
    thread_stand_back();
    nice[1] = niceness();
    thread_start(&t, "child", note_niceness, &nice[2]);
    thread_join(&t);
}

static void a_thread_stands_back_with_those_it_starts(void)
{
    int before = niceness(), nice[3] = {-1, -1, -1};
    struct thread t;

    if (before >= 19) {
        suite_skip("a thread cannot be nicer than this program is");
        return;
    }
    thread_start(&t, "courteous", stand_back, nice);
    thread_join(&t);
    CU_ASSERT_EQUAL(nice[0], before);
    CU_ASSERT(nice[1] > before);
    CU_ASSERT_EQUAL(nice[2], nice[1]);
    CU_ASSERT_EQUAL(niceness(), before);
}

static void a_wait_ends_when_its_time_is_over(void)
{
    mutex_lock(&gate.lock);
    CU_ASSERT_FALSE(cond_wait_until(&gate.changed, &gate.lock, clock_mono_ns() + NS_PER_MS));
    CU_ASSERT_FALSE(cond_wait_until(&gate.changed, &gate.lock, -5));
    mutex_unlock(&gate.lock);
}

SUITE(pool, setup, teardown, TEST(what_is_queued_runs_before_the_pool_ends),
      TEST(strands_keep_their_order_under_load), TEST(a_long_strand_lets_others_run),
      TEST(an_idle_strand_is_freed_by_its_close), TEST(each_runs_every_index_once),
      TEST(each_does_not_wait_for_a_busy_pool), TEST(a_stopped_pool_runs_jobs_where_they_come),
      TEST(threads_block_every_signal), TEST(a_thread_stands_back_with_those_it_starts),
      TEST(a_wait_ends_when_its_time_is_over));
