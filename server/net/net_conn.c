/* SPDX-License-Identifier: MIT */
/*
 * net_conn.c -- the life of one connection: states, input, limits, end.
 *
 *   CONNECTING -> OPEN                  net_connect.c
 *   SNIFFING   -> OPEN                  adopt(): a protocol knows the first bytes
 *   OPEN       -> CLOSING -> LINGERING  net_conn_close()
 *   any        -> DEAD                  net__conn_die(), reaped by visit()
 *
 * (1) The descriptor is closed when the state becomes DEAD; the struct lives
 *     until the pass reaps it, so callbacks may end their own connection.
 * (2) All limits of a connection share one timer. It is armed for the earliest
 *     of them and looks again when it fires: moving a limit further away (each
 *     request does) touches no heap.
 * (3) on_eof comes after the last byte was shown.
 * (4) What a paused protocol left is shown again before more is read: a peer that
 *     sends faster than its bytes are used makes nothing grow.
 *
 * Input is shown where it was received; only what a protocol leaves is copied.
 * Not here: sending (net_send.c).
 */
#include "net/net_int.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/mem.h"

#include <errno.h>
#include <unistd.h>

static void on_readable(evutil_socket_t fd, short what, void *arg);
static void on_socket_writable(evutil_socket_t fd, short what, void *arg);

struct net_conn *net__conn_new(struct net_loop *loop, struct net_listener *listener, int fd,
                               const struct net_addr *peer)
{
    struct net_conn *c = xcalloc(1, sizeof(*c));

    c->magic = NET_CONN_MAGIC;
    c->fd = fd;
    c->loop = loop;
    c->listener = listener;
    c->conn_state = CONN_SNIFFING;
    c->state_limit = INT64_MAX;
    c->timer_at = INT64_MAX;
    buf_init(&c->kept, NET_KEPT_MAX);
    net__addr_format(peer, c->peer, sizeof(c->peer));
    event_assign(&c->ev_read, loop->base, fd, EV_READ | EV_PERSIST, on_readable, c);
    event_assign(&c->ev_write, loop->base, fd, EV_WRITE | EV_PERSIST, on_socket_writable, c);
    return c;
}

void net__conn_set_reading(struct net_conn *c, bool on)
{
    if (c->reading == on)
        return;
    c->reading = on;
    if (on)
        event_add(&c->ev_read, NULL);
    else
        event_del(&c->ev_read);
}

void net__conn_set_writing(struct net_conn *c, bool on)
{
    if (c->writing == on)
        return;
    c->writing = on;
    if (on)
        event_add(&c->ev_write, NULL);
    else
        event_del(&c->ev_write);
}

void net__conn_touch(struct net_conn *c)
{
    struct net_loop *loop = c->loop;

    if (c->pending)
        return;
    c->pending = true;
    c->next_pending = NULL;
    if (loop->pending_tail)
        loop->pending_tail->next_pending = c;
    else
        loop->pending = c;
    loop->pending_tail = c;
}

void net__conn_die(struct net_conn *c, enum net_close_reason reason)
{
    if (c->conn_state == CONN_DEAD)
        return;
    c->conn_state = CONN_DEAD;
    c->reason = reason;
    net__conn_set_reading(c, false);
    net__conn_set_writing(c, false);
    close(c->fd);
    c->fd = -1;
    net__conn_touch(c);
}

static void reap(struct net_conn *c)
{
    struct net_conn **list = c->listener ? &c->listener->conns : &c->loop->outgoing;

    if (c->protocol && !c->opened) /* never connected: the protocol hears of it all the same */
        c->state = c->protocol->on_open(c->protocol->protocol_arg, c);
    if (c->protocol && c->protocol->on_close)
        c->protocol->on_close(c->state, c->reason);
    net_timer_cancel(c->loop, c->timer);
    net__out_drop(&c->out, &c->loop->spare);
    buf_done(&c->kept);
    if (c->prev)
        c->prev->next = c->next;
    else
        *list = c->next;
    if (c->next)
        c->next->prev = c->prev;
    if (c->listener)
        net__listener_leave(c->listener, c);
    c->magic = 0;
    xfree(c);
}

