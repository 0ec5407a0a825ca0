/* SPDX-License-Identifier: MIT */
/*
 * net_listener.c -- accepting connections, and how many of them.
 *
 * (1) n_conns counts every connection that is not reaped; a closed listener is
 *     freed with the last of them.
 * (2) ev_accept is added exactly when the listener is not draining, not full
 *     and not resting after EMFILE: a level-triggered event that nobody serves
 *     would spin.
 */
#include "net/net_int.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <unistd.h>

static void set_accepting(struct net_listener *l)
{
    bool on = !l->draining && !l->full && !l->pause;

    if (on)
        event_add(l->ev_accept, NULL);
    else
        event_del(l->ev_accept);
}

static void on_pause_over(void *arg)
{
    struct net_listener *l = arg;

    l->pause = NULL;
    set_accepting(l);
}

static void rest(struct net_listener *l, int code)
{
    char text[ERR_MSG_MAX / 8];

    log_event(LOG_WARN, "net", "accepting pauses", "errno=%s addr=%s conns=%zu",
              log_quote(text, sizeof(text), strerror(code)), l->addr, l->n_conns);
    l->pause = net__timer_add(&l->loop->timers, clock_mono_ns() + NET_ACCEPT_PAUSE_MS * NS_PER_MS,
                              on_pause_over, l);
    set_accepting(l);
}

static void enter(struct net_listener *l, int fd, const struct net_addr *peer)
{
    bool local = peer->u.sa.sa_family == AF_UNIX;
    unsigned max = local ? UINT_MAX : l->opts.max_conns_per_peer;
    struct net_peer_key key = net__addr_key(peer);
    struct net_conn *c;

    if (!net__peers_enter(l->peers, &key, max)) {
        close(fd);
        return;
    }
    c = net__conn_new(l->loop, l, fd, peer);
    c->peer_key = key;
    c->stall_ns = (int64_t)l->opts.write_stall_ms * NS_PER_MS;
    c->next = l->conns;
    if (c->next)
        c->next->prev = c;
    l->conns = c;
    l->n_conns++;
    l->full = l->n_conns >= l->opts.max_conns;
    net__conn_start(c);
}

static void on_acceptable(evutil_socket_t fd, short what, void *arg)
{
    struct net_listener *l = arg;
    int i;

    (void)what;
    for (i = 0; i < NET_ACCEPT_BURST && !l->full && !l->draining; i++) {
        struct net_addr peer = {.n = sizeof(peer.u)};
        int conn_fd = accept4(fd, &peer.u.sa, &peer.n, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (conn_fd >= 0) {
            enter(l, conn_fd, &peer);
            continue;
        }
        if (errno == EINTR || errno == ECONNABORTED)
            continue;
        if (errno != EAGAIN)
            rest(l, errno); /* EMFILE, ENFILE, ENOBUFS, ENOMEM: descriptors come back, or not */
        return;
    }
    if (l->full)
        set_accepting(l);
}

/* A socket file whose server is dead refuses connections; then it may go. */
static bool is_stale(const struct net_addr *addr)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool stale = false;

    if (fd >= 0) {
        stale = connect(fd, &addr->u.sa, addr->n) < 0 && errno == ECONNREFUSED;
        close(fd);
    }
    return stale;
}

static enum rc bind_fd(int fd, const struct net_addr *addr, const char *text, struct err *err)
{
    const int on = 1;
    bool local = addr->u.sa.sa_family == AF_UNIX;
    int failed;

