/* SPDX-License-Identifier: MIT */
/*
 * tick.c -- what takes too long, and how a connection is ended politely.
 *
 * Looked at once a tick for each connection: no timer per stream. Draining:
 *
 *   NONE --GOAWAY(2^31-1) and a PING--> NOTICE --its ack, or drain_ack_ms-->
 *   FINAL (GOAWAY with the last stream) --no call left, or drain_grace_ms--> closed
 *
 * so that a call which was on its way when the drain began is still served, and
 * the client starts no other here. Health and reflection streams do not count
 * as calls: they never end by themselves.
 */
#include "base/clock.h"
#include "base/log.h"
#include "grpc/grpc_int.h"

enum { SLOW_BODY_RATE = 1024, STREAM_ID_MAX = 1 << 30 };

static const uint8_t drain_ping[8] = {'l', 'o', 'd', 'e', 'd', 'r', 'a', 'n'};
static const int64_t flush_grace_ns = 2 * NS_PER_S; /* for what the drain itself sends */

static bool is_past(int64_t since_ns, unsigned limit_ms, int64_t now_ns)
{
    return now_ns - since_ns > (int64_t)limit_ms * NS_PER_MS;
}

/* ---- draining ----------------------------------------------------------------------- */

void grpc__session_drain(struct grpc__session *ss, const char *reason)
{
    if (ss->drain != GRPC_DRAIN_NONE || ss->closing)
        return;
    if (log_enabled(LOG_DEBUG, "grpc"))
        log_event(LOG_DEBUG, "grpc", "drain", "peer=%s reason=%s", ss->peer, reason);
    ss->drain = GRPC_DRAIN_NOTICE;
    ss->drain_since_ns = clock_mono_ns();
    (void)nghttp2_submit_shutdown_notice(ss->h2);
    (void)nghttp2_submit_ping(ss->h2, NGHTTP2_FLAG_NONE, drain_ping);
    grpc__session_want_flush(ss);
}

static void drain_final(struct grpc__session *ss)
{
    static const char reason[] = "graceful_stop";

    ss->drain = GRPC_DRAIN_FINAL;
    (void)nghttp2_submit_goaway(ss->h2, NGHTTP2_FLAG_NONE,
                                nghttp2_session_get_last_proc_stream_id(ss->h2), NGHTTP2_NO_ERROR,
                                (const uint8_t *)reason, sizeof reason - 1);
    grpc__session_want_flush(ss);
}

void grpc__session_ping_ack(struct grpc__session *ss, const uint8_t payload[8])
{
    if (ss->drain == GRPC_DRAIN_NOTICE && memcmp(payload, drain_ping, sizeof drain_ping) == 0)
        drain_final(ss);
}

static void end_all(struct grpc__session *ss)
{
    struct grpc__stream *st;

    for (st = ss->streams; st; st = st->next) {
        if (st->call && grpc__stream_queued(st) > 0)
            grpc__stream_reset(st, NGHTTP2_CANCEL); /* its trailers could wait for ever */
        else if (st->call)
            grpc__stream_fail(st, 14, "The server is shutting down.");
    }
}

void grpc__session_drain_step(struct grpc__session *ss, int64_t now_ns)
{
    const struct grpc_server_opts *opts = &ss->server->opts;
    int64_t past = now_ns - ss->drain_since_ns;
    int64_t grace = (int64_t)opts->drain_grace_ms * NS_PER_MS;

    if (ss->drain == GRPC_DRAIN_NOTICE && is_past(ss->drain_since_ns, opts->drain_ack_ms, now_ns))
        drain_final(ss);
    if (ss->drain != GRPC_DRAIN_FINAL)
        return;
    if (ss->n_streams == ss->n_background || past > grace)
        end_all(ss);
    if (ss->n_streams == 0 || past > grace + flush_grace_ns) {
        ss->closing = true;
        grpc__session_want_flush(ss);
    }
}

/* ---- limits of time ------------------------------------------------------------------- */

