/* SPDX-License-Identifier: MIT */
/*
 * call.h -- one call, as handlers see it, whichever door it came through.
 *
 * A door (grpc, http, or a test) makes a call with rpc_call_new(), feeds it
 * messages and learns through struct rpc_door_ops what to send. A handler gets
 * the call and answers it exactly once, now or later.
 *
 *   unary          handler(call, request) ... rpc_call_reply() or rpc_call_fail()
 *   server stream  handler(call, request) ... rpc_call_send()* then rpc_call_finish()/fail()
 *   client stream  handler(call, NULL), then ops->on_message per message and
 *                  ops->on_end; rpc_call_reply()/fail() at any time
 *   bidi           as client stream, with rpc_call_send()* and rpc_call_finish()
 *
 * Ownership  A call is freed when its door (rpc_call_door_gone) and its handler
 *            side (finished, and no deferred work running) have both let go.
 *            Messages handed to a handler live in the call's arena; those of
 *            client streams live until on_message returns.
 * Threads    Everything here is for the loop thread, except where it says "any
 *            thread". Work leaves the loop through rpc_call_defer() only.
 *            A cancel or a missed deadline finishes the call: what the handler
 *            sends later is dropped. A handler that keeps the call somewhere
 *            without deferred work or a ticket must forget it in on_done.
 * Errors     After a cancel or a missed deadline, sends are dropped quietly.
 * Units      Deadlines on clock_mono_ns(); sizes in bytes.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "rpc/method.h"

struct rpc_call;

enum {
    RPC_TRACE_MAX = 33,
    RPC_SEND_HIGH = 256 * 1024, /* queued bytes from which rpc_call_send() says "enough" */
    RPC_SEND_LOW = 64 * 1024,   /* and from which on_writable comes again */
};

/* ---- for handlers ---------------------------------------------------------------- */

/* Streams in: set with rpc_call_set_stream() by a client-stream or bidi handler. */
struct rpc_stream_ops {
    /*
     * One message (in the call's scratch arena, gone after the return). The
     * door sends the peer no more window until rpc_call_consumed() was called
     * for it; return true to say it is consumed already.
     */
    bool (*on_message)(struct rpc_call *call, const ProtobufCMessage *msg, void *arg);
    void (*on_end)(struct rpc_call *call, void *arg); /* the peer has sent all */
};

/* How any call may hear of its fate; all optional. */
struct rpc_call_ops {
    void (*on_cancel)(struct rpc_call *call, void *arg); /* peer gone or deadline passed; once */
    void (*on_writable)(struct rpc_call *call,
                        void *arg); /* the send queue is below RPC_SEND_LOW again */
    void (*on_done)(void *arg);     /* the call is about to be freed: free arg here */
};

void rpc_call_set_ops(struct rpc_call *call, const struct rpc_call_ops *ops, void *arg);
void rpc_call_set_stream(struct rpc_call *call, const struct rpc_stream_ops *ops, void *arg);
void rpc_call_consumed(struct rpc_call *call, size_t n_messages);

const struct rpc_method *rpc_call_method(const struct rpc_call *call);
struct arena *rpc_call_arena(struct rpc_call *call); /* lives as long as the call */
const char *rpc_call_trace(const struct rpc_call *call);
const char *rpc_call_peer(const struct rpc_call *call); /* "127.0.0.1:5123" */
bool rpc_call_cancelled(const struct rpc_call *call); /* any thread; also true past the deadline */
/* Was the door HTTP/JSON? Only for texts that quote a query string. */
const char *rpc_call_query_string(const struct rpc_call *call); /* "" through gRPC; no "?" */

/* Request metadata; names lower case. "-bin" values are decoded. NULL .p if absent. */
struct bytes rpc_call_metadata(const struct rpc_call *call, const char *name);
/* Metadata to send; initial ones before the first message. Names checked, values copied. */
enum rc rpc_call_add_initial(struct rpc_call *call, const char *name, struct bytes value,
                             struct err *err);
enum rc rpc_call_add_trailing(struct rpc_call *call, const char *name, struct bytes value,
                              struct err *err);
/* Sends the headers now, before any message. */
void rpc_call_send_initial(struct rpc_call *call);
/*
 * Whether messages sent from here on may be compressed (if the peer takes it).
 * Default no. Only a call that was told so, on or off, before its headers went
 * out can compress: the headers name the coding.
 */
void rpc_call_set_compress(struct rpc_call *call, bool on);
/* Whether the message being handled came compressed. */
bool rpc_call_was_compressed(const struct rpc_call *call);

/*
 * Queues one message. False: the queue is high, wait for on_writable (the message was taken),
 * or the call is over (on_cancel has been told).
 */
bool rpc_call_send(struct rpc_call *call, const ProtobufCMessage *msg);
size_t rpc_call_send_queued(const struct rpc_call *call);
void rpc_call_reply(struct rpc_call *call, const ProtobufCMessage *msg); /* send + finish */
void rpc_call_finish(struct rpc_call *call);                             /* OK */
void rpc_call_fail(struct rpc_call *call, const struct err *err);
/* gRPC status and text as they are, without an error word (tests, proxies). */
void rpc_call_fail_status(struct rpc_call *call, int grpc_status, const char *text);

