/* SPDX-License-Identifier: MIT */
/*
 * interop_service.c -- see interop_service.h.
 *
 * What streams out is a queue of {size, interval, compressed}; one function,
 * pump(), moves it on, called when something was asked for, when an interval is
 * over and when the peer has read.
 */
#include "interop_service.h"

#include "base/clock.h"
#include "base/mem.h"
#include "testing_service.rpc.h"

#include <stdio.h>
#include <unistd.h>

enum { SIZE_MAX_BYTES = 16 * 1024 * 1024, INVALID_ARGUMENT = 3 };

static uint8_t zeros[SIZE_MAX_BYTES];
static struct net_loop *the_loop;

static const char initial_key[] = "x-grpc-test-echo-initial";
static const char trailing_key[] = "x-grpc-test-echo-trailing-bin";

static void echo_metadata(struct rpc_call *call)
{
    struct bytes initial = rpc_call_metadata(call, initial_key);
    struct bytes trailing = rpc_call_metadata(call, trailing_key);
    struct err err;

    if ((initial.p && rpc_call_add_initial(call, initial_key, initial, &err) != RC_OK) ||
        (trailing.p && rpc_call_add_trailing(call, trailing_key, trailing, &err) != RC_OK))
        rpc_call_fail(call, &err);
}

static void report_cancel(struct rpc_call *call)
{
    printf("cancelled %s\n", rpc_call_method(call)->path);
    (void)fflush(stdout);
}

/* Did the message come as the client said it would? */
static bool expected_compression(struct rpc_call *call, const Grpc__Testing__BoolValue *expect)
{
    if (!expect || (expect->value != 0) == rpc_call_was_compressed(call))
        return true;
    rpc_call_fail_status(call, INVALID_ARGUMENT, "the compressed flag is not the expected one");
    return false;
}

/* ---- unary ------------------------------------------------------------------------- */

static void empty_call(struct rpc_call *call, const Grpc__Testing__Empty *request, void *arg)
{
    Grpc__Testing__Empty answer;

    (void)request;
    (void)arg;
    grpc__testing__empty__init(&answer);
    rpc_call_reply(call, &answer.base);
}

struct unary { /* in the call's arena */
    struct rpc_call *call;
    const Grpc__Testing__SimpleRequest *request;
};

static void unary_answer(struct rpc_call *call, void *arg)
{
    const struct unary *u = arg;
    Grpc__Testing__SimpleResponse answer;
    Grpc__Testing__Payload payload;

    grpc__testing__simple_response__init(&answer);
    grpc__testing__payload__init(&payload);
    payload.body.data = zeros;
    payload.body.len = (size_t)u->request->response_size;
    answer.payload = &payload;
    rpc_call_reply(call, &answer.base);
}

/* A millisecond of work at a time, until cancelled, at most response_size of them. */
static void unary_work(void *arg)
{
    const struct unary *u = arg;
    int i;

    for (i = 0; i < u->request->response_size && !rpc_call_cancelled(u->call); i++)
        usleep(1000);
}

static void unary_cancelled(struct rpc_call *call, void *arg)
{
    (void)arg;
    report_cancel(call);
}

static void unary_call(struct rpc_call *call, const Grpc__Testing__SimpleRequest *request,
                       void *arg)
{
    static const struct rpc_call_ops ops = {.on_cancel = unary_cancelled};
    struct unary *u = arena_zalloc(rpc_call_arena(call), sizeof *u);

    (void)arg;
    echo_metadata(call);
    if (!expected_compression(call, request->expect_compressed))
        return;
    if (!u || request->response_type != GRPC__TESTING__PAYLOAD_TYPE__COMPRESSABLE ||
        request->response_size < 0 || request->response_size > SIZE_MAX_BYTES) {
        rpc_call_fail_status(call, INVALID_ARGUMENT, "no such payload");
        return;
    }
    if (request->response_status && request->response_status->code != 0) {
        rpc_call_fail_status(call, request->response_status->code,
                             request->response_status->message);
        return;
    }
    if (request->response_compressed)
        rpc_call_set_compress(call, request->response_compressed->value != 0);
    u->call = call;
    u->request = request;
    rpc_call_set_ops(call, &ops, u);
    if (request->fill_username)
        rpc_call_defer(call, unary_work, unary_answer, u);
    else
        unary_answer(call, u);
}

