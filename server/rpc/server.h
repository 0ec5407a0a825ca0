/* SPDX-License-Identifier: MIT */
/*
 * server.h -- the method table, and what all calls share.
 *
 * Ownership  rpc_server_new() .. rpc_server_free() after every call has ended.
 * Threads    Loop thread, except the two functions of struct rpc_executor,
 *            which main.c builds from base/pool and net's waker.
 */
#pragma once

#include "rpc/call.h"

struct pool;

/* How work leaves the loop and comes back. post() may be called from any thread. */
struct rpc_executor {
    void (*run)(void *arg, void (*fn)(void *), void *job);  /* on a worker */
    void (*post)(void *arg, void (*fn)(void *), void *job); /* on the loop */
    /* Calls fn(job) on the loop at mono_ns; returns a handle for cancel_timer, never NULL. */
    void *(*timer)(void *arg, int64_t mono_ns, void (*fn)(void *), void *job);
    void (*cancel_timer)(void *arg, void *timer);
    void *arg;
};

struct rpc_server_opts {
    struct rpc_executor executor;
    size_t max_calls;   /* running calls at once; 0: 10,000 */
    size_t max_message; /* bytes of one request; 0: PB_MAX_MESSAGE */
    size_t max_arena;   /* bytes one call may hold for its answer; 0: 256 MiB */
    /*
     * May this call go on? Asked once, before a handler sees its first message (request NULL:
     * the stream ended without one). On failure the call fails with *err. NULL: all may.
     *
     * The HTTP gateway asks once more, before it reads a body or tells of a wrong query: then
     * request has only what the path says, or is NULL where the path does not name the index.
     * NULL means: the caller and the method's action alone.
     */
    enum rc (*access)(void *arg, struct rpc_call *call, const ProtobufCMessage *request,
                      struct err *err);
    void *access_arg;
};

struct rpc_server *rpc_server_new(const struct rpc_server_opts *opts);
void rpc_server_free(struct rpc_server *server);

/*
 * Registers a service; handlers is the generated struct of that service
 * (struct lode__v1__indexes__handlers), borrowed for the server's life. A NULL
 * slot answers UNIMPLEMENTED; api's own test refuses NULL slots.
 */
void rpc_server_add(struct rpc_server *server, const struct rpc_service *service,
                    const void *handlers, void *service_arg);

/* By gRPC path; NULL if unknown. */
const struct rpc_method *rpc_server_find(const struct rpc_server *server, struct bytes path);
size_t rpc_server_n_services(const struct rpc_server *server);
const struct rpc_service *rpc_server_service(const struct rpc_server *server, size_t i);
const struct rpc_server_opts *rpc_server_opts(const struct rpc_server *server);
size_t rpc_server_live_calls(const struct rpc_server *server);
/* Cancels every running call (drain is over). */
void rpc_server_cancel_all(struct rpc_server *server);
/* Writes a line per live call: age, method, trace id (SIGUSR1). */
void rpc_server_describe_calls(const struct rpc_server *server, struct buf *out);
