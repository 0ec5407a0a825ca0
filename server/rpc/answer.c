/* SPDX-License-Identifier: MIT */
/*
 * answer.c -- what a handler reads of its call and what it sends.
 *
 * Sends after the end are dropped: a handler whose peer went away need not look
 * before each one. Loop thread, except that work may read what does not change.
 */
#include "rpc/call.h"

#include "base/assert.h"
#include "rpc/rpc_int.h"

void rpc_call_set_ops(struct rpc_call *call, const struct rpc_call_ops *ops, void *arg)
{
    call->ops = ops;
    call->ops_arg = arg;
}

void rpc_call_set_stream(struct rpc_call *call, const struct rpc_stream_ops *ops, void *arg)
{
    call->stream_ops = ops;
    call->stream_arg = arg;
}

const struct rpc_method *rpc_call_method(const struct rpc_call *call)
{
    return call->method;
}

struct arena *rpc_call_arena(struct rpc_call *call)
{
    return call->arena;
}

const char *rpc_call_trace(const struct rpc_call *call)
{
    return call->trace;
}

const char *rpc_call_peer(const struct rpc_call *call)
{
    return call->peer;
}

const char *rpc_call_query_string(const struct rpc_call *call)
{
    return call->query_string;
}

bool rpc_call_was_compressed(const struct rpc_call *call)
{
    return call->was_compressed;
}

/* ---- metadata ---------------------------------------------------------------------- */

struct bytes rpc_call_metadata(const struct rpc_call *call, const char *name)
{
    struct bytes want = bytes_str(name);
    size_t i;

    for (i = 0; i < call->n_metadata; i++)
        if (bytes_eq(call->metadata[i].name, want))
            return call->metadata[i].value;
    return (struct bytes){0};
}

/* Names that belong to the protocols below, whatever the door. */
static bool is_reserved(struct bytes name)
{
    static const char *const names[] = {
        "te",      "content-type",     "content-length",    "connection", "host",
        "trailer", "content-encoding", "transfer-encoding", "upgrade",    "date",
    };
    size_t i;

    if (bytes_starts(name, B("grpc-")))
        return true;
    for (i = 0; i < ARRAY_LEN(names); i++)
        if (bytes_eq(name, bytes_str(names[i])))
            return true;
    return false;
}

static bool is_name(struct bytes name)
{
    size_t i;

    for (i = 0; i < name.n; i++) {
        uint8_t c = name.p[i];

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.'))
            return false;
    }
    return name.n > 0;
}

static bool is_binary(struct bytes name)
{
    return name.n >= 4 && memcmp(name.p + name.n - 4, "-bin", 4) == 0;
}

static bool is_text(struct bytes value)
{
    size_t i;

    for (i = 0; i < value.n; i++)
        if (value.p[i] < 0x20 || value.p[i] > 0x7e)
            return false;
    return value.n == 0 || (value.p[0] != ' ' && value.p[value.n - 1] != ' ');
}

static enum rc add_metadata(struct rpc_call *call, struct rpc_metadata_list *list, const char *name,
                            struct bytes value, struct err *err)
{
    struct bytes n = bytes_str(name);
    struct rpc_metadata item;

    ASSERT(!call->working); /* the arena is the work's meanwhile */
    if (!is_name(n) || is_reserved(n))
        return err_set(err, RC_INVALID, NULL, "`%s` is no name for metadata.", name);
    if (!is_binary(n) && !is_text(value))
        return err_set(err, RC_INVALID, NULL,
                       "The value of `%s` must be printable ASCII without blanks around it.", name);
    if (list->n == list->cap) {
        size_t cap = list->cap ? 2 * list->cap : 4;
        struct rpc_metadata *items = arena_alloc(call->arena, cap * sizeof *items);

        if (!items)
            return err_set(err, RC_TOO_LARGE, NULL, "The call holds too much.");
        if (list->n)
            memcpy(items, list->items, list->n * sizeof *items);
        list->items = items;
        list->cap = cap;
    }
    item.name = arena_dup(call->arena, n);
    item.value = arena_dup(call->arena, value);
    if (!item.name.p || !item.value.p)
        return err_set(err, RC_TOO_LARGE, NULL, "The call holds too much.");
    list->items[list->n++] = item;
    return RC_OK;
}