/* ---- messages in --------------------------------------------------------------------- */

struct sum { /* in the call's arena */
    int64_t bytes;
};

static bool sum_message(struct rpc_call *call, const ProtobufCMessage *msg, void *arg)
{
    const Grpc__Testing__StreamingInputCallRequest *request =
        (const Grpc__Testing__StreamingInputCallRequest *)msg;
    struct sum *sum = arg;

    if (expected_compression(call, request->expect_compressed) && request->payload)
        sum->bytes += (int64_t)request->payload->body.len;
    return true;
}

static void sum_end(struct rpc_call *call, void *arg)
{
    const struct sum *sum = arg;
    Grpc__Testing__StreamingInputCallResponse answer;

    grpc__testing__streaming_input_call_response__init(&answer);
    answer.aggregated_payload_size = (int32_t)sum->bytes;
    rpc_call_reply(call, &answer.base);
}

static void streaming_input_call(struct rpc_call *call,
                                 const Grpc__Testing__StreamingInputCallRequest *request, void *arg)
{
    static const struct rpc_stream_ops stream = {.on_message = sum_message, .on_end = sum_end};
    static const struct rpc_call_ops ops = {.on_cancel = unary_cancelled};
    struct sum *sum = arena_zalloc(rpc_call_arena(call), sizeof *sum);

    (void)request;
    (void)arg;
    rpc_call_set_ops(call, &ops, NULL);
    rpc_call_set_stream(call, &stream, sum);
}

/* ---- messages out ---------------------------------------------------------------------- */

struct piece {
    int32_t size, interval_us;
    bool compressed, waited;
};

struct out { /* in the call's arena */
    struct rpc_call *call;
    struct piece *pieces; /* owned */
    size_t n, at;
    struct net_timer *timer;
    bool complete;  /* nothing more will be asked for */
    bool full;      /* the peer reads slowly */
    bool until_end; /* half duplex: answers wait for the end of input */
    int status;
    char text[256];
};

static void pump(struct out *out);

static void interval_over(void *arg)
{
    struct out *out = arg;

    out->timer = NULL;
    pump(out);
}

static void send_piece(struct out *out, const struct piece *piece)
{
    Grpc__Testing__StreamingOutputCallResponse answer;
    Grpc__Testing__Payload payload;

    grpc__testing__streaming_output_call_response__init(&answer);
    grpc__testing__payload__init(&payload);
    payload.body.data = zeros;
    payload.body.len = (size_t)piece->size;
    answer.payload = &payload;
    rpc_call_set_compress(out->call, piece->compressed);
    out->full = !rpc_call_send(out->call, &answer.base);
}

static void pump(struct out *out)
{
    if (out->until_end && !out->complete)
        return;
    while (out->at < out->n && !out->full && !out->timer) {
        struct piece *piece = &out->pieces[out->at];

        if (piece->interval_us > 0 && !piece->waited) {
            piece->waited = true;
            out->timer = net_timer_start(
                the_loop, clock_mono_ns() + (int64_t)piece->interval_us * 1000, interval_over, out);
            return;
        }
        out->at++;
        send_piece(out, piece);
    }
    if (out->at < out->n || !out->complete || out->timer || rpc_call_cancelled(out->call))
        return;
    if (out->status)
        rpc_call_fail_status(out->call, out->status, out->text);
    else
        rpc_call_finish(out->call);
}

