/* SPDX-License-Identifier: MIT */
/*
 * call.c -- the life of a call: made by a door, run by a handler, freed by neither.
 *
 * (1) A call ends once: rpc__call_end_with() is the only place that sets
 *     `finished`, and the only one that calls ops->finish.
 * (2) on_cancel comes at most once, after `cancelled` is set, and never after a
 *     good end.
 * (3) on_done comes once, right before the memory goes.
 * (4) Whatever may run foreign code (a handler, a door op) stands between
 *     rpc__call_enter() and rpc__call_leave(), so that the call outlives it.
 *
 * Loop thread, but for rpc_call_cancelled(). Sending is answer.c, work off the
 * loop is work.c.
 */
#include "rpc/call.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/log.h"
#include "pb/pb.h"
#include "rpc/rpc_int.h"

/* ---- lifetime ---------------------------------------------------------------------- */

void rpc__call_enter(struct rpc_call *call)
{
    MAGIC_CHECK(call, RPC_CALL_MAGIC);
    call->depth++;
}

bool rpc__call_leave(struct rpc_call *call)
{
    ASSERT(call->depth > 0);
    call->depth--;
    if (call->depth || call->holds || !call->finished || !call->door_gone)
        return true;
    ASSERT(!call->timer);
    if (call->ops && call->ops->on_done) {
        call->depth++; /* whatever on_done calls must not come here again */
        call->ops->on_done(call->ops_arg);
        call->depth--;
    }
    rpc__server_give_call(call->server, call);
    return false;
}

static void stop_timer(struct rpc_call *call)
{
    const struct rpc_executor *ex = &rpc_server_opts(call->server)->executor;

    if (call->timer)
        ex->cancel_timer(ex->arg, call->timer);
    call->timer = NULL;
}

static void tell_cancelled(struct rpc_call *call)
{
    if (!call->ops || !call->ops->on_cancel)
        return;
    log_set_trace(call->trace);
    call->ops->on_cancel(call, call->ops_arg);
    log_set_trace("");
}

/* (1) */
void rpc__call_end_with(struct rpc_call *call, const struct rpc_status *status)
{
    if (call->finished)
        return;
    call->finished = true;
    stop_timer(call);
    if (!call->door_gone)
        call->door_ops->finish(call->door, status);
}

static void fail(struct rpc_call *call, enum rc rc, const char *text)
{
    struct rpc_status status;
    struct err err;

    (void)err_set(&err, rc, NULL, "%s", text);
    rpc_status_from_err(NULL, &err, &status);
    rpc__call_end_with(call, &status);
}

void rpc__call_abort(struct rpc_call *call, enum rc rc, const char *text)
{
    if (call->finished)
        return;
    rpc__call_enter(call);
    atomic_store_explicit(&call->cancelled, true, memory_order_release);
    fail(call, rc, text);
    tell_cancelled(call);
    (void)rpc__call_leave(call);
}

static void on_deadline(void *job)
{
    struct rpc_call *call = job;

    MAGIC_CHECK(call, RPC_CALL_MAGIC);
    call->timer = NULL;
    rpc__call_abort(call, RC_DEADLINE, "The deadline of the call has passed.");
}

/* ---- making one --------------------------------------------------------------------- */

/* False: more metadata than a call may hold. */
static bool copy_start(struct rpc_call *call, const struct rpc_call_start *start)
{
    size_t i;

    call->peer = arena_strdup(call->arena, start->peer ? start->peer : "");
    call->query_string = arena_strdup(call->arena, start->query_string ? start->query_string : "");
    if (!call->peer || !call->query_string) {
        call->peer = call->query_string = "";
        return false;
    }
    if (!start->n_metadata)
        return true;
    call->metadata = arena_alloc(call->arena, start->n_metadata * sizeof *call->metadata);
    if (!call->metadata)
        return false;
    for (i = 0; i < start->n_metadata; i++) {
        struct rpc_metadata *m = &call->metadata[i];

        m->name = arena_dup(call->arena, start->metadata[i].name);
        m->value = arena_dup(call->arena, start->metadata[i].value);
        if (!m->name.p || !m->value.p)
            return false;
        call->n_metadata++;
    }
    return true;
}

