/* SPDX-License-Identifier: MIT */
/* fake_door.c -- see fake_door.h. */
#include "fake_door.h"

#include "pb/pb.h"
#include "support/suite.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct fixture fx;

void fake_log(const char *fmt, ...)
{
    size_t n = strlen(fx.log);
    va_list ap;

    if (n && n + 1 < sizeof fx.log)
        fx.log[n++] = ' ';
    va_start(ap, fmt);
    (void)vsnprintf(fx.log + n, sizeof fx.log - n, fmt, ap);
    va_end(ap);
}

bool fake_was(const char *want)
{
    bool same = strcmp(fx.log, want) == 0;

    if (!same)
        printf("\n    want: %s\n    have: %s\n", want, fx.log);
    fx.log[0] = '\0';
    return same;
}

/* ---- the door ---------------------------------------------------------------------- */

static void let_go(void)
{
    struct rpc_call *call = fx.call;

    fx.call = NULL;
    fake_log("door_gone");
    rpc_call_door_gone(call);
}

static void op_send_initial(void *door)
{
    (void)door;
    fake_log("initial");
    if (fx.let_go_at_initial)
        let_go();
}

static void op_send_message(void *door, const ProtobufCMessage *msg, bool compress)
{
    (void)door;
    fx.queued += protobuf_c_message_get_packed_size(msg);
    fake_log(compress ? "message+:%zu" : "message:%zu", protobuf_c_message_get_packed_size(msg));
}

static size_t op_queued(void *door)
{
    (void)door;
    return fx.queued;
}

static void op_consumed(void *door, size_t n)
{
    (void)door;
    fake_log("consumed:%zu", n);
}

static void op_finish(void *door, const struct rpc_status *status)
{
    (void)door;
    fx.last = *status;
    fake_log("finish:%d", status->grpc_status);
    if (fx.let_go_at_finish)
        let_go();
}

static const struct rpc_door_ops door_ops = {.send_initial = op_send_initial,
                                             .send_message = op_send_message,
                                             .queued = op_queued,
                                             .consumed = op_consumed,
                                             .finish = op_finish};

/* ---- the handlers -------------------------------------------------------------------- */

static void on_cancel(struct rpc_call *call, void *arg)
{
    (void)arg;
    CU_ASSERT(rpc_call_cancelled(call));
    CU_ASSERT(rpc_call_finished(call));
    fake_log("cancel");
}

static void on_writable(struct rpc_call *call, void *arg)
{
    (void)call;
    (void)arg;
    fake_log("writable");
}

static void on_done(void *arg)
{
    CU_ASSERT_PTR_EQUAL(arg, &fx);
    fake_log("done");
}

static const struct rpc_call_ops ops = {
    .on_cancel = on_cancel, .on_writable = on_writable, .on_done = on_done};

static bool on_message(struct rpc_call *call, const ProtobufCMessage *msg, void *arg)
{
    const Grpc__Testing__StreamingInputCallRequest *request =
        (const Grpc__Testing__StreamingInputCallRequest *)msg;

    (void)call;
    (void)arg;
    fake_log("got:%.*s", request->payload ? (int)request->payload->body.len : 0,
             request->payload ? (const char *)request->payload->body.data : "");
    return !fx.take_later;
}

static void on_end(struct rpc_call *call, void *arg)
{
    (void)arg;
    fake_log("end");
    if (fx.act)
        fx.act(&fx, call);
}

static void begin(struct rpc_call *call)
{
    (void)snprintf(fx.trace, sizeof fx.trace, "%s", rpc_call_trace(call));
    rpc_call_set_ops(call, &ops, &fx);
}

static void unary_call(struct rpc_call *call, const Grpc__Testing__SimpleRequest *request,
                       void *arg)
{
    (void)arg;
    begin(call);
    fake_log("handler:%d", request->response_size);
    if (fx.act)
        fx.act(&fx, call);
}

static void output_call(struct rpc_call *call,
                        const Grpc__Testing__StreamingOutputCallRequest *request, void *arg)
{
    (void)request;
    (void)arg;
    begin(call);
    fake_log("handler");
    if (fx.act)
        fx.act(&fx, call);
}

static void input_call(struct rpc_call *call,
                       const Grpc__Testing__StreamingInputCallRequest *request, void *arg)
{
    static const struct rpc_stream_ops stream = {.on_message = on_message, .on_end = on_end};

    (void)arg;
    CU_ASSERT_PTR_NULL(request);
    begin(call);
    fake_log("handler");
    rpc_call_set_stream(call, &stream, &fx);
}

