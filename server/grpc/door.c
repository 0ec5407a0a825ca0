/* SPDX-License-Identifier: MIT */
/*
 * door.c -- the gRPC server and the place of its sessions on the loop.
 *
 * Sessions write through struct grpc__io; here that is a net connection. One
 * timer for all connections looks at everything that has a limit of time.
 */
#include "base/assert.h"
#include "base/clock.h"
#include "base/mem.h"
#include "grpc/grpc_int.h"

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

enum { PREFACE = sizeof preface - 1 };

static enum net_match match_preface(struct bytes first)
{
    size_t n = first.n < PREFACE ? first.n : PREFACE;

    if (n && memcmp(first.p, preface, n) != 0)
        return NET_MATCH_NO;
    return n == PREFACE ? NET_MATCH_YES : NET_MATCH_MORE;
}

/* ---- a session's socket --------------------------------------------------------------- */

static void io_write(void *arg, struct bytes b)
{
    net_conn_write(arg, b);
}

static size_t io_queued(void *arg)
{
    return net_conn_out_queued(arg);
}

static void io_want_flush(void *arg)
{
    net_conn_want_flush(arg);
}

static void io_pause(void *arg, bool on)
{
    if (on)
        net_conn_pause(arg);
    else
        net_conn_resume(arg);
}

static void io_close(void *arg)
{
    net_conn_close(arg);
}

static void io_abort(void *arg)
{
    net_conn_abort(arg);
}

static const struct grpc__io net_io = {
    .write = io_write,
    .queued = io_queued,
    .want_flush = io_want_flush,
    .pause = io_pause,
    .close = io_close,
    .abort = io_abort,
};

/* ---- the tick ------------------------------------------------------------------------- */

static void on_tick(void *arg);

static void start_tick(struct grpc_server *server)
{
    int64_t at = clock_mono_ns() + (int64_t)server->opts.tick_ms * NS_PER_MS;

    server->tick = net_timer_start(server->loop, at, on_tick, server);
}

static void on_tick(void *arg)
{
    struct grpc_server *server = arg;
    struct grpc__session *ss, *next;
    int64_t now = clock_mono_ns();

    server->tick = NULL;
    for (ss = server->sessions; ss; ss = next) {
        next = ss->next; /* an abort may free it */
        grpc__session_tick(ss, now);
    }
    if (server->sessions)
        start_tick(server);
}

/* ---- the protocol --------------------------------------------------------------------- */

static void *on_open(void *protocol_arg, struct net_conn *conn)
{
    struct grpc_server *server = protocol_arg;
    struct grpc__session *ss = grpc__session_new(server, &net_io, conn, net_conn_peer(conn));

    server->loop = net_conn_loop(conn);
    if (!server->tick)
        start_tick(server);
    return ss;
}

static size_t on_data(void *state, struct bytes data)
{
    grpc__session_receive(state, data);
    return data.n;
}

static void on_flush(void *state)
{
    grpc__session_flush(state);
}

static void on_close(void *state, enum net_close_reason reason)
{
    struct grpc__session *ss = state;
    struct grpc_server *server = ss->server;

    (void)reason;
    grpc__session_free(ss);
    if (!server->sessions && server->tick) {
        net_timer_cancel(server->loop, server->tick);
        server->tick = NULL;
    }
}

static void on_drain_begin(void *state)
{
    struct grpc__session *ss = state;

    grpc__health_set(ss->server->health, false, true);
    grpc__session_drain(ss, "graceful_stop");
}

/* ---- the server ------------------------------------------------------------------------ */

static void fill(uint32_t *field, uint32_t value)
{
    if (!*field)
        *field = value;
}

static void fill_size(size_t *field, size_t value)
{
    if (!*field)
        *field = value;
}

static void fill_defaults(struct grpc_server_opts *opts)
{
    fill(&opts->max_streams, 1000);
    fill(&opts->stream_window, 1024 * 1024);
    fill(&opts->conn_window, 4 * 1024 * 1024);
    fill_size(&opts->max_header_bytes, (size_t)16 << 10);
    fill_size(&opts->max_header_fields, 100);
    fill_size(&opts->max_conn_input, (size_t)64 << 20);
    fill_size(&opts->max_input, (size_t)512 << 20);
    fill(&opts->resets.burst, 200);
    fill(&opts->resets.per_second, 50);
    fill(&opts->own_resets.burst, 100);
    fill(&opts->own_resets.per_second, 2);
    fill(&opts->empty.burst, 1000);
    fill(&opts->empty.per_second, 100);
    fill(&opts->ping_min_ms, 5 * 60 * 1000);
    fill(&opts->ping_strikes, 2);
    fill(&opts->keepalive_ms, 2 * 3600 * 1000);
    fill(&opts->keepalive_timeout_ms, 20 * 1000);
    fill(&opts->idle_ms, 30 * 60 * 1000);
    fill(&opts->header_ms, 10 * 1000);
    fill(&opts->stall_ms, 60 * 1000);
    fill(&opts->slow_body_ms, 10 * 1000);
    fill(&opts->drain_ack_ms, 5 * 1000);
    fill(&opts->drain_grace_ms, 10 * 1000);
    fill(&opts->tick_ms, 1000);
    fill_size(&opts->compress_min, 1024);
}

struct grpc_server *grpc_server_new(struct rpc_server *rpc, const struct grpc_server_opts *opts)
{
    struct grpc_server *server = xcalloc(1, sizeof *server);
    uint64_t seed;

    if (opts)
        server->opts = *opts;
    fill_defaults(&server->opts);
    server->rpc = rpc;
    rng_secret(&seed, sizeof seed);
    rng_init(&server->rng, seed);
    grpc__session_setup(server);
    server->codec = grpc_codec_new();
    buf_init(&server->plain, rpc_server_opts(rpc)->max_message);
    buf_init(&server->packed, (size_t)1 << 30);
    grpc__fields_init(&server->fields);
    server->health = grpc__health_new(rpc);
    if (!server->opts.no_reflection)
        server->reflection = grpc__reflection_new(rpc);
    server->protocol = (struct net_protocol){
        .name = "grpc",
        .match = match_preface,
        .on_open = on_open,
        .on_data = on_data,
        .on_flush = on_flush,
        .on_drained = on_flush,
        .on_close = on_close,
        .on_drain_begin = on_drain_begin,
        .protocol_arg = server,
    };
    return server;
}

void grpc_server_free(struct grpc_server *server)
{
    if (!server)
        return;
    ASSERT(!server->sessions && !server->tick);
    ASSERT(server->held_bytes == 0);
    grpc__stream_free_spares(server);
    nghttp2_session_callbacks_del(server->callbacks);
    nghttp2_option_del(server->option);
    grpc_codec_free(server->codec);
    buf_done(&server->plain);
    buf_done(&server->packed);
    grpc__fields_done(&server->fields);
    grpc__health_free(server->health);
    grpc__reflection_free(server->reflection);
    xfree(server);
}

const struct net_protocol *grpc_server_protocol(struct grpc_server *server)
{
    return &server->protocol;
}