static void run_handler(struct rpc_call *call, const ProtobufCMessage *request)
{
    bool known;

    log_set_trace(call->trace);
    known = call->method->invoke(call->handlers, call, request, call->service_arg);
    log_set_trace("");
    if (!known)
        fail(call, RC_UNIMPLEMENTED, "The method is not implemented by this server.");
}

static bool takes_stream(const struct rpc_call *call)
{
    return call->method->shape == RPC_CLIENT_STREAM || call->method->shape == RPC_BIDI_STREAM;
}

/* Ends a call that may not even begin; true: go on. */
static bool may_begin(struct rpc_call *call, bool copied)
{
    const struct rpc_executor *ex = &rpc_server_opts(call->server)->executor;

    if (!copied) {
        fail(call, RC_TOO_LARGE, "The call's metadata is too large.");
        return false;
    }
    if (rpc__server_is_full(call->server)) {
        fail(call, RC_BUSY, "Too many calls are running; try again later.");
        return false;
    }
    rpc__server_count(call->server);
    call->counted = true;
    if (call->deadline_ns == INT64_MAX)
        return true;
    if (call->deadline_ns <= call->started_ns) {
        rpc__call_abort(call, RC_DEADLINE, "The deadline of the call has passed.");
        return false;
    }
    call->timer = ex->timer(ex->arg, call->deadline_ns, on_deadline, call);
    return true;
}

struct rpc_call *rpc_call_new(struct rpc_server *server, const struct rpc_call_start *start)
{
    struct rpc_call *call = rpc__server_take_call(server);
    struct rpc__target target;
    bool copied;

    call->method = start->method;
    call->door_ops = start->door_ops;
    call->door = start->door;
    call->deadline_ns = start->deadline_mono_ns;
    call->started_ns = clock_mono_ns();
    ASSERT(rpc__server_target(server, start->method, &target));
    call->handlers = target.handlers;
    call->service_arg = target.service_arg;
    rpc__server_trace(server, start->traceparent, call->trace);
    copied = copy_start(call, start);
    arena_set_limit(call->arena, rpc_server_opts(server)->max_arena);
    if (start->ret_call)
        *start->ret_call = call;

    rpc__call_enter(call);
    if (may_begin(call, copied) && takes_stream(call))
        run_handler(call, NULL);
    return rpc__call_leave(call) ? call : NULL;
}

/* ---- messages in -------------------------------------------------------------------- */

/* Once a call; false: it was refused and has failed. */
static bool ask_access(struct rpc_call *call, const ProtobufCMessage *request)
{
    const struct rpc_server_opts *opts = rpc_server_opts(call->server);
    struct err err = {0};

    if (call->access_asked || !opts->access)
        return true;
    call->access_asked = true;
    if (opts->access(opts->access_arg, call, request, &err) == RC_OK)
        return !call->finished;
    if (takes_stream(call) && !call->finished) {
        /* Its handler runs already and must hear that no more will come. */
        atomic_store_explicit(&call->cancelled, true, memory_order_release);
        rpc_call_fail(call, &err);
        tell_cancelled(call);
        return false;
    }
    rpc_call_fail(call, &err);
    return false;
}

static void take_stream_message(struct rpc_call *call, const ProtobufCMessage *msg)
{
    bool consumed = true;

    if (!ask_access(call, msg))
        return;
    if (call->stream_ops && call->stream_ops->on_message) {
        log_set_trace(call->trace);
        consumed = call->stream_ops->on_message(call, msg, call->stream_arg);
        log_set_trace("");
    }
    if (consumed)
        rpc_call_consumed(call, 1);
}

static void take_message(struct rpc_call *call, const ProtobufCMessage *msg)
{
    if (takes_stream(call)) {
        take_stream_message(call, msg);
        return;
    }
    if (call->has_request) {
        rpc__call_abort(call, RC_INTERNAL, "The method takes one message, more were sent.");
        return;
    }
    call->has_request = true;
    if (ask_access(call, msg))
        run_handler(call, msg);
}

void rpc_call_message(struct rpc_call *call, const ProtobufCMessage *msg)
{
    rpc__call_enter(call);
    if (!call->finished && !call->half_closed)
        take_message(call, msg);
    if (call->scratch)
        arena_reset(call->scratch);
    (void)rpc__call_leave(call);
}

