/* SPDX-License-Identifier: MIT */
/*
 * fuzz_h2_session.c -- a peer's bytes through a whole session: HTTP/2, headers,
 * messages, calls, handlers, answers; without a socket or a loop.
 *
 * The input is pieces of  length(1) bytes  behind the preface and an empty
 * SETTINGS. A length of 0 is a step of time: one second, a tick, due deadlines;
 * so what was sent also meets slowness. Limits are low, to be reached. At the end
 * the connection is lost, and no call, byte or arena may be left.
 */
#include "base/clock.h"
#include "base/log.h"
#include "grpc/grpc_int.h"
#include "support/fake_executor.h"
#include "testing_service.rpc.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fake_executor executor;
static struct rpc_server *rpc;
static struct grpc_server *grpc;
static size_t out_queued, out_total;
static bool flush_wanted, closed;

static void fail(const char *what)
{
    (void)fprintf(stderr, "%s\n", what);
    abort();
}

/* ---- handlers: each shape, with work off the loop ---------------------------------------- */

static void work(void *arg)
{
    (void)arg;
}

static void unary_back(struct rpc_call *call, void *arg)
{
    const Grpc__Testing__SimpleRequest *request = arg;
    static uint8_t zeros[100000];
    Grpc__Testing__SimpleResponse answer;
    Grpc__Testing__Payload payload;

    grpc__testing__simple_response__init(&answer);
    grpc__testing__payload__init(&payload);
    payload.body.data = zeros;
    payload.body.len = (size_t)(uint32_t)request->response_size % sizeof zeros;
    answer.payload = &payload;
    if (request->response_status)
        rpc_call_fail_status(call, request->response_status->code,
                             request->response_status->message);
    else
        rpc_call_reply(call, &answer.base);
}

static void unary_call(struct rpc_call *call, const Grpc__Testing__SimpleRequest *request,
                       void *arg)
{
    struct bytes echo = rpc_call_metadata(call, "x-echo-bin");
    struct err err;

    (void)arg;
    if (echo.p && rpc_call_add_trailing(call, "x-echo-bin", echo, &err) != RC_OK)
        fail("a binary value was refused");
    if (request->response_compressed)
        rpc_call_set_compress(call, request->response_compressed->value != 0);
    rpc_call_defer(call, work, unary_back, (void *)(uintptr_t)request);
}

static bool duplex_message(struct rpc_call *call, const ProtobufCMessage *msg, void *arg)
{
    Grpc__Testing__StreamingOutputCallResponse answer;

    (void)arg;
    grpc__testing__streaming_output_call_response__init(&answer);
    answer.payload = ((const Grpc__Testing__StreamingOutputCallRequest *)msg)->payload;
    (void)rpc_call_send(call, &answer.base);
    return !answer.payload; /* some are not taken until the end */
}

static void duplex_end(struct rpc_call *call, void *arg)
{
    (void)arg;
    rpc_call_consumed(call, 1000);
    rpc_call_finish(call);
}

static void duplex_call(struct rpc_call *call,
                        const Grpc__Testing__StreamingOutputCallRequest *request, void *arg)
{
    static const struct rpc_stream_ops ops = {.on_message = duplex_message, .on_end = duplex_end};

    (void)request;
    (void)arg;
    rpc_call_set_compress(call, true);
    rpc_call_set_stream(call, &ops, NULL);
}

static const struct grpc__testing__test_service__handlers handlers = {
    .unary_call = unary_call, .full_duplex_call = duplex_call};

static enum rc access_fn(void *arg, struct rpc_call *call, const ProtobufCMessage *request,
                         struct err *err)
{
    (void)arg;
    (void)err;
#ifdef LODE_PLANTED_BUG
    const Grpc__Testing__SimpleRequest *r = (const Grpc__Testing__SimpleRequest *)request;

    /* No seed holds an answer asked for *not* compressed. */
    if (r && r->base.descriptor == &grpc__testing__simple_request__descriptor &&
        r->response_compressed && !r->response_compressed->value)
        fail("planted bug");
#else
    (void)request;
#endif
    return rpc_call_finished(call) ? RC_CANCELLED : RC_OK;
}

