/* SPDX-License-Identifier: MIT */
/* test_session.c -- what a connection promises over time, under pressure and at its end. */
#include "base/clock.h"
#include "base/mem.h"
#include "lode/v1/common.pb-c.h"
#include "pair.h"
#include "pb/pb.h"
#include "support/suite.h"

#include <string.h>

static void restart(const struct grpc_server_opts *opts, int32_t window)
{
    pair_teardown();
    pair_setup_with(opts, window);
}

/* ---- what an error looks like ---------------------------------------------------------- */

/* The value of a length-delimited field of a message. */
static struct bytes part(struct bytes in, unsigned number)
{
    while (in.n) {
        uint64_t tag = 0, v = 0;
        size_t n = get_varint(in, &tag);

        CU_ASSERT_FATAL(n > 0);
        in = bytes_of(in.p + n, in.n - n);
        n = get_varint(in, &v);
        CU_ASSERT_FATAL(n > 0);
        in = bytes_of(in.p + n, in.n - n);
        if ((tag & 7) == 0)
            continue;
        CU_ASSERT_FATAL((tag & 7) == 2 && v <= in.n);
        if (tag >> 3 == number)
            return bytes_of(in.p, (size_t)v);
        in = bytes_of(in.p + v, in.n - (size_t)v);
    }
    return (struct bytes){0};
}

static void check_details(int32_t id, const char *message, size_t at_least)
{
    const char *text = pair_field(id, "grpc-status-details-bin");
    uint8_t raw[8192];
    struct bytes status, any;
    ProtobufCMessage *msg = NULL;
    Lode__V1__ErrorInfo *info;
    struct arena *arena = arena_new(1 << 20);
    struct err err;
    size_t n;

    CU_ASSERT_FATAL(text && strlen(text) <= GRPC_DETAILS_LIMIT);
    CU_ASSERT_FATAL(grpc_base64_decode(bytes_str(text), raw, &n));
    status = bytes_of(raw, n);
    CU_ASSERT(raw[0] == 8 && raw[1] == 5); /* 1: code NOT_FOUND */
    CU_ASSERT_EQUAL(strncmp((const char *)part(status, 2).p, message, part(status, 2).n), 0);
    any = part(status, 3);
    CU_ASSERT(bytes_eq(part(any, 1), B("type.googleapis.com/lode.v1.ErrorInfo")));
    CU_ASSERT_EQUAL_FATAL(
        pb_unpack(arena, &lode__v1__error_info__descriptor, part(any, 2), &msg, &err), RC_OK);
    info = (Lode__V1__ErrorInfo *)msg;
    CU_ASSERT_STRING_EQUAL(info->code, "index_not_found");
    CU_ASSERT_STRING_EQUAL(info->type, "invalid_request");
    CU_ASSERT_STRING_EQUAL(info->link, "https://docs.meilisearch.com/errors#index_not_found");
    CU_ASSERT(strlen(info->message) >= at_least);
    CU_ASSERT_EQUAL(strncmp(info->message, message, strlen(info->message)), 0);
    arena_free(arena);
}

static void an_error_carries_its_word_as_details(void)
{
    int32_t id = pair_open("UnaryCall", pair_request(PAIR_FAIL), true);

    CU_ASSERT_STRING_EQUAL(pair_field(id, "grpc-status"), "5");
    CU_ASSERT_STRING_EQUAL(pair_field(id, "grpc-message"), "Index `m` not found.");
    check_details(id, "Index `m` not found.", 20);
    CU_ASSERT(pair_answer(id)->closed);
}

static void a_long_error_still_fits(void)
{
    char text[2001];
    int32_t id = pair_open("UnaryCall", pair_request(PAIR_FAIL_LONG), true);

    memset(text, 'x', 2000);
    text[2000] = '\0';
    CU_ASSERT_EQUAL(strlen(pair_field(id, "grpc-message")), GRPC_STATUS_TEXT_MAX);
    check_details(id, text, 1500);
}

static void trailers_that_do_not_fit_do_not_take_the_status_with_them(void)
{
    int32_t id = pair_open("UnaryCall", pair_request(PAIR_BIG_TRAILERS), true);

    CU_ASSERT_STRING_EQUAL(pair_field(id, "grpc-status"), "0");
    CU_ASSERT_PTR_NOT_NULL(pair_field(id, "x-0"));
    CU_ASSERT_PTR_NULL(pair_field(id, "x-99"));
    CU_ASSERT(pair_answer(id)->headers.n < 9000);
}