void net__conn_visit(struct net_conn *c)
{
    c->visiting = true;
    if (c->conn_state != CONN_DEAD && c->replay)
        net__conn_replay(c);
    if (c->conn_state != CONN_DEAD)
        net__conn_service(c);
    c->visiting = false;
    if (c->conn_state == CONN_DEAD && !c->pending)
        reap(c);
}

/* ---- limits ------------------------------------------------------------------ */

static int64_t earliest_limit(const struct net_conn *c)
{
    int64_t at = c->state_limit;

    if (c->out.queued && c->stall_ns && c->out_progress + c->stall_ns < at)
        at = c->out_progress + c->stall_ns;
    return at;
}

static void on_timer(void *arg)
{
    struct net_conn *c = arg;
    int64_t at = earliest_limit(c);

    MAGIC_CHECK(c, NET_CONN_MAGIC);
    c->timer = NULL;
    c->timer_at = INT64_MAX;
    if (c->conn_state == CONN_DEAD)
        return;
    if (at > clock_mono_ns()) {
        net__conn_arm(c, at);
        return;
    }
    net__conn_die(c, c->conn_state == CONN_LINGERING ? NET_CLOSE_LOCAL : NET_CLOSE_TIMEOUT);
}

void net__conn_arm(struct net_conn *c, int64_t at)
{
    if (at >= c->timer_at)
        return;
    net_timer_cancel(c->loop, c->timer);
    c->timer = net__timer_add(&c->loop->timers, at, on_timer, c);
    c->timer_at = at;
}

/* ---- input ------------------------------------------------------------------- */

void net__conn_adopt(struct net_conn *c, const struct net_protocol *protocol)
{
    c->protocol = protocol;
    c->conn_state = CONN_OPEN;
    c->state_limit = INT64_MAX;
    c->opened = true;
    c->state = protocol->on_open(protocol->protocol_arg, c);
}

void net__conn_start(struct net_conn *c)
{
    const struct net_listener_opts *opts = &c->listener->opts;

    net__conn_set_reading(c, true);
    if (!opts->protocols[0].match) { /* it takes all, and may speak first */
        net__conn_adopt(c, &opts->protocols[0]);
        net__conn_touch(c);
        return;
    }
    c->state_limit = clock_mono_ns() + (int64_t)opts->first_bytes_ms * NS_PER_MS;
    net__conn_arm(c, c->state_limit);
}

/* False while the first bytes may still become something another protocol wants. */
static bool sniff(struct net_conn *c, struct bytes first)
{
    const struct net_listener_opts *opts = &c->listener->opts;
    size_t i;

    for (i = 0; i < opts->n_protocols; i++) {
        const struct net_protocol *p = &opts->protocols[i];
        enum net_match m = p->match ? p->match(first) : NET_MATCH_YES;

        if (m == NET_MATCH_MORE)
            return false;
        if (m == NET_MATCH_YES) {
            net__conn_adopt(c, p);
            return true;
        }
    }
    net__conn_die(c, NET_CLOSE_LOCAL);
    return false;
}

static size_t show(struct net_conn *c, struct bytes data)
{
    size_t used;

    if (c->conn_state == CONN_SNIFFING && !sniff(c, data))
        return 0;
    if (c->conn_state != CONN_OPEN) /* on_open ended it */
        return data.n;
    used = c->protocol->on_data(c->state, data);
    ASSERT(used <= data.n);
    return used;
}

/* Memory is kept only while bytes are. */
static void keep_less(struct net_conn *c, size_t used)
{
    if (used < c->kept.n) {
        buf_drop(&c->kept, used);
        return;
    }
    buf_done(&c->kept);
    buf_init(&c->kept, NET_KEPT_MAX);
}