static const struct grpc__testing__test_service__handlers handlers = {
    .unary_call = unary_call,
    .streaming_output_call = output_call,
    .streaming_input_call = input_call,
};

void send_answer(struct rpc_call *call, bool finish)
{
    Grpc__Testing__SimpleResponse answer;

    grpc__testing__simple_response__init(&answer);
    if (finish)
        rpc_call_reply(call, &answer.base);
    else
        (void)rpc_call_send(call, &answer.base);
}

void act_reply(struct fixture *f, struct rpc_call *call)
{
    (void)f;
    send_answer(call, true);
}

void act_fail(struct fixture *f, struct rpc_call *call)
{
    struct err err;

    (void)f;
    (void)err_set(&err, RC_NOT_FOUND, "index_not_found", "Index `x` not found.");
    rpc_call_fail(call, &err);
}

static void work(void *arg)
{
    (void)arg;
    fake_log("work");
}

static void work_done(struct rpc_call *call, void *arg)
{
    (void)arg;
    fake_log("back");
    send_answer(call, true);
}

void act_defer(struct fixture *f, struct rpc_call *call)
{
    rpc_call_defer(call, work, work_done, f);
}

/* ---- the fixture --------------------------------------------------------------------- */

static enum rc access_fn(void *arg, struct rpc_call *call, const ProtobufCMessage *request,
                         struct err *err)
{
    struct fixture *f = arg;

    (void)call;
    if (f->access == RC_OK)
        return RC_OK;
    fake_log(request ? "access" : "access:none");
    return err_set(err, f->access, "invalid_api_key", "The provided API key is invalid.");
}

void fake_setup_limited(size_t max_calls)
{
    struct rpc_server_opts opts = {
        .max_calls = max_calls, .max_message = 1000, .access = access_fn, .access_arg = &fx};

    memset(&fx, 0, sizeof fx);
    clock_fake_set(1700000000LL * NS_PER_S);
    fake_executor_init(&fx.ex);
    opts.executor = fake_executor_ops(&fx.ex);
    fx.server = rpc_server_new(&opts);
    rpc_server_add(fx.server, &grpc__testing__test_service__service, &handlers, NULL);
}

void fake_setup(void)
{
    fake_setup_limited(0);
}

void fake_teardown(void)
{
    if (fx.call)
        rpc_call_door_gone(fx.call);
    while (fake_executor_work(&fx.ex) || fake_executor_posts(&fx.ex))
        ;
    CU_ASSERT_EQUAL(rpc_server_live_calls(fx.server), 0);
    rpc_server_free(fx.server);
    fake_executor_done(&fx.ex);
    clock_fake_off();
    CU_ASSERT_EQUAL(arena_live_count(), 0);
}

struct rpc_call *fake_start(unsigned method, int64_t timeout_ms)
{
    static const struct rpc_metadata metadata[] = {
        {.name = {(const uint8_t *)"x-key", 5}, .value = {(const uint8_t *)"value", 5}},
        {.name = {(const uint8_t *)"x-key", 5}, .value = {(const uint8_t *)"second", 6}},
    };
    struct rpc_call_start start = {
        .method = &grpc__testing__test_service__service.methods[method],
        .door_ops = &door_ops,
        .door = &fx,
        .peer = "127.0.0.1:5",
        .query_string = "",
        .deadline_mono_ns = timeout_ms < 0 ? INT64_MAX : clock_mono_ns() + timeout_ms * NS_PER_MS,
        .metadata = metadata,
        .n_metadata = 2,
        .ret_call = &fx.call,
    };

    return rpc_call_new(fx.server, &start);
}

static void send_packed(struct rpc_call *call, const ProtobufCMessage *msg)
{
    struct buf wire;
    struct err err;

    buf_init(&wire, 1 << 20);
    CU_ASSERT_EQUAL(pb_pack(msg, &wire, &err), RC_OK);
    rpc_call_message_wire(call, buf_view(&wire), false);
    buf_done(&wire);
}

void fake_send_simple(struct rpc_call *call, int32_t response_size)
{
    Grpc__Testing__SimpleRequest request;

    grpc__testing__simple_request__init(&request);
    request.response_size = response_size;
    send_packed(call, &request.base);
}

void fake_send_input(struct rpc_call *call, const char *body)
{
    Grpc__Testing__StreamingInputCallRequest request;
    Grpc__Testing__Payload payload;

    grpc__testing__streaming_input_call_request__init(&request);
    grpc__testing__payload__init(&payload);
    payload.body.data = (uint8_t *)(uintptr_t)body;
    payload.body.len = strlen(body);
    request.payload = &payload;
    send_packed(call, &request.base);
}