/* Looks back on a whole slow_body_ms at a time. */
static void measure_input(struct grpc__session *ss, int64_t now_ns)
{
    int64_t ms = (now_ns - ss->came_since_ns) / NS_PER_MS;

    if (ms < ss->server->opts.slow_body_ms)
        return;
    /* While we do not read, nobody can be slow. */
    ss->came_slowly = !ss->blocked && ss->came_bytes < (uint64_t)ms * SLOW_BODY_RATE / 1000;
    ss->came_since_ns = now_ns;
    ss->came_bytes = 0;
}

/*
 * A request of one message must keep coming; streams may be silent. One that waits
 * while the connection is busy with others is not slow: a thousand uploads at once
 * share what there is.
 */
static bool is_slow_body(const struct grpc__stream *st, int64_t now_ns)
{
    unsigned grace_ms = st->session->server->opts.slow_body_ms;
    int64_t over_ms = (now_ns - st->opened_ns) / NS_PER_MS - grace_ms;

    if (!st->session->came_slowly || st->remote_closed || !st->call || over_ms <= 0)
        return false;
    if (st->head.method->shape != RPC_UNARY && st->head.method->shape != RPC_SERVER_STREAM)
        return false;
    return st->body_bytes < (uint64_t)over_ms * SLOW_BODY_RATE / 1000 + 1;
}

/*
 * The peer has closed its window before an answer. A full socket is net's to judge,
 * and an answer that waits its turn behind others is not stalled.
 */
static bool is_stalled(const struct grpc__stream *st, int64_t now_ns)
{
    struct grpc__session *ss = st->session;
    unsigned limit_ms = ss->server->opts.stall_ms;

    if (ss->blocked || grpc__stream_queued(st) == 0 || !is_past(st->progress_ns, limit_ms, now_ns))
        return false;
    return nghttp2_session_get_stream_remote_window_size(ss->h2, st->id) <= 0 ||
           is_past(ss->sent_ns, limit_ms, now_ns);
}

static void tick_streams(struct grpc__session *ss, int64_t now_ns)
{
    struct grpc__stream *st;

    measure_input(ss, now_ns);
    for (st = ss->streams; st; st = st->next) {
        if (is_stalled(st, now_ns))
            grpc__stream_reset(st, NGHTTP2_CANCEL);
        else if (is_slow_body(st, now_ns))
            grpc__stream_fail(st, 4, "The request came too slowly.");
    }
}

static void tick_keepalive(struct grpc__session *ss, int64_t now_ns)
{
    const struct grpc_server_opts *opts = &ss->server->opts;

    if (ss->ping_sent_ns) {
        if (is_past(ss->ping_sent_ns, opts->keepalive_timeout_ms, now_ns)) {
            log_event(LOG_INFO, "grpc", "peer is gone", "peer=%s", ss->peer);
            ss->closed = ss->closing = true;
            ss->io->abort(ss->io_arg);
        }
    } else if (is_past(ss->heard_ns, opts->keepalive_ms, now_ns)) {
        ss->ping_sent_ns = now_ns;
        (void)nghttp2_submit_ping(ss->h2, NGHTTP2_FLAG_NONE, NULL);
        grpc__session_want_flush(ss);
    }
}

void grpc__session_tick(struct grpc__session *ss, int64_t now_ns)
{
    const struct grpc_server_opts *opts = &ss->server->opts;

    if (ss->closing || ss->closed)
        return;
    if (ss->head_since_ns && is_past(ss->head_since_ns, opts->header_ms, now_ns)) {
        grpc__session_kick(ss, NGHTTP2_ENHANCE_YOUR_CALM, "slow_headers");
        return;
    }
    tick_streams(ss, now_ns);
    if (ss->n_streams == 0 && is_past(ss->idle_since_ns, opts->idle_ms, now_ns))
        grpc__session_drain(ss, "max_idle");
    else if (ss->age_limit_ns && now_ns - ss->opened_ns > ss->age_limit_ns)
        grpc__session_drain(ss, "max_age");
    else if (nghttp2_session_get_last_proc_stream_id(ss->h2) > STREAM_ID_MAX)
        grpc__session_drain(ss, "stream_ids");
    grpc__session_drain_step(ss, now_ns);
    tick_keepalive(ss, now_ns);
}