/* Bytes came in from the socket. */
static void hand_input(struct net_conn *c, struct bytes data)
{
    size_t used;

    c->visiting = true;
    if (c->kept.n > 0) {
        buf_bytes(&c->kept, data);
        used = show(c, buf_view(&c->kept));
        keep_less(c, used);
    } else {
        used = show(c, data);
        if (used < data.n && c->conn_state != CONN_DEAD)
            buf_append(&c->kept, data.p + used, data.n - used);
    }
    if (!buf_ok(&c->kept)) /* a protocol that neither uses nor pauses */
        net__conn_die(c, NET_CLOSE_ERROR);
    else if (c->conn_state != CONN_DEAD)
        net__conn_service(c);
    c->visiting = false;
}

/* (4) */
void net__conn_replay(struct net_conn *c)
{
    c->replay = false;
    if (c->paused || c->conn_state != CONN_OPEN)
        return;
    if (c->kept.n > 0)
        keep_less(c, show(c, buf_view(&c->kept)));
    if (!c->paused && !c->eof && c->conn_state == CONN_OPEN)
        net__conn_set_reading(c, true);
}

static void end_of_input(struct net_conn *c)
{
    c->eof = true;
    net__conn_set_reading(c, false);
    if (c->conn_state == CONN_CLOSING)
        return; /* what is queued may still be read by a peer that shut one side */
    if (c->conn_state != CONN_OPEN || !c->protocol->on_eof) {
        net__conn_die(c, c->conn_state == CONN_LINGERING ? NET_CLOSE_LOCAL : NET_CLOSE_PEER);
        return;
    }
    c->protocol->on_eof(c->state);
    if (c->conn_state != CONN_DEAD)
        net__conn_service(c);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct net_conn *c = arg;
    struct net_loop *loop = c->loop;
    ssize_t n;

    (void)what;
    MAGIC_CHECK(c, NET_CONN_MAGIC);
    n = recv(fd, loop->in, NET_READ_SIZE, 0);
    if (n > 0) {
        if (c->conn_state == CONN_OPEN || c->conn_state == CONN_SNIFFING)
            hand_input(c, bytes_of(loop->in, (size_t)n));
    } else if (n == 0) {
        end_of_input(c);
    } else if (errno != EAGAIN && errno != EINTR) {
        net__conn_die(c, errno == ECONNRESET ? NET_CLOSE_PEER : NET_CLOSE_ERROR);
    }
}

static void on_socket_writable(evutil_socket_t fd, short what, void *arg)
{
    struct net_conn *c = arg;

    (void)fd;
    (void)what;
    MAGIC_CHECK(c, NET_CONN_MAGIC);
    if (c->conn_state == CONN_CONNECTING) {
        net__connect_done(c);
        return;
    }
    c->blocked = false;
    net__conn_service(c);
}

/* ---- the door ---------------------------------------------------------------- */

void net__conn_drain(struct net_conn *c)
{
    if (c->conn_state == CONN_SNIFFING)
        net__conn_die(c, NET_CLOSE_SHUTDOWN);
    else if (c->conn_state == CONN_OPEN && c->protocol->on_drain_begin)
        c->protocol->on_drain_begin(c->state);
    else if (c->conn_state == CONN_OPEN)
        net_conn_close(c);
    net__conn_touch(c);
}

const char *net_conn_peer(const struct net_conn *c)
{
    return c->peer;
}

struct net_loop *net_conn_loop(const struct net_conn *c)
{
    return c->loop;
}

void net_conn_pause(struct net_conn *c)
{
    c->paused = true;
    if (c->conn_state == CONN_OPEN)
        net__conn_set_reading(c, false);
}

void net_conn_resume(struct net_conn *c)
{
    if (!c->paused)
        return;
    c->paused = false;
    if (c->conn_state != CONN_OPEN)
        return;
    c->replay = true;
    net__conn_touch(c);
}

void net_conn_close(struct net_conn *c)
{
    if (c->conn_state != CONN_OPEN)
        return;
    c->conn_state = CONN_CLOSING;
    c->paused = false;
    if (!c->eof)
        net__conn_set_reading(c, true); /* unread input would turn our close into a reset */
    net__conn_touch(c);
}

void net_conn_abort(struct net_conn *c)
{
    net__conn_die(c, NET_CLOSE_LOCAL);
}
