/* SPDX-License-Identifier: MIT */
/*
 * net_connect.c -- outgoing connections.
 *
 * They live in the loop's own list, count towards no listener and skip the
 * sniffing: the caller knows the protocol. A connection that fails is shown to
 * the protocol too (on_open, then on_close with the reason), so that a caller
 * has one place to learn its fate.
 */
#include "net/net_int.h"

#include "base/assert.h"
#include "base/clock.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

enum { DEFAULT_STALL_MS = 60000 };

enum rc net_connect(struct net_loop *loop, const char *addr, const struct net_protocol *protocol,
                    unsigned timeout_ms, struct err *err)
{
    const int on = 1;
    struct net_addr to;
    struct net_conn *c;
    enum rc rc;
    int fd;

    rc = net__addr_parse(addr, &to, err);
    if (rc != RC_OK)
        return rc;
    fd = socket(to.u.sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_set_sys(err, errno, "Cannot make a socket for `%s`", addr);
    if (to.u.sa.sa_family != AF_UNIX)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (connect(fd, &to.u.sa, to.n) < 0 && errno != EINPROGRESS) {
        err_set_sys(err, errno, "Cannot connect to `%s`", addr);
        close(fd);
        return RC_IO;
    }
    c = net__conn_new(loop, NULL, fd, &to);
    c->protocol = protocol;
    c->conn_state = CONN_CONNECTING;
    c->stall_ns = DEFAULT_STALL_MS * NS_PER_MS;
    if (timeout_ms) {
        c->state_limit = clock_mono_ns() + (int64_t)timeout_ms * NS_PER_MS;
        net__conn_arm(c, c->state_limit);
    }
    c->next = loop->outgoing;
    if (c->next)
        c->next->prev = c;
    loop->outgoing = c;
    net__conn_set_writing(c, true); /* also when it is connected already: on_open comes later */
    return RC_OK;
}

void net__connect_done(struct net_conn *c)
{
    socklen_t n = sizeof(int);
    int failed = 0;

    net__conn_set_writing(c, false);
    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &failed, &n) < 0 || failed != 0) {
        net__conn_die(c, NET_CLOSE_ERROR);
        return;
    }
    net__conn_adopt(c, c->protocol);
    if (c->conn_state == CONN_OPEN && !c->paused)
        net__conn_set_reading(c, true);
    net__conn_touch(c);
}
