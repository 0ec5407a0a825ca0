/* SPDX-License-Identifier: MIT */
/* test_http_conn.c -- connections: order, reuse, limits, and peers that go away. */
#include "gateway_world.h"

#include "base/clock.h"
#include "base/mem.h"
#include "support/suite.h"

#include <stdio.h>

#define GET_ONE "GET /indexes/m/documents/1 HTTP/1.1\r\nHost: x\r\n\r\n"
#define GET_TWO "GET /indexes/m/documents/2 HTTP/1.1\r\nHost: x\r\n\r\n"
#define HEALTH "GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
#define UPLOAD "POST /indexes/m/documents?primaryKey=id HTTP/1.1\r\nHost: x\r\n"

static int fd;

static void setup(void)
{
    gateway_setup();
    fd = gateway_client();
}

static void reply_held(void)
{
    Lode__V1__GetDocumentResponse answer = LODE__V1__GET_DOCUMENT_RESPONSE__INIT;
    char text[] = "{\"held\":true}";

    answer.document.data = (uint8_t *)text;
    answer.document.len = sizeof(text) - 1;
    rpc_call_reply(gw.held, &answer.base);
    gw.held = NULL;
    gateway_turn(3);
}

/* ---- order ------------------------------------------------------------------- */

static void pipelined_requests_are_answered_in_order_one_at_a_time(void)
{
    gw.hold = true;
    gateway_say(fd, GET_ONE GET_TWO HEALTH);
    CU_ASSERT_EQUAL(gw.n_calls, 1); /* the next one waits for the answer */
    CU_ASSERT(gateway_silent(fd));
    reply_held();
    CU_ASSERT_EQUAL(gw.n_calls, 2);
    gw.hold = false;
    reply_held();
    CU_ASSERT_EQUAL(gw.n_calls, 3);
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 200);
    CU_ASSERT(answer_body_has("held"));
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 200);
    CU_ASSERT(answer_body_has("held"));
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 200);
    CU_ASSERT(answer_body_has("available"));
    CU_ASSERT(gateway_log_is("get(m,1,0) get(m,2,0) "));
}

static void many_pipelined_requests_all_get_their_answer(void)
{
    struct buf text;
    int i;

    buf_init(&text, 1 << 20);
    for (i = 0; i < 500; i++)
        buf_str(&text, GET_ONE);
    gateway_say_bytes(fd, buf_view(&text));
    for (i = 0; i < 500; i++)
        CU_ASSERT_EQUAL(gateway_hear(fd, false), 200);
    CU_ASSERT_EQUAL(gw.n_calls, 500);
    buf_done(&text);
}

static void a_request_may_come_byte_by_byte(void)
{
    static const char text[] =
        "POST /indexes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\n\r\n"
        "5\r\n{\"uid\r\n8\r\n\":\"cut\"}\r\n0\r\n\r\n" HEALTH;
    size_t i;

    for (i = 0; i + 1 < sizeof(text); i++)
        gateway_say_bytes(fd, bytes_of(text + i, 1));
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 202);
    CU_ASSERT(gateway_log_is("create(cut,-) "));
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 200);
}

/* ---- reuse and close --------------------------------------------------------- */

static void connections_close_when_the_client_says_so(void)
{
    gateway_say(fd, "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" HEALTH);
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 200);
    CU_ASSERT(answer_has("Connection: close"));
    CU_ASSERT(gateway_ended(fd));
    CU_ASSERT_EQUAL(gw.n_calls, 1);
}

static void http_1_0_closes_unless_it_asks_not_to(void)
{
    gateway_say(fd, "GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 200);
    CU_ASSERT(answer_has("Connection: keep-alive"));
    gateway_say(fd, "GET /health HTTP/1.0\r\n\r\n");
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 200);
    CU_ASSERT(answer_has("Connection: close"));
    CU_ASSERT(gateway_ended(fd));
}