/* ---- pressure ------------------------------------------------------------------------ */

static bool send_one(size_t n_bytes)
{
    static uint8_t zeros[1 << 17];
    Grpc__Testing__StreamingOutputCallResponse answer;
    Grpc__Testing__Payload payload;

    grpc__testing__streaming_output_call_response__init(&answer);
    grpc__testing__payload__init(&payload);
    payload.body.data = zeros;
    payload.body.len = n_bytes;
    answer.payload = &payload;
    return rpc_call_send(pair.held, &answer.base);
}

static const uint8_t empty_message[GRPC_PREFIX];

static void a_handler_is_told_to_wait_and_to_go_on(void)
{
    int32_t id;
    int n = 0;

    restart(NULL, 0);
    id = pair_open("StreamingOutputCall", bytes_of(empty_message, GRPC_PREFIX), true);
    while (send_one(10000))
        n++;
    CU_ASSERT(n > 20 && n < 30); /* RPC_SEND_HIGH */
    pair_run();
    CU_ASSERT_EQUAL(pair_answer(id)->data.n, 0);
    CU_ASSERT_EQUAL(pair.n_writable, 0);
    CU_ASSERT_EQUAL(nghttp2_submit_window_update(pair.client, 0, id, 150000), 0);
    pair_run();
    CU_ASSERT_EQUAL(pair_answer(id)->data.n, 65535); /* the connection's window */
    CU_ASSERT_EQUAL(pair.n_writable, 0);
    CU_ASSERT_EQUAL(nghttp2_submit_window_update(pair.client, 0, 0, 1 << 20), 0);
    CU_ASSERT_EQUAL(nghttp2_submit_window_update(pair.client, 0, id, 1 << 20), 0);
    pair_run();
    CU_ASSERT_EQUAL(pair.n_writable, 1);
    rpc_call_finish(pair.held);
    pair_run();
    CU_ASSERT_STRING_EQUAL(pair_field(id, "grpc-status"), "0");
    CU_ASSERT_EQUAL(pair_answer(id)->data.n, (size_t)(n + 1) * (10000 + 3 + 3 + GRPC_PREFIX));
}

static void a_full_socket_stops_frames_and_input(void)
{
    int32_t ids[4];
    size_t i, most = 0;

    restart(NULL, 1 << 24);
    CU_ASSERT_EQUAL(nghttp2_submit_window_update(pair.client, 0, 0, 1 << 24), 0);
    pair_run();
    pair.deaf = true;
    for (i = 0; i < 4; i++) {
        ids[i] = pair_open("UnaryCall", pair_request(1 << 20), true);
        most = pair.wire.n > most ? pair.wire.n : most;
    }
    CU_ASSERT(most >= GRPC_OUT_HIGH && most < GRPC_OUT_HIGH + (1 << 16) + 100);
    CU_ASSERT(pair.paused);
    pair.deaf = false;
    pair_run();
    CU_ASSERT_FALSE(pair.paused);
    for (i = 0; i < 4; i++)
        CU_ASSERT_STRING_EQUAL(pair_field(ids[i], "grpc-status"), "0");
}

static int32_t stream_credit(int32_t id) /* what the client may still send */
{
    return nghttp2_session_get_stream_remote_window_size(pair.client, id);
}

static void a_slow_handler_closes_its_own_window_only(void)
{
    enum { SIZE = 50000 };
    static uint8_t message[GRPC_PREFIX + SIZE];
    int32_t id, other, start;
    int i;

    pair.take_later = true;
    /* Field 15, unknown: the message is as large as it says and needs no schema. */
    grpc_frame_put_prefix(message, false, SIZE);
    memcpy(message + GRPC_PREFIX, "\x7a\xcc\x86\x03", 4);
    id = pair_open("StreamingInputCall", bytes_of(message, sizeof message), false);
    start = 1 << 20;
    for (i = 1; i < 20; i++)
        pair_more(id, bytes_of(message, sizeof message), false);
    CU_ASSERT_EQUAL(pair.n_got, 20);
    CU_ASSERT_EQUAL(stream_credit(id), start - 20 * (int32_t)sizeof message);
    CU_ASSERT(nghttp2_session_get_remote_window_size(pair.client) > 2 << 20);

    other = pair_open("UnaryCall", pair_request(3), true); /* goes on beside it */
    CU_ASSERT_STRING_EQUAL(pair_field(other, "grpc-status"), "0");

    rpc_call_consumed(pair.held, 7); /* in uneven steps ... */
    rpc_call_consumed(pair.held, 1);
    rpc_call_consumed(pair.held, 4);
    pair_run();
    CU_ASSERT_EQUAL(stream_credit(id), start - 8 * (int32_t)sizeof message);
    for (i = 0; i < 8; i++)
        pair_more(id, bytes_of(message, sizeof message), false);
    rpc_call_consumed(pair.held, 16);
    rpc_call_consumed(pair.held, 5); /* ... and more than there are */
    pair_run();
    CU_ASSERT_EQUAL(stream_credit(id), start); /* nothing lost, nothing given twice */
}

