/* SPDX-License-Identifier: MIT */
/*
 * client_conn.c -- one socket and the bytes that wait for it.
 *
 *   SOCKET --connected--> SETTINGS --server's SETTINGS--> OPEN --GOAWAY--> DRAINING
 *      \_____________________\______________________________\_______________\--> CLOSED
 *
 * A closed connection keeps its struct until the loop's pass is over, so that
 * whoever is in the middle of one sees CLOSED instead of freed memory. Lock
 * held; loop thread only, but for client__conn_new() in tests.
 */
#include "client_int.h"

#include "base/clock.h"
#include "base/mem.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

enum { READ_SIZE = 64 * 1024, READS_PER_PASS = 8 };

static void on_keepalive(void *arg)
{
    struct client_conn *conn = arg;
    struct lode_client *client = conn->client;
    int64_t now = clock_mono_ns();
    int64_t quiet_ns = (int64_t)client->keepalive_ms * NS_PER_MS;

    if (conn->state != CONN_OPEN && conn->state != CONN_DRAINING)
        return;
    if (conn->ping_waiting) {
        client__conn_close(conn, "the server did not answer a ping");
        return;
    }
    if (conn->n_streams > 0 && now - conn->last_byte >= quiet_ns) {
        conn->ping_waiting = true;
        client__session_ping(conn);
        client__timer_start(&client->timers, &conn->keepalive,
                            now + (int64_t)client->tuning.keepalive_timeout_ms * NS_PER_MS);
        return;
    }
    /* Without calls nobody waits: the quiet time is counted from now on. */
    client__timer_start(&client->timers, &conn->keepalive,
                        (conn->n_streams > 0 ? conn->last_byte : now) + quiet_ns);
}

void client__conn_keepalive(struct client_conn *conn)
{
    struct lode_client *client = conn->client;

    if (client->keepalive_ms)
        client__timer_start(&client->timers, &conn->keepalive,
                            conn->last_byte + (int64_t)client->keepalive_ms * NS_PER_MS);
}

struct client_conn *client__conn_new(struct lode_client *client, int fd)
{
    struct client_conn *conn = xcalloc(1, sizeof(*conn));

    conn->client = client;
    conn->fd = fd;
    conn->state = CONN_SOCKET;
    conn->last_byte = clock_mono_ns();
    conn->keepalive = (struct client_timer){.fire = on_keepalive, .arg = conn};
    buf_init(&conn->out, BUF_NO_LIMIT); /* client_session.c stops filling it */
    conn->next = client->conns;
    client->conns = conn;
    return conn;
}

bool client__conn_connect(struct client_conn *conn, const struct client_addr *addr)
{
    int one = 1;

    conn->fd = socket(addr->u.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (conn->fd < 0)
        return false;
    if (addr->u.any.sa_family != AF_UNIX)
        (void)setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (connect(conn->fd, &addr->u.any, addr->n) == 0 || errno == EINPROGRESS)
        return true; /* a finished one is found writable by the next poll */
    return false;
}

short client__conn_events(const struct client_conn *conn)
{
    short events = POLLIN;

    if (conn->state == CONN_SOCKET)
        return POLLOUT;
    if (conn->out.n > conn->out_off)
        events |= POLLOUT;
    return events;
}

static void connected(struct client_conn *conn)
{
    socklen_t n = sizeof(int);
    int code = 0;

    if (getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &code, &n) != 0)
        code = errno;
    if (code != 0) {
        client__conn_close(conn, strerrordesc_np(code));
        return;
    }
    conn->state = CONN_SETTINGS;
    if (!client__session_open(conn))
        client__conn_close(conn, "no HTTP/2 session could be made");
}

void client__conn_receive(struct client_conn *conn, struct bytes data)
{
    conn->last_byte = clock_mono_ns();
    if (conn->ping_waiting) {
        conn->ping_waiting = false;
        client__conn_keepalive(conn);
    }
    if (!client__session_receive(conn, data))
        client__conn_close(conn, "the server broke the rules of HTTP/2");
}

static void receive(struct client_conn *conn)
{
    uint8_t data[READ_SIZE];
    unsigned i;

    for (i = 0; i < READS_PER_PASS && conn->state != CONN_CLOSED; i++) {
        ssize_t n = recv(conn->fd, data, sizeof(data), 0);

        if (n > 0)
            client__conn_receive(conn, bytes_of(data, (size_t)n));
        else if (n == 0)
            client__conn_close(conn, "the server closed the connection");
        else if (errno != EAGAIN && errno != EINTR)
            client__conn_close(conn, strerrordesc_np(errno));
        if (n < (ssize_t)sizeof(data))
            return;
    }
}

void client__conn_ready(struct client_conn *conn, short revents)
{
    if (conn->state == CONN_SOCKET && revents)
        connected(conn);
    else if (conn->state != CONN_CLOSED && (revents & (POLLIN | POLLHUP | POLLERR)))
        receive(conn);
    if (conn->state != CONN_CLOSED && (revents & POLLOUT))
        conn->flush = true;
}

/* Sends what the socket takes; false when it failed. */
static bool send_out(struct client_conn *conn)
{
    while (conn->fd >= 0 && conn->out_off < conn->out.n) {
        ssize_t n =
            send(conn->fd, conn->out.p + conn->out_off, conn->out.n - conn->out_off, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN;
        conn->out_off += (size_t)n;
    }
    buf_clear(&conn->out);
    conn->out_off = 0;
    return true;
}

void client__conn_flush(struct client_conn *conn)
{
    if (!conn->session || conn->state == CONN_CLOSED)
        return;
    while (conn->flush) {
        if (conn->out_off) {
            buf_drop(&conn->out, conn->out_off);
            conn->out_off = 0;
        }
        if (!client__session_produce(conn)) {
            client__conn_close(conn, "the HTTP/2 session failed");
            return;
        }
        if (!send_out(conn)) {
            /* What the server said before it hung up is still to be read: recv() tells the end. */
            buf_clear(&conn->out);
            conn->out_off = 0;
            conn->flush = false;
            return;
        }
        if (conn->out.n > conn->out_off) {
            conn->flush = false; /* the socket is full: POLLOUT sets it again */
            return;
        }
    }
    if (client__session_finished(conn))
        client__conn_close(conn, "the HTTP/2 session has ended");
}

void client__conn_close(struct client_conn *conn, const char *why)
{
    struct lode_client *client = conn->client;
    struct lode_stream *call;
    struct lode_stream *next;
    char text[160];

    if (conn->state == CONN_CLOSED)
        return;
    conn->state = CONN_CLOSED;
    snprintf(text, sizeof(text), "%s", why);
    client__timer_stop(&client->timers, &conn->keepalive);
    for (call = client->calls; call; call = next) {
        next = call->next;
        if (call->conn == conn)
            client__call_retry_or_end(call, false, text);
    }
    client__channel_lost(conn, text);
}

void client__conn_free(struct client_conn *conn)
{
    client__timer_stop(&conn->client->timers, &conn->keepalive);
    if (conn->session)
        client__session_close(conn);
    if (conn->fd >= 0)
        close(conn->fd);
    buf_done(&conn->out);
    xfree(conn);
}
