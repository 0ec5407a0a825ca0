/* SPDX-License-Identifier: MIT */
/*
 * http_conn.c -- a connection: one request after another, answers in order, limits.
 *
 * (1) pump() is the only place where a request changes its phase or ends. Whatever
 *     else happens (ops of rpc, timers, the end of input) notes it and wakes it.
 * (2) Reading pauses when there is no use for more: a request runs and the next
 *     one waits behind it, a handler is behind with a body, or the client does not
 *     take its answers.
 * (3) A client that shut its sending side may still wait for an answer, or be
 *     gone: the two look alike, and the second is by far the commoner. It gets
 *     HTTP_GRACE_MS, which does for most answers; then what runs is cancelled.
 */
#include "http/http_int.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/mem.h"

/* ---- limits ------------------------------------------------------------------ */

static void on_timer(void *arg);

static void arm(struct http_conn *conn)
{
    struct net_loop *loop = net_conn_loop(conn->net);

    if (conn->limit >= conn->timer_at)
        return; /* the timer fires earlier and looks again */
    net_timer_cancel(loop, conn->timer);
    conn->timer = net_timer_start(loop, conn->limit, on_timer, conn);
    conn->timer_at = conn->limit;
}

static void set_limit_ms(struct http_conn *conn, unsigned ms)
{
    conn->limit = clock_mono_ns() + (int64_t)ms * NS_PER_MS;
    arm(conn);
}

static void begin_rate_window(struct http_conn *conn)
{
    conn->rate_base = conn->n_raw;
    set_limit_ms(conn, HTTP_RATE_WINDOW_S * 1000);
}

/* ---- ends -------------------------------------------------------------------- */

static void let_go(struct http_request *req)
{
    struct rpc_call *call = req->call;

    req->call = NULL;
    if (call)
        rpc_call_door_gone(call); /* cancels what still runs */
}

static void close_conn(struct http_conn *conn)
{
    conn->closing = true;
    if (conn->req) {
        let_go(conn->req);
        http__request_give(conn->gateway, conn->req);
        conn->req = NULL;
    }
    net_conn_close(conn->net);
}

static void pause_reading(struct http_conn *conn)
{
    if (!conn->paused)
        net_conn_pause(conn->net);
    conn->paused = true;
}

/* (2) */
static bool must_wait(const struct http_conn *conn)
{
    const struct http_request *req = conn->req;

    if (!req)
        return conn->waits_for_output;
    return req->phase == REQ_RUNNING || (req->phase == REQ_BODY && http__body_is_blocked(req));
}

static void resume_reading(struct http_conn *conn)
{
    if (!conn->paused || conn->closing || must_wait(conn))
        return;
    conn->paused = false;
    net_conn_resume(conn->net);
}

static void end_request(struct http_conn *conn)
{
    http__request_give(conn->gateway, conn->req);
    conn->req = NULL;
    conn->n_raw = 0;
    if (conn->eof || conn->draining)
        close_conn(conn);
    else
        set_limit_ms(conn, conn->gateway->opts.idle_ms);
}

/* ---- phases ------------------------------------------------------------------ */

/* Can the connection be used after an answer that came before the body's end? */
static bool rest_is_short(const struct http_request *req)
{
    if (req->phase == REQ_RUNNING)
        return true;
    if (req->phase == REQ_HEAD || !req->continued) /* no head; or a client that may send or not */
        return false;
    return req->reader.left <= HTTP_DRAIN_MAX;
}

static void write_answer(struct http_conn *conn)
{
    struct http_request *req = conn->req;
    bool keep = !req->must_close && !conn->eof && !conn->draining && rest_is_short(req) &&
                http_reader_keep_alive(&req->reader);

    http__reply_write(req, keep);
    let_go(req);
    if (!keep) {
        close_conn(conn);
        return;
    }
    if (req->phase == REQ_RUNNING) {
        end_request(conn);
        return;
    }
    req->phase = REQ_DRAIN;
    req->timed = false;
}

