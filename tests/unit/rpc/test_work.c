/* SPDX-License-Identifier: MIT */
/* test_work.c -- deferred work and tickets keep a call until they are back. */
#include "base/thread.h"
#include "fake_door.h"
#include "support/suite.h"

#include <stdatomic.h>
#include <string.h>

#define UNARY GRPC__TESTING__TEST_SERVICE__UNARY_CALL
#define INPUT GRPC__TESTING__TEST_SERVICE__STREAMING_INPUT_CALL

static void work_runs_and_comes_back(void)
{
    fx.act = act_defer;
    fx.let_go_at_finish = true;
    fake_start(UNARY, -1);
    fake_send_simple(fx.call, 1);
    rpc_call_end(fx.call);
    CU_ASSERT(fake_was("handler:1"));
    CU_ASSERT(fake_executor_work(&fx.ex));
    CU_ASSERT(fake_was("work"));
    CU_ASSERT_EQUAL(fake_executor_posts(&fx.ex), 1);
    CU_ASSERT(fake_was("back initial message:0 finish:0 door_gone done"));
}

static void a_cancelled_call_lives_and_counts_until_its_work_is_back(void)
{
    struct rpc_call *call;

    fake_teardown();
    fake_setup_limited(1);
    fx.act = act_defer;
    fake_start(UNARY, -1);
    fake_send_simple(fx.call, 1);
    call = fx.call;
    rpc_call_cancel(call);
    CU_ASSERT(rpc_call_cancelled(call)); /* what the worker asks */
    rpc_call_door_gone(call);
    fx.call = NULL;
    CU_ASSERT(fake_was("handler:1 cancel"));

    fake_start(UNARY, -1); /* the slot is not free */
    CU_ASSERT(fake_was("finish:14"));
    rpc_call_door_gone(fx.call);
    fx.call = NULL;

    CU_ASSERT(fake_executor_work(&fx.ex));
    CU_ASSERT_EQUAL(rpc_server_live_calls(fx.server), 1);
    fake_executor_posts(&fx.ex);
    CU_ASSERT(fake_was("work back done"));
    CU_ASSERT_EQUAL(rpc_server_live_calls(fx.server), 0);
    fake_start(UNARY, -1);
    CU_ASSERT(fake_was(""));
}

static void a_cancel_may_come_between_work_and_its_return(void)
{
    fx.act = act_defer;
    fake_start(UNARY, -1);
    fake_send_simple(fx.call, 1);
    CU_ASSERT(fake_executor_work(&fx.ex));
    rpc_call_door_gone(fx.call);
    fx.call = NULL;
    CU_ASSERT(fake_was("handler:1 work cancel"));
    fake_executor_posts(&fx.ex);
    CU_ASSERT(fake_was("back done"));
}

static void a_deadline_during_work_answers_at_once(void)
{
    fx.act = act_defer;
    fx.let_go_at_finish = true;
    fake_start(UNARY, 10);
    fake_send_simple(fx.call, 1);
    clock_fake_advance(11 * NS_PER_MS);
    fake_executor_timers(&fx.ex);
    CU_ASSERT(fake_was("handler:1 finish:4 door_gone cancel"));
    fake_executor_work(&fx.ex);
    fake_executor_posts(&fx.ex);
    CU_ASSERT(fake_was("work back done"));
}

static void defer_twice_done(struct rpc_call *call, void *arg)
{
    fx.act = act_reply;
    fake_log("again");
    act_defer(arg, call);
}

static void quiet_work(void *arg)
{
    (void)arg;
}

static void act_defer_twice(struct fixture *f, struct rpc_call *call)
{
    rpc_call_defer(call, quiet_work, defer_twice_done, f);
}

static void done_may_defer_again(void)
{
    fx.act = act_defer_twice;
    fx.let_go_at_finish = true;
    fake_start(UNARY, -1);
    fake_send_simple(fx.call, 1);
    while (fake_executor_work(&fx.ex))
        fake_executor_posts(&fx.ex);
    CU_ASSERT(fake_was("handler:1 again work back initial message:0 finish:0 door_gone done"));
}

/* ---- tickets -------------------------------------------------------------------------- */

static struct rpc_ticket *ticket;

static void on_post(struct rpc_call *call, void *arg)
{
    (void)call;
    fake_log("post:%s", (const char *)arg);
}

static void on_last_post(struct rpc_call *call, void *arg)
{
    (void)arg;
    fake_log("last");
    rpc_ticket_drop(ticket);
    send_answer(call, true);
}

static char text_a[] = "a", text_b[] = "b";

