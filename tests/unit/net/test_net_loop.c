/* SPDX-License-Identifier: MIT */
/* test_net_loop.c -- posts, timers, signals, and stopping. */
#include "net_world.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/rng.h"
#include "support/suite.h"

#include <signal.h>

enum { N_THREADS = 4, N_POSTS = 5000, N_TIMERS = 2000 };

struct note {
    char text[64];
    size_t n;
};

static struct note note;

static void setup(void)
{
    note = (struct note){.n = 0};
    world_setup();
}

static void write_a(void *arg)
{
    (void)arg;
    note.text[note.n++] = 'a';
}

static void write_b(void *arg)
{
    (void)arg;
    note.text[note.n++] = 'b';
}

static void write_c_then_post_a(void *arg)
{
    (void)arg;
    note.text[note.n++] = 'c';
    net_post(world.loop, write_a, NULL);
}

static void posts_run_in_order_and_their_own_posts_later(void)
{
    net_post(world.loop, write_c_then_post_a, NULL);
    net_post(world.loop, write_b, NULL);
    world_turn(1);
    CU_ASSERT_STRING_EQUAL(note.text, "cb");
    world_turn(1);
    CU_ASSERT_STRING_EQUAL(note.text, "cba");
}

static void what_is_posted_runs_even_when_the_loop_is_freed(void)
{
    struct net_loop *loop = net_loop_new();

    net_post(loop, write_a, NULL);
    net_loop_free(loop);
    CU_ASSERT_STRING_EQUAL(note.text, "a");
}

static void post_again(void *arg)
{
    note.n++;
    if (note.n < 5)
        net_post(world.loop, post_again, arg);
}

static void what_is_pending_runs_to_its_end_without_waiting(void)
{
    net_run_pending(NULL);
    net_run_pending(world.loop);
    net_post(world.loop, post_again, NULL);
    net_timer_start(world.loop, clock_mono_ns() + 3600 * NS_PER_S, write_a, NULL);
    net_run_pending(world.loop);
    CU_ASSERT_EQUAL(note.n, 5);
}

struct poster {
    struct thread thread;
    unsigned done; /* loop thread only */
    unsigned expect;
    bool out_of_order;
};

static struct poster posters[N_THREADS];
static unsigned n_finished;

struct mail {
    struct poster *from;
    unsigned number;
};

static void take_mail(void *arg)
{
    struct mail *m = arg;

    m->from->out_of_order |= m->number != m->from->expect;
    m->from->expect++;
    if (m->from->expect == N_POSTS && ++n_finished == N_THREADS)
        net_stop(world.loop);
    xfree(m);
}

static void post_many(void *arg)
{
    unsigned i;

    for (i = 0; i < N_POSTS; i++) {
        struct mail *m = xmalloc(sizeof(*m));

        *m = (struct mail){arg, i};
        net_post(world.loop, take_mail, m);
    }
}

static void every_post_of_every_thread_arrives_in_its_order(void)
{
    unsigned i;

    n_finished = 0;
    for (i = 0; i < N_THREADS; i++) {
        posters[i] = (struct poster){.expect = 0};
        thread_start(&posters[i].thread, "poster", post_many, &posters[i]);
    }
    net_run(world.loop); /* sleeps whenever it is ahead of the posters */
    for (i = 0; i < N_THREADS; i++) {
        thread_join(&posters[i].thread);
        CU_ASSERT_EQUAL(posters[i].expect, N_POSTS);
        CU_ASSERT_FALSE(posters[i].out_of_order);
    }
}

static void stop_it(void *arg)
{
    net_stop(arg);
}

static void another_thread_can_stop_a_sleeping_loop(void)
{
    struct thread t;

    thread_start(&t, "stopper", stop_it, world.loop);
    net_run(world.loop);
    thread_join(&t);
    CU_PASS("net_run() came back");
}

static void timers_run_when_due_and_in_order(void)
{
    clock_fake_set(0);
    net_timer_start(world.loop, clock_mono_ns() + 200, write_b, NULL);
    net_timer_start(world.loop, clock_mono_ns() + 100, write_a, NULL);
    net_timer_start(world.loop, clock_mono_ns() + 200, write_a, NULL);
    world_turn(2);
    CU_ASSERT_EQUAL(note.n, 0);
    clock_fake_advance(100);
    world_turn(1);
    CU_ASSERT_STRING_EQUAL(note.text, "a");
    clock_fake_advance(100);
    world_turn(1);
    CU_ASSERT_STRING_EQUAL(note.text, "aba");
}