static bool step_head(struct http_conn *conn, struct bytes *in)
{
    struct http_request *req = conn->req;
    struct bytes piece;

    switch (http_reader_next(&req->reader, in, &piece)) {
    case HTTP_EV_HEAD:
        req->phase = REQ_BODY;
        req->timed = false;
        req->continued = !http_reader_expects_continue(&req->reader) || in->n > 0 ||
                         !http_reader_has_body(&req->reader);
        http__request_begin(req);
        if (!req->answered && !req->continued) {
            net_conn_write(conn->net, B("HTTP/1.1 100 Continue\r\n\r\n"));
            req->continued = true;
        }
        return true;
    case HTTP_EV_BAD:
        req->must_close = true;
        http__fail_status(req, req->reader.status, req->reader.why);
        return true;
    case HTTP_EV_MORE:
        if (!req->timed && http_reader_inside(&req->reader)) {
            req->timed = true;
            set_limit_ms(conn, conn->gateway->opts.head_ms);
        }
        return false;
    case HTTP_EV_BODY:
    case HTTP_EV_END:
        break;
    }
    NEVER("a body before its head");
}

static bool step_body(struct http_conn *conn, struct bytes *in)
{
    struct http_request *req = conn->req;
    size_t before = in->n;
    bool more = http__body_step(req, in);

    conn->n_raw += before - in->n;
    if (more) {
        if (req->phase == REQ_RUNNING)
            conn->limit = INT64_MAX;
        return true;
    }
    if (http__body_is_blocked(req))
        pause_reading(conn);
    if (!req->timed) {
        req->timed = true;
        begin_rate_window(conn);
    }
    return false;
}

static bool step_drain(struct http_conn *conn, struct bytes *in)
{
    struct http_request *req = conn->req;
    struct bytes piece = {0};

    switch (http_reader_next(&req->reader, in, &piece)) {
    case HTTP_EV_BODY:
        req->n_drained += piece.n;
        if (req->n_drained > HTTP_DRAIN_MAX)
            close_conn(conn);
        return true;
    case HTTP_EV_END:
        end_request(conn);
        return true;
    case HTTP_EV_MORE:
        if (!req->timed)
            set_limit_ms(conn, HTTP_RATE_WINDOW_S * 1000);
        req->timed = true;
        return false;
    case HTTP_EV_BAD:
    case HTTP_EV_HEAD:
        break;
    }
    close_conn(conn);
    return true;
}

/* True: look again. */
static bool step(struct http_conn *conn, struct bytes *in)
{
    struct http_request *req = conn->req;

    if (!req) {
        if (in->n == 0)
            return false;
        if (net_conn_out_queued(conn->net) >= RPC_SEND_HIGH) {
            conn->waits_for_output = true;
            pause_reading(conn);
            return false;
        }
        conn->req = http__request_take(conn->gateway, conn);
        return true;
    }
    if (req->answered && req->phase != REQ_DRAIN) {
        write_answer(conn);
        return true;
    }
    switch (req->phase) {
    case REQ_HEAD:
        return step_head(conn, in);
    case REQ_BODY:
        return step_body(conn, in);
    case REQ_RUNNING:
        if (in->n > 0)
            pause_reading(conn);
        return false;
    case REQ_DRAIN:
        return step_drain(conn, in);
    }
    NEVER("a request without a phase");
}

static void pump(struct http_conn *conn, struct bytes *in)
{
    ASSERT(!conn->pumping);
    conn->pumping = true;
    while (!conn->closing && step(conn, in))
        ;
    conn->pumping = false;
    if (conn->closing)
        in->n = 0;
    else
        resume_reading(conn);
}

static void pump_nothing(struct http_conn *conn)
{
    struct bytes none = {0};

    pump(conn, &none);
}

void http__conn_wake(struct http_conn *conn)
{
    if (!conn->pumping && !conn->closing)
        net_conn_want_flush(conn->net);
}

/* ---- the limit is over ------------------------------------------------------- */