/*
 * Runs work(arg) on the worker pool, then done(call, arg) on the loop. The call
 * and its arena stay alive until done has returned, even when cancelled; work
 * may use the arena (nobody else does meanwhile) and rpc_call_cancelled(), and
 * should begin by asking it. One piece of work at a time. A cancelled call still
 * counts as running until its work has ended.
 */
typedef void rpc_work_fn(void *arg);
typedef void rpc_done_fn(struct rpc_call *call, void *arg);
void rpc_call_defer(struct rpc_call *call, rpc_work_fn *work, rpc_done_fn *done, void *arg);

/*
 * For work whose end comes from another thread (a task, a dump): a ticket keeps
 * the call alive. rpc_ticket_post() may be called from any thread, any number of
 * times, and runs fn(call, arg) on the loop; rpc_ticket_drop() ends it (loop).
 * What was posted before the drop still runs, and keeps the call until then;
 * nobody may post after it.
 */
struct rpc_ticket;
struct rpc_ticket *rpc_ticket_new(struct rpc_call *call);
void rpc_ticket_post(struct rpc_ticket *ticket, rpc_done_fn *fn, void *arg);
void rpc_ticket_drop(struct rpc_ticket *ticket);

/* ---- for doors --------------------------------------------------------------------- */

struct rpc_server;

struct rpc_status;

/*
 * What a door does for a call; all on the loop thread. Never called after
 * rpc_call_door_gone(), which a door may call inside any of them. They may come
 * while rpc_call_new() still runs (see rpc_call_start.ret_call).
 */
struct rpc_door_ops {
    /* Once, before the first message or a good end: send headers. A failure may come without it. */
    void (*send_initial)(void *door);
    /* One answer. The message is only valid during the call. */
    void (*send_message)(void *door, const ProtobufCMessage *msg, bool compress);
    /* Bytes queued in the door for this call, for rpc_call_send_queued(). */
    size_t (*queued)(void *door);
    /* The peer may send this many more messages. */
    void (*consumed)(void *door, size_t n_messages);
    /*
     * The end. status->err.rc RC_OK: success. Exactly once, unless the door itself
     * cancelled the call. *status is only valid during the call.
     */
    void (*finish)(void *door, const struct rpc_status *status);
};

/* How a call ended: rc and word for JSON, code and text for gRPC. */
struct rpc_status {
    struct err err;  /* rc, word, msg */
    int grpc_status; /* 0..16 */
    int http_status;
    const char *type; /* "invalid_request", "auth", "internal", "system" */
    const char
        *code; /* the error word, never NULL on failure; err.word is NULL if there was none */
    const char *link; /* NUL-terminated; a constant, or in the arena given */
};

struct rpc_metadata {
    struct bytes name;
    struct bytes value; /* decoded */
};

struct rpc_call_start {
    const struct rpc_method *method;
    const struct rpc_door_ops *door_ops;
    void *door;
    const char *peer;
    const char *query_string;            /* "" if none */
    struct bytes traceparent;            /* empty: a trace id is made */
    int64_t deadline_mono_ns;            /* INT64_MAX: none */
    const struct rpc_metadata *metadata; /* copied */
    size_t n_metadata;
    struct rpc_call **ret_call; /* if not NULL, set before anything runs: ops may come at once */
};

/*
 * Makes a call and runs its handler when it is a stream in; for the other
 * shapes the handler runs at rpc_call_message(). The server counts running
 * calls and answers RC_BUSY over its limit (through ops->finish). NULL: the call
 * has ended and the door has let go of it already.
 */
struct rpc_call *rpc_call_new(struct rpc_server *server, const struct rpc_call_start *start);
/* One request message: wire bytes (unpacked with all checks) ... */
void rpc_call_message_wire(struct rpc_call *call, struct bytes wire, bool was_compressed);
/* ... or one already built in rpc_call_arena() / rpc_call_scratch(). */
void rpc_call_message(struct rpc_call *call, const ProtobufCMessage *msg);
struct arena *rpc_call_scratch(struct rpc_call *call); /* emptied after each message of a stream */
void rpc_call_end(struct rpc_call *call);              /* the peer half-closed */
void rpc_call_writable(struct rpc_call *call);         /* the door's queue is low again */
void rpc_call_cancel(struct rpc_call *call);           /* peer reset or connection lost */
void rpc_call_door_gone(struct rpc_call *call);        /* the door forgets the call: no more ops */
bool rpc_call_finished(const struct rpc_call *call);
/* What the handler added so far; borrowed from the call. For send_initial() and finish(). */
const struct rpc_metadata *rpc_call_initial_metadata(const struct rpc_call *call, size_t *ret_n);
const struct rpc_metadata *rpc_call_trailing_metadata(const struct rpc_call *call, size_t *ret_n);
/* Did the handler speak of compression before the headers? */
bool rpc_call_may_compress(const struct rpc_call *call);
