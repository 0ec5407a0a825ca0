/* SPDX-License-Identifier: MIT */
/* test_call.c -- the order of events of a call, whatever ends it, and that it is freed once. */
#include "fake_door.h"
#include "support/suite.h"

#include <string.h>

#define UNARY GRPC__TESTING__TEST_SERVICE__UNARY_CALL
#define OUTPUT GRPC__TESTING__TEST_SERVICE__STREAMING_OUTPUT_CALL
#define INPUT GRPC__TESTING__TEST_SERVICE__STREAMING_INPUT_CALL
#define MISSING GRPC__TESTING__TEST_SERVICE__UNIMPLEMENTED_CALL

/* ---- the ordinary way --------------------------------------------------------------- */

static void a_unary_call_is_answered_and_freed_when_the_door_goes(void)
{
    fx.act = act_reply;
    fake_start(UNARY, -1);
    CU_ASSERT(fake_was(""));
    fake_send_simple(fx.call, 7);
    rpc_call_end(fx.call);
    CU_ASSERT(fake_was("handler:7 initial message:0 finish:0"));
    CU_ASSERT_EQUAL(rpc_server_live_calls(fx.server), 1);
    rpc_call_door_gone(fx.call);
    fx.call = NULL;
    CU_ASSERT(fake_was("done"));
}

static void a_failure_needs_no_headers(void)
{
    fx.act = act_fail;
    fake_start(UNARY, -1);
    fake_send_simple(fx.call, 7);
    CU_ASSERT(fake_was("handler:7 finish:5"));
    CU_ASSERT_STRING_EQUAL(fx.last.code, "index_not_found");
    CU_ASSERT_EQUAL(fx.last.http_status, 404);
}

static void a_door_may_go_inside_any_op(void)
{
    fx.act = act_reply;
    fx.let_go_at_finish = true;
    fake_start(UNARY, -1);
    fake_send_simple(fx.call, 1);
    CU_ASSERT(fake_was("handler:1 initial message:0 finish:0 door_gone done"));

    fx.let_go_at_finish = false;
    fx.let_go_at_initial = true;
    fake_start(UNARY, -1);
    fake_send_simple(fx.call, 1);
    CU_ASSERT(fake_was("handler:1 initial door_gone cancel done"));
}

static void a_call_that_ends_while_it_is_made_is_null(void)
{
    fx.let_go_at_finish = true;
    CU_ASSERT_PTR_NULL(fake_start(INPUT, 0)); /* its deadline has passed already */
    CU_ASSERT(fake_was("finish:4 door_gone"));
}

static void messages_stream_in(void)
{
    fx.act = act_reply;
    fx.act = NULL;
    fake_start(INPUT, -1);
    fake_send_input(fx.call, "a");
    fake_send_input(fx.call, "bc");
    rpc_call_end(fx.call);
    CU_ASSERT(fake_was("handler got:a consumed:1 got:bc consumed:1 end"));
    fake_send_input(fx.call, "late");
    CU_ASSERT(fake_was(""));
}

static void a_handler_may_consume_later(void)
{
    fx.take_later = true;
    fake_start(INPUT, -1);
    fake_send_input(fx.call, "a");
    fake_send_input(fx.call, "b");
    CU_ASSERT(fake_was("handler got:a got:b"));
    rpc_call_consumed(fx.call, 2);
    CU_ASSERT(fake_was("consumed:2"));
}

static void a_full_queue_is_told_once_it_is_low_again(void)
{
    fake_start(OUTPUT, -1);
    rpc_call_message_wire(fx.call, B(""), false);
    CU_ASSERT(fake_was("handler"));
    rpc_call_writable(fx.call); /* nobody waits */
    CU_ASSERT(fake_was(""));
    fx.queued = RPC_SEND_HIGH;
    {
        Grpc__Testing__StreamingOutputCallResponse answer;

        grpc__testing__streaming_output_call_response__init(&answer);
        CU_ASSERT_FALSE(rpc_call_send(fx.call, &answer.base));
        fx.queued = 0;
        rpc_call_writable(fx.call);
        rpc_call_writable(fx.call);
        CU_ASSERT(fake_was("initial message:0 writable"));
        CU_ASSERT(rpc_call_send(fx.call, &answer.base));
    }
}

static void an_empty_good_stream_still_has_headers(void)
{
    fake_start(OUTPUT, -1);
    rpc_call_message_wire(fx.call, B(""), false);
    rpc_call_finish(fx.call);
    rpc_call_finish(fx.call);
    CU_ASSERT(fake_was("handler initial finish:0"));
}

/* ---- what is not as it should be ------------------------------------------------------ */

static void a_missing_handler_is_unimplemented(void)
{
    fake_start(MISSING, -1);
    rpc_call_message_wire(fx.call, B(""), false);
    CU_ASSERT(fake_was("finish:12"));
}