    if (!local) {
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        /* Accepted sockets inherit it on Linux: no call per connection. */
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    failed = bind(fd, &addr->u.sa, addr->n) < 0 ? errno : 0;
    if (failed == EADDRINUSE && local && is_stale(addr)) {
        unlink(addr->u.un.sun_path);
        failed = bind(fd, &addr->u.sa, addr->n) < 0 ? errno : 0;
    }
    if (failed == 0)
        failed = listen(fd, SOMAXCONN) < 0 ? errno : 0;
    if (failed == EADDRINUSE)
        return err_set(err, RC_BUSY, NULL, "The address `%s` is already in use.", text);
    if (failed == EADDRNOTAVAIL || failed == EACCES)
        return err_set(err, RC_INVALID, NULL, "Cannot listen on `%s`: %s.", text, strerror(failed));
    if (failed != 0)
        return err_set_sys(err, failed, "Cannot listen on `%s`", text);
    return RC_OK;
}

static void fill_limits(struct net_listener *l, const struct net_listener_opts *opts)
{
    l->opts = *opts;
    l->opts.addr = l->addr;
    l->opts.protocols = l->protocols;
    if (!l->opts.max_conns)
        l->opts.max_conns = 10000;
    if (!l->opts.max_conns_per_peer)
        l->opts.max_conns_per_peer = 512;
    if (!l->opts.first_bytes_ms)
        l->opts.first_bytes_ms = 10000;
    if (!l->opts.write_stall_ms)
        l->opts.write_stall_ms = 60000;
}

static void name_listener(struct net_listener *l, const struct net_addr *addr)
{
    struct net_addr real = {.n = sizeof(real.u)};

    if (addr->u.sa.sa_family == AF_UNIX) {
        l->unlink_path = xstrdup(addr->u.un.sun_path);
        net__addr_format(addr, l->addr, sizeof(l->addr));
    } else if (getsockname(l->fd, &real.u.sa, &real.n) == 0) {
        net__addr_format(&real, l->addr, sizeof(l->addr));
    }
}

enum rc net_listen(struct net_loop *loop, const struct net_listener_opts *opts,
                   struct net_listener **ret_listener, struct err *err)
{
    struct net_listener *l;
    struct net_addr addr;
    enum rc rc;
    int fd;

    ASSERT(opts->n_protocols > 0);
    rc = net__addr_parse(opts->addr, &addr, err);
    if (rc != RC_OK)
        return rc;
    fd = socket(addr.u.sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_set_sys(err, errno, "Cannot make a socket for `%s`", opts->addr);
    rc = bind_fd(fd, &addr, opts->addr, err);
    if (rc != RC_OK) {
        close(fd);
        return rc;
    }
    l = xcalloc(1, sizeof(*l));
    l->loop = loop;
    l->fd = fd;
    l->protocols = xmemdup(opts->protocols, opts->n_protocols * sizeof(*opts->protocols));
    fill_limits(l, opts);
    name_listener(l, &addr);
    l->peers = net__peers_new();
    l->ev_accept = event_new(loop->base, fd, EV_READ | EV_PERSIST, on_acceptable, l);
    ASSERT(l->ev_accept);
    l->next = loop->listeners;
    if (l->next)
        l->next->prev = l;
    loop->listeners = l;
    set_accepting(l);
    *ret_listener = l;
    return RC_OK;
}

const char *net_listener_addr(const struct net_listener *l)
{
    return l->addr;
}

size_t net_listener_n_conns(const struct net_listener *l)
{
    return l->n_conns;
}

static void stop_accepting(struct net_listener *l)
{
    if (l->draining)
        return;
    l->draining = true;
    set_accepting(l);
    net_timer_cancel(l->loop, l->pause);
    l->pause = NULL;
    event_free(l->ev_accept);
    l->ev_accept = NULL;
    close(l->fd);
    l->fd = -1;
    if (l->unlink_path)
        unlink(l->unlink_path);
}

void net_listener_drain(struct net_listener *l)
{
    struct net_conn *c;

    stop_accepting(l);
    for (c = l->conns; c; c = c->next)
        net__conn_drain(c); /* none is freed here: that is the pass's work */
}

static void listener_free(struct net_listener *l)
{
    net__peers_free(l->peers);
    xfree(l->protocols);
    xfree(l->unlink_path);
    xfree(l);
}

void net_listener_close(struct net_listener *l)
{
    struct net_conn *c;

    if (!l)
        return;
    stop_accepting(l);
    if (l->prev)
        l->prev->next = l->next;
    else
        l->loop->listeners = l->next;
    if (l->next)
        l->next->prev = l->prev;
    l->closed = true;
    for (c = l->conns; c; c = c->next)
        net__conn_die(c, NET_CLOSE_SHUTDOWN);
    if (l->n_conns == 0)
        listener_free(l);
}

void net__listener_leave(struct net_listener *l, struct net_conn *c)
{
    net__peers_leave(l->peers, &c->peer_key);
    l->n_conns--;
    if (l->full && l->n_conns < l->opts.max_conns) {
        l->full = false;
        if (!l->draining)
            set_accepting(l);
    }
    if (l->closed && l->n_conns == 0)
        listener_free(l);
}