/* ---- the socket ---------------------------------------------------------------------- */

static void io_write(void *arg, struct bytes b)
{
    (void)arg;
    out_queued += b.n;
    out_total += b.n;
    if (out_queued > 4 * GRPC_OUT_HIGH)
        fail("output is made although the socket takes none");
}

static size_t io_queued(void *arg)
{
    (void)arg;
    return out_queued;
}

static void io_want_flush(void *arg)
{
    (void)arg;
    flush_wanted = true;
}

static void io_pause(void *arg, bool on)
{
    (void)arg;
    (void)on;
}

static void io_close(void *arg)
{
    (void)arg;
    closed = true;
}

static const struct grpc__io io = {.write = io_write,
                                   .queued = io_queued,
                                   .want_flush = io_want_flush,
                                   .pause = io_pause,
                                   .close = io_close,
                                   .abort = io_close};

static void start(void)
{
    static const struct grpc_server_opts opts = {.max_streams = 20,
                                                 .stream_window = 65535,
                                                 .conn_window = 100000,
                                                 .max_header_bytes = 2048,
                                                 .max_conn_input = 50000,
                                                 .resets = {20, 5},
                                                 .own_resets = {20, 5},
                                                 .empty = {50, 10},
                                                 .keepalive_ms = 20000,
                                                 .keepalive_timeout_ms = 3000,
                                                 .idle_ms = 30000,
                                                 .max_age_ms = 60000,
                                                 .stall_ms = 5000,
                                                 .slow_body_ms = 3000,
                                                 .header_ms = 2000,
                                                 .compress_min = 1};
    struct rpc_server_opts rpc_opts = {.max_calls = 30, .max_message = 20000, .access = access_fn};
    struct err err;

    if (log_configure("off", &err) != RC_OK)
        abort();
    fake_executor_init(&executor);
    rpc_opts.executor = fake_executor_ops(&executor);
    rpc = rpc_server_new(&rpc_opts);
    rpc_server_add(rpc, &grpc__testing__test_service__service, &handlers, NULL);
    grpc = grpc_server_new(rpc, &opts);
}

static void settle(struct grpc__session *ss)
{
    do {
        while (fake_executor_work(&executor) || fake_executor_posts(&executor) > 0)
            ;
        flush_wanted = false;
        grpc__session_flush(ss);
    } while (flush_wanted && !closed);
}

static void step_time(struct grpc__session *ss)
{
    clock_fake_advance(NS_PER_S);
    (void)fake_executor_timers(&executor);
    grpc__session_tick(ss, clock_mono_ns());
    out_queued = 0; /* the socket took it */
    settle(ss);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t hello[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";
    struct grpc__session *ss;
    size_t at = 0;
    int i;

    clock_fake_set(1700000000LL * NS_PER_S);
    if (!rpc)
        start();
    closed = false;
    out_queued = out_total = 0;
    ss = grpc__session_new(grpc, &io, NULL, "fuzz");
    grpc__session_receive(ss, bytes_of(hello, sizeof hello - 1));
    settle(ss);
    while (at < size && !closed) {
        size_t n = data[at++];

        if (n == 0) {
            step_time(ss);
            continue;
        }
        if (n > size - at)
            n = size - at;
        grpc__session_receive(ss, bytes_of(data + at, n));
        at += n;
        settle(ss);
    }
    for (i = 0; i < 3 && !closed; i++)
        step_time(ss);
    grpc__session_free(ss);
    while (fake_executor_work(&executor) || fake_executor_posts(&executor) > 0)
        ;
    if (rpc_server_live_calls(rpc) != 0 || arena_live_count() != 0)
        fail("a call outlives its connection");
    if (grpc->held_bytes != 0 || grpc->n_sessions != 0)
        fail("bytes are counted that nobody holds");
    if (fake_executor_n_timers(&executor) != 0)
        fail("a timer outlives its call");
    return 0;
}