static void a_framing_error_is_json_and_the_end(void)
{
    gateway_say(fd, HEALTH "GET /indexes HTTP/1.1\r\nHost : x\r\n\r\n" HEALTH);
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 200);
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 400);
    CU_ASSERT(answer_body_has("\"code\":\"bad_request\""));
    CU_ASSERT(answer_has("Content-Type: application/json"));
    CU_ASSERT(answer_has("Connection: close"));
    CU_ASSERT(gateway_ended(fd));
    CU_ASSERT_EQUAL(gw.n_calls, 1); /* what stood behind was never read */
}

static void a_smuggled_request_is_never_answered(void)
{
    static const char *const heads[] = {
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: 0\r\nContent-Length: 44\r\n",
        "Content-Length : 44\r\n",
        "Content-Length: +44\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        "Transfer-Encoding:\r\n chunked\r\n",
        "X: a\r\n\tTransfer-Encoding: chunked\r\n",
        "X: a\nTransfer-Encoding: chunked\r\n",
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(heads); i++) {
        char text[512];

        gateway_hang_up(fd);
        gw.n_fds--;
        fd = gateway_client();
        (void)snprintf(text, sizeof(text), "POST /tasks/cancel HTTP/1.1\r\nHost: x\r\n%s\r\n%s",
                       heads[i], "0\r\n\r\nGET /health HTTP/1.1\r\nHost: x\r\n\r\n");
        gateway_say(fd, text);
        CU_ASSERT_EQUAL(gateway_hear(fd, false), 400);
        CU_ASSERT(answer_has("Connection: close"));
        CU_ASSERT(gateway_ended(fd));
    }
    CU_ASSERT_EQUAL(gw.n_calls, 0);
}

static void limits_of_the_head_have_their_own_status(void)
{
    struct buf text;
    int i;

    buf_init(&text, 1 << 20);
    buf_str(&text, "GET /");
    for (i = 0; i < 9000; i++)
        buf_byte(&text, 'a');
    gateway_say_bytes(fd, buf_view(&text));
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 414);
    CU_ASSERT(gateway_ended(fd));
    fd = gateway_client();
    buf_clear(&text);
    buf_str(&text, "GET / HTTP/1.1\r\nHost: x\r\n");
    for (i = 0; i < 101; i++)
        buf_str(&text, "a: b\r\n");
    gateway_say_bytes(fd, buf_view(&text));
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 431);
    CU_ASSERT(gateway_ended(fd));
    buf_done(&text);
}

static void an_early_refusal_drops_a_short_body_and_goes_on(void)
{
    gateway_say(fd, "POST /indexes HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"
                    "Content-Length: 10\r\n\r\n");
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 415);
    gateway_say(fd, "GET / HTTP" HEALTH); /* ten bytes that look like a request, but are the body */
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 200);
    CU_ASSERT(answer_body_has("available"));
}

static void an_early_refusal_of_a_long_body_closes(void)
{
    gateway_say(fd, "POST /indexes HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"
                    "Content-Length: 1000000\r\n\r\n");
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 415);
    CU_ASSERT(answer_has("Connection: close"));
    CU_ASSERT(gateway_ended(fd));
}

static void an_endless_unwanted_body_is_not_read_to_its_end(void)
{
    char chunk[1024 + 16];
    int i;

    gateway_say(fd, "POST /indexes HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"
                    "Transfer-Encoding: chunked\r\n\r\n");
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 415);
    (void)snprintf(chunk, sizeof(chunk), "400\r\n%1024s\r\n", "");
    for (i = 0; i < 300 && http_gateway_n_requests(gw.gateway) > 0; i++)
        gateway_say(fd, chunk);
    CU_ASSERT_EQUAL(http_gateway_n_requests(gw.gateway), 0);
    CU_ASSERT(gateway_ended(fd));
}

/* ---- peers that go away ------------------------------------------------------ */

