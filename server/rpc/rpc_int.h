/* SPDX-License-Identifier: MIT */
/*
 * rpc_int.h -- what call.c, work.c and server.c share about a call.
 *
 * A call moves one way:
 *
 *   open --(handler runs)--> open --finish/fail/cancel/deadline--> finished
 *
 * and is freed on the first return to the outside at which all of these hold:
 * finished, the door has gone, nothing holds it (deferred work, tickets), and no
 * function of this room is on the stack for it (`depth`).
 */
#pragma once

#include "rpc/call.h"
#include "rpc/server.h"
#include "rpc/status.h"

#include <stdatomic.h>

enum {
    RPC_CALL_MAGIC = 0x6c63616c,
    RPC_TICKET_MAGIC = 0x746b6974,
    RPC_METADATA_LIMIT = 64 * 1024, /* arena bytes before a request is there */
};

/* Metadata to send, in the call's arena. */
struct rpc_metadata_list {
    struct rpc_metadata *items;
    size_t n, cap;
};

struct rpc_work {
    struct rpc_call *call;
    rpc_work_fn *work;
    rpc_done_fn *done;
    void *arg;
};

struct rpc_call {
    uint32_t magic;
    unsigned depth; /* frames of this room on the stack */
    unsigned holds; /* deferred work and open tickets */
    atomic_bool cancelled;
    bool counted; /* in the server's number of running calls */
    bool has_request;
    bool half_closed;
    bool access_asked;
    bool sent_initial;
    bool finished;
    bool door_gone;
    bool starved; /* a send was answered with "enough" */
    bool compress, may_compress, was_compressed;
    bool working; /* `work` is in use */

    struct rpc_server *server;
    const struct rpc_method *method;
    const void *handlers; /* borrowed from the registration */
    void *service_arg;
    const struct rpc_door_ops *door_ops;
    void *door;

    struct arena *arena;   /* owned */
    struct arena *scratch; /* owned; NULL until a stream needs it */
    const char *peer;      /* in the arena, as what follows */
    const char *query_string;
    struct rpc_metadata *metadata;
    size_t n_metadata;
    struct rpc_metadata_list initial, trailing;
    char trace[RPC_TRACE_MAX];

    int64_t started_ns;
    int64_t deadline_ns;
    void *timer; /* of the deadline; NULL when none runs */

    const struct rpc_call_ops *ops; /* borrowed */
    void *ops_arg;
    const struct rpc_stream_ops *stream_ops; /* borrowed */
    void *stream_arg;
    struct rpc_work work;

    struct rpc_call *prev, *next; /* live calls of the server */
};

/* Where a method's handlers are. */
struct rpc__target {
    const void *handlers;
    void *service_arg;
};

bool rpc__server_target(const struct rpc_server *server, const struct rpc_method *method,
                        struct rpc__target *ret_target);
/* A zeroed call with an arena, linked into the list of live ones. */
struct rpc_call *rpc__server_take_call(struct rpc_server *server);
void rpc__server_give_call(struct rpc_server *server, struct rpc_call *call);
void rpc__server_trace(struct rpc_server *server, struct bytes traceparent,
                       char dst[RPC_TRACE_MAX]);
/* The full number of running calls is reached. */
bool rpc__server_is_full(const struct rpc_server *server);
void rpc__server_count(struct rpc_server *server); /* one more; given back with the call */

/* Every way into a call from outside: enter .. leave, which may free it. */
void rpc__call_enter(struct rpc_call *call);
/* False: the call is freed. */
bool rpc__call_leave(struct rpc_call *call);
/* Ends the call, told to the door; *status is borrowed. No-op when finished. */
void rpc__call_end_with(struct rpc_call *call, const struct rpc_status *status);
/* As a cancel by the peer, but the door is told this status. */
void rpc__call_abort(struct rpc_call *call, enum rc rc, const char *text);
