/* SPDX-License-Identifier: MIT */
/* test_server.c -- the method table, the limit of calls, trace ids, the list of live calls. */
#include "base/mem.h"
#include "fake_door.h"
#include "rpc/rpc_int.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

#define UNARY GRPC__TESTING__TEST_SERVICE__UNARY_CALL
#define INPUT GRPC__TESTING__TEST_SERVICE__STREAMING_INPUT_CALL

static void methods_are_found_by_their_exact_path(void)
{
    const struct rpc_method *m =
        rpc_server_find(fx.server, B("/grpc.testing.TestService/UnaryCall"));

    CU_ASSERT_PTR_EQUAL(m, &grpc__testing__test_service__service.methods[UNARY]);
    CU_ASSERT_PTR_NULL(rpc_server_find(fx.server, B("/grpc.testing.TestService/unaryCall")));
    CU_ASSERT_PTR_NULL(rpc_server_find(fx.server, B("/grpc.testing.TestService/UnaryCal")));
    CU_ASSERT_PTR_NULL(rpc_server_find(fx.server, B("")));
    CU_ASSERT_EQUAL(rpc_server_n_services(fx.server), 1);
}

enum { N_MANY = 300 };

static void the_table_grows_with_its_methods(void)
{
    struct rpc_method *methods = xcalloc(N_MANY, sizeof *methods);
    struct rpc_service service = {.name = "many", .methods = methods, .n_methods = N_MANY};
    char *paths = xcalloc(N_MANY, 32);
    size_t i;

    for (i = 0; i < N_MANY; i++) {
        (void)snprintf(paths + 32 * i, 32, "/many/Method%zu", i);
        methods[i] = (struct rpc_method){.path = paths + 32 * i, .service = &service};
    }
    rpc_server_add(fx.server, &service, NULL, NULL);
    for (i = 0; i < N_MANY; i++)
        CU_ASSERT_PTR_EQUAL(rpc_server_find(fx.server, bytes_str(paths + 32 * i)), &methods[i]);
    CU_ASSERT_PTR_NOT_NULL(rpc_server_find(fx.server, B("/grpc.testing.TestService/EmptyCall")));
    fake_teardown();
    fake_setup();
    xfree(paths);
    xfree(methods);
}

static void calls_over_the_limit_are_busy_and_not_counted(void)
{
    struct rpc_call *first, *second;

    fake_teardown();
    fake_setup_limited(2);
    first = fake_start(INPUT, -1);
    second = fake_start(INPUT, -1);
    CU_ASSERT(fake_was("handler handler"));
    fake_start(INPUT, -1);
    CU_ASSERT(fake_was("finish:14"));
    CU_ASSERT_EQUAL(fx.last.err.rc, RC_BUSY);
    rpc_call_door_gone(fx.call);
    rpc_call_door_gone(first);
    CU_ASSERT(fake_was("cancel done"));
    fake_start(INPUT, -1);
    CU_ASSERT(fake_was("handler"));
    rpc_call_door_gone(second);
}

static void shutting_down_ends_every_call(void)
{
    struct rpc_call *one = fake_start(INPUT, -1);
    struct rpc_call *two = fake_start(UNARY, -1);
    struct rpc_call *three;

    fx.act = act_defer;
    fake_send_simple(two, 2);
    three = fake_start(INPUT, -1);
    CU_ASSERT(fake_was("handler handler:2 handler"));
    rpc_server_cancel_all(fx.server);
    CU_ASSERT(fake_was("finish:14 cancel finish:14 cancel finish:14 cancel"));
    rpc_server_cancel_all(fx.server);
    CU_ASSERT(fake_was(""));
    rpc_call_door_gone(one);
    rpc_call_door_gone(two);
    rpc_call_door_gone(three);
    fx.call = NULL;
    CU_ASSERT(fake_was("done done"));
    fake_executor_work(&fx.ex);
    fake_executor_posts(&fx.ex);
    CU_ASSERT(fake_was("work back done"));
}

static void shutting_down_may_free_calls_as_it_goes(void)
{
    fx.let_go_at_finish = true;
    fake_start(INPUT, -1);
    rpc_server_cancel_all(fx.server);
    CU_ASSERT(fake_was("handler finish:14 door_gone cancel done"));
    CU_ASSERT_EQUAL(rpc_server_live_calls(fx.server), 0);
}

static void live_calls_are_described(void)
{
    struct buf out;

    fake_start(INPUT, -1);
    clock_fake_advance(1500 * NS_PER_MS);
    buf_init(&out, 4096);
    rpc_server_describe_calls(fx.server, &out);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(buf_cstr(&out), "method=/grpc.testing.TestService/StreamingInputCall"));
    CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&out), "age_ms=1500"));
    CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&out), fx.trace));
    buf_done(&out);
}

static void trace_of(const char *traceparent, char dst[RPC_TRACE_MAX])
{
    rpc__server_trace(fx.server, bytes_str(traceparent), dst);
}

static void a_traceparent_gives_the_trace_id(void)
{
    static const char id[] = "4bf92f3577b34da6a3ce929d0e0e4736";
    static const char *const bad[] = {
        "",
        "00-4bf92f3577b34da6a3ce929d0e0e4736",
        "garbage",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
        "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    };
    char trace[RPC_TRACE_MAX], other[RPC_TRACE_MAX];
    size_t i;

    trace_of("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", trace);
    CU_ASSERT_STRING_EQUAL(trace, id);
    trace_of("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more", trace);
    CU_ASSERT_STRING_EQUAL(trace, id);
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        trace_of(bad[i], trace);
        CU_ASSERT_EQUAL(strlen(trace), 32);
        CU_ASSERT_STRING_NOT_EQUAL(trace, id);
        CU_ASSERT_EQUAL(strspn(trace, "0123456789abcdef"), 32);
        trace_of(bad[i], other);
        CU_ASSERT_STRING_NOT_EQUAL(trace, other);
    }
}

SUITE(server, fake_setup, fake_teardown, TEST(methods_are_found_by_their_exact_path),
      TEST(the_table_grows_with_its_methods), TEST(calls_over_the_limit_are_busy_and_not_counted),
      TEST(shutting_down_ends_every_call), TEST(shutting_down_may_free_calls_as_it_goes),
      TEST(live_calls_are_described), TEST(a_traceparent_gives_the_trace_id));