static void a_cancelled_timer_never_runs(void)
{
    struct net_timer *t;

    clock_fake_set(0);
    t = net_timer_start(world.loop, clock_mono_ns() + 100, write_a, NULL);
    net_timer_start(world.loop, clock_mono_ns() + 100, write_b, NULL);
    net_timer_cancel(world.loop, t);
    net_timer_cancel(world.loop, NULL);
    clock_fake_advance(200);
    world_turn(2);
    CU_ASSERT_STRING_EQUAL(note.text, "b");
}

static void start_again(void *arg)
{
    note.n++;
    net_timer_start(arg, clock_mono_ns(), start_again, arg);
}

static void a_timer_that_starts_itself_leaves_room_for_others(void)
{
    clock_fake_set(0);
    net_timer_start(world.loop, clock_mono_ns(), start_again, world.loop);
    world_turn(3);
    CU_ASSERT_EQUAL(note.n, 3);
}

static void stop_world(void *arg)
{
    (void)arg;
    net_stop(world.loop);
}

static void a_sleeping_loop_wakes_for_its_timer(void)
{
    int64_t at = clock_mono_ns() + 2 * NS_PER_MS;

    net_timer_start(world.loop, at, stop_world, NULL);
    net_run(world.loop);
    CU_ASSERT(clock_mono_ns() >= at);
}

struct model_timer {
    struct net_timer *timer; /* NULL: cancelled */
    int64_t at;
    bool ran;
};

static struct model_timer model[N_TIMERS];
static int64_t last_at;
static bool went_back;

static void run_model(void *arg)
{
    struct model_timer *m = arg;

    went_back |= m->at < last_at;
    last_at = m->at;
    m->ran = true;
}

static void many_timers_keep_their_order_among_cancels(void)
{
    struct net_timers t = {0};
    struct rng rng;
    size_t i;

    rng_init(&rng, suite_seed());
    went_back = false;
    last_at = 0;
    for (i = 0; i < N_TIMERS; i++) {
        model[i] = (struct model_timer){.at = (int64_t)rng_below(&rng, 1000)};
        model[i].timer = net__timer_add(&t, model[i].at, run_model, &model[i]);
        if (rng_below(&rng, 3) == 0) {
            struct model_timer *m = &model[rng_below(&rng, i + 1)];

            if (m->timer)
                net__timer_remove(&t, m->timer);
            m->timer = NULL;
        }
    }
    net__timers_run(&t, 499);
    for (i = 0; i < N_TIMERS; i++)
        CU_ASSERT_EQUAL(model[i].ran, model[i].timer && model[i].at <= 499);
    CU_ASSERT(net__timers_next(&t) >= 500);
    net__timers_run(&t, 1000);
    for (i = 0; i < N_TIMERS; i++)
        CU_ASSERT_EQUAL(model[i].ran, model[i].timer != NULL);
    CU_ASSERT_FALSE(went_back);
    CU_ASSERT_EQUAL(net__timers_next(&t), INT64_MAX);
    net__timers_free(&t);
}

static void on_signal(void *arg, int signo)
{
    int *got = arg;

    *got = signo;
}

static void signals_arrive_on_the_loop(void)
{
    int got = 0;

    net_on_signal(world.loop, SIGUSR2, on_signal, &got);
    raise(SIGUSR2);
    CU_ASSERT_EQUAL(got, 0);
    world_turn(2);
    CU_ASSERT_EQUAL(got, SIGUSR2);
}

SUITE(net_loop, setup, world_teardown, TEST(posts_run_in_order_and_their_own_posts_later),
      TEST(what_is_posted_runs_even_when_the_loop_is_freed),
      TEST(what_is_pending_runs_to_its_end_without_waiting),
      TEST(every_post_of_every_thread_arrives_in_its_order),
      TEST(another_thread_can_stop_a_sleeping_loop), TEST(timers_run_when_due_and_in_order),
      TEST(a_cancelled_timer_never_runs), TEST(a_timer_that_starts_itself_leaves_room_for_others),
      TEST(a_sleeping_loop_wakes_for_its_timer), TEST(many_timers_keep_their_order_among_cancels),
      TEST(signals_arrive_on_the_loop));