static void one_message_is_one_message(void)
{
    fake_start(UNARY, -1);
    fake_send_simple(fx.call, 1);
    fake_send_simple(fx.call, 2);
    CU_ASSERT(fake_was("handler:1 finish:13 cancel"));
    rpc_call_door_gone(fx.call);
    CU_ASSERT(fake_was("done"));

    fake_start(UNARY, -1);
    rpc_call_end(fx.call);
    CU_ASSERT(fake_was("finish:13"));
}

static void bytes_that_are_no_message_are_internal(void)
{
    fake_start(UNARY, -1);
    rpc_call_message_wire(fx.call, B("\xff\xff"), false);
    CU_ASSERT(fake_was("finish:13"));
    rpc_call_door_gone(fx.call);

    fake_start(INPUT, -1);
    rpc_call_message_wire(fx.call, B("\xff\xff"), false);
    CU_ASSERT(fake_was("handler finish:13 cancel"));
}

static void a_message_over_the_limit_is_refused(void)
{
    static const uint8_t big[1001];

    fake_start(UNARY, -1);
    rpc_call_message_wire(fx.call, bytes_of(big, sizeof big), false);
    CU_ASSERT(fake_was("finish:8"));
}

static void access_is_asked_before_the_handler_sees_a_message(void)
{
    fx.access = RC_DENIED;
    fake_start(UNARY, -1);
    fake_send_simple(fx.call, 1);
    CU_ASSERT(fake_was("access finish:7"));
    rpc_call_door_gone(fx.call);

    fake_start(INPUT, -1);
    fake_send_input(fx.call, "secret");
    fake_send_input(fx.call, "more");
    CU_ASSERT(fake_was("handler access finish:7 cancel"));
    rpc_call_door_gone(fx.call);
    CU_ASSERT(fake_was("done"));

    fake_start(INPUT, -1);
    rpc_call_end(fx.call);
    CU_ASSERT(fake_was("handler access:none finish:7 cancel"));
}

/* ---- ends from outside ------------------------------------------------------------------ */

static void a_cancel_is_told_once_and_nothing_is_sent_after_it(void)
{
    fake_start(OUTPUT, -1);
    rpc_call_message_wire(fx.call, B(""), false);
    rpc_call_cancel(fx.call);
    rpc_call_cancel(fx.call);
    rpc_call_finish(fx.call);
    rpc_call_fail_status(fx.call, 3, "no");
    CU_ASSERT(fake_was("handler cancel"));
    CU_ASSERT(rpc_call_cancelled(fx.call));
    rpc_call_door_gone(fx.call);
    fx.call = NULL;
    CU_ASSERT(fake_was("done"));
}

static void a_door_that_just_goes_cancels(void)
{
    fake_start(INPUT, -1);
    rpc_call_door_gone(fx.call);
    fx.call = NULL;
    CU_ASSERT(fake_was("handler cancel done"));
    CU_ASSERT_EQUAL(rpc_server_live_calls(fx.server), 0);
}

static void a_call_may_be_cancelled_before_its_request(void)
{
    fake_start(UNARY, -1);
    rpc_call_cancel(fx.call);
    fake_send_simple(fx.call, 1);
    rpc_call_end(fx.call);
    CU_ASSERT(fake_was(""));
}

static void a_cancel_after_the_end_is_no_cancel(void)
{
    fx.act = act_reply;
    fake_start(UNARY, -1);
    fake_send_simple(fx.call, 1);
    rpc_call_cancel(fx.call);
    CU_ASSERT(fake_was("handler:1 initial message:0 finish:0"));
    CU_ASSERT_FALSE(rpc_call_cancelled(fx.call));
}

static void the_deadline_ends_the_call(void)
{
    fake_start(UNARY, 50);
    fake_send_simple(fx.call, 1);
    clock_fake_advance(49 * NS_PER_MS);
    CU_ASSERT_EQUAL(fake_executor_timers(&fx.ex), 0);
    CU_ASSERT_FALSE(rpc_call_cancelled(fx.call));
    clock_fake_advance(NS_PER_MS);
    CU_ASSERT(rpc_call_cancelled(fx.call)); /* a worker sees it before the timer ran */
    CU_ASSERT_EQUAL(fake_executor_timers(&fx.ex), 1);
    CU_ASSERT(fake_was("handler:1 finish:4 cancel"));
    send_answer(fx.call, true);
    CU_ASSERT(fake_was(""));
}

static void a_finished_call_has_no_deadline(void)
{
    fx.act = act_reply;
    fake_start(UNARY, 50);
    CU_ASSERT_EQUAL(fake_executor_n_timers(&fx.ex), 1);
    fake_send_simple(fx.call, 1);
    CU_ASSERT_EQUAL(fake_executor_n_timers(&fx.ex), 0);
    rpc_call_door_gone(fx.call);
    fx.act = NULL;
    fake_start(UNARY, 50);
    rpc_call_cancel(fx.call);
    CU_ASSERT_EQUAL(fake_executor_n_timers(&fx.ex), 0);
}

/* ---- what handlers read and add ---------------------------------------------------------- */

