/* SPDX-License-Identifier: MIT */
/*
 * grpc.h -- the gRPC door: HTTP/2 connections to calls of the rpc room.
 *
 *     grpc = grpc_server_new(rpc, &opts);
 *     listener_opts.protocols[0] = *grpc_server_protocol(grpc);
 *
 * Health (grpc.health.v1) and reflection (v1 and v1alpha) come with it.
 *
 * Ownership  grpc_server_new() .. grpc_server_free() after every connection has
 *            closed. The rpc server outlives it.
 * Threads    Loop thread.
 * Units      Bytes; milliseconds where a name says so. 0 anywhere in the options
 *            means the default, given behind it.
 */
#pragma once

#include "net/net.h"
#include "rpc/server.h"

struct grpc_server;

/* A bucket of `burst` tokens that fills at per_second. */
struct grpc_rate {
    uint32_t burst;
    uint32_t per_second;
};

struct grpc_server_opts {
    /* what a peer may use */
    uint32_t max_streams;     /* at once on a connection; 1000 */
    uint32_t stream_window;   /* 1 MiB */
    uint32_t conn_window;     /* 4 MiB */
    size_t max_header_bytes;  /* of one header block, each field + 32; 16 KiB */
    size_t max_header_fields; /* 100 */
    size_t max_conn_input;    /* request bytes held for one connection; 64 MiB */
    size_t max_input;         /* and for all; 512 MiB */

    /* what is no longer friendly */
    struct grpc_rate resets;     /* streams the peer resets; 200, 50 */
    struct grpc_rate own_resets; /* streams it makes us reset; 100, 2 */
    struct grpc_rate empty;      /* frames that carry nothing; 1000, 100 */
    unsigned ping_min_ms;        /* between its pings; 5 minutes */
    unsigned ping_strikes;       /* how many may come too early; 2 */
    bool ping_without_calls;     /* ping_min_ms also without a call (else 2 hours) */

    /* time */
    unsigned keepalive_ms;         /* silence before we ping; 2 hours */
    unsigned keepalive_timeout_ms; /* and then before we give up; 20,000 */
    unsigned idle_ms;              /* without a call; 30 minutes */
    unsigned max_age_ms;           /* of a connection, +-10 %; 0: no limit */
    unsigned header_ms;            /* for one header block; 10,000 */
    unsigned stall_ms;             /* an answer waits and the peer opens no window; 60,000 */
    unsigned slow_body_ms;         /* then a unary request must have come at 1 KiB/s; 10,000 */
    unsigned drain_ack_ms;         /* for calls under way when a drain begins; 5,000 */
    unsigned drain_grace_ms;       /* for running calls; 10,000 */
    unsigned tick_ms;              /* how often all these are looked at; 1,000 */

    size_t compress_min; /* smallest message worth compressing; 1 KiB */
    bool no_reflection;
};

/* Registers health and reflection with the rpc server. */
struct grpc_server *grpc_server_new(struct rpc_server *rpc, const struct grpc_server_opts *opts);
void grpc_server_free(struct grpc_server *server);

/* For a listener; matches the HTTP/2 preface. Borrowed from the server. */
const struct net_protocol *grpc_server_protocol(struct grpc_server *server);