static void a_reset_cancels_the_call(void)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};

    gw.hold = true;
    gateway_say(fd, GET_ONE);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    gateway_hang_up(fd);
    gateway_turn(50);
    CU_ASSERT_EQUAL(gw.n_cancelled, 1);
    CU_ASSERT_EQUAL(rpc_server_live_calls(gw.server), 0);
}

static void a_client_that_is_gone_has_its_call_cancelled_soon(void)
{
    clock_fake_set(1);
    gw.hold = true;
    gateway_say(fd, GET_ONE);
    gateway_hang_up(fd);
    gateway_turn(50);
    CU_ASSERT_EQUAL(gw.n_cancelled, 0);
    clock_fake_advance(HTTP_GRACE_MS * NS_PER_MS);
    gateway_turn(5);
    CU_ASSERT_EQUAL(gw.n_cancelled, 1);
    CU_ASSERT_EQUAL(rpc_server_live_calls(gw.server), 0);
}

static void a_client_that_shut_its_side_still_gets_its_answer(void)
{
    gw.hold = true;
    gateway_say(fd, GET_ONE);
    shutdown(fd, SHUT_WR);
    gateway_turn(50);
    reply_held();
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 200);
    CU_ASSERT(answer_has("Connection: close"));
    CU_ASSERT(gateway_ended(fd));
}

static void answers_nobody_takes_hold_requests_back(void)
{
    static char document[1 << 20];
    struct buf text;
    unsigned begun;
    int i;

    memset(document, 'a', sizeof(document));
    gw.document = document;
    gw.document_n = sizeof(document);
    buf_init(&text, 1 << 20);
    for (i = 0; i < 60; i++)
        buf_str(&text, GET_ONE);
    CU_ASSERT_EQUAL(send(fd, text.p, text.n, MSG_NOSIGNAL), (ssize_t)text.n);
    gateway_turn(200);
    begun = gw.n_calls;
    CU_ASSERT(begun < 30);
    for (i = 0; i < 4; i++) { /* bytes are read one by one here: a few answers show enough */
        CU_ASSERT_EQUAL_FATAL(gateway_hear(fd, false), 200);
        CU_ASSERT_EQUAL(gw.answer.body.n, sizeof(document));
    }
    CU_ASSERT(gw.n_calls > begun);
    buf_done(&text);
}

/* ---- limits in time ---------------------------------------------------------- */

static void a_head_that_does_not_come_is_given_up(void)
{
    clock_fake_set(1);
    gateway_say(fd, HEALTH "GET /hea");
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 200);
    clock_fake_advance(9 * NS_PER_S);
    gateway_say(fd, "lt"); /* a byte now and then does not help */
    CU_ASSERT(gateway_silent(fd));
    clock_fake_advance(1 * NS_PER_S);
    gateway_turn(3);
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 408);
    CU_ASSERT(answer_has("Connection: close"));
    CU_ASSERT(gateway_ended(fd));
}

static void idle_connections_are_closed_without_a_word(void)
{
    clock_fake_set(1);
    gateway_say(fd, HEALTH);
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 200);
    clock_fake_advance(74 * NS_PER_S);
    gateway_say(fd, HEALTH);
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 200);
    clock_fake_advance(74 * NS_PER_S);
    CU_ASSERT(gateway_silent(fd));
    clock_fake_advance(1 * NS_PER_S);
    gateway_turn(3);
    CU_ASSERT(gateway_ended(fd));
}

static void a_running_call_is_not_idle(void)
{
    clock_fake_set(1);
    gw.hold = true;
    gateway_say(fd, GET_ONE);
    clock_fake_advance(3600 * NS_PER_S);
    gateway_turn(5);
    CU_ASSERT_EQUAL(gw.n_cancelled, 0);
    reply_held();
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 200);
}