static void a_message_larger_than_the_window_arrives(void)
{
    size_t n = 3 << 20;
    uint8_t *message = xcalloc(1, n);
    int32_t id;

    pair.take_later = true;
    grpc_frame_put_prefix(message, false, (uint32_t)(n - GRPC_PREFIX));
    message[GRPC_PREFIX] = 0x7a;
    (void)put_varint(message + GRPC_PREFIX + 1, n - GRPC_PREFIX - 5);
    id = pair_open("StreamingInputCall", bytes_of(message, n), false);
    CU_ASSERT_EQUAL(pair.n_got, 1);
    CU_ASSERT(stream_credit(id) > 0 && stream_credit(id) <= (1 << 20) * 3 / 4);
    rpc_call_consumed(pair.held, 1);
    pair_run();
    CU_ASSERT(stream_credit(id) > (1 << 20) / 2);
    xfree(message);
}

/* ---- time ---------------------------------------------------------------------------- */

static void silence_is_pinged_and_then_ended(void)
{
    struct grpc_server_opts opts = {.keepalive_ms = 1000, .keepalive_timeout_ms = 500};

    restart(&opts, -1);
    pair_tick(900);
    CU_ASSERT_EQUAL(pair.n_pings, 0);
    pair_tick(200);
    CU_ASSERT_EQUAL(pair.n_pings, 1); /* answered at once */
    pair_tick(600);
    CU_ASSERT_FALSE(pair.aborted);
    pair.deaf = true;
    pair_tick(500);
    pair_tick(400);
    CU_ASSERT_FALSE(pair.aborted);
    pair_tick(200);
    CU_ASSERT(pair.aborted);
}

static void idle_connections_drain(void)
{
    struct grpc_server_opts opts = {.idle_ms = 1000};
    int32_t id;

    restart(&opts, -1);
    id = pair_open("UnaryCall", pair_request(PAIR_HOLD), true);
    pair_tick(5000);
    CU_ASSERT_EQUAL(pair.n_goaways, 0); /* a call runs */
    rpc_call_fail_status(pair.held, 3, "x");
    pair_run();
    CU_ASSERT_STRING_EQUAL(pair_field(id, "grpc-status"), "3");
    pair_tick(900);
    CU_ASSERT_EQUAL(pair.n_goaways, 0);
    pair_tick(200);
    /* One is seen: nghttp2's client reads no more once it is idle and told to go. */
    CU_ASSERT_EQUAL(pair.n_goaways, 1);
    CU_ASSERT_EQUAL(pair.n_pings, 1);
    CU_ASSERT_EQUAL(pair.goaway_code, NGHTTP2_NO_ERROR);
    CU_ASSERT(pair.closed);
}

static void old_connections_drain_but_finish_their_calls(void)
{
    struct grpc_server_opts opts = {.max_age_ms = 1000, .drain_grace_ms = 60000};
    int32_t id;

    restart(&opts, -1);
    id = pair_open("UnaryCall", pair_request(PAIR_HOLD), true);
    pair_tick(1200);
    CU_ASSERT_EQUAL(pair.n_goaways, 2);
    pair_tick(5000);
    CU_ASSERT_FALSE(pair.closed);
    rpc_call_fail_status(pair.held, 3, "x");
    pair_run();
    CU_ASSERT_STRING_EQUAL(pair_field(id, "grpc-status"), "3");
    CU_ASSERT(pair.closed);
}