static void metadata_is_read_by_name(void)
{
    fake_start(INPUT, -1);
    CU_ASSERT(bytes_eq(rpc_call_metadata(fx.call, "x-key"), B("value")));
    CU_ASSERT_PTR_NULL(rpc_call_metadata(fx.call, "x-other").p);
    CU_ASSERT_STRING_EQUAL(rpc_call_peer(fx.call), "127.0.0.1:5");
    CU_ASSERT_STRING_EQUAL(rpc_call_query_string(fx.call), "");
}

static void metadata_to_send_is_checked(void)
{
    static const char *const bad[] = {"",   "Upper",        "bl ank", ":path", "grpc-status",
                                      "te", "content-type", "host",   "x\n",   "content-length"};
    const struct rpc_metadata *items;
    struct err err;
    size_t i, n;

    fake_start(INPUT, -1);
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CU_ASSERT_EQUAL(rpc_call_add_trailing(fx.call, bad[i], B("v"), &err), RC_INVALID);
    CU_ASSERT_EQUAL(rpc_call_add_trailing(fx.call, "x-a", B("line\nbreak"), &err), RC_INVALID);
    CU_ASSERT_EQUAL(rpc_call_add_trailing(fx.call, "x-a", B(" blank"), &err), RC_INVALID);
    CU_ASSERT_EQUAL(rpc_call_add_trailing(fx.call, "x-a", B("\xc3\xa4"), &err), RC_INVALID);
    CU_ASSERT_EQUAL(rpc_call_add_trailing(fx.call, "x-a-bin", B("\0\n\xff"), &err), RC_OK);
    for (i = 0; i < 9; i++)
        CU_ASSERT_EQUAL(rpc_call_add_initial(fx.call, "x-a", B("v"), &err), RC_OK);
    items = rpc_call_initial_metadata(fx.call, &n);
    CU_ASSERT_EQUAL(n, 9);
    CU_ASSERT(bytes_eq(items[8].name, B("x-a")));
    rpc_call_send_initial(fx.call);
    rpc_call_send_initial(fx.call);
    CU_ASSERT(fake_was("handler initial"));
    CU_ASSERT_EQUAL(rpc_call_add_initial(fx.call, "x-a", B("v"), &err), RC_INVALID);
}

static void compression_must_be_spoken_of_before_the_headers(void)
{
    fake_start(UNARY, -1);
    fake_send_simple(fx.call, 1);
    rpc_call_set_compress(fx.call, false);
    CU_ASSERT(rpc_call_may_compress(fx.call));
    send_answer(fx.call, false);
    rpc_call_set_compress(fx.call, true);
    send_answer(fx.call, false);
    CU_ASSERT(fake_was("handler:1 initial message:0 message+:0"));
    rpc_call_door_gone(fx.call);
    CU_ASSERT(fake_was("cancel done"));

    fake_start(UNARY, -1);
    fake_send_simple(fx.call, 1);
    send_answer(fx.call, false);
    rpc_call_set_compress(fx.call, true);
    send_answer(fx.call, false);
    CU_ASSERT(fake_was("handler:1 initial message:0 message:0"));
}

static void a_bare_status_goes_through_as_it_is(void)
{
    fake_start(UNARY, -1);
    fake_send_simple(fx.call, 1);
    rpc_call_fail_status(fx.call, 10, "try\tagain");
    CU_ASSERT(fake_was("handler:1 finish:10"));
    CU_ASSERT_STRING_EQUAL(fx.last.err.msg, "try\tagain");
    CU_ASSERT_PTR_NULL(fx.last.err.word);
    rpc_call_door_gone(fx.call);
    CU_ASSERT(fake_was("done"));

    fake_start(UNARY, -1);
    fake_send_simple(fx.call, 1);
    rpc_call_fail_status(fx.call, 99, NULL);
    CU_ASSERT(fake_was("handler:1 finish:99"));
}

SUITE(call, fake_setup, fake_teardown, TEST(a_unary_call_is_answered_and_freed_when_the_door_goes),
      TEST(a_failure_needs_no_headers), TEST(a_door_may_go_inside_any_op),
      TEST(a_call_that_ends_while_it_is_made_is_null), TEST(messages_stream_in),
      TEST(a_handler_may_consume_later), TEST(a_full_queue_is_told_once_it_is_low_again),
      TEST(an_empty_good_stream_still_has_headers), TEST(a_missing_handler_is_unimplemented),
      TEST(one_message_is_one_message), TEST(bytes_that_are_no_message_are_internal),
      TEST(a_message_over_the_limit_is_refused),
      TEST(access_is_asked_before_the_handler_sees_a_message),
      TEST(a_cancel_is_told_once_and_nothing_is_sent_after_it), TEST(a_door_that_just_goes_cancels),
      TEST(a_call_may_be_cancelled_before_its_request), TEST(a_cancel_after_the_end_is_no_cancel),
      TEST(the_deadline_ends_the_call), TEST(a_finished_call_has_no_deadline),
      TEST(metadata_is_read_by_name), TEST(metadata_to_send_is_checked),
      TEST(compression_must_be_spoken_of_before_the_headers),
      TEST(a_bare_status_goes_through_as_it_is));