enum rc rpc_call_add_initial(struct rpc_call *call, const char *name, struct bytes value,
                             struct err *err)
{
    if (call->sent_initial)
        return err_set(err, RC_INVALID, NULL, "The headers have been sent already.");
    return add_metadata(call, &call->initial, name, value, err);
}

enum rc rpc_call_add_trailing(struct rpc_call *call, const char *name, struct bytes value,
                              struct err *err)
{
    return add_metadata(call, &call->trailing, name, value, err);
}

const struct rpc_metadata *rpc_call_initial_metadata(const struct rpc_call *call, size_t *ret_n)
{
    *ret_n = call->initial.n;
    return call->initial.items;
}

const struct rpc_metadata *rpc_call_trailing_metadata(const struct rpc_call *call, size_t *ret_n)
{
    *ret_n = call->trailing.n;
    return call->trailing.items;
}

void rpc_call_set_compress(struct rpc_call *call, bool on)
{
    if (!call->sent_initial)
        call->may_compress = true;
    call->compress = on && call->may_compress;
}

bool rpc_call_may_compress(const struct rpc_call *call)
{
    return call->may_compress;
}

/* ---- messages and the end ------------------------------------------------------------ */

void rpc_call_send_initial(struct rpc_call *call)
{
    if (call->sent_initial || call->finished || call->door_gone)
        return;
    call->sent_initial = true;
    call->door_ops->send_initial(call->door);
}

bool rpc_call_send(struct rpc_call *call, const ProtobufCMessage *msg)
{
    bool more = false;

    ASSERT(msg->descriptor == call->method->out->desc);
    rpc__call_enter(call);
    rpc_call_send_initial(call);
    if (!call->finished && !call->door_gone)
        call->door_ops->send_message(call->door, msg, call->compress);
    if (!call->finished) {
        more = rpc_call_send_queued(call) < RPC_SEND_HIGH;
        call->starved |= !more;
    }
    (void)rpc__call_leave(call);
    return more;
}

size_t rpc_call_send_queued(const struct rpc_call *call)
{
    return call->door_gone ? 0 : call->door_ops->queued(call->door);
}

void rpc_call_finish(struct rpc_call *call)
{
    static const struct err good = {.rc = RC_OK};
    struct rpc_status status;

    rpc__call_enter(call);
    if (!call->finished) {
        rpc_call_send_initial(call);
        rpc_status_from_err(NULL, &good, &status);
        rpc__call_end_with(call, &status);
    }
    (void)rpc__call_leave(call);
}

void rpc_call_reply(struct rpc_call *call, const ProtobufCMessage *msg)
{
    rpc__call_enter(call);
    (void)rpc_call_send(call, msg);
    rpc_call_finish(call);
    (void)rpc__call_leave(call);
}

void rpc_call_fail(struct rpc_call *call, const struct err *err)
{
    struct rpc_status status;

    ASSERT(err->rc != RC_OK);
    rpc__call_enter(call);
    if (!call->finished) {
        rpc_status_from_err(NULL, err, &status);
        rpc__call_end_with(call, &status);
    }
    (void)rpc__call_leave(call);
}

/* The rc that stands nearest to a gRPC status; the status itself is kept beside it. */
static enum rc nearest_rc(int grpc_status)
{
    static const enum rc by_status[] = {
        RC_OK,        RC_CANCELLED, RC_INTERNAL,      RC_INVALID,  RC_DEADLINE,
        RC_NOT_FOUND, RC_EXISTS,    RC_DENIED,        RC_TOO_MANY, RC_INVALID,
        RC_BUSY,      RC_INVALID,   RC_UNIMPLEMENTED, RC_INTERNAL, RC_BUSY,
        RC_CORRUPT,   RC_DENIED,
    };

    if (grpc_status < 0 || (size_t)grpc_status >= ARRAY_LEN(by_status))
        return RC_INTERNAL;
    return by_status[grpc_status];
}

void rpc_call_fail_status(struct rpc_call *call, int grpc_status, const char *text)
{
    struct rpc_status status;
    struct err err;

    if (grpc_status == 0) {
        rpc_call_finish(call);
        return;
    }
    rpc__call_enter(call);
    if (!call->finished) {
        (void)err_set(&err, nearest_rc(grpc_status), NULL, "%s", text ? text : "");
        rpc_status_from_err(NULL, &err, &status);
        status.grpc_status = grpc_status;
        rpc__call_end_with(call, &status);
    }
    (void)rpc__call_leave(call);
}