static void act_ticket(struct fixture *f, struct rpc_call *call)
{
    (void)f;
    ticket = rpc_ticket_new(call);
}

static void a_ticket_keeps_the_call(void)
{
    fx.act = act_ticket;
    fake_start(UNARY, -1);
    fake_send_simple(fx.call, 1);
    rpc_ticket_post(ticket, on_post, text_a);
    rpc_call_door_gone(fx.call);
    fx.call = NULL;
    CU_ASSERT(fake_was("handler:1 cancel"));
    rpc_ticket_post(ticket, on_post, text_b);
    fake_executor_posts(&fx.ex);
    CU_ASSERT(fake_was("post:a post:b"));
    rpc_ticket_drop(ticket);
    CU_ASSERT(fake_was("done"));
}

static void posts_before_the_drop_still_run(void)
{
    fx.act = act_ticket;
    fake_start(UNARY, -1);
    fake_send_simple(fx.call, 1);
    rpc_ticket_post(ticket, on_post, text_a);
    rpc_ticket_drop(ticket);
    rpc_call_door_gone(fx.call);
    fx.call = NULL;
    CU_ASSERT(fake_was("handler:1 cancel"));
    fake_executor_posts(&fx.ex);
    CU_ASSERT(fake_was("post:a done"));
}

static void a_ticket_may_be_dropped_by_its_own_post(void)
{
    fx.act = act_ticket;
    fx.let_go_at_finish = true;
    fake_start(UNARY, -1);
    fake_send_simple(fx.call, 1);
    rpc_ticket_post(ticket, on_last_post, NULL);
    fake_executor_posts(&fx.ex);
    CU_ASSERT(fake_was("handler:1 last initial message:0 finish:0 door_gone done"));
}

enum { N_THREADS = 4, N_POSTS = 200 };

struct poster {
    struct thread thread;
    struct rpc_ticket *ticket;
};

static size_t n_ran;

static void count_post(struct rpc_call *call, void *arg)
{
    (void)call;
    (void)arg;
    n_ran++;
}

static void post_many(void *arg)
{
    struct poster *p = arg;
    int i;

    for (i = 0; i < N_POSTS; i++)
        rpc_ticket_post(p->ticket, count_post, NULL);
}

static void tickets_take_posts_from_threads(void)
{
    struct poster posters[N_THREADS];
    size_t i;

    n_ran = 0;
    fake_start(INPUT, -1);
    for (i = 0; i < N_THREADS; i++) {
        posters[i].ticket = rpc_ticket_new(fx.call);
        thread_start(&posters[i].thread, "poster", post_many, &posters[i]);
    }
    rpc_call_door_gone(fx.call);
    fx.call = NULL;
    while (n_ran < N_THREADS * N_POSTS)
        fake_executor_posts(&fx.ex);
    CU_ASSERT_EQUAL(rpc_server_live_calls(fx.server), 1);
    for (i = 0; i < N_THREADS; i++) {
        thread_join(&posters[i].thread);
        rpc_ticket_drop(posters[i].ticket);
    }
    CU_ASSERT(fake_was("handler cancel done"));
    CU_ASSERT_EQUAL(n_ran, N_THREADS * N_POSTS);
}

struct watcher {
    struct thread thread;
    struct rpc_call *call;
};

static void wait_cancelled(void *arg)
{
    struct watcher *w = arg;

    while (!rpc_call_cancelled(w->call))
        ;
}

static void cancellation_reaches_other_threads(void)
{
    struct watcher w;

    fx.act = act_ticket;
    fake_start(UNARY, -1);
    fake_send_simple(fx.call, 1);
    w.call = fx.call;
    thread_start(&w.thread, "watcher", wait_cancelled, &w);
    rpc_call_door_gone(fx.call);
    fx.call = NULL;
    thread_join(&w.thread); /* the ticket keeps the call for it */
    rpc_ticket_drop(ticket);
    CU_ASSERT(fake_was("handler:1 cancel done"));
}

SUITE(work, fake_setup, fake_teardown, TEST(work_runs_and_comes_back),
      TEST(a_cancelled_call_lives_and_counts_until_its_work_is_back),
      TEST(a_cancel_may_come_between_work_and_its_return),
      TEST(a_deadline_during_work_answers_at_once), TEST(done_may_defer_again),
      TEST(a_ticket_keeps_the_call), TEST(posts_before_the_drop_still_run),
      TEST(a_ticket_may_be_dropped_by_its_own_post), TEST(tickets_take_posts_from_threads),
      TEST(cancellation_reaches_other_threads));