/*
 * INTERNAL and not INVALID_ARGUMENT for bytes that are no such message: that is
 * how every gRPC library calls it, since the sender's code is broken, not its input.
 */
static void fail_unpack(struct rpc_call *call, const struct err *err)
{
    struct rpc_status status;

    rpc_status_from_err(NULL, err, &status);
    if (err->rc == RC_INVALID)
        status.grpc_status = rpc_grpc_status(RC_INTERNAL);
    atomic_store_explicit(&call->cancelled, true, memory_order_release);
    rpc__call_end_with(call, &status);
    tell_cancelled(call);
}

void rpc_call_message_wire(struct rpc_call *call, struct bytes wire, bool was_compressed)
{
    const ProtobufCMessageDescriptor *desc = call->method->in->desc;
    size_t max = rpc_server_opts(call->server)->max_message;
    ProtobufCMessage *msg = NULL;
    struct arena *arena;
    struct err err;
    enum rc rc;

    rpc__call_enter(call);
    if (call->finished || call->half_closed)
        goto out;
    if (wire.n > max) {
        rpc__call_abort(call, RC_TOO_LARGE, "The message is larger than this server takes.");
        goto out;
    }
    call->was_compressed = was_compressed;
    arena = call->arena;
    if (takes_stream(call)) {
        arena = rpc_call_scratch(call);
        arena_set_limit(arena, pb_arena_limit(wire.n));
    } else {
        arena_set_limit(arena, arena_used(arena) + pb_arena_limit(wire.n));
    }
    rc = pb_unpack(arena, desc, wire, &msg, &err);
    arena_set_limit(call->arena, rpc_server_opts(call->server)->max_arena);
    if (rc == RC_OK)
        take_message(call, msg);
    else
        fail_unpack(call, &err);
out:
    if (call->scratch)
        arena_reset(call->scratch);
    (void)rpc__call_leave(call);
}

struct arena *rpc_call_scratch(struct rpc_call *call)
{
    if (!call->scratch)
        call->scratch = arena_new(pb_arena_limit(rpc_server_opts(call->server)->max_message));
    return call->scratch;
}

void rpc_call_end(struct rpc_call *call)
{
    rpc__call_enter(call);
    if (call->finished || call->half_closed)
        goto out;
    call->half_closed = true;
    if (!takes_stream(call)) {
        if (!call->has_request)
            rpc__call_abort(call, RC_INTERNAL, "The method takes one message, none was sent.");
        goto out;
    }
    if (!ask_access(call, NULL))
        goto out;
    if (call->stream_ops && call->stream_ops->on_end) {
        log_set_trace(call->trace);
        call->stream_ops->on_end(call, call->stream_arg);
        log_set_trace("");
    }
out:
    (void)rpc__call_leave(call);
}

void rpc_call_consumed(struct rpc_call *call, size_t n_messages)
{
    if (!call->finished && !call->door_gone && call->door_ops->consumed)
        call->door_ops->consumed(call->door, n_messages);
}

/* ---- what the door reports ---------------------------------------------------------- */

void rpc_call_writable(struct rpc_call *call)
{
    rpc__call_enter(call);
    if (call->starved && !call->finished) {
        call->starved = false;
        if (call->ops && call->ops->on_writable) {
            log_set_trace(call->trace);
            call->ops->on_writable(call, call->ops_arg);
            log_set_trace("");
        }
    }
    (void)rpc__call_leave(call);
}

/* The door knows: it is not told the end. */
void rpc_call_cancel(struct rpc_call *call)
{
    rpc__call_enter(call);
    if (!call->finished) {
        atomic_store_explicit(&call->cancelled, true, memory_order_release);
        call->finished = true;
        stop_timer(call);
        tell_cancelled(call);
    }
    (void)rpc__call_leave(call);
}

void rpc_call_door_gone(struct rpc_call *call)
{
    rpc__call_enter(call);
    rpc_call_cancel(call);
    call->door_gone = true;
    (void)rpc__call_leave(call);
}

bool rpc_call_finished(const struct rpc_call *call)
{
    return call->finished;
}

bool rpc_call_cancelled(const struct rpc_call *call)
{
    if (atomic_load_explicit(&call->cancelled, memory_order_acquire))
        return true;
    return call->deadline_ns != INT64_MAX && clock_mono_ns() >= call->deadline_ns;
}