static void a_body_must_come_at_a_least_rate(void)
{
    static const char some[5200];
    int i;

    clock_fake_set(1);
    gateway_say(fd, UPLOAD "Content-Type: application/json\r\nContent-Length: 1000000\r\n\r\n");
    for (i = 0; i < 5; i++) {
        gateway_say_bytes(fd, bytes_of(some, sizeof(some)));
        clock_fake_advance(10 * NS_PER_S);
        gateway_turn(3);
    }
    CU_ASSERT(gateway_silent(fd));
    gateway_say_bytes(fd, bytes_of(some, 1000));
    clock_fake_advance(10 * NS_PER_S);
    gateway_turn(3);
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 408);
    CU_ASSERT_EQUAL(gw.n_cancelled, 1);
    CU_ASSERT(gateway_ended(fd));
}

static void a_client_we_hold_back_is_not_too_slow(void)
{
    static const char some[16 * 1024];
    int i;

    clock_fake_set(1);
    gw.slow = true;
    gateway_say(fd, UPLOAD "Content-Type: application/json\r\nContent-Length: 262144\r\n\r\n");
    for (i = 0; i < 16; i++)
        gateway_say_bytes(fd, bytes_of(some, sizeof(some)));
    CU_ASSERT_EQUAL(gw.n_chunks, HTTP_WINDOW);
    for (i = 0; i < 5; i++) {
        clock_fake_advance(HTTP_RATE_WINDOW_S * NS_PER_S);
        gateway_turn(5);
    }
    CU_ASSERT_EQUAL(gw.n_cancelled, 0);
    gateway_consume_all();
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 202);
}

/* ---- shutting down ----------------------------------------------------------- */

static void draining_lets_the_running_request_finish(void)
{
    int idle = gateway_client();

    gateway_say(idle, HEALTH);
    CU_ASSERT(gateway_hear(idle, false) > 0);
    gw.hold = true;
    gateway_say(fd, GET_ONE GET_TWO);
    net_listener_drain(gw.listener);
    CU_ASSERT(gateway_ended(idle));
    CU_ASSERT(gateway_silent(fd));
    reply_held();
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 200);
    CU_ASSERT(answer_has("Connection: close"));
    CU_ASSERT(gateway_ended(fd));
    CU_ASSERT_EQUAL(gw.n_calls, 2); /* GET_TWO was not begun */
}

static void draining_reads_a_refused_body_to_its_end_and_closes(void)
{
    gateway_say(fd, "POST /indexes HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"
                    "Content-Length: 10\r\n\r\n");
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 415);
    net_listener_drain(gw.listener);
    gateway_say(fd, "0123456789");
    CU_ASSERT(gateway_ended(fd));
}

SUITE(http_conn, setup, gateway_teardown,
      TEST(pipelined_requests_are_answered_in_order_one_at_a_time),
      TEST(many_pipelined_requests_all_get_their_answer), TEST(a_request_may_come_byte_by_byte),
      TEST(connections_close_when_the_client_says_so), TEST(http_1_0_closes_unless_it_asks_not_to),
      TEST(a_framing_error_is_json_and_the_end), TEST(a_smuggled_request_is_never_answered),
      TEST(limits_of_the_head_have_their_own_status),
      TEST(an_early_refusal_drops_a_short_body_and_goes_on),
      TEST(an_early_refusal_of_a_long_body_closes),
      TEST(an_endless_unwanted_body_is_not_read_to_its_end), TEST(a_reset_cancels_the_call),
      TEST(a_client_that_is_gone_has_its_call_cancelled_soon),
      TEST(a_client_that_shut_its_side_still_gets_its_answer),
      TEST(answers_nobody_takes_hold_requests_back), TEST(a_head_that_does_not_come_is_given_up),
      TEST(idle_connections_are_closed_without_a_word), TEST(a_running_call_is_not_idle),
      TEST(a_body_must_come_at_a_least_rate), TEST(a_client_we_hold_back_is_not_too_slow),
      TEST(draining_lets_the_running_request_finish),
      TEST(draining_reads_a_refused_body_to_its_end_and_closes));