static void a_stalled_answer_is_given_up(void)
{
    struct grpc_server_opts opts = {.stall_ms = 1000};
    int32_t id;

    restart(&opts, 0);
    id = pair_open("UnaryCall", pair_request(100), true);
    pair_tick(900);
    CU_ASSERT_FALSE(pair_answer(id)->closed);
    pair_tick(200);
    CU_ASSERT(pair_answer(id)->closed);
    CU_ASSERT_EQUAL(pair_answer(id)->code, NGHTTP2_CANCEL);
}

static void a_silent_stream_is_not_stalled(void)
{
    struct grpc_server_opts opts = {.stall_ms = 1000, .slow_body_ms = 1000};
    int32_t id;

    restart(&opts, -1);
    id = pair_open("StreamingInputCall", bytes_of(empty_message, GRPC_PREFIX), false);
    pair_tick(100000);
    CU_ASSERT_FALSE(pair_answer(id)->closed);
    CU_ASSERT_EQUAL(pair.n_cancelled, 0);
}

static void a_call_may_not_dribble(void)
{
    struct grpc_server_opts opts = {.slow_body_ms = 1000};
    struct bytes request = pair_request(PAIR_HOLD);
    int32_t id, done;

    restart(&opts, -1);
    id = pair_open("UnaryCall", bytes_of(request.p, 3), false);
    done = pair_open("UnaryCall", request, true); /* whole: may run as long as it likes */
    pair_tick(900);
    CU_ASSERT_FALSE(pair_answer(id)->closed);
    pair_tick(1200);
    CU_ASSERT_STRING_EQUAL(pair_field(id, "grpc-status"), "4");
    pair_tick(100000);
    CU_ASSERT_FALSE(pair_answer(done)->closed);
}

/* Found with a thousand uploads at once on a slow machine. */
static void a_call_may_wait_while_others_send(void)
{
    static uint8_t piece[10000];
    struct grpc_server_opts opts = {.slow_body_ms = 1000};
    struct bytes request = pair_request(PAIR_HOLD);
    int32_t waiting, busy;
    int i;

    restart(&opts, -1);
    waiting = pair_open("UnaryCall", request, false);
    grpc_frame_put_prefix(piece, false, 2000000);
    busy = pair_open("UnaryCall", bytes_of(piece, sizeof piece), false);
    for (i = 0; i < 20; i++) {
        pair_more(busy, bytes_of(piece, sizeof piece), false);
        pair_tick(500);
    }
    CU_ASSERT_FALSE(pair_answer(waiting)->closed);
    CU_ASSERT_FALSE(pair_answer(busy)->closed);
    pair_tick(500);
    pair_tick(2000);
    CU_ASSERT_STRING_EQUAL(pair_field(waiting, "grpc-status"), "4");
}

static void an_answer_may_wait_behind_others(void)
{
    struct grpc_server_opts opts = {.stall_ms = 1000};
    int32_t waiting, reading;
    int i;

    restart(&opts, 200000);
    reading =
        pair_open("UnaryCall", pair_request(100000), true); /* takes the connection's window */
    waiting = pair_open("UnaryCall", pair_request(1000), true);
    CU_ASSERT_EQUAL(pair_answer(waiting)->data.n, 0);
    for (i = 0; i < 20; i++) { /* a peer that reads slowly, but reads */
        CU_ASSERT_EQUAL(nghttp2_submit_window_update(pair.client, 0, 0, 500), 0);
        pair_tick(600);
    }
    CU_ASSERT_FALSE(pair_answer(waiting)->closed && pair_answer(waiting)->code != 0);
    CU_ASSERT_FALSE(pair_answer(reading)->closed);
    for (i = 0; i < 4; i++)
        pair_tick(600); /* it stops: now it has stalled */
    CU_ASSERT(pair_answer(reading)->closed);
    CU_ASSERT_EQUAL(pair_answer(reading)->code, NGHTTP2_CANCEL);
}

/* ---- ends ---------------------------------------------------------------------- */

static void a_lost_connection_cancels_its_calls(void)
{
    (void)pair_open("UnaryCall", pair_request(PAIR_HOLD), true);
    (void)pair_open("StreamingInputCall", bytes_of(empty_message, GRPC_PREFIX), false);
    CU_ASSERT_EQUAL(rpc_server_live_calls(pair.rpc), 2);
    /* pair_teardown() frees the session and asserts that none is left */
}

