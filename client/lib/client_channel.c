/* SPDX-License-Identifier: MIT */
/*
 * client_channel.c -- which connection new calls go to, and when to make one.
 *
 *   IDLE --a call waits--> CONNECTING --server's SETTINGS--> READY
 *    ^                         |                               |
 *    |                    all addresses failed          lost, GOAWAY
 *    |                         v                               |
 *    +----backoff over---- FAILURE                             |
 *    +---------------------------------------------------------+
 *
 * Backoff: 1 s, x 1.6, at most 120 s, +-20 %; back to 1 s when SETTINGS
 * arrive. A server that takes connections but answers nothing on them counts
 * as failing from the second one on, or calls that wait would make the client
 * connect as fast as it can.
 */
#include "client_int.h"

#include "base/clock.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>

const struct client_tuning client__default_tuning = {
    .backoff_first_ms = 1000,
    .backoff_max_ms = 120000,
    .keepalive_min_ms = 10000,
    .keepalive_timeout_ms = 20000,
};

static const double backoff_factor = 1.6;

void client__waiting_add(struct lode_stream *call)
{
    struct lode_client *client = call->client;

    call->wait_next = NULL;
    call->wait_prev = client->waiting_last;
    if (client->waiting_last)
        client->waiting_last->wait_next = call;
    else
        client->waiting = call;
    client->waiting_last = call;
}

void client__waiting_remove(struct lode_stream *call)
{
    struct lode_client *client = call->client;

    if (call->wait_prev)
        call->wait_prev->wait_next = call->wait_next;
    else if (client->waiting == call)
        client->waiting = call->wait_next;
    else
        return; /* never got into the line */
    if (call->wait_next)
        call->wait_next->wait_prev = call->wait_prev;
    else
        client->waiting_last = call->wait_prev;
    call->wait_prev = call->wait_next = NULL;
}

static void failed(struct lode_client *client, const char *why)
{
    double jitter = 0.8 + 0.4 * rng_unit(&client->rng);

    client->state = CHANNEL_FAILURE;
    client__error(&client->failure, LODE_UNAVAILABLE, "cannot reach %s: %s", client->target.text,
                  why);
    client__timer_start(&client->timers, &client->timer,
                        clock_mono_ns() +
                            (int64_t)(client->backoff_ms * jitter * (double)NS_PER_MS));
    client->backoff_ms *= backoff_factor;
    if (client->backoff_ms > client->tuning.backoff_max_ms)
        client->backoff_ms = client->tuning.backoff_max_ms;
}

/* Goes on with the next address of the attempt. */
static void try_next(struct lode_client *client, const char *why)
{
    char text[160];

    snprintf(text, sizeof(text), "%s", why);
    while (client->next_addr < client->n_addrs) {
        struct client_conn *conn = client__conn_new(client, -1);

        if (client__conn_connect(conn, &client->addrs[client->next_addr++])) {
            client->conn = conn;
            return;
        }
        snprintf(text, sizeof(text), "%s", strerrordesc_np(errno));
        conn->state = CONN_CLOSED;
    }
    client->conn = NULL;
    failed(client, text);
}

static void resolve_main(void *arg)
{
    struct lode_client *client = arg;
    struct client_addr addrs[CLIENT_MAX_ADDRS];
    size_t n = 0;
    int code = client__target_resolve(&client->target, false, addrs, &n);

    mutex_lock(&client->lock);
    client->resolve_code = code;
    memcpy(client->addrs, addrs, n * sizeof(*addrs));
    client->n_addrs = n;
    client->resolved = true;
    client__wake(client);
    mutex_unlock(&client->lock);
}

void client__channel_connect(struct lode_client *client)
{
    client->state = CHANNEL_CONNECTING;
    client->next_addr = 0;
    client__timer_start(&client->timers, &client->timer,
                        clock_mono_ns() + (int64_t)client->connect_ms * NS_PER_MS);
    if (client->resolving)
        return; /* an attempt that ran out of time left it at work: its answer will do */
    if (client__target_resolve(&client->target, true, client->addrs, &client->n_addrs) == 0) {
        try_next(client, "no address");
        return;
    }
    client->resolving = true;
    client->resolved = false;
    thread_start(&client->resolver, "lode-resolve", resolve_main, client);
}

static void resolved(struct lode_client *client)
{
    thread_join(&client->resolver); /* it has said all: this does not wait */
    client->resolving = client->resolved = false;
    if (client->state != CHANNEL_CONNECTING)
        return;
    if (client->resolve_code != 0)
        failed(client, gai_strerror(client->resolve_code));
    else
        try_next(client, "no address");
}