static void time_out(struct http_conn *conn)
{
    conn->req->must_close = true;
    http__fail_status(conn->req, 408, "The request did not arrive in time.");
    pump_nothing(conn);
}

static void check_rate(struct http_conn *conn)
{
    uint64_t least = (uint64_t)conn->gateway->opts.body_rate * HTTP_RATE_WINDOW_S;

    if (conn->paused || conn->n_raw - conn->rate_base >= least)
        begin_rate_window(conn);
    else
        time_out(conn);
}

static void on_timer(void *arg)
{
    struct http_conn *conn = arg;

    MAGIC_CHECK(conn, HTTP_CONN_MAGIC);
    conn->timer = NULL;
    conn->timer_at = INT64_MAX;
    if (conn->closing || conn->limit == INT64_MAX)
        return;
    if (conn->limit > clock_mono_ns()) {
        arm(conn);
        return;
    }
    conn->limit = INT64_MAX;
    if (!conn->req || conn->req->phase == REQ_RUNNING || conn->req->phase == REQ_DRAIN)
        close_conn(conn);
    else if (conn->req->phase == REQ_HEAD)
        time_out(conn);
    else
        check_rate(conn);
}

/* ---- the protocol ------------------------------------------------------------ */

static enum net_match conn_match(struct bytes first)
{
    return first.n > 0 ? NET_MATCH_YES : NET_MATCH_MORE;
}

static void *conn_open(void *arg, struct net_conn *net)
{
    struct http_conn *conn = xcalloc(1, sizeof(*conn));

    conn->magic = HTTP_CONN_MAGIC;
    conn->gateway = arg;
    conn->net = net;
    conn->timer_at = INT64_MAX;
    set_limit_ms(conn, conn->gateway->opts.idle_ms);
    return conn;
}

static size_t conn_data(void *state, struct bytes data)
{
    struct http_conn *conn = state;
    struct bytes in = data;

    MAGIC_CHECK(conn, HTTP_CONN_MAGIC);
    pump(conn, &in);
    return data.n - in.n;
}

static void conn_flush(void *state)
{
    struct http_conn *conn = state;

    MAGIC_CHECK(conn, HTTP_CONN_MAGIC);
    if (conn->req && !conn->closing)
        pump_nothing(conn);
}

static void conn_drained(void *state)
{
    struct http_conn *conn = state;

    conn->waits_for_output = false;
    resume_reading(conn);
}

static void conn_eof(void *state)
{
    struct http_conn *conn = state;
    struct http_request *req = conn->req;
    struct err err;

    conn->eof = true;
    if (conn->closing)
        return;
    if (!req || req->phase == REQ_HEAD || req->phase == REQ_DRAIN) {
        close_conn(conn);
    } else if (req->phase == REQ_RUNNING) {
        set_limit_ms(conn, HTTP_GRACE_MS);
    } else {
        (void)err_set(&err, RC_INVALID, "bad_request",
                      "The provided payload is incomplete and cannot be parsed");
        http__fail(req, &err);
        pump_nothing(conn);
    }
}

static void conn_close(void *state, enum net_close_reason reason)
{
    struct http_conn *conn = state;

    (void)reason;
    MAGIC_CHECK(conn, HTTP_CONN_MAGIC);
    net_timer_cancel(net_conn_loop(conn->net), conn->timer);
    if (conn->req) {
        let_go(conn->req);
        http__request_give(conn->gateway, conn->req);
    }
    conn->magic = 0;
    xfree(conn);
}

static void conn_drain_begin(void *state)
{
    struct http_conn *conn = state;

    conn->draining = true;
    if ((!conn->req || conn->req->phase == REQ_HEAD) &&
        !conn->closing) /* nothing was taken on yet */
        close_conn(conn);
}

const struct net_protocol http__protocol = {
    .name = "http/1.1",
    .match = conn_match,
    .on_open = conn_open,
    .on_data = conn_data,
    .on_flush = conn_flush,
    .on_drained = conn_drained,
    .on_eof = conn_eof,
    .on_close = conn_close,
    .on_drain_begin = conn_drain_begin,
};