static void a_reset_cancels_once_and_late_answers_are_dropped(void)
{
    int32_t id = pair_open("UnaryCall", pair_request(PAIR_HOLD), true);
    struct rpc_ticket *ticket = rpc_ticket_new(pair.held);
    struct rpc_call *call = pair.held;

    pair_reset(id);
    CU_ASSERT_EQUAL(pair.n_cancelled, 1);
    CU_ASSERT_EQUAL(rpc_server_live_calls(pair.rpc), 1);
    rpc_call_fail_status(call, 3, "too late");
    rpc_ticket_drop(ticket);
    CU_ASSERT_EQUAL(rpc_server_live_calls(pair.rpc), 0);
    CU_ASSERT_EQUAL(pair_answer(id)->headers.n, 0);
}

static void a_kick_says_why_and_cancels(void)
{
    (void)pair_open("UnaryCall", pair_request(PAIR_HOLD), true);
    grpc__session_kick(pair.ss, NGHTTP2_ENHANCE_YOUR_CALM, "enough");
    grpc__session_kick(pair.ss, NGHTTP2_NO_ERROR, "only the first counts");
    pair_run();
    CU_ASSERT(pair.closed);
    CU_ASSERT_EQUAL(pair.n_goaways, 1);
    CU_ASSERT_EQUAL(pair.goaway_code, NGHTTP2_ENHANCE_YOUR_CALM);
    CU_ASSERT_STRING_EQUAL(pair.goaway_text, "enough");
    CU_ASSERT_EQUAL(pair.n_cancelled, 1);
}

static void calls_of_a_server_that_stops_are_told(void)
{
    int32_t id = pair_open("UnaryCall", pair_request(PAIR_HOLD), true);

    rpc_server_cancel_all(pair.rpc);
    pair_run();
    CU_ASSERT_STRING_EQUAL(pair_field(id, "grpc-status"), "14");
}

/* ---- counting ------------------------------------------------------------------ */

static void a_bucket_empties_and_fills(void)
{
    struct grpc_rate rate = {.burst = 10, .per_second = 2};
    struct grpc__bucket b = {0};
    int64_t now = NS_PER_S;
    int i;

    for (i = 0; i < 10; i++)
        CU_ASSERT(grpc__bucket_take(&b, &rate, now));
    CU_ASSERT_FALSE(grpc__bucket_take(&b, &rate, now));
    now += NS_PER_S / 2 - 1;
    CU_ASSERT_FALSE(grpc__bucket_take(&b, &rate, now));
    now += NS_PER_MS;
    CU_ASSERT(grpc__bucket_take(&b, &rate, now));
    CU_ASSERT_FALSE(grpc__bucket_take(&b, &rate, now));
    now += 1000 * NS_PER_S; /* not more than the burst */
    for (i = 0; i < 10; i++)
        CU_ASSERT(grpc__bucket_take(&b, &rate, now));
    CU_ASSERT_FALSE(grpc__bucket_take(&b, &rate, now));
}

static void small_steps_fill_a_bucket_too(void)
{
    struct grpc_rate rate = {.burst = 5, .per_second = 1};
    struct grpc__bucket b = {0};
    int64_t now = NS_PER_S;
    int i, taken = 0;

    for (i = 0; i < 20000; i++) { /* 20 s, asked every millisecond */
        taken += grpc__bucket_take(&b, &rate, now);
        now += NS_PER_MS;
    }
    CU_ASSERT(taken >= 24 && taken <= 26);
}

SUITE(session, pair_setup, pair_teardown, TEST(an_error_carries_its_word_as_details),
      TEST(a_long_error_still_fits),
      TEST(trailers_that_do_not_fit_do_not_take_the_status_with_them),
      TEST(a_handler_is_told_to_wait_and_to_go_on), TEST(a_full_socket_stops_frames_and_input),
      TEST(a_slow_handler_closes_its_own_window_only),
      TEST(a_message_larger_than_the_window_arrives), TEST(silence_is_pinged_and_then_ended),
      TEST(idle_connections_drain), TEST(old_connections_drain_but_finish_their_calls),
      TEST(a_stalled_answer_is_given_up), TEST(a_silent_stream_is_not_stalled),
      TEST(a_call_may_not_dribble), TEST(a_call_may_wait_while_others_send),
      TEST(an_answer_may_wait_behind_others), TEST(a_lost_connection_cancels_its_calls),
      TEST(a_reset_cancels_once_and_late_answers_are_dropped), TEST(a_kick_says_why_and_cancels),
      TEST(calls_of_a_server_that_stops_are_told), TEST(a_bucket_empties_and_fills),
      TEST(small_steps_fill_a_bucket_too));