/* Backoff is over, or an attempt took too long. */
static void on_timer(void *arg)
{
    struct lode_client *client = arg;
    char text[64];

    if (client->state == CHANNEL_FAILURE) {
        client->state = CHANNEL_IDLE;
    } else if (client->state == CHANNEL_CONNECTING) {
        snprintf(text, sizeof(text), "no answer within %u ms", client->connect_ms);
        client->next_addr = client->n_addrs;
        if (client->conn)
            client__conn_close(client->conn, text);
        else
            failed(client, text);
    }
}

void client__channel_ready(struct client_conn *conn)
{
    struct lode_client *client = conn->client;

    conn->state = CONN_OPEN;
    client->state = CHANNEL_READY;
    client->backoff_ms = client->tuning.backoff_first_ms;
    client__timer_stop(&client->timers, &client->timer);
    client__conn_keepalive(conn);
}

/* The connection takes no more calls. */
static void leave(struct client_conn *conn)
{
    struct lode_client *client = conn->client;

    client->conn = NULL;
    client->state = CHANNEL_IDLE;
    client__timer_stop(&client->timers, &client->timer);
    if (!conn->answered && (conn->used || client->waiting))
        client->fruitless++;
}

void client__channel_goaway(struct client_conn *conn)
{
    struct lode_client *client = conn->client;

    if (conn->state == CONN_SETTINGS)
        return; /* its end will be a failure to connect */
    if (conn->too_many_pings && client->keepalive_ms && client->keepalive_ms < UINT32_MAX / 2)
        client->keepalive_ms *= 2;
    conn->too_many_pings = false;
    if (conn->state != CONN_OPEN)
        return;
    conn->state = CONN_DRAINING;
    if (conn == client->conn)
        leave(conn);
}

void client__channel_lost(struct client_conn *conn, const char *why)
{
    struct lode_client *client = conn->client;

    if (conn != client->conn || client->state == CHANNEL_SHUTDOWN)
        return;
    if (client->state == CHANNEL_CONNECTING) {
        client->conn = NULL;
        try_next(client, why);
        return;
    }
    leave(conn);
    if (client->fruitless > 1)
        client__error(&client->failure, LODE_UNAVAILABLE, "%s", why);
}

static void fail_waiting(struct lode_client *client)
{
    struct lode_stream *call;
    struct lode_stream *next;

    for (call = client->waiting; call; call = next) {
        next = call->wait_next;
        if (!call->wait_for_ready)
            client__call_end_with(call, &client->failure);
    }
}

static void submit_waiting(struct lode_client *client)
{
    while (client->waiting && client->conn && client__session_has_room(client->conn)) {
        struct lode_stream *call = client->waiting;
        struct client_conn *conn = client->conn;

        client__waiting_remove(call);
        if (!client__session_submit(conn, call)) {
            client__waiting_add(call);
            client__channel_goaway(conn); /* it takes no more streams */
        }
    }
}

void client__channel_step(struct lode_client *client)
{
    enum client_state before;

    client->timer.fire = on_timer;
    client->timer.arg = client;
    if (client->resolved)
        resolved(client);
    do {
        before = client->state;
        if (client->state == CHANNEL_IDLE && client->waiting && client->fruitless > 1) {
            client->fruitless = 1; /* the next connection gets one chance again */
            failed(client, "the server closes connections without answering");
        } else if (client->state == CHANNEL_IDLE && client->waiting) {
            client__channel_connect(client);
        }
        if (client->state == CHANNEL_FAILURE)
            fail_waiting(client);
        if (client->state == CHANNEL_READY)
            submit_waiting(client);
    } while (client->state != before);
}

/* False: a step would do something now. */
bool client__channel_settled(const struct lode_client *client)
{
    if (!client->waiting)
        return true;
    if (client->state == CHANNEL_READY)
        return !client->conn || !client__session_has_room(client->conn);
    return client->state != CHANNEL_IDLE;
}

void client__channel_shutdown(struct lode_client *client)
{
    struct client_conn *conn;
    struct lode_stream *call;
    struct lode_stream *next;

    client->state = CHANNEL_SHUTDOWN;
    client__timer_stop(&client->timers, &client->timer);
    for (call = client->calls; call; call = next) {
        next = call->next;
        client__call_end(call, LODE_CANCELLED, "the client was closed");
    }
    for (conn = client->conns; conn; conn = conn->next) {
        client__conn_flush(conn); /* the resets, as far as the socket takes them */
        client__conn_close(conn, "the client was closed");
    }
    if (client->resolving) {
        mutex_unlock(&client->lock);
        thread_join(&client->resolver);
        mutex_lock(&client->lock);
        client->resolving = false;
    }
}
