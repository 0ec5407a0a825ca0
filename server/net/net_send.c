/* SPDX-License-Identifier: MIT */
/*
 * net_send.c -- output of a connection: queue, flush, back-pressure.
 *
 * Writing only queues. The queue goes out once a batch, after on_flush, in one
 * sendmsg(); EPOLLOUT is asked for only when the socket took less than that.
 */
#include "net/net_int.h"

#include "base/assert.h"
#include "base/clock.h"

#include <errno.h>
#include <unistd.h>

static void begin_linger(struct net_conn *c)
{
    if (c->eof) {
        net__conn_die(c, NET_CLOSE_LOCAL);
        return;
    }
    shutdown(c->fd, SHUT_WR);
    c->conn_state = CONN_LINGERING;
    c->state_limit = clock_mono_ns() + NET_LINGER_MS * NS_PER_MS;
    net__conn_arm(c, c->state_limit);
}

static void send_queue(struct net_conn *c)
{
    struct iovec iov[NET_IOV_MAX];
    struct msghdr msg = {.msg_iov = iov};
    size_t asked;
    ssize_t n;

    while (c->out.queued > 0 && !c->blocked) {
        msg.msg_iovlen = net__out_iov(&c->out, iov, NET_IOV_MAX, &asked);
        n = sendmsg(c->fd, &msg, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN) {
            bool gone = errno == EPIPE || errno == ECONNRESET;

            net__conn_die(c, gone ? NET_CLOSE_PEER : NET_CLOSE_ERROR);
            return;
        }
        if (n > 0) {
            net__out_sent(&c->out, &c->loop->spare, (size_t)n);
            c->out_progress = clock_mono_ns();
        }
        if (n < 0 || (size_t)n < asked) {
            c->blocked = true;
            net__conn_set_writing(c, true);
            net__conn_arm(c, c->out_progress + c->stall_ns);
        }
    }
    if (!c->blocked)
        net__conn_set_writing(c, false);
    if (c->out.queued == 0 && c->conn_state == CONN_CLOSING)
        begin_linger(c);
}

void net__conn_service(struct net_conn *c)
{
    int round;

    /* Input and posts both lead here: the protocol always gets its word before the send. */
    c->want_flush = true;
    for (round = 0; round < NET_FLUSH_ROUNDS && c->want_flush; round++) {
        c->want_flush = false;
        if (c->conn_state == CONN_OPEN && c->protocol->on_flush)
            c->protocol->on_flush(c->state);
        if (c->conn_state == CONN_OPEN || c->conn_state == CONN_CLOSING)
            send_queue(c);
        if (c->conn_state != CONN_OPEN)
            return;
        if (c->was_above && c->out.queued < NET_CONN_OUT_LOW) {
            c->was_above = false;
            if (c->protocol->on_drained)
                c->protocol->on_drained(c->state);
        }
    }
    if (c->want_flush || (c->out.queued > 0 && !c->blocked))
        net__conn_touch(c); /* others get their turn first */
}

static void queued(struct net_conn *c, bool was_empty)
{
    if (was_empty)
        c->out_progress = clock_mono_ns();
    if (c->out.queued >= NET_CONN_OUT_LOW)
        c->was_above = true;
    if (!c->visiting)
        net__conn_touch(c);
}

void net_conn_write(struct net_conn *c, struct bytes b)
{
    bool was_empty = c->out.queued == 0;

    if (c->conn_state != CONN_OPEN || b.n == 0)
        return;
    net__out_copy(&c->out, &c->loop->spare, b);
    queued(c, was_empty);
}

void net_conn_write_ref(struct net_conn *c, struct bytes b, void (*done)(void *), void *arg)
{
    bool was_empty = c->out.queued == 0;

    if (c->conn_state != CONN_OPEN) {
        if (done)
            done(arg);
        return;
    }
    net__out_ref(&c->out, b, done, arg);
    queued(c, was_empty);
}

size_t net_conn_out_queued(const struct net_conn *c)
{
    return c->out.queued;
}

void net_conn_want_flush(struct net_conn *c)
{
    if (c->conn_state != CONN_OPEN)
        return;
    c->want_flush = true;
    if (!c->visiting)
        net__conn_touch(c);
}