/* False: the call has failed. */
static bool ask(struct out *out, const Grpc__Testing__StreamingOutputCallRequest *request)
{
    size_t i;

    for (i = 0; i < request->n_response_parameters; i++) {
        const Grpc__Testing__ResponseParameters *p = request->response_parameters[i];

        if (p->size < 0 || p->size > SIZE_MAX_BYTES ||
            request->response_type != GRPC__TESTING__PAYLOAD_TYPE__COMPRESSABLE) {
            rpc_call_fail_status(out->call, INVALID_ARGUMENT, "no such payload");
            return false;
        }
        out->pieces = xrealloc(out->pieces, (out->n + 1) * sizeof *out->pieces);
        out->pieces[out->n++] = (struct piece){
            .size = p->size,
            .interval_us = p->interval_us,
            .compressed = p->compressed && p->compressed->value,
        };
    }
    if (request->response_status && request->response_status->code != 0) {
        out->status = request->response_status->code;
        (void)snprintf(out->text, sizeof out->text, "%s", request->response_status->message);
        out->complete = true; /* no more messages are read */
    }
    return true;
}

static void stop_timer(struct out *out)
{
    net_timer_cancel(the_loop, out->timer);
    out->timer = NULL;
}

static void out_cancelled(struct rpc_call *call, void *arg)
{
    report_cancel(call);
    stop_timer(arg);
}

static void out_writable(struct rpc_call *call, void *arg)
{
    struct out *out = arg;

    (void)call;
    out->full = false;
    pump(out);
}

static void out_done(void *arg)
{
    struct out *out = arg;

    stop_timer(out);
    xfree(out->pieces);
}

static struct out *out_new(struct rpc_call *call)
{
    static const struct rpc_call_ops ops = {
        .on_cancel = out_cancelled, .on_writable = out_writable, .on_done = out_done};
    struct out *out = arena_zalloc(rpc_call_arena(call), sizeof *out);

    out->call = call;
    rpc_call_set_ops(call, &ops, out);
    rpc_call_set_compress(call, false); /* so that single messages may be */
    return out;
}

static void streaming_output_call(struct rpc_call *call,
                                  const Grpc__Testing__StreamingOutputCallRequest *request,
                                  void *arg)
{
    struct out *out = out_new(call);

    (void)arg;
    if (!ask(out, request))
        return;
    out->complete = true;
    pump(out);
}

static bool duplex_message(struct rpc_call *call, const ProtobufCMessage *msg, void *arg)
{
    struct out *out = arg;

    (void)call;
    if (!out->complete && ask(out, (const Grpc__Testing__StreamingOutputCallRequest *)msg))
        pump(out);
    return true;
}

static void duplex_end(struct rpc_call *call, void *arg)
{
    struct out *out = arg;

    (void)call;
    if (out->complete)
        return;
    out->complete = true;
    pump(out);
}

static const struct rpc_stream_ops duplex_ops = {.on_message = duplex_message,
                                                 .on_end = duplex_end};

static void full_duplex_call(struct rpc_call *call,
                             const Grpc__Testing__StreamingOutputCallRequest *request, void *arg)
{
    (void)request;
    (void)arg;
    echo_metadata(call);
    rpc_call_set_stream(call, &duplex_ops, out_new(call));
}

static void half_duplex_call(struct rpc_call *call,
                             const Grpc__Testing__StreamingOutputCallRequest *request, void *arg)
{
    struct out *out = out_new(call);

    (void)request;
    (void)arg;
    out->until_end = true;
    rpc_call_set_stream(call, &duplex_ops, out);
}

void interop_service_add(struct rpc_server *server, struct net_loop *loop)
{
    static const struct grpc__testing__test_service__handlers handlers = {
        .empty_call = empty_call,
        .unary_call = unary_call,
        .streaming_output_call = streaming_output_call,
        .streaming_input_call = streaming_input_call,
        .full_duplex_call = full_duplex_call,
        .half_duplex_call = half_duplex_call,
        /* unimplemented_call: declared, and that is all */
    };

    the_loop = loop;
    rpc_server_add(server, &grpc__testing__test_service__service, &handlers, NULL);
}
